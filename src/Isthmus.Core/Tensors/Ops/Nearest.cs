using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    /// <summary>
    /// For each row the index of the nearest entry of a table, by Euclidean distance, ties to the lowest; no gradient. With several
    /// tables a row is cut into as many pieces, and each piece has its own. The matrix of all distances is never made: memory is
    /// one packed table and a few rows a thread.
    /// </summary>
    /// <remarks>
    /// It is the argmin of |e|²/2 - x·e in single precision, the dot product summed by fma in ascending order in blocks of at most
    /// 288 terms: the same index for every number of threads, batch and instruction set. Entries whose scores differ by less than
    /// rounding, about k 2^-24 |x| |e| for k terms, may be taken one for the other.
    /// </remarks>
    /// <param name="tables">[entries, k], or [heads, entries, k]; one head may serve all pieces of a row.</param>
    /// <param name="heads">Pieces of a row; this is [n, heads k].</param>
    /// <returns>[n] for a table, [n, heads] for several or for several heads.</returns>
    public LongTensor NearestRows(Tensor tables, int heads = 1)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        var books = tables.Dim == 3 ? tables._shape[0] : 1;
        var (entries, k) = tables.Dim is 2 or 3 ? (tables.Size(-2), tables.Size(-1)) : (0, 0);
        if (Dim != 2 || entries < 1 || k < 1 || _shape[1] != heads * (long)k || (books != 1 && books != heads))
            throw new ArgumentException($"nearest_rows: rows {Shapes.Text(_shape)} in {heads} pieces do not fit tables {Shapes.Text(tables._shape)}; [n, heads k] and [heads or 1, entries, k] are needed");
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("nearest_rows");
        var halfNorms = tables.Detach().Square().Sum(-1) * 0.5f;
        var n = _shape[0];
        var result = tables.Dim == 2 && heads == 1 ? LongTensor.Zeros(n) : LongTensor.Zeros(n, heads);
        fixed (long* places = result.Data)
            for (var h = 0; h < heads; h++)
            {
                var book = books == 1 ? 0 : h;
                Kernels.NearestRows.Find(Pointer + (h * k), _shape[1], n, k, tables.Pointer + ((long)book * entries * k), halfNorms.Pointer + ((long)book * entries), entries, places + h, heads);
            }
        GC.KeepAlive(tables);
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>
    /// Sums of rows by index, without a one-hot matrix: result[j] is the sum of the rows whose index is j, in rising order of rows.
    /// Negative indices are left out; no gradient.
    /// </summary>
    /// <param name="index">As many as there are rows, each below <paramref name="entries"/>.</param>
    /// <param name="entries">Rows of the result.</param>
    /// <returns>[entries, k] for this [n, k].</returns>
    public Tensor SegmentSum(LongTensor index, int entries)
    {
        ArgumentNullException.ThrowIfNull(index);
        if (Dim != 2 || index.Numel != _shape[0]) throw new ArgumentException($"segment_sum: {index.Numel} indices for {Shapes.Text(_shape)}; one for each of the rows of [n, k] is needed");
        var result = Zeros(entries, _shape[1]);
        var k = _shape[1];
        for (var i = 0; i < index.Numel; i++)
        {
            if (index.Data[i] < 0) continue;
            var to = result.Pointer + (Checked("segment_sum", index.Data[i], entries) * k);
            Map.Serial(default(AddOp), to, false, Pointer + ((long)i * k), false, to, k);
        }
        GC.KeepAlive(this);
        return result;
    }
}
