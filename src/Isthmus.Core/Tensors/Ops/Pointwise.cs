using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

// Each operation: its formula's derivative in the rule, one kernel forward, one kernel backward.
public sealed unsafe partial class Tensor
{
    private static readonly Rule s_exp = Rule.Add("exp", static (n, g) => n.Give(0, g * n.Output)); // g y
    private static readonly Rule s_expm1 = Rule.Add("expm1", static (n, g) => n.Give(0, Zip<TimesOnePlus>(g, n.Output))); // g (y + 1)
    private static readonly Rule s_log = Rule.Add("log", static (n, g) => n.Give(0, g / n[0])); // g / x
    private static readonly Rule s_log1p = Rule.Add("log1p", static (n, g) => n.Give(0, Zip<OverOnePlus>(g, n[0]))); // g / (1 + x)
    private static readonly Rule s_sqrt = Rule.Add("sqrt", static (n, g) => n.Give(0, Zip<OverTwice>(g, n.Output))); // g / 2y
    private static readonly Rule s_rsqrt = Rule.Add("rsqrt", static (n, g) => n.Give(0, Zip<RsqrtGrad>(g, n.Output))); // -g y^3 / 2
    private static readonly Rule s_square = Rule.Add("square", static (n, g) => n.Give(0, Zip<TimesTwice>(g, n[0]))); // 2 g x
    private static readonly Rule s_abs = Rule.Add("abs", static (n, g) => n.Give(0, Zip<TimesSign>(g, n[0]))); // g sign(x)
    private static readonly Rule s_sin = Rule.Add("sin", static (n, g) => n.Give(0, g * Apply<CosOp>(n[0]))); // g cos x
    private static readonly Rule s_cos = Rule.Add("cos", static (n, g) => n.Give(0, -(g * Apply<SinOp>(n[0])))); // -g sin x
    private static readonly Rule s_tanh = Rule.Add("tanh", static (n, g) => n.Give(0, Zip<TanhGrad>(g, n.Output))); // g (1 - y^2)
    private static readonly Rule s_sigmoid = Rule.Add("sigmoid", static (n, g) => n.Give(0, Zip<SigmoidGrad>(g, n.Output))); // g y (1 - y)
    private static readonly Rule s_softplus = Rule.Add("softplus", static (n, g) => n.Give(0, Zip<SoftplusGrad>(g, n[0]))); // g sigmoid(x)
    private static readonly Rule s_relu = Rule.Add("relu", static (n, g) => n.Give(0, Zip<ReluGrad>(g, n.Output))); // g [y > 0]
    private static readonly Rule s_leakyRelu = Rule.Add("leaky_relu", static (n, g) => n.Give(0, Zip(g, n[0], new LeakyReluGrad { Slope = (float)n.Saved! })));
    private static readonly Rule s_elu = Rule.Add("elu", static (n, g) => n.Give(0, Zip(g, n.Output, new EluGrad { Alpha = (float)n.Saved! })));
    private static readonly Rule s_silu = Rule.Add("silu", static (n, g) => n.Give(0, Zip<SiluGrad>(g, n[0]))); // g s (1 + x (1 - s))
    private static readonly Rule s_gelu = Rule.Add("gelu", static (n, g) => n.Give(0, Zip<GeluErfGrad>(g, n[0])));
    private static readonly Rule s_geluTanh = Rule.Add("gelu_tanh", static (n, g) => n.Give(0, Zip<GeluTanhGrad>(g, n[0])));
    private static readonly Rule s_erf = Rule.Add("erf", static (n, g) => n.Give(0, Zip<ErfGrad>(g, n[0]))); // g 2/sqrt(pi) exp(-x^2)
    private static readonly Rule s_clamp = Rule.Add("clamp", static (n, g) =>
    {
        var (min, max) = ((float, float))n.Saved!;
        n.Give(0, Zip(g, n[0], new ClampGrad { Min = min, Max = max })); // g where x lies inside, its ends included
    });

    /// <summary>e^x.</summary>
    public Tensor Exp() => Record(s_exp, Apply<ExpOp>(this), this);

