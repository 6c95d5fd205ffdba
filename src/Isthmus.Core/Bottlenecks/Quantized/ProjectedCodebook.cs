using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A codebook whose codes are the image of a frozen table under one learned linear map, so that every step of training moves all of
/// them. The nearest code of the image is sent; index to vector goes through the same map. One table for all heads.
/// </summary>
/// <remarks>
/// Losses are means over rows of sums over numbers: codebook |sg[x] - q|², which trains the map, and commitment |x - sg[q]|². The gradient
/// of the output is straight through. Ties go to the lowest index.
/// </remarks>
public abstract class ProjectedCodebook : IndexBottleneck
{
    private readonly SingleCodebookOptions _options;

    private protected ProjectedCodebook(int features, SingleCodebookOptions options, int tableWidth, bool bias, RandomStream random)
    {
        options.Check();
        _options = options;
        Projection = AddModule("projection", new Linear(features, options.Heads * options.Width, random));
        Table = AddBuffer("table", Initializers.Normal(random, 1f / MathF.Sqrt(tableWidth), options.Codes, tableWidth));
        Map = AddModule("map", new Linear(tableWidth, options.Width, random, bias));
    }

    /// <summary>Features to the vectors that are quantised.</summary>
    public Linear Projection { get; }

    /// <summary>The frozen table, [codes, width of the table].</summary>
    public Tensor Table { get; }

    /// <summary>The learned map from the table to the codes.</summary>
    public Linear Map { get; }

    /// <summary>The codes, [codes, width]: the table under the map.</summary>
    public Tensor Codebook => Map.Forward(Table);

    /// <inheritdoc/>
    public override int Positions => _options.Heads;

    /// <inheritdoc/>
    public override long Alphabet => _options.Codes;

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return Evaluate(Quantize(h), c);
        var x = Projection.Forward(h.Single);
        var indices = Nearest(x);
        var code = Decode(indices);
        return new Passage(GradientEstimators.StraightThrough(x, code), RateOf(indices),
        [
            new Term("codebook", (code - x.Detach()).Square().Sum(1).Mean(), 1f),
            new Term("commitment", (x - code.Detach()).Square().Sum(1).Mean(), _options.Commitment),
        ], () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        return Nearest(Projection.Forward(h.Single));
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        // Only the rows that are named pass through the map; a row's product has the same bits alone.
        return Map.Forward(Table.IndexSelect(0, indices.Reshape(-1))).Reshape(-1, _options.Heads * _options.Width);
    }

    private LongTensor Nearest(Tensor x)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("codebook");
        return x.Detach().Reshape(-1, _options.Width).NearestRows(Codebook).Reshape(-1, _options.Heads);
    }
}
