using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// The columns of a feature matrix with mean 0 and variance 1, each a run of doubles: what coordinate descent walks through. A
/// constant column becomes zeros, so that its weight stays 0.
/// </summary>
internal sealed class StandardColumns
{
    /// <summary>Standardises a matrix.</summary>
    /// <param name="features">[rows, count], finite.</param>
    /// <param name="standardize">Whether means and deviations are taken out; else the columns stay as they are.</param>
    /// <exception cref="ArgumentException">Not a matrix with rows, or a number is not finite.</exception>
    public StandardColumns(Tensor features, bool standardize = true)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Dim != 2 || features.Size(0) == 0 || features.Size(1) == 0)
            throw new ArgumentException($"a matrix [rows, features] with at least one of each is needed, not [{string.Join(", ", features.Shape.ToArray())}]");
        (Rows, Count) = (features.Size(0), features.Size(1));
        (Mean, Scale, Values) = (new double[Count], new double[Count], new double[checked((long)Rows * Count)]);
        Array.Fill(Scale, 1);
        var data = features.Data;
        for (var i = 0; i < Rows; i++)
            for (var j = 0; j < Count; j++)
            {
                double v = data[(i * Count) + j];
                if (!double.IsFinite(v)) throw new ArgumentException(FormattableString.Invariant($"feature {j} of row {i} is {v}: finite numbers are needed"));
                Values[((long)j * Rows) + i] = v;
            }
        if (standardize)
            for (var j = 0; j < Count; j++) Standardize(j);
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Count { get; }

    /// <summary>[count * rows], a column behind the other.</summary>
    public double[] Values { get; }

    /// <summary>What was subtracted from each column.</summary>
    public double[] Mean { get; }

    /// <summary>What each column was divided by afterwards: its deviation (with n below), 1 for a constant one.</summary>
    public double[] Scale { get; }

    private void Standardize(int j)
    {
        var column = Values.AsSpan(j * Rows, Rows);
        double sum = 0, squares = 0;
        foreach (var v in column) sum += v;
        var mean = sum / Rows;
        foreach (ref var v in column)
        {
            v -= mean;
            squares += v * v;
        }
        var deviation = Math.Sqrt(squares / Rows);
        Mean[j] = mean;
        // What rounding leaves of a constant column is no deviation.
        if (deviation <= 1e-9 * Math.Max(1e-30, Math.Abs(mean)))
        {
            column.Clear();
            return;
        }
        Scale[j] = deviation;
        foreach (ref var v in column) v /= deviation;
    }
}
