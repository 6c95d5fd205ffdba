namespace Isthmus.Coding;

/// <summary>
/// The writer behind every frame: it keeps the message in queue order and codes it at the end by the coder that suits its
/// length, or stores it where coding gains nothing (see <c>docs/coding.md</c>, "Which coder?").
/// </summary>
/// <remarks>Not thread-safe. <see cref="Clear"/> makes it ready for the next message and keeps its buffers.</remarks>
public sealed class MessageWriter : ISymbolWriter
{
    /// <summary>The largest number of symbols in one message: 2^28.</summary>
    public const int MaxSymbols = 1 << 28;

    private readonly SymbolRecorder _message = new();
    private byte[] _buffer = [];

    /// <summary>How many symbols have been written: entries, decisions, and pieces of at most 16 raw bits.</summary>
    public int Symbols => _message.Count;

    /// <inheritdoc/>
    public void Write(int entry, FrequencyTable table)
    {
        SymbolChecks.Entry(entry, table);
        _message.Add(entry, table, 0);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<int> entries, FrequencyTable table)
    {
        SymbolChecks.Entries(entries, table);
        _message.Add(entries, table);
    }

    /// <inheritdoc/>
    public void WriteBit(bool bit, int probability)
    {
        SymbolChecks.Probability(probability);
        _message.Add(bit ? probability : 65536 - probability, null, bit ? SymbolRecorder.True : SymbolRecorder.False);
    }

    /// <inheritdoc/>
    public void WriteBits(uint value, int count)
    {
        SymbolChecks.RawBits(value, count);
        if (count > 16)
        {
            _message.Add((int)(value & 0xFFFF), null, 16);
            (value, count) = (value >> 16, count - 16);
        }
        if (count > 0) _message.Add((int)value, null, count);
    }

    /// <summary>Forgets what was written.</summary>
    public void Clear() => _message.Clear();

    /// <summary>Codes the message by the coder that suits its length, or stores it where that is not longer.</summary>
    public CodedPayload Finish()
    {
        var (coder, lanes) = CodedPayload.CoderFor(Symbols);
        var coded = Finish(coder, lanes);
        return PackedCoder.ByteCount(_message) <= coded.Bytes.Length ? Finish(CoderKind.Stored) : coded;
    }

    /// <summary>Codes the message by the given coder.</summary>
    /// <param name="coder">Which one.</param>
    /// <param name="lanes">1, 2 or 4 for the two rANS coders; 1 for the others.</param>
    /// <exception cref="ArgumentException">The coder does not have that many lanes.</exception>
    public CodedPayload Finish(CoderKind coder, int lanes = 1)
    {
        if (!CodedPayload.IsLaneCount(coder, lanes)) throw new ArgumentException($"MessageWriter.Finish: {lanes} lanes of {coder}; rANS has 1, 2 or 4, the others 1", nameof(lanes));
        var bytes = coder switch
        {
            CoderKind.Rans32 => RansEncoder<Rans32>.Encode(_message, lanes, Buffer(lanes)).ToArray(),
            CoderKind.Rans64 => RansEncoder<Rans64>.Encode(_message, lanes, Buffer(lanes)).ToArray(),
            CoderKind.Range => RangeEncoder.Encode(_message),
            _ => PackedCoder.Encode(_message),
        };
        return new CodedPayload(coder, lanes, Symbols, bytes);
    }

    private byte[] Buffer(int lanes)
    {
        var size = RansEncoder<Rans64>.BufferFor(Symbols, lanes);
        return _buffer.Length >= size ? _buffer : _buffer = new byte[size];
    }
}
