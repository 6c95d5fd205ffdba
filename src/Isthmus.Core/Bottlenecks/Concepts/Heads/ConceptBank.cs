using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What separates rows that have a concept from those that have not.</summary>
public enum ConceptSeparator
{
    /// <summary>A linear support vector machine, as concept activation vectors were made first.</summary>
    Svm,

    /// <summary>Logistic regression with a square penalty.</summary>
    Logistic,
}

/// <summary>How concept activation vectors are fitted.</summary>
public sealed record ConceptBankOptions
{
    /// <summary>What separates.</summary>
    public ConceptSeparator Separator { get; init; } = ConceptSeparator.Svm;

    /// <summary>The costs of errors that are tried; the best on rows held out is taken, the smallest of equals.</summary>
    public IReadOnlyList<double> Costs { get; init; } = [0.001, 0.01, 0.1, 1, 10];

    /// <summary>Rows with and without a concept that are looked at, at most each; 0 for all.</summary>
    public int Examples { get; init; } = 500;

    /// <summary>The share of them that is held out to choose the cost.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>Which rows are looked at and held out.</summary>
    public ulong Seed { get; init; }
}

/// <summary>One vector of a bank and how good it is.</summary>
/// <param name="Name">The concept's column.</param>
/// <param name="Fitted">Whether a separator was fitted; false of given vectors, and of states that too few rows have.</param>
public sealed record ConceptVector(string Name, bool Fitted)
{
    /// <summary>The cost that was chosen.</summary>
    public double Cost { get; init; } = double.NaN;

    /// <summary>The mean of the shares of rows with and without it that are told right, of those fitted to; in [0, 1].</summary>
    public double TrainAccuracy { get; init; } = double.NaN;

    /// <summary>The same of the rows that were held out.</summary>
    public double HeldOutAccuracy { get; init; } = double.NaN;

    /// <summary>Rows that have it, of those annotated.</summary>
    public int Positives { get; init; }

    /// <summary>Rows that have it not.</summary>
    public int Negatives { get; init; }

    /// <summary>Signed distances (c·f + b)/|c| of rows that have it: their mean.</summary>
    public double PositiveMean { get; init; } = double.NaN;

    /// <summary>Their standard deviation.</summary>
    public double PositiveDeviation { get; init; } = double.NaN;

    /// <summary>Signed distances of rows that have it not: their mean.</summary>
    public double NegativeMean { get; init; } = double.NaN;

    /// <summary>Their standard deviation.</summary>
    public double NegativeDeviation { get; init; } = double.NaN;

    /// <summary>The smallest signed distance.</summary>
    public double Least { get; init; } = double.NaN;

    /// <summary>The greatest.</summary>
    public double Greatest { get; init; } = double.NaN;

    /// <summary>Whether it predicts a number by least squares: accuracies are shares of the variance explained then.</summary>
    public bool Continuous { get; init; }
}

/// <summary>
/// A bank of concept vectors: concept activation vectors fitted to rows with and without each concept (Kim et al.: "Interpretability
/// Beyond Feature Attribution: TCAV", ICML 2018; Yuksekgonul, Wang, Zou: "Post-hoc Concept Bottleneck Models", ICLR 2023), or given
/// ones, such as embeddings of the concepts' texts.
/// </summary>
public sealed class ConceptBank
{
    private const int FewestRows = 2;

    private ConceptBank(Tensor vectors, Tensor intercepts, IReadOnlyList<ConceptVector> concepts) =>
        (Vectors, Intercepts, Concepts) = (vectors, intercepts, concepts);

    /// <summary>c, [concepts, features].</summary>
    public Tensor Vectors { get; }

    /// <summary>b, [concepts].</summary>
    public Tensor Intercepts { get; }

    /// <summary>Names and how good each is.</summary>
    public IReadOnlyList<ConceptVector> Concepts { get; }

    /// <summary>A bank of given vectors without intercepts.</summary>
    /// <param name="vectors">[concepts, features], finite, none of them 0.</param>
    /// <param name="names">One each.</param>
    /// <exception cref="InputException">Names and vectors do not fit, or a vector is 0 or not finite.</exception>
    public static ConceptBank Of(Tensor vectors, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(names);
        if (vectors.Dim != 2 || vectors.Size(0) != names.Count) throw new InputException(FormattableString.Invariant($"concept bank: {names.Count} names for [{string.Join(", ", vectors.Shape.ToArray())}] vectors"), "a bank is a matrix with a row for each concept");
        for (var j = 0; j < names.Count; j++)
        {
            var length = 0.0;
            foreach (var v in vectors.Data.Slice(j * vectors.Size(1), vectors.Size(1))) length += (double)v * v;
            if (!(length > 0) || !double.IsFinite(length)) throw new InputException($"concept bank: the vector of '{names[j]}' is 0 or not finite");
        }
        return new ConceptBank(vectors.Detach().Clone(), Tensor.Zeros(names.Count), [.. names.Select(n => new ConceptVector(n, false))]);
    }

