using System.Globalization;
using System.Reflection;
using System.Text;
using GraphCompiler.Operations;
using GraphCompiler.Tests.Compiler;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests;

/// <summary>Texts are the same whatever the culture of the thread.</summary>
[Category("Foundation")]
internal sealed class CultureTests
{
    private const string FrameworkHandler = "System.Runtime.CompilerServices.DefaultInterpolatedStringHandler";

    private static IEnumerable<string> Cultures => TestCulture.Names;

    private static IEnumerable<Assembly> Assemblies => [typeof(Tensors).Assembly, typeof(Graph).Assembly, typeof(GraphCompiler.Compiler).Assembly];

    [Test]
    public void TheCultureOfThisRunIsWhatTheEnvironmentSays() =>
        Assert.That(CultureInfo.CurrentCulture, Is.EqualTo(TestCulture.OfRun ?? CultureInfo.InvariantCulture));

    [TestCaseSource(nameof(Cultures))]
    public void TheCulturesOfTheTestsWriteNumbersInTheirOwnWays(string culture) =>
        Assert.That(TestCulture.Under(TestCulture.Of(culture), () => (-1.5).ToString(CultureInfo.CurrentCulture)), Does.Contain(",").And.Not.EqualTo("-1.5"));

    /// <summary>What the compiler of C# calls is among what an assembly refers to.</summary>
    [TestCaseSource(nameof(Assemblies))]
    public void NoCodeAsksTheThreadForItsCulture(Assembly assembly)
    {
        MethodBase[] called = [.. AssemblyReferences.Methods(assembly.ManifestModule)];
        Assert.That(called, Has.Length.GreaterThan(100));
        Assert.That(called.Where(AsksForTheCulture).Select(m => $"{m.DeclaringType}: {m}").Distinct(), Is.Empty);
    }

