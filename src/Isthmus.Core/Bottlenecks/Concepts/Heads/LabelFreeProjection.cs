using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How a label-free projection learns.</summary>
public sealed record LabelFreeOptions
{
    /// <summary>Steps of Adam, at most.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>The step size, above 0.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>The share of rows that decides when to stop, between 0 and 1.</summary>
    public double Validation { get; init; } = 0.1;

    /// <summary>Checks without improvement, one every 50 steps, before it stops.</summary>
    public int Patience { get; init; } = 3;

    /// <summary>First weights, and which rows decide.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// A linear layer whose outputs behave like given similarities of rows to concepts, without one annotated concept: it maximises the mean
/// of cos-cubed (Oikarinen, Das, Nguyen, Weng: "Label-Free Concept Bottleneck Models", ICLR 2023, equation 2).
/// </summary>
/// <param name="Weight">[concepts, features].</param>
/// <param name="Similarity">For each concept, cos-cubed on the rows that decided, in [-1, 1].</param>
/// <param name="Steps">The step whose weights these are.</param>
public sealed record LabelFreeProjection(Tensor Weight, double[] Similarity, int Steps)
{
    private const int Between = 50;

    /// <summary>Fits a layer.</summary>
    /// <param name="features">[rows, features].</param>
    /// <param name="targets">P, [rows, concepts]: how similar each row is to each concept.</param>
    /// <param name="options">Null for the defaults.</param>
    public static LabelFreeProjection Fit(Tensor features, Tensor targets, LabelFreeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(targets);
        var o = options ?? new LabelFreeOptions();
        using var grad = new EnableGrad();
        var n = features.Size(0);
        if (features.Dim != 2 || targets.Dim != 2 || targets.Size(0) != n) throw new ArgumentException($"label-free projection: [{string.Join(", ", features.Shape.ToArray())}] features and [{string.Join(", ", targets.Shape.ToArray())}] similarities");
        if (!(o.Validation is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(options), o.Validation, "validation: a share between 0 and 1 is expected");
        if (n < 4) throw new ArgumentException($"label-free projection: {n} rows, and at least 4 are needed");
        var random = new RandomStream(o.Seed).Fork("label-free");
        var order = random.Permutation(n);
        var held = Math.Clamp((int)Math.Round(o.Validation * n), 2, n - 2);
        LongTensor first = LongTensor.From(order.AsSpan(0, held)), rest = LongTensor.From(order.AsSpan(held));
        var (x, p, xHeld, pHeld) = (features.IndexSelect(0, rest), targets.IndexSelect(0, rest), features.IndexSelect(0, first), targets.IndexSelect(0, first));
        var layer = new Linear(features.Size(1), targets.Size(1), random, bias: false);
        var adam = new Adam(layer.NamedParameters(), o.LearningRate);
        var best = (Mean: double.NegativeInfinity, Weight: layer.Weight.ToArray(), Similarity: Array.Empty<double>(), Step: 0);
        var waited = 0;
        for (var step = 0; step <= o.Steps; step++)
        {
            using var scope = new TensorScope("label-free");
            if (step % Between == 0 || step == o.Steps)
            {
                using var noGrad = new NoGrad();
                double[] similarity = [.. CosCubed(layer.Forward(xHeld), pHeld).ToArray().Select(v => (double)v)];
                var mean = similarity.Average();
                if (mean > best.Mean) (best, waited) = ((mean, layer.Weight.ToArray(), similarity, step), 0);
                else if (++waited >= o.Patience) break;
            }
            if (step == o.Steps) break;
            adam.ZeroGrad();
            (-CosCubed(layer.Forward(x), p).Mean()).Backward();
            adam.Step();
        }
        return new LabelFreeProjection(Tensor.From(best.Weight, targets.Size(1), features.Size(1)), best.Similarity, best.Step);
    }

    /// <summary>
    /// For each column, the cosine of the cubes of what is left of two columns without their means; cubes let the few rows of strong
    /// activation decide. Differentiable; 0 where a column is constant.
    /// </summary>
    /// <param name="q">[rows, columns].</param>
    /// <param name="p">[rows, columns].</param>
    /// <returns>[columns], in [-1, 1].</returns>
    public static Tensor CosCubed(Tensor q, Tensor p)
    {
        var (a, b) = (Cubes(q), Cubes(p));
        return (a * b).Sum(0) / ((a.Square().Sum(0) * b.Square().Sum(0)) + 1e-30f).Sqrt();
    }

    // Scaled to unit deviation first, so that sixth powers stay inside floats.
    private static Tensor Cubes(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var centred = x - x.Mean(0, keepdim: true);
        var unit = centred / (centred.Square().Mean(0, keepdim: true) + 1e-24f).Sqrt();
        return unit * unit * unit;
    }
}

/// <summary>Why a concept was left out of a label-free bottleneck.</summary>
/// <param name="Concept">Its index.</param>
/// <param name="Name">Its name.</param>
/// <param name="Reason">Null where it stays.</param>
public sealed record ConceptVerdict(int Concept, string Name, string? Reason);

/// <summary>The thresholds of <see cref="LabelFreeFilter"/>; what is not known is not asked.</summary>
public sealed record LabelFreeFilterOptions
{
    /// <summary>Letters of a name, at most.</summary>
    public int LongestName { get; init; } = 30;