    /// <summary>Fits a vector to each column of concepts.</summary>
    /// <param name="features">[rows, features], finite.</param>
    /// <param name="columns">[rows, columns]: 1 where a row has it, 0 where not, a number of a continuous one, NaN where unknown.</param>
    /// <param name="names">One for each column.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="continuous">Which columns are numbers, predicted by least squares with a square penalty; null for none.</param>
    /// <remarks>Features are standardised for the fit, and the vectors are those for features as they are. A column that fewer than two
    /// rows have, or have not, gets the vector 0 and the intercept of what all rows are.</remarks>
    public static ConceptBank Fit(Tensor features, Tensor columns, IReadOnlyList<string> names, ConceptBankOptions? options = null, IReadOnlyList<bool>? continuous = null)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(names);
        var o = options ?? new ConceptBankOptions();
        if (o.Costs.Count == 0 || o.Costs.Any(c => !(c > 0))) throw new ArgumentException("concept bank: at least one cost above 0 is needed");
        if (!(o.HeldOut is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(options), o.HeldOut, "held out: a share between 0 and 1 is expected");
        var standard = new StandardColumns(features);
        if (columns.Dim != 2 || columns.Size(0) != standard.Rows || columns.Size(1) != names.Count) throw new ArgumentException($"concept bank: concepts [{standard.Rows}, {names.Count}] are needed, given [{string.Join(", ", columns.Shape.ToArray())}]");
        var (vectors, intercepts) = (Tensor.Zeros(names.Count, standard.Count), Tensor.Zeros(names.Count));
        var concepts = new ConceptVector[names.Count];
        Parallel.For(0, names.Count, new ParallelOptions { MaxDegreeOfParallelism = Threads.Count }, j =>
        {
            var values = new float[standard.Rows];
            for (var i = 0; i < values.Length; i++) values[i] = columns.Data[(i * names.Count) + j];
            (concepts[j], var weight, var bias) = continuous?[j] == true ? Predict(standard, values, names[j], j, o) : FitOne(standard, values, names[j], j, o);
            weight.CopyTo(vectors.Data.Slice(j * standard.Count, standard.Count));
            intercepts.Data[j] = bias;
        });
        return new ConceptBank(vectors, intercepts, concepts);
    }

    /// <summary>A projection as a linear layer, y = f weightᵀ + bias. Continuous concepts are predicted numbers under both; a vector 0 gives its
    /// intercept.</summary>
    /// <param name="kind">Signed distances (c·f + b)/|c|, or coordinates c·f/|c|² (Yuksekgonul et al. 2023, section 2).</param>
    /// <returns>[concepts, features] and [concepts].</returns>
    public (Tensor Weight, Tensor Bias) Projection(ConceptProjection kind)
    {
        var (weight, bias) = (Vectors.Clone(), Intercepts.Clone());
        var d = weight.Size(1);
        for (var j = 0; j < Concepts.Count; j++)
        {
            var row = weight.Data.Slice(j * d, d);
            double square = 0;
            foreach (var v in row) square += (double)v * v;
            if (Concepts[j].Continuous || square == 0) continue;
            var scale = kind == ConceptProjection.Distance ? 1 / Math.Sqrt(square) : 1 / square;
            foreach (ref var v in row) v = (float)(v * scale);
            bias.Data[j] = kind == ConceptProjection.Distance ? (float)(bias.Data[j] * scale) : 0;
        }
        return (weight, bias);
    }

    /// <summary>One line a concept: name, cost, accuracies, rows, mean signed distances with and without it.</summary>
    public string Table()
    {
        var width = Math.Max(7, Concepts.Max(c => c.Name.Length));
        var lines = new List<string> { $"{"concept".PadRight(width)}       C  train  held out  with  without  distance with   without" };
        foreach (var c in Concepts)
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{c.Name.PadRight(width)}  {c.Cost,6:G3}  {c.TrainAccuracy,5:F3}  {c.HeldOutAccuracy,8:F3}  {c.Positives,4}  {c.Negatives,7}  {c.PositiveMean,13:F3}  {c.NegativeMean,8:F3}"));
        return string.Join('\n', lines) + "\n";
    }

