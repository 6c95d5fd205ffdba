using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>No bottleneck: everything passes, as 32-bit floats. The control that every other one is compared with.</summary>
public sealed class IdentityBottleneck(int width) : Bottleneck
{
    private const string Why = "a vector of real numbers has no finite rate before it is quantised";

    /// <summary>The number of features.</summary>
    public int Width { get; } = width;

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(32.0 * Width);

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => "floats";

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        var x = h.Single;
        return new Passage(x, null, [], () => new Message([new Floats("features", x)])) { NoRate = Why };
    }

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return m.Single<Floats>().Values;
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        to.WriteFloats(m.Single<Floats>().Values.Data);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(s);
        var values = Tensor.Zeros(s.Count, Width);
        from.ReadFloats(values.Data);
        return new Message([new Floats("features", values)]);
    }
}
