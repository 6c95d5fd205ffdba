namespace Isthmus.Tensors.Kernels;

/// <summary>
/// A right factor that is packed once and then multiplied many times, inside a job too: what a recurrence does at each step. The bits are those
/// of <see cref="Gemm"/>.
/// </summary>
internal readonly unsafe struct PackedFactor
{
    private readonly float* _packed;
    private readonly int _n, _k;

    /// <summary>Packs op(B)[k, n], as <see cref="Gemm.Multiply"/> reads it, into this thread's block for a use.</summary>
    public PackedFactor(Scratch.Use use, bool transB, int n, int k, float* b, int ldb)
    {
        (_n, _k) = (n, k);
        var job = new PackJob { X = b, Ld = ldb, AlongK = transB, Count = n, Width = Columns, Until = k, Block = Gemm.BlockLength(k) };
        _packed = job.To = Scratch.Get(use, job.Size);
        Workers.Run(ref job, job.Parts, (long)n * k < Gemm.WorthSharing / 8);
    }

    // Lanes are those of the machine: each process has one width.
    private static int Columns => Lane16.IsAccelerated ? Tile.Columns<Lane16>() : Lane8.IsAccelerated ? Tile.Columns<Lane8>() : Lane4.IsAccelerated ? Tile.Columns<Lane4>() : Tile.Columns<Lane1>();

    /// <summary>C[m, n] = A[m, k] B (+ C if accumulate) (+ bias[n]) on this thread; T is the widest lane of the machine.</summary>
    public void Multiply<T>(int m, float* a, int lda, float* c, int ldc, bool accumulate = false, float* bias = null) where T : struct, ILane<T>
    {
        int block = Gemm.BlockLength(_k), width = Tile.Columns<T>();
        for (var p = 0; p < _k; p += block)
        {
            var k = Math.Min(block, _k - p);
            Gemm.Block<T>(m, _n, k, Strips.Of(a + p, lda, true, Tile.Rows<T>()), Strips.Packed(_packed + (nint)Strips.PaddedCount(_n, width) * p, k, width), true,
                c, ldc, accumulate || p > 0, p + k == _k, bias);
        }
    }
}
