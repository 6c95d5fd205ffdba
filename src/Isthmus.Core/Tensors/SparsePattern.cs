using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

/// <summary>
/// Where the entries of a sparse matrix stand; their values are a tensor of one number an entry, row by row in rising columns. Products
/// and their gradients touch entries only.
/// </summary>
/// <remarks>All results have the same bits for every number of threads and instruction set.</remarks>
public sealed unsafe class SparsePattern
{
    private readonly int[] _starts, _places;
    private (int[] Starts, int[] Rows, int[] Order)? _byColumn; // made when a gradient first needs it

    /// <summary>A pattern of given places.</summary>
    /// <param name="columns">At least 1.</param>
    /// <param name="starts">Row i has the entries starts[i] up to starts[i + 1]: rows + 1 numbers from 0, never falling.</param>
    /// <param name="places">The column of each entry, rising within a row.</param>
    /// <exception cref="ArgumentException">The numbers are no such pattern.</exception>
    public SparsePattern(int columns, int[] starts, int[] places)
    {
        ArgumentNullException.ThrowIfNull(starts);
        ArgumentNullException.ThrowIfNull(places);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (starts.Length == 0 || starts[0] != 0 || starts[^1] != places.Length) throw new ArgumentException($"sparse pattern: starts must lead from 0 to the {places.Length} places");
        for (var i = 0; i + 1 < starts.Length; i++)
        {
            if (starts[i + 1] < starts[i] || starts[i + 1] > places.Length) throw new ArgumentException($"sparse pattern: row {i} ends at {starts[i + 1]} and begins at {starts[i]}");
            for (var p = starts[i]; p < starts[i + 1]; p++)
                if ((uint)places[p] >= (uint)columns || (p > starts[i] && places[p] <= places[p - 1]))
                    throw new ArgumentException($"sparse pattern: place {places[p]} in row {i} of {columns} columns: rising places 0..{columns - 1} are needed");
        }
        (Columns, _starts, _places) = (columns, starts, places);
    }

    /// <summary>Rows of the matrix.</summary>
    public int Rows => _starts.Length - 1;

    /// <summary>Columns of the matrix.</summary>
    public int Columns { get; }

    /// <summary>Entries of all rows.</summary>
    public int Count => _places.Length;

    /// <summary>Row i has the entries Starts[i] up to Starts[i + 1].</summary>
    public ReadOnlySpan<int> Starts => _starts;

    /// <summary>The column of each entry.</summary>
    public ReadOnlySpan<int> Places => _places;

