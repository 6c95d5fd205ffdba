using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Isthmus.Tensors;

/// <summary>What a safetensors file holds.</summary>
/// <param name="Tensors">By name; numbers of other types are converted to float.</param>
/// <param name="Metadata">The free texts of the header; empty where there are none.</param>
public sealed record SafetensorsContent(IReadOnlyDictionary<string, Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata);

/// <summary>
/// Named tensors in a file: eight bytes with the length of a JSON header, the header, and the numbers in little-endian order
/// (the format of <c>huggingface/safetensors</c>, version 0.4). Written files are the same bytes for the same tensors and
/// texts: names are in ordinal order and everything is F32.
/// </summary>
public static class Safetensors
{
    private const string MetadataName = "__metadata__";
    private const int LongestHeader = 16 << 20; // a header of 16 MB names over 100,000 tensors
    private const int ChunkBytes = 1 << 16;

    /// <summary>Writes a file; an old one of that name is replaced in one step at the end.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Names and tensors; no name is <c>__metadata__</c>.</param>
    /// <param name="metadata">Texts for the header.</param>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    /// <summary>Writes to a stream.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        var ordered = tensors.OrderBy(t => t.Key, StringComparer.Ordinal).ToArray();
        stream.Write(Header(ordered, metadata));
        foreach (var (_, tensor) in ordered)
        {
            if (BitConverter.IsLittleEndian) stream.Write(MemoryMarshal.AsBytes(tensor.Data));
            else
                foreach (var value in tensor.Data) stream.Write(BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(BitConverter.SingleToInt32Bits(value))));
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The longest file that is read.</param>
    /// <exception cref="InputException">The file is too long, damaged, or holds a type of number that is not read.</exception>
    public static SafetensorsContent Read(string path, long maxBytes = 8L << 30)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!File.Exists(path)) throw new InputException($"{path}: no such file");
        using var stream = File.OpenRead(path);
        if (stream.Length > maxBytes) throw new InputException(FormattableString.Invariant($"{path}: {stream.Length} bytes are more than the {maxBytes} that are read"));
        return Read(stream, path);
    }

    /// <summary>Reads a seekable stream from its position to its end; at most its own length is allocated, as floats.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="InputException">Damaged, or a type of number that is not read.</exception>
    public static SafetensorsContent Read(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var left = stream.Length - stream.Position;
        if (left < 8) throw Bad(name, FormattableString.Invariant($"{left} bytes are too short for the length of the header"));
        Span<byte> word = stackalloc byte[8];
        stream.ReadExactly(word);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(word);
        if (length > (ulong)(left - 8) || length > LongestHeader)
            throw Bad(name, FormattableString.Invariant($"a header of {length} bytes in a file of {left}; at most {LongestHeader} are read"));
        var header = new byte[(int)length];
        stream.ReadExactly(header);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var entries = Entries(header, metadata, name);
        CheckLayout(entries, left - 8 - (long)length, name);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var buffer = new byte[ChunkBytes];
        foreach (var entry in entries) tensors.Add(entry.Name, Load(stream, entry, buffer));
        return new SafetensorsContent(tensors, metadata);
    }

    private static byte[] Header(KeyValuePair<string, Tensor>[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var memory = new MemoryStream();
        memory.Write(stackalloc byte[8]);
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(MetadataName);
                foreach (var (key, text) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) json.WriteString(key, text);
                json.WriteEndObject();
            }
            var offset = 0L;
            foreach (var (key, tensor) in tensors)
            {
                if (key == MetadataName) throw new ArgumentException($"safetensors: no tensor can be named {MetadataName}");
                json.WriteStartObject(key);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Numel * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (memory.Length % 8 != 0) memory.WriteByte((byte)' '); // the numbers begin at a multiple of eight
        var bytes = memory.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)bytes.Length - 8);
        return bytes;
    }

    private readonly record struct Entry(string Name, string Type, int[] Shape, long Count, long Begin, long End);

    private static List<Entry> Entries(byte[] header, Dictionary<string, string> metadata, string name)
    {
        var entries = new List<Entry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(header);
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Bad(name, "the header is not a JSON object");
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name)) throw Bad(name, $"'{property.Name}' stands twice in the header");
                if (property.Name != MetadataName) entries.Add(ReadEntry(property.Name, property.Value, name));
                else
                    foreach (var text in property.Value.EnumerateObject()) metadata[text.Name] = text.Value.GetString() ?? "";
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Bad(name, "the header is not the JSON of such a file", e);
        }
        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        return entries;
    }

    private static Entry ReadEntry(string tensor, JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || !value.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2)
            throw Bad(name, $"tensor '{tensor}' has no dtype, shape and data_offsets");
        var sizes = new int[Math.Min(shape.GetArrayLength(), 65)];
        if (sizes.Length > 64) throw Bad(name, $"tensor '{tensor}' has more than 64 dimensions");
        Int128 count = 1;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (!shape[i].TryGetInt32(out sizes[i]) || sizes[i] < 0) throw Bad(name, $"tensor '{tensor}' has a size that is no whole number of at least 0");
            count *= sizes[i];
            if (count > int.MaxValue) throw Bad(name, $"tensor '{tensor}' has more than 2^31 - 1 elements");
        }
        if (!offsets[0].TryGetInt64(out var begin) || !offsets[1].TryGetInt64(out var end) || begin < 0 || end < begin)
            throw Bad(name, $"tensor '{tensor}' has data_offsets that are no range");
        var text = type.GetString()!;
        if (SizeOf(text) is not (> 0 and var size))
            throw new InputException($"{name}: tensor '{tensor}' holds numbers of type {text}, which is not read", "known: F32 F64 F16 BF16 I64 I32 I16 I8 U8 BOOL");
        if (end - begin != (long)count * size) throw Bad(name, FormattableString.Invariant($"tensor '{tensor}' has {end - begin} bytes, its shape and type need {(long)count * size}"));
        return new Entry(tensor, text, sizes, (long)count, begin, end);
    }

    // The numbers of all tensors lie side by side, without holes and overlaps, to the end of the file.
    private static void CheckLayout(List<Entry> entries, long bytes, string name)
    {
        var at = 0L;
        foreach (var entry in entries)
        {
            if (entry.Begin != at) throw Bad(name, FormattableString.Invariant($"tensor '{entry.Name}' begins at byte {entry.Begin}, expected {at}"));
            at = entry.End;
        }
        if (at != bytes) throw Bad(name, FormattableString.Invariant($"{bytes} bytes of numbers, the header speaks of {at}: the file is {(at > bytes ? "cut off" : "too long")}"));
    }

    private static Tensor Load(Stream stream, in Entry entry, byte[] buffer)
    {
        var tensor = Tensor.Zeros(entry.Shape);
        var data = tensor.Data;
        if (entry.Type == "F32" && BitConverter.IsLittleEndian)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(data));
            return tensor;
        }
        var size = SizeOf(entry.Type);
        for (var done = 0; done < data.Length;)
        {
            var count = Math.Min(buffer.Length / size, data.Length - done);
            stream.ReadExactly(buffer, 0, count * size);
            for (var i = 0; i < count; i++) data[done + i] = Number(entry.Type, buffer.AsSpan(i * size, size));
            done += count;
        }
        return tensor;
    }

    private static int SizeOf(string type) => type switch { "F64" or "I64" => 8, "F32" or "I32" => 4, "F16" or "BF16" or "I16" => 2, "I8" or "U8" or "BOOL" => 1, _ => 0 };

    private static float Number(string type, ReadOnlySpan<byte> bytes) => type switch
    {
        "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        "F32" => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        "BF16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16),
        "I64" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        "I32" => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        "I16" => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        "I8" => (sbyte)bytes[0],
        _ => bytes[0],
    };

    private static InputException Bad(string name, string what, Exception? inner = null) => new($"{name}: not a whole safetensors file: {what}", inner: inner);
}
