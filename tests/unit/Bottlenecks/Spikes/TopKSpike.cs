using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Spikes;

/// <summary>The k largest of many features, sent as their places and sixteenths of their sizes.</summary>
internal sealed class TopKSpike : Bottleneck
{
    private const float Step = 1f / 16;
    private readonly Linear _encoder;
    private readonly int _features, _k;

    public TopKSpike(int width, int features, int k)
    {
        _encoder = AddModule("encoder", new Linear(width, features, new RandomStream(5)));
        (_features, _k) = (features, k);
    }

    public override string MessageName(PassMode mode) => "index";

    public override Passage Pass(Features h, PassContext c)
    {
        var active = _encoder.Forward(h.Single).Relu();
        var (support, levels) = (LongTensor.Zeros(h.Count, _k), LongTensor.Zeros(h.Count, _k));
        for (var i = 0; i < h.Count; i++)
        {
            var row = active.Data.Slice(i * _features, _features).ToArray();
            var top = Enumerable.Range(0, _features).Where(j => row[j] > Step).OrderByDescending(j => row[j]).Take(_k).Order().ToArray();
            for (var j = 0; j < _k; j++)
            {
                support.Data[(i * _k) + j] = j < top.Length ? top[j] : -1;
                levels.Data[(i * _k) + j] = j < top.Length ? (long)MathF.Round(row[top[j]] / Step) : 0;
            }
        }
        var message = new Message([new Sparse("features", support, levels, _features)]);
        return new Passage(Restore(message), null, [], () => message);
    }

    public override Tensor Restore(Message m)
    {
        var part = m.Single<Sparse>();
        var dense = Tensor.Zeros(part.Support.Shape[0], _features);
        for (var i = 0; i < part.Support.Numel; i++)
            if (part.Support.Data[i] >= 0) dense.Data[(i / _k * _features) + (int)part.Support.Data[i]] = part.Levels.Data[i] * Step;
        return dense;
    }

    // A place is coded among those still possible after the one before: later symbols under earlier ones.
    public override void Write(Message m, ISymbolWriter to)
    {
        var part = m.Single<Sparse>();
        for (var i = 0; i < part.Support.Numel; i++)
        {
            var place = (int)part.Support.Data[i];
            var before = i % _k == 0 ? -1 : (int)part.Support.Data[i - 1];
            if (i % _k > 0 && before < 0) continue; // the row has ended
            var table = FrequencyTable.Uniform(_features - before); // the rest, and "no more" as 0
            to.Write(place < 0 ? 0 : place - before, table);
            if (place >= 0) to.WriteGamma((uint)part.Levels.Data[i]);
        }
    }

    public override Message Read(ISymbolReader from, MessageShape s)
    {
        var (support, levels) = (LongTensor.Zeros(s.Count, _k), LongTensor.Zeros(s.Count, _k));
        for (var i = 0; i < support.Numel; i++)
        {
            var before = i % _k == 0 ? -1 : (int)support.Data[i - 1];
            support.Data[i] = -1;
            if (i % _k > 0 && before < 0) continue;
            var ahead = from.Read(FrequencyTable.Uniform(_features - before));
            if (ahead == 0) continue;
            support.Data[i] = before + ahead;
            levels.Data[i] = from.ReadGamma();
        }
        return new Message([new Sparse("features", support, levels, _features)]);
    }
}
