using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What of a concept goes on to the decoder.</summary>
public enum ConceptKindPassed
{
    /// <summary>The most probable state of each: an exact number of bits. Gradients pass straight through.</summary>
    Hard,

    /// <summary>The probability of each.</summary>
    Sigmoid,

    /// <summary>The logit of each.</summary>
    Logit,

    /// <summary>The probability of each, and further numbers without a name.</summary>
    Hybrid,
}

/// <summary>How concepts and the head on them are trained.</summary>
public enum ConceptScheme
{
    /// <summary>The head learns from true concepts, the concepts by themselves.</summary>
    Independent,

    /// <summary>First the concepts, then the head on what they predict.</summary>
    Sequential,

    /// <summary>Both at once.</summary>
    Joint,
}

/// <summary>What a <see cref="ConceptLayer"/> is made of.</summary>
public sealed record ConceptOptions
{
    /// <summary>How concepts and head are trained.</summary>
    [Option("how concepts and the head on them are trained: independent (the head learns from true concepts), sequential, joint")]
    public ConceptScheme Scheme { get; init; } = ConceptScheme.Independent;

    /// <summary>What goes on to the head.</summary>
    [Option("what of a concept goes on to the head: its state (hard), its probability (sigmoid), its logit, or probabilities and further numbers (hybrid)")]
    public ConceptKindPassed Kind { get; init; } = ConceptKindPassed.Sigmoid;

    /// <summary>Numbers without a name that a hybrid lets pass.</summary>
    [Option("hybrid: numbers without a name that pass too", Min = 1, Max = 65536)]
    public int Extra { get; init; } = 8;

    /// <summary>The weight of the concepts' loss.</summary>
    [Option("weight of the concepts' loss, their mean in nats, beside the task's", Min = 0)]
    public float ConceptWeight { get; init; } = 1;

    /// <summary>The chance of true concepts in training.</summary>
    [Option("chance with which a concept's true value stands in for its prediction in a training batch (joint)", Min = 0, Max = 1)]
    public float RandInt { get; init; }

    /// <summary>Whether rare states weigh more.</summary>
    [Option("whether the states of a concept weigh the inverse of their frequency")]
    public bool Balance { get; init; }

    /// <summary>The weight of the concepts' divergence from their marginal.</summary>
    [Option("weight of KL(p(c|x) || q(c)), which draws concepts to what they are without the input (CIBM); q is learned", Unit = "nats per nat", Min = 0)]
    public float Beta { get; init; }
}

/// <summary>
/// A linear layer of concepts (Koh et al. 2020, section 3): hard, as probabilities, as logits, or with further numbers beside them (Mahinpei et al. 2021). With
/// <see cref="ConceptOptions.Beta"/> it pays for what it says of the input beyond the concepts' frequencies ("Concepts' Information Bottleneck Models", 2026).
/// </summary>
public sealed class ConceptLayer : ConceptBottleneck
{
    private const int LevelsPerDeviation = 8, MostDeviations = 4;
    private readonly ConceptOptions _options;
    private LevelCode? _tables;
    private float[]? _percentiles; // of each column's logit over training rows: the 5th, then the 95th

    /// <summary>A layer from a number of features.</summary>
    /// <param name="features">How many numbers enter.</param>
    /// <param name="space">The concepts.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="random">For the initial weights.</param>
    /// <param name="stateWeights">With <see cref="ConceptOptions.Balance"/>: what a row of each state of each concept counts.</param>
    public ConceptLayer(int features, ConceptSpace space, ConceptOptions options, RandomStream random, IReadOnlyList<double[]>? stateWeights = null)
        : base(space, options?.ConceptWeight ?? throw new ArgumentNullException(nameof(options)), options.RandInt, stateWeights)
    {
        ArgumentNullException.ThrowIfNull(random);
        Setting.Require(options.Extra >= 1, "extra", "at least 1", options.Extra);
        Setting.Require(options.Beta >= 0 && float.IsFinite(options.Beta), "beta", "a number of at least 0", options.Beta);
        Setting.Refuse(options is { Scheme: ConceptScheme.Independent, Kind: ConceptKindPassed.Logit or ConceptKindPassed.Hybrid },
            $"scheme: a head on {(options.Kind == ConceptKindPassed.Logit ? "logits" : "further numbers")} cannot learn from true concepts alone", "take scheme: sequential or joint, or kind: hard or sigmoid");
        Setting.Refuse(options is { Scheme: ConceptScheme.Sequential, Kind: ConceptKindPassed.Hybrid }, "scheme: the further numbers of a hybrid learn from the task alone", "take scheme: joint");
        _options = options;
        Predictor = AddModule("predictor", new Linear(features, Space.Width, random));
        if (Kind == ConceptKindPassed.Hybrid) Extra = AddModule("extra", new Linear(features, options.Extra, random.Fork("extra")));
        if (options.Beta > 0) Marginal = AddParameter("marginal", Tensor.Zeros(Space.Width));
    }

    /// <summary>Features to scores.</summary>
    public Linear Predictor { get; }

