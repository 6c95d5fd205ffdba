namespace Isthmus.Data.Baselines;

/// <summary>The k training rows nearest to each row by Euclidean distance, found by comparing all; of equally near ones the first
/// (Fix, Hodges: "Discriminatory Analysis", 1951).</summary>
public sealed class NearestNeighbours
{
    private readonly double[] _rows;
    private readonly double[] _squares;
    private readonly int _d;

    /// <summary>Keeps the training rows in double precision.</summary>
    public NearestNeighbours(Matrix x)
    {
        _d = x.Columns;
        _rows = Dense.Centred(x, new double[_d]);
        _squares = new double[x.Rows];
        for (var row = 0; row < x.Rows; row++) _squares[row] = Dense.Dot(_rows.AsSpan(row * _d, _d), _rows.AsSpan(row * _d, _d));
    }

    /// <summary>The nearest training rows [rows, k], nearest first.</summary>
    public int[] Find(Matrix x, int k)
    {
        if (k < 1 || k > _squares.Length) throw new ArgumentOutOfRangeException(nameof(k), k, $"expected 1 to {_squares.Length}");
        if (x.Columns != _d) throw new ArgumentException($"NearestNeighbours: rows of {x.Columns} columns, expected {_d}");
        var found = new int[x.Rows * k];
        Dense.For(x.Rows, row =>
        {
            var point = new double[_d];
            for (var c = 0; c < _d; c++) point[c] = x.Row(row)[c];
            var best = new double[k];
            var at = found.AsSpan(row * k, k);
            Array.Fill(best, double.PositiveInfinity);
            for (var i = 0; i < _squares.Length; i++)
            {
                var distance = _squares[i] - 2 * Dense.Dot(point, _rows.AsSpan(i * _d, _d)); // the point's own square is the same for all
                if (!(distance < best[k - 1])) continue;
                var place = k - 1;
                for (; place > 0 && distance < best[place - 1]; place--) (best[place], at[place]) = (best[place - 1], at[place - 1]);
                (best[place], at[place]) = (distance, i);
            }
        });
        return found;
    }

    /// <summary>The most frequent class among the nearest rows; of equally frequent ones the least.</summary>
    public int[] Classify(Matrix x, ReadOnlySpan<int> labels, int classes, int k = 5)
    {
        var near = Find(x, k);
        var to = new int[x.Rows];
        for (var row = 0; row < to.Length; row++)
        {
            var votes = new int[classes];
            foreach (var i in near.AsSpan(row * k, k)) votes[labels[i]]++;
            to[row] = Array.IndexOf(votes, votes.Max());
        }
        return to;
    }

    /// <summary>The mean of the nearest rows' numbers [rows, width].</summary>
    public double[] Regress(Matrix x, ReadOnlySpan<float> y, int width, int k = 5)
    {
        var near = Find(x, k);
        var to = new double[x.Rows * width];
        for (var row = 0; row < x.Rows; row++)
            for (var o = 0; o < width; o++)
            {
                double sum = 0;
                foreach (var i in near.AsSpan(row * k, k)) sum += y[i * width + o];
                to[row * width + o] = sum / k;
            }
        return to;
    }
}
