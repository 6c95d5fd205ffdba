using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Spikes;

/// <summary>Named concepts, hard (a bit each) or soft (a probability in 256 levels); an edit changes the message itself.</summary>
internal sealed class ConceptSpike : Bottleneck
{
    private readonly Linear _probe;
    private readonly string[] _names;
    private readonly int _levels;

    public ConceptSpike(int width, string[] names, bool hard)
    {
        _probe = AddModule("probe", new Linear(width, names.Length, new RandomStream(6)));
        (_names, _levels) = (names, hard ? 2 : 256);
    }

    public override bool AppliesEdits => true;

    public override Bits? Capacity => Bits.FromBits(_names.Length * Math.Log2(_levels));

    public override string MessageName(PassMode mode) => "rounded";

    public override Passage Pass(Features h, PassContext c)
    {
        var p = _probe.Forward(h.Single).Sigmoid();
        var levels = LongTensor.Zeros(p.Shape);
        for (var i = 0; i < levels.Numel; i++) levels.Data[i] = (long)MathF.Round(p.Data[i] * (_levels - 1));
        foreach (var change in c.Edit?.Changes ?? [])
        {
            var j = Array.IndexOf(_names, change.Name);
            if (j < 0) throw Suggest.Unknown("concept", change.Name, _names);
            for (var i = 0; i < h.Count; i++)
                if (change.Row is null || change.Row == i) levels.Data[(i * _names.Length) + j] = (long)Math.Round(Math.Clamp(change.Value, 0, 1) * (_levels - 1));
        }
        var message = new Message([new Symbols("concepts", levels, _levels)]);
        return new Passage(c.Mode == PassMode.Ship ? Restore(message) : p, null, [], () => message);
    }

    public override Tensor Restore(Message m)
    {
        var levels = m.Single<Symbols>().Values;
        var p = Tensor.Zeros(levels.Shape);
        for (var i = 0; i < levels.Numel; i++) p.Data[i] = levels.Data[i] / (float)(_levels - 1);
        return p;
    }

    public override void Write(Message m, ISymbolWriter to)
    {
        foreach (var level in m.Single<Symbols>().Values.Data) to.Write((int)level, FrequencyTable.Uniform(_levels));
    }

    public override Message Read(ISymbolReader from, MessageShape s)
    {
        var levels = LongTensor.Zeros(s.Count, _names.Length);
        foreach (ref var level in levels.Data) level = from.Read(FrequencyTable.Uniform(_levels));
        return new Message([new Symbols("concepts", levels, _levels)]);
    }
}
