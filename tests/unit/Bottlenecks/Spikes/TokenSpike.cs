using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Spikes;

/// <summary>An index for each token that is present: lengths are part of the message, padding costs nothing and stays zero.</summary>
internal sealed class TokenSpike : Bottleneck
{
    private readonly Tensor _codebook;

    public TokenSpike(int codes, int width) => _codebook = AddParameter("codebook", Tensor.Randn(new RandomStream(8), codes, width));

    public override string MessageName(PassMode mode) => "index";

    public override Passage Pass(Features h, PassContext c)
    {
        var (batch, tokens) = (h.Count, h.Single.Size(1));
        var lengths = LongTensor.Zeros(batch);
        for (var i = 0; i < batch * tokens; i++) if (c.Mask is null || c.Mask.Data[i] != 0) lengths.Data[i / tokens]++;
        var indices = VqSpike.Nearest(h.Single.Reshape(-1, h.Single.Size(-1)), _codebook).Reshape(batch, tokens);
        for (var i = 0; i < indices.Numel; i++) if (i % tokens >= lengths.Data[i / tokens]) indices.Data[i] = -1;
        var message = new Message([new Symbols("tokens", indices, _codebook.Size(0))]) { Lengths = lengths };
        return new Passage(Restore(message), null, [], () => message);
    }

    public override Tensor Restore(Message m)
    {
        var indices = m.Single<Symbols>().Values;
        var width = _codebook.Size(1);
        var output = Tensor.Zeros([.. indices.Shape, width]);
        for (var i = 0; i < indices.Numel; i++)
            if (indices.Data[i] >= 0) _codebook.Data.Slice((int)indices.Data[i] * width, width).CopyTo(output.Data[(i * width)..]);
        return output;
    }

    public override void Write(Message m, ISymbolWriter to)
    {
        foreach (var length in m.Lengths!.Data) to.WriteGamma((uint)length);
        foreach (var index in m.Single<Symbols>().Values.Data)
            if (index >= 0) to.Write((int)index, FrequencyTable.Uniform(_codebook.Size(0)));
    }

    public override Message Read(ISymbolReader from, MessageShape s)
    {
        var tokens = s.Sizes[0];
        var (lengths, indices) = (LongTensor.Zeros(s.Count), LongTensor.Zeros(s.Count, tokens));
        foreach (ref var length in lengths.Data) length = Math.Min(from.ReadGamma(), (uint)tokens);
        for (var i = 0; i < indices.Numel; i++)
            indices.Data[i] = i % tokens < lengths.Data[i / tokens] ? from.Read(FrequencyTable.Uniform(_codebook.Size(0))) : -1;
        return new Message([new Symbols("tokens", indices, _codebook.Size(0))]) { Lengths = lengths };
    }
}
