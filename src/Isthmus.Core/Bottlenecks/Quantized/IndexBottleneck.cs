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

    /// <summary>Possible values of one index.</summary>
    public abstract long Alphabet { get; }

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(Positions * Math.Log2(Alphabet));

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
        _code = IndexCode.Fit(LongTensor.Over([.. all], all.Count / Positions, Positions), Alphabet);
    }

    /// <inheritdoc/>
    public override byte[]? FrozenTables => _code?.ToBytes();

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables) => _code = IndexCode.Parse(tables, Positions, Alphabet);

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return Decode(m.Single<Symbols>().Values);
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        Frozen().Write(m.Single<Symbols>().Values, to);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(s);
        return AsMessage(Frozen().Read(from, s.Count));
    }

    /// <summary>The indices of a batch, [batch, positions], without changing any state.</summary>
    protected abstract LongTensor Quantize(Features h);

    /// <summary>What indices stand for: the decoder's input.</summary>
    protected abstract Tensor Decode(LongTensor indices);

    /// <summary>A pass of given indices in evaluation: what they stand for, and the tables' charge where there are tables.</summary>
    protected Passage Evaluate(LongTensor indices, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        if (c.Mode == PassMode.Ship) Frozen();
        return new Passage(Decode(indices), RateOf(indices), [], () => AsMessage(indices));
    }

    /// <summary>The message of indices.</summary>
    protected Message AsMessage(LongTensor indices) => new([new Symbols("index", indices, Alphabet <= int.MaxValue ? (int)Alphabet : 0)]);

    /// <summary>The code length under the frozen tables, or the capacity before they are there.</summary>
    protected Rate RateOf(LongTensor indices) => _code is null
        ? new Rate(Tensor.Scalar((float)Capacity!.Value.Nats), RateKind.Capacity, RateScope.Batch)
        : new Rate(_code.Cost(indices), RateKind.CodeLength, RateScope.Sample);

    private IndexCode Frozen() => _code ?? throw new InvalidOperationException($"{GetType().Name}: nothing can be shipped before Freeze has fitted the tables on training data");
}
