using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tests.Tensors;

public unsafe class RowsTest
{
    private static float[] Normal(long n, ulong seed)
    {
        var random = new RandomStream(seed);
        var x = new float[n];
        for (var i = 0; i < x.Length; i++) x[i] = (float)random.NextGaussian();
        return x;
    }

    /// <summary>The bound of a float sum in any order of up to 16384 terms, with a margin of two.</summary>
    private static void AssertSum(double want, double sumOfMagnitudes, float got) =>
        Assert.True(Math.Abs(want - got) <= 1e-6 * sumOfMagnitudes + 1e-30, FormattableString.Invariant($"wanted {want}, got {got}"));

    [Fact]
    public void SumRows_IsTheSum_ForEveryLength()
    {
        for (var cols = 0; cols <= 257; cols++)
        {
            const int rows = 3;
            float[] a = Normal(rows * cols, 1), b = Normal(rows * cols, 2), sum = new float[rows], squares = new float[rows], dots = new float[rows];
            fixed (float* pa = a, pb = b, ps = sum, pq = squares, pd = dots)
            {
                Rows.SumRows(pa, rows, cols, ps);
                Rows.SumSquaresRows(pa, rows, cols, pq);
                Rows.DotRows(pa, pb, rows, cols, pd);
            }
            for (var r = 0; r < rows; r++)
            {
                var x = a.Skip(r * cols).Take(cols).Select(v => (double)v).ToArray();
                var y = b.Skip(r * cols).Take(cols).Select(v => (double)v).ToArray();
                AssertSum(x.Sum(), x.Sum(Math.Abs), sum[r]);
                AssertSum(x.Sum(v => v * v), x.Sum(v => v * v), squares[r]);
                AssertSum(x.Zip(y, (u, v) => u * v).Sum(), x.Zip(y, (u, v) => Math.Abs(u * v)).Sum(), dots[r]);
            }
        }
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(4097)]
    [InlineData(100_003)]
    [InlineData(3_000_001)]
    public void SumAll_OfLongArrays_IsTheSum_AndTheSameAsARowOfMany(int n)
    {
        var a = Normal(n, 3);
        var one = new float[1];
        double all;
        fixed (float* pa = a, py = one)
        {
            all = Rows.SumAll(pa, n);
            Rows.SumRows(pa, 1, n, py);
        }
        AssertSum(a.Sum(v => (double)v), a.Sum(v => (double)Math.Abs(v)), (float)all);
        Assert.Equal((float)all, one[0]);
        if (n > 1_000_000) return;
        var many = new float[9];
        fixed (float* pa = Enumerable.Repeat(a, 9).SelectMany(v => v).ToArray(), py = many) Rows.SumRows(pa, 9, n, py);
        Assert.All(many, v => Assert.Equal((float)all, v));
    }

    [Fact]
    public void Reduce_HasTheSameBits_OverEveryLane()
    {
        for (var n = 0; n <= 257; n++)
        {
            float[] a = Normal(n + 1, 4), b = Normal(n + 1, 5);
            fixed (float* pa = a, pb = b)
            {
                var bits = new[]
                {
                    Rows.Reduce<ProductTerm, Lane16>(new ProductTerm(), pa, pb, n),
                    Rows.Reduce<ProductTerm, Pair<Lane8>>(new ProductTerm(), pa, pb, n),
                    Rows.Reduce<ProductTerm, Pair<Pair<Lane4>>>(new ProductTerm(), pa, pb, n),
                    Rows.Reduce<ProductTerm, Pair<Pair<Pair<Pair<Lane1>>>>>(new ProductTerm(), pa, pb, n),
                }.Select(BitConverter.SingleToInt32Bits).Distinct();
                Assert.Single(bits);
            }
        }
    }

    public static TheoryData<int, int, int> Shapes() => new()
    {
        { 1, 1, 1 }, { 1, 7, 5 }, { 2, 3, 17 }, { 3, 40, 64 }, { 1, 513, 10 }, { 2, 1100, 65 }, { 5, 4, 1 }, { 1, 128, 1024 }, { 0, 3, 4 }, { 2, 0, 3 }, { 1, 300_000, 3 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void SumMiddle_IsTheSum(int outer, int mid, int inner)
    {
        var x = Normal((long)outer * mid * inner, 6);
        var y = new float[outer * inner];
        fixed (float* px = x, py = y) Rows.SumMiddle(px, outer, mid, inner, py);
        for (var o = 0; o < outer; o++)
            for (var i = 0; i < inner; i++)
            {
                double sum = 0, magnitude = 0;
                for (var m = 0; m < mid; m++)
                {
                    var v = x[(o * mid + m) * inner + i];
                    sum += v;
                    magnitude += Math.Abs(v);
                }
                AssertSum(sum, magnitude, y[o * inner + i]);
            }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Extremes_TakeTheFirstOfEquals_AndNaN(int outer, int mid, int inner)
    {
        if (mid == 0) return;
        var random = new RandomStream(7);
        var x = new float[outer * mid * inner];
        // Few distinct values, so that ties abound, and some NaN and infinities.
        for (var i = 0; i < x.Length; i++) x[i] = random.NextInt(2000) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => float.NegativeInfinity, var k => k % 7 - 3 };
        float[] max = new float[outer * inner], min = new float[outer * inner];
        long[] maxAt = new long[outer * inner], minAt = new long[outer * inner], alone = new long[outer * inner];
        fixed (float* px = x, pmax = max, pmin = min)
        fixed (long* pmaxAt = maxAt, pminAt = minAt, palone = alone)
        {
            Rows.ArgExtremeMiddle(px, outer, mid, inner, true, pmax, pmaxAt);
            Rows.ArgExtremeMiddle(px, outer, mid, inner, false, pmin, pminAt);
            Rows.ArgExtremeMiddle(px, outer, mid, inner, true, null, palone);
        }
        Assert.Equal(maxAt, alone);
        for (var o = 0; o < outer; o++)
            for (var i = 0; i < inner; i++)
            {
                int best = 0, worst = 0;
                for (var m = 1; m < mid; m++)
                {
                    float v = At(m), high = At(best), low = At(worst);
                    if (!float.IsNaN(high) && (v > high || float.IsNaN(v))) best = m;
                    if (!float.IsNaN(low) && (v < low || float.IsNaN(v))) worst = m;
                }
                Assert.Equal((best, At(best)), ((int)maxAt[o * inner + i], max[o * inner + i]));
                Assert.Equal((worst, At(worst)), ((int)minAt[o * inner + i], min[o * inner + i]));
                float At(int m) => x[(o * mid + m) * inner + i];
            }
    }

    [Fact]
    public void ArgExtremeMiddle_OfNothing_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            var y = 0f;
            Rows.ArgExtremeMiddle(&y, 1, 0, 1, true, &y, null);
        });
}
