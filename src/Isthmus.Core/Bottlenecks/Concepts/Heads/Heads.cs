using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A linear head that learns by gradients with the rest and is then fitted anew by an elastic net, so that few weights are left
/// (Wong, Santurkar, Mądry: "Leveraging Sparse Linear Layers for Debuggable Deep Networks", ICML 2021; Oikarinen, Das, Nguyen, Weng:
/// "Label-Free Concept Bottleneck Models", ICLR 2023, for concepts).
/// </summary>
public sealed class SparseHead : Module, IFitted
{
    private readonly SparseHeadOptions _options;

    /// <summary>A head from a number of concepts to classes.</summary>
    /// <exception cref="InputException">Both a lambda and a number of concepts are asked for.</exception>
    public SparseHead(int concepts, int classes, SparseHeadOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (classes < 2) throw new InputException("decoder.type is sparse, which is for classes", "decoder.type: linear answers with numbers");
        if (options is { Lambda: > 0, Nec: > 0 }) throw new InputException("decoder: lambda and nec both say how sparse the head is", "leave one of them at 0");
        _options = options;
        Linear = AddModule("linear", new Linear(concepts, classes, random));
    }

    /// <summary>The layer; after the fit its weights are those of the path's point.</summary>
    public Linear Linear { get; }

    /// <summary>What the last fit walked; null before it.</summary>
    public ElasticNetPath? Path { get; private set; }

    /// <summary>The point that was taken; null before the fit.</summary>
    public ElasticNetPoint? Point { get; private set; }

    /// <inheritdoc/>
    public void Fit(FittingRows rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Labels is null) throw new InputException("decoder.type is sparse, which is for classes", "decoder.type: linear answers with numbers");
        var path = new ElasticNetOptions { Alpha = _options.Alpha };
        Path = _options.Lambda > 0 ? ElasticNetPath.Fit(rows.Features, rows.Labels, rows.Classes, path, Down(rows, path)) : ElasticNetPath.Fit(rows.Features, rows.Labels, rows.Classes, path);
        Point = _options.Lambda > 0 ? Path.Points[^1] : Path.AtNec(_options.Nec > 0 ? _options.Nec : SparseHeadOptions.DefaultNec);
        var (weight, bias) = Point.Head();
        weight.Data.CopyTo(Linear.Weight.Data);
        bias.Data.CopyTo(Linear.Bias!.Data);
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => Linear.Forward(x);

    // Warm starts from the top of the path down to the lambda that is asked for.
    private double[] Down(FittingRows rows, ElasticNetOptions path)
    {
        var top = ElasticNetPath.Fit(rows.Features, rows.Labels!, rows.Classes, path, [1e6]).LargestLambda;
        if (_options.Lambda >= top) return [_options.Lambda];
        var steps = 1 + (int)Math.Ceiling(Math.Log(top / _options.Lambda) / 0.25);
        return [.. Enumerable.Range(1, steps).Select(i => top * Math.Pow(_options.Lambda / top, (double)i / steps))];
    }
}

/// <summary>What a <see cref="SparseHead"/> is made of.</summary>
public sealed record SparseHeadOptions
{
    internal const double DefaultNec = 30;

    /// <summary>The share of absolute values in the penalty.</summary>
    [Option("share of absolute values in the penalty; the rest is half the square", Min = 0, AboveMin = true, Max = 1)]
    public double Alpha { get; init; } = 0.99;

    /// <summary>The strength of the penalty.</summary>
    [Option("strength of the penalty on weights over standardised concepts; 0 where nec says how sparse", Unit = "nats", Min = 0)]
    public double Lambda { get; init; }

    /// <summary>Concepts with a weight, per class.</summary>
    [Option("concepts with a weight per class, at most; 0 for 30, or where lambda says how sparse", Min = 0)]
    public double Nec { get; init; }
}

/// <summary>A linear head whose weights are never negative, so that a concept can only speak for a class: W = softplus(V).</summary>
public sealed class NonNegativeHead : Module
{
    // softplus(-4) is 0.018: classes start near alike.
    private const float Start = -4f;

    /// <summary>A head from a number of concepts to classes or numbers.</summary>
    public NonNegativeHead(int concepts, int outputs, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concepts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        Raw = AddParameter("raw", (Tensor.Randn(random, outputs, concepts) * 0.1f) + Start);
        Bias = AddParameter("bias", Tensor.Zeros(outputs));
    }

    /// <summary>V, [outputs, concepts].</summary>
    public Tensor Raw { get; }

    /// <summary>[outputs].</summary>
    public Tensor Bias { get; }

    /// <summary>W = softplus(V), [outputs, concepts], above 0.</summary>
    public Tensor Weight => Raw.Softplus();

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Linear(Weight, Bias);
    }
}

