namespace GraphCompiler.Tests.Runtime.Types;

/// <summary>The exceptions as those make them who write operations and pullbacks of their own.</summary>
internal sealed class ErrorTests
{
    private static GraphException[] OfMessages() =>
    [
        new("why"), new ShapeException("why"), new DTypeException("why"), new BindingException("why"), new SizeException("why"), new ExecutionException("why"),
        new CompileException("why"), new GradientException("why"),
    ];

    [TestCaseSource(nameof(OfMessages))]
    public void One_says_its_message_alone(GraphException error) => Assert.That((error.Message, error.InnerException), Is.EqualTo(("why", default(Exception))));

    private static IEnumerable<TestCaseData> OfCauses()
    {
        var cause = new InvalidOperationException("cause");
        return new GraphException[] { new("why", cause), new SizeException("why", cause), new ShapeException("why", cause), new DTypeException("why", cause), new CompileException("why", cause) }.Select(e => new TestCaseData(e, cause));
    }

    [TestCaseSource(nameof(OfCauses))]
    public void One_keeps_its_cause(GraphException error, Exception cause)
    {
        Assert.That(error.Message, Is.EqualTo("why"));
        Assert.That(error.InnerException, Is.SameAs(cause));
    }
}
