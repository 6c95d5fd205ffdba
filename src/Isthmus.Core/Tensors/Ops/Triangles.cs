namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_tril = Rule.Add("tril", static (n, g) => n.Give(0, g.Tril((int)n.Saved!)));
    private static readonly Rule s_triu = Rule.Add("triu", static (n, g) => n.Give(0, g.Triu((int)n.Saved!)));
    private static readonly Rule s_diagonal = Rule.Add("diagonal", static (n, g) =>
    {
        var full = Zeros(n[0]._shape);
        CopyDiagonals(full, g, toFull: true);
        n.Give(0, full);
    });

    /// <summary>The lower triangles of matrices […, m, n]: what lies above a diagonal becomes 0.</summary>
    /// <param name="diagonal">The last diagonal that is kept: 0 the main one, positive above it, negative below.</param>
    public Tensor Tril(int diagonal = 0) => Record(s_tril, Triangle("tril", diagonal, lower: true), this, diagonal);

    /// <summary>The upper triangles of matrices […, m, n]: what lies below a diagonal becomes 0.</summary>
    /// <param name="diagonal">The first diagonal that is kept: 0 the main one, positive above it, negative below.</param>
    public Tensor Triu(int diagonal = 0) => Record(s_triu, Triangle("triu", diagonal, lower: false), this, diagonal);

    /// <summary>The main diagonals of matrices: […, m, n] to […, min(m, n)]. A copy.</summary>
    public Tensor Diagonal()
    {
        CheckMatrices("diagonal");
        var result = Uninitialized([.. _shape[..^2], Math.Min(_shape[^1], _shape[^2])]);
        CopyDiagonals(this, result, toFull: false);
        return Record(s_diagonal, result, this);
    }

    private Tensor Triangle(string op, int diagonal, bool lower)
    {
        CheckMatrices(op);
        var (rows, columns) = (_shape[^2], _shape[^1]);
        var result = Zeros(_shape);
        if (Numel == 0) return result;
        for (long row = 0; row < Numel / columns; row++)
        {
            var cut = (int)Math.Clamp((row % rows) + diagonal + (lower ? 1L : 0L), 0, columns); // columns left of the cut are below the diagonal
            var (start, count) = lower ? (0, cut) : (cut, columns - cut);
            Block(this, row, columns).Slice(start, count).CopyTo(Block(result, row, columns)[start..]);
        }
        return result;
    }

    private static void CopyDiagonals(Tensor full, Tensor diagonals, bool toFull)
    {
        if (diagonals.Numel == 0) return;
        var (size, columns, k) = ((long)full._shape[^2] * full._shape[^1], full._shape[^1], diagonals._shape[^1]);
        for (long b = 0; b < diagonals.Numel / k; b++)
            for (var i = 0; i < k; i++)
            {
                var x = full.Pointer + (b * size) + ((long)i * columns) + i;
                var y = diagonals.Pointer + (b * k) + i;
                if (toFull) *x = *y;
                else *y = *x;
            }
    }

    private void CheckMatrices(string op)
    {
        if (Dim < 2) throw new ArgumentException($"{op}: matrices [..., m, n] are needed, not {Shapes.Text(_shape)}");
    }
}
