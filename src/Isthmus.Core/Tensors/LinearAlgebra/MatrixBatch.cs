using System.Runtime.InteropServices;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

/// <summary>Batches of matrices, one after the other or, where they are large, side by side: each is computed whole, in double, by one thread.</summary>
internal static unsafe class MatrixBatch
{
    /// <summary>Calls the body for every matrix; work is about how many operations one takes.</summary>
    public static void Each(int count, long work, Action<int> body)
    {
        if (count <= 1)
        {
            if (count == 1) body(0);
            return;
        }
        var handle = GCHandle.Alloc(body);
        try
        {
            Rows.EachRow(new Call { Body = GCHandle.ToIntPtr(handle) }, count, work);
        }
        finally
        {
            handle.Free();
        }
    }

    /// <summary>The number of matrices of a shape.</summary>
    public static int Count(Tensor x) => checked((int)Shapes.Count(x.Sizes.AsSpan()[..^2]));

    /// <summary>Elements of the matrix with an index, of so many each.</summary>
    public static double[] Read(Tensor x, int index, int size)
    {
        var y = new double[size];
        var from = x.Pointer + ((long)index * size);
        for (var i = 0; i < size; i++) y[i] = from[i];
        return y;
    }

    /// <summary>Writes elements where the matrix with an index has them.</summary>
    public static void Write(ReadOnlySpan<double> x, Tensor y, int index, int size, int offset = 0)
    {
        var to = y.Pointer + ((long)index * size) + offset;
        for (var i = 0; i < x.Length; i++) to[i] = (float)x[i];
    }

    private struct Call : IRowBody
    {
        public nint Body;

        public readonly void Row<T>(long row) where T : struct, ILane<T> => ((Action<int>)GCHandle.FromIntPtr(Body).Target!)((int)row);
    }
}
