using System.Runtime.InteropServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// The first k of each line in order. An element becomes one integer: its value's bits, turned so that integers compare as the
/// floats do, over its place. All integers differ, so that any way of sorting them is stable.
/// </summary>
internal static unsafe class SortKernel
{
    /// <summary>values and indices [outer, k, inner] from x [outer, mid, inner].</summary>
    public static void Run(float* x, long outer, int mid, long inner, int k, bool descending, float* values, long* indices)
    {
        if (k == 0 || mid == 0) return;
        Rows.EachRow(new Line { X = x, Values = values, Indices = indices, Mid = mid, Inner = inner, K = k, Descending = descending }, outer * inner, mid * 8L);
    }

    private static uint Key(float x)
    {
        if (float.IsNaN(x)) return uint.MaxValue;
        var bits = BitConverter.SingleToInt32Bits(x == 0 ? 0f : x);
        return (uint)(bits ^ ((bits >> 31) | int.MinValue));
    }

    private struct Line : IRowBody
    {
        public float* X, Values;
        public long* Indices;
        public long Inner;
        public int Mid, K;
        public bool Descending;

        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var (o, i) = Math.DivRem(row, Inner);
            var x = X + (o * Mid * Inner) + i;
            var memory = (ulong*)NativeMemory.Alloc((nuint)Mid, sizeof(ulong));
            var keys = new Span<ulong>(memory, Mid);
            for (var j = 0; j < Mid; j++)
            {
                var key = Key(x[j * Inner]);
                keys[j] = ((ulong)(Descending ? key : ~key) << 32) | ~(uint)j; // the first in order is the largest
            }
            if (K < Mid) Selection.LargestFirst(keys, K);
            keys[..K].Sort();
            for (var j = 0; j < K; j++)
            {
                var from = ~(uint)keys[K - 1 - j];
                var at = (((o * K) + j) * Inner) + i;
                Indices[at] = from;
                Values[at] = x[from * Inner];
            }
            NativeMemory.Free(memory);
        }
    }
}
