using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Tests.Data;

public sealed class PngFileTest : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    internal static Dictionary<string, (byte[] File, ushort[] Rgba)> Goldens()
    {
        using var file = new NpzFile(Scratch.Golden("png.npz"));
        return file.Names.Where(n => n.EndsWith(".png", StringComparison.Ordinal)).ToDictionary(n => n[..^4],
            n => (file.Read<float>(n).Values.Select(v => (byte)v).ToArray(), file.Read<float>(n[..^4] + ".rgba").Values.Select(v => (ushort)v).ToArray()), StringComparer.Ordinal);
    }

    private static ushort[] Rgba(PngImage image)
    {
        var scale = image.BitDepth == 8 ? 257 : 1;
        return [.. Enumerable.Range(0, image.Width * image.Height).SelectMany(p =>
        {
            ushort S(int c) => (ushort)(image.Samples[p * image.Channels + c] * scale);
            var colours = image.Channels >= 3 ? new[] { S(0), S(1), S(2) } : [S(0), S(0), S(0)];
            return colours.Append(image.HasAlpha ? S(image.Channels - 1) : (ushort)65535);
        })];
    }

    // 112 files of every colour type, depth, row filter and interlacing, decoded by ImageMagick.
    [Fact]
    public void Decode_AgreesWithImageMagick()
    {
        var goldens = Goldens();
        Assert.Equal(112, goldens.Count);
        foreach (var (name, (file, rgba)) in goldens)
            Assert.True(rgba.AsSpan().SequenceEqual(Rgba(PngFile.Decode(file, name))), name);
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 8)]
    [InlineData(3, 8)]
    [InlineData(4, 8)]
    [InlineData(1, 16)]
    [InlineData(4, 16)]
    public void Encode_RoundTrips(int channels, int depth)
    {
        var random = new RandomStream(1);
        var image = new PngImage(17, 11, channels, depth, [.. Enumerable.Range(0, 17 * 11 * channels).Select(i => (ushort)(i % 3 == 0 ? random.NextInt(1 << depth) : i % (1 << depth)))]);
        var back = PngFile.Decode(PngFile.Encode(image), "x");
        Assert.Equal(image.Samples, back.Samples);
        Assert.Equal((17, 11, channels, depth), (back.Width, back.Height, back.Channels, back.BitDepth));
    }

    [Fact]
    public void Planes_RoundTrip()
    {
        var planes = Enumerable.Range(0, 3 * 4 * 5).Select(i => i / 255f).ToArray();
        var back = new float[planes.Length];
        PngFile.Decode(PngFile.Encode(PngImage.FromPlanes(planes, 3, 4, 5)), "x").CopyTo(3, back);
        Assert.Equal(planes, back);
        Assert.Equal([0, 255, 255, 0], PngImage.FromPlanes([-1, 2, float.PositiveInfinity, float.NaN], 1, 2, 2).Samples);
    }

    [Fact]
    public void Write_LeavesAWholeFileOnly()
    {
        PngFile.Write(_scratch["a.png"], new PngImage(1, 1, 1, 8, [7]));
        Assert.Equal(7, PngFile.Read(_scratch["a.png"]).Samples[0]);
        Assert.Equal([_scratch["a.png"]], Directory.GetFiles(_scratch.Folder));
    }

    [Fact]
    public void EveryFlippedBitIsNoticed()
    {
        var good = PngFile.Encode(new PngImage(3, 3, 3, 8, [.. Enumerable.Range(0, 27).Select(i => (ushort)i)]));
        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var bad = (byte[])good.Clone();
            bad[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.Throws<InputException>(() => PngFile.Decode(bad, "x"));
        }
        for (var length = 0; length < good.Length; length++) Assert.Throws<InputException>(() => PngFile.Decode(good.AsMemory(0, length), "x"));
    }

    [Fact]
    public void Sizes_AreComparedBeforeMemoryIsTaken()
    {
        var bomb = Bomb(30_000, 30_000, new byte[1000]);
        Assert.Contains("too short for", Assert.Throws<InputException>(() => PngFile.Decode(bomb, "x")).Message, StringComparison.Ordinal);
        var large = PngFile.Encode(new PngImage(1000, 1000, 1, 8, new ushort[1_000_000]));
        Assert.Contains("the limit is 1 MB", Assert.Throws<InputException>(() => PngFile.Decode(large, "x", 1_000_000)).Message, StringComparison.Ordinal);
        Assert.Contains("more picture data", Assert.Throws<InputException>(() => PngFile.Decode(Bomb(2, 2, new byte[1 << 20]), "x")).Message, StringComparison.Ordinal);
        Assert.Contains("JPEG", Assert.Throws<InputException>(() => PngFile.Decode(new byte[] { 0xFF, 0xD8, 0xFF, 0xE0 }, "x")).Hint, StringComparison.Ordinal);
    }

    [DataFact("images")]
    public void Photographs_AreDecodedAndEncodedAgain()
    {
        var image = PngFile.Read(TestData.Require("images/kodim04.png"));
        Assert.Equal((512, 768, 3, 8), (image.Width, image.Height, image.Channels, image.BitDepth));
        Assert.Equal(image.Samples, PngFile.Decode(PngFile.Encode(image), "x").Samples);
    }

    [DataFact("images")]
    public void Folders_OfOneSizeOrInPatchesAreData()
    {
        var folder = TestData.Require("images");
        Assert.Contains("first picture has", Assert.Throws<InputException>(() => DataSource.Load(folder, new DataOptions())).Message, StringComparison.Ordinal);
        var loaded = DataSource.Load(folder, new DataOptions { Patch = 128, Split = "0.6,0.2,0.2" });
        Assert.Equal((8 * 24, 3), (loaded.Data.Count, loaded.Data.FeatureShape[0]));
        Assert.Empty(loaded.Split.Train.Select(r => loaded.Data.Groups!.Of[r]).Intersect(loaded.Split.Test.Select(r => loaded.Data.Groups!.Of[r])));
        Assert.Equal(PngFile.Read(TestData.Require("images/kodim04.png")).Samples[(128 * 512 + 128) * 3] / 255f, loaded.Data.Row(5)[0]); // second patch of the second row
    }

    [Fact]
    public void SubFolders_AreClasses()
    {
        for (var i = 0; i < 20; i++) PngFile.Write(_scratch.Write($"d/{(i % 2 == 0 ? "cat" : "dog")}/{i}.png", ""), new PngImage(2, 3, i == 3 ? 3 : 1, 8, [.. Enumerable.Repeat((ushort)(51 * (i % 2)), i == 3 ? 18 : 6)]));
        var loaded = DataSource.Load(_scratch["d"], new DataOptions());
        Assert.Equal([3, 3, 2], loaded.Data.FeatureShape); // one of them is in colour
        Assert.Equal(["cat", "dog"], ((ClassTarget)loaded.Data.Target!).Classes);
        for (var i = 0; i < 20; i++) Assert.Equal(0.2f * ((ClassTarget)loaded.Data.Target).Labels[i], loaded.Data.Row(i)[17], 1e-6);
        _scratch.Write("d/extra.png", File.ReadAllBytes(_scratch["d/cat/0.png"]));
        Assert.Contains("beside sub-folders", Assert.Throws<InputException>(() => DataSource.Load(_scratch["d"], new DataOptions())).Message, StringComparison.Ordinal);
        _scratch.Write("j/a.jpg", [0xFF, 0xD8]);
        Assert.Contains("JPEG", Assert.Throws<InputException>(() => DataSource.Load(_scratch["j"], new DataOptions())).Message, StringComparison.Ordinal);
    }

    private static byte[] Bomb(int width, int height, byte[] raw)
    {
        var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.SmallestSize, true)) zip.Write(raw);
        var head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, width);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), height);
        head[8] = 8;
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", head), .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data], word = new byte[4], check = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(check, Crc32.Append(0, body));
        return [.. word, .. body, .. check];
    }
}
