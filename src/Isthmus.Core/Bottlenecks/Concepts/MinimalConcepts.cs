using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What <see cref="MinimalConcepts"/> are made of.</summary>
public sealed record MinimalConceptOptions
{
    /// <summary>γ, the weight of the divergence to what the concept alone would say.</summary>
    [Option("weight of KL(p(z|x) || q(z|c)), which takes out what is not the concept", Unit = "nats per nat", Min = 0)]
    public float Gamma { get; init; } = 0.1f;

    /// <summary>λ, how far the means of present and absent lie from 0.</summary>
    [Option("how far the means of present and absent lie from 0", Min = 0, AboveMin = true, Max = 100)]
    public float Separation { get; init; } = 3;

    /// <summary>s, the standard deviation of the code.</summary>
    [Option("standard deviation of the code", Min = 0, AboveMin = true, Max = 100)]
    public float Noise { get; init; } = 1;

    /// <summary>The weight of the concepts' loss.</summary>
    [Option("weight of the concepts' loss, their mean in nats, beside the task's", Min = 0)]
    public float ConceptWeight { get; init; } = 1;

    /// <summary>Whether rare states weigh more.</summary>
    [Option("whether the states of a concept weigh the inverse of their frequency")]
    public bool Balance { get; init; }
}

/// <summary>
/// Concepts as noisy numbers that are drawn to what the concept alone would say: z ~ N(f(x), s²), with γ Σ KL(p(z|x) || N(μ(c), s²)), so that I(Z; X | C)
/// goes to 0 ("Minimal Concept Bottleneck Models", ICLR 2026). μ is ±λ of binary concepts and of the thresholds of ordinal ones, λ at the state of a
/// categorical one and 0 elsewhere, λ c of a continuous one. The belief is Bayes' rule on f under equal priors.
/// </summary>
public sealed class MinimalConcepts : ConceptBottleneck
{
    private readonly MinimalConceptOptions _options;
    private readonly Tensor _scale, _middle, _spread;

    /// <summary>A layer from a number of features.</summary>
    public MinimalConcepts(int features, ConceptSpace space, MinimalConceptOptions options, RandomStream random, IReadOnlyList<double[]>? stateWeights = null)
        : base(space, options?.ConceptWeight ?? throw new ArgumentNullException(nameof(options)), 0, stateWeights)
    {
        Setting.Require(options.Gamma >= 0 && float.IsFinite(options.Gamma), "gamma", "a number of at least 0", options.Gamma);
        Setting.Require(options.Separation > 0 && float.IsFinite(options.Separation), "separation", "a number above 0", options.Separation);
        Setting.Require(options.Noise > 0 && float.IsFinite(options.Noise), "noise", "a number above 0", options.Noise);
        _options = options;
        Predictor = AddModule("predictor", new Linear(features, Space.Width, random));
        var (l, v) = (options.Separation, options.Noise * options.Noise);
        // Where a column's values 0 and 1 lie, and what turns f into a logit (into the number itself for continuous concepts).
        _middle = PerColumn(t => t is ConceptType.Binary or ConceptType.Ordinal ? -l : 0);
        _spread = PerColumn(t => t is ConceptType.Binary or ConceptType.Ordinal ? 2 * l : l);
        _scale = PerColumn(t => t switch { ConceptType.Continuous => 1 / l, ConceptType.Categorical => l / v, _ => 2 * l / v });
    }

    /// <summary>Features to f.</summary>
    public Linear Predictor { get; }

    /// <inheritdoc/>
    public override int OutputWidth => Space.Width;

    /// <inheritdoc/>
    public override Bits? Capacity => null;

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => mode == PassMode.Sample ? "sample" : "mean";

    /// <inheritdoc/>
    public override Tensor Scores(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return Predictor.Forward(h.Single) * _scale;
    }

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var mean = scores / _scale;
        return put is null ? mean : Space.Put(mean, put with { Values = (put.Values * _spread) + _middle });
    }

    /// <inheritdoc/>
    protected override Passage Passed(Features h, Tensor scores, ConceptValues? put, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        var mean = Emit(h, scores, put);
        var std = Tensor.Full([mean.Size(0), Space.Width], _options.Noise);
        var sample = mean + (Tensor.Randn(c.Random, mean.Size(0), Space.Width) * _options.Noise);
        var output = c.Mode == PassMode.Sample ? sample : mean;
        return new Passage(output, null, [.. Terms(h, scores, c)], () => new Message([new Floats("concepts", output)]))
        {
            NoRate = "KL is taken to what the concepts say, not to one prior: I(X;Z) is what the estimate says",
            Code = new GaussianCode(mean, std, sample),
        };
    }

    /// <inheritdoc/>
    protected override IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(c);
        foreach (var term in base.Terms(h, scores, c)) yield return term;
        if (_options.Gamma == 0 || c.TrueConcepts is not { } values) yield break;
        var truth = Space.Known(values);
        var away = (scores / _scale) - ((truth.Values * _spread) + _middle);
        var squares = away.Square() * Space.Columns(truth.Known);
        yield return new Term("minimality", squares.Sum() * (0.5f / (_options.Noise * _options.Noise * values.Size(0))), _options.Gamma);
    }

    private Tensor PerColumn(Func<ConceptType, float> of) => Tensor.From([.. Enumerable.Range(0, Space.Width).Select(c => of(Space.Axes[Space.ConceptOf(c)].Type))]);
}