    private static (ConceptVector Concept, float[] Weight, float Bias) FitOne(StandardColumns x, float[] values, string name, int column, ConceptBankOptions o)
    {
        var random = new RandomStream(o.Seed).Fork("bank").Fork((ulong)column);
        int[] with = [.. Enumerable.Range(0, x.Rows).Where(i => values[i] == 1)], without = [.. Enumerable.Range(0, x.Rows).Where(i => values[i] == 0)];
        if (with.Length + without.Length != values.Count(v => !float.IsNaN(v))) throw new ArgumentException($"concept bank: a value of '{name}' is neither 0 nor 1 nor NaN");
        var concept = new ConceptVector(name, false) { Positives = with.Length, Negatives = without.Length };
        if (with.Length < FewestRows || without.Length < FewestRows) return (concept, new float[x.Count], with.Length > without.Length ? 1 : -1);
        int[] positives = Some(with), negatives = Some(without);
        int[] held = [.. positives[..Held(positives)], .. negatives[..Held(negatives)]], kept = [.. positives[Held(positives)..], .. negatives[Held(negatives)..]];
        var best = (Accuracy: double.NegativeInfinity, Cost: 0.0);
        foreach (var cost in o.Costs.Order())
        {
            var accuracy = Balanced(Separate(x, kept, values, cost, o), x, held, values);
            if (accuracy > best.Accuracy) best = (accuracy, cost);
        }
        var (w, b) = Separate(x, [.. positives, .. negatives], values, best.Cost, o);
        var length = Math.Sqrt(w.Sum(v => v * v));
        double[] Distance(int[] rows) => [.. rows.Select(i => Score((w, b), x, i) / Math.Max(length, 1e-300))];
        // Distances are told in the space of the given features, where the vector is w / scale.
        var weight = w.Select((v, j) => v / x.Scale[j]).ToArray();
        var given = Math.Sqrt(weight.Sum(v => v * v));
        var scale = given > 0 ? length / given : 1;
        double[] pos = [.. Distance(with).Select(v => v * scale)], neg = [.. Distance(without).Select(v => v * scale)];
        var bias = b - weight.Select((v, j) => v * x.Mean[j]).Sum();
        return (concept with
        {
            Fitted = true,
            Cost = best.Cost,
            TrainAccuracy = Balanced((w, b), x, kept, values),
            HeldOutAccuracy = best.Accuracy,
            PositiveMean = pos.Average(),
            PositiveDeviation = Deviation(pos),
            NegativeMean = neg.Average(),
            NegativeDeviation = Deviation(neg),
            Least = Math.Min(pos.Min(), neg.Min()),
            Greatest = Math.Max(pos.Max(), neg.Max()),
        }, [.. weight.Select(v => (float)v)], (float)bias);

        int Held(int[] of) => Math.Clamp((int)Math.Round(o.HeldOut * of.Length), 1, of.Length - 1);
        int[] Some(int[] of)
        {
            random.Shuffle(of.AsSpan());
            return o.Examples > 0 && of.Length > Math.Max(FewestRows, o.Examples) ? of[..Math.Max(FewestRows, o.Examples)] : of;
        }
    }

    // Least squares with a square penalty of 1 / (C n), C by the variance explained of the rows held out.
    private static (ConceptVector Concept, float[] Weight, float Bias) Predict(StandardColumns x, float[] values, string name, int column, ConceptBankOptions o)
    {
        int[] rows = [.. Enumerable.Range(0, x.Rows).Where(i => !float.IsNaN(values[i]))];
        var concept = new ConceptVector(name, false) { Continuous = true, Positives = rows.Length };
        var mean = rows.Length > 0 ? rows.Average(i => (double)values[i]) : 0;
        if (rows.Length < 2 * FewestRows) return (concept, new float[x.Count], (float)mean);
        new RandomStream(o.Seed).Fork("bank").Fork((ulong)column).Shuffle(rows.AsSpan());
        var held = Math.Clamp((int)Math.Round(o.HeldOut * rows.Length), 2, rows.Length - 2);
        var best = (Explained: double.NegativeInfinity, Cost: 0.0);
        foreach (var cost in o.Costs.Order())
            if (Explained(LeastSquares(x, rows[held..], values, cost), x, rows[..held], values) is var explained && explained > best.Explained) best = (explained, cost);
        var (w, b) = LeastSquares(x, rows, values, best.Cost);
        double[] weight = [.. w.Select((v, j) => v / x.Scale[j])];
        return (concept with { Fitted = true, Cost = best.Cost, TrainAccuracy = Explained((w, b), x, rows, values), HeldOutAccuracy = best.Explained },
            [.. weight.Select(v => (float)v)], (float)(b - weight.Select((v, j) => v * x.Mean[j]).Sum()));
    }

