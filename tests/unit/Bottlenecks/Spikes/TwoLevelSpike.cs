using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Spikes;

/// <summary>
/// Two latents, top first: the bottom one is sent as its difference from what the top one predicts. The prediction goes
/// through rounded integers, so that both sides round alike.
/// </summary>
internal sealed class TwoLevelSpike : Bottleneck
{
    private readonly int _top, _bottom;
    private readonly Linear _predict;

    public TwoLevelSpike(int top, int bottom)
    {
        (_top, _bottom) = (top, bottom);
        _predict = AddModule("predict", new Linear(top, bottom, new RandomStream(7)));
    }

    public override string MessageName(PassMode mode) => "rounded";

    public override Passage Pass(Features h, PassContext c)
    {
        var top = Round(h["top"]);
        var predicted = Round(_predict.Forward(Values(top)));
        var bottom = Round(h["bottom"]);
        for (var i = 0; i < bottom.Numel; i++) bottom.Data[i] -= predicted.Data[i];
        var message = new Message([new Symbols("top", top, 0), new Symbols("bottom", bottom, 0)]);
        return new Passage(Restore(message), null, [], () => message);
    }

    public override Tensor Restore(Message m)
    {
        var (top, bottom) = (m.Part<Symbols>("top").Values, LongTensor.From(m.Part<Symbols>("bottom").Values.Data, m.Part<Symbols>("bottom").Values.Shape));
        var predicted = Round(_predict.Forward(Values(top)));
        for (var i = 0; i < bottom.Numel; i++) bottom.Data[i] += predicted.Data[i];
        return Tensor.Cat([Values(top), Values(bottom)], 1);
    }

    public override void Write(Message m, ISymbolWriter to)
    {
        var model = new AdaptiveInteger(contexts: 2);
        foreach (var v in m.Part<Symbols>("top").Values.Data) model.Write(to, (int)v, 0);
        foreach (var v in m.Part<Symbols>("bottom").Values.Data) model.Write(to, (int)v, 1);
    }

    public override Message Read(ISymbolReader from, MessageShape s)
    {
        var model = new AdaptiveInteger(contexts: 2);
        var (top, bottom) = (LongTensor.Zeros(s.Count, _top), LongTensor.Zeros(s.Count, _bottom));
        foreach (ref var v in top.Data) v = model.Read(from, 0);
        foreach (ref var v in bottom.Data) v = model.Read(from, 1);
        return new Message([new Symbols("top", top, 0), new Symbols("bottom", bottom, 0)]);
    }

    private static LongTensor Round(Tensor x)
    {
        var levels = LongTensor.Zeros(x.Shape);
        for (var i = 0; i < levels.Numel; i++) levels.Data[i] = (long)MathF.Round(8 * x.Data[i]);
        return levels;
    }

    private static Tensor Values(LongTensor levels)
    {
        var x = Tensor.Zeros(levels.Shape);
        for (var i = 0; i < levels.Numel; i++) x.Data[i] = levels.Data[i] / 8f;
        return x;
    }
}
