using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Data.Baselines;

/// <summary>Scores every item by how many training users know it, the same for all users.</summary>
public sealed class Popularity
{
    private readonly double[] _counts;

    /// <summary>Counts, for each item, the users with a rating that is not 0.</summary>
    /// <param name="ratings">[users, items].</param>
    public Popularity(Matrix ratings)
    {
        _counts = new double[ratings.Columns];
        for (var user = 0; user < ratings.Rows; user++)
            for (var item = 0; item < ratings.Columns; item++)
                if (ratings.Row(user)[item] != 0) _counts[item]++;
    }

    /// <summary>A score for each item.</summary>
    public IReadOnlyList<double> Scores => _counts;
}

/// <summary>
/// Each item predicted linearly from all others: B = I − P diag(1 / diag P) with P = (XᵀX + lambda I)⁻¹
/// (Steck: "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equations 8 and 9).
/// </summary>
public sealed class Ease
{
    private readonly double[] _weights; // [items, items]: row j holds what item j says of every item
    private readonly int _items;

    /// <summary>Fits the weights exactly; memory and time grow with the square and the cube of the number of items.</summary>
    /// <param name="ratings">[users, items].</param>
    /// <param name="lambda">The penalty, positive.</param>
    public Ease(Matrix ratings, double lambda = 200)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lambda);
        _items = ratings.Columns;
        var gram = Dense.Gram(Dense.Centred(ratings, new double[_items]), ratings.Rows, _items);
        for (var i = 0; i < _items; i++) gram[i, i] += lambda;
        var inverse = Matrix<double>.Build.DenseOfArray(gram).Cholesky().Solve(Matrix<double>.Build.DenseIdentity(_items));
        _weights = new double[_items * _items];
        for (var i = 0; i < _items; i++)
            for (var j = 0; j < _items; j++) _weights[i * _items + j] = i == j ? 0 : -inverse[i, j] / inverse[j, j];
    }

    /// <summary>Scores [items] of a user from what is known of them.</summary>
    public double[] Scores(ReadOnlySpan<float> known)
    {
        if (known.Length != _items) throw new ArgumentException($"Ease: {known.Length} ratings, expected {_items}");
        var scores = new double[_items];
        for (var item = 0; item < _items; item++)
            if (known[item] != 0) Dense.Add(known[item], _weights.AsSpan(item * _items, _items), scores);
        return scores;
    }
}

/// <summary>How well scores rank what a user really knows.</summary>
public static class Ranking
{
    /// <summary>Recall at k: hits among the first k, over the smaller of k and the number of held-out items. Items that were shown are
    /// not ranked; of equal scores the first item comes first.</summary>
    public static double Recall(ReadOnlySpan<double> scores, ReadOnlySpan<float> shown, ReadOnlySpan<float> held, int k) =>
        Gain(scores, shown, held, k, _ => 1);

    /// <summary>Normalised discounted cumulative gain at k, a hit at rank r (from 1) counting 1 / log2(r + 1)
    /// (Järvelin, Kekäläinen: "Cumulated Gain-Based Evaluation of IR Techniques", ACM TOIS 2002).</summary>
    public static double Ndcg(ReadOnlySpan<double> scores, ReadOnlySpan<float> shown, ReadOnlySpan<float> held, int k) =>
        Gain(scores, shown, held, k, rank => 1 / Math.Log2(rank + 2));

    private static double Gain(ReadOnlySpan<double> scores, ReadOnlySpan<float> shown, ReadOnlySpan<float> held, int k, Func<int, double> weight)
    {
        var order = new List<(double Score, int Item)>();
        var relevant = 0;
        for (var item = 0; item < scores.Length; item++)
        {
            if (held[item] != 0) relevant++;
            if (shown[item] == 0) order.Add((-scores[item], item));
        }
        if (relevant == 0) return double.NaN;
        order.Sort();
        double gain = 0, best = 0;
        for (var rank = 0; rank < Math.Min(k, order.Count); rank++)
            if (held[order[rank].Item] != 0) gain += weight(rank);
        for (var rank = 0; rank < Math.Min(k, relevant); rank++) best += weight(rank);
        return gain / best;
    }
}
