using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tests.Tensors.Kernels;

/// <summary>One hash over functions, reductions, norms, random arrays and optimisers: the same on all instruction sets and any number of threads.</summary>
public unsafe class VectorFingerprintTest
{
    [Theory]
    [InlineData("functions")]
    [InlineData("rows")]
    [InlineData("norms")]
    [InlineData("random arrays")]
    [InlineData("optimisers")]
    public void Kernels_HaveTheSameBits_OnEveryInstructionSet(string name) => InstructionSets.AssertSameBits(name);

    [Fact]
    public void Kernels_HaveTheSameBits_ForEveryNumberOfThreads()
    {
        var before = Workers.Threads;
        try
        {
            var prints = new List<string>();
            foreach (var threads in new[] { 1, 2, 3 })
            {
                Workers.Threads = threads;
                prints.Add(string.Join(' ', Functions(), RowKernels(), Norms(), RandomArrays(), Optimisers()));
            }
            Assert.Single(prints.Distinct());
        }
        finally
        {
            Workers.Threads = before;
        }
    }

    /// <summary>Values of all sizes, no NaN: its sign and payload are the hardware's.</summary>
    private static float[] Values(int n, float spread = 3)
    {
        var x = new float[n];
        new RandomStream(17).FillNormal(x);
        for (var i = 0; i < n; i++) x[i] *= i % 5 == 4 ? 30 : spread;
        return x;
    }

    [FingerprintOf("functions")]
    private static Fingerprint Functions()
    {
        var print = new Fingerprint();
        float[] signed = Values(20_003), positive = [.. signed.Select(MathF.Abs)];
        Add(new ExpOp(), signed);
        Add(new Expm1Op(), signed);
        Add(new LogOp(), positive);
        Add(new Log1pOp(), positive);
        Add(new TanhOp(), signed);
        Add(new SigmoidOp(), signed);
        Add(new SoftplusOp(), signed);
        Add(new ErfOp(), signed);
        Add(new SinOp(), signed);
        Add(new CosOp(), signed);
        Add(new RsqrtOp(), positive);
        Add(new RoundOp(), signed);
        Add(new SiluOp(), signed);
        Add(new GeluErfOp(), signed);
        Add(new GeluTanhOp(), signed);
        Add(new EluOp(0.5f), signed);
        var y = new float[signed.Length];
        fixed (float* pa = positive, pb = signed, py = y)
        {
            Map.Run(new PowOp(), pa, false, pb, false, py, y.Length);
            print.Add(y);
            Map.Run(new LogAddExpOp(), pa, false, pb, false, py, y.Length);
        }
        return print.Add(y);

        void Add<TOp>(TOp op, float[] x) where TOp : unmanaged, IMap
        {
            foreach (var n in new[] { 1, 7, 20_003 })
            {
                var to = new float[n];
                fixed (float* px = x, py = to) Map.Run(op, px, py, n);
                print.Add(to);
            }
        }
    }

    private static readonly (int Rows, int Cols)[] s_shapes = [(1, 1), (3, 5), (2, 16), (700, 10), (5, 33), (300, 128), (1, 200_000), (3, 5000), (1200, 70)];

    [FingerprintOf("rows")]
    private static Fingerprint RowKernels()
    {
        var print = new Fingerprint();
        foreach (var (rows, cols) in s_shapes)
        {
            float[] x = Values(rows * cols), y = new float[x.Length], byRow = new float[rows], byColumn = new float[cols], dx = new float[x.Length];
            long[] at = new long[cols], labels = new long[rows];
            for (var r = 0; r < rows; r++) labels[r] = r % cols;
            fixed (float* px = x, py = y, pr = byRow, pc = byColumn, pd = dx)
            fixed (long* pa = at, pl = labels)
            {
                print.Add([Rows.SumAll(px, x.Length)]);
                Rows.SumRows(px, rows, cols, pr);
                print.Add(byRow);
                Rows.DotRows(px, px, rows, cols, pr);
                Rows.SumColumns(px, rows, cols, pc);
                print.Add(byRow).Add(byColumn);
                Rows.ArgExtremeMiddle(px, 1, rows, cols, true, pc, pa);
                print.Add(byColumn).Add(at);
                LogSumExp.Forward(px, rows, cols, pr);
                Softmax.Forward(px, rows, cols, py);
                Softmax.Backward(py, px, rows, cols, pd);
                print.Add(byRow).Add(y).Add(dx);
                LogSoftmax.Forward(px, rows, cols, py);
                LogSoftmax.Backward(py, px, rows, cols, pd);
                print.Add(y).Add(dx);
                CrossEntropy.Forward(px, pl, rows, cols, -100, py, pr);
                CrossEntropy.Backward(px, pl, rows, cols, -100, pr, py, false, pd);
                print.Add(byRow).Add(dx);
            }
        }
        return print;
    }

