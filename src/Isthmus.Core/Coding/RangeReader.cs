namespace Isthmus.Coding;

/// <summary>Reads what <see cref="RangeEncoder"/> wrote. Bytes after the end count as zero; the encoder leaves off at most
/// eight, so asking for more is an error.</summary>
internal sealed class RangeReader : SymbolReader
{
    private ulong _offset, _range = ulong.MaxValue; // the coded number minus low: below range in an undamaged stream
    private int _position;

    public RangeReader(CodedPayload payload) : base(payload)
    {
        for (var i = 0; i < 8; i++) TakeByte();
    }

    protected override int ReadEntry(FrequencyTable table)
    {
        var slot = Slot(table.Precision, out var unit);
        var entry = table.Decoding.Slots[slot];
        Narrow(table.Decoding.Ranges[entry], unit);
        return entry;
    }

    protected override void ReadEntries(Span<int> entries, FrequencyTable table)
    {
        for (var i = 0; i < entries.Length; i++) entries[i] = ReadEntry(table);
    }

    protected override bool ReadDecision(int probability)
    {
        var bit = Slot(16, out var unit) < probability;
        Narrow(bit ? new DecodeRange(0, (uint)probability) : new DecodeRange((uint)probability, 65536 - (uint)probability), unit);
        return bit;
    }

    protected override uint ReadRaw(int count)
    {
        var slot = Slot(count, out var unit);
        Narrow(new DecodeRange(slot, 1), unit);
        return slot;
    }

    protected override void CheckEnd()
    {
        if (_position - 8 > Bytes.Length || _position < Bytes.Length)
            throw new CodingException(CodingError.CorruptPayload, $"{Bytes.Length} bytes where the message takes {_position - 8} to {_position}");
    }

    private uint Slot(int precision, out ulong unit)
    {
        unit = _range >> precision;
        var slot = _offset / unit;
        if (slot >> precision != 0) throw new CodingException(CodingError.CorruptPayload, "the coded number lies outside the coder's interval");
        return (uint)slot;
    }

    private void Narrow(DecodeRange range, ulong unit)
    {
        _offset -= unit * range.Start;
        _range = unit * range.Frequency;
        while (_range < 1UL << 56)
        {
            TakeByte();
            _range <<= 8;
        }
    }

    private void TakeByte()
    {
        if (_position - 8 >= Bytes.Length) throw Ended();
        _offset = (_offset << 8) | (_position < Bytes.Length ? Bytes.Span[_position] : 0u);
        _position++;
    }
}
