using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What of a row goes on along a concept's vector.</summary>
public enum ConceptProjection
{
    /// <summary>The signed distance to the boundary, (c·f + b)/|c|: what the authors' code computes.</summary>
    Distance,

    /// <summary>The coordinate c·f/|c|²: what the paper writes.</summary>
    Coordinate,
}

/// <summary>What <see cref="PosthocConcepts"/> are made of.</summary>
public record PosthocOptions
{
    /// <summary>What separates rows with a concept from those without.</summary>
    [Option("what separates rows with a concept from those without: svm (a linear support vector machine) or logistic (regression)")]
    public ConceptSeparator Separator { get; init; } = ConceptSeparator.Svm;

    /// <summary>What of a row goes on.</summary>
    [Option("what of a row goes on: distance ((c f + b)/|c|, as in the authors' code) or coordinate (c f/|c|^2, as in the paper)")]
    public ConceptProjection Projection { get; init; } = ConceptProjection.Distance;

    /// <summary>The costs of errors that are tried.</summary>
    [Option("costs of errors that are tried; the best on rows held out is taken", Min = 0, AboveMin = true)]
    public IReadOnlyList<double> Costs { get; init; } = [0.001, 0.01, 0.1, 1, 10];

    /// <summary>Rows that each vector is fitted to.</summary>
    [Option("rows with and without a concept that its vector is fitted to, at most each; 0 for all", Min = 0)]
    public int Examples { get; init; } = 500;

    /// <summary>A file of given vectors.</summary>
    [Option("a .npy file of given vectors (concepts x features), as embeddings of texts; empty to fit them to annotated concepts")]
    public string Bank { get; init; } = "";

    /// <summary>The names of the given vectors.</summary>
    [Option("names of the given vectors; empty for the lines of the .txt file beside the bank, or numbers")]
    public IReadOnlyList<string> Names { get; init; } = [];
}

/// <summary>
/// A post-hoc concept bottleneck (Yuksekgonul, Wang, Zou: "Post-hoc Concept Bottleneck Models", ICLR 2023): the features of a network that
/// is left as it is, projected onto concept vectors, which are fitted to annotated concepts (separators for states, least squares for
/// numbers) or given. A sparse head on them makes the model.
/// </summary>
public class PosthocConcepts : ProjectedConcepts
{
    private readonly PosthocOptions _options;
    private readonly ConceptBank? _given;

    /// <summary>A layer from a number of features.</summary>
    /// <param name="features">How many numbers enter.</param>
    /// <param name="space">The concepts: the annotated ones, or a binary one for each given vector.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="given">The given vectors; null to fit them.</param>
    /// <param name="name">As recipes call it.</param>
    public PosthocConcepts(int features, ConceptSpace space, PosthocOptions options, ConceptBank? given = null, string name = "pcbm") : base(features, space, name)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (given is not null && !given.Vectors.Shape.SequenceEqual([Space.Width, features]))
            throw new InputException(FormattableString.Invariant($"bottleneck.bank: [{string.Join(", ", given.Vectors.Shape.ToArray())}] vectors for {features} features"), "a bank has a row for each concept and as many columns as there are features");
        (_options, _given) = (options, given);
    }

    /// <summary>The vectors and how good they are; null before <see cref="Fit"/>.</summary>
    public ConceptBank? Bank { get; private set; }

    /// <inheritdoc/>
    public override bool Annotated => _given is null && _options.Bank.Length == 0;

    /// <inheritdoc/>
    /// <exception cref="InputException">Vectors are to be fitted and there are no annotated concepts, or one has the same state in all rows.</exception>
    public override void Fit(FittingRows rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        Tensor? columns = null;
        if (_given is null)
        {
            if (rows.Concepts is null) throw new InputException("a post-hoc concept bottleneck needs annotated concepts or a bank of vectors", "--concepts COL,COL, or bottleneck.bank=FILE.npy");
            columns = Space.Encode(rows.Concepts);
            Refuse(columns);
        }
        Bank = _given ?? ConceptBank.Fit(rows.Features, columns!, Space.ColumnNames, new ConceptBankOptions { Separator = _options.Separator, Costs = _options.Costs, Examples = _options.Examples },
            [.. Enumerable.Range(0, Space.Width).Select(c => Space.Axes[Space.ConceptOf(c)].Type == ConceptType.Continuous)]);
        var (weight, bias) = Bank.Projection(_options.Projection);
        weight.Data.CopyTo(Weight.Data);
        bias.Data.CopyTo(Bias.Data);
        using var noGrad = new NoGrad();
        Calibrate(Project(rows.Features), columns);
    }

    private void Refuse(Tensor columns)
    {
        for (var j = 0; j < Space.Count; j++)
        {
            var varies = false;
            for (var c = Space.Offset(j); c < Space.Offset(j) + Space.Axes[j].Width; c++)
            {
                float? first = null;
                for (var i = 0; i < columns.Size(0) && !varies; i++)
                    if (columns.Data[(i * Space.Width) + c] is var v && !float.IsNaN(v)) varies = (first ??= v) != v;
            }
            if (!varies) throw new InputException($"concept '{Space.Axes[j].Name}' is the same in all annotated training rows", "a concept that never changes cannot be found in the features: leave it out");
        }
    }
}

