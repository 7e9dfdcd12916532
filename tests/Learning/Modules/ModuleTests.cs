using System.Collections.Immutable;
using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Modules;

/// <summary>What is found in a module, and what it is called.</summary>
internal sealed class ModuleTests
{
    private static readonly Generator Random = new(1);

    [Test]
    public void Members_are_called_by_their_fields()
    {
        var net = new Net();
        Assert.That(net.NamedParameters().Select(p => p.Path), Is.EqualTo(
            (string[])["base_weight", "inner.weight", "inner.bias", "blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias", "by_key.left.weight", "by_key.left.bias", "pair.0.weight", "pair.0.bias", "cache", "weight", "ln_1.weight", "ln_1.bias", "running_var", "field"]));
        Assert.That(new NamedAttribute("ln_1").Name, Is.EqualTo("ln_1"));
        Assert.That(net.NamedParameters().Where(p => p.IsBuffer).Select(p => p.Path), Is.EqualTo((string[])["cache", "running_var"]));
        Assert.That(net.NamedParameters().Where(p => !p.IsSaved).Select(p => p.Path), Is.EqualTo((string[])["cache"]));
        Assert.That(net.Parameters().Select(p => p.Path), Does.Contain("by_key.left.weight").And.Not.Contain("running_var"));
    }