    [FingerprintOf("norms")]
    private static Fingerprint Norms()
    {
        var print = new Fingerprint();
        foreach (var (rows, cols) in s_shapes)
        {
            float[] x = Values(rows * cols), y = new float[x.Length], dx = new float[x.Length], scale = Values(cols), mean = new float[rows], rstd = new float[rows], dg = new float[cols], db = new float[cols];
            fixed (float* px = x, py = y, pd = dx, ps = scale, pm = mean, pr = rstd, pg = dg, pb = db)
            {
                LayerNorm.Forward(px, rows, cols, ps, ps, 1e-5f, py, pm, pr);
                LayerNorm.Backward(py, px, rows, cols, ps, pm, pr, pd, pg, pb);
                print.Add(y).Add(dx).Add(dg).Add(db);
                RmsNorm.Forward(px, rows, cols, ps, 1e-5f, py, pr);
                RmsNorm.Backward(py, px, rows, cols, ps, pr, pd, pg);
                print.Add(y).Add(dx).Add(dg);
            }
        }
        foreach (var (n, c, l) in new[] { (600, 33, 1), (7, 6, 1), (5, 6, 9), (9, 12, 700) })
        {
            float[] x = Values(n * c * l), y = new float[x.Length], dx = new float[x.Length], scale = Values(c), mean = new float[3 * n + c], rstd = new float[3 * n + c], dg = new float[c], db = new float[c];
            fixed (float* px = x, py = y, pd = dx, ps = scale, pm = mean, pr = rstd, pg = dg, pb = db)
            {
                BatchNorm.Forward(px, n, c, l, ps, ps, 1e-5f, 0.1f, null, null, py, pm, pr);
                BatchNorm.Backward(py, px, n, c, l, ps, pm, pr, true, pd, pg, pb);
                print.Add(y).Add(dx).Add(dg).Add(db);
                GroupNorm.Forward(px, n, c, l, 3, ps, ps, 1e-5f, py, pm, pr);
                GroupNorm.Backward(py, px, n, c, l, 3, ps, pm, pr, pd, pg, pb);
                print.Add(y).Add(dx).Add(dg).Add(db);
            }
        }
        return print;
    }

    [FingerprintOf("random arrays")]
    private static Fingerprint RandomArrays()
    {
        var print = new Fingerprint();
        foreach (var position in new ulong[] { 0, 3, 1_000_000_007, (1UL << 34) - 90 })
            foreach (var n in new[] { 1, 63, 50_001 })
            {
                var random = new RandomStream(5, 9) { Position = position };
                var x = new float[n];
                random.FillUniform(x);
                print.Add(x);
                random.FillNormal(x);
                print.Add(x);
                random.FillBernoulli(x, 0.8f);
                print.Add(x);
            }
        return print;
    }

    [FingerprintOf("optimisers")]
    private static Fingerprint Optimisers()
    {
        const int n = 70_003;
        float[] w = Values(n), g = Values(n, 0.1f), m = new float[n], v = new float[n];
        fixed (float* pw = w, pg = g, pm = m, pv = v)
        {
            for (var step = 1; step <= 3; step++) AdamKernel.Step(pw, pg, pm, pv, n, new AdamStep(1e-2, 0.9, 0.999, 1e-8, 0.1, step == 2, step));
            SgdKernel.Step(pw, pg, pm, n, new SgdStep(0.1, 0.9, 0.01, true));
            SgdKernel.Step(pw, pg, null, n, new SgdStep(0.1, 0, 0.01, false));
        }
        return new Fingerprint().Add(w).Add(m).Add(v);
    }
}
