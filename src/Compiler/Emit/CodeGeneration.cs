using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using FastExpressionCompiler;

namespace GraphCompiler.Emit;

/// <summary>What this process may do to turn expression trees into code.</summary>
internal static class CodeGeneration
{
    /// <summary>Whether FastExpressionCompiler is there: it finds what it needs by name, so trimming makes this false and leaves it out.</summary>
    [FeatureGuard(typeof(RequiresUnreferencedCodeAttribute))]
    [SuppressMessage("Trimming", "IL4000", Justification = "The trimmer gives the other answer by itself.")]
    public static bool HasFastExpressionCompiler => true;

    /// <summary>Refuses to go on where kernels are to be compiled, and cannot be.</summary>
    /// <exception cref="CompileException">Dynamic code is switched off.</exception>
    public static void Require(CompileOptions options)
    {
        if (!options.Interpret && !RuntimeFeature.IsDynamicCodeCompiled)
        {
            throw new CompileException(
                "Graphs are compiled to code while the program runs, and this program runs with dynamic code switched off. Programs with PublishAot do, even before they are "
                + "published: remove it, or, in a file-based program, which has it by default, add #:property PublishAot=false. Where the program is not published for Native AOT, "
                + "<DynamicCodeSupport>true</DynamicCodeSupport> in the project does, too. To go on without code, hundreds of times slower, ask for it: new CompileOptions { Interpret = true }.");
        }
    }

    /// <summary>FastExpressionCompiler's code, or null where it refuses or is not there.</summary>
    public static TDelegate? TryCompileFast<TDelegate>(Expression<TDelegate> lambda)
        where TDelegate : Delegate => HasFastExpressionCompiler && RuntimeFeature.IsDynamicCodeSupported ? lambda.CompileFast(true) : null;

    /// <summary>A tree as C#; nothing without FastExpressionCompiler.</summary>
    public static string ToCSharp(LambdaExpression lambda) => HasFastExpressionCompiler ? lambda.ToCSharpString() : string.Empty;
}
