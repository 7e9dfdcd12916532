using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning;

/// <content>From a module to a function that runs.</content>
public abstract partial class Module
{
    /// <summary>Defines something for inference and compiles it: <c>net.Compile&lt;Func&lt;float[], float[]&gt;&gt;([x], () => Softmax(net.Forward(x)))</c>.</summary>
    /// <typeparam name="TDelegate">The type of the function, see <see cref="Compiler.Compile{TDelegate}(IReadOnlyList{Node}, Node, CompileOptions)"/>.</typeparam>
    /// <param name="inputs">Its arguments.</param>
    /// <param name="define">Defines its result, in a pass for inference.</param>
    /// <param name="options">Options of the compiler.</param>
    /// <exception cref="InvalidOperationException">A pass is open.</exception>
    public TDelegate Compile<TDelegate>(IReadOnlyList<Node> inputs, Func<Node> define, CompileOptions? options = null)
        where TDelegate : Delegate => Compiler.Compile<TDelegate>(inputs, Defined(define), options);

    /// <summary>Defines several results for inference and compiles them.</summary>
    /// <typeparam name="TDelegate">The type of the function, see <see cref="Compiler.Compile{TDelegate}(IReadOnlyList{Node}, Node, CompileOptions)"/>.</typeparam>
    /// <param name="inputs">Its arguments.</param>
    /// <param name="define">Defines its results, in a pass for inference.</param>
    /// <param name="options">Options of the compiler.</param>
    /// <exception cref="InvalidOperationException">A pass is open.</exception>
    public TDelegate Compile<TDelegate>(IReadOnlyList<Node> inputs, Func<IReadOnlyList<Node>> define, CompileOptions? options = null)
        where TDelegate : Delegate => Compiler.Compile<TDelegate>(inputs, Defined(define), options);

    /// <summary>Defines something for inference and compiles it.</summary>
    /// <param name="inputs">The arguments.</param>
    /// <param name="define">Defines the result, in a pass for inference.</param>
    /// <param name="options">Options of the compiler.</param>
    /// <exception cref="InvalidOperationException">A pass is open.</exception>
    public CompiledGraph Compile(IReadOnlyList<Node> inputs, Func<Node> define, CompileOptions? options = null) => Compiler.Compile(inputs, Defined(define), options);

    /// <summary>Defines several results for inference and compiles them.</summary>
    /// <param name="inputs">The arguments.</param>
    /// <param name="define">Defines the results, in a pass for inference.</param>
    /// <param name="options">Options of the compiler.</param>
    /// <exception cref="InvalidOperationException">A pass is open.</exception>
    public CompiledGraph Compile(IReadOnlyList<Node> inputs, Func<IReadOnlyList<Node>> define, CompileOptions? options = null) => Compiler.Compile(inputs, Defined(define), options);

    /// <summary>What is defined in a pass for inference, without gradients, which may go on from a cache.</summary>
    internal T Defined<T>(Func<T> define, DecodingCache? cache = null, [CallerMemberName] string caller = "")
    {
        ArgumentNullException.ThrowIfNull(define);
        Pass.RequireNone($"{caller} opens one of its own, for inference.");
        Walk();
        using Pass pass = cache is null ? Pass.Inference() : Pass.Inference(cache);
        using GradMode.Scope scope = GradMode.NoGrad();
        return define();
    }
}