    [Test]
    public void A_sequence_calls_its_layers_by_number()
    {
        Activation relu = Activation.Relu;
        var net = new Sequential(new Linear(4, 8, Random), relu, new Linear(8, 2, Random), relu);
        Assert.That(net.NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["0.weight", "0.bias", "2.weight", "2.bias"]));
        Assert.That(net.NamedParameters().Select(p => (p.Owner, p.Parameter.Path, p.IsTrained)), Has.Exactly(2).EqualTo(((Module)net[2], "2.weight", true)).Or.EqualTo(((Module)net[2], "2.bias", true)));
        Assert.That(net.Modules(), Is.EqualTo(((string, Module)[])[("", net), ("0", net[0]), ("1", net[1]), ("2", net[2])]), "the same activation is one module");
        using IEnumerator<Layer> each = net.GetEnumerator();
        Assert.That((each.MoveNext(), each.Current), Is.EqualTo((true, net[0])));
        Assert.That((net.Count, net.OfType<Linear>().Select(l => (l.Inputs, l.Outputs))), Is.EqualTo((4, ((int, int)[])[(4, 8), (8, 2)])));
    }

    [Test]
    public void Names_are_in_snake_case() =>
        Assert.That(new Names().NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["running_mean", "weight_ih_l0", "conv2d", "http_server", "hidden", "layer1", "in_proj_weight"]));

    [Test]
    public void Paths_grow_with_the_model()
    {
        var inner = new Linear(2, 2, Random);
        Assert.That(inner.Parameters().Select(p => p.Path), Is.EqualTo((string[])["weight", "bias"]));
        var net = new Sequential(new Sequential(inner));
        Assert.That(net.Parameters().Select(p => p.Path), Is.EqualTo((string[])["0.0.weight", "0.0.bias"]));
        Assert.That(inner.NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["weight", "bias"]));
        Assert.That((inner.Weight.Path, inner.Path), Is.EqualTo(("0.0.weight", "0.0")));
    }

    [Test]
    public void Frozen_goes_down_and_parts_may_thaw()
    {
        var head = new Linear(2, 2, Random);
        var net = new Sequential(new Linear(2, 2, Random), head) { Frozen = true };
        Assert.That(net.Parameters(), Is.Empty);
        head.Frozen = false;
        Assert.That(net.Parameters().Select(p => p.Path), Is.EqualTo((string[])["1.weight", "1.bias"]));
    }

    [Test]
    public void A_module_compiles_what_it_defines()
    {
        var net = new Linear(2, 1, Random, init: new Halves(), bias: false);
        Input<float> x = Input("x", ["N", 2]);
        Assert.That(net.Compile<Func<float[], float[]>>([x], () => net.Forward(x))([1, 3]), Is.EqualTo((float[])[2]));
        (float[] y, float sum) = net.Compile<Func<float[], (float[], float)>>([x], () => (Node[])[net.Forward(x), x.Sum()])([1, 3]);
        Assert.That((y, sum), Is.EqualTo(((float[])[2], 4f)));
        using CompiledGraph graph = net.Compile([x], () => (Node[])[net.Forward(x), x]);
        Assert.That(graph.Run((float[])[4, 4]).GetArray<float>(), Is.EqualTo((float[])[4]));
        using CompiledGraph one = net.Compile([x], () => net.Forward(x));
        Assert.That(one.Run((float[])[4, 4]).GetArray<float>(), Is.EqualTo((float[])[4]));
    }

    [Test]
    public void What_is_in_two_places_is_tied_or_refused()
    {
        var first = new Linear(3, 3, Random);
        var shared = new Linear(3, 3, Random) { Weight = first.Weight };
        var net = new Sequential(first, shared);
        Assert.That(net.NamedParameters().Select(p => (p.Path, p.Alias)), Is.EqualTo(((string, string?)[])[("0.weight", null), ("0.bias", null), ("1.weight", "0.weight"), ("1.bias", null)]));
        Assert.That(net.Parameters(), Has.Count.EqualTo(3));
        Assert.That(() => new Sequential(first, first).Parameters(), Throws.InvalidOperationException.With.Message.Contains("Linear(3 → 3) is in two places, '0' and '1'"));
        Assert.That(new Sequential(first.Tied(), first).Parameters(), Has.Count.EqualTo(2));
    }

    [Test]
    public void What_is_in_a_tied_module_is_tied()
    {
        Sequential shared = new Sequential(new Linear(2, 2, Random)).Tied();
        Assert.That(new Sequential(shared, shared).NamedParameters().Select(p => (p.Path, p.Alias)), Is.EqualTo(
            ((string, string?)[])[("0.0.weight", null), ("0.0.bias", null), ("1.0.weight", "0.0.weight"), ("1.0.bias", "0.0.bias")]));
    }

    [Test]
    public void A_module_of_two_models_is_called_by_its_place_in_each()
    {
        var encoder = new Linear(4, 2, Random);
        var first = new Sequential(Activation.Relu, encoder);
        var second = new Sequential(Activation.Relu, Activation.Relu, encoder);
        Node x = Input("x", ["N", 3]);
        Assert.That(() => first.Forward(x), Throws.TypeOf<ShapeException>().With.Message.StartsWith("'1' (Linear(4 → 2)):"));
        Assert.That(() => second.Forward(x), Throws.TypeOf<ShapeException>().With.Message.StartsWith("'2' (Linear(4 → 2)):"));
    }

    [Test]
    public void Lists_of_any_kind_are_walked()
    {
        var net = new Lists();
        Assert.That(net.NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["cat.0.weight", "cat.0.bias", "filled.0.weight", "filled.0.bias"]));
    }

    [Test]
    public void Names_that_clash_and_circles_are_refused()
    {
        Assert.That(() => new Clash().Parameters(), Throws.InvalidOperationException.With.Message.Contains("have one name, 'weight'"));
        var circle = new Sequential();
        circle.Add(new Sequential(circle));
        Assert.That(() => circle.Parameters(), Throws.InvalidOperationException.With.Message.Contains("is within itself"));
    }

    [Test]
    public void A_layer_that_is_in_no_field_is_refused()
    {
        Assert.That(() => new Sequential(new Forgetful()).Forward(Input("x", ["N", 2])), Throws.InvalidOperationException.With.Message.Contains("Linear(2 → 2) is used in Sequential(1), but is in none of the fields"));
    }

    [Test]
    public void Errors_name_the_layer_by_its_path()
    {
        var net = new Sequential(new Sequential(new Linear(4, 8, Random), Activation.Relu), new Linear(7, 2, Random));
        var error = Assert.Throws<ShapeException>(() => net.Forward(Input("x", ["N", 4])));
        Assert.That(error.Message, Is.EqualTo("'1' (Linear(7 → 2)): takes a tensor whose last axis has size 7, and was given [N, 8]."));
        Assert.That(() => net.Forward(Input<double>("x", ["N", 4])), Throws.TypeOf<DTypeException>().With.Message.StartsWith("'0.0' (Linear(4 → 8)): takes Float32"));
    }

    private class Base : Layer
    {
        private readonly Parameter<float> baseWeight = Initializer.Zeros.Make(1);

        protected override Node Define(Node x) => x * baseWeight;
    }

    private sealed class Net(Linear inner) : Base
    {
        private readonly Linear[] blocks = [new(1, 1, Random), new(1, 1, Random)];
        private readonly Dictionary<string, Linear> byKey = new() { ["left"] = new(1, 1, Random) };
        private readonly (Linear, float[]) pair = (new(1, 1, Random), [1]);

        [Transient]
        private readonly Parameter<float> cache = Buffer(0f, 2);

        public Net()
            : this(new Linear(1, 1, Random))
        {
        }

        public Parameter<float> Weight { get; } = Initializer.Ones.Make(2);

        [Named("ln_1")]
        public Linear Norm { get; } = new(1, 1, Random);

        [Named("running_var")]
        public Parameter<float> RunningVariance { get; } = Buffer(1f, 2);

        public Parameter<float> Field { get; } = Initializer.Ones.Make(2);

        protected override Node Define(Node x) => inner.Forward(blocks[0].Forward(byKey["left"].Forward(pair.Item1.Forward(x)))) + cache;
    }

    private sealed class Names : Module
    {
        public Parameter<float> RunningMean { get; } = Initializer.Ones.Make(2);

        public Parameter<float> WeightIhL0 { get; } = Initializer.Ones.Make(2);

        public Parameter<float> Conv2D { get; } = Initializer.Ones.Make(2);

        public Parameter<float> HTTPServer { get; } = Initializer.Ones.Make(2);

        private readonly Parameter<float> _hidden = Initializer.Ones.Make(2);
        private readonly Parameter<float> layer1 = Initializer.Ones.Make(2);
        private readonly Parameter<float> in_proj_weight = Initializer.Ones.Make(2);
    }

    private sealed class Cat<T> : List<Linear>;

    private sealed class Lists : Module
    {
        private readonly Cat<int> cat = [new Linear(1, 1, Random)];
        public ImmutableArray<Layer> NotFilled { get; }

        private readonly ImmutableArray<Layer> filled = [new Linear(1, 1, Random)];
    }

    private sealed class Clash : Layer
    {
        private readonly Parameter<float> weight = Initializer.Ones.Make(2);

        public Parameter<float> Weight { get; } = Initializer.Ones.Make(2);

        protected override Node Define(Node x) => x * weight;
    }

    /// <summary>A rule of one's own.</summary>
    private sealed class Halves : Initializer
    {
        public override Tensor<float> Draw(Generator random, ReadOnlySpan<int> shape) => Constant(0.5f).Draw(random, shape);
    }

    private sealed class Forgetful : Layer
    {
        protected override Node Define(Node x) => new Linear(2, 2, Random).Forward(x);
    }
}
