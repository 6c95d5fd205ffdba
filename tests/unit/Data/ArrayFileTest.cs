using System.Buffers.Binary;
using System.IO.Compression;
using Isthmus.Data;

namespace Isthmus.Tests.Data;

public sealed class ArrayFileTest : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    internal static byte[] Idx(byte type, int[] shape, byte[] payload)
    {
        var bytes = new List<byte> { 0, 0, type, (byte)shape.Length };
        var word = new byte[4];
        foreach (var d in shape)
        {
            BinaryPrimitives.WriteInt32BigEndian(word, d);
            bytes.AddRange(word);
        }
        return [.. bytes, .. payload];
    }

    internal static byte[] Gzip(byte[] bytes)
    {
        var to = new MemoryStream();
        using (var zip = new GZipStream(to, CompressionLevel.Fastest)) zip.Write(bytes);
        return to.ToArray();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Idx_IsReadPlainAndZipped(bool zipped)
    {
        var bytes = Idx(8, [2, 3], [1, 2, 3, 4, 5, 255]);
        var array = IdxFile.Read<float>(_scratch.Write("a", zipped ? Gzip(bytes) : bytes));
        Assert.Equal([2, 3], array.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 255], array.Values);
    }

    [Theory]
    [InlineData(9, new byte[] { 0xFF, 0x02 }, 2, -1)]
    [InlineData(0x0B, new byte[] { 0xFF, 0xFE, 0, 1 }, 2, -2)]
    [InlineData(0x0C, new byte[] { 0, 0, 1, 2 }, 1, 258)]
    [InlineData(0x0D, new byte[] { 0x40, 0x20, 0, 0 }, 1, 2.5)]
    [InlineData(0x0E, new byte[] { 0x40, 0x04, 0, 0, 0, 0, 0, 0 }, 1, 2.5)]
    public void Idx_ReadsEveryType(byte type, byte[] payload, int count, double first) =>
        Assert.Equal(first, IdxFile.Read<double>(_scratch.Write("a", Idx(type, [count], payload))).Values[0]);

    [Theory]
    [InlineData(new byte[] { }, "damaged or cut off")]
    [InlineData(new byte[] { 1, 0, 8, 1, 0, 0, 0, 0 }, "not an IDX file")]
    [InlineData(new byte[] { 0, 0, 7, 1, 0, 0, 0, 0 }, "not an IDX file")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 2, 1 }, "cut off")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 2, 1, 2, 3 }, "more bytes than its header promises")]
    [InlineData(new byte[] { 0, 0, 8, 3, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF }, "cut off")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0xFF, 0xFF, 0xFF, 0xFF }, "not an IDX file")]
    public void Idx_SaysWhatIsWrong(byte[] bytes, string message)
    {
        foreach (var file in new[] { bytes, Gzip(bytes) })
        {
            var e = Assert.Throws<InputException>(() => IdxFile.Read<float>(_scratch.Write("a", file)));
            if (file == bytes || !message.StartsWith("cut off", StringComparison.Ordinal)) Assert.Contains(message, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Idx_DoesNotReadABombToItsEnd()
    {
        // A few kilobytes of gzip that unpack to 64 MB behind a header that promises ten bytes.
        var bomb = Gzip(Idx(8, [10], new byte[64 << 20]));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InputException>(() => IdxFile.Read<float>(_scratch.Write("a", bomb)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 21);
    }

    [Fact]
    public void Idx_ComparesItsPromiseWithTheLimit() =>
        Assert.Contains("the limit is 20 bytes", Assert.Throws<InputException>(() => IdxFile.Read<float>(_scratch.Write("a", Idx(8, [6], new byte[6])), 20)).Message, StringComparison.Ordinal);

    [Fact]
    public void GzipOfSeveralMembers_IsOneFileAndItsEndIsChecked()
    {
        var bytes = Idx(8, [500], [.. Enumerable.Range(0, 500).Select(i => (byte)(i * 7))]);
        byte[] members = [.. Gzip(bytes[..100]), .. Gzip(bytes[100..300]), .. Gzip(bytes[300..])];
        Assert.Equal(IdxFile.Read<float>(_scratch.Write("one", bytes)).Values, IdxFile.Read<float>(_scratch.Write("three", members)).Values);
        foreach (var cut in (int[])[1, 4, 8, 20]) Assert.Throws<InputException>(() => IdxFile.Read<float>(_scratch.Write("cut", members[..^cut])));
        members[^3] ^= 1;
        Assert.Throws<InputException>(() => IdxFile.Read<float>(_scratch.Write("changed", members)));
    }

    [DataFact("mnist/t10k-images-idx3-ubyte.gz")]
    public void Mnist_HasItsKnownSum()
    {
        var images = IdxFile.Read<float>(TestData.Require("mnist/t10k-images-idx3-ubyte.gz"));
        Assert.Equal([10000, 28, 28], images.Shape);
        Assert.Equal(264923200, images.Values.Sum(v => (double)v)); // numpy: the sum of all bytes
    }

    [Fact]
    public void Npz_FromNumPy_ReadsEveryTypeByteOrderAndMemoryOrder()
    {
        using var file = new NpzFile(Scratch.Golden("numpy.npz"));
        var seen = 0;
        foreach (var name in file.Names.Where(n => n.Contains('_', StringComparison.Ordinal)))
        {
            var array = file.Read<double>(name);
            Assert.Equal([2, 3, 4], array.Shape);
            var expected = Enumerable.Range(0, 24).Select(i => i * 3.0 - 17).Select(v => name[0] switch { 'u' => Math.Abs(v), 'f' => v / 4, _ => v });
            Assert.Equal(expected, array.Values);
            seen++;
        }
        Assert.Equal(44, seen);
        Assert.Equal(18, file.Read<float>("b1").Values.Sum());
        Assert.Equal(2.5f, Assert.Single(file.Read<float>("scalar").Values));
        Assert.Empty(file.Read<float>("scalar").Shape);
        Assert.Equal([0, 3], file.Read<float>("empty").Shape);
        Assert.Equal("did you mean 'scalar'?", Assert.Throws<InputException>(() => file.Read<float>("scaler")).Hint);
    }

    [Fact]
    public void Npy_ReadsFortranOrder() =>
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (i * 3f - 17) / 4), NpyFile.Read<float>(Scratch.Golden("fortran.npy")).Values);

    [Theory]
    [InlineData("complex.npy", "of type '<c16' are not read")]
    [InlineData("object.npy", "of type '|O' are not read")]
    [InlineData("structured.npy", "structured .npy types are not read")]
    public void Npy_RefusesWhatIsNoNumber(string name, string message) =>
        Assert.Contains(message, Assert.Throws<InputException>(() => NpyFile.Read<float>(Scratch.Golden(name))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", null)]
    [InlineData("{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}\n", null)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "cut off")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "more bytes than its header promises")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", "damaged .npy header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647,2147483647,2147483647), }", "cut off")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "damaged .npy header")]
    [InlineData("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }", "damaged .npy header")]
    [InlineData("{'descr': '<f4', 'shape': (2,)}", "damaged .npy header")]
    [InlineData("{'descr': '<f4", "damaged .npy header")]
    [InlineData("", "damaged .npy header")]
    public void Npy_HeadersAreValidated(string header, string? message)
    {
        var path = _scratch.Write("a.npy", [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(header), .. new byte[8]]);
        if (message is null) Assert.Equal(2, NpyFile.Read<float>(path).Values.Length);
        else Assert.Contains(message, Assert.Throws<InputException>(() => NpyFile.Read<float>(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Npz_ThatWasDamagedIsNoticedByItsCheckSum()
    {
        var path = _scratch["a.npz"];
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
        using (var entry = zip.CreateEntry("x.npy", CompressionLevel.NoCompression).Open())
            entry.Write(File.ReadAllBytes(Scratch.Golden("fortran.npy")));
        var bytes = File.ReadAllBytes(path);
        bytes[250] ^= 4;
        File.WriteAllBytes(path, bytes);
        using var file = new NpzFile(path);
        Assert.Contains("check sum", Assert.Throws<InputException>(() => file.Read<float>("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Npz_ThatIsNoneIsRefused()
    {
        Assert.Throws<InputException>(() => new NpzFile(_scratch.Write("a.npz", "hello")));
        Assert.Throws<InputException>(() => new NpzFile(_scratch.Write("b.npz", [.. "PK\u0005\u0006"u8, .. new byte[18]])));
    }
}
