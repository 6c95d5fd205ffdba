using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

// Questions answered by 1 and 0. What counts as true is every number but 0, NaN included.
public sealed unsafe partial class Tensor
{
    /// <summary>1 where a &gt; b, else 0; broadcast, no gradient.</summary>
    public Tensor Gt(Tensor other) => Broadcasting.Zip<GreaterOp>("gt", this, other);

    /// <summary>1 where x &gt; c, else 0; no gradient.</summary>
    public Tensor Gt(float c) => Against<GreaterOp>(c);

    /// <summary>1 where a &gt;= b, else 0; broadcast, no gradient.</summary>
    public Tensor Ge(Tensor other) => Broadcasting.Zip<GreaterEqualOp>("ge", this, other);

    /// <summary>1 where x &gt;= c, else 0; no gradient.</summary>
    public Tensor Ge(float c) => Against<GreaterEqualOp>(c);

    /// <summary>1 where a &lt; b, else 0; broadcast, no gradient.</summary>
    public Tensor Lt(Tensor other) => Broadcasting.Zip<LessOp>("lt", this, other);

    /// <summary>1 where x &lt; c, else 0; no gradient.</summary>
    public Tensor Lt(float c) => Against<LessOp>(c);

    /// <summary>1 where a &lt;= b, else 0; broadcast, no gradient.</summary>
    public Tensor Le(Tensor other) => Broadcasting.Zip<LessEqualOp>("le", this, other);

    /// <summary>1 where x &lt;= c, else 0; no gradient.</summary>
    public Tensor Le(float c) => Against<LessEqualOp>(c);

    /// <summary>1 where a = b, else 0; broadcast, no gradient. NaN equals nothing.</summary>
    public Tensor Eq(Tensor other) => Broadcasting.Zip<EqualOp>("eq", this, other);

    /// <summary>1 where x = c, else 0; no gradient.</summary>
    public Tensor Eq(float c) => Against<EqualOp>(c);

    /// <summary>1 where a differs from b, else 0; broadcast, no gradient.</summary>
    public Tensor Ne(Tensor other) => Broadcasting.Zip<NotEqualOp>("ne", this, other);

    /// <summary>1 where x differs from c, else 0; no gradient.</summary>
    public Tensor Ne(float c) => Against<NotEqualOp>(c);

    /// <summary>1 where both are not 0, else 0; broadcast, no gradient.</summary>
    public Tensor LogicalAnd(Tensor other) => Broadcasting.Zip<AndOp>("logical_and", this, other);

    /// <summary>1 where one or both are not 0, else 0; broadcast, no gradient.</summary>
    public Tensor LogicalOr(Tensor other) => Broadcasting.Zip<OrOp>("logical_or", this, other);

    /// <summary>1 where exactly one is not 0, else 0; broadcast, no gradient.</summary>
    public Tensor LogicalXor(Tensor other) => Broadcasting.Zip<XorOp>("logical_xor", this, other);

    /// <summary>1 where x is 0, else 0; no gradient.</summary>
    public Tensor LogicalNot() => Against<EqualOp>(0f);

    /// <summary>1 where x is NaN, else 0; no gradient.</summary>
    public Tensor IsNaN() => Zip<NotEqualOp>(this, this);

    /// <summary>1 where x is neither infinite nor NaN, else 0; no gradient.</summary>
    public Tensor IsFinite() => Apply<FiniteOp>(this);

    private Tensor Against<TOp>(float c) where TOp : unmanaged, IZip
    {
        var y = Uninitialized(_shape);
        Map.Run(default(TOp), Pointer, false, &c, true, y.Pointer, y.Numel);
        return y;
    }

    private readonly struct GreaterOp : IZip { public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.And(T.LessThan(b, a), T.Of(1f)); }

    private readonly struct GreaterEqualOp : IZip { public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.And(T.LessThanOrEqual(b, a), T.Of(1f)); }

    private readonly struct LessOp : IZip { public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.And(T.LessThan(a, b), T.Of(1f)); }

    private readonly struct LessEqualOp : IZip { public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.And(T.LessThanOrEqual(a, b), T.Of(1f)); }

    private readonly struct EqualOp : IZip { public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.And(T.Equal(a, b), T.Of(1f)); }

    private readonly struct NotEqualOp : IZip { public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.Select(T.Equal(a, b), T.Of(0f), T.Of(1f)); }

    private readonly struct AndOp : IZip
    {
        public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.Select(T.Or(T.Equal(a, T.Of(0f)), T.Equal(b, T.Of(0f))), T.Of(0f), T.Of(1f));
    }

    private readonly struct OrOp : IZip
    {
        public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.Select(T.And(T.Equal(a, T.Of(0f)), T.Equal(b, T.Of(0f))), T.Of(0f), T.Of(1f));
    }

    private readonly struct XorOp : IZip
    {
        public T Apply<T>(T a, T b) where T : struct, ILane<T> => T.And(T.Xor(T.Equal(a, T.Of(0f)), T.Equal(b, T.Of(0f))), T.Of(1f));
    }

    private readonly struct FiniteOp : IMap
    {
        public T Apply<T>(T x) where T : struct, ILane<T> => T.And(T.LessThanOrEqual(T.Abs(x), T.Of(float.MaxValue)), T.Of(1f));
    }
}
