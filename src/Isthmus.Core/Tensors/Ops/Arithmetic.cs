using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_add = Rule.Add("add", static (n, g) => { n.Give(0, g); n.Give(1, g); });
    private static readonly Rule s_sub = Rule.Add("sub", static (n, g) => { n.Give(0, g); if (n.Needs(1)) n.Give(1, -g); });
    private static readonly Rule s_mul = Rule.Add("mul", static (n, g) =>
    {
        if (n.Needs(0)) n.Give(0, g * n[1]);
        if (n.Needs(1)) n.Give(1, g * n[0]);
    });
    private static readonly Rule s_div = Rule.Add("div", static (n, g) =>
    {
        if (!n.Needs(0) && !n.Needs(1)) return;
        var quotient = g / n[1];
        if (n.Needs(1)) n.Give(1, -(quotient * n.Output)); // d/db a/b = -a/b^2
        n.Give(0, quotient);
    });
    private static readonly Rule s_affine = Rule.Add("affine", static (n, g) => n.Give(0, g * (float)n.Saved!)); // y = scale x + shift
    private static readonly Rule s_rdiv = Rule.Add("rdiv", static (n, g) => n.Give(0, -(g * n.Output / n[0]))); // y = c / x
    private static readonly Rule s_maximum = Rule.Add("maximum", static (n, g) => GiveByOrder(n, g, n[0], n[1]));
    private static readonly Rule s_minimum = Rule.Add("minimum", static (n, g) => GiveByOrder(n, g, n[1], n[0]));
    private static readonly Rule s_pow = Rule.Add("pow", static (n, g) =>
    {
        if (n.Needs(0)) n.Give(0, g * n[1] * n[0].Pow(n[1] - 1f));
        // d/db a^b = a^b ln a; 0 where a = 0 and b >= 0, as PyTorch has it.
        if (n.Needs(1)) n.Give(1, g * Broadcasting.Zip<PowerLog>("pow", n[0], n.Output));
    });
    private static readonly Rule s_powScalar = Rule.Add("pow_scalar", static (n, g) =>
    {
        var exponent = (float)n.Saved!;
        n.Give(0, exponent == 0 ? g * 0f : g * (exponent * n[0].Pow(exponent - 1f)));
    });
    private static readonly Rule s_logaddexp = Rule.Add("logaddexp", static (n, g) =>
    {
        if (n.Needs(0)) n.Give(0, g * (n[0] - n.Output).Exp());
        if (n.Needs(1)) n.Give(1, g * (n[1] - n.Output).Exp());
    });

    /// <summary>a + b, broadcast.</summary>
    public static Tensor operator +(Tensor a, Tensor b) => Record(s_add, Broadcasting.Zip<AddOp>("add", a, b), a, b);

    /// <summary>a - b, broadcast.</summary>
    public static Tensor operator -(Tensor a, Tensor b) => Record(s_sub, Broadcasting.Zip<SubOp>("sub", a, b), a, b);

    /// <summary>a * b element by element, broadcast.</summary>
    public static Tensor operator *(Tensor a, Tensor b) => Record(s_mul, Broadcasting.Zip<MulOp>("mul", a, b), a, b);

    /// <summary>a / b element by element, broadcast.</summary>
    public static Tensor operator /(Tensor a, Tensor b) => Record(s_div, Broadcasting.Zip<DivOp>("div", a, b), a, b);

    /// <summary>x + c.</summary>
    public static Tensor operator +(Tensor x, float c) => x.Affine(1f, c);

    /// <summary>c + x.</summary>
    public static Tensor operator +(float c, Tensor x) => x.Affine(1f, c);

    /// <summary>x - c.</summary>
    public static Tensor operator -(Tensor x, float c) => x.Affine(1f, -c);

    /// <summary>c - x.</summary>
    public static Tensor operator -(float c, Tensor x) => x.Affine(-1f, c);

    /// <summary>x * c.</summary>
    public static Tensor operator *(Tensor x, float c) => x.Affine(c, 0f);

    /// <summary>c * x.</summary>
    public static Tensor operator *(float c, Tensor x) => x.Affine(c, 0f);

    /// <summary>x / c.</summary>
    public static Tensor operator /(Tensor x, float c) => x.Affine(1f / c, 0f);

    /// <summary>c / x.</summary>
    public static Tensor operator /(float c, Tensor x) => Record(s_rdiv, Apply(x, new ReciprocalScaled { Numerator = c }), x);

    /// <summary>-x.</summary>
    public static Tensor operator -(Tensor x) => x.Affine(-1f, 0f);

    /// <summary>scale * x + shift.</summary>
    public Tensor Affine(float scale, float shift) => Record(s_affine, Apply(this, new AffineMap { Scale = scale, Shift = shift }), this, saved: NoGrad.IsRecording && NeedsGradient ? scale : null);

    /// <summary>The larger of two, element by element, broadcast; a tie shares its gradient equally, as in PyTorch.</summary>
    public Tensor Maximum(Tensor other) => Record(s_maximum, Broadcasting.Zip<MaxOp>("maximum", this, other), this, other);

    /// <summary>The smaller of two, element by element, broadcast; a tie shares its gradient equally, as in PyTorch.</summary>
    public Tensor Minimum(Tensor other) => Record(s_minimum, Broadcasting.Zip<MinOp>("minimum", this, other), this, other);

    /// <summary>this to the power of other, element by element, broadcast.</summary>
    public Tensor Pow(Tensor other) => Record(s_pow, Broadcasting.Zip<PowOp>("pow", this, other), this, other);

    /// <summary>x^exponent element by element.</summary>
    public Tensor Pow(float exponent)
    {
        if (exponent == 1f) return Affine(1f, 0f);
        if (exponent == 2f) return Square();
        if (exponent == 0.5f) return Sqrt();
        using var constant = new TensorScope("pow");
        var result = Broadcasting.Zip<PowOp>("pow", this, Scalar(exponent));
        return Record(s_powScalar, constant.Keep(result), this, saved: exponent);
    }

    /// <summary>log(exp(a) + exp(b)) without overflow, broadcast.</summary>
    public Tensor LogAddExp(Tensor other) => Record(s_logaddexp, Broadcasting.Zip<LogAddExpOp>("logaddexp", this, other), this, other);

    // 1 where the winner is larger, 1/2 where they tie, 0 elsewhere; for the minimum the two change places.
    private static void GiveByOrder(Node n, Tensor g, Tensor larger, Tensor smaller)
    {
        var share = Broadcasting.Zip<ShareOfLarger>(n.Rule.Name, larger, smaller);
        if (n.Needs(0)) n.Give(0, g * share);
        if (n.Needs(1)) n.Give(1, g * (1f - share));
    }

    private static Tensor Apply<TOp>(Tensor x, TOp op = default) where TOp : unmanaged, IMap
    {
        var y = Uninitialized(x._shape);
        Map.Run(op, x.Pointer, y.Pointer, y.Numel);
        return y;
    }

    private struct AffineMap : IMap
    {
        public float Scale, Shift;
        public readonly T Apply<T>(T x) where T : struct, ILane<T> => T.Fma(x, T.Of(Scale), T.Of(Shift));
    }

    private struct ReciprocalScaled : IMap
    {
        public float Numerator;
        public readonly T Apply<T>(T x) where T : struct, ILane<T> => T.Of(Numerator) / x;
    }

    private readonly struct ShareOfLarger : IZip
    {
        public T Apply<T>(T a, T b) where T : struct, ILane<T> =>
            T.Select(T.LessThan(b, a), T.Of(1f), T.Select(T.LessThan(a, b), T.Of(0f), T.Of(0.5f)));
    }

    private readonly struct PowerLog : IZip
    {
        public T Apply<T>(T a, T power) where T : struct, ILane<T> =>
            T.Select(T.Equal(a, T.Of(0f)), T.Of(0f), power * VectorMath.Log(a));
    }
}
