using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

public sealed class TroubleshootingSnippets
{
    [Test]
    public void A_graph_prints()
    {
        // snippet: print-graph
        var x = Input("x", ["N", 4]);
        var graph = new Graph([x], [x.Softmax().Named("probabilities")]);
        string text = graph.ToString();
        string picture = graph.ToMermaid();

        // end
        Assert.That(text, Does.Contain("probabilities"));
        Assert.That(picture, Does.Contain("probabilities"));
    }

    [Test]
    public void Checked_and_verified_code_gives_the_same()
    {
        // snippet: verify
        var x = Input("x", ["N"]);
        var careful = new CompileOptions { Checked = true, Verify = true };
        using var compiled = Compiler.Compile([x], (x * x).Sum(), careful);
        float sum = compiled.Run(new float[] { 1, 2, 3 }).Scalar<float>();

        // end
        Assert.That(sum, Is.EqualTo(14));
    }

    [Test]
    public void An_anomaly_is_named()
    {
        // snippet: anomaly
        var x = Input("x", ["N"]);
        using var loss = Compiler.Compile([x], Log(x).Named("energy").Mean(), new CompileOptions { DetectAnomaly = true });
        string message = string.Empty;
        try
        {
            loss.Run(new float[] { 1, -2 });
        }
        catch (ExecutionException e)
        {
            message = e.Message;                                // … Log 'energy' float32[N], which makes NaN at [1] of -2.
        }

        // end
        Assert.That(message, Does.EndWith("Log 'energy' float32[N], which makes NaN at [1] of -2."));
    }

    [Test]
    [NonParallelizable]
    public void An_error_names_the_line()
    {
        // snippet: origins
        NodeOrigins.AreKept = true;
        var x = Input("x", ["N"]);
        var at = Input<long>("at", [1]);
        using var graph = Compiler.Compile([x, at], Take(x, at));
        string message = string.Empty;
        try
        {
            graph.Run(new float[3], new long[] { 7 });
        }
        catch (ExecutionException e)
        {
            message = e.Message;                            // … Made in Program.Main, Program.cs:4.
        }

        // end
        NodeOrigins.AreKept = false;
        Assert.That(message, Does.Contain("TroubleshootingSnippets.An_error_names_the_line, TroubleshootingSnippets.cs:"));
    }

    [Test]
    public async Task A_graph_is_compiled_ahead()
    {
        // snippet: ahead
        var x = Input("x", ["N"]);
        var w = Parameter("w", 0.5f);
        var options = new CompileOptions { Ahead = GraphCalls.Accumulation };
        using var model = await Compiler.CompileAsync([x], (x * w).Square().Sum(), options);
        model.Forward(new float[] { 1, 2, 3 });             // compiles nothing, and no call after it does
        model.Backward();

        // end
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 14 }));
    }

    [Test]
    public void Interpreted_kernels_give_the_same()
    {
        // snippet: interpret
        var x = Input("x", ["N"]);
        using var interpreted = Compiler.Compile([x], (x * x).Sum(), new CompileOptions { Interpret = true });
        float sum = interpreted.Run(new float[] { 1, 2, 3 }).Scalar<float>();

        // end
        Assert.That(sum, Is.EqualTo(14));
    }

    [Test]
    public void A_gradient_is_checked()
    {
        // snippet: gradient-check
        var x = Input("x", ["N"]);
        var w = Parameter("w", 0.5f);
        GradientReport report = GradientCheck.Run(Tanh(x * w).Sum(), [w]);
        bool passed = report.Verdict == GradientVerdict.Passed;

        // end
        Assert.That(passed, Is.True, report.ToString());
    }
}
