using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What <see cref="LabelFreeConcepts"/> are made of.</summary>
public sealed record LabelFreeConceptsOptions
{
    /// <summary>A file of similarities.</summary>
    [Option("a .npy file of similarities (rows of the data x concepts), as of CLIP; empty for the annotated concepts themselves")]
    public string Similarity { get; init; } = "";

    /// <summary>The names of its columns.</summary>
    [Option("names of its columns; empty for the lines of the .txt file beside it, or numbers")]
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Steps of Adam.</summary>
    [Option("steps of the projection's fit, at most", Min = 1, Max = 1_000_000)]
    public int Steps { get; init; } = 1000;

    /// <summary>Adam's step size.</summary>
    [Option("step size of the projection's fit", Min = 0, AboveMin = true)]
    public float Rate { get; init; } = 1e-3f;

    /// <summary>The least strongest similarity.</summary>
    [Option("the mean of a concept's five strongest similarities from which it is kept", Min = -1, Max = 1)]
    public double Activation { get; init; } = 0.25;

    /// <summary>The least similarity of a projection.</summary>
    [Option("cos-cubed of a projection on validation rows from which its concept is kept", Min = -1, Max = 1)]
    public double Keep { get; init; } = 0.45;
}

/// <summary>
/// A label-free concept bottleneck (Oikarinen, Das, Nguyen, Weng: "Label-Free Concept Bottleneck Models", ICLR 2023): the features of a
/// network that is left as it is, projected so that each output behaves like the similarity of a row to a concept; outputs are
/// standardised, and a concept that the filters turn away stays at 0.
/// </summary>
public sealed class LabelFreeConcepts : ProjectedConcepts
{
    private readonly LabelFreeConceptsOptions _options;
    private readonly Tensor? _similarity;

    /// <summary>A layer from a number of features.</summary>
    /// <param name="features">How many numbers enter.</param>
    /// <param name="space">A binary concept for each column of similarities, or the annotated concepts.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="similarity">P, [rows of the data, width]; null for the annotated concepts.</param>
    public LabelFreeConcepts(int features, ConceptSpace space, LabelFreeConceptsOptions options, Tensor? similarity = null) : base(features, space, "lf-cbm")
    {
        ArgumentNullException.ThrowIfNull(options);
        if (similarity is not null && (similarity.Dim != 2 || similarity.Size(1) != Space.Width)) throw new InputException(FormattableString.Invariant($"bottleneck.similarity: [{string.Join(", ", similarity.Shape.ToArray())}] numbers for {Space.Width} concepts"), "a row for each row of the data, a column for each concept");
        (_options, _similarity) = (options, similarity);
    }

    /// <summary>What became of each concept; empty before <see cref="Fit"/>.</summary>
    public IReadOnlyList<ConceptVerdict> Verdicts { get; private set; } = [];

    /// <summary>The projection before it is standardised; null before <see cref="Fit"/>.</summary>
    public LabelFreeProjection? Projection { get; private set; }

    /// <inheritdoc/>
    public override bool Annotated => _options.Similarity.Length == 0 && _similarity is null;

    /// <inheritdoc/>
    /// <exception cref="InputException">There is nothing to be similar to, or no concept is kept.</exception>
    public override void Fit(FittingRows rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var targets = Targets(rows);
        Projection = LabelFreeProjection.Fit(Standard(rows.Features, out var x), targets, new LabelFreeOptions { Steps = _options.Steps, LearningRate = _options.Rate });
        // Thresholds are for similarities; what people annotated is theirs to leave out.
        Verdicts = Annotated ? [.. Space.ColumnNames.Select((n, c) => new ConceptVerdict(c, n, null))]
            : LabelFreeFilter.Judge(Space.ColumnNames, new LabelFreeFilterOptions { LongestName = int.MaxValue, Activation = _options.Activation, Similarity = _options.Keep }, targets: targets, similarity: Projection.Similarity);
        if (Verdicts.All(v => v.Reason is not null))
            throw new InputException($"lf-cbm: no concept is kept; '{Verdicts[0].Name}': {Verdicts[0].Reason}", "lower bottleneck.keep or bottleneck.activation, or look at the similarities");
        var d = x.Count;
        for (var c = 0; c < Space.Width; c++)
        {
            double bias = 0;
            for (var j = 0; j < d; j++)
            {
                var w = Verdicts[c].Reason is null ? Projection.Weight.Data[(c * d) + j] / x.Scale[j] : 0;
                Weight.Data[(c * d) + j] = (float)w;
                bias -= w * x.Mean[j];
            }
            Bias.Data[c] = (float)bias;
        }
        using var noGrad = new NoGrad();
        Unit(Project(rows.Features));
        Calibrate(Project(rows.Features), Annotated ? Space.Encode(rows.Concepts!) : null);
    }

    private Tensor Targets(FittingRows rows)
    {
        if (_similarity is null)
        {
            if (rows.Concepts is null) throw new InputException("a label-free concept bottleneck needs similarities to concepts", "bottleneck.similarity=FILE.npy, or --concepts COL,COL");
            return Filled(Space.Encode(rows.Concepts));
        }
        if (rows.Places is null) return _similarity.Size(0) == rows.Features.Size(0) ? _similarity : throw new ArgumentException("label-free concepts: the places of the rows are needed");
        if (rows.Places.Max() >= _similarity.Size(0)) throw new InputException(FormattableString.Invariant($"bottleneck.similarity: {_similarity.Size(0)} rows, and the data have row {rows.Places.Max()}"), "a row for each row of the data, in their order");
        return _similarity.IndexSelect(0, LongTensor.From([.. rows.Places]));
    }

    // What is unknown is as the others are in the mean.
    private static Tensor Filled(Tensor columns)
    {
        var (n, w) = (columns.Size(0), columns.Size(1));
        for (var c = 0; c < w; c++)
        {
            double sum = 0;
            var known = 0;
            for (var i = 0; i < n; i++)
                if (columns.Data[(i * w) + c] is var v && !float.IsNaN(v)) (sum, known) = (sum + v, known + 1);
            for (var i = 0; i < n; i++)
                if (float.IsNaN(columns.Data[(i * w) + c])) columns.Data[(i * w) + c] = known > 0 ? (float)(sum / known) : 0;
        }
        return columns;
    }

    private static Tensor Standard(Tensor features, out StandardColumns x)
    {
        x = new StandardColumns(features);
        var standard = Tensor.Zeros(x.Rows, x.Count);
        for (var j = 0; j < x.Count; j++)
            for (var i = 0; i < x.Rows; i++) standard.Data[(i * x.Count) + j] = (float)x.Values[((long)j * x.Rows) + i];
        return standard;
    }

    // Mean 0 and deviation 1 over the training rows.
    private void Unit(Tensor projections)
    {
        var outputs = new StandardColumns(projections);
        for (var c = 0; c < Space.Width; c++)
        {
            foreach (ref var w in Weight.Data.Slice(c * Weight.Size(1), Weight.Size(1))) w = (float)(w / outputs.Scale[c]);
            Bias.Data[c] = (float)((Bias.Data[c] - outputs.Mean[c]) / outputs.Scale[c]);
        }
    }
}
