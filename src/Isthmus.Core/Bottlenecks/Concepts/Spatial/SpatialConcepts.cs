using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Where concepts are seen, and what is made of it.</summary>
/// <param name="Maps">[n, concepts, h, w]: how much each place looks like each concept, a logit.</param>
/// <param name="Attention">[n, concepts, h, w]: what each place counts in the concept's score; sums to 1 over places.</param>
/// <param name="Scores">[n, concepts]: the sum of maps times attention, a logit.</param>
public sealed record ConceptMaps(Tensor Maps, Tensor Attention, Tensor Scores)
{
    /// <summary>What each place adds to the concept's score, [n, concepts, h, w]: attention times map.</summary>
    public Tensor Contributions => Attention * Maps;
}

/// <summary>
/// Concepts with a place: a 1x1 convolution makes a map of each concept, and a cross-attention whose queries come from the picture's global embedding pools it
/// to a score. With the terms that make maps sparse and local. After "SL-CBM: Enhancing concept bottleneck models with semantic locality for better
/// interpretability" (arXiv 2601.12804).
/// </summary>
/// <remarks>
/// Each concept is a head of the attention, its map being key and value: with q the head's query, place t counts exp(q map_t), so that what makes the score is
/// what the map shows. Queries start at 1, near the mean of the places that look most like the concept.
/// </remarks>
public sealed class SpatialConcepts : Module
{
    private readonly Linear _query;
    private readonly int _channels;

    /// <summary>Layers with PyTorch's initial weights.</summary>
    /// <param name="channels">C of the features [n, C, h, w].</param>
    /// <param name="concepts">How many maps, at least 1.</param>
    /// <param name="random">Where the initial weights come from.</param>
    public SpatialConcepts(int channels, int concepts, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concepts, 1);
        (_channels, Concepts) = (channels, concepts);
        Map = AddModule("map", new Conv2d(channels, concepts, 1, random));
        _query = AddModule("query", new Linear(channels, concepts, random));
        _query.Bias!.Data.Fill(1);
    }

    /// <summary>How many concepts there are.</summary>
    public int Concepts { get; }

    /// <summary>The 1x1 convolution; a row of its weight is a concept's direction among the channels.</summary>
    public Conv2d Map { get; }

    /// <summary>Where the concepts are.</summary>
    /// <param name="features">[n, channels, h, w].</param>
    /// <exception cref="ArgumentException">The shape does not fit.</exception>
    public ConceptMaps Locate(Tensor features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Dim != 4 || features.Size(1) != _channels) throw new ArgumentException($"spatial concepts: features [n, {_channels}, h, w] are needed, not {Shapes.Text(features.Shape)}");
        var (n, h, w) = (features.Size(0), features.Size(2), features.Size(3));
        var maps = Map.Forward(features);
        var places = maps.Reshape(n, Concepts, h * w);
        var attention = (_query.Forward(features.Mean([2, 3])).Reshape(n, Concepts, 1) * places).Softmax();
        var scores = (attention * places).Sum(2);
        return new ConceptMaps(maps, attention.Reshape(n, Concepts, h, w), scores);
    }

    /// <summary>[n, channels, h, w] to the scores [n, concepts].</summary>
    protected override Tensor Compute(Tensor x) => Locate(x).Scores;

    /// <summary>
    /// How spread out maps are: the mean over concepts that are there of the entropy of softmax(map) over places, in nats, 0 to ln(h w).
    /// </summary>
    /// <param name="maps">[n, concepts, h, w].</param>
    /// <param name="present">[n, concepts]: what each map counts, at least 0, as 1 for a concept that is in the picture.</param>
    public static Tensor Entropy(Tensor maps, Tensor present)
    {
        var log = Flat(maps, present).LogSoftmax();
        return WeightedMean(-(log.Exp() * log).Sum(2), present);
    }

    /// <summary>
    /// How well the place that a map points to tells its concept from the others, in nats: features are averaged under softmax(map), and the mean over
    /// concepts that are there of -log softmax(cosine to each concept's direction / temperature) at the concept's own is taken (an InfoNCE whose
    /// keys are the rows of the 1x1 convolution).
    /// </summary>
    /// <param name="features">[n, channels, h, w].</param>
    /// <param name="maps">[n, concepts, h, w].</param>
    /// <param name="present">[n, concepts].</param>
    /// <param name="temperature">Above 0.</param>
    public Tensor Contrast(Tensor features, Tensor maps, Tensor present, float temperature = 0.2f)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (!(temperature > 0)) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature is above 0");
        var seen = Unit(Flat(maps, present).Softmax().MatMul(Places(features)));
        var log = (seen.MatMul(Unit(Map.Weight.Reshape(Concepts, _channels)), transposeOther: true) * (1 / temperature)).LogSoftmax();
        return WeightedMean(-(log * Tensor.Eye(Concepts)).Sum(2), present);
    }

    /// <summary>The maps of classes: each the sum of the concepts' maps times the head's weights.</summary>
    /// <param name="maps">[n, concepts, h, w].</param>
    /// <param name="weights">[classes, concepts], as <see cref="Linear.Weight"/> has them.</param>
    /// <returns>[n, classes, h, w].</returns>
    public static Tensor ClassMaps(Tensor maps, Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(maps);
        ArgumentNullException.ThrowIfNull(weights);
        if (maps.Dim != 4 || weights.Dim != 2 || weights.Size(1) != maps.Size(1))
            throw new ArgumentException($"class maps: maps [n, concepts, h, w] and weights [classes, concepts] are needed, not {Shapes.Text(maps.Shape)} and {Shapes.Text(weights.Shape)}");
        return maps.Conv2d(weights.Reshape(weights.Size(0), weights.Size(1), 1, 1), null);
    }

    /// <summary>Maps as pictures: each stretched to 0..1 (a flat one is 0) and brought to a size by bilinear interpolation.</summary>
    /// <param name="maps">[n, concepts, h, w].</param>
    /// <param name="height">Rows of a picture.</param>
    /// <param name="width">Columns of a picture.</param>
    /// <returns>[n, concepts, height, width].</returns>
    public static Tensor Pictures(Tensor maps, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(maps);
        if (maps.Dim != 4) throw new ArgumentException($"pictures: maps [n, concepts, h, w] are needed, not {Shapes.Text(maps.Shape)}");
        var (low, high) = (maps.AMin([2, 3], keepdim: true), maps.AMax([2, 3], keepdim: true));
        return ((maps - low) / (high - low).Clamp(min: 1e-12f)).UpsampleBilinear2d(height, width);
    }

    private static Tensor Places(Tensor features) => features.Reshape(features.Size(0), features.Size(1), -1).Transpose(1, 2);

    private static Tensor Flat(Tensor maps, Tensor present)
    {
        ArgumentNullException.ThrowIfNull(maps);
        ArgumentNullException.ThrowIfNull(present);
        if (maps.Dim != 4 || !present.Shape.SequenceEqual([maps.Size(0), maps.Size(1)]))
            throw new ArgumentException($"concept maps: maps [n, concepts, h, w] and what each counts [n, concepts] are needed, not {Shapes.Text(maps.Shape)} and {Shapes.Text(present.Shape)}");
        return maps.Reshape(maps.Size(0), maps.Size(1), -1);
    }

    // 0 where nothing counts.
    private static Tensor WeightedMean(Tensor values, Tensor weights) => (values * weights).Sum() / weights.Sum().Clamp(min: 1e-6f);

    private static Tensor Unit(Tensor x) => x * (x.Square().Sum(-1, keepdim: true) + 1e-12f).Rsqrt();
}