    private static unsafe (double[] Weight, double Bias) LeastSquares(StandardColumns x, int[] rows, float[] values, double cost)
    {
        using var scope = new TensorScope("bank");
        var own = new StandardColumns(Rows(x, rows));
        var (n, d) = (own.Rows, own.Count);
        var mean = rows.Average(i => (double)values[i]);
        var (gram, w) = (new double[d * d], new double[d]);
        var target = rows.Select(i => values[i] - mean).ToArray();
        fixed (double* g = gram, right = w, z = own.Values, t = target)
        {
            for (var a = 0; a < d; a++)
            {
                for (var c = 0; c <= a; c++) g[(a * d) + c] = Dense.Dot(z + ((long)a * n), z + ((long)c * n), n) / n;
                g[(a * d) + a] += 1 / (cost * n);
                right[a] = Dense.Dot(z + ((long)a * n), t, n) / n;
            }
            if (Dense.Cholesky(g, d) >= 0) throw new InvalidOperationException("concept bank: the features' covariance with a penalty is not positive definite");
            Dense.SolveTriangular(g, d, right, 1, upper: false, transposed: false, unit: false);
            Dense.SolveTriangular(g, d, right, 1, upper: false, transposed: true, unit: false);
        }
        double bias = mean;
        for (var j = 0; j < d; j++)
        {
            w[j] /= own.Scale[j];
            bias -= w[j] * own.Mean[j];
        }
        return (w, bias);
    }

    private static double Explained((double[] Weight, double Bias) of, StandardColumns x, int[] rows, float[] values)
    {
        var mean = rows.Average(i => (double)values[i]);
        var all = rows.Sum(i => (values[i] - mean) * (values[i] - mean));
        return all > 0 ? 1 - (rows.Sum(i => Math.Pow(values[i] - Score(of, x, i), 2)) / all) : 0;
    }

    private static (double[] Weight, double Bias) Separate(StandardColumns x, int[] rows, float[] values, double cost, ConceptBankOptions o)
    {
        if (o.Separator == ConceptSeparator.Logistic) return Logistic(x, rows, values, cost);
        using var scope = new TensorScope("bank");
        var matrix = Rows(x, rows);
        var machine = LinearSvm.Fit(matrix, [.. rows.Select(i => values[i] == 1)], new LinearSvmOptions { C = cost, Balanced = true });
        return (machine.Weight, machine.Bias);
    }

    // The square penalty of scikit-learn's C: lambda = 1 / (C n), but for the bias, which moves the prior to even odds.
    private static (double[] Weight, double Bias) Logistic(StandardColumns x, int[] rows, float[] values, double cost)
    {
        using var scope = new TensorScope("bank");
        var columns = new StandardColumns(Rows(x, rows), standardize: false);
        int[] labels = [.. rows.Select(i => values[i] == 1 ? 1 : 0)];
        var lambda = 1 / (cost * rows.Length);
        var newton = new MultinomialNewton(columns, labels, 2, 1e-9);
        newton.Solve(lambda, lambda, 1e-3, 200);
        var prior = Math.Log((double)labels.Sum() / (labels.Length - labels.Sum()));
        return (newton.Weights[..^1], newton.Weights[^1] - prior);
    }

    private static Tensor Rows(StandardColumns x, int[] rows)
    {
        var matrix = Tensor.Zeros(rows.Length, x.Count);
        for (var i = 0; i < rows.Length; i++)
            for (var j = 0; j < x.Count; j++) matrix.Data[(i * x.Count) + j] = (float)x.Values[((long)j * x.Rows) + rows[i]];
        return matrix;
    }

    private static double Score((double[] Weight, double Bias) of, StandardColumns x, int row)
    {
        var sum = of.Bias;
        for (var j = 0; j < of.Weight.Length; j++) sum += of.Weight[j] * x.Values[((long)j * x.Rows) + row];
        return sum;
    }

    private static double Balanced((double[] Weight, double Bias) of, StandardColumns x, int[] rows, float[] values)
    {
        double right = 0, wrong = 0, positives = 0;
        foreach (var i in rows)
        {
            var positive = values[i] == 1;
            positives += positive ? 1 : 0;
            if (Score(of, x, i) > 0 != positive) continue;
            if (positive) right++;
            else wrong++;
        }
        return ((right / positives) + (wrong / (rows.Length - positives))) / 2;
    }

    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }
}
