using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// What stands in for a blocked code: the allowed one that is nearest to what the encoder made, where the bottleneck can tell, else
/// the one whose restored output is nearest to that of the message with the blocked code. Of equal ones the first.
/// </summary>
internal sealed class CodeAlternatives(Bottleneck bottleneck, Message message, Features? features)
{
    private const int MostCodes = 1 << 16, AtOnce = 1024;
    private readonly Dictionary<(int Position, string Row), double[]> _restored = [];
    private (int Position, Tensor? Distances)? _told;

    /// <summary>The nearest code that is allowed.</summary>
    /// <param name="part">The part's number.</param>
    /// <param name="row">The sample.</param>
    /// <param name="position">The position that holds a blocked code in <paramref name="name"/>'s message.</param>
    /// <param name="codes">How many codes it has.</param>
    /// <param name="allowed">Which may be chosen.</param>
    /// <param name="name">For messages.</param>
    public int Nearest(int part, int row, int position, double codes, Func<int, bool> allowed, string name)
    {
        if (codes > MostCodes) throw new InputException(FormattableString.Invariant($"block {name}: the nearest of {codes} codes is not searched for, at most {MostCodes} are"), $"force another code: {name}=…");
        var distances = Told(row, position) ?? Restored(part, row, position, (int)codes);
        var best = -1;
        for (var k = 0; k < (int)codes; k++)
            if (allowed(k) && (best < 0 || distances[k] < distances[best])) best = k;
        return best >= 0 ? best : throw new InputException($"block {name}: all its codes are blocked");
    }

    private double[]? Told(int row, int position)
    {
        if (features is null || bottleneck is not IndexBottleneck index) return null;
        if (_told?.Position != position) _told = (position, index.CodeDistances(features, message.Single<Symbols>().Values, position));
        if (_told?.Distances is not { } all) return null;
        var codes = all.Size(1);
        return [.. all.Data.Slice(row * codes, codes).ToArray().Select(d => (double)d)];
    }

    private double[] Restored(int part, int row, int position, int codes)
    {
        var key = (position, RowKey(row));
        if (_restored.TryGetValue(key, out var known)) return known;
        using var noGrad = new NoGrad();
        var distances = new double[codes];
        using (var scope = new TensorScope("alternatives"))
        {
            var own = bottleneck.Restore(Repeated(row, 1)).ToArray();
            for (var from = 0; from < codes; from += AtOnce)
            {
                var count = Math.Min(AtOnce, codes - from);
                var candidates = Repeated(row, count);
                var values = ((Symbols)candidates.Parts[part]).Values;
                for (var k = 0; k < count; k++) values.Data[(k * (values.Numel / count)) + position] = from + k;
                var output = bottleneck.Restore(candidates);
                for (var k = 0; k < count; k++)
                    for (var d = 0; d < own.Length; d++)
                        distances[from + k] += Math.Pow((double)output.Data[(k * own.Length) + d] - own[d], 2);
            }
        }
        return _restored[key] = distances;
    }

    private string RowKey(int row) => string.Join('|', message.Parts.Select(p => p switch
    {
        Symbols s => string.Join(' ', Row(s.Values, row).ToArray()),
        Flags f => string.Join(' ', Row(f.Values, row).ToArray()),
        Sparse s => string.Join(' ', [.. Row(s.Support, row).ToArray(), .. Row(s.Levels, row).ToArray()]),
        _ => row.ToString(System.Globalization.CultureInfo.InvariantCulture),
    }));

    private static Span<long> Row(LongTensor values, int row) => values.Data.Slice(row * (values.Numel / values.Shape[0]), values.Numel / values.Shape[0]);

    private Message Repeated(int row, int times) => new([.. message.Parts.Select(p => p switch
    {
        Symbols s => s with { Values = Repeated(s.Values, row, times) },
        Flags f => f with { Values = Repeated(f.Values, row, times) },
        Sparse s => s with { Support = Repeated(s.Support, row, times), Levels = Repeated(s.Levels, row, times) },
        Floats f => f with { Values = f.Values.IndexSelect(0, LongTensor.From([.. Enumerable.Repeat((long)row, times)], times)) },
        _ => p,
    })])
    { Lengths = message.Lengths is null ? null : Repeated(message.Lengths, row, times) };

    private static LongTensor Repeated(LongTensor values, int row, int times)
    {
        var repeated = LongTensor.Zeros([times, .. values.Shape[1..]]);
        var one = Row(values, row);
        for (var k = 0; k < times; k++) one.CopyTo(repeated.Data[(k * one.Length)..]);
        return repeated;
    }
}
