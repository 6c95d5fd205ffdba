using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="TemporalConceptHead"/> made of a batch.</summary>
/// <param name="Attention">[rows, concepts, windows, windows]: what each window (third dimension) looks at; each row sums to 1.</param>
/// <param name="Activations">[rows, windows, concepts], not negative.</param>
/// <param name="WindowLogits">[rows, windows, classes].</param>
/// <param name="Logits">[rows, classes], pooled over windows.</param>
public sealed record TemporalPass(Tensor Attention, Tensor Activations, Tensor WindowLogits, Tensor Logits);

/// <summary>
/// Concepts over time to a class (Knab, Marton, Schubert, Guzman, Bartelt: "Concepts in Motion: Temporal Bottlenecks for Interpretable Video Classification",
/// 2025): each concept's course attends to itself along time by one query, key and value number a window, followed by a feed-forward part of its own;
/// softplus(γ a + β) − ln 2, at least 0, is its activation; classes are read off each window linearly and pooled by (1/τ) ln Σ exp(τ z).
/// </summary>
/// <remarks>
/// No operation mixes concepts before the linear reading, so that what stands in a concept's channel comes from that concept alone; the
/// published code normalises across concepts and so mixes them. Attention knows how far windows lie apart by a learned number a distance and concept:
/// without one, pooling could not tell an order. Any number of windows may be given.
/// </remarks>
public sealed class TemporalConceptHead : Module
{
    private const float Ln2 = 0.69314718f;
    private readonly TemporalOptions _options;

    /// <summary>A head.</summary>
    /// <param name="concepts">How many concepts.</param>
    /// <param name="classes">How many classes.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="random">For the initial weights.</param>
    /// <exception cref="InputException">A setting is outside its range.</exception>
    public TemporalConceptHead(int concepts, int classes, TemporalOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(concepts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Setting.Require(options.Hidden >= 1, "hidden", "at least 1", options.Hidden);
        Setting.Require(options.Reach >= 0, "reach", "at least 0", options.Reach);
        Setting.Require(options.Pooling > 0 && float.IsFinite(options.Pooling), "pooling", "a number above 0", options.Pooling);
        (_options, Concepts, Classes) = (options, concepts, classes);
        Query = Normal("query", concepts, 1);
        Key = Normal("key", concepts, 1);
        Value = Normal("value", concepts, 1);
        QueryBias = AddParameter("query_bias", Tensor.Zeros(concepts));
        LogTemperature = AddParameter("log_temperature", Tensor.Zeros(concepts));
        Distance = AddParameter("distance", Tensor.Randn(random.Fork("distance"), concepts, (2 * options.Reach) + 1) * 0.1f);
        if (options.Across) Mixing = AddModule("mixing", new Linear(concepts, concepts, random.Fork("mixing")));
        HiddenWeight = Normal("hidden_weight", concepts, options.Hidden);
        HiddenBias = AddParameter("hidden_bias", Tensor.Zeros(concepts, options.Hidden));
        HiddenOut = AddParameter("hidden_out", Tensor.Randn(random.Fork("hidden_out"), concepts, options.Hidden) * 0.5f);
        Scale = AddParameter("scale", Tensor.Ones(concepts));
        Shift = AddParameter("shift", Tensor.Zeros(concepts));
        Reading = AddModule("reading", new Linear(concepts, classes, random.Fork("reading")));

        Tensor Normal(string name, int rows, int columns) => AddParameter(name, columns == 1 ? Tensor.Randn(random.Fork(name), rows) : Tensor.Randn(random.Fork(name), rows, columns));
    }

    /// <summary>How many concepts.</summary>
    public int Concepts { get; }

    /// <summary>How many classes.</summary>
    public int Classes { get; }

    /// <summary>τ of the pooling.</summary>
    public float Pooling => _options.Pooling;

    /// <summary>The linear reading of activations, [classes, concepts]; clamped at 0 where <see cref="TemporalOptions.NonNegative"/> is set.</summary>
    public Tensor ClassWeights => _options.NonNegative ? Reading.Weight.Relu() : Reading.Weight;

    private Linear Reading { get; }

    private Linear? Mixing { get; }

    private Tensor Query { get; }

    private Tensor QueryBias { get; }

    private Tensor Key { get; }

    private Tensor Value { get; }

    private Tensor LogTemperature { get; }

    private Tensor Distance { get; }

    private Tensor HiddenWeight { get; }

    private Tensor HiddenBias { get; }

    private Tensor HiddenOut { get; }

    private Tensor Scale { get; }

    private Tensor Shift { get; }

    /// <summary>The whole way, with what explains it.</summary>
    /// <param name="x">[rows, windows, concepts]: how much of each concept is in each window.</param>
    /// <param name="edit">What is done to attention.</param>
    /// <param name="random">For <see cref="AttentionEdit.Shuffle"/>; a fixed stream where null.</param>
    public TemporalPass Run(Tensor x, AttentionEdit edit = AttentionEdit.None, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim != 3 || x.Size(2) != Concepts) throw new ArgumentException($"temporal head: [rows, windows, {Concepts}] is needed, given [{string.Join(", ", x.Shape.ToArray())}]");
        var (rows, windows) = (x.Size(0), x.Size(1));
        var own = x.Permute(0, 2, 1); // a course a concept
        var attention = Edited(Attend(own), edit, random);
        var seen = (attention * (own * Column(Value)).Reshape(rows, Concepts, 1, windows)).Sum(3);
        if (Mixing is not null) seen = Mixing.Forward(seen.Permute(0, 2, 1)).Permute(0, 2, 1);
        var course = own + seen;
        var inner = ((course.Reshape(rows, Concepts, windows, 1) * HiddenWeight.Reshape(Concepts, 1, _options.Hidden)) + HiddenBias.Reshape(Concepts, 1, _options.Hidden)).Relu();
        course += (inner * HiddenOut.Reshape(Concepts, 1, _options.Hidden)).Sum(3);
        var activations = (((course * Column(Scale)) + Column(Shift)).Softplus() - Ln2).Relu().Permute(0, 2, 1);
        var logits = activations.Reshape(rows * windows, Concepts).Linear(ClassWeights, Reading.Bias).Reshape(rows, windows, Classes);
        return new(attention, activations, logits, (logits * _options.Pooling).LogSumExp(1) * (1f / _options.Pooling));
    }

