using System.Globalization;
using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tests.Tensors;

public unsafe class VectorMathTest
{
    private readonly struct CdfOp : IMap { public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.NormalCdf(x); }
    private readonly struct PdfOp : IMap { public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.NormalPdf(x); }

    private sealed record Case(Func<float[], float[]> Ours, Func<double, double> Truth, float Low, float High, double Units);

    private static Case Of<TOp>(TOp op, Func<double, double> truth, float low, float high, double units) where TOp : unmanaged, IMap =>
        new(x => Apply(op, x), truth, low, high, units);

    /// <summary>Domain of the stated error, and the error in units in the last place.</summary>
    private static readonly Dictionary<string, Case> s_cases = new()
    {
        ["Exp"] = Of(new ExpOp(), Math.Exp, -104, 89, 0.9),
        ["Expm1"] = Of(new Expm1Op(), ReferenceMath.Expm1, -104, 89, 1.4),
        ["Log"] = Of(new LogOp(), Math.Log, 0, float.MaxValue, 0.8),
        ["Log1p"] = Of(new Log1pOp(), ReferenceMath.Log1p, -1, float.MaxValue, 1.4),
        ["Tanh"] = Of(new TanhOp(), Math.Tanh, -20, 20, 1.9),
        ["Sigmoid"] = Of(new SigmoidOp(), ReferenceMath.Sigmoid, -104, 20, 1.8),
        ["Softplus"] = Of(new SoftplusOp(), ReferenceMath.Softplus, -104, 100, 1.7),
        ["Erf"] = Of(new ErfOp(), ReferenceMath.Erf, -5, 5, 1.1),
        ["NormalCdf"] = Of(new CdfOp(), ReferenceMath.NormalCdf, -14.2f, 9, 1.7),
        ["NormalPdf"] = Of(new PdfOp(), ReferenceMath.NormalPdf, -14.4f, 14.4f, 2),
        ["Sin"] = Of(new SinOp(), Math.Sin, -1e5f, 1e5f, 1.6),
        ["Cos"] = Of(new CosOp(), Math.Cos, -1e5f, 1e5f, 1.6),
    };

    public static TheoryData<string> Functions() => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_IsWithinItsStatedUnits(string name) => CheckUnits(name, 20_000);

    [Theory]
    [Trait("Category", "Slow")]
    [MemberData(nameof(Functions))]
    public void Function_IsWithinItsStatedUnits_OnMillions(string name) => CheckUnits(name, 4_000_000);

    private static void CheckUnits(string name, int count)
    {
        var c = s_cases[name];
        var x = Points(c.Low, c.High, count);
        var y = c.Ours(x);
        double worst = 0;
        float at = 0;
        for (var i = 0; i < count; i++)
        {
            var units = Units(y[i], c.Truth(x[i]));
            if (units > worst) (worst, at) = (units, x[i]);
        }
        Assert.True(worst <= c.Units, string.Create(CultureInfo.InvariantCulture, $"{name}({at:R}) is off by {worst:F3} units"));
    }

    /// <summary>Half of the points uniform in value, a quarter near 0, a quarter uniform over the bit patterns of the range.</summary>
    private static float[] Points(float low, float high, int count)
    {
        var random = new RandomStream(11);
        var x = new float[count];
        for (var i = 0; i < count; i++)
        {
            float v;
            do
            {
                v = (i & 3) switch
                {
                    0 => BitConverter.UInt32BitsToSingle(random.NextUInt32()),
                    1 when low < 2 => (float)(random.NextDouble() * 4 - 2),
                    _ => (float)(low + random.NextDouble() * ((double)high - low)),
                };
            } while (!(v >= low && v <= high));
            x[i] = v;
        }
        return x;
    }

    /// <summary>The distance in units in the last place of the float nearest to the truth; too large a truth wants infinity.</summary>
    private static double Units(float got, double want)
    {
        if (double.IsNaN(want)) return float.IsNaN(got) ? 0 : double.PositiveInfinity;
        if (Math.Abs(want) >= float.MaxValue) return got == (float)want || Math.Abs(got) == float.MaxValue ? 0 : double.PositiveInfinity;
        var magnitude = Math.Abs((float)want);
        var unit = magnitude == 0 ? float.Epsilon : MathF.BitIncrement(magnitude) - (double)magnitude;
        return double.IsInfinity(unit) ? 0 : Math.Abs(got - want) / unit;
    }

    private static float[] Apply<TOp>(TOp op, float[] x) where TOp : unmanaged, IMap
    {
        var y = new float[x.Length];
        fixed (float* px = x, py = y) Map.Run(op, px, py, x.Length);
        return y;
    }

    private static float[] Apply<TOp>(TOp op, float[] a, float[] b) where TOp : unmanaged, IZip
    {
        var y = new float[a.Length];
        fixed (float* pa = a, pb = b, py = y) Map.Run(op, pa, false, pb, false, py, a.Length);
        return y;
    }

    [Fact]
    public void Sine_OfLargeArguments_IsCloseUpToItsLimit_AndNaNBeyond()
    {
        var x = Points(1e5f, 3.99e6f, 20_000);
        float[] sin = Apply(new SinOp(), x), cos = Apply(new CosOp(), x);
        for (var i = 0; i < x.Length; i++)
        {
            Assert.Equal(Math.Sin(x[i]), sin[i], 1e-6);
            Assert.Equal(Math.Cos(x[i]), cos[i], 1e-6);
        }
        Assert.All(Apply(new SinOp(), [4.1e6f, -1e30f, float.PositiveInfinity, float.NaN]), y => Assert.True(float.IsNaN(y)));
    }

    [Fact]
    public void Functions_OfEveryLength_AreTheSameInPlaceAndApart()
    {
        var x = Points(-20, 20, 257);
        for (var n = 0; n <= 257; n++)
        {
            float[] apart = Apply(new TanhOp(), x[..n]), inPlace = x[..n];
            fixed (float* p = inPlace) Map.Run(new TanhOp(), p, p, n);
            Assert.Equal(apart, inPlace);
            Assert.Equal(Apply(new TanhOp(), x)[..n], apart);
        }
    }

    [Fact]
    public void Pow_IsWithinItsStatedUnits() => CheckPow(20_000);

    [Fact]
    [Trait("Category", "Slow")]
    public void Pow_IsWithinItsStatedUnits_OnMillions() => CheckPow(4_000_000);

    private static void CheckPow(int count)
    {
        var random = new RandomStream(12);
        float[] x = new float[count], y = new float[count];
        for (var i = 0; i < count; i++)
        {
            // Results spread over the whole range: y log x uniform on -104..89.
            x[i] = (i & 1) == 0 ? (float)(0.5 + 1.5 * random.NextDouble()) : Math.Abs(BitConverter.UInt32BitsToSingle(random.NextUInt32()));
            if (!float.IsFinite(x[i])) x[i] = 2;
            y[i] = (float)((random.NextDouble() * 193 - 104) / Math.Log(x[i]));
            if (!float.IsFinite(y[i])) y[i] = 1;
        }
        var z = Apply(new PowOp(), x, y);
        double worst = 0;
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var units = Units(z[i], Math.Pow(x[i], y[i]));
            if (units > worst) (worst, at) = (units, i);
        }
        Assert.True(worst <= 1.2, string.Create(CultureInfo.InvariantCulture, $"{x[at]:R}^{y[at]:R} is off by {worst:F3} units"));
    }
}
