using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Bottlenecks;

/// <summary>Where the values of a few levels lie.</summary>
public enum LevelForm
{
    /// <summary>Multiples of 1/floor(L/2) from -1 on, 0 among them; even numbers of levels have none at 1.</summary>
    Standard,

    /// <summary>From -1 to 1, 2/(L - 1) apart.</summary>
    Symmetric,

    /// <summary>The middles of L equal cells of [-1, 1].</summary>
    Centred,
}

/// <summary>
/// The grid of finite scalar quantisation: a few levels in each of a few dimensions, and the number that names a cell. The index
/// is a 64-bit integer to mixed bases, the first dimension least significant: with levels 8, 5, 5, 5 the places are 1, 8, 40, 200.
/// </summary>
/// <remarks>
/// Mentzer, Minnen, Agustsson, Tschannen 2024, section 3.1: round(tanh(z + s) h - o) with h = (L - 1)(1 - 1e-3)/2, o = 1/2 for
/// even L, else 0, and s = atanh(o/h), so that z = 0 gives exactly 0 (the paper's code has tan in the place of atanh: the same codes).
/// The values are multiples of 1/floor(L/2) from -1 on; an even L has none at 1. The symmetric form has values from -1 to 1, all
/// 2/(L - 1) apart: floor((L - 1)(tanh z + 1)/2 + 1/2) (Parker et al. 2024, arXiv 2411.19842). Two levels always take it,
/// since the shift of two would move the place where they change to z = -3.8. The centred form cuts the range of tanh into equal cells
/// and sends their middles, 2 (l + 1/2)/L - 1 (Zhai et al. 2026, arXiv 2602.17133, equation 15).
/// </remarks>
public sealed unsafe class LevelGrid
{
    private readonly int[] _levels;
    private readonly long[] _places;
    private readonly LevelColumn[] _columns; // one for each dimension of each head

    /// <summary>A grid.</summary>
    /// <param name="levels">At least one number, each from 2 to 65536.</param>
    /// <param name="heads">Grids side by side in a row.</param>
    /// <param name="form">Where the values lie.</param>
    /// <exception cref="InputException">A level is out of range, or there are more codes than a 62-bit index can name.</exception>
    public LevelGrid(IReadOnlyList<int> levels, int heads, LevelForm form)
    {
        ArgumentNullException.ThrowIfNull(levels);
        var text = string.Join(", ", levels);
        if (levels.Count == 0 || levels.Any(l => l is < 2 or > 65536)) throw new InputException($"bottleneck.levels: one or more numbers from 2 to 65536 are expected, not [{text}]");
        Setting.Require(heads >= 1, "heads", "at least 1", heads);
        (_levels, _places) = ([.. levels], new long[levels.Count]);
        long codes = 1;
        for (var d = 0; d < _levels.Length; d++)
        {
            _places[d] = codes;
            if (codes > (1L << 62) / _levels[d]) throw new InputException($"bottleneck.levels: [{text}] has more than 2^62 codes", "several heads, each with fewer dimensions, have an index each");
            codes *= _levels[d];
        }
        Codes = codes;
        Heads = heads;
        _columns = [.. Enumerable.Range(0, heads * _levels.Length).Select(i => Column(_levels[i % _levels.Length], form))];
    }

    /// <summary>The number of codes of a head.</summary>
    public long Codes { get; }

    /// <summary>Grids side by side in a row.</summary>
    public int Heads { get; }

    /// <summary>Numbers in a row.</summary>
    public int Width => _columns.Length;

    /// <summary>
    /// Squashes and rounds [rows, width]; the gradient of the values is that of the squashed numbers before rounding (straight
    /// through; Bengio, Léonard, Courville 2013).
    /// </summary>
    /// <param name="z">[rows, width].</param>
    /// <param name="soft">The values before rounding, without a gradient; filled where it is given.</param>
    /// <returns>The values of the levels, and the indices [rows, heads].</returns>
    public (Tensor Values, LongTensor Indices) Quantize(Tensor z, Tensor? soft = null)
    {
        ArgumentNullException.ThrowIfNull(z);
        if (soft is not null && !soft.Shape.SequenceEqual(z.Shape)) throw new ArgumentException($"level grid: the values before rounding need the shape [{string.Join(", ", z.Shape.ToArray())}], not [{string.Join(", ", soft.Shape.ToArray())}]");
        if (z.Dim != 2 || z.Size(1) != Width) throw new ArgumentException($"level grid: [rows, {Width}] is needed, not [{string.Join(", ", z.Shape.ToArray())}]");
        var rows = z.Size(0);
        Tensor values = Tensor.Uninitialized([rows, Width]), level = Tensor.Uninitialized([rows, Width]);
        var slope = z.NeedsGradient && NoGrad.IsRecording ? Tensor.Uninitialized([rows, Width]) : null;
        LevelKernel.Forward(z.Pointer, rows, _columns, values.Pointer, level.Pointer, slope is null ? null : slope.Pointer, soft is null ? null : soft.Pointer);
        GC.KeepAlive(soft);
        var indices = Indices(level);
        return (slope is null ? values : Tensor.WithGradient(values, [z], g => [g * slope]), indices);
    }

    /// <summary>The values that indices stand for: [rows, heads] to [rows, width], with the bits of <see cref="Quantize"/>.</summary>
    public Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var size = _levels.Length;
        var values = Tensor.Zeros(indices.Shape[0], Width);
        for (var i = 0; i < indices.Numel; i++)
        {
            var rest = indices.Data[i];
            for (var d = 0; d < size; d++)
            {
                values.Data[(i * size) + d] = ((rest % _levels[d]) - _columns[d].Zero) / _columns[d].Span;
                rest /= _levels[d];
            }
        }
        return values;
    }

    private LongTensor Indices(Tensor level)
    {
        var size = _levels.Length;
        var indices = LongTensor.Zeros(level.Size(0), Heads);
        var data = indices.Data;
        var at = level.Pointer;
        for (var i = 0; i < data.Length; i++, at += size)
        {
            long index = 0;
            // Whole numbers of the grid, or NaN, which is 0 here.
            for (var d = 0; d < size; d++) index += _places[d] * (int)at[d];
            data[i] = index;
        }
        GC.KeepAlive(level);
        return indices;
    }

    private static LevelColumn Column(int levels, LevelForm form)
    {
        double top = levels - 1, middle = (top / 2) + 0.5;
        if (form == LevelForm.Centred) return new(0f, levels / 2f, (float)middle, (float)(top / 2), levels / 2f, levels - 1);
        if (form == LevelForm.Symmetric || levels == 2) return new(0f, (float)(top / 2), (float)middle, (float)(top / 2), (float)(top / 2), levels - 1);
        var half = top * (1 - 1e-3) / 2;
        return new((float)Math.Atanh(levels % 2 == 0 ? 0.5 / half : 0), (float)half, (float)middle, levels / 2, levels / 2, levels - 1);
    }
}
