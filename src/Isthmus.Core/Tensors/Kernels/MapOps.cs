using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

// Element-wise operations as structs for Map: what each computes is its one line. Rounding and special values are those of
// VectorMath and of PyTorch's functions of the same name.

/// <summary>e^x.</summary>
internal readonly struct ExpOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Exp(x);
}

/// <summary>e^x - 1.</summary>
internal readonly struct Expm1Op : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Expm1(x);
}

/// <summary>The natural logarithm.</summary>
internal readonly struct LogOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Log(x);
}

/// <summary>log(1 + x).</summary>
internal readonly struct Log1pOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Log1p(x);
}

/// <summary>The hyperbolic tangent.</summary>
internal readonly struct TanhOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Tanh(x);
}

/// <summary>1 / (1 + e^-x).</summary>
internal readonly struct SigmoidOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Sigmoid(x);
}

/// <summary>log(1 + e^x).</summary>
internal readonly struct SoftplusOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Softplus(x);
}

/// <summary>The error function.</summary>
internal readonly struct ErfOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Erf(x);
}

/// <summary>The sine.</summary>
internal readonly struct SinOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Sin(x);
}

/// <summary>The cosine.</summary>
internal readonly struct CosOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => VectorMath.Cos(x);
}

/// <summary>The square root; NaN below 0.</summary>
internal readonly struct SqrtOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Sqrt(x);
}

/// <summary>1 / sqrt(x), each step rounded correctly.</summary>
internal readonly struct RsqrtOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Of(1f) / T.Sqrt(x);
}

/// <summary>|x|.</summary>
internal readonly struct AbsOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Abs(x);
}

/// <summary>x^2.</summary>
internal readonly struct SquareOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => x * x;
}

/// <summary>max(x, 0); NaN stays.</summary>
internal readonly struct ReluOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Select(T.LessThan(x, T.Of(0f)), T.Of(0f), x);
}

/// <summary>The largest integer not above x.</summary>
internal readonly struct FloorOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Floor(x);
}

/// <summary>The nearest integer, ties to even.</summary>
internal readonly struct RoundOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Round(x);
}

/// <summary>-1, 0 or 1; 0 for NaN, as in PyTorch.</summary>
internal readonly struct SignOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Select(T.LessThan(x, T.Of(0f)), T.Of(-1f), T.And(T.LessThan(T.Of(0f), x), T.Of(1f)));
}

/// <summary>x sigmoid(x) (Elfwing, Uchibe, Doya 2018).</summary>
internal readonly struct SiluOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => x * VectorMath.Sigmoid(x);
}

/// <summary>x times the normal distribution function (Hendrycks, Gimpel 2016).</summary>
internal readonly struct GeluErfOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => x * VectorMath.NormalCdf(x);
}

/// <summary>The tanh form of GELU: x/2 (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3) (Hendrycks, Gimpel 2016).</summary>
internal readonly struct GeluTanhOp : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => x * VectorMath.Sigmoid(T.Of(1.59576912f) * T.Fma(x * x, T.Of(0.044715f) * x, x));
}

/// <summary>x above 0, slope x below.</summary>
internal readonly struct LeakyReluOp(float slope) : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Select(T.LessThan(T.Of(0f), x), x, T.Of(slope) * x);
}

/// <summary>x above 0, alpha (e^x - 1) below (Clevert, Unterthiner, Hochreiter 2016).</summary>
internal readonly struct EluOp(float alpha) : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, ILane<T> => T.Select(T.LessThan(T.Of(0f), x), x, T.Of(alpha) * VectorMath.Expm1(x));
}

/// <summary>a + b.</summary>
internal readonly struct AddOp : IZip
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : struct, ILane<T> => a + b;
}

/// <summary>a - b.</summary>
internal readonly struct SubOp : IZip
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : struct, ILane<T> => a - b;
}

/// <summary>a * b.</summary>
internal readonly struct MulOp : IZip
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : struct, ILane<T> => a * b;
}

/// <summary>a / b.</summary>
internal readonly struct DivOp : IZip
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : struct, ILane<T> => a / b;
}

/// <summary>The larger; NaN if either is NaN.</summary>
internal readonly struct MaxOp : IZip
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.Max(a, b);
}

/// <summary>The smaller; NaN if either is NaN.</summary>
internal readonly struct MinOp : IZip
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.Min(a, b);
}

/// <summary>a to the power b.</summary>
internal readonly struct PowOp : IZip
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : struct, ILane<T> => VectorMath.Pow(a, b);
}

/// <summary>log(e^a + e^b) without overflow.</summary>
internal readonly struct LogAddExpOp : IZip
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : struct, ILane<T>
    {
        // Equal infinities would give inf - inf.
        var difference = T.Select(T.Equal(a, b), T.Of(0f), T.Abs(a - b));
        return T.Max(a, b) + VectorMath.Softplus(-difference);
    }
}