    /// <summary>e^x - 1, accurate near 0.</summary>
    public Tensor Expm1() => Record(s_expm1, Apply<Expm1Op>(this), this);

    /// <summary>The natural logarithm; -inf at 0, NaN below.</summary>
    public Tensor Log() => Record(s_log, Apply<LogOp>(this), this);

    /// <summary>log(1 + x), accurate near 0.</summary>
    public Tensor Log1p() => Record(s_log1p, Apply<Log1pOp>(this), this);

    /// <summary>The square root.</summary>
    public Tensor Sqrt() => Record(s_sqrt, Apply<SqrtOp>(this), this);

    /// <summary>1 / sqrt(x).</summary>
    public Tensor Rsqrt() => Record(s_rsqrt, Apply<RsqrtOp>(this), this);

    /// <summary>x^2.</summary>
    public Tensor Square() => Record(s_square, Apply<SquareOp>(this), this);

    /// <summary>|x|; the gradient at 0 is 0.</summary>
    public Tensor Abs() => Record(s_abs, Apply<AbsOp>(this), this);

    /// <summary>-1, 0 or 1; no gradient.</summary>
    public Tensor Sign() => Apply<SignOp>(this);

    /// <summary>The nearest integer, ties to even; no gradient.</summary>
    public Tensor Round() => Apply<RoundOp>(this);

    /// <summary>The largest integer not above x; no gradient.</summary>
    public Tensor Floor() => Apply<FloorOp>(this);

    /// <summary>sin x, x in radians.</summary>
    public Tensor Sin() => Record(s_sin, Apply<SinOp>(this), this);

    /// <summary>cos x, x in radians.</summary>
    public Tensor Cos() => Record(s_cos, Apply<CosOp>(this), this);

    /// <summary>The hyperbolic tangent.</summary>
    public Tensor Tanh() => Record(s_tanh, Apply<TanhOp>(this), this);

    /// <summary>1 / (1 + e^-x).</summary>
    public Tensor Sigmoid() => Record(s_sigmoid, Apply<SigmoidOp>(this), this);

    /// <summary>log(1 + e^x).</summary>
    public Tensor Softplus() => Record(s_softplus, Apply<SoftplusOp>(this), this);

    /// <summary>max(x, 0); the gradient at 0 is 0.</summary>
    public Tensor Relu() => Record(s_relu, Apply<ReluOp>(this), this);

    /// <summary>x where positive, else slope * x.</summary>
    public Tensor LeakyRelu(float slope = 0.01f) => Record(s_leakyRelu, Apply(this, new LeakyReluOp(slope)), this, slope);

    /// <summary>x where positive, else alpha (e^x - 1).</summary>
    public Tensor Elu(float alpha = 1f) => Record(s_elu, Apply(this, new EluOp(alpha)), this, alpha);

    /// <summary>x sigmoid(x).</summary>
    public Tensor Silu() => Record(s_silu, Apply<SiluOp>(this), this);

    /// <summary>x Phi(x), with the normal distribution function (Hendrycks and Gimpel 2016), or its tanh approximation.</summary>
    public Tensor Gelu(bool tanh = false) => tanh ? Record(s_geluTanh, Apply<GeluTanhOp>(this), this) : Record(s_gelu, Apply<GeluErfOp>(this), this);

    /// <summary>The error function.</summary>
    public Tensor Erf() => Record(s_erf, Apply<ErfOp>(this), this);

    /// <summary>x limited to [min, max]; the gradient passes where x lies inside.</summary>
    public Tensor Clamp(float min = float.NegativeInfinity, float max = float.PositiveInfinity) =>
        Record(s_clamp, Apply(this, new ClampMap { Min = min, Max = max }), this, (min, max));

    private static Tensor Zip<TOp>(Tensor a, Tensor b, TOp op = default) where TOp : unmanaged, IZip
    {
        var y = Uninitialized(a._shape);
        Map.Run(op, a.Pointer, false, b.Pointer, false, y.Pointer, y.Numel);
        return y;
    }

