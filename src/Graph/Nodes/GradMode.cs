namespace GraphCompiler;

/// <summary>
/// Whether results made now may require gradients. The mode belongs to the current flow of control: it is per thread, flows with async, and
/// returns to its former value when the scope is disposed, also when an exception leaves it.
/// </summary>
public static class GradMode
{
    private static readonly AsyncLocal<bool> Disabled = new();

    /// <summary>Whether results made now require a gradient when an input does.</summary>
    public static bool IsEnabled => !Disabled.Value;

    /// <summary>Until the scope is disposed, results have <see cref="Node.RequiresGrad"/> false; leaves keep their own flag.</summary>
    public static Scope NoGrad() => new(disabled: true);

    /// <summary>Until the scope is disposed, gradients are recorded again, inside a <see cref="NoGrad"/> too.</summary>
    public static Scope EnableGrad() => new(disabled: false);

    /// <summary>Restores the former mode when disposed.</summary>
    public readonly struct Scope : IDisposable, IEquatable<Scope>
    {
        private readonly bool former;

        internal Scope(bool disabled)
        {
            former = Disabled.Value;
            Disabled.Value = disabled;
        }

        /// <summary>Restores the former mode.</summary>
        public void Dispose() => Disabled.Value = former;

        /// <inheritdoc/>
        public bool Equals(Scope other) => former == other.former;

        /// <inheritdoc/>
        public override bool Equals(object? obj) => obj is Scope other && Equals(other);

        /// <inheritdoc/>
        public override int GetHashCode() => former.GetHashCode();

        /// <summary>Whether both restore the same mode.</summary>
        public static bool operator ==(Scope left, Scope right) => left.Equals(right);

        /// <summary>Whether they restore different modes.</summary>
        public static bool operator !=(Scope left, Scope right) => !left.Equals(right);
    }
}