/// <summary>What <see cref="PosthocResidual"/> is made of.</summary>
public sealed record PosthocResidualOptions : PosthocOptions
{
    /// <summary>The weight of the residual's mean square.</summary>
    [Option("weight of the residual's mean square in its loss", Min = 0)]
    public double Penalty { get; init; } = 0.001;

    /// <summary>Rounds through the training rows.</summary>
    [Option("rounds through the training rows that fit the residual", Min = 1, Max = 100_000)]
    public int Rounds { get; init; } = 20;

    /// <summary>Adam's step size.</summary>
    [Option("step size of the residual's fit", Min = 0, AboveMin = true)]
    public float Rate { get; init; } = 0.01f;
}

/// <summary>How much a residual does beside the concepts.</summary>
/// <param name="Share">Cov(r, l)/Var(l) over rows and classes, l = concepts' logits + r, each row without its mean over classes: the
/// residual's share of the logits' variance; the concepts have the rest.</param>
/// <param name="Accuracy">The share of rows that are right with it.</param>
/// <param name="Without">The share that are right with the residual off.</param>
/// <param name="Alone">The share that are right by the residual alone.</param>
public sealed record ResidualReport(double Share, double Accuracy, double Without, double Alone)
{
    /// <summary>Measures it.</summary>
    /// <param name="network">Whose bottleneck is an <see cref="IResidual"/> under a <see cref="ResidualSum"/>.</param>
    /// <param name="inputs">[rows, …].</param>
    /// <param name="labels">[rows].</param>
    public static ResidualReport Of(BottleneckNetwork network, Tensor inputs, LongTensor labels)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.Bottleneck is not IResidual residual || network.Decoder is not ResidualSum sum) throw new ArgumentException("residual report: the network has no residual");
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("residual");
        var output = network.Bottleneck.Forward(network.Encoder.Forward(inputs));
        var width = output.Size(1) - residual.ResidualWidth;
        return Of(sum.Head.Forward(output.Narrow(1, 0, width)), output.Narrow(1, width, residual.ResidualWidth), labels);
    }

    /// <summary>Measures it.</summary>
    /// <param name="concepts">[rows, classes]: the head's logits.</param>
    /// <param name="residual">[rows, classes]: what is added.</param>
    /// <param name="labels">[rows].</param>
    public static ResidualReport Of(Tensor concepts, Tensor residual, LongTensor labels)
    {
        ArgumentNullException.ThrowIfNull(concepts);
        ArgumentNullException.ThrowIfNull(residual);
        ArgumentNullException.ThrowIfNull(labels);
        var (c, r) = (Centred(concepts), Centred(residual));
        double shared = 0, all = 0;
        for (var i = 0; i < c.Length; i++)
        {
            shared += r[i] * (c[i] + r[i]);
            all += (c[i] + r[i]) * (c[i] + r[i]);
        }
        return new ResidualReport(all > 0 ? shared / all : 0, Right(concepts + residual), Right(concepts), Right(residual));

        double Right(Tensor logits)
        {
            var answers = logits.ArgMax(1);
            var right = 0;
            for (var i = 0; i < labels.Numel; i++) right += answers.Data[i] == labels.Data[i] ? 1 : 0;
            return (double)right / labels.Numel;
        }
    }

    // Without each row's mean, which softmax does not feel, and each column's mean.
    private static double[] Centred(Tensor logits)
    {
        var (n, k) = (logits.Size(0), logits.Size(1));
        var values = new double[n * k];
        var means = new double[k];
        for (var i = 0; i < n; i++)
        {
            double mean = 0;
            foreach (var v in logits.Data.Slice(i * k, k)) mean += (double)v / k;
            for (var c = 0; c < k; c++) means[c] += (values[(i * k) + c] = logits.Data[(i * k) + c] - mean) / n;
        }
        for (var i = 0; i < values.Length; i++) values[i] -= means[i % k];
        return values;
    }
}

