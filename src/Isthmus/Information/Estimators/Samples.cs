namespace Isthmus.Information;

/// <summary>
/// n draws of a random vector of d columns, row-major in double precision. A column may be marked discrete, which tells the
/// mixed estimators and the alarms that its repeated values are meant.
/// </summary>
public sealed class Samples
{
    private readonly double[] _values;
    private readonly bool[] _discrete;

    /// <summary>Samples from a row-major array, which is kept, not copied.</summary>
    /// <param name="values">n × d finite numbers.</param>
    /// <param name="n">Number of rows, at least 1.</param>
    /// <param name="d">Number of columns, at least 1.</param>
    /// <param name="discrete">One flag a column; null means that all are continuous.</param>
    /// <param name="name">What messages call these samples (<c>x</c>, <c>y</c>).</param>
    /// <exception cref="InputException">A length that does not fit, or a number that is NaN or infinite.</exception>
    public Samples(double[] values, int n, int d, bool[]? discrete = null, string name = "x")
    {
        ArgumentNullException.ThrowIfNull(values);
        if (n < 1 || d < 1 || values.Length != (long)n * d)
            throw new InputException(FormattableString.Invariant($"{name}: {values.Length} numbers do not make {n} rows of {d} columns"));
        if (discrete is not null && discrete.Length != d)
            throw new InputException(FormattableString.Invariant($"{name}: {discrete.Length} discrete flags for {d} columns"));
        for (var i = 0; i < values.Length; i++)
            if (!double.IsFinite(values[i]))
                throw new InputException(FormattableString.Invariant(
                    $"{name}: row {i / d + 1}, column {i % d + 1} is {values[i]}; every value must be finite"), "drop or fill such rows first");
        (_values, Count, Dimensions, _discrete, Name) = (values, n, d, discrete ?? new bool[d], name);
    }

    /// <summary>Samples from columns of equal length.</summary>
    /// <exception cref="InputException">No column, columns of different lengths, or a value that is not finite.</exception>
    public static Samples FromColumns(IReadOnlyList<double[]> columns, bool[]? discrete = null, string name = "x")
    {
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0) throw new InputException($"{name}: no column");
        var (n, d) = (columns[0].Length, columns.Count);
        var values = new double[(long)n * d];
        for (var c = 0; c < d; c++)
        {
            if (columns[c].Length != n)
                throw new InputException(FormattableString.Invariant($"{name}: column {c + 1} has {columns[c].Length} rows, column 1 has {n}"));
            for (var i = 0; i < n; i++) values[i * d + c] = columns[c][i];
        }
        return new Samples(values, n, d, discrete, name);
    }

    /// <summary>One continuous column.</summary>
    public static Samples Of(double[] column, string name = "x") => new(column, column?.Length ?? 0, 1, null, name);

    /// <summary>One discrete column: classes, symbols or counts.</summary>
    public static Samples OfLabels(ReadOnlySpan<int> labels, string name = "y")
    {
        var values = new double[labels.Length];
        for (var i = 0; i < values.Length; i++) values[i] = labels[i];
        return new Samples(values, values.Length, 1, [true], name);
    }

    /// <summary>What messages call these samples.</summary>
    public string Name { get; }

    /// <summary>n, the number of rows.</summary>
    public int Count { get; }

    /// <summary>d, the number of columns.</summary>
    public int Dimensions { get; }

    /// <summary>The n × d values, row-major.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>One value.</summary>
    public double this[int row, int column] => _values[row * Dimensions + column];

    /// <summary>Whether a column was marked discrete.</summary>
    public bool IsDiscrete(int column) => _discrete[column];

    /// <summary>Whether every column was marked discrete.</summary>
    public bool AllDiscrete => Array.TrueForAll(_discrete, flag => flag);

    /// <summary>Whether some column was marked discrete.</summary>
    public bool AnyDiscrete => Array.Exists(_discrete, flag => flag);

    /// <summary>A copy of one column.</summary>
    public double[] Column(int column)
    {
        var values = new double[Count];
        for (var i = 0; i < values.Length; i++) values[i] = _values[i * Dimensions + column];
        return values;
    }

    /// <summary>The rows with the given numbers, in that order; a number may occur more than once.</summary>
    public Samples Take(ReadOnlySpan<int> rows)
    {
        var taken = new double[(long)rows.Length * Dimensions];
        for (var i = 0; i < rows.Length; i++)
            _values.AsSpan(rows[i] * Dimensions, Dimensions).CopyTo(taken.AsSpan(i * Dimensions));
        return new Samples(taken, rows.Length, Dimensions, _discrete, Name);
    }

    /// <summary>The same rows with other values, flags and name kept: what a transform returns.</summary>
    internal Samples With(double[] values) => new(values, Count, values.Length / Count, values.Length / Count == Dimensions ? _discrete : null, Name);

    /// <summary>These columns followed by those of others with as many rows.</summary>
    internal Samples Beside(Samples other)
    {
        var d = Dimensions + other.Dimensions;
        var values = new double[(long)Count * d];
        for (var i = 0; i < Count; i++)
        {
            _values.AsSpan(i * Dimensions, Dimensions).CopyTo(values.AsSpan(i * d));
            other._values.AsSpan(i * other.Dimensions, other.Dimensions).CopyTo(values.AsSpan(i * d + Dimensions));
        }
        return new Samples(values, Count, d, [.. _discrete, .. other._discrete], Name + "," + other.Name);
    }

    /// <summary>One number a distinct row, numbered by first appearance; for labels and joint symbols.</summary>
    internal int[] RowSymbols(out int distinct)
    {
        var symbols = new int[Count];
        var order = new int[Count];
        for (var i = 0; i < Count; i++) order[i] = i;
        Array.Sort(order, (a, b) =>
        {
            var compared = _values.AsSpan(a * Dimensions, Dimensions).SequenceCompareTo(_values.AsSpan(b * Dimensions, Dimensions));
            return compared != 0 ? compared : a.CompareTo(b);
        });
        var first = new int[Count]; // of each row: the first row equal to it
        for (var i = 0; i < Count; i++)
        {
            var same = i > 0 && _values.AsSpan(order[i] * Dimensions, Dimensions)
                .SequenceEqual(_values.AsSpan(order[i - 1] * Dimensions, Dimensions));
            first[order[i]] = same ? first[order[i - 1]] : order[i];
        }
        distinct = 0;
        for (var i = 0; i < Count; i++) symbols[i] = first[i] == i ? distinct++ : symbols[first[i]];
        return symbols;
    }
}