/// <summary>
/// Each class as a mixture of concepts: logits = scale · x softmax_rows(W)ᵀ, for concept scores x such as cosines (Yang, Panagopoulou,
/// Zhou, Jin, Callison-Burch, Yatskar: "Language in a Bottle", CVPR 2023, equation 5).
/// </summary>
public sealed class RowSoftmaxHead : Module
{
    private readonly float _scale;

    /// <summary>A head from a number of concepts to classes.</summary>
    /// <param name="concepts">Concepts.</param>
    /// <param name="classes">Classes.</param>
    /// <param name="scale">What the mixed scores are multiplied by, above 0; 100 as in CLIP.</param>
    /// <param name="start">W at first, [classes, concepts]: 1 where a concept was chosen for a class, else 0; null for zeros.</param>
    public RowSoftmaxHead(int concepts, int classes, float scale = 100, Tensor? start = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concepts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (!(scale > 0) || !float.IsFinite(scale)) throw new ArgumentOutOfRangeException(nameof(scale), scale, "a number above 0 is expected");
        if (start is not null && !start.Shape.SequenceEqual([classes, concepts])) throw new ArgumentException(FormattableString.Invariant($"row softmax: first weights [{classes}, {concepts}] are needed, given [{string.Join(", ", start.Shape.ToArray())}]"));
        _scale = scale;
        Raw = AddParameter("raw", start?.Detach().Clone() ?? Tensor.Zeros(classes, concepts));
    }

    /// <summary>W before the softmax, [classes, concepts].</summary>
    public Tensor Raw { get; }

    /// <summary>How much of each class each concept is, [classes, concepts]: rows of at least 0 that sum to 1.</summary>
    public Tensor Mixture => Raw.Softmax(-1);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Linear(Mixture) * _scale;
    }
}

/// <summary>
/// A linear head whose weights are drawn to what people know of each concept and class: the loss gains mean |tanh(W) - P| for P of 1
/// (speaks for), -1 (against) and 0 (nothing) (Yang, Gandhi, Wang, Wu, Yao, Callison-Burch, Gee, Yatskar: "A Textbook Remedy for Domain
/// Shifts: Knowledge Priors for Medical Image Analysis", NeurIPS 2024).
/// </summary>
public sealed class PriorHead : Module, IPenalized
{
    private readonly float _weight;

    /// <summary>A head from a number of concepts to classes.</summary>
    /// <param name="prior">P, [classes, concepts], each in [-1, 1].</param>
    /// <param name="weight">Of the term in the loss, at least 0.</param>
    /// <param name="random">For the first weights.</param>
    /// <exception cref="InputException">A number of P lies outside [-1, 1].</exception>
    public PriorHead(Tensor prior, float weight, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(prior);
        if (prior.Dim != 2) throw new ArgumentException("prior head: P is a matrix [classes, concepts]");
        foreach (var p in prior.Data)
            if (!(p is >= -1 and <= 1)) throw new InputException(FormattableString.Invariant($"decoder.prior: {p} is not in -1..1"), "1 speaks for a class, -1 against it, 0 says nothing");
        if (!(weight >= 0) || !float.IsFinite(weight)) throw new ArgumentOutOfRangeException(nameof(weight), weight, "a number of at least 0 is expected");
        _weight = weight;
        Prior = AddBuffer("prior", prior.Detach().Clone());
        Linear = AddModule("linear", new Linear(prior.Size(1), prior.Size(0), random));
    }

    /// <summary>P, [classes, concepts].</summary>
    public Tensor Prior { get; }

    /// <summary>The layer.</summary>
    public Linear Linear { get; }

    /// <summary>mean |tanh(W) - P|, under the name <c>prior</c>.</summary>
    public IReadOnlyList<Term> Terms() => [new Term("prior", (Linear.Weight.Tanh() - Prior).Abs().Mean(), _weight)];

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => Linear.Forward(x);
}

/// <summary>A head on the first numbers of what passed, whose answer the last ones are added to: concepts and a residual.</summary>
public sealed class ResidualSum : Module
{
    private readonly int _residual;

    /// <summary>A head under a residual.</summary>
    /// <param name="head">On everything but the residual.</param>
    /// <param name="residual">How many numbers at the end are added to its answer: as many as it has.</param>
    public ResidualSum(Module head, int residual)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(residual, 1);
        _residual = residual;
        Head = AddModule("head", head);
    }

    /// <summary>The head on the concepts.</summary>
    public Module Head { get; }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var concepts = x.Size(-1) - _residual;
        return Head.Forward(x.Narrow(x.Dim - 1, 0, concepts)) + x.Narrow(x.Dim - 1, concepts, _residual);
    }
}