    /// <summary>[rows, windows, concepts] to [rows, classes], logits.</summary>
    protected override Tensor Compute(Tensor x) => Run(x).Logits;

    private Tensor Column(Tensor perConcept) => perConcept.Reshape(Concepts, 1);

    private Tensor Attend(Tensor own)
    {
        var (rows, windows) = (own.Size(0), own.Size(2));
        var fit = ((own * Column(Query)) + Column(QueryBias)).Reshape(rows, Concepts, windows, 1) * (own * Column(Key)).Reshape(rows, Concepts, 1, windows);
        // The number of each distance t' - t, those beyond the reach being the last one's.
        var distances = new long[windows * windows];
        for (var t = 0; t < windows; t++)
            for (var s = 0; s < windows; s++) distances[(t * windows) + s] = Math.Clamp(s - t, -_options.Reach, _options.Reach) + _options.Reach;
        var bias = Distance.IndexSelect(1, LongTensor.From(distances)).Reshape(1, Concepts, windows, windows);
        return ((fit + bias) * LogTemperature.Exp().Reshape(Concepts, 1, 1)).Softmax(-1);
    }

    private static Tensor Edited(Tensor attention, AttentionEdit edit, RandomStream? random)
    {
        var windows = attention.Size(2);
        return edit switch
        {
            AttentionEdit.Identity => Tensor.Eye(windows).Reshape(1, 1, windows, windows).Expand(attention.Shape),
            AttentionEdit.Uniform => Tensor.Full(attention.Shape, 1f / windows),
            AttentionEdit.Reverse => attention.Flip(3),
            AttentionEdit.Shuffle => attention.IndexSelect(3, LongTensor.From([.. (random ?? new RandomStream(0)).Permutation(windows).Select(i => (long)i)])),
            _ => attention,
        };
    }
}