    private struct ClampMap : IMap
    {
        public float Min, Max;
        public readonly T Apply<T>(T x) where T : struct, ILane<T> => T.Min(T.Max(x, T.Of(Min)), T.Of(Max));
    }

    private struct ClampGrad : IZip
    {
        public float Min, Max;
        public readonly T Apply<T>(T g, T x) where T : struct, ILane<T> =>
            T.And(g, T.And(T.LessThanOrEqual(T.Of(Min), x), T.LessThanOrEqual(x, T.Of(Max))));
    }

    private readonly struct TimesOnePlus : IZip { public T Apply<T>(T g, T y) where T : struct, ILane<T> => T.Fma(g, y, g); }

    private readonly struct OverOnePlus : IZip { public T Apply<T>(T g, T x) where T : struct, ILane<T> => g / (T.Of(1f) + x); }

    private readonly struct OverTwice : IZip { public T Apply<T>(T g, T y) where T : struct, ILane<T> => g / (y + y); }

    private readonly struct RsqrtGrad : IZip { public T Apply<T>(T g, T y) where T : struct, ILane<T> => g * T.Of(-0.5f) * (y * y * y); }

    private readonly struct TimesTwice : IZip { public T Apply<T>(T g, T x) where T : struct, ILane<T> => g * (x + x); }

    private readonly struct TimesSign : IZip
    {
        public T Apply<T>(T g, T x) where T : struct, ILane<T> =>
            T.Select(T.LessThan(T.Of(0f), x), g, T.Select(T.LessThan(x, T.Of(0f)), -g, T.Of(0f)));
    }

    private readonly struct TanhGrad : IZip { public T Apply<T>(T g, T y) where T : struct, ILane<T> => g * T.Fma(-y, y, T.Of(1f)); }

    private readonly struct SigmoidGrad : IZip { public T Apply<T>(T g, T y) where T : struct, ILane<T> => g * (y * (T.Of(1f) - y)); }

    private readonly struct SoftplusGrad : IZip { public T Apply<T>(T g, T x) where T : struct, ILane<T> => g * VectorMath.Sigmoid(x); }

    private readonly struct ReluGrad : IZip { public T Apply<T>(T g, T y) where T : struct, ILane<T> => T.And(g, T.LessThan(T.Of(0f), y)); }

    private struct LeakyReluGrad : IZip
    {
        public float Slope;
        public readonly T Apply<T>(T g, T x) where T : struct, ILane<T> => T.Select(T.LessThan(T.Of(0f), x), g, g * T.Of(Slope));
    }

    private struct EluGrad : IZip
    {
        public float Alpha;
        public readonly T Apply<T>(T g, T y) where T : struct, ILane<T> => T.Select(T.LessThan(T.Of(0f), y), g, g * (y + T.Of(Alpha)));
    }

    private readonly struct SiluGrad : IZip
    {
        public T Apply<T>(T g, T x) where T : struct, ILane<T>
        {
            var s = VectorMath.Sigmoid(x);
            return g * (s * T.Fma(x, T.Of(1f) - s, T.Of(1f)));
        }
    }

    private readonly struct GeluErfGrad : IZip
    {
        // Phi(x) + x phi(x)
        public T Apply<T>(T g, T x) where T : struct, ILane<T> => g * T.Fma(x, VectorMath.NormalPdf(x), VectorMath.NormalCdf(x));
    }

    private readonly struct GeluTanhGrad : IZip
    {
        public T Apply<T>(T g, T x) where T : struct, ILane<T>
        {
            var c = T.Of(0.7978845608f);
            var square = x * x;
            var t = VectorMath.Tanh(c * x * T.Fma(square, T.Of(0.044715f), T.Of(1f)));
            var inner = c * T.Fma(square, T.Of(3 * 0.044715f), T.Of(1f));
            var half = T.Of(0.5f);
            return g * T.Fma(half * x * inner, T.Fma(-t, t, T.Of(1f)), half * (T.Of(1f) + t));
        }
    }

    private readonly struct ErfGrad : IZip { public T Apply<T>(T g, T x) where T : struct, ILane<T> => g * (T.Of(1.1283791671f) * VectorMath.Exp(-(x * x))); }
}
