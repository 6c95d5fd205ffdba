namespace Isthmus.Bottlenecks;

/// <summary>
/// The curvature of one class's block, Xᵀ diag(w) X over the features that were asked for and the bias, at weights w = p (1 - p)/n that
/// may be somewhat out of date: a new feature adds a row, and only when the weights have moved by a share is all computed again.
/// </summary>
internal sealed unsafe class ClassCurvature
{
    private const double MostDrift = 0.2;
    private const long MostNumbers = 1L << 28; // two gigabytes in one class
    private readonly Dictionary<int, int> _slots = [];
    private readonly List<int> _columns = [];
    private double[] _weight = [];
    private double[] _gram = [];
    private int _stride;

    /// <summary>The distance between rows of <see cref="Gram"/>.</summary>
    public int Stride => _stride;

    /// <summary>[slots, stride], symmetric; slot 0 is the bias.</summary>
    public double[] Gram => _gram;

    /// <summary>Where a feature stands.</summary>
    public int Slot(int feature) => _slots[feature];

    /// <summary>Makes sure that features are there and that the weights are near enough.</summary>
    /// <param name="x">Columns.</param>
    /// <param name="features">To be there.</param>
    /// <param name="weight">p (1 - p)/n now, [n].</param>
    /// <exception cref="InputException">More features carry weights in one class than memory can hold.</exception>
    public void Ensure(StandardColumns x, ReadOnlySpan<int> features, ReadOnlySpan<double> weight)
    {
        var rebuilt = Drift(weight) > MostDrift;
        if (rebuilt)
        {
            _weight = weight.ToArray();
            _slots.Clear();
            _columns.Clear();
        }
        var known = _columns.Count;
        foreach (var j in features)
            if (_slots.TryAdd(j, _columns.Count + 1)) _columns.Add(j);
        if (_columns.Count == known && !rebuilt) return;
        Grow(_columns.Count + 1);
        var n = x.Rows;
        fixed (double* columns = x.Values, w = _weight, gram = _gram)
        {
            ColumnKernels.Gram(columns, n, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_columns), known, w, gram + _stride + 1, _stride);
            gram[0] = ColumnKernels.Sum(w, n);
            var fresh = new double[_columns.Count - known];
            ColumnKernels.Products(columns, n, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_columns)[known..], w, fresh);
            for (var i = 0; i < fresh.Length; i++) gram[known + i + 1] = gram[(long)(known + i + 1) * _stride] = fresh[i];
        }
    }

    private double Drift(ReadOnlySpan<double> weight)
    {
        if (_weight.Length == 0) return double.PositiveInfinity;
        double moved = 0, all = 0;
        for (var i = 0; i < _weight.Length; i++)
        {
            moved += Math.Abs(weight[i] - _weight[i]);
            all += _weight[i];
        }
        return moved / Math.Max(all, 1e-300);
    }

    private void Grow(int slots)
    {
        if (slots <= _stride) return;
        var stride = Math.Max(slots, Math.Min(2 * _stride, slots + 256));
        if ((long)stride * stride > MostNumbers)
            throw new InputException(FormattableString.Invariant($"elastic net: {slots} features carry weights in one class, which is more than memory for their curvature allows"), "a greater lambda leaves fewer");
        var grown = new double[stride * stride];
        for (var i = 0; i < _stride; i++) _gram.AsSpan(i * _stride, _stride).CopyTo(grown.AsSpan(i * stride));
        (_gram, _stride) = (grown, stride);
    }
}
