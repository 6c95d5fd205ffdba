using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How parts of pictures fit the descriptors of classes.</summary>
/// <param name="Embeddings">[n, parts, width]: what was seen of each part, of length 1.</param>
/// <param name="Attention">[n, parts, h, w]: where each part was seen; sums to 1 over places.</param>
/// <param name="Similarities">[n, classes, parts]: the scaled cosine of a part to the class's phrase for it; 0 where the class says nothing.</param>
/// <param name="Logits">[n, classes]: the sum over parts.</param>
public sealed record PartMatch(Tensor Embeddings, Tensor Attention, Tensor Similarities, Tensor Logits);

/// <summary>
/// Classification by parts and words alone: a query of each part looks for it on a feature map, what it sees is embedded beside the phrases that describe the
/// part in each class, and a class's logit is the sum of its parts' similarities. Nothing is learned of a class but its descriptors, so that exchanged words make new
/// classes without training. Pham, Chen, Nguyen, Nguyen: "PEEB: Part-based image classifiers with an explainable and editable language bottleneck"
/// (2024), with a bag of learned word vectors as text encoder.
/// </summary>
public sealed class PartMatcher : Module
{
    private readonly int _channels, _parts, _words;
    private readonly Linear _key;
    private readonly Mlp _embed;
    private readonly Tensor _queries, _wordVectors, _logScale;

    /// <summary>A matcher with initial weights.</summary>
    /// <param name="channels">C of the features [n, C, h, w].</param>
    /// <param name="parts">How many parts, at least 1.</param>
    /// <param name="words">How many words, at least 1.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="width">Numbers of an embedding.</param>
    /// <param name="hidden">Width of the hidden layer between a part's features and its embedding.</param>
    public PartMatcher(int channels, int parts, int words, RandomStream random, int width = 32, int hidden = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(words, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        (_channels, _parts, _words) = (channels, parts, words);
        _queries = AddParameter("queries", Initializers.Normal(random, 1f, parts, width));
        _key = AddModule("key", new Linear(channels, width, random));
        _embed = AddModule("embed", new Mlp([channels, hidden, width], random));
        _wordVectors = AddParameter("words", Initializers.Normal(random, 1f, words, width));
        _logScale = AddParameter("log_scale", Tensor.Full([1], MathF.Log(10)));
    }

    /// <summary>The fit of pictures to classes.</summary>
    /// <param name="features">[n, channels, h, w].</param>
    /// <param name="bags">[classes, parts, words], as <see cref="PartDescriptors.Bags"/> makes them.</param>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public PartMatch Match(Tensor features, Tensor bags)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Dim != 4 || features.Size(1) != _channels) throw new ArgumentException($"part matcher: features [n, {_channels}, h, w] are needed, not {Shapes.Text(features.Shape)}");
        var (n, h, w) = (features.Size(0), features.Size(2), features.Size(3));
        var places = features.Reshape(n, _channels, h * w).Transpose(1, 2);
        var scores = _key.Forward(places).MatMul(_queries, transposeOther: true) * (1 / MathF.Sqrt(_queries.Size(1))); // [n, places, parts]
        var attention = scores.Transpose(1, 2).Softmax();
        var embeddings = Unit(_embed.Forward(attention.MatMul(places)));
        var similarities = Tensor.Einsum("npd,cpd->ncp", embeddings, Phrases(bags)) * _logScale.Exp();
        return new PartMatch(embeddings, attention.Reshape(n, _parts, h, w), similarities, similarities.Sum(2));
    }

    /// <summary>The phrases' embeddings, [classes, parts, width], of length 1, or 0 where nothing is said.</summary>
    /// <param name="bags">[classes, parts, words].</param>
    public Tensor Phrases(Tensor bags)
    {
        ArgumentNullException.ThrowIfNull(bags);
        if (bags.Dim != 3 || bags.Size(1) != _parts || bags.Size(2) != _words) throw new ArgumentException($"part matcher: bags [classes, {_parts}, {_words}] are needed, not {Shapes.Text(bags.Shape)}");
        return Unit(bags.Reshape(-1, _words).MatMul(_wordVectors)).Reshape(bags.Size(0), _parts, -1);
    }

    /// <summary>
    /// Part by part, how well a part tells its own phrase from the other phrases of that part, in nats: the mean of -log softmax over different phrases of
    /// the scaled cosines, at the phrase of the picture's class.
    /// </summary>
    /// <param name="match">Of <paramref name="bags"/>.</param>
    /// <param name="bags">[classes, parts, words].</param>
    /// <param name="labels">The class of each picture, [n].</param>
    public Tensor Contrast(PartMatch match, Tensor bags, LongTensor labels)
    {
        ArgumentNullException.ThrowIfNull(match);
        ArgumentNullException.ThrowIfNull(bags);
        ArgumentNullException.ThrowIfNull(labels);
        var total = Tensor.Scalar(0);
        for (var p = 0; p < _parts; p++)
        {
            var (kinds, of) = Different(bags, p);
            var own = LongTensor.Zeros(labels.Numel);
            for (var i = 0; i < own.Numel; i++) own.Data[i] = of[labels.Data[i]];
            total += match.Similarities.Select(2, p).IndexSelect(1, LongTensor.From(kinds)).CrossEntropy(own);
        }
        return total * (1f / _parts);
    }

    /// <summary>How far attention is from where the parts are, in nats: the mean over parts that are seen of -sum of mask / sum(mask) times log attention.</summary>
    /// <param name="match">Whose attention.</param>
    /// <param name="masks">[n, parts, h, w], at least 0; a part whose mask is empty does not count.</param>
    public static Tensor Localisation(PartMatch match, Tensor masks)
    {
        ArgumentNullException.ThrowIfNull(match);
        ArgumentNullException.ThrowIfNull(masks);
        if (!masks.Shape.SequenceEqual(match.Attention.Shape)) throw new ArgumentException($"localisation: masks {Shapes.Text(match.Attention.Shape)} are needed, not {Shapes.Text(masks.Shape)}");
        var area = masks.Sum([2, 3], keepdim: true);
        var target = masks / area.Clamp(min: 1e-12f) * (1f / Math.Max(1, area.Sign().Sum().Item()));
        return -(target * match.Attention.Clamp(min: 1e-12f).Log()).Sum();
    }

    // The first class of each phrase of a part, and which of them each class's phrase is.
    private static (int[] Kinds, int[] Of) Different(Tensor bags, int part)
    {
        var (kinds, of, words) = (new List<int>(), new int[bags.Size(0)], bags.Size(2));
        for (var c = 0; c < of.Length; c++)
        {
            of[c] = kinds.FindIndex(k => Phrase(k).SequenceEqual(Phrase(c)));
            if (of[c] >= 0) continue;
            of[c] = kinds.Count;
            kinds.Add(c);
        }
        return ([.. kinds], of);

        ReadOnlySpan<float> Phrase(int c) => bags.Data.Slice(((c * bags.Size(1)) + part) * words, words);
    }

    private static Tensor Unit(Tensor x) => x * (x.Square().Sum(-1, keepdim: true) + 1e-12f).Rsqrt();
}
