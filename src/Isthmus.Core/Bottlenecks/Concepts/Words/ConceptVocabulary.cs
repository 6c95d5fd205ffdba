using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Words whose embeddings lie in the space of the images': each image is scored by its cosines with them, or quantised to its best words. Words that
/// unlabelled images hardly ever choose are no visual concepts and go (He, Feng, Yuan et al., "V2C-CBM: Building concept bottlenecks with vision-to-concept
/// tokenizer", 2025, section 3).
/// </summary>
/// <remarks>In contrastively trained spaces images and words lie in different cones (the modality gap; Liang et al. 2022), and some words are near everything.
/// A vocabulary that is <see cref="Centred"/> takes both means away first.</remarks>
public sealed class ConceptVocabulary
{
    private readonly Tensor _unit; // [words, width], about the mean where it is centred
    private readonly float[]? _imageMean;

    /// <summary>Words and their embeddings.</summary>
    /// <param name="words">Each once.</param>
    /// <param name="embeddings">[words, width], of any length above 0.</param>
    /// <exception cref="ArgumentException">The numbers do not fit, or a word stands twice.</exception>
    public ConceptVocabulary(IReadOnlyList<string> words, Tensor embeddings) : this(words, embeddings, null, null)
    {
    }

    private ConceptVocabulary(IReadOnlyList<string> words, Tensor embeddings, float[]? imageMean, float[]? wordMean)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(embeddings);
        if (embeddings.Dim != 2 || embeddings.Size(0) != words.Count || words.Count == 0) throw new ArgumentException($"vocabulary: {words.Count} words and embeddings {Shapes.Text(embeddings.Shape)}; [words, width] is needed");
        if (words.Distinct(StringComparer.Ordinal).Count() != words.Count) throw new ArgumentException("vocabulary: a word stands twice");
        (Words, Embeddings, _imageMean, WordMean) = (words, embeddings, imageMean, wordMean);
        _unit = Directions(embeddings, wordMean);
    }

    /// <summary>The words.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>[words, width], as given.</summary>
    public Tensor Embeddings { get; }

    private float[]? WordMean { get; }

    /// <summary>The same words, scored about the mean of these images and of the words.</summary>
    /// <param name="images">[n, width], n at least 1.</param>
    public ConceptVocabulary Centred(Tensor images) => new(Words, Embeddings, Mean(Checked(images)), Mean(Embeddings));

    /// <summary>Some of the words, scored as they are here.</summary>
    public ConceptVocabulary Subset(IReadOnlyList<int> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        using var noGrad = new NoGrad();
        return new([.. words.Select(w => Words[w])], Embeddings.Detach().IndexSelect(0, LongTensor.From([.. words], words.Count)).Unscoped(), _imageMean, WordMean);
    }

    /// <summary>Cosines of images with words, [n, words]; without gradients.</summary>
    /// <param name="images">[n, width], of any length.</param>
    public Tensor Scores(Tensor images)
    {
        using var noGrad = new NoGrad();
        return Directions(Checked(images), _imageMean).MatMul(_unit, transposeOther: true);
    }

    /// <summary>The best words of each image, best first, [n, best].</summary>
    /// <param name="images">[n, width].</param>
    /// <param name="best">1 to words.</param>
    public LongTensor Quantise(Tensor images, int best)
    {
        if (best < 1 || best > Words.Count) throw new ArgumentOutOfRangeException(nameof(best), best, $"1 to {Words.Count} words an image are possible");
        return Scores(images).TopK(best, 1).Indices;
    }

    /// <summary>The share of images that have each word among their best, [words].</summary>
    public double[] Usage(Tensor images, int best)
    {
        using var scope = new TensorScope("usage");
        var chosen = Quantise(images, best);
        var usage = new double[Words.Count];
        foreach (var w in chosen.Data) usage[w] += 1.0 / chosen.Shape[0];
        return usage;
    }

    /// <summary>The words that most images have among their best, in the vocabulary's order; of equals the first.</summary>
    /// <param name="images">Unlabelled, [n, width].</param>
    /// <param name="best">Words an image is quantised to.</param>
    /// <param name="count">How many stay, 1 to words.</param>
    public int[] MostUsed(Tensor images, int best, int count)
    {
        if (count < 1 || count > Words.Count) throw new ArgumentOutOfRangeException(nameof(count), count, $"1 to {Words.Count} words can stay");
        return [.. SubmodularSelection.Top(Usage(images, best), count).Order()];
    }

    private Tensor Checked(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return images.Dim == 2 && images.Size(0) > 0 && images.Size(1) == Embeddings.Size(1)
            ? images : throw new ArgumentException($"vocabulary: images {Shapes.Text(images.Shape)}; [n, {Embeddings.Size(1)}] is needed");
    }

    private static float[] Mean(Tensor rows)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("mean");
        return rows.Detach().Mean(0).ToArray();
    }

    private static Tensor Directions(Tensor rows, float[]? mean)
    {
        using var noGrad = new NoGrad();
        return GradientEstimators.UnitRows(mean is null ? rows.Detach() : rows.Detach() - Tensor.From(mean, 1, mean.Length));
    }
}
