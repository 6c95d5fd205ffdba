using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Spikes;

/// <summary>Three codebooks, each on what the earlier ones left; the table of a stage may depend on the stage before.</summary>
internal sealed class ResidualVqSpike : Bottleneck
{
    private const int Stages = 3;
    private readonly Tensor[] _books = new Tensor[Stages];
    private readonly int _codes;
    private readonly bool _useContext;
    private readonly FrequencyTable[][] _tables = new FrequencyTable[Stages][]; // by stage, then by the index before

    public ResidualVqSpike(int codes, int width, bool useContext)
    {
        (_codes, _useContext) = (codes, useContext);
        for (var k = 0; k < Stages; k++)
            _books[k] = AddParameter($"book{k}", Tensor.Randn(new RandomStream(4, (ulong)k), codes, width) * (1f / (k + 1)));
    }

    public override string MessageName(PassMode mode) => "index";

    public override void Freeze(IEnumerable<Features> training)
    {
        var counts = new long[Stages, _codes, _codes];
        foreach (var h in training)
        {
            var parts = Quantize(h.Single).Parts;
            for (var i = 0; i < h.Count; i++)
                for (var k = 0; k < Stages; k++) counts[k, Context(parts, k, i), ((Symbols)parts[k]).Values.Data[i]]++;
        }
        for (var k = 0; k < Stages; k++)
            _tables[k] = [.. Enumerable.Range(0, _codes).Select(context =>
                FrequencyTable.FromCounts([.. Enumerable.Range(0, _codes).Select(i => counts[k, context, i] + 1)]))];
    }

    public override Passage Pass(Features h, PassContext c)
    {
        var message = Quantize(h.Single);
        return new Passage(Restore(message), null, [], () => message);
    }

    public override Tensor Restore(Message m)
    {
        var sum = _books[0].Embedding(m.Part<Symbols>("stage0").Values);
        for (var k = 1; k < Stages; k++) sum += _books[k].Embedding(m.Part<Symbols>($"stage{k}").Values);
        return sum;
    }

    public override void Write(Message m, ISymbolWriter to)
    {
        for (var k = 0; k < Stages; k++)
        {
            var indices = ((Symbols)m.Parts[k]).Values;
            for (var i = 0; i < indices.Numel; i++) to.Write((int)indices.Data[i], _tables[k][Context(m.Parts, k, i)]);
        }
    }

    public override Message Read(ISymbolReader from, MessageShape s)
    {
        var parts = new List<Part>();
        for (var k = 0; k < Stages; k++)
        {
            var indices = LongTensor.Zeros(s.Count);
            for (var i = 0; i < s.Count; i++) indices.Data[i] = from.Read(_tables[k][Context(parts, k, i)]);
            parts.Add(new Symbols($"stage{k}", indices, _codes));
        }
        return new Message(parts);
    }

    private int Context(IReadOnlyList<Part> parts, int k, int i) => k == 0 || !_useContext ? 0 : (int)((Symbols)parts[k - 1]).Values.Data[i];

    private Message Quantize(Tensor x)
    {
        var parts = new List<Part>();
        foreach (var (k, book) in _books.Index())
        {
            var indices = VqSpike.Nearest(x, book);
            parts.Add(new Symbols($"stage{k}", indices, _codes));
            x -= book.Embedding(indices);
        }
        return new Message(parts);
    }
}
