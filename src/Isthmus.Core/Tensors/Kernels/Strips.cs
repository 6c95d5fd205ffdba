using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// An operand of a product as tiles read it: strips of A's rows or of B's columns, as many as a tile has, all k of a strip.
/// Element (i, p) of strip s is Start[s * Next + i * Unit + p * Step]; B's Unit is 1.
/// </summary>
internal readonly unsafe struct Strips(float* start, nint next, nint unit, nint step)
{
    /// <summary>The first strip.</summary>
    public readonly float* Start = start;
    /// <summary>From strip to strip.</summary>
    public readonly nint Next = next;
    /// <summary>From one row of A, or column of B, to the next.</summary>
    public readonly nint Unit = unit;
    /// <summary>From one k to the next.</summary>
    public readonly nint Step = step;

    /// <summary>The strips of a matrix where it lies; element (i, p) is x[i * ld + p] if k runs along its rows, else x[p * ld + i].</summary>
    public static Strips Of(float* x, nint ld, bool alongK, int width) => alongK ? new(x, width * ld, ld, 1) : new(x, width, 1, ld);

    /// <summary>The strips that <see cref="Pack"/> has written.</summary>
    public static Strips Packed(float* packed, int k, int width) => new(packed, (nint)k * width, 1, width);

    /// <summary>How many floats <see cref="Pack"/> writes for each k.</summary>
    public static int PaddedCount(int count, int width) => (count + width - 1) / width * width;

    /// <summary>Writes a matrix's strips one after the other, element (i, p) of a strip at p * width + i; zeros fill the last strip.</summary>
    public static void Pack(float* x, nint ld, bool alongK, int k, int count, int width, float* to)
    {
        var full = count / width;
        if (alongK)
            for (var s = 0; s < full; s++) Lanes.Transpose(width, k, x + s * width * ld, ld, to + (nint)s * k * width, width);
        else if (Lane16.IsAccelerated && width % 16 == 0) PackAcrossK<Lane16>(x, ld, k, full, width, to);
        else if (Lane8.IsAccelerated && width % 8 == 0) PackAcrossK<Lane8>(x, ld, k, full, width, to);
        else if (Lane4.IsAccelerated && width % 4 == 0) PackAcrossK<Lane4>(x, ld, k, full, width, to);
        else PackAcrossK<Lane1>(x, ld, k, full, width, to);
        var rest = count - full * width;
        if (rest == 0) return;
        x += alongK ? full * width * ld : full * width;
        to += (nint)full * k * width;
        if (alongK) Lanes.Transpose(rest, k, x, ld, to, width);
        else
            for (var p = 0; p < k; p++)
                for (var i = 0; i < rest; i++) to[(nint)p * width + i] = x[p * ld + i];
        for (var p = 0; p < k; p++)
            for (var i = rest; i < width; i++) to[(nint)p * width + i] = 0f;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackAcrossK<T>(float* x, nint ld, int k, int strips, int width, float* to) where T : struct, ILane<T>
    {
        var next = (nint)k * width;
        for (var p = 0; p < k; p++, x += ld, to += width)
        {
            var from = x;
            var strip = to;
            for (var s = 0; s < strips; s++, strip += next)
                for (var i = 0; i < width; i += T.Width, from += T.Width) T.Store(T.Load(from), strip + i);
        }
    }
}

/// <summary>
/// The packing of a whole operand, its blocks of k one after the other: block [p, p + k) starts at To + PaddedCount * (p - From).
/// Element (i, p) is X[i * Ld + p] if k runs along the rows, else X[p * Ld + i].
/// </summary>
internal unsafe struct PackJob : IJob
{
    private const int FloatsPerPart = 16384;

    public float* X, To;
    public nint Ld;
    public bool AlongK;
    public int Count, Width, From, Until, Block;

    /// <summary>How many floats the packed operand has.</summary>
    public readonly long Size => (long)Strips.PaddedCount(Count, Width) * (Until - From);

    /// <summary>How many parts there are.</summary>
    public readonly int Parts => (Count + CountPerPart - 1) / CountPerPart * Blocks;

    private readonly int CountPerPart => Math.Max(1, FloatsPerPart / (Block * Width)) * Width;
    private readonly int Blocks => (Until - From + Block - 1) / Block;

    public readonly void Execute(int part)
    {
        int p = From + part % Blocks * Block, k = Math.Min(Block, Until - p), at = part / Blocks * CountPerPart;
        var to = To + (nint)Strips.PaddedCount(Count, Width) * (p - From) + (nint)at * k;
        Strips.Pack(AlongK ? X + at * Ld + p : X + p * Ld + at, Ld, AlongK, k, Math.Min(CountPerPart, Count - at), Width, to);
    }
}
