using System.Buffers.Binary;
using System.IO.Compression;

namespace Isthmus.Data;

/// <summary>A picture as a PNG file holds it.</summary>
/// <param name="Width">Pixels across, at least 1.</param>
/// <param name="Height">Pixels down, at least 1.</param>
/// <param name="Channels">1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.</param>
/// <param name="BitDepth">8 or 16: the greatest sample is 255 or 65535.</param>
/// <param name="Samples">[height, width, channels], row-major.</param>
public sealed record PngImage(int Width, int Height, int Channels, int BitDepth, ushort[] Samples)
{
    /// <summary>Whether the last channel is alpha.</summary>
    public bool HasAlpha => Channels is 2 or 4;

    /// <summary>The picture as planes [channels, height, width] in [0, 1], grey repeated for colours, colours to grey by the weights of
    /// ITU-R BT.601; what is transparent is laid over black.</summary>
    /// <param name="channels">1 or 3.</param>
    /// <param name="to">channels × height × width numbers.</param>
    public void CopyTo(int channels, Span<float> to)
    {
        if (channels is not (1 or 3) || to.Length != channels * Width * Height) throw new ArgumentException($"PngImage: {channels} channels into {to.Length} numbers, the picture has {Width} x {Height}");
        var most = BitDepth == 8 ? 255f : 65535f;
        var pixels = Width * Height;
        var colours = Channels >= 3 ? 3 : 1;
        for (var p = 0; p < pixels; p++)
        {
            var at = p * Channels;
            var cover = HasAlpha ? Samples[at + Channels - 1] / most : 1f;
            if (channels == 1 && colours == 3) to[p] = cover * (0.299f * Samples[at] + 0.587f * Samples[at + 1] + 0.114f * Samples[at + 2]) / most;
            else
                for (var c = 0; c < channels; c++) to[c * pixels + p] = cover * Samples[at + (colours == 3 ? c : 0)] / most;
        }
    }

    /// <summary>A picture of 8 bits from planes [channels, height, width]; values are cut to [0, 1] and rounded.</summary>
    /// <param name="planes">channels × height × width numbers.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="height">Pixels down.</param>
    /// <param name="width">Pixels across.</param>
    public static PngImage FromPlanes(ReadOnlySpan<float> planes, int channels, int height, int width)
    {
        if (channels is not (1 or 3) || planes.Length != channels * height * width) throw new ArgumentException($"PngImage: {planes.Length} numbers are not {channels} planes of {height} x {width}");
        var samples = new ushort[planes.Length];
        for (var p = 0; p < height * width; p++)
            for (var c = 0; c < channels; c++)
            {
                var v = planes[c * height * width + p];
                samples[p * channels + c] = (ushort)(v > 0 ? MathF.Round(255 * MathF.Min(v, 1)) : 0);
            }
        return new PngImage(width, height, channels, 8, samples);
    }
}

/// <summary>
/// Reads and writes PNG (Portable Network Graphics Specification, third edition, W3C 2025): all colour types and depths, interlaced or not;
/// every check sum is checked. Depths below 8 and palettes are expanded to 8 bits.
/// </summary>
public static class PngFile
{
    private const int DeflateRatio = 1032;
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    // Adam7: where each pass begins and how far its pixels lie apart.
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxMemory">How many bytes the file and the decoded picture may take.</param>
    /// <exception cref="InputException">Not a PNG file, damaged, or larger than allowed.</exception>
    public static PngImage Read(string path, long maxMemory = long.MaxValue) => InputFile.Guard(path, () => Decode(ReadBytes(path, maxMemory), path, maxMemory));

    /// <summary>Width, height and channels that a file promises, without decoding it.</summary>
    public static (int Width, int Height, int Channels) Size(string path) => InputFile.Guard(path, () =>
    {
        var head = new byte[33];
        using var stream = InputFile.Open(path);
        stream.ReadExactly(head);
        var header = Header.Read(head, path);
        return (header.Width, header.Height, header.ColourType is 2 or 3 or 6 ? 3 : 1);
    });

