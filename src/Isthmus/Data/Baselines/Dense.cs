using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Isthmus.Tensors;

namespace Isthmus.Data.Baselines;

/// <summary>The few dense loops that the baselines share, in double precision. Always eight lanes and no fused operations, whatever
/// the hardware has, so that the bits are the same everywhere.</summary>
internal static class Dense
{
    /// <summary>The inner product of two vectors of one length.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var (sum0, sum1) = (Vector512<double>.Zero, Vector512<double>.Zero);
        ref var x = ref MemoryMarshal.GetReference(a);
        ref var y = ref MemoryMarshal.GetReference(b);
        var i = 0;
        for (; i <= a.Length - 16; i += 16)
        {
            sum0 += Vector512.LoadUnsafe(ref x, (nuint)i) * Vector512.LoadUnsafe(ref y, (nuint)i);
            sum1 += Vector512.LoadUnsafe(ref x, (nuint)(i + 8)) * Vector512.LoadUnsafe(ref y, (nuint)(i + 8));
        }
        var eight = sum0 + sum1;
        var four = eight.GetLower() + eight.GetUpper();
        var two = four.GetLower() + four.GetUpper();
        var sum = two[0] + two[1];
        for (; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>y += factor · x.</summary>
    public static void Add(double factor, ReadOnlySpan<double> x, Span<double> y)
    {
        ref var from = ref MemoryMarshal.GetReference(x);
        ref var to = ref MemoryMarshal.GetReference(y);
        var f = Vector512.Create(factor);
        var i = 0;
        for (; i <= x.Length - 8; i += 8) (Vector512.LoadUnsafe(ref to, (nuint)i) + f * Vector512.LoadUnsafe(ref from, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        for (; i < x.Length; i++) y[i] += factor * x[i];
    }

    /// <summary>Runs independent pieces on the engine's number of threads; the pieces and not the threads decide the result.</summary>
    public static void For(int count, Action<int> body)
    {
        if (count == 1 || Threads.Count == 1)
            for (var i = 0; i < count; i++) body(i);
        else Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Threads.Count }, body);
    }

    /// <summary>Some rows of single precision as doubles, less a mean.</summary>
    public static double[] Centred(Matrix x, ReadOnlySpan<double> mean)
    {
        var to = new double[(long)x.Rows * x.Columns];
        for (var row = 0; row < x.Rows; row++)
        {
            var from = x.Row(row);
            for (var c = 0; c < from.Length; c++) to[row * x.Columns + c] = from[c] - mean[c];
        }
        return to;
    }

    /// <summary>The means of the columns.</summary>
    public static double[] Mean(Matrix x)
    {
        var mean = new double[x.Columns];
        for (var row = 0; row < x.Rows; row++)
        {
            var from = x.Row(row);
            for (var c = 0; c < from.Length; c++) mean[c] += from[c];
        }
        for (var c = 0; c < mean.Length; c++) mean[c] /= x.Rows;
        return mean;
    }

    /// <summary>The lower triangle of XᵀX of rows [n, d], summed row after row; columns are shared out to threads.</summary>
    public static double[,] Gram(double[] x, int n, int d)
    {
        const int block = 32;
        var gram = new double[d * d];
        For((d + block - 1) / block, b =>
        {
            var to = Math.Min(d, (b + 1) * block);
            for (var row = 0; row < n; row++)
            {
                var values = x.AsSpan(row * d, d);
                for (var i = b * block; i < to; i++)
                    if (values[i] != 0) Add(values[i], values[..(i + 1)], gram.AsSpan(i * d, i + 1));
            }
        });
        var square = new double[d, d];
        for (var i = 0; i < d; i++)
            for (var j = 0; j <= i; j++) square[i, j] = square[j, i] = gram[i * d + j];
        return square;
    }
}

/// <summary>Rows of numbers without a copy.</summary>
/// <param name="Values">[rows, columns], row-major.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Columns">The number of columns.</param>
public readonly record struct Matrix(float[] Values, int Rows, int Columns)
{
    /// <summary>All rows of a data set's features.</summary>
    public static Matrix Of(Dataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new(data.Features, data.Count, data.FeatureSize);
    }

    /// <summary>Some rows of a data set's features, copied.</summary>
    public static Matrix Of(Dataset data, ReadOnlySpan<int> rows)
    {
        ArgumentNullException.ThrowIfNull(data);
        var values = new float[checked(rows.Length * data.FeatureSize)];
        data.CopyRows(rows, values);
        return new(values, rows.Length, data.FeatureSize);
    }

    /// <summary>One row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<float> Row(int row) => Values.AsSpan(row * Columns, Columns);
}