    [Test]
    public void WhatAsksForTheCultureIsKnown()
    {
        MethodInfo join = typeof(string).GetMethods().Single(m => m.Name == "Join" && m.IsGenericMethod && m.GetParameters()[0].ParameterType == typeof(string));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(AsksForTheCulture(typeof(int).GetMethod("ToString", [])!));
            Assert.That(AsksForTheCulture(typeof(int).GetMethod("ToString", [typeof(IFormatProvider)])!), Is.False);
            Assert.That(AsksForTheCulture(typeof(DayOfWeek).GetMethod("ToString", [])!), Is.False);
            Assert.That(AsksForTheCulture(typeof(double).GetMethod("Parse", [typeof(string)])!));
            Assert.That(AsksForTheCulture(typeof(StringBuilder).GetMethod("Append", [typeof(long)])!));
            Assert.That(AsksForTheCulture(typeof(StringBuilder).GetMethod("Append", [typeof(string)])!), Is.False);
            Assert.That(AsksForTheCulture(typeof(string).GetMethod("Concat", [typeof(object), typeof(object)])!));
            Assert.That(AsksForTheCulture(join.MakeGenericMethod(typeof(long))));
            Assert.That(AsksForTheCulture(join.MakeGenericMethod(typeof(Node))), Is.False);
            Assert.That(AsksForTheCulture(typeof(Enumerable).GetMethods().First(m => m.Name == "Order" && m.GetParameters().Length == 1).MakeGenericMethod(typeof(string))));
            Assert.That(AsksForTheCulture(typeof(object).Assembly.GetType(FrameworkHandler)!.GetConstructor([typeof(int), typeof(int)])!));
        }
    }

    [TestCaseSource(nameof(Cultures))]
    public void EveryOperationIsPrintedAlike(string culture)
    {
        string expected = TestCulture.Under(CultureInfo.InvariantCulture, Print);
        string printed = TestCulture.Under(TestCulture.Of(culture), Print);
        Assert.That(printed, Is.EqualTo(expected));
        Assert.That(expected, Does.Contain("-1").And.Contain("0.5"));

        static string Print()
        {
            var text = new StringBuilder();
            foreach (OperationRow row in OperationTable.Rows)
            {
                var maker = new InputMaker(row.DTypes[0], (Dim)"N" + 1, Layout.Dense, requiresGrad: false);
                Node node = row.Build(maker);
                text.Append(new Graph([.. GraphWalk.TopologicalOrder([node]).Where(n => n.Op is InputOp)], [node])).AppendJoin(' ', node.Guards).Append('\n');
            }

            return text.ToString();
        }
    }

    [TestCaseSource(nameof(Cultures))]
    public void DumpsAreAlike(string culture)
    {
        Dictionary<string, string> expected = Dump(CultureInfo.InvariantCulture);
        Dictionary<string, string> dumped = Dump(TestCulture.Of(culture));
        Assert.That(dumped.Keys, Is.EqualTo(expected.Keys));
        using (Assert.EnterMultipleScope())
        {
            foreach (string file in expected.Keys.Where(f => f != "timings.json"))
            {
                Assert.That(dumped[file], Is.EqualTo(expected[file]), file);
            }
        }

        Assert.That(expected["kernel-000.cs"], Does.Contain("0.7213475").Or.Contain("1.5"));
    }

    [TestCaseSource(nameof(Cultures))]
    public void ErrorsAndReportsAreAlike(string culture)
    {
        string expected = TestCulture.Under(CultureInfo.InvariantCulture, Write);
        Assert.That(TestCulture.Under(TestCulture.Of(culture), Write), Is.EqualTo(expected));

        static string Write()
        {
            Input<double> x = Input<double>("x", ["N", 4], requiresGrad: true);
            var mistakes = new Action[]
            {
                () => _ = Reshape(x, [(Dim)"N" * 2, -3]),
                () => _ = Sum(x, -7),
                () => _ = Dropout(new Generator(1), x, -1.5),
                () => GraphCompiler.Compiler.Compile([x], Exp(x), new CompileOptions { Width = (VectorWidth)(-2) }),
                () => _ = Tensors.From([1f, 2f], -1, 3),
                () => GradientCheck.Run(Sum(x), [x], options: new() { Low = 2.5, High = -2.5 }),
            };
            return string.Join('\n', mistakes.Select(m => Assert.Catch(() => m())!.Message)) + GradientCheck.Run(Sum(Exp(x) * 0.5), [x]);
        }
    }

    private static Dictionary<string, string> Dump(CultureInfo culture)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"graphcompiler-{Guid.NewGuid():N}");
        try
        {
            Input<float> x = Input("x", ["N", 4]);
            Node y = Softmax(Clamp(Exp(x * 1.5f) - 0.25f, -2.5, 7.5)).Sum(0);
            return TestCulture.Under(culture, () =>
            {
                using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], y, new CompileOptions { DumpDirectory = folder, Interpret = false });
                graph.Run(new float[8]);
                return Directory.GetFiles(Directory.GetDirectories(folder).Single()).Order(StringComparer.Ordinal).ToDictionary(f => Path.GetFileName(f), File.ReadAllText);
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool AsksForTheCulture(MethodBase method)
    {
        Type type = method.DeclaringType!;
        Type[] parameters = [.. method.GetParameters().Select(p => p.ParameterType)];
        Type[] arguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        if (parameters.Any(p => typeof(IFormatProvider).IsAssignableFrom(p) || p == typeof(StringComparison) || p.Name.StartsWith("IComparer", StringComparison.Ordinal)))
        {
            return false;
        }

        return method.Name switch
        {
            _ when type == typeof(ArgumentOutOfRangeException) => parameters.Contains(typeof(object)) || method.Name.StartsWith("ThrowIf", StringComparison.Ordinal),
            "ToString" => IsWritten(type),
            "Parse" or "TryParse" => IsWritten(type),
            "Format" => type == typeof(string),
            "Concat" => type == typeof(string) && (arguments.Any(IsWritten) || parameters.Any(TakesObjects)),
            "Join" => type == typeof(string) && (arguments.Any(IsWritten) || parameters.Any(TakesObjects)),
            "AppendJoin" => type == typeof(StringBuilder) && arguments.Any(IsWritten),

            // Objects are what records append of themselves.
            "Append" => type == typeof(StringBuilder) && IsWritten(parameters[0]),
            "Compare" or "CompareTo" or "StartsWith" or "EndsWith" or "IndexOf" or "LastIndexOf" => type == typeof(string) && parameters is [{ } first, ..] && first == typeof(string),
            "ToUpper" or "ToLower" => type == typeof(string) || type == typeof(char),
            "Order" or "OrderDescending" or "OrderBy" or "OrderByDescending" or "ThenBy" or "ThenByDescending" => type == typeof(Enumerable) && arguments[^1] == typeof(string),
            ".ctor" => type.FullName == FrameworkHandler || type == typeof(StringBuilder.AppendInterpolatedStringHandler),
            _ => false,
        };

        static bool IsWritten(Type type) => typeof(IFormattable).IsAssignableFrom(type) && !type.IsEnum && type != typeof(Enum) && type != typeof(Guid) && type != typeof(char);

        static bool TakesObjects(Type type) => type == typeof(object) || type == typeof(object[]) || type == typeof(ReadOnlySpan<object>);
    }
}
