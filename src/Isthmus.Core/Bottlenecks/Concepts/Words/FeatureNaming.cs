using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a learned direction is called.</summary>
/// <param name="Feature">From 0.</param>
/// <param name="Word">The word's number.</param>
/// <param name="Name">The word.</param>
/// <param name="Cosine">Of the direction with the word's embedding, both about their means where they are centred.</param>
/// <param name="Second">The word that is next.</param>
/// <param name="Margin">By how much its cosine is smaller, at least 0: near 0 the name is a matter of chance.</param>
public sealed record FeatureName(int Feature, int Word, string Name, double Cosine, string Second, double Margin);

/// <summary>
/// Names for the features of a sparse autoencoder that was trained on images' embeddings, and how many of them an answer takes: the word whose embedding has
/// the largest cosine with the feature's decoder direction (Rao, Mahajan, Böhle, Schiele, "Discover-then-Name", 2024, section 3.2).
/// </summary>
public static class FeatureNaming
{
    /// <summary>The nearest word of each direction; a word may be that of several.</summary>
    /// <param name="directions">[features, width]: <see cref="SparseAutoencoder.Decoder"/>. The decoder's bias is not in them, so that they are about the images' middle already.</param>
    /// <param name="words">At least two.</param>
    /// <param name="embeddings">Of the words, [words, width], of any length.</param>
    /// <param name="centre">Whether the words' mean is taken away first: in joint spaces all words lie in one cone apart from the images' (the modality gap).</param>
    public static IReadOnlyList<FeatureName> Name(Tensor directions, IReadOnlyList<string> words, Tensor embeddings, bool centre = true)
    {
        ArgumentNullException.ThrowIfNull(words);
        if (words.Count < 2) throw new ArgumentException($"naming: {words.Count} words; at least 2 are needed");
        using var scope = new TensorScope("naming");
        var cosines = Cosines(directions, embeddings, centre);
        if (cosines.Size(1) != words.Count) throw new ArgumentException($"naming: {words.Count} words and {cosines.Size(1)} embeddings");
        var (values, places) = cosines.TopK(2, 1);
        return [.. Enumerable.Range(0, cosines.Size(0)).Select(f => new FeatureName(f, (int)places.Data[2 * f], words[(int)places.Data[2 * f]], values.Data[2 * f], words[(int)places.Data[(2 * f) + 1]], values.Data[2 * f] - values.Data[(2 * f) + 1]))];
    }

    /// <summary>Cosines of directions with words, [features, words].</summary>
    /// <param name="directions">[features, width].</param>
    /// <param name="embeddings">[words, width].</param>
    /// <param name="centre">Whether the words' mean is taken away first.</param>
    public static Tensor Cosines(Tensor directions, Tensor embeddings, bool centre = true)
    {
        ArgumentNullException.ThrowIfNull(directions);
        ArgumentNullException.ThrowIfNull(embeddings);
        if (directions.Dim != 2 || embeddings.Dim != 2 || directions.Size(1) != embeddings.Size(1))
            throw new ArgumentException($"naming: directions {Shapes.Text(directions.Shape)} and embeddings {Shapes.Text(embeddings.Shape)}; two matrices of one width are needed");
        using var noGrad = new NoGrad();
        var words = embeddings.Detach();
        if (centre) words -= words.Mean(0, keepdim: true);
        return GradientEstimators.UnitRows(directions.Detach()).MatMul(GradientEstimators.UnitRows(words), transposeOther: true);
    }

    /// <summary>
    /// For each row the smallest number of concepts whose positive contributions make up a share of all positive ones, as in "3 concepts explain 95 %".
    /// </summary>
    /// <param name="contributions">Weight times code of the predicted class, [rows, concepts].</param>
    /// <param name="share">Above 0, at most 1; 0.9, 0.95 and 0.99 are usual.</param>
    /// <returns>[rows]; 0 where nothing contributes.</returns>
    public static int[] Coverage(Tensor contributions, double share)
    {
        ArgumentNullException.ThrowIfNull(contributions);
        if (contributions.Dim != 2) throw new ArgumentException($"coverage: {Shapes.Text(contributions.Shape)}; [rows, concepts] is needed");
        if (!(share > 0 && share <= 1)) throw new ArgumentOutOfRangeException(nameof(share), share, "a share above 0 and at most 1 is needed");
        var concepts = contributions.Size(1);
        var counts = new int[contributions.Size(0)];
        for (var i = 0; i < counts.Length; i++)
        {
            var positive = contributions.Data.Slice(i * concepts, concepts).ToArray().Where(v => v > 0).OrderDescending().Select(v => (double)v).ToArray();
            double sum = 0, wanted = share * positive.Sum() * (1 - 1e-12); // a full share is reached in spite of rounding
            while (counts[i] < positive.Length && (counts[i] == 0 || sum < wanted)) sum += positive[counts[i]++];
        }
        return counts;
    }
}
