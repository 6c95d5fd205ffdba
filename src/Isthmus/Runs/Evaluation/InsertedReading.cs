using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What passes a bottleneck inside encoder or decoder, in bits a unit (row, image, token), all positions of the layer together.</summary>
public sealed record InsertedReading
{
    /// <summary>The layer's name.</summary>
    public required string Layer { get; init; }

    /// <summary>The bottleneck's name.</summary>
    public required string Bottleneck { get; init; }

    /// <summary>log2 of the number of possible messages; null where there is no such number.</summary>
    public double? CapacityBits { get; init; }

    /// <summary>The mean cost; null where there is no finite rate.</summary>
    public double? BoundBits { get; init; }

    /// <summary>upper-bound, code-length, surrogate or capacity.</summary>
    public string? BoundKind { get; init; }

    /// <summary>Different symbols that occur; null where the message is not discrete.</summary>
    public int? Used { get; init; }

    /// <summary>How many different symbols there are; null where there is no such number.</summary>
    public int? Symbols { get; init; }

    /// <summary>The fraction of the layer's variance that is not rebuilt, Σ|x - x'|² / Σ|x - mean x|²; null where the code leads back by a decoder of its own.</summary>
    public double? Fvu { get; init; }

    /// <summary>Of sparse features: how many are active in a message, on average; null elsewhere.</summary>
    public double? L0 { get; init; }

    /// <summary>Of sparse features: the share that was active in no message.</summary>
    public double? DeadShare { get; init; }
}

/// <summary>Sums up what passes insertions while rows are evaluated.</summary>
internal sealed class InsertedCosts(Model model)
{
    private readonly Sum[] _sums = [.. model.Insertions.Select(_ => new Sum())];
    private long _units;

    /// <summary>Adds the last pass of the network, of so many units.</summary>
    public void Add(int units)
    {
        _units += units;
        for (var i = 0; i < _sums.Length; i++)
        {
            var (insertion, sum) = (model.Insertions[i], _sums[i]);
            if (insertion.Rate is { } rate)
            {
                sum.Kind = rate.Kind;
                var rows = units / model.Units;
                sum.Nats += rate.Scope == RateScope.Sample ? Total(rate.Nats) : rate.Nats.Item() * (double)rows;
            }
            else sum.Infinite = true;
            foreach (var (input, passage) in insertion.Inputs.Zip(insertion.Passages))
            {
                if (insertion.Decoder is null) sum.Compare(input.Single, passage.Output);
                foreach (var features in passage.Message().Parts.OfType<Floats>().Where(f => f.Name == "features")) sum.Count(features.Values);
                sum.Messages += passage.Output.Size(0);
                foreach (var part in passage.Message().Parts.OfType<Symbols>())
                {
                    sum.Alphabet = Math.Max(sum.Alphabet, part.Alphabet);
                    foreach (var symbol in part.Values.Data) sum.Seen.Add(symbol);
                }
            }
        }
    }

    /// <summary>What was added, one reading an insertion.</summary>
    public IReadOnlyList<InsertedReading> Readings() => [.. _sums.Select((s, i) => new InsertedReading
    {
        Layer = model.Insertions[i].Layer,
        Bottleneck = model.Recipe.Insert[i].Bottleneck!.Type,
        CapacityBits = model.Insertions[i].Bottleneck.Capacity is { } bits && _units > 0 ? bits.Value * s.Messages / _units : null,
        BoundBits = s.Infinite || _units == 0 ? null : Bits.FromNats(s.Nats / _units).Value,
        BoundKind = s.Infinite || s.Kind is not { } kind ? null : OptionModel.Word(kind.ToString()),
        Used = s.Alphabet > 0 ? s.Seen.Count : null,
        Symbols = s.Alphabet > 0 ? s.Alphabet : null,
        Fvu = s.Fvu,
        L0 = s.Active is null ? null : (double)s.Active.Sum() / s.Messages,
        DeadShare = s.Active is null ? null : (double)s.Active.Count(a => a == 0) / s.Active.Length,
    })];

    private static double Total(Tensor nats)
    {
        var sum = 0.0;
        foreach (var n in nats.Data) sum += n;
        return sum;
    }

    private sealed class Sum
    {
        public double Nats { get; set; }
        public long Messages { get; set; }
        public bool Infinite { get; set; }
        public RateKind? Kind { get; set; }
        public int Alphabet { get; set; }
        public HashSet<long> Seen { get; } = [];
        public long[]? Active { get; private set; }
        public double? Fvu => _rows > 0 && Variance is > 0 and var variance ? _error / variance : null;

        private double[] _sums = [];
        private double _error, _squares;
        private long _rows;

        private double Variance => _squares - _sums.Sum(s => s * s / _rows);

        public void Compare(Tensor x, Tensor y)
        {
            var width = x.Size(1);
            if (_sums.Length == 0) _sums = new double[width];
            for (var i = 0; i < x.Numel; i++)
            {
                double a = x.Data[i], b = y.Data[i];
                _sums[i % width] += a;
                _squares += a * a;
                _error += (a - b) * (a - b);
            }
            _rows += x.Size(0);
        }

        public void Count(Tensor features)
        {
            var width = features.Size(1);
            Active ??= new long[width];
            for (var i = 0; i < features.Numel; i++)
                if (features.Data[i] > 0) Active[i % width]++;
        }
    }
}