/// <summary>
/// A post-hoc concept bottleneck with a residual, PCBM-h (Yuksekgonul et al. 2023, section 3.2): a linear map of the features, fitted
/// after the head to what the head leaves, is added to its logits. Each of two classes has a logit of the head's own, so that the sum keeps what
/// the concepts say on binary tasks too.
/// </summary>
public sealed class PosthocResidual : PosthocConcepts, IResidual
{
    private const int Together = 64;
    private readonly PosthocResidualOptions _options;

    /// <summary>A layer from a number of features.</summary>
    /// <param name="features">How many numbers enter.</param>
    /// <param name="space">The concepts.</param>
    /// <param name="classes">At least 2.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="given">The given vectors; null to fit them.</param>
    public PosthocResidual(int features, ConceptSpace space, int classes, PosthocResidualOptions options, ConceptBank? given = null) : base(features, space, options, given, "pcbm-h")
    {
        if (classes < 2) throw new InputException("bottleneck.type is pcbm-h, whose residual is added to the logits of classes", "pcbm answers with numbers too");
        _options = options;
        ResidualWeight = AddBuffer("residual_weight", Tensor.Zeros(classes, features));
        ResidualBias = AddBuffer("residual_bias", Tensor.Zeros(classes));
    }

    /// <summary>[classes, features]; 0 until it is fitted.</summary>
    public Tensor ResidualWeight { get; }

    /// <summary>[classes].</summary>
    public Tensor ResidualBias { get; }

    /// <inheritdoc/>
    public int ResidualWidth => ResidualBias.Size(0);

    /// <inheritdoc/>
    public override int OutputWidth => Space.Width + ResidualWidth;

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put) => Tensor.Cat([base.Emit(h, scores, put), h.Single.Linear(ResidualWeight, ResidualBias)], 1);

    /// <inheritdoc/>
    public override IReadOnlyList<string>? NamesOf(Part part) => part is Floats ? [.. Space.ColumnNames, .. Enumerable.Range(0, ResidualWidth).Select(c => FormattableString.Invariant($"residual.{c}"))] : null;

    /// <inheritdoc/>
    public void FitResidual(FittingRows rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Labels is null || rows.Logits is null) throw new InputException("bottleneck.type is pcbm-h, whose residual is added to the logits of classes", "pcbm answers with numbers too");
        using var grad = new EnableGrad();
        var x = new StandardColumns(rows.Features);
        var (n, d) = (x.Rows, x.Count);
        var standard = Tensor.Zeros(n, d);
        for (var j = 0; j < d; j++)
            for (var i = 0; i < n; i++) standard.Data[(i * d) + j] = (float)x.Values[((long)j * n) + i];
        var layer = new Networks.Linear(d, ResidualWidth, new RandomStream(0));
        layer.Weight.Data.Clear();
        layer.Bias!.Data.Clear();
        var adam = new Networks.Adam(layer.NamedParameters(), _options.Rate);
        var random = new RandomStream(0).Fork("residual");
        var order = Enumerable.Range(0, n).ToArray();
        for (var round = 0; round < _options.Rounds; round++)
        {
            random.Shuffle(order.AsSpan());
            foreach (var part in order.Chunk(Together))
            {
                using var scope = new TensorScope("residual");
                var places = LongTensor.From(part);
                var residual = layer.Forward(standard.IndexSelect(0, places));
                var labels = LongTensor.Over([.. part.Select(i => rows.Labels.Data[i])]);
                adam.ZeroGrad();
                ((rows.Logits.IndexSelect(0, places).Detach() + residual).CrossEntropy(labels) + (residual.Square().Mean() * (float)_options.Penalty)).Backward();
                adam.Step();
            }
        }
        for (var c = 0; c < ResidualWidth; c++)
        {
            double bias = layer.Bias.Data[c];
            for (var j = 0; j < d; j++)
            {
                var w = layer.Weight.Data[(c * d) + j] / x.Scale[j];
                ResidualWeight.Data[(c * d) + j] = (float)w;
                bias -= w * x.Mean[j];
            }
            ResidualBias.Data[c] = (float)bias;
        }
    }
}
