namespace GraphCompiler.Learning.Data.Images.Jpeg;

/// <summary>A component of a scan, with its codes of means and of other numbers.</summary>
internal sealed record ScanComponent(JpegComponent Component, HuffmanTable? Means, HuffmanTable? Others)
{
    /// <summary>The mean of the block before.</summary>
    public int Last { get; set; }
}

/// <summary>What of blocks a scan brings: numbers from one to another, all but some low bits, after all but those and some more.</summary>
/// <param name="First">The first number.</param>
/// <param name="Last">The last number.</param>
/// <param name="Before">How many low bits were left out before; 0 in a first scan.</param>
/// <param name="Low">How many low bits are left out.</param>
internal readonly record struct ScanBand(int First, int Last, int Before, int Low);

/// <summary>Reads the numbers of a scan into blocks (T.81, annexes F.2 and G.1).</summary>
internal sealed class JpegScan
{
    private readonly JpegFrame frame;
    private readonly List<ScanComponent> parts;
    private readonly ScanBand band;
    private readonly BitReader bits;

    /// <summary>How many blocks have nothing more in this band.</summary>
    private int emptyBlocks;

    public JpegScan(JpegFrame frame, List<ScanComponent> parts, ScanBand band, BitReader bits)
    {
        (this.frame, this.parts, this.band, this.bits) = (frame, parts, band, bits);
        bool isOfMeans = band.First == 0;
        bool isRight = frame.IsProgressive
            ? band.Last is < 64 && band.Low <= 13 && (band.Before == 0 || band.Before == band.Low + 1) && (isOfMeans ? band.Last == 0 : band.Last >= band.First && parts.Count == 1)
            : parts.TrueForAll(p => p.Others is not null);
        if (!isRight || !parts.TrueForAll(p => isOfMeans ? band.Before > 0 || p.Means is not null : p.Others is not null && p.Component.HasMean))
        {
            throw Damaged();
        }

        parts.ForEach(p => p.Component.HasMean = true);
    }

    /// <summary>Reads all blocks.</summary>
    /// <param name="restartInterval">After how many units reading begins anew; 0 for never.</param>
    public void Read(int restartInterval)
    {
        // One component alone has its blocks row by row, and none that only fill a unit.
        JpegComponent only = parts[0].Component;
        (int across, int down) = parts.Count > 1 ? (frame.UnitsAcross, frame.UnitsDown) : (JpegFrame.Ceiling(only.Width, 8), JpegFrame.Ceiling(only.Height, 8));
        int left = restartInterval;
        for (int y = 0; y < down; y++)
        {
            for (int x = 0; x < across; x++)
            {
                if (restartInterval > 0 && left-- == 0)
                {
                    Restart();
                    left = restartInterval - 1;
                }

                if (parts.Count == 1)
                {
                    ReadBlock(parts[0], only.Block(x, y));
                }
                else
                {
                    ReadUnit(x, y);
                }
            }
        }
    }

    private void ReadUnit(int x, int y)
    {
        foreach (ScanComponent part in parts)
        {
            JpegComponent component = part.Component;
            for (int block = 0; block < component.Across * component.Down; block++)
            {
                ReadBlock(part, component.Block((x * component.Across) + (block % component.Across), (y * component.Down) + (block / component.Across)));
            }
        }
    }

    private void Restart()
    {
        bits.Restart();
        emptyBlocks = 0;
        parts.ForEach(p => p.Last = 0);
    }

    private void ReadBlock(ScanComponent part, Span<short> block)
    {
        if (band.First == 0)
        {
            if (band.Before == 0)
            {
                part.Last += bits.ReadSigned(Length(part.Means!.Read(bits)));
                block[0] = (short)(part.Last << band.Low);
            }
            else if (bits.Read(1) == 1)
            {
                block[0] |= (short)(1 << band.Low);
            }
        }

        if (band.Last > 0)
        {
            if (band.Before == 0)
            {
                ReadOthers(part.Others!, block);
            }
            else
            {
                Refine(part.Others!, block);
            }
        }
    }

    private void ReadOthers(HuffmanTable codes, Span<short> block)
    {
        if (emptyBlocks > 0)
        {
            emptyBlocks--;
            return;
        }

        for (int place = Math.Max(band.First, 1); place <= band.Last; place++)
        {
            int code = codes.Read(bits);
            (int zeros, int length) = (code >> 4, code & 15);
            if (length == 0 && zeros < 15)
            {
                emptyBlocks = EmptyBlocks(zeros) - 1;
                return;
            }

            place += zeros;
            if (length > 0)
            {
                block[place <= band.Last ? JpegFrame.ZigZag[place] : throw Damaged()] = (short)(bits.ReadSigned(length) << band.Low);
            }
        }
    }

    /// <summary>Numbers that are not zero get a bit more, and some that were get their first.</summary>
    private void Refine(HuffmanTable codes, Span<short> block)
    {
        int place = band.First;
        for (; place <= band.Last && emptyBlocks == 0; place++)
        {
            int code = codes.Read(bits);
            (int zeros, int length) = (code >> 4, code & 15);
            if (length == 0 && zeros < 15)
            {
                emptyBlocks = EmptyBlocks(zeros);
                break;
            }

            int value = length == 0 ? 0 : bits.Read(1) == 1 ? 1 << band.Low : -1 << band.Low;
            for (; place <= band.Last; place++)
            {
                ref short number = ref block[JpegFrame.ZigZag[place]];
                if (number != 0)
                {
                    AddBit(ref number);
                }
                else if (zeros-- == 0)
                {
                    number = (short)value;
                    break;
                }
            }

            if (place > band.Last && value != 0)
            {
                throw Damaged();
            }
        }

        if (emptyBlocks > 0)
        {
            for (; place <= band.Last; place++)
            {
                AddBit(ref block[JpegFrame.ZigZag[place]]);
            }

            emptyBlocks--;
        }
    }

    private void AddBit(ref short number)
    {
        if (number != 0 && bits.Read(1) == 1 && (number & (1 << band.Low)) == 0)
        {
            number += (short)(number > 0 ? 1 << band.Low : -1 << band.Low);
        }
    }

    private int EmptyBlocks(int length) => frame.IsProgressive || length == 0 ? (1 << length) + (length == 0 ? 0 : bits.Read(length)) : throw Damaged();

    private static int Length(int code) => code <= 15 ? code : throw Damaged();

    private static InvalidDataException Damaged() => new("its JPEG file is damaged");
}
