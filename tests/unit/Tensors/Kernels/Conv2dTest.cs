using Isthmus.Tensors.Kernels;

namespace Isthmus.Tests.Tensors.Kernels;

public unsafe class Conv2dTest
{
    private static readonly float[] s_pool = GemmTest.Random(1 << 20);

    // N, C, H, W, OutC, KH, KW, StrideH, StrideW, PadH, PadW, DilationH, DilationW, Groups
    private static readonly ConvShape[] s_shapes =
    [
        new(2, 1, 28, 28, 32, 4, 4, 2, 2, 1, 1, 1, 1, 1),
        new(7, 32, 14, 14, 20, 4, 4, 2, 2, 1, 1, 1, 1, 1),
        new(3, 4, 9, 7, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new(2, 3, 10, 11, 13, 3, 5, 2, 3, 0, 2, 1, 1, 1),
        new(2, 3, 12, 13, 4, 3, 2, 1, 2, 3, 4, 2, 3, 1),
        new(2, 6, 8, 9, 9, 3, 3, 1, 1, 1, 1, 1, 1, 3),
        new(3, 5, 12, 20, 5, 3, 3, 1, 1, 1, 1, 1, 1, 5),
        new(2, 5, 17, 6, 10, 5, 3, 2, 2, 2, 1, 1, 1, 5),
        new(1, 1, 20, 21, 1, 5, 5, 1, 1, 2, 2, 1, 1, 1),
        new(2, 17, 6, 6, 12, 1, 1, 1, 1, 0, 0, 1, 1, 1),
        new(1, 40, 20, 20, 30, 1, 1, 1, 1, 0, 0, 1, 1, 1),
        new(2, 8, 9, 9, 6, 1, 1, 2, 2, 0, 0, 1, 1, 1),
        new(2, 3, 1, 900, 8, 1, 7, 1, 2, 0, 3, 1, 1, 1),
        new(1, 4, 30, 40, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new(5, 40, 3, 3, 50, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new(2, 3, 9, 9, 4, 2, 2, 4, 4, 0, 0, 1, 1, 1),
        new(1, 320, 4, 5, 11, 1, 2, 1, 1, 0, 0, 1, 1, 1),
        new(4, 2, 5, 5, 300, 3, 3, 1, 1, 0, 0, 1, 1, 1),
        new(2, 2, 2, 2, 3, 5, 5, 1, 1, 2, 2, 1, 1, 1),
        new(0, 2, 5, 5, 3, 3, 3, 1, 1, 0, 0, 1, 1, 1),
        new(2, 2, 2, 2, 3, 5, 5, 1, 1, 0, 0, 1, 1, 1),
        new(2, 0, 5, 5, 3, 3, 3, 1, 1, 0, 0, 1, 1, 1),
        new(2, 2, 5, 5, 0, 3, 3, 1, 1, 0, 0, 1, 1, 1),
    ];

    public static TheoryData<int> Shapes => new(Enumerable.Range(0, s_shapes.Length));

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_IsCloseToADoubleReference(int shape)
    {
        var s = s_shapes[shape];
        var (expected, size) = Reference(s, Y(s), (x, w, y) => (y, (double)s_pool[XAt + x] * s_pool[WAt + w]));
        var plane = s.OutH * s.OutW;
        for (var i = 0; i < expected.Length; i++) expected[i] += s_pool[BiasAt + i / plane % s.OutC];
        Close(expected, size, Forward(s));
        fixed (float* p = s_pool)
        {
            var y = new float[Y(s)];
            fixed (float* q = y) Conv2d.Forward(s, p + XAt, p + WAt, null, q);
            for (var i = 0; i < y.Length; i++) expected[i] -= s_pool[BiasAt + i / plane % s.OutC];
            Close(expected, size, y);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void BackwardInput_IsCloseToADoubleReference(int shape)
    {
        var s = s_shapes[shape];
        var (expected, size) = Reference(s, X(s), (x, w, y) => (x, (double)s_pool[YAt + y] * s_pool[WAt + w]));
        Close(expected, size, BackwardInput(s));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void BackwardWeight_IsCloseToADoubleReference(int shape)
    {
        var s = s_shapes[shape];
        var (expected, size) = Reference(s, W(s), (x, w, y) => (w, (double)s_pool[YAt + y] * s_pool[XAt + x]));
        Close(expected, size, BackwardWeight(s));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Results_HaveTheSameBits_ForAnyNumberOfThreads(int shape)
    {
        var s = s_shapes[shape];
        var one = GemmTest.WithThreads(1, () => (Forward(s), BackwardInput(s), BackwardWeight(s)));
        foreach (var threads in new[] { 2, 3, 16 })
        {
            var more = GemmTest.WithThreads(threads, () => (Forward(s), BackwardInput(s), BackwardWeight(s)));
            Assert.Equal(one.Item1, more.Item1);
            Assert.Equal(one.Item2, more.Item2);
            Assert.Equal(one.Item3, more.Item3);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AnImage_HasTheSameBits_InEveryBatch(int shape)
    {
        var many = s_shapes[shape] with { N = 13 };
        var one = many with { N = 1 };
        Assert.Equal(Forward(one), Forward(many)[..Y(one)]);
        Assert.Equal(BackwardInput(one), BackwardInput(many)[..X(one)]);
        Assert.Equal(Forward(many with { N = 6 }), Forward(many)[..(6 * Y(one))]);
        Assert.Equal(BackwardInput(many with { N = 6 }), BackwardInput(many)[..(6 * X(one))]);
    }

    [Fact]
    public void NothingIsAllocated_InSteadyState()
    {
        var s = s_shapes[1];
        var y = new float[1 << 16];
        fixed (float* x = s_pool, z = y)
        {
            long before = 0;
            for (var i = 0; i < 13; i++)
            {
                if (i == 3) before = GC.GetAllocatedBytesForCurrentThread();
                Conv2d.Forward(s, x, x, x, z);
                Conv2d.BackwardInput(s, x, x, z);
                Conv2d.BackwardWeight(s, x, x, z);
            }
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    private const int XAt = 1, WAt = 300_000, YAt = 500_001, BiasAt = 1_000_000;
    private const float Guard = 12345f;

    private static int X(in ConvShape s) => s.N * s.C * s.H * s.W;
    private static int W(in ConvShape s) => s.OutC * s.Terms;
    private static int Y(in ConvShape s) => s.N * s.OutC * s.OutH * s.OutW;

    private static float[] Forward(ConvShape s) => Guarded(Y(s), (p, y) => Conv2d.Forward(s, (float*)p + XAt, (float*)p + WAt, (float*)p + BiasAt, (float*)y));

    private static float[] BackwardInput(ConvShape s) => Guarded(X(s), (p, dx) => Conv2d.BackwardInput(s, (float*)p + WAt, (float*)p + YAt, (float*)dx));

    private static float[] BackwardWeight(ConvShape s) => Guarded(W(s), (p, dw) => Conv2d.BackwardWeight(s, (float*)p + XAt, (float*)p + YAt, (float*)dw));

    /// <summary>Runs a kernel into memory full of NaN, and sees that nothing before or behind it was written.</summary>
    private static float[] Guarded(int n, Action<nint, nint> run)
    {
        const int Around = 40;
        var to = new float[n + 2 * Around];
        Array.Fill(to, float.NaN);
        to.AsSpan(0, Around).Fill(Guard);
        to.AsSpan(n + Around).Fill(Guard);
        fixed (float* p = s_pool, y = to) run((nint)p, (nint)(y + Around));
        Assert.DoesNotContain(to[..Around].Concat(to[(n + Around)..]), x => x != Guard);
        return to[Around..(n + Around)];
    }

    private static void Close(double[] expected, double[] size, float[] got)
    {
        Assert.Equal(expected.Length, got.Length);
        for (var i = 0; i < got.Length; i++) Assert.Equal(expected[i], got[i], 2e-5 * (size[i] + 1e-3));
    }

    /// <summary>Adds a term for each tap of each output that meets an input, to the element that pick names.</summary>
    private static (double[] Sum, double[] Size) Reference(ConvShape s, int n, Func<int, int, int, (int, double)> pick)
    {
        double[] sum = new double[n], size = new double[n];
        for (var i = 0; i < s.N; i++)
            for (var o = 0; o < s.OutC; o++)
                for (var c = 0; c < s.GroupC; c++)
                    for (var t = 0; t < s.KH * s.KW; t++)
                        for (var p = 0; p < s.OutH * s.OutW; p++)
                        {
                            int h = p / s.OutW * s.StrideH - s.PadH + t / s.KW * s.DilationH, w = p % s.OutW * s.StrideW - s.PadW + t % s.KW * s.DilationW;
                            if (h < 0 || h >= s.H || w < 0 || w >= s.W) continue;
                            var channel = o / s.GroupOutC * s.GroupC + c;
                            var (at, term) = pick(((i * s.C + channel) * s.H + h) * s.W + w, (o * s.GroupC + c) * s.KH * s.KW + t,
                                (i * s.OutC + o) * s.OutH * s.OutW + p);
                            sum[at] += term;
                            size[at] += Math.Abs(term);
                        }
        return (sum, size);
    }
}
