using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>Everything that converts to an argument or a destination, of every dtype: read and written element for element, shapes held against the declared ones.</summary>
internal sealed class ArgumentKindsTests
{
    private static readonly bool[] Truths = [true, false, false, true, true, false];

    [Test]
    public void Arguments_are_read_element_for_element()
    {
        Read<float>([1, 2, 3, 4, 5, 6], v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Flat.AsMemory(), v => (ReadOnlyMemory<float>)v.Flat, v => v.Tensor);
        Read<double>([1, 2, 3, 4, 5, 6], v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Flat.AsMemory(), v => (ReadOnlyMemory<double>)v.Flat, v => v.Tensor);
        Read<int>([1, 2, 3, 4, 5, 6], v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Flat.AsMemory(), v => (ReadOnlyMemory<int>)v.Flat, v => v.Tensor);
        Read<long>([1, 2, 3, 4, 5, 6], v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Flat.AsMemory(), v => (ReadOnlyMemory<long>)v.Flat, v => v.Tensor);
        Read<bool>(Truths, v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Flat.AsMemory(), v => (ReadOnlyMemory<bool>)v.Flat, v => v.Tensor);
    }

    [Test]
    public void Destinations_are_written_element_for_element()
    {
        Write<float>([1, 2, 3, 4, 5, 6], v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Memory.AsMemory(), v => v.Tensor);
        Write<double>([1, 2, 3, 4, 5, 6], v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Memory.AsMemory(), v => v.Tensor);
        Write<int>([1, 2, 3, 4, 5, 6], v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Memory.AsMemory(), v => v.Tensor);
        Write<long>([1, 2, 3, 4, 5, 6], v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Memory.AsMemory(), v => v.Tensor);
        Write<bool>(Truths, v => v.Cube, v => v.Matrix, v => v.Flat, v => v.Memory.AsMemory(), v => v.Tensor);
    }

    private static void Read<T>(T[] values, Func<Places<T>, Argument> cube, Func<Places<T>, Argument> matrix, params Func<Places<T>, Argument>[] others)
        where T : unmanaged
    {
        var places = new Places<T>(values);
        using CompiledGraph ofCube = Backwards<T>([1, 2, 3]);
        using CompiledGraph ofMatrix = Backwards<T>([2, 3]);
        using CompiledGraph tall = Backwards<T>([3, 2]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ofCube.Run(cube(places)).GetArray<T>(), Is.EqualTo(Reversed(values)));
            foreach (Func<Places<T>, Argument> other in others.Prepend(matrix))
            {
                Assert.That(ofMatrix.Run(other(places)).GetArray<T>(), Is.EqualTo(Reversed(values)), other(places).ToString());
            }

            Assert.That(() => ofMatrix.Run(cube(places)), Throws.TypeOf<BindingException>().With.Message.Contains("[1, 2, 3]"));
            Assert.That(() => tall.Run(matrix(places)), Throws.TypeOf<BindingException>().With.Message.Contains("[2, 3]"));
        }
    }

    private static void Write<T>(T[] values, Func<Places<T>, Destination> cube, Func<Places<T>, Destination> matrix, params Func<Places<T>, Destination>[] others)
        where T : unmanaged
    {
        var places = new Places<T>(new T[values.Length]);
        using CompiledGraph ofCube = Backwards<T>([1, 2, 3]);
        using CompiledGraph ofMatrix = Backwards<T>([2, 3]);
        Argument ofRank3 = Argument.Of(Tensor.Create(values, [1, 2, 3]));
        Argument ofRank2 = Argument.Of(Tensor.Create(values, [2, 3]));
        ofCube.Run([ofRank3], [cube(places)]);
        foreach (Func<Places<T>, Destination> other in others.Prepend(matrix))
        {
            ofMatrix.Run([ofRank2], [other(places)]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(places.All, Has.All.EqualTo(Reversed(values)), $"{typeof(T)}");
            Assert.That(() => ofMatrix.Run([ofRank2], [cube(places)]), Throws.TypeOf<BindingException>().With.Message.Contains("[1, 2, 3]"));
        }
    }

    private static CompiledGraph Backwards<T>(Shape shape)
        where T : unmanaged
    {
        Input<T> x = Input<T>("x", shape);
        return GraphCompiler.Compiler.Compile([x], Flip(x, -1));
    }

    /// <summary>Six elements, each row of three from its end.</summary>
    private static T[] Reversed<T>(T[] v) => [v[2], v[1], v[0], v[5], v[4], v[3]];

    /// <summary>The same elements in all that can hold them.</summary>
    private sealed class Places<T>(T[] values)
        where T : unmanaged
    {
        public T[,,] Cube { get; } = new T[1, 2, 3] { { { values[0], values[1], values[2] }, { values[3], values[4], values[5] } } };

        public T[,] Matrix { get; } = new T[2, 3] { { values[0], values[1], values[2] }, { values[3], values[4], values[5] } };

        public T[] Flat { get; } = [.. values];

        public T[] Memory { get; } = [.. values];

        public Tensor<T> Tensor { get; } = System.Numerics.Tensors.Tensor.Create<T>([.. values], [2, 3]);

        public IEnumerable<T[]> All => [[.. Cube.Cast<T>()], [.. Matrix.Cast<T>()], Flat, Memory, [.. Tensor]];
    }
}
