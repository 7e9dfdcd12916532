using System.Numerics.Tensors;
using System.Text;

namespace GraphCompiler.Learning.Tests.Files;

/// <summary>NumPy's arrays: what NumPy wrote is read, what is written is as NumPy writes it, and what is wrong is refused.</summary>
internal sealed class NpyTests
{
    private readonly Scratch scratch = new();

    [OneTimeTearDown]
    public void DeleteFiles() => scratch.Dispose();

    [TestCase("version-1.npy")]
    [TestCase("version-2.npy")]
    [TestCase("version-3.npy")]
    [TestCase("fortran.npy")]
    public void What_NumPy_wrote_is_read(string file)
    {
        Tensor<float> cube = Npy.Read<float>(ArrayFiles.PathOf(file));
        Assert.That(cube.Lengths.ToArray(), Is.EqualTo(new nint[] { 2, 3, 4 }));
        Assert.That(cube.ToArray(), Is.EqualTo(Enumerable.Range(0, 24).Select(i => (float)i)));
    }

    [Test]
    public void Scalars_and_arrays_of_nothing_are_read()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Npy.Read(ArrayFiles.PathOf("scalar.npy")).ToString(), Is.EqualTo("float64[]"));
            Assert.That(Npy.Read<double>(ArrayFiles.PathOf("scalar.npy"))[0], Is.EqualTo(2.5));
            Assert.That(Npy.Read(ArrayFiles.PathOf("empty.npy")).ToString(), Is.EqualTo("int32[0, 3]"));
            Assert.That(Npy.Read<long>(ArrayFiles.PathOf("one.npy")).ToArray(), Is.EqualTo(new[] { 7L }));
        }
    }

    [TestCase("objects.npy", "'objects.npy' (|O[2])", "unpickle")]
    [TestCase("text.npy", "'text.npy' (<U2[2])", "no dtype")]
    [TestCase("complex.npy", "'complex.npy' (<c16[1])", "no dtype")]
    [TestCase("unsigned.npy", "'unsigned.npy' (<u8[1])", "no dtype")]
    public void What_are_no_numbers_of_a_dtype_is_refused(string file, string what, string why) =>
        Assert.That(() => Npy.Read(ArrayFiles.PathOf(file)), Throws.TypeOf<DTypeException>().With.Message.Contains(what).And.Message.Contains(why).And.Message.Contains(ArrayFiles.PathOf(file)));

    [Test]
    public void Fields_are_refused() =>
        Assert.That(() => Npy.Read(ArrayFiles.PathOf("fields.npy")), Throws.TypeOf<InvalidDataException>().With.Message.Contains("fields").And.Message.Contains(ArrayFiles.PathOf("fields.npy")));

    [Test]
    public void A_file_is_as_NumPy_writes_it()
    {
        var cube = ParameterValues.Of(Tensors.From([.. Enumerable.Range(0, 24).Select(i => (float)i)], 2, 3, 4));
        Same("version-1.npy", cube);
        Same("scalar.npy", ParameterValues.Of(2.5));
        Same("empty.npy", ParameterValues.Of(new int[0, 3]));
        Same("one.npy", ParameterValues.Of(new[] { 7L }));

        void Same(string file, ParameterValues values)
        {
            Npy.Save(scratch[file], values);
            Assert.That(File.ReadAllBytes(scratch[file]), Is.EqualTo(File.ReadAllBytes(ArrayFiles.PathOf(file))), file);
        }
    }

    [Test]
    public void All_dtypes_come_back()
    {
        foreach (ParameterValues values in (ParameterValues[])[
            ParameterValues.Of(new[] { float.NaN, -0f }), ParameterValues.Of(new[,] { { double.Epsilon }, { 1 } }), ParameterValues.Of(int.MinValue), ParameterValues.Of(new[] { long.MaxValue }), ParameterValues.Of(new[] { true, false })])
        {
            Npy.Save(scratch["any.npy"], values);
            ParameterValues read = Npy.Read(scratch["any.npy"]);
            Assert.That(read.ToString(), Is.EqualTo(values.ToString()));
            Assert.That(read.Bytes.ToArray(), Is.EqualTo(values.Bytes.ToArray()));
        }

        Assert.That(() => Npy.Save(scratch["any.npy"], null!), Throws.ArgumentNullException);
    }

    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8)]
    [TestCase("""{"shape":(2,),"fortran_order":False,"descr":"<f4"}""", 8)]
    [TestCase("  { 'descr' : '=f4' , 'fortran_order' : True , 'shape' : ( 2L , 1L ) }  \n", 8)]
    public void Literals_are_read_as_Python_does(string literal, int bytes) =>
        Assert.That(Npy.Read<float>(Write(literal, new byte[bytes])).FlattenedLength, Is.EqualTo((nint)2));

    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", 8, "its end")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x", 8, "nothing is expected")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", 8, "no tuple")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': 2, }", 8, "'(' is expected")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': [2], }", 8, "'(' is expected")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", 8, "a size is expected")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2.,), }", 8, "'.'")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8, "2⁶³")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387906, 4), }", 32, "more than there can be")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 0), }", 0, "more than there can be")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 8, "8 bytes, and <f4[3] has 12")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 8, "8 bytes, and <f4[1] has 4")]
    [TestCase("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", 8, "True or False")]
    [TestCase("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8, "'descr'")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': ''}", 8, "'more'")]
    [TestCase("{'descr': '<f4', 'shape': (2,), }", 8, "'fortran_order'")]
    [TestCase("{'fortran_order': False, 'shape': (2,), }", 8, "'descr'")]
    [TestCase("{'descr': '<f4', 'fortran_order': False}", 8, "'shape'")]
    [TestCase("{'descr': __import__('os').system('ls'), 'fortran_order': False, 'shape': (2,), }", 8, "'_'")]
    [TestCase("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (2,), }", 8, "'descr', a string")]
    [TestCase("{descr: '<f4', 'fortran_order': False, 'shape': (2,), }", 8, "a key")]
    [TestCase("", 8, "'{' is expected")]
    public void A_header_that_is_wrong_is_refused(string literal, int bytes, string error)
    {
        string path = Write(literal, new byte[bytes]);
        Assert.That(() => Npy.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains(path).And.Message.Contains(error));
    }

    [Test]
    public void More_axes_than_NumPy_has_are_refused() =>
        Assert.That(() => Npy.Read(Write($"{{'descr': '|b1', 'fortran_order': False, 'shape': ({string.Concat(Enumerable.Repeat("1,", 65))}), }}", [1])), Throws.TypeOf<InvalidDataException>().With.Message.Contains("64 axes"));

    [Test]
    public void What_is_cut_off_is_refused()
    {
        byte[] whole = File.ReadAllBytes(ArrayFiles.PathOf("version-2.npy"));
        for (int length = 0; length < whole.Length; length++)
        {
            string path = scratch.Write("cut.npy", whole[..length]);
            Assert.That(() => Npy.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains(path), $"{length}");
        }

        Assert.That(() => TensorFile.Open(ArrayFiles.PathOf("one.npy")), Throws.TypeOf<InvalidDataException>().With.Message.Contains("Npy.Read"));
    }

    [Test]
    public void Versions_and_lengths_that_are_not_known_are_refused()
    {
        Refused([0x93, .. "NUMPY"u8, 4, 0, 2, 0, .. "{}"u8], "4.0");
        Refused([0x93, .. "NUMPY"u8, 1, 1, 2, 0, .. "{}"u8], "1.1");
        Refused([0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 255, .. "{}"u8], "4294967295");

        void Refused(byte[] bytes, string error) => Assert.That(() => Npy.Read(scratch.Write("version.npy", bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains(error));
    }

    [Test]
    public void A_bool_is_0_or_1() => Assert.That(
        () => Npy.Read(Write("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", [1, 7])), Throws.TypeOf<InvalidDataException>().With.Message.Contains("is 7"));

    private string Write(string literal, byte[] elements) =>
        scratch.Write("hand.npy", [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)literal.Length), .. Encoding.Latin1.GetBytes(literal), .. elements]);
}
