namespace GraphCompiler.Tests.RandomNumbers;

[TestFixture]
public sealed class PhiloxTests
{
    // kat_vectors of the Random123 distribution, philox4x32 10.
    [TestCase(0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Blocks_are_those_of_the_known_answers(
        uint counter0, uint counter1, uint counter2, uint counter3, uint key0, uint key1, uint word0, uint word1, uint word2, uint word3)
    {
        var block = Philox.Block(Join(key0, key1), Join(counter0, counter1), Join(counter2, counter3));

        Assert.That(block, Is.EqualTo(new PhiloxBlock(word0, word1, word2, word3)));
        Assert.That(block.Low, Is.EqualTo(Join(word0, word1)));
        Assert.That(block.High, Is.EqualTo(Join(word2, word3)));
    }

    private static ulong Join(uint low, uint high) => ((ulong)high << 32) | low;
}