    /// <summary>Decodes the bytes of a file.</summary>
    /// <param name="bytes">All of the file.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="maxMemory">How many bytes the decoded picture may take.</param>
    /// <exception cref="InputException">Not a PNG file, damaged, or larger than allowed.</exception>
    public static PngImage Decode(ReadOnlyMemory<byte> bytes, string name, long maxMemory = long.MaxValue)
    {
        var chunks = Chunks(bytes, name);
        var header = Header.Read(bytes.Span[..33], name);
        var packed = chunks.Where(c => c.Type == "IDAT").ToArray();
        if (packed.Length == 0) throw Bad(name, "it has no picture data");
        var raw = header.RawBytes();
        if (raw > packed.Sum(c => (long)c.Data.Length) * DeflateRatio) throw Bad(name, $"it is too short for {header.Width} x {header.Height} pixels");
        var palette = Palette(chunks, header, name);
        var transparent = header.ColourType is 0 or 2 ? chunks.FirstOrDefault(c => c.Type == "tRNS").Data : default;
        if (!transparent.IsEmpty && transparent.Length != (header.ColourType == 0 ? 2 : 6)) throw Bad(name, "its tRNS chunk has the wrong length");
        var alpha = header.ColourType is 4 or 6 || !transparent.IsEmpty || palette?.Any(c => c.A != 255) == true;
        var channels = (header.ColourType is 2 or 3 or 6 ? 3 : 1) + (alpha ? 1 : 0);
        new MemoryBudget(maxMemory, name).Take((long)header.Width * header.Height * channels, sizeof(ushort), $"a picture of {header.Width} x {header.Height}");
        var image = new PngImage(header.Width, header.Height, channels, header.Depth == 16 ? 16 : 8, new ushort[(long)header.Width * header.Height * channels]);
        using var stream = new ZLibStream(new PartsStream([.. packed.Select(c => c.Data)]), CompressionMode.Decompress);
        InputFile.Guard(name, () =>
        {
            foreach (var (x, y, stepX, stepY) in header.Interlaced ? Passes : [(0, 0, 1, 1)])
                ReadPass(stream, header, image, palette, transparent.Span, x, y, stepX, stepY, name);
            return true;
        });
        InputFile.Guard(name, () => stream.ReadByte() < 0 ? true : throw Bad(name, "it holds more picture data than its size allows"));
        return image;
    }

