using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Products with matrices that are mostly zeros, given by row: the entries p of row i are starts[i] up to starts[i + 1], in the
/// column places[p]. Sums run over entries in rising order, or over 16 partial sums of a row's floats: one order for every number of
/// threads and every register.
/// </summary>
internal static unsafe class SparseKernel
{
    /// <summary>to[i] = the sum over the entries of row i of value times the table's row places[p]; rows without entries are zeros.</summary>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="starts">rows + 1 numbers.</param>
    /// <param name="places">Rows of the table.</param>
    /// <param name="order">Where an entry's value stands; null for p itself.</param>
    /// <param name="values">By entry.</param>
    /// <param name="table">Rows of width floats.</param>
    /// <param name="width">At least 1.</param>
    /// <param name="to">[rows, width].</param>
    /// <param name="off">Unit rows, one for each row of the result, along which nothing shall be left; null for none.</param>
    public static void Rows(int rows, int* starts, int* places, int* order, float* values, float* table, int width, float* to, float* off = null)
    {
        var job = new RowsJob { Count = rows, Starts = starts, Places = places, Order = order, Values = values, Table = table, Width = width, To = to, Off = off };
        job.PerPart = (int)Wide.UnitsPerPart(Math.Max(1, (long)width * (1 + (starts[rows] / Math.Max(1, rows)))));
        Wide.Run(job, (rows + job.PerPart - 1) / job.PerPart);
    }

    /// <summary>to[p] = left[i] · right[places[p]] for each entry p of each row i.</summary>
    public static void Dots(int rows, int* starts, int* places, float* left, float* right, int width, float* to)
    {
        var job = new DotsJob { Count = rows, Starts = starts, Places = places, Left = left, Right = right, Width = width, To = to };
        job.PerPart = (int)Wide.UnitsPerPart(Math.Max(1, (long)width * (1 + (starts[rows] / Math.Max(1, rows)))));
        Wide.Run(job, (rows + job.PerPart - 1) / job.PerPart);
    }

    /// <summary>Brings rows to length 1 where they are; rows of length 0 or not finite stay.</summary>
    public static void UnitRows(float* x, int rows, int width)
    {
        var job = new UnitJob { X = x, Count = rows, Width = width, PerPart = (int)Wide.UnitsPerPart(width) };
        Wide.Run(job, (rows + job.PerPart - 1) / job.PerPart);
    }

    private static T Load<T>(float* from, int count) where T : struct, ILane<T> => count >= 16 ? T.Load(from) : T.LoadPart(from, count, 0f);

    private static float Dot<T>(float* a, float* b, int width) where T : struct, ILane<T>
    {
        var sum = T.Of(0f);
        for (var d = 0; d < width; d += 16) sum = T.Fma(Load<T>(a + d, width - d), Load<T>(b + d, width - d), sum);
        return T.Sum(sum);
    }

    private struct RowsJob : IWideJob
    {
        public int Count, Width, PerPart;
        public int* Starts, Places, Order;
        public float* Values, Table, To, Off;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var end = Math.Min(Count, (part + 1) * PerPart);
            for (var i = part * PerPart; i < end; i++)
            {
                var to = To + ((nint)i * Width);
                int first = Starts[i], last = Starts[i + 1], d = 0;
                for (; d + 64 <= Width; d += 64)
                {
                    T a = T.Of(0f), b = a, c = a, e = a;
                    for (var p = first; p < last; p++)
                    {
                        var v = T.Of(Values[Order == null ? p : Order[p]]);
                        var from = Table + ((nint)Places[p] * Width) + d;
                        a = T.Fma(v, T.Load(from), a);
                        b = T.Fma(v, T.Load(from + 16), b);
                        c = T.Fma(v, T.Load(from + 32), c);
                        e = T.Fma(v, T.Load(from + 48), e);
                    }
                    T.Store(a, to + d);
                    T.Store(b, to + d + 16);
                    T.Store(c, to + d + 32);
                    T.Store(e, to + d + 48);
                }
                for (; d < Width; d += 16)
                {
                    var a = T.Of(0f);
                    for (var p = first; p < last; p++)
                        a = T.Fma(T.Of(Values[Order == null ? p : Order[p]]), Load<T>(Table + ((nint)Places[p] * Width) + d, Width - d), a);
                    T.StorePart(a, to + d, Math.Min(16, Width - d));
                }
                if (Off != null && last > first) Straighten<T>(to, Off + ((nint)i * Width));
            }
        }

        private readonly void Straighten<T>(float* to, float* unit) where T : struct, ILane<T>
        {
            var along = T.Of(-Dot<T>(to, unit, Width));
            for (var d = 0; d < Width; d += 16)
                T.StorePart(T.Fma(along, Load<T>(unit + d, Width - d), Load<T>(to + d, Width - d)), to + d, Math.Min(16, Width - d));
        }
    }

    private struct UnitJob : IWideJob
    {
        public float* X;
        public int Count, Width, PerPart;

        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var end = Math.Min(Count, (part + 1) * PerPart);
            for (var i = part * PerPart; i < end; i++)
            {
                var x = X + ((nint)i * Width);
                var length = MathF.Sqrt(Dot<T>(x, x, Width));
                if (!(length > 0) || !float.IsFinite(length)) continue;
                var factor = T.Of(1f / length);
                for (var d = 0; d < Width; d += 16) T.StorePart(Load<T>(x + d, Width - d) * factor, x + d, Math.Min(16, Width - d));
            }
        }
    }

    private struct DotsJob : IWideJob
    {
        public int Count, Width, PerPart;
        public int* Starts, Places;
        public float* Left, Right, To;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var end = Math.Min(Count, (part + 1) * PerPart);
            for (var i = part * PerPart; i < end; i++)
                for (var p = Starts[i]; p < Starts[i + 1]; p++) To[p] = Dot<T>(Left + ((nint)i * Width), Right + ((nint)Places[p] * Width), Width);
        }
    }
}
