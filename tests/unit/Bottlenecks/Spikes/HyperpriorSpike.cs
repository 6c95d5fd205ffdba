using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Spikes;

/// <summary>
/// Rounded values y under Gaussians whose scale is itself sent first: one integer z a sample says how large its values are.
/// The receiver's tables come from z by integer arithmetic alone.
/// </summary>
internal sealed class HyperpriorSpike(int width) : Bottleneck
{
    private static readonly FrequencyTable s_scales = FrequencyTable.Uniform(4);
    private static readonly FrequencyTable[] s_values = [.. Enumerable.Range(0, 4).Select(z => // two-sided geometric, twice as wide each
        FrequencyTable.FromPmf([.. Enumerable.Range(-8, 17).Select(k => Math.Pow(2, -Math.Abs(k) / (0.25 * (1 << z))))], -8, escape: 1e-3, everySymbol: true))];

    public override string MessageName(PassMode mode) => "rounded";

    public override Passage Pass(Features h, PassContext c)
    {
        var y = LongTensor.Zeros(h.Single.Shape);
        for (var i = 0; i < y.Numel; i++) y.Data[i] = (long)MathF.Round(4 * h.Single.Data[i]);
        var z = LongTensor.Zeros(h.Count);
        for (var i = 0; i < h.Count; i++)
        {
            var mean = 0L;
            foreach (var v in y.Data.Slice(i * width, width)) mean += Math.Abs(v);
            z.Data[i] = Math.Min(3, mean / width);
        }
        var message = new Message([new Symbols("z", z, 4), new Symbols("y", y, 0)]);
        return new Passage(Restore(message), null, [], () => message);
    }

    public override Tensor Restore(Message m)
    {
        var y = m.Part<Symbols>("y").Values;
        var x = Tensor.Zeros(y.Shape);
        for (var i = 0; i < y.Numel; i++) x.Data[i] = y.Data[i] / 4f;
        return x;
    }

    public override void Write(Message m, ISymbolWriter to)
    {
        var (z, y) = (m.Part<Symbols>("z").Values, m.Part<Symbols>("y").Values);
        foreach (var scale in z.Data) to.Write((int)scale, s_scales);
        for (var i = 0; i < y.Numel; i++) to.WriteInteger((int)y.Data[i], s_values[z.Data[i / width]]);
    }

    public override Message Read(ISymbolReader from, MessageShape s)
    {
        var (z, y) = (LongTensor.Zeros(s.Count), LongTensor.Zeros(s.Count, width));
        foreach (ref var scale in z.Data) scale = from.Read(s_scales);
        for (var i = 0; i < y.Numel; i++) y.Data[i] = from.ReadInteger(s_values[z.Data[i / width]]);
        return new Message([new Symbols("z", z, 4), new Symbols("y", y, 0)]);
    }
}
