using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace GraphCompiler;

/// <summary>
/// Nodes in an order that never changes, none of them null: what functions of several results give. Written <c>[a, b]</c>, and taken apart as
/// <c>var (dw, db) = Gradients(loss, w, b)</c>. Two lists are equal if they hold the same objects in the same
/// order: another node that computes the same is another node.
/// </summary>
[CollectionBuilder(typeof(NodeList), nameof(Create))]
public sealed class NodeList : IReadOnlyList<Node>, IEquatable<NodeList>
{
    private static readonly NodeList None = new([]);

    private readonly ImmutableArray<Node> nodes;

    private NodeList(ImmutableArray<Node> nodes) => this.nodes = nodes;

    /// <summary>How many nodes there are.</summary>
    public int Count => nodes.Length;

    /// <summary>The node at a position.</summary>
    /// <param name="index">The position, from 0; with <c>^</c> from the end.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such node.</exception>
    public Node this[int index] => (uint)index < (uint)nodes.Length ? nodes[index]
        : throw InvariantText.OutOfRange(nameof(index), index, $"There is no node {index} among {InvariantText.Count(nodes.Length, "node")}.");

    /// <summary>A list of given nodes.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <exception cref="ArgumentNullException">One of them is null.</exception>
    public static NodeList Create(ReadOnlySpan<Node> nodes)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            if (nodes[i] is null)
            {
                throw new ArgumentNullException(nameof(nodes), $"Node {i} of {InvariantText.Count(nodes.Length, "node")} is null.");
            }
        }

        return nodes.IsEmpty ? None : new([.. nodes]);
    }

    /// <summary>A list of given nodes.</summary>
    /// <param name="nodes">The nodes, which are copied.</param>
    /// <exception cref="ArgumentNullException">One of them is null.</exception>
    public static implicit operator NodeList(Node[] nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return Create(nodes);
    }

    /// <summary>Some nodes in a row, written <c>list[1..]</c>.</summary>
    /// <param name="start">The first.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all there.</exception>
    public NodeList Slice(int start, int length) => (uint)start <= (uint)nodes.Length && (uint)length <= (uint)(nodes.Length - start)
        ? new(nodes.Slice(start, length))
        : throw InvariantText.OutOfRange(nameof(length), length, $"There are no {length} nodes from {start} on among {InvariantText.Count(nodes.Length, "node")}.");

    /// <summary>Enumerates the nodes without allocating.</summary>
    public ImmutableArray<Node>.Enumerator GetEnumerator() => nodes.GetEnumerator();

    IEnumerator<Node> IEnumerable<Node>.GetEnumerator() => ((IEnumerable<Node>)nodes).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable)nodes).GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(NodeList? other) => other is not null && nodes.AsSpan().SequenceEqual(other.nodes.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NodeList);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (Node node in nodes)
        {
            hash.Add(node);
        }

        return hash.ToHashCode();
    }

    /// <summary>The nodes in brackets.</summary>
    public override string ToString() => InvariantText.List(nodes);

    /// <summary>Takes two nodes apart.</summary>
    /// <exception cref="GraphException">There are more or fewer.</exception>
    public void Deconstruct(out Node first, out Node second)
    {
        Require(2);
        (first, second) = (nodes[0], nodes[1]);
    }

    /// <summary>Takes three nodes apart.</summary>
    /// <exception cref="GraphException">There are more or fewer.</exception>
    public void Deconstruct(out Node first, out Node second, out Node third)
    {
        Require(3);
        (first, second, third) = (nodes[0], nodes[1], nodes[2]);
    }

    /// <summary>Takes four nodes apart.</summary>
    /// <exception cref="GraphException">There are more or fewer.</exception>
    public void Deconstruct(out Node first, out Node second, out Node third, out Node fourth)
    {
        Require(4);
        (first, second, third, fourth) = (nodes[0], nodes[1], nodes[2], nodes[3]);
    }

    /// <summary>Takes five nodes apart.</summary>
    /// <exception cref="GraphException">There are more or fewer.</exception>
    public void Deconstruct(out Node first, out Node second, out Node third, out Node fourth, out Node fifth)
    {
        Require(5);
        (first, second, third, fourth, fifth) = (nodes[0], nodes[1], nodes[2], nodes[3], nodes[4]);
    }

    /// <summary>Takes six nodes apart.</summary>
    /// <exception cref="GraphException">There are more or fewer.</exception>
    public void Deconstruct(out Node first, out Node second, out Node third, out Node fourth, out Node fifth, out Node sixth)
    {
        Require(6);
        (first, second, third, fourth, fifth, sixth) = (nodes[0], nodes[1], nodes[2], nodes[3], nodes[4], nodes[5]);
    }

    /// <summary>Takes seven nodes apart.</summary>
    /// <exception cref="GraphException">There are more or fewer.</exception>
    public void Deconstruct(out Node first, out Node second, out Node third, out Node fourth, out Node fifth, out Node sixth, out Node seventh)
    {
        Require(7);
        (first, second, third, fourth, fifth, sixth, seventh) = (nodes[0], nodes[1], nodes[2], nodes[3], nodes[4], nodes[5], nodes[6]);
    }

    /// <summary>Takes eight nodes apart.</summary>
    /// <exception cref="GraphException">There are more or fewer.</exception>
    public void Deconstruct(out Node first, out Node second, out Node third, out Node fourth, out Node fifth, out Node sixth, out Node seventh, out Node eighth)
    {
        Require(8);
        (first, second, third, fourth, fifth, sixth, seventh, eighth) = (nodes[0], nodes[1], nodes[2], nodes[3], nodes[4], nodes[5], nodes[6], nodes[7]);
    }

    internal ReadOnlySpan<Node> AsSpan() => nodes.AsSpan();

    private void Require(int count)
    {
        if (count != nodes.Length)
        {
            const int Shown = 8;
            string more = nodes.Length > Shown ? ", …" : string.Empty;
            throw new GraphException($"{InvariantText.Count(nodes.Length, "node")} cannot be taken apart into {count}: {string.Join(", ", nodes.Take(Shown))}{more}.");
        }
    }
}
