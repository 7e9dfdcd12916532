namespace GraphCompiler;

/// <summary>What GraphCompiler throws when a graph, its arguments or its use are wrong. The message says what, where, and what would be right.</summary>
public class GraphException : Exception
{
    /// <summary>An error with a message.</summary>
    /// <param name="message">What was wrong, where, and what would be right.</param>
    public GraphException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and a cause.</summary>
    /// <param name="message">What was wrong, where, and what would be right.</param>
    /// <param name="innerException">The cause.</param>
    public GraphException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Shapes, axes or ranks that do not fit an operation.</summary>
public sealed class ShapeException : GraphException
{
    /// <summary>An error with a message.</summary>
    /// <param name="message">What was wrong, where, and what would be right.</param>
    public ShapeException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and a cause.</summary>
    /// <param name="message">What was wrong, where, and what would be right.</param>
    /// <param name="innerException">The cause.</param>
    public ShapeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Element types that do not fit an operation.</summary>
public sealed class DTypeException : GraphException
{
    /// <summary>An error with a message.</summary>
    /// <param name="message">What was wrong, where, and what would be right.</param>
    public DTypeException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and a cause.</summary>
    /// <param name="message">What was wrong, where, and what would be right.</param>
    /// <param name="innerException">The cause.</param>
    public DTypeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Arguments of a call that do not fit what was declared: count, rank, size, dtype, overlap.</summary>
/// <param name="message">What was wrong, where, and what would be right.</param>
public sealed class BindingException(string message) : GraphException(message);

/// <summary>Sizes that are too large: for 64 bits, for an array, or for the memory that there is. A call that fails so has changed nothing and may be tried again.</summary>
public sealed class SizeException : GraphException
{
    /// <summary>An error with a message.</summary>
    /// <param name="message">What was too large, its sizes, its bytes.</param>
    public SizeException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and a cause.</summary>
    /// <param name="message">What was too large, its sizes, its bytes.</param>
    /// <param name="innerException">The cause.</param>
    public SizeException(string message, Exception? innerException)
        : base(message, innerException!)
    {
    }
}

/// <summary>A value met while running that an operation cannot take, such as an index out of range.</summary>
public sealed class ExecutionException : GraphException
{
    /// <summary>An error with a message.</summary>
    /// <param name="message">The node, the index and what would be right.</param>
    public ExecutionException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and a cause.</summary>
    /// <param name="message">The node, and what a function of the user's threw.</param>
    /// <param name="innerException">The cause.</param>
    internal ExecutionException(string message, Exception? innerException)
        : base(message, innerException!)
    {
    }
}

/// <summary>A graph that cannot be compiled as asked, or compiled code that disagrees with the interpreter.</summary>
public sealed class CompileException : GraphException
{
    /// <summary>An error with a message.</summary>
    /// <param name="message">What was wrong, where, and what would be right.</param>
    public CompileException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and a cause.</summary>
    /// <param name="message">What was wrong, where, and what would be right.</param>
    /// <param name="innerException">The cause.</param>
    public CompileException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A misuse of gradients: backward before forward, a root without gradient, an unreachable target.</summary>
/// <param name="message">What was wrong, where, and what would be right.</param>
public sealed class GradientException(string message) : GraphException(message);
