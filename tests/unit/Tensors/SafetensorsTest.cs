using System.Buffers.Binary;
using System.Text;
using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors;

public class SafetensorsTest
{
    private static byte[] Bytes(IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var memory = new MemoryStream();
        Safetensors.Write(memory, tensors, metadata);
        return memory.ToArray();
    }

    private static byte[] Raw(string header, params ReadOnlySpan<byte> numbers)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + numbers.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)text.Length);
        text.CopyTo(bytes, 8);
        numbers.CopyTo(bytes.AsSpan(8 + text.Length));
        return bytes;
    }

    private static SafetensorsContent Read(byte[] bytes)
    {
        using var memory = new MemoryStream(bytes);
        return Safetensors.Read(memory, "x.safetensors");
    }

    private static Dictionary<string, Tensor> Sample() => new()
    {
        ["b.weight"] = Tensor.From([1, -2, float.NaN, float.PositiveInfinity, 1e-40f, 6], 2, 3),
        ["a"] = Tensor.Scalar(3),
        ["empty"] = Tensor.Zeros(0, 4),
        ["ümlaut \"q\""] = Tensor.Ones(1),
    };

    [Fact]
    public void WhatIsWritten_IsReadBackBitForBit()
    {
        var sample = Sample();
        var read = Read(Bytes(sample, new Dictionary<string, string> { ["format"] = "1", ["text"] = "{\"a\": \"é\"}" }));
        Assert.Equal(sample.Keys.Order(StringComparer.Ordinal), read.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, tensor) in sample)
        {
            Assert.Equal(tensor.Shape.ToArray(), read.Tensors[name].Shape.ToArray());
            Assert.Equal(tensor.ToArray().Select(BitConverter.SingleToInt32Bits), read.Tensors[name].ToArray().Select(BitConverter.SingleToInt32Bits));
        }
        Assert.Equal("{\"a\": \"é\"}", read.Metadata["text"]);
    }

    [Fact]
    public void EqualContent_IsEqualBytesWhateverTheOrder() =>
        Assert.Equal(Bytes(Sample()), Bytes(Sample().Reverse().ToDictionary(p => p.Key, p => p.Value)));

    [Fact]
    public void TheFormat_IsPinned()
    {
        var bytes = Bytes(new Dictionary<string, Tensor> { ["w"] = Tensor.From([1f], 1) });
        const string header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
        Assert.Equal(Raw(header.PadRight((header.Length + 7) / 8 * 8), 0, 0, 0x80, 0x3F), bytes);
    }

    [Theory]
    [InlineData("F64", "000000000000F8BF", -1.5f)]
    [InlineData("F16", "00C1", -2.5f)]
    [InlineData("BF16", "20C0", -2.5f)]
    [InlineData("I64", "FEFFFFFFFFFFFFFF", -2f)]
    [InlineData("I32", "FEFFFFFF", -2f)]
    [InlineData("I16", "FEFF", -2f)]
    [InlineData("I8", "FE", -2f)]
    [InlineData("U8", "FE", 254f)]
    [InlineData("BOOL", "01", 1f)]
    public void OtherTypes_AreConverted(string type, string hex, float expected)
    {
        var numbers = Convert.FromHexString(hex);
        var read = Read(Raw($"{{\"x\":{{\"dtype\":\"{type}\",\"shape\":[],\"data_offsets\":[0,{numbers.Length}]}}}}", numbers));
        Assert.Equal(expected, read.Tensors["x"].Item());
    }

    [Theory]
    [InlineData("[]", "the header is not a JSON object")]
    [InlineData("{\"x\":1}", "tensor 'x' has no dtype")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", "a size that is no whole number")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[99999,99999,99999],\"data_offsets\":[0,4]}}", "more than 2^31 - 1 elements")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", "has 8 bytes, its shape and type need 4")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "begins at byte 4, expected 0")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "4 bytes of numbers, the header speaks of 8")]
    [InlineData("{\"x\":{\"dtype\":\"Q4\",\"shape\":[1],\"data_offsets\":[0,4]}}", "of type Q4, which is not read")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}}", "'x' stands twice")]
    public void DamagedHeaders_AreNamed(string header, string message)
    {
        var error = Assert.Throws<InputException>(() => Read(Raw(header, 0, 0, 0, 0)));
        Assert.StartsWith("x.safetensors: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHugeHeaderLength_AllocatesNothing()
    {
        var bytes = Raw("{}");
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, ulong.MaxValue / 2);
        Assert.Contains("header of", Assert.Throws<InputException>(() => Read(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryTruncation_IsAnInputError()
    {
        var whole = Bytes(Sample());
        for (var length = 0; length < whole.Length; length++) Assert.Throws<InputException>(() => Read(whole[..length]));
    }

    [Fact]
    public void FlippedAndInsertedBytes_AreErrorsOrOtherNumbers()
    {
        var whole = Bytes(Sample(), new Dictionary<string, string> { ["k"] = "v" });
        var random = new RandomStream(1);
        var errors = 0;
        for (var round = 0; round < 3000; round++)
        {
            var bytes = whole.ToList();
            for (var change = random.NextInt(3); change >= 0; change--)
            {
                var at = random.NextInt(bytes.Count);
                if (random.NextInt(4) == 0) bytes.Insert(at, (byte)random.NextInt(256));
                else bytes[at] ^= (byte)(1 << random.NextInt(8));
            }
            try { Read([.. bytes]); }
            catch (InputException) { errors++; }
        }
        Assert.InRange(errors, 1500, 2999);
    }

    [Fact]
    public void AFileThatCannotBeFinished_LeavesTheOldOne()
    {
        var folder = Directory.CreateTempSubdirectory("isthmus-").FullName;
        try
        {
            var path = Path.Combine(folder, "deep", "m.safetensors");
            Safetensors.Write(path, Sample());
            var before = File.ReadAllBytes(path);
            var died = Tensor.Zeros(2);
            using (var scope = new TensorScope("s")) died = Tensor.Zeros(2);
            Assert.Throws<ObjectDisposedException>(() => Safetensors.Write(path, new Dictionary<string, Tensor> { ["x"] = died }));
            Assert.Equal(before, File.ReadAllBytes(path));
            Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
            Assert.Equal(4, Safetensors.Read(path).Tensors.Count);
            Assert.Contains("no such file", Assert.Throws<InputException>(() => Safetensors.Read(path + "x")).Message, StringComparison.Ordinal);
        }
        finally { Directory.Delete(folder, recursive: true); }
    }
}
