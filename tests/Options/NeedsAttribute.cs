using System.Reflection;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace GraphCompiler.Tests.Options;

/// <summary>
/// Tests of what only holds with some optimisations on, such as numbers of kernels: ignored in runs whose defaults have one of these options off,
/// or check, verify or interpret every kernel, which turns optimisations off.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedsAttribute(params string[] options) : NUnitAttribute, IApplyToTest
{
    /// <summary>The least width of vectors; a machine may lack it.</summary>
    public VectorWidth Width { get; init; }

    public void ApplyToTest(Test test)
    {
        string[] missing =
        [
            .. CompileOptions.Default.Width is var width && width < Width ? [$"{nameof(CompileOptions.Width)}={width}"] : (string[])[],
            .. options.Where(name => !Value(name)).Select(name => $"{name}=false"),
            .. new[] { nameof(CompileOptions.Checked), nameof(CompileOptions.Verify), nameof(CompileOptions.Interpret) }.Where(Value).Select(name => $"{name}=true"),
        ];
        if (missing.Length > 0 && test.RunState == RunState.Runnable)
        {
            test.RunState = RunState.Ignored;
            test.Properties.Set(PropertyNames.SkipReason, $"This run is with {string.Join(", ", missing)}.");
        }
    }

    // An unknown name is a mistake in the test.
    private static bool Value(string name) => (bool)TestOptions.ValueOf(TestOptions.Properties.Single((PropertyInfo p) => p.Name == name), CompileOptions.Default)!;
}
