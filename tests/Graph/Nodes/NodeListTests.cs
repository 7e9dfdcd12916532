using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Nodes;

/// <summary>Lists of nodes: made of what stands in brackets, never changed, and taken apart.</summary>
internal sealed class NodeListTests
{
    private static readonly Node[] Some = [.. Enumerable.Range(0, 9).Select(i => Input($"x{i}", [i]))];

    [Test]
    public void A_list_is_written_in_brackets_or_converted_from_an_array()
    {
        NodeList written = [Some[0], .. Some[1..3]];
        Node[] given = Some[..3];
        NodeList converted = given;
        given[0] = null!;
        Assert.That(written, Is.EqualTo(Some[..3]));
        Assert.That(converted, Is.EqualTo(Some[..3]), "a copy");
        Assert.That(written is [_, .. var rest] ? rest : null, Is.InstanceOf<NodeList>().And.EqualTo(Some[1..3]));
        Assert.That((written.Count, written[1], written[^1], written[1..][0]), Is.EqualTo((3, Some[1], Some[2], Some[1])));
        Assert.That($"{written[1..]} {(NodeList)Some[..0]}", Is.EqualTo("[Input 'x1' float32[1], Input 'x2' float32[2]] []"));
    }

    [Test]
    public void None_of_its_nodes_is_null()
    {
        Assert.That(() => NodeList.Create([Some[0], null!]), Throws.ArgumentNullException.With.Message.StartsWith("Node 1 of 2 nodes is null."));
        Assert.That(() => (NodeList)(Node[])null!, Throws.ArgumentNullException);
    }

    [Test]
    public void Lists_of_the_same_nodes_are_equal()
    {
        NodeList three = Some[..3];
        Assert.That(three.Equals((NodeList)Some[..3]) && three.GetHashCode() == ((NodeList)Some[..3]).GetHashCode(), Is.True);
        Assert.That(three.Equals(three[1..]) || three.Equals((NodeList)Some[1..4]) || three.Equals(null) || three.Equals((object)Some), Is.False);
    }

    [TestCase(3)]
    [TestCase(-1)]
    public void Positions_are_within_it(int index)
    {
        NodeList three = Some[..3];
        Assert.That(() => three[index], Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith($"There is no node {index} among 3 nodes."));
        Assert.That(() => three.Slice(index, 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith($"There are no 1 nodes from {index} on among 3 nodes."));
        Assert.That(() => three.Slice(1, index), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void It_is_taken_apart_into_as_many_as_it_has()
    {
        var (a2, b2) = List(2);
        var (a3, b3, c3) = List(3);
        var (a4, b4, c4, d4) = List(4);
        var (a5, b5, c5, d5, e5) = List(5);
        var (a6, b6, c6, d6, e6, f6) = List(6);
        var (a7, b7, c7, d7, e7, f7, g7) = List(7);
        var (a8, b8, c8, d8, e8, f8, g8, h8) = List(8);
        Node[][] found = [[a2, b2], [a3, b3, c3], [a4, b4, c4, d4], [a5, b5, c5, d5, e5], [a6, b6, c6, d6, e6, f6], [a7, b7, c7, d7, e7, f7, g7], [a8, b8, c8, d8, e8, f8, g8, h8]];
        Assert.That(found, Is.EqualTo(Enumerable.Range(2, 7).Select(n => Some[..n])));

        static NodeList List(int count) => Some[..count];
    }

    [Test]
    public void Another_count_is_an_error_that_shows_what_there_is()
    {
        Refused(() => { var (_, _) = (NodeList)Some[2..3]; }, "1 node cannot be taken apart into 2: Input 'x2' float32[2].");
        Refused(() => { var (_, _, _) = Split(Some[4], 2); }, "2 nodes cannot be taken apart into 3: Slice");
        Refused(() => { var (_, _, _, _) = (NodeList)Some; }, "9 nodes cannot be taken apart into 4: Input 'x0' float32[0], ", "Input 'x7' float32[7], ….");
        Refused(() => { var (_, _, _, _, _) = (NodeList)Some; }, "into 5");
        Refused(() => { var (_, _, _, _, _, _) = (NodeList)Some; }, "into 6");
        Refused(() => { var (_, _, _, _, _, _, _) = (NodeList)Some; }, "into 7");
        Refused(() => { var (_, _, _, _, _, _, _, _) = (NodeList)Some; }, "into 8");

        static void Refused(Action takeApart, params string[] parts)
        {
            string message = Assert.Throws<GraphException>(() => takeApart()).Message;
            Assert.That(parts.All(message.Contains), Is.True, message);
        }
    }

    [Test]
    public void Functions_of_several_results_give_lists()
    {
        Node x = Input("x", [4, 6], requiresGrad: true);
        var (left, right) = Chunk(x, 2, 1);
        var (a, b, c) = Split(x, 2, 1);
        var (top, bottom) = TensorSplit(x, 2);
        var (rows, columns) = MeshGrid([Arange(2), Arange(3)]);
        NodeList gradients = Gradients(Sum(left * right) + Sum(a * b * c), [x, .. Unbind(x)[..0]]);
        Assert.That((left.Shape, b.Shape, top.Shape, bottom.Shape, rows.Shape, columns.Shape), Is.EqualTo((S(4, 3), S(4, 2), S(2, 6), S(2, 6), S(2, 3), S(2, 3))));
        Assert.That(gradients.Single().Shape, Is.EqualTo(x.Shape));
    }
}
