using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A bottleneck whose message is a fixed number of indices a sample. What passes in mode Mean, Sample and Ship is the same
/// message; only what is known of its cost differs.
/// </summary>
public abstract class IndexBottleneck : Bottleneck
{
    private IndexCode? _code;

    /// <summary>Indices a sample.</summary>
    public abstract int Positions { get; }

    /// <summary>Possible values of one index; the most, where positions differ.</summary>
    public abstract long Alphabet { get; }

    /// <summary>What the positions are; one alphabet at each, unless told otherwise.</summary>
    public virtual IndexLayout Layout => IndexLayout.Of(Positions, Alphabet);

    /// <summary>The prior under which indices are written.</summary>
    public virtual IndexPrior Prior => IndexPrior.Static;

    /// <inheritdoc/>
    public override Bits? Capacity => Layout.Capacity;

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => "index";

    /// <inheritdoc/>
    public override void Freeze(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        var all = new List<long>();
        using var noGrad = new NoGrad();
        foreach (var h in training)
        {
            using var scope = new TensorScope("freeze");
            all.AddRange(Quantize(h).Data);
        }
        if (all.Count == 0) throw new ArgumentException("freeze: no training features were given");
        _code = IndexCode.Fit(LongTensor.Over([.. all], all.Count / Positions, Positions), Layout, Prior);
    }

    /// <inheritdoc/>
    public override byte[]? FrozenTables => _code?.ToBytes();

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables) => _code = IndexCode.Parse(tables, Layout, Prior);

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return Decode(m.Single<Symbols>().Values);
    }

    /// <inheritdoc/>
    /// <remarks>Of maps a bit says whether lengths follow; then they do, in as few bits as hold the number of places.</remarks>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        ArgumentNullException.ThrowIfNull(to);
        var indices = m.Single<Symbols>().Values;
        var (places, stages) = (Layout.Places, Layout.Stages);
        for (var i = 0; i < indices.Numel; i++)
            if (indices.Data[i] < 0 == (m.Lengths is null || i % Positions / stages < m.Lengths.Data[i / Positions]))
                throw new ArgumentException($"{GetType().Name}: a message to write has all indices of its places, and sample {i / Positions} has {indices.Data[i]} at position {i % Positions}");
        if (places > 1) to.WriteBits(m.Lengths is null ? 0u : 1u, 1);
        else if (m.Lengths is not null) throw new ArgumentException($"{GetType().Name}: lengths are for messages of several places");
        if (m.Lengths is not null)
            foreach (var length in m.Lengths.Data) to.WriteBits((uint)length, LengthBits(places));
        Frozen().Write(indices, to);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(s);
        var places = Layout.Places;
        LongTensor? lengths = null;
        if (places > 1 && from.ReadBits(1) == 1)
        {
            lengths = LongTensor.Zeros(s.Count);
            foreach (ref var length in lengths.Data)
            {
                length = from.ReadBits(LengthBits(places));
                if (length > places) throw new CodingException(CodingError.InvalidSymbol, $"a length of {length} in messages of {places} places");
            }
        }
        return AsMessage(Frozen().Read(from, s.Count, lengths), lengths);
    }

    /// <summary>Whether a message is a set of codes: its indices rise, and a position of it means nothing.</summary>
    public virtual bool Unordered => false;

    /// <summary>How far the codes of a position are from what the encoder made, the other positions as they are; null where there is no such
    /// measure.</summary>
    /// <param name="h">What the encoder made.</param>
    /// <param name="indices">What was chosen for it, [batch, positions].</param>
    /// <param name="position">Which position.</param>
    /// <returns>[batch, codes of the position], squared distances.</returns>
    public virtual Tensor? CodeDistances(Features h, LongTensor indices, int position) => null;

    /// <summary>The indices of a batch, [batch, positions], without changing any state.</summary>
    protected abstract LongTensor Quantize(Features h);

    /// <summary>What indices stand for: the decoder's input.</summary>
    protected abstract Tensor Decode(LongTensor indices);

    /// <summary>A pass of given indices in evaluation: what they stand for, and the tables' charge where there are tables.</summary>
    protected Passage Evaluate(LongTensor indices, PassContext c, LongTensor? lengths = null)
    {
        ArgumentNullException.ThrowIfNull(c);
        if (c.Mode == PassMode.Ship) Frozen();
        return new Passage(Decode(indices), RateOf(indices), [], () => AsMessage(indices, lengths));
    }

    /// <summary>The message of indices.</summary>
    protected Message AsMessage(LongTensor indices, LongTensor? lengths = null) =>
        new([new Symbols("index", indices, Alphabet <= int.MaxValue ? (int)Alphabet : 0)]) { Lengths = lengths };

    /// <summary>The code length under the frozen tables, or the capacity before they are there.</summary>
    protected Rate RateOf(LongTensor indices) => _code is null
        ? new Rate(Tensor.Scalar((float)Capacity!.Value.Nats), RateKind.Capacity, RateScope.Batch)
        : new Rate(_code.Cost(indices), RateKind.CodeLength, RateScope.Sample);

    /// <summary>Where indices stand in one table of all positions, those of a position below those of the one before.</summary>
    private protected LongTensor Flat(LongTensor indices)
    {
        var (positions, codes) = (Positions, Alphabet);
        var rows = LongTensor.Zeros(indices.Numel);
        for (var i = 0; i < rows.Numel; i++) rows.Data[i] = (i % positions * codes) + indices.Data[i];
        return rows;
    }

    private static int LengthBits(int places) => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)places);

    private IndexCode Frozen() => _code ?? throw new InvalidOperationException($"{GetType().Name}: nothing can be shipped before Freeze has fitted the tables on training data");
}
