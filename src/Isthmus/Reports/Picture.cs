using System.Buffers.Binary;
using System.IO.Compression;

namespace Isthmus.Reports;

/// <summary>A small image for a report: grey or RGB bytes, written as PNG (ISO/IEC 15948).</summary>
public sealed class Picture
{
    private const int LargestSide = 4096;

    private readonly byte[] _pixels;
    private readonly int _channels;

    /// <summary>An image from bytes 0 (black) to 255.</summary>
    /// <param name="width">Columns, 1 to 4096.</param>
    /// <param name="height">Rows, 1 to 4096.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="pixels">Row by row, the channels of a pixel together: height x width x channels bytes.</param>
    public Picture(int width, int height, int channels, ReadOnlySpan<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, LargestSide);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, LargestSide);
        if (channels is not (1 or 3)) throw new ArgumentException($"{channels} channels: 1 or 3 required", nameof(channels));
        if (pixels.Length != width * height * channels)
            throw new ArgumentException($"{pixels.Length} bytes for {height} x {width} x {channels}", nameof(pixels));
        (Width, Height, _channels, _pixels) = (width, height, channels, pixels.ToArray());
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>From channels x height x width numbers, as networks have them: low is black, high is white, what lies outside is cut,
    /// NaN is black.</summary>
    /// <param name="values">channels x height x width numbers.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="low">What is black.</param>
    /// <param name="high">What is white.</param>
    public static Picture FromPlanes(ReadOnlySpan<float> values, int channels, int height, int width, float low = 0, float high = 1)
    {
        if (values.Length != channels * height * width) throw new ArgumentException($"{values.Length} values for {channels} x {height} x {width}", nameof(values));
        var bytes = new byte[values.Length];
        for (var c = 0; c < channels; c++)
            for (var i = 0; i < height * width; i++)
            {
                var share = (values[(c * height * width) + i] - low) / (high - low);
                bytes[(i * channels) + c] = share > 0 ? (byte)MathF.Round(255 * MathF.Min(share, 1)) : (byte)0;
            }
        return new Picture(width, height, channels, bytes);
    }

    /// <summary>The PNG file.</summary>
    public byte[] ToPng()
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], Height);
        (header[8], header[9]) = (8, (byte)(_channels == 1 ? 0 : 2)); // bits a channel; grey or RGB
        header[10..].Clear(); // deflate, adaptive filters, not interlaced
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Compressed());
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    /// <summary>The PNG file as an address that needs no request.</summary>
    internal string ToDataUri() => "data:image/png;base64," + Convert.ToBase64String(ToPng());

    private byte[] Compressed()
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize))
        {
            var stride = Width * _channels;
            for (var y = 0; y < Height; y++)
            {
                zlib.WriteByte(0); // filter: none
                zlib.Write(_pixels, y * stride, stride);
            }
        }
        return packed.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, content.Length);
        file.Write(word);
        file.Write(type);
        file.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(word, ~Crc(Crc(uint.MaxValue, type), content));
        file.Write(word);
    }

    // The check of annex D, bit by bit: pictures here are small.
    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var k = 0; k < 8; k++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return crc;
    }
}