    /// <summary>The cosine to a class's name from which a concept gives the answer away.</summary>
    public double ClassCosine { get; init; } = 0.85;

    /// <summary>The cosine to an earlier concept from which it says the same.</summary>
    public double ConceptCosine { get; init; } = 0.9;

    /// <summary>The mean of its five strongest similarities that it needs.</summary>
    public double Activation { get; init; } = 0.25;

    /// <summary>The similarity on validation rows that its projection needs.</summary>
    public double Similarity { get; init; } = 0.45;
}

/// <summary>The five filters of a label-free concept bottleneck (Oikarinen et al. 2023, sections 3.1 and 3.3), in their order.</summary>
public static class LabelFreeFilter
{
    private const int Strongest = 5;

    /// <summary>Judges concepts; the first filter that one does not pass is its reason.</summary>
    /// <param name="names">The concepts' names.</param>
    /// <param name="options">Null for the published thresholds.</param>
    /// <param name="texts">[concepts, width]: embeddings of the names; null where there are none.</param>
    /// <param name="classes">[classes, width]: embeddings of the classes' names; null where there are none.</param>
    /// <param name="targets">P, [rows, concepts]; null where it is not known yet.</param>
    /// <param name="similarity">Of each concept's projection; null before it is fitted.</param>
    public static IReadOnlyList<ConceptVerdict> Judge(IReadOnlyList<string> names, LabelFreeFilterOptions? options = null, Tensor? texts = null, Tensor? classes = null, Tensor? targets = null, IReadOnlyList<double>? similarity = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        var o = options ?? new LabelFreeFilterOptions();
        if (texts is not null && texts.Size(0) != names.Count || targets is not null && targets.Size(1) != names.Count || similarity is not null && similarity.Count != names.Count)
            throw new ArgumentException($"label-free filter: {names.Count} names, and not as many embeddings, columns or similarities");
        var unit = texts is null ? null : Unit(texts);
        var toClasses = unit is null || classes is null ? null : unit.MatMul(Unit(classes).Transpose(0, 1));
        var toConcepts = unit?.MatMul(unit.Transpose(0, 1));
        var verdicts = new List<ConceptVerdict>();
        for (var j = 0; j < names.Count; j++)
        {
            string? reason = null;
            if (names[j].Length > o.LongestName) reason = FormattableString.Invariant($"{names[j].Length} letters");
            else if (toClasses is not null && Largest(toClasses, j) is var nearest && nearest > o.ClassCosine) reason = FormattableString.Invariant($"cosine {nearest:F2} to a class's name");
            else if (toConcepts is not null && Same(toConcepts, verdicts, j, o.ConceptCosine) is { } same) reason = $"says what '{same}' says";
            else if (targets is not null && Top(targets, j) is var top && !(top > o.Activation)) reason = FormattableString.Invariant($"strongest similarities {top:F2}");
            else if (similarity is not null && !(similarity[j] > o.Similarity)) reason = FormattableString.Invariant($"projection's similarity {similarity[j]:F2}");
            verdicts.Add(new ConceptVerdict(j, names[j], reason));
        }
        return verdicts;
    }

    private static Tensor Unit(Tensor x) => x / (x.Square().Sum(1, keepdim: true) + 1e-24f).Sqrt();

    private static double Largest(Tensor matrix, int row)
    {
        var best = double.NegativeInfinity;
        foreach (var v in matrix.Data.Slice(row * matrix.Size(1), matrix.Size(1))) best = Math.Max(best, v);
        return best;
    }

    private static string? Same(Tensor cosines, List<ConceptVerdict> before, int concept, double most) =>
        before.FirstOrDefault(v => v.Reason is null && cosines.Data[(concept * cosines.Size(1)) + v.Concept] > most)?.Name;

    private static double Top(Tensor targets, int concept)
    {
        var column = new float[targets.Size(0)];
        for (var i = 0; i < column.Length; i++) column[i] = targets.Data[(i * targets.Size(1)) + concept];
        Array.Sort(column);
        return column.TakeLast(Strongest).Average(v => (double)v);
    }
}
