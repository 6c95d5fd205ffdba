using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Spikes;

/// <summary>One codebook, nearest code, straight-through gradient, one index a sample.</summary>
internal sealed class VqSpike : Bottleneck
{
    private readonly Tensor _codebook;

    public VqSpike(int codes, int width) => _codebook = AddParameter("codebook", Tensor.Randn(new RandomStream(3), codes, width));

    public override Bits? Capacity => Bits.FromBits(Math.Log2(_codebook.Size(0)));

    public override string MessageName(PassMode mode) => "index";

    public static LongTensor Nearest(Tensor x, Tensor codebook)
    {
        var distances = codebook.Square().Sum(1) - (2f * x.MatMul(codebook, transposeOther: true));
        return distances.ArgMin(1);
    }

    public override Passage Pass(Features h, PassContext c)
    {
        var x = h.Single;
        var message = new Message([new Symbols("index", Nearest(x.Detach(), _codebook.Detach()), _codebook.Size(0))]);
        var code = Restore(message);
        if (c.Mode == PassMode.Ship) return new Passage(code, null, [], () => message);
        return new Passage(x + (code - x).Detach(), new Rate(Tensor.Scalar(MathF.Log(_codebook.Size(0))), RateKind.Capacity, RateScope.Batch),
            [new Term("codebook", (code - x.Detach()).Square().Mean(), 1f), new Term("commitment", (code.Detach() - x).Square().Mean(), 0.25f)], () => message);
    }

    public override Tensor Restore(Message m) => _codebook.Embedding(m.Single<Symbols>().Values);

    public override void Write(Message m, ISymbolWriter to)
    {
        var table = FrequencyTable.Uniform(_codebook.Size(0));
        foreach (var index in m.Single<Symbols>().Values.Data) to.Write((int)index, table);
    }

    public override Message Read(ISymbolReader from, MessageShape s)
    {
        var table = FrequencyTable.Uniform(_codebook.Size(0));
        var indices = LongTensor.Zeros(s.Count);
        foreach (ref var index in indices.Data) index = from.Read(table);
        return new Message([new Symbols("index", indices, _codebook.Size(0))]);
    }
}
