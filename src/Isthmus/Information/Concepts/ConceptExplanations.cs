using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>For each concept the cosine with what annotations say of it over classes; null where one side is 0.</summary>
/// <param name="Weights">CGIM1: the head's weights against the concept's frequency in each class.</param>
/// <param name="Projections">CGIM2: the mean activation among rightly classified rows of each class against the same.</param>
/// <param name="Contributions">CGIM3: their product against the same.</param>
public sealed record GlobalImportance(IReadOnlyList<double?> Weights, IReadOnlyList<double?> Projections, IReadOnlyList<double?> Contributions);

/// <summary>
/// Whether an explanation by concepts is true of the rows it explains (Aysel, Cai and Prugel-Bennett: "Concept-Based Explainable Artificial Intelligence: Metrics and
/// Benchmarks", 2025), and what concepts do to the answer.
/// </summary>
public static class ConceptExplanations
{
    // The published size of the top region: a twelfth of the map for each unit of alpha.
    private const double RegionParts = 12;

    /// <summary>The three measures of global importance.</summary>
    /// <param name="weights">[classes, k] of the linear head.</param>
    /// <param name="activations">[n, k] concepts as the head reads them.</param>
    /// <param name="truth">[n, k] annotations, 0 or 1; NaN where unknown.</param>
    /// <param name="labels">[n] classes.</param>
    /// <param name="predicted">[n] the model's.</param>
    public static GlobalImportance Global(Tensor weights, Tensor activations, Tensor truth, int[] labels, int[] predicted)
    {
        var (classes, n, k) = Check(weights, activations, truth, predicted);
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Length != n) throw new ArgumentException(FormattableString.Invariant($"global importance: {labels.Length} labels for {n} rows"), nameof(labels));
        var (frequency, known, mean, right) = (new double[classes, k], new int[classes, k], new double[classes, k], new int[classes]);
        for (var i = 0; i < n; i++)
        {
            if (labels[i] == predicted[i]) right[labels[i]]++;
            for (var j = 0; j < k; j++)
            {
                if (labels[i] == predicted[i]) mean[labels[i], j] += activations.Data[i * k + j];
                if (float.IsNaN(truth.Data[i * k + j])) continue;
                known[labels[i], j]++;
                frequency[labels[i], j] += truth.Data[i * k + j];
            }
        }
        var (one, two, three) = (new double?[k], new double?[k], new double?[k]);
        for (var j = 0; j < k; j++)
        {
            var (v, w, u) = (new double[classes], new double[classes], new double[classes]);
            for (var c = 0; c < classes; c++)
            {
                v[c] = known[c, j] > 0 ? frequency[c, j] / known[c, j] : 0;
                w[c] = weights.Data[c * k + j];
                u[c] = right[c] > 0 ? mean[c, j] / right[c] : 0;
            }
            (one[j], two[j], three[j]) = (Cosine(w, v), Cosine(u, v), Cosine([.. w.Zip(u, (a, b) => a * b)], v));
        }
        return new GlobalImportance(one, two, three);
    }

    /// <summary>Existence: of the concepts that speak loudest for the predicted class, the share that is truly there; mean over rows.</summary>
    /// <param name="weights">[classes, k].</param>
    /// <param name="activations">[n, k].</param>
    /// <param name="truth">[n, k], 0 or 1; unknown ones are passed over.</param>
    /// <param name="predicted">[n] the model's classes.</param>
    /// <param name="top">How many concepts of a row, from 1 to k.</param>
    public static double Existence(Tensor weights, Tensor activations, Tensor truth, int[] predicted, int top)
    {
        var (_, n, k) = Check(weights, activations, truth, predicted);
        if (top < 1 || top > k) throw new ArgumentOutOfRangeException(nameof(top), top, FormattableString.Invariant($"existence: from 1 to {k} concepts"));
        var (sum, rows) = (0.0, 0);
        for (var i = 0; i < n; i++)
        {
            var loudest = Enumerable.Range(0, k).Where(j => !float.IsNaN(truth.Data[i * k + j])).OrderByDescending(j => weights.Data[predicted[i] * k + j] * activations.Data[i * k + j]).Take(top).ToArray();
            if (loudest.Length == 0) continue;
            sum += loudest.Average(j => truth.Data[i * k + j] != 0 ? 1.0 : 0);
            rows++;
        }
        return rows == 0 ? double.NaN : sum / rows;
    }

    /// <summary>A concept's activation map: the mean over channels of its direction times the feature map, [h × w] (CoAM).</summary>
    /// <param name="features">[channels, h, w].</param>
    /// <param name="direction">[channels] of the concept.</param>
    public static float[] Map(Tensor features, ReadOnlySpan<float> direction)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Dim != 3 || features.Size(0) != direction.Length)
            throw new ArgumentException($"concept map: features [{string.Join(", ", features.Shape.ToArray())}] and a direction of {direction.Length}; [channels, h, w] and as many numbers are needed");
        var places = features.Size(1) * features.Size(2);
        var map = new float[places];
        for (var c = 0; c < direction.Length; c++)
            for (var p = 0; p < places; p++) map[p] += direction[c] * features.Data[c * places + p] / direction.Length;
        return map;
    }

    /// <summary>Location: whether a place of the map lies among its largest alpha·h·w/12 values. The mean over rows and concepts is CLM.</summary>
    /// <param name="map">[h × w].</param>
    /// <param name="place">Index of the annotated centre.</param>
    /// <param name="alpha">Above 0; 1 takes a twelfth of the map.</param>
    public static bool Located(ReadOnlySpan<float> map, int place, double alpha = 1)
    {
        if (place < 0 || place >= map.Length) throw new ArgumentOutOfRangeException(nameof(place), place, FormattableString.Invariant($"location: a map of {map.Length} places"));
        if (!(alpha > 0)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "location: above 0");
        var above = 0;
        foreach (var v in map)
            if (v > map[place]) above++;
        return above < Math.Max(1, alpha * map.Length / RegionParts);
    }

    /// <summary>The share of a map's positive values that lies inside a mask; NaN where nothing is positive.</summary>
    /// <param name="map">[h × w].</param>
    /// <param name="mask">[h × w], 0 outside.</param>
    public static double MassInside(ReadOnlySpan<float> map, ReadOnlySpan<float> mask)
    {
        if (map.Length != mask.Length) throw new ArgumentException(FormattableString.Invariant($"mass inside: a map of {map.Length} and a mask of {mask.Length} places"));
        double inside = 0, all = 0;
        for (var i = 0; i < map.Length; i++)
        {
            if (!(map[i] > 0)) continue;
            all += map[i];
            if (mask[i] != 0) inside += map[i];
        }
        return inside / all;
    }

    /// <summary>
    /// The causal effect of a concept: for each class the mean of the answer with the concept put on less that with it put off
    /// (Goyal, Feder, Shalit and Kim: "Explaining Classifiers with Causal Concept Effect", 2019).
    /// </summary>
    /// <param name="on">[n, classes] answers with do(c = 1).</param>
    /// <param name="off">[n, classes] answers with do(c = 0).</param>
    public static double[] CausalEffect(Tensor on, Tensor off)
    {
        ArgumentNullException.ThrowIfNull(on);
        ArgumentNullException.ThrowIfNull(off);
        if (on.Dim != 2 || !on.Shape.SequenceEqual(off.Shape) || on.Size(0) == 0) throw new ArgumentException($"causal effect: answers [{string.Join(", ", on.Shape.ToArray())}] and [{string.Join(", ", off.Shape.ToArray())}]; two tables of one shape are needed");
        var (n, classes) = (on.Size(0), on.Size(1));
        var effect = new double[classes];
        for (var i = 0; i < n; i++)
            for (var c = 0; c < classes; c++) effect[c] += ((double)on.Data[i * classes + c] - off.Data[i * classes + c]) / n;
        return effect;
    }

    /// <summary>Completeness of a set of concepts (Yeh et al.: "On Completeness-aware Concept-Based Explanations", 2020, definition 3.1): how much of the model's gain over guessing the concepts keep.</summary>
    /// <param name="fromConcepts">Accuracy that the concepts alone allow.</param>
    /// <param name="model">Accuracy of the model.</param>
    /// <param name="guessing">Accuracy of a guess; of balanced classes one over their number.</param>
    /// <returns>1 where concepts keep all, 0 where they help no more than guessing.</returns>
    public static double Completeness(double fromConcepts, double model, double guessing) =>
        model > guessing ? (fromConcepts - guessing) / (model - guessing) : throw new ArgumentException(FormattableString.Invariant($"completeness: a model of accuracy {model} is no better than a guess of {guessing}"));

    private static (int Classes, int Rows, int Concepts) Check(Tensor weights, Tensor activations, Tensor truth, int[] predicted)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(activations);
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(predicted);
        if (weights.Dim != 2 || activations.Dim != 2 || !activations.Shape.SequenceEqual(truth.Shape) || weights.Size(1) != truth.Size(1) || predicted.Length != truth.Size(0))
            throw new ArgumentException($"concept explanations: weights [{string.Join(", ", weights.Shape.ToArray())}], activations [{string.Join(", ", activations.Shape.ToArray())}], annotations [{string.Join(", ", truth.Shape.ToArray())}] and {predicted.Length} predictions do not fit");
        foreach (var p in predicted)
            if (p < 0 || p >= weights.Size(0)) throw new ArgumentException(FormattableString.Invariant($"concept explanations: class {p} of {weights.Size(0)}"), nameof(predicted));
        return (weights.Size(0), truth.Size(0), truth.Size(1));
    }

    private static double? Cosine(double[] a, double[] b)
    {
        double dot = 0, aa = 0, bb = 0;
        for (var i = 0; i < a.Length; i++) (dot, aa, bb) = (dot + a[i] * b[i], aa + a[i] * a[i], bb + b[i] * b[i]);
        return aa > 0 && bb > 0 ? dot / Math.Sqrt(aa * bb) : null;
    }
}