    /// <summary>The bytes of a PNG file of a picture; each row takes the filter with the least sum of absolute differences.</summary>
    public static byte[] Encode(PngImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var to = new MemoryStream();
        to.Write(Signature);
        var head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), image.Height);
        head[8] = (byte)image.BitDepth;
        head[9] = image.Channels switch { 1 => 0, 2 => 4, 3 => 2, _ => 6 };
        WriteChunk(to, "IHDR", head);
        var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) WriteRows(stream, image);
        WriteChunk(to, "IDAT", packed.GetBuffer().AsSpan(0, (int)packed.Length));
        WriteChunk(to, "IEND", []);
        return to.ToArray();
    }

    /// <summary>Writes a file, whole or not at all.</summary>
    public static void Write(string path, PngImage image) => AtomicFile.Write(path, stream => stream.Write(Encode(image)));

    private static byte[] ReadBytes(string path, long maxMemory)
    {
        using var stream = InputFile.Open(path);
        new MemoryBudget(maxMemory, path).Take(stream.Length, 1, "the file");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private readonly record struct Header(int Width, int Height, int Depth, int ColourType, bool Interlaced)
    {
        public int SamplesPerPixel => ColourType switch { 0 or 3 => 1, 4 => 2, 2 => 3, _ => 4 };

        public int BitsPerPixel => SamplesPerPixel * Depth;

        public static Header Read(ReadOnlySpan<byte> bytes, string name)
        {
            if (bytes.Length < 33 || !bytes[..8].SequenceEqual(Signature))
                throw new InputException($"{name}: not a PNG file", bytes is [0xFF, 0xD8, ..] ? "it is a JPEG file: convert it to PNG" : null);
            if (!bytes.Slice(12, 4).SequenceEqual("IHDR"u8) || BinaryPrimitives.ReadInt32BigEndian(bytes[8..]) != 13) throw Bad(name, "it does not begin with IHDR");
            if (Crc32.Append(0, bytes.Slice(12, 17)) != BinaryPrimitives.ReadUInt32BigEndian(bytes[29..])) throw Bad(name, "the check sum of IHDR does not fit");
            var h = new Header(BinaryPrimitives.ReadInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadInt32BigEndian(bytes[20..]), bytes[24], bytes[25], bytes[28] == 1);
            var depths = h.ColourType switch { 0 => [1, 2, 4, 8, 16], 3 => [1, 2, 4, 8], 2 or 4 or 6 => new[] { 8, 16 }, _ => [] };
            if (h.Width <= 0 || h.Height <= 0 || !depths.Contains(h.Depth) || bytes[26] != 0 || bytes[27] != 0 || bytes[28] > 1)
                throw Bad(name, FormattableString.Invariant($"{h.Width} x {h.Height} pixels of colour type {h.ColourType} and depth {h.Depth}, compression {bytes[26]}, filter {bytes[27]}, interlace {bytes[28]} are not PNG's"));
            return h;
        }

        public long RowBytes(int pixels) => ((long)pixels * BitsPerPixel + 7) / 8;

        public Int128 RawBytes()
        {
            Int128 sum = 0;
            foreach (var (x, y, stepX, stepY) in Interlaced ? Passes : [(0, 0, 1, 1)])
                if (Count(Width, x, stepX) is var w && Count(Height, y, stepY) is var h && w > 0 && h > 0) sum += (Int128)h * (RowBytes(w) + 1);
            return sum;
        }
    }

    private static int Count(int size, int start, int step) => size <= start ? 0 : (int)(((long)size - start + step - 1) / step);

    // All chunks, their check sums compared; the first is IHDR and the last IEND.
    private static List<(string Type, ReadOnlyMemory<byte> Data)> Chunks(ReadOnlyMemory<byte> bytes, string name)
    {
        if (bytes.Length < 33 || !bytes.Span[..8].SequenceEqual(Signature)) Header.Read(bytes.Length < 33 ? bytes.Span : bytes.Span[..33], name);
        var chunks = new List<(string Type, ReadOnlyMemory<byte> Data)>();
        for (var at = 8L; at < bytes.Length;)
        {
            if (bytes.Length - at < 12) throw Bad(name, "it is cut off");
            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[(int)at..]);
            if (length > bytes.Length - at - 12) throw Bad(name, "it is cut off, or a chunk's length is wrong");
            var whole = bytes.Slice((int)at + 4, (int)length + 4);
            var type = System.Text.Encoding.Latin1.GetString(whole.Span[..4]);
            if (Crc32.Append(0, whole.Span) != BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[(int)(at + 8 + length)..]))
                throw Bad(name, $"the check sum of chunk {Schema.OneLine(type)} does not fit");
            chunks.Add((type, whole[4..]));
            at += 12 + length;
            if (type == "IEND")
            {
                if (at != bytes.Length) throw Bad(name, "there are bytes after its end");
                return Ordered(chunks, name);
            }
            if (char.IsAsciiLetterUpper(type[0]) && type is not ("IHDR" or "PLTE" or "IDAT")) throw Bad(name, $"it needs chunk {type}, which is not known");
        }
        throw Bad(name, "it is cut off");
    }

    private static List<(string Type, ReadOnlyMemory<byte> Data)> Ordered(List<(string Type, ReadOnlyMemory<byte> Data)> chunks, string name)
    {
        if (chunks.Count(c => c.Type == "IHDR") != 1 || chunks[0].Type != "IHDR") throw Bad(name, "it does not have one IHDR at its beginning");
        if (chunks.Count(c => c.Type == "PLTE") > 1 || chunks.Count(c => c.Type == "tRNS") > 1) throw Bad(name, "it has two palettes");
        var (first, last) = (chunks.FindIndex(c => c.Type == "IDAT"), chunks.FindLastIndex(c => c.Type == "IDAT"));
        if (first >= 0 && last - first + 1 != chunks.Count(c => c.Type == "IDAT")) throw Bad(name, "its picture data are interrupted");
        return chunks;
    }

    private static (byte R, byte G, byte B, byte A)[]? Palette(List<(string Type, ReadOnlyMemory<byte> Data)> chunks, Header header, string name)
    {
        if (header.ColourType != 3) return null;
        var colours = chunks.FirstOrDefault(c => c.Type == "PLTE").Data.Span;
        var cover = chunks.FirstOrDefault(c => c.Type == "tRNS").Data.Span;
        if (colours.Length is 0 or > 768 || colours.Length % 3 != 0 || cover.Length > colours.Length / 3) throw Bad(name, "its palette is missing or has the wrong length");
        var palette = new (byte R, byte G, byte B, byte A)[colours.Length / 3];
        for (var i = 0; i < palette.Length; i++) palette[i] = (colours[3 * i], colours[3 * i + 1], colours[3 * i + 2], i < cover.Length ? cover[i] : (byte)255);
        return palette;
    }

    private static void ReadPass(Stream stream, Header header, PngImage image, (byte R, byte G, byte B, byte A)[]? palette, ReadOnlySpan<byte> transparent, int x, int y, int stepX, int stepY, string name)
    {
        var (width, height) = (Count(header.Width, x, stepX), Count(header.Height, y, stepY));
        if (width == 0 || height == 0) return;
        var length = checked((int)header.RowBytes(width));
        var (row, above) = (new byte[length], new byte[length]);
        var distance = Math.Max(1, header.BitsPerPixel / 8);
        for (var r = 0; r < height; r++)
        {
            var filter = stream.ReadByte();
            stream.ReadExactly(row);
            if (filter is < 0 or > 4) throw Bad(name, FormattableString.Invariant($"row filter {filter} is not PNG's"));
            Unfilter(filter, row, above, distance);
            for (var c = 0; c < width; c++) Put(header, image, palette, transparent, row, c, ((y + r * stepY) * image.Width + x + c * stepX) * image.Channels, name);
            (row, above) = (above, row);
        }
    }

    private static void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        if (filter == 0) return;
        for (var i = 0; i < row.Length; i++)
        {
            var left = i >= distance ? row[i - distance] : 0;
            var corner = i >= distance ? above[i - distance] : 0;
            row[i] += (byte)Predict(filter, left, above[i], corner);
        }
    }

    private static int Predict(int filter, int left, int up, int corner)
    {
        switch (filter)
        {
            case 1: return left;
            case 2: return up;
            case 3: return (left + up) / 2;
            case 4:
                var (a, b, c) = (Math.Abs(up - corner), Math.Abs(left - corner), Math.Abs(left + up - 2 * corner));
                return a <= b && a <= c ? left : b <= c ? up : corner;
            default: return 0;
        }
    }

    private static void Put(Header header, PngImage image, (byte R, byte G, byte B, byte A)[]? palette, ReadOnlySpan<byte> transparent, ReadOnlySpan<byte> row, int column, int at, string name)
    {
        var samples = image.Samples;
        if (palette is not null)
        {
            var index = Sample(header, row, column);
            if (index >= palette.Length) throw Bad(name, FormattableString.Invariant($"colour {index} is not in its palette of {palette.Length}"));
            (samples[at], samples[at + 1], samples[at + 2]) = (palette[index].R, palette[index].G, palette[index].B);
            if (image.HasAlpha) samples[at + 3] = palette[index].A;
            return;
        }
        var count = header.SamplesPerPixel;
        var through = !transparent.IsEmpty;
        for (var s = 0; s < count; s++)
        {
            var value = Sample(header, row, column * count + s);
            if (through && value != BinaryPrimitives.ReadUInt16BigEndian(transparent[(2 * s)..])) through = false;
            samples[at + s] = (ushort)(header.Depth >= 8 ? value : value * 255 / ((1 << header.Depth) - 1));
        }
        if (!transparent.IsEmpty) samples[at + count] = (ushort)(through ? 0 : header.Depth == 16 ? 65535 : 255);
    }

    private static int Sample(Header header, ReadOnlySpan<byte> row, int index) => header.Depth switch
    {
        16 => BinaryPrimitives.ReadUInt16BigEndian(row[(2 * index)..]),
        8 => row[index],
        var d => row[index * d / 8] >> (8 - d - index * d % 8) & ((1 << d) - 1),
    };

    private static void WriteRows(Stream stream, PngImage image)
    {
        var bytes = image.BitDepth / 8;
        var distance = image.Channels * bytes;
        var length = image.Width * distance;
        var (row, above, best, trial) = (new byte[length], new byte[length], new byte[length + 1], new byte[length + 1]);
        for (var y = 0; y < image.Height; y++)
        {
            for (var i = 0; i < image.Width * image.Channels; i++)
            {
                var sample = image.Samples[y * image.Width * image.Channels + i];
                if (bytes == 1) row[i] = (byte)sample;
                else BinaryPrimitives.WriteUInt16BigEndian(row.AsSpan(2 * i), sample);
            }
            var least = long.MaxValue;
            for (byte filter = 0; filter < 5; filter++)
            {
                long sum = 0;
                trial[0] = filter;
                for (var i = 0; i < length; i++)
                {
                    var left = i >= distance ? row[i - distance] : 0;
                    var corner = i >= distance ? above[i - distance] : 0;
                    trial[i + 1] = (byte)(row[i] - Predict(filter, left, above[i], corner));
                    sum += Math.Abs((int)(sbyte)trial[i + 1]);
                }
                if (sum >= least) continue;
                least = sum;
                (best, trial) = (trial, best);
            }
            stream.Write(best);
            (row, above) = (above, row);
        }
    }

    private static void WriteChunk(Stream to, string type, ReadOnlySpan<byte> data)
    {
        var word = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        to.Write(word);
        var name = System.Text.Encoding.ASCII.GetBytes(type);
        to.Write(name);
        to.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, Crc32.Append(Crc32.Append(0, name), data));
        to.Write(word);
    }

    private static InputException Bad(string name, string why) => new($"{name}: damaged PNG: {why}");

    // The IDAT chunks read as one, without joining them.
    private sealed class PartsStream(ReadOnlyMemory<byte>[] parts) : ReadOnlyStream
    {
        private int _part, _at;

        public override int Read(byte[] buffer, int offset, int count)
        {
            while (_part < parts.Length && _at == parts[_part].Length) (_part, _at) = (_part + 1, 0);
            if (_part == parts.Length) return 0;
            var take = Math.Min(count, parts[_part].Length - _at);
            parts[_part].Span.Slice(_at, take).CopyTo(buffer.AsSpan(offset));
            _at += take;
            return take;
        }
    }
}
