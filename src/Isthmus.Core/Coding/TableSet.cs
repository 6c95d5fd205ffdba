using System.Collections;

namespace Isthmus.Coding;

/// <summary>
/// An ordered list of tables as it is frozen into a model file: the receiver reads integers and computes nothing. Differs from
/// <see cref="FrequencyTable"/>, one table. The bytes are described in <c>docs/formats.md</c>.
/// </summary>
public sealed class TableSet : IReadOnlyList<FrequencyTable>
{
    private const uint Magic = 0x54545349; // "ISTT"
    private const byte Version = 1;
    private readonly FrequencyTable[] _tables;

    /// <summary>A list of tables; the same table may stand in several places.</summary>
    public TableSet(IEnumerable<FrequencyTable> tables)
    {
        _tables = [.. tables];
        var hash = new StableHash();
        hash.Add((uint)_tables.Length);
        foreach (var table in _tables) hash.Add(table.Digest);
        Digest = hash.Value;
    }

    /// <summary>64 bits that name the list, written into every frame coded with it.</summary>
    public ulong Digest { get; }

    /// <inheritdoc/>
    public int Count => _tables.Length;

    /// <inheritdoc/>
    public FrequencyTable this[int index] => _tables[index];

    /// <summary>The bytes for a model file.</summary>
    public byte[] ToBytes()
    {
        var to = new ByteSink();
        to.U32(Magic);
        to.U8(Version);
        to.U32((uint)_tables.Length);
        foreach (var table in _tables)
        {
            to.U8((byte)(table.Precision | (table.HasEscape ? 128 : 0)));
            to.U32((uint)table.First);
            to.Varint((uint)table.Entries);
            for (var i = 0; i < table.Entries; i++) to.Varint((uint)table.Frequency(i));
        }
        to.U32(Crc32C.Of(to.Written));
        return to.Written.ToArray();
    }

    /// <summary>The list that <see cref="ToBytes"/> wrote. It allocates in proportion to the bytes given, whatever they say.</summary>
    /// <exception cref="CodingException">The bytes are not such a list or were damaged.</exception>
    public static TableSet Parse(ReadOnlySpan<byte> bytes)
    {
        var from = new ByteCursor(bytes);
        if (from.U32() != Magic) throw Wrong(from.Failed ? CodingError.Truncated : CodingError.BadMagic, "they do not begin with ISTT");
        if (from.U8() != Version) throw Wrong(from.Failed ? CodingError.Truncated : CodingError.UnsupportedVersion, $"only version {Version} is known");
        if (bytes.Length < 13) throw Wrong(CodingError.Truncated, $"{bytes.Length} bytes are fewer than the shortest list's 13");
        if (Crc32C.Of(bytes[..^4]) != new ByteCursor(bytes[^4..]).U32()) throw Wrong(CodingError.ChecksumMismatch, "the checksum does not agree");
        from = new ByteCursor(bytes[5..^4]);
        var count = from.U32();
        if (count > from.Left / 7) throw Wrong(CodingError.InvalidHeader, $"{count} tables in {bytes.Length} bytes"); // a table takes 7 bytes at least
        var tables = new FrequencyTable[count];
        for (var i = 0; i < tables.Length; i++) tables[i] = ParseTable(ref from, i);
        if (from.Failed || from.Left > 0) throw Wrong(CodingError.InvalidHeader, "their length does not fit the tables");
        return new TableSet(tables);
    }

    /// <inheritdoc/>
    public IEnumerator<FrequencyTable> GetEnumerator() => ((IEnumerable<FrequencyTable>)_tables).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static FrequencyTable ParseTable(ref ByteCursor from, int index)
    {
        var form = from.U8();
        var first = (int)from.U32();
        var entries = from.Varint();
        if (from.Failed || entries > from.Left || entries > FrequencyTable.MaxEntries) throw Wrong(CodingError.InvalidHeader, $"table {index} has {entries} entries");
        var frequencies = new int[entries];
        for (var i = 0; i < frequencies.Length; i++) frequencies[i] = (int)Math.Min(from.Varint(), int.MaxValue);
        try
        {
            var table = FrequencyTable.FromFrequencies(frequencies, first, form >= 128);
            return table.Precision == (form & 127) ? table : throw Wrong(CodingError.InvalidHeader, $"table {index} sums to 2^{table.Precision}, not 2^{form & 127}");
        }
        catch (ArgumentException e)
        {
            throw Wrong(CodingError.InvalidHeader, $"table {index}: {e.Message}");
        }
    }

    private static CodingException Wrong(CodingError code, string what) => new(code, $"bytes of frequency tables: {what}");
}
