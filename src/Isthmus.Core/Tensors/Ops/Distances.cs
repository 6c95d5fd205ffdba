using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_cdist = Rule.Add("cdist", static (n, g) =>
    {
        // Both inputs alike: the second one's gradient is the first one's with the two exchanged, and reads g and the distances by columns.
        var one = (bool)n.Saved!;
        for (var i = 0; i < 2; i++)
            if (n.Needs(i)) n.Give(i, DistanceKernel.Backward(one, n[i], n[1 - i], g, n.Output, byColumns: i == 1));
    });
    private static readonly Rule s_norm = Rule.Add("norm", static (n, g) =>
    {
        var keep = (int[])n.Saved!;
        n.Give(0, n[0] * Zip<RatioOrZero>(g.Alias(keep), n.Output.Alias(keep))); // g x / |x|
    });

    /// <summary>
    /// The distances between all rows of two matrices, computed from differences (never by |a|² + |b|² - 2ab, which loses all
    /// digits for near rows). The gradient of a distance of 0 is 0.
    /// </summary>
    /// <param name="other">[…, m, d]; batches broadcast.</param>
    /// <param name="p">2 for Euclid's distance, 1 for the sum of absolute differences.</param>
    /// <returns>[…, n, m] for this of shape […, n, d].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or p is neither 1 nor 2.</exception>
    public Tensor Cdist(Tensor other, float p = 2)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (p is not (1 or 2)) throw new ArgumentException($"cdist: p is 1 or 2, not {Text(p)}");
        if (Dim < 2 || other.Dim < 2 || _shape[^1] != other._shape[^1])
            throw new ArgumentException($"cdist: shapes {Shapes.Text(_shape)} and {Shapes.Text(other._shape)} do not fit: [..., n, d] and [..., m, d] are needed");
        var batch = Shapes.Broadcast("cdist", _shape[..^2], other._shape[..^2]);
        var a = ExpandBatch(batch);
        var b = other.ExpandBatch(batch);
        return Record(s_cdist, DistanceKernel.Forward(p == 1, a, b), a, b, p == 1);
    }

    /// <summary>A vector norm over dimensions. The gradient at 0 is 0; for the largest magnitude, equals share it.</summary>
    /// <param name="p">1: the sum of magnitudes; 2: Euclid's; positive infinity: the largest magnitude.</param>
    /// <param name="dims">Which; negative ones count from the end.</param>
    /// <param name="keepdim">Keeps them as dimensions of size 1.</param>
    /// <exception cref="ArgumentException">p is another number.</exception>
    public Tensor Norm(float p, ReadOnlySpan<int> dims, bool keepdim = false)
    {
        if (p == 1) return Abs().Sum(dims, keepdim);
        if (p == float.PositiveInfinity) return Abs().AMax(dims, keepdim);
        if (p != 2) throw new ArgumentException($"norm: p is 1, 2 or infinity, not {Text(p)}");
        var (keep, removed) = Reduced("norm", dims);
        Tensor result;
        using (var scope = new TensorScope("norm"))
        using (new NoGrad())
            result = scope.Keep(Square().SumTo(keep).Sqrt());
        return Record(s_norm, result.Alias(keepdim ? keep : removed), this, keep);
    }

    /// <summary>The norm of all elements; see <see cref="Norm(float, ReadOnlySpan{int}, bool)"/>.</summary>
    public Tensor Norm(float p = 2) => Norm(p, AllDims());

    private static string Text(float x) => x.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>This with its dimensions before the last two expanded to a batch.</summary>
    internal Tensor ExpandBatch(int[] batch) => _shape.AsSpan()[..^2].SequenceEqual(batch) ? this : Expand([.. batch, .. _shape[^2..]]);

    private readonly struct RatioOrZero : IZip
    {
        public T Apply<T>(T g, T norm) where T : struct, ILane<T> => T.Select(T.Equal(norm, T.Of(0f)), T.Of(0f), g / norm);
    }
}
