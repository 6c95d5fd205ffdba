using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tests.Tensors;

public unsafe class SoftmaxTest
{
    private const float Inf = float.PositiveInfinity;

    private static float[] Values(int n, ulong seed, double spread)
    {
        var random = new RandomStream(seed);
        var x = new float[n];
        for (var i = 0; i < n; i++) x[i] = (float)(spread * random.NextGaussian());
        return x;
    }

    private static double LogSumExpOf(IEnumerable<float> x)
    {
        var row = x.Select(v => (double)v).ToArray();
        var max = row.Max();
        return max + Math.Log(row.Sum(v => Math.Exp(v - max)));
    }

    [Fact]
    public void Forward_IsEquivalentToReference_ForEveryLength()
    {
        const int rows = 2;
        for (var cols = 1; cols <= 257; cols++)
            foreach (var spread in new[] { 1.0, 40.0 })
            {
                var x = Values(rows * cols, (ulong)cols, spread);
                float[] y = new float[x.Length], log = new float[x.Length], lse = new float[rows], inPlace = [.. x];
                fixed (float* px = x, py = y, pl = log, pe = lse, pi = inPlace)
                {
                    Softmax.Forward(px, rows, cols, py);
                    LogSoftmax.Forward(px, rows, cols, pl);
                    LogSumExp.Forward(px, rows, cols, pe);
                    Softmax.Forward(pi, rows, cols, pi);
                }
                Assert.Equal(y, inPlace);
                for (var i = 0; i < x.Length; i++)
                {
                    var truth = LogSumExpOf(x.Skip(i / cols * cols).Take(cols));
                    Assert.Equal(truth, lse[i / cols], 1e-6 * (1 + Math.Abs(truth)));
                    Assert.Equal(x[i] - truth, log[i], 1e-6 * (1 + Math.Abs(x[i] - truth)));
                    Assert.Equal(Math.Exp(x[i] - truth), y[i], 1e-5 * Math.Exp(x[i] - truth) + 1e-44); // x - max is itself rounded
                }
            }
    }

    [Fact]
    public void SpecialRows_AreAsInPyTorch()
    {
        // torch.softmax, log_softmax, logsumexp of the four rows.
        float[] x = [-Inf, -Inf, -Inf, -Inf, 0, -Inf, Inf, 0, 1, float.NaN, 0, 1];
        float[] y = new float[12], log = new float[12], lse = new float[4];
        fixed (float* px = x, py = y, pl = log, pe = lse)
        {
            Softmax.Forward(px, 4, 3, py);
            LogSoftmax.Forward(px, 4, 3, pl);
            LogSumExp.Forward(px, 4, 3, pe);
        }
        Assert.Equal([float.NaN, float.NaN, float.NaN, 0, 1, 0, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN], y);
        Assert.Equal([float.NaN, float.NaN, float.NaN, -Inf, 0, -Inf, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN], log);
        Assert.Equal([-Inf, 0, Inf, float.NaN], lse);
    }

    [Fact]
    public void Backward_IsEquivalentToReference()
    {
        const int rows = 2;
        for (var cols = 1; cols <= 70; cols++)
        {
            float[] x = Values(rows * cols, 1, 2), dy = Values(rows * cols, 2, 1), y = new float[x.Length], log = new float[x.Length], dx = new float[x.Length], dl = new float[x.Length];
            fixed (float* px = x, py = y, pl = log, pdy = dy, pdx = dx, pdl = dl)
            {
                Softmax.Forward(px, rows, cols, py);
                Softmax.Backward(py, pdy, rows, cols, pdx);
                LogSoftmax.Forward(px, rows, cols, pl);
                LogSoftmax.Backward(pl, pdy, rows, cols, pdl);
            }
            for (var i = 0; i < x.Length; i++)
            {
                var row = Enumerable.Range(i / cols * cols, cols).ToArray();
                var truth = LogSumExpOf(row.Select(j => x[j]));
                var p = Math.Exp(x[i] - truth);
                Assert.Equal(p * (dy[i] - row.Sum(j => dy[j] * Math.Exp(x[j] - truth))), dx[i], 3e-6);
                Assert.Equal(dy[i] - p * row.Sum(j => (double)dy[j]), dl[i], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(33)]
    public void CrossEntropy_IsEquivalentToReference_AndSkipsIgnoredRows(int cols)
    {
        const int rows = 5;
        var x = Values(rows * cols, 3, 3);
        var random = new RandomStream(4);
        var labels = new long[rows];
        for (var r = 0; r < rows; r++) labels[r] = random.NextInt(cols);
        labels[2] = -100;
        float[] loss = new float[rows], lse = new float[rows], dx = new float[x.Length], scale = [1, 2, 3, 4, -5];
        fixed (float* px = x, pl = loss, ps = lse, pd = dx, pc = scale)
        fixed (long* pi = labels)
        {
            CrossEntropy.Forward(px, pi, rows, cols, -100, pl, ps);
            CrossEntropy.Backward(px, pi, rows, cols, -100, ps, pc, false, pd);
        }
        for (var r = 0; r < rows; r++)
        {
            var truth = LogSumExpOf(x.Skip(r * cols).Take(cols));
            var ignored = labels[r] == -100;
            Assert.Equal(ignored ? 0 : truth - x[r * cols + labels[r]], loss[r], 3e-6);
            for (var c = 0; c < cols; c++)
                Assert.Equal(ignored ? 0 : scale[r] * (Math.Exp(x[r * cols + c] - truth) - (c == labels[r] ? 1 : 0)), dx[r * cols + c], 5e-6);
        }
    }

    [Fact]
    public void CrossEntropy_RefusesALabelOutOfRange()
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            float* x = stackalloc float[6], loss = stackalloc float[2], lse = stackalloc float[2];
            var labels = stackalloc long[] { 1, 3 };
            CrossEntropy.Forward(x, labels, 2, 3, -100, loss, lse);
        });
        Assert.Contains("row 1 must be in 0..2", e.Message, StringComparison.Ordinal);
    }
}