    /// <summary>The places of a matrix where a condition holds, given row, column and value.</summary>
    /// <param name="matrix">[rows, columns].</param>
    /// <param name="holds">From the column and the value.</param>
    public static SparsePattern Where(Tensor matrix, Func<int, float, bool> holds)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(holds);
        if (matrix.Dim != 2) throw new ArgumentException($"sparse pattern: a matrix is needed, not {Shapes.Text(matrix.Shape)}");
        var (rows, columns) = (matrix.Size(0), matrix.Size(1));
        var starts = new int[rows + 1];
        var places = new List<int>();
        for (var i = 0; i < rows; i++)
        {
            var row = matrix.Data.Slice(i * columns, columns);
            for (var j = 0; j < columns; j++)
                if (holds(j, row[j])) places.Add(j);
            starts[i + 1] = places.Count;
        }
        return new SparsePattern(columns, starts, [.. places]);
    }

    /// <summary>
    /// The k largest positive outputs x W' + b of each row, of equals the first; fewer where fewer are positive. The matrix of all outputs is
    /// never made, and the gradient reaches the rows of W that were chosen only.
    /// </summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="weight">[columns, inputs].</param>
    /// <param name="bias">[columns].</param>
    /// <param name="k">At least 1.</param>
    /// <returns>The places, and the outputs there, [entries].</returns>
    public static (SparsePattern Pattern, Tensor Values) LinearTopK(Tensor x, Tensor weight, Tensor bias, int k)
    {
        CheckLinear(x, weight, bias);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        var (rows, columns) = (x.Size(0), weight.Size(0));
        k = Math.Min(k, columns);
        var places = new int[(long)rows * k];
        var found = new float[(long)rows * k];
        var counts = new int[rows];
        fixed (int* p = places, c = counts)
        fixed (float* v = found) Kernels.LinearTopK.Find(x.Pointer, rows, x.Size(1), weight.Pointer, bias.Pointer, columns, k, p, v, c);
        GC.KeepAlive(weight);
        GC.KeepAlive(bias);
        var starts = new int[rows + 1];
        for (var i = 0; i < rows; i++) starts[i + 1] = starts[i] + counts[i];
        var (packed, values) = (new int[starts[rows]], Tensor.Zeros(starts[rows]));
        for (var i = 0; i < rows; i++)
        {
            places.AsSpan(i * k, counts[i]).CopyTo(packed.AsSpan(starts[i]));
            found.AsSpan(i * k, counts[i]).CopyTo(values.Data[starts[i]..]);
        }
        var pattern = new SparsePattern(columns, starts, packed);
        return (pattern, pattern.Recorded(values, x, weight, bias));
    }

    /// <summary>The outputs x W' + b at the places, [entries]; gradients reach x and the rows of W and b that have entries.</summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="weight">[columns, inputs].</param>
    /// <param name="bias">[columns].</param>
    public Tensor Linear(Tensor x, Tensor weight, Tensor bias)
    {
        CheckLinear(x, weight, bias);
        if (x.Size(0) != Rows || weight.Size(0) != Columns) throw new ArgumentException($"sparse linear: {Shapes.Text(x.Shape)} and {Shapes.Text(weight.Shape)} do not fit a pattern of {Rows} rows and {Columns} columns");
        var values = Tensor.Zeros(Count);
        Dots(x, weight, values);
        var to = values.Data;
        var biases = bias.Data;
        for (var p = 0; p < to.Length; p++) to[p] += biases[_places[p]];
        return Recorded(values, x, weight, bias);
    }

    /// <summary>The product with a table: for each row the sum of its values times the table's rows at its places.</summary>
    /// <param name="values">[entries].</param>
    /// <param name="table">[columns, width].</param>
    /// <param name="unitRows">Whether the table's rows are kept at length 1: their gradient is then without its part along them.</param>
    /// <returns>[rows, width].</returns>
    public Tensor Multiply(Tensor values, Tensor table, bool unitRows = false)
    {
        CheckValues(values);
        ArgumentNullException.ThrowIfNull(table);
        if (table.Dim != 2 || table.Size(0) != Columns) throw new ArgumentException($"sparse multiply: a table [{Columns}, width] is needed, not {Shapes.Text(table.Shape)}");
        return Tensor.WithGradient(Sums(values, table), [values, table], g =>
        {
            Tensor? toValues = null;
            if (values.NeedsGradient) Dots(g, table, toValues = Tensor.Zeros(Count));
            return [toValues, table.NeedsGradient ? ColumnSums(values, g, unitRows ? table : null) : null];
        });
    }

    /// <summary>The matrix itself, [rows, columns], zeros elsewhere; no gradient.</summary>
    public Tensor ToDense(Tensor values)
    {
        CheckValues(values);
        var dense = Tensor.Zeros(Rows, Columns);
        for (var i = 0; i < Rows; i++)
            for (var p = _starts[i]; p < _starts[i + 1]; p++) dense.Data[(i * Columns) + _places[p]] = values.Data[p];
        return dense;
    }

    /// <summary>The entries whose columns lie in [from, to), and where they stand among these.</summary>
    public (SparsePattern Pattern, LongTensor Entries) Band(int from, int to)
    {
        var starts = new int[Rows + 1];
        var kept = new List<long>();
        for (var i = 0; i < Rows; i++)
        {
            for (var p = _starts[i]; p < _starts[i + 1]; p++)
                if (_places[p] >= from && _places[p] < to) kept.Add(p);
            starts[i + 1] = kept.Count;
        }
        return (new SparsePattern(Columns, starts, [.. kept.Select(p => _places[p])]), LongTensor.Over([.. kept], kept.Count));
    }

    /// <summary>The column of each entry, to look things up by <see cref="Tensor.IndexSelect"/>.</summary>
    public LongTensor PlaceIndex() => LongTensor.From(_places, _places.Length);

    /// <summary>How many rows have an entry in each column.</summary>
    public int[] ColumnCounts()
    {
        var counts = new int[Columns];
        foreach (var place in _places) counts[place]++;
        return counts;
    }

    // Values that were computed as x W' + b at the places get that gradient.
    private Tensor Recorded(Tensor values, Tensor x, Tensor weight, Tensor bias) => Tensor.WithGradient(values, [x, weight, bias], g =>
    {
        Tensor? toBias = null;
        if (bias.NeedsGradient)
        {
            toBias = Tensor.Zeros(Columns);
            var to = toBias.Data;
            var from = g.Data;
            for (var p = 0; p < from.Length; p++) to[_places[p]] += from[p];
        }
        return [x.NeedsGradient ? Sums(g, weight) : null, weight.NeedsGradient ? ColumnSums(g, x, null) : null, toBias];
    });

    private void Dots(Tensor left, Tensor right, Tensor to)
    {
        fixed (int* starts = _starts, places = _places) SparseKernel.Dots(Rows, starts, places, left.Pointer, right.Pointer, right.Size(1), to.Pointer);
        GC.KeepAlive(left);
        GC.KeepAlive(right);
    }

    private Tensor Sums(Tensor values, Tensor table)
    {
        var result = Tensor.Uninitialized([Rows, table.Size(1)]);
        fixed (int* starts = _starts, places = _places) SparseKernel.Rows(Rows, starts, places, null, values.Pointer, table.Pointer, table.Size(1), result.Pointer);
        GC.KeepAlive(values);
        GC.KeepAlive(table);
        return result;
    }

    // For each column the sum over its entries of value times the entry's row of a matrix.
    private Tensor ColumnSums(Tensor values, Tensor matrix, Tensor? unit)
    {
        var (starts, rows, order) = _byColumn ??= Turned();
        var result = Tensor.Uninitialized([Columns, matrix.Size(1)]);
        fixed (int* s = starts, r = rows, o = order) SparseKernel.Rows(Columns, s, r, o, values.Pointer, matrix.Pointer, matrix.Size(1), result.Pointer, unit is null ? null : unit.Pointer);
        GC.KeepAlive(values);
        GC.KeepAlive(matrix);
        GC.KeepAlive(unit);
        return result;
    }

    // The entries by column, rows rising.
    private (int[] Starts, int[] Rows, int[] Order) Turned()
    {
        var starts = new int[Columns + 1];
        foreach (var place in _places) starts[place + 1]++;
        for (var j = 0; j < Columns; j++) starts[j + 1] += starts[j];
        var next = starts.AsSpan(0, Columns).ToArray();
        var (rows, order) = (new int[Count], new int[Count]);
        for (var i = 0; i < Rows; i++)
            for (var p = _starts[i]; p < _starts[i + 1]; p++)
            {
                var at = next[_places[p]]++;
                (rows[at], order[at]) = (i, p);
            }
        return (starts, rows, order);
    }

    private void CheckValues(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Numel != Count) throw new ArgumentException($"sparse pattern: {values.Numel} values for {Count} entries");
    }

    private static void CheckLinear(Tensor x, Tensor weight, Tensor bias)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(bias);
        if (x.Dim != 2 || weight.Dim != 2 || x.Size(1) < 1 || x.Size(1) != weight.Size(1) || bias.Numel != weight.Size(0))
            throw new ArgumentException($"sparse linear: {Shapes.Text(x.Shape)}, {Shapes.Text(weight.Shape)} and {Shapes.Text(bias.Shape)} are not [rows, inputs], [columns, inputs] and [columns]");
    }
}