    /// <summary>Features to the numbers without a name; null but for hybrids.</summary>
    public Linear? Extra { get; }

    /// <summary>The scores of q(c), [width]; null without a weight for it.</summary>
    public Tensor? Marginal { get; }

    /// <summary>What goes on.</summary>
    public ConceptKindPassed Kind => _options.Kind;

    /// <inheritdoc/>
    public override int OutputWidth => Space.Width + (Extra is null ? 0 : _options.Extra);

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(Kind == ConceptKindPassed.Hard
        ? Space.Axes.Sum(a => Math.Log2(a.Type == ConceptType.Continuous ? (2 * LevelsPerDeviation * MostDeviations) + 1 : a.States))
        : 32.0 * OutputWidth);

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => Kind == ConceptKindPassed.Hard ? "index" : "floats";

    /// <inheritdoc/>
    public override Tensor Scores(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return Predictor.Forward(h.Single);
    }

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(scores);
        if (Kind == ConceptKindPassed.Logit) return put is null ? scores : Space.Put(scores, put with { Values = Logits(put.Values) });
        var own = Space.Activate(scores);
        if (Kind == ConceptKindPassed.Hard) own = GradientEstimators.StraightThrough(own, Restore(Levels(own)));
        var passed = put is null ? own : Space.Put(own, put);
        return Extra is null ? passed : Tensor.Cat([passed, Extra.Forward(h.Single)], 1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string>? NamesOf(Part part) => part switch
    {
        Symbols => [.. Space.Axes.Select(a => a.Name)],
        Floats when Extra is null => Space.ColumnNames,
        Floats => [.. Space.ColumnNames, .. Enumerable.Range(0, _options.Extra).Select(i => FormattableString.Invariant($"extra.{i}"))],
        _ => null,
    };

    /// <inheritdoc/>
    public override void Freeze(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        if (Kind is ConceptKindPassed.Sigmoid or ConceptKindPassed.Hybrid) return;
        var columns = Enumerable.Range(0, Kind == ConceptKindPassed.Hard ? Space.Count : Space.Width).Select(_ => new List<float>()).ToArray();
        foreach (var h in training)
        {
            var numbers = Kind == ConceptKindPassed.Hard ? States(Space.Activate(Scores(h))) : [.. Scores(h).ToArray()];
            for (var i = 0; i < numbers.Length; i++) columns[i % columns.Length].Add(numbers[i]);
        }
        if (columns[0].Count == 0) return;
        if (Kind == ConceptKindPassed.Hard) _tables = new LevelCode(columns.Select(c => LevelCode.Fit([.. c.Select(v => (int)v)])));
        else _percentiles = [.. columns.Select(c => Percentile(c, 0.05)), .. columns.Select(c => Percentile(c, 0.95))];
    }

    /// <inheritdoc/>
    public override byte[]? FrozenTables => Kind == ConceptKindPassed.Hard ? _tables?.ToBytes()
        : _percentiles is null ? null : [.. _percentiles.SelectMany(v => LittleEndian(v))];

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables)
    {
        if (Kind == ConceptKindPassed.Hard)
        {
            _tables = LevelCode.Parse(tables, Space.Count);
            return;
        }
        if (tables.Length != 8 * Space.Width) throw new InputException($"tables: {tables.Length} bytes, expected {8 * Space.Width} for the percentiles of {Space.Width} logits");
        var percentiles = new float[2 * Space.Width];
        for (var i = 0; i < percentiles.Length; i++) percentiles[i] = System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(tables[(4 * i)..]);
        _percentiles = percentiles.All(float.IsFinite) ? percentiles : throw new InputException("tables: a percentile is not a number");
    }

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return Kind == ConceptKindPassed.Hard ? Restore(m.Single<Symbols>().Values) : base.Restore(m);
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        if (Kind == ConceptKindPassed.Hard) Tables.Write(m.Single<Symbols>().Values, to);
        else base.Write(m, to);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(s);
        if (Kind != ConceptKindPassed.Hard) return base.Read(from, s);
        var levels = Tables.Read(from, s.Count);
        for (var i = 0; i < levels.Numel; i++)
            if (levels.Data[i] < 0 || levels.Data[i] >= Alphabet(i % Space.Count)) throw new CodingException(CodingError.CorruptPayload, FormattableString.Invariant($"concept '{Space.Axes[i % Space.Count].Name}' has no state {levels.Data[i]}"));
        return AsMessage(levels);
    }

    /// <inheritdoc/>
    protected override ConceptValues Sendable(ConceptValues put)
    {
        ArgumentNullException.ThrowIfNull(put);
        return Kind == ConceptKindPassed.Hard ? put with { Values = Restore(Levels(put.Values)) } : put;
    }

    /// <summary>How many states of a concept can be sent: of a continuous one the eighths of a deviation up to four of them.</summary>
    public int StatesOf(int concept) => Alphabet(concept);

    /// <inheritdoc/>
    protected override Passage Passed(Features h, Tensor scores, ConceptValues? put, PassContext c)
    {
        if (Kind != ConceptKindPassed.Hard) return base.Passed(h, scores, put, c);
        if (c.Mode == PassMode.Ship && _tables is null) throw new InvalidOperationException("concept: Freeze has not been called, so there are no tables to ship with");
        var output = Emit(h, scores, put);
        var sent = new Lazy<LongTensor>(() => Levels(output));
        var rate = _tables is null || c.Training ? new Rate(Tensor.Full([h.Count], (float)Capacity!.Value.Nats), RateKind.Capacity, RateScope.Sample)
            : new Rate(_tables.Cost(sent.Value), RateKind.CodeLength, RateScope.Sample);
        return new Passage(output, rate, [.. Terms(h, scores, c)], () => AsMessage(sent.Value));
    }

    /// <inheritdoc/>
    protected override IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c)
    {
        foreach (var term in base.Terms(h, scores, c)) yield return term;
        if (Marginal is not null) yield return new Term("rate", Divergence(scores), _options.Beta);
    }

    private LevelCode Tables => _tables ?? throw new InvalidOperationException("concept: Freeze has not been called, so there are no tables to write with");

    private Message AsMessage(LongTensor levels) => new([new Symbols("concept", levels, Enumerable.Range(0, Space.Count).Max(Alphabet))]);

    private int Alphabet(int concept) => Space.Axes[concept] is { Type: not ConceptType.Continuous } axis ? axis.States : (2 * LevelsPerDeviation * MostDeviations) + 1;

    // What is sent of each concept: its state, or the number of the nearest eighth of a deviation, up to four of them.
    private LongTensor Levels(Tensor passed) => LongTensor.From([.. States(passed).Select(v => (long)v)], passed.Size(0), Space.Count);

    private float[] States(Tensor beliefs)
    {
        var states = Space.Decide(beliefs).ToArray();
        for (var i = 0; i < states.Length; i++)
            if (Space.Axes[i % Space.Count].Type == ConceptType.Continuous)
                states[i] = (float)Math.Clamp(Math.Round((double)states[i] * LevelsPerDeviation), -LevelsPerDeviation * MostDeviations, LevelsPerDeviation * MostDeviations) + (LevelsPerDeviation * MostDeviations);
        return states;
    }

    private Tensor Restore(LongTensor levels)
    {
        var values = Tensor.Zeros(levels.Shape[0], Space.Count);
        for (var i = 0; i < values.Numel; i++)
            values.Data[i] = Space.Axes[i % Space.Count].Type == ConceptType.Continuous ? (levels.Data[i] - (LevelsPerDeviation * MostDeviations)) / (float)LevelsPerDeviation : levels.Data[i];
        return Space.Encode(values);
    }

    // 0 and 1 stand for the 5th and 95th percentile of the logit over the training rows (Koh et al. 2020, section 4.3), what lies between for what lies between.
    private Tensor Logits(Tensor beliefs)
    {
        var continuous = Enumerable.Range(0, Space.Width).Select(c => Space.Axes[Space.ConceptOf(c)].Type == ConceptType.Continuous).ToArray();
        var low = Tensor.From([.. continuous.Select((real, c) => real ? 0f : _percentiles?[c] ?? -3f)]);
        var span = Tensor.From([.. continuous.Select((real, c) => real ? 1f : (_percentiles?[Space.Width + c] ?? 3f) - (_percentiles?[c] ?? -3f))]);
        return (beliefs * span) + low;
    }

    // KL(p(c|x) || q(c)), summed over concepts, the mean over rows, nats; continuous concepts as unit normals about the number.
    private Tensor Divergence(Tensor scores)
    {
        var p = Space.Activate(scores);
        var q = Space.Activate(Marginal!.Reshape(1, Space.Width)).Expand(scores.Size(0), Space.Width);
        var sum = Tensor.Scalar(0f);
        for (var j = 0; j < Space.Count; j++)
        {
            var (axis, at) = (Space.Axes[j], Space.Offset(j));
            var (a, b) = (p.Narrow(1, at, axis.Width).Clamp(1e-6f, axis.Type == ConceptType.Continuous ? float.PositiveInfinity : 1 - 1e-6f), q.Narrow(1, at, axis.Width).Clamp(1e-6f, axis.Type == ConceptType.Continuous ? float.PositiveInfinity : 1 - 1e-6f));
            sum += axis.Type switch
            {
                ConceptType.Continuous => (p.Narrow(1, at, 1) - q.Narrow(1, at, 1)).Square().Sum() * 0.5f,
                ConceptType.Categorical => (a * (a.Log() - b.Log())).Sum(),
                _ => (a * (a.Log() - b.Log())).Sum() + ((1f - a) * ((1f - a).Log() - (1f - b).Log())).Sum(),
            };
        }
        return sum * (1f / scores.Size(0));
    }

    private static float Percentile(List<float> values, double share)
    {
        values.Sort();
        var at = share * (values.Count - 1);
        var (below, above) = (values[(int)Math.Floor(at)], values[(int)Math.Ceiling(at)]);
        return (float)(below + ((above - below) * (at - Math.Floor(at))));
    }

    private static byte[] LittleEndian(float value)
    {
        var bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return bytes;
    }
}
