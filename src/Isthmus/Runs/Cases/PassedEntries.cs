using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>An entry of a case's message, and what it can be changed to.</summary>
/// <param name="Name">As an edit names it.</param>
/// <param name="Kind">code, level, bit, feature or number.</param>
/// <param name="Value">What passed; null where it is absent.</param>
/// <param name="Low">The least value that is offered: 0 of codes and bits, the 2nd percentile of numbers over rows of the data.</param>
/// <param name="High">The largest: the last code, 1, the 98th percentile.</param>
public sealed record PassedEntry(string Name, string Kind, double? Value, double Low, double High);

/// <summary>What passes the bottleneck for single cases, entry by entry.</summary>
public sealed class PassedEntries
{
    private const int SampleRows = 500, MostEntries = 256;

    private readonly Run _run;
    private readonly Dataset _data;
    private readonly Dictionary<MessageEntry, (double Low, double High)> _ranges = [];

    private PassedEntries(Run run, Dataset data) => (_run, _data) = (run, data);

    /// <summary>Looks at rows for the ranges of what passes.</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Rows through its schema.</param>
    /// <param name="rows">Of these at most 500, spread evenly.</param>
    public static PassedEntries Of(Run run, Dataset data, int[] rows)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(rows);
        var passed = new PassedEntries(run, data);
        if (rows.Length == 0 || run.Model.Units > 1) return passed;
        int[] some = rows.Length <= SampleRows ? rows : [.. Enumerable.Range(0, SampleRows).Select(i => rows[(int)((long)i * rows.Length / SampleRows)])];
        using var scope = new TensorScope("ranges");
        var message = passed.Message(some);
        for (var p = 0; p < message.Parts.Count; p++) passed.Range(p, message.Parts[p], some.Length);
        return passed;
    }

    /// <summary>The entries of one row's message: all, of long messages the first 256, of a dictionary those that are active first.</summary>
    /// <param name="row">Which.</param>
    /// <param name="count">How many there are.</param>
    public IReadOnlyList<PassedEntry> Row(int row, out int count)
    {
        using var scope = new TensorScope("passed");
        var message = Message([row]);
        var names = new MessageNames(message, _run.Model.Network.Bottleneck);
        var all = new List<(PassedEntry Entry, bool Silent)>();
        count = 0;
        for (var p = 0; p < message.Parts.Count; p++)
        {
            var width = names.Width(p);
            count += width;
            var sparse = message.Parts[p] as Sparse;
            for (var i = 0; i < width && all.Count < 16 * MostEntries; i++)
            {
                var entry = new MessageEntry(p, i);
                var value = sparse is null ? ValueOf(message.Parts[p], i) : LevelOf(sparse, i);
                var (low, high) = _ranges.GetValueOrDefault(entry, (Math.Min(0, value ?? 0), Math.Max(1, value ?? 0)));
                var kind = KindOf(message.Parts[p]);
                if (value is { } own && kind is not "code") (low, high) = (Math.Min(low, own), Math.Max(high, own));
                all.Add((new PassedEntry(names.Of(entry), kind, value, low, high), kind == "feature" && value is 0));
            }
        }
        return [.. all.OrderBy(e => e.Silent).Take(MostEntries).Select(e => e.Entry)];
    }

    private Message Message(int[] rows)
    {
        var network = _run.Model.Network;
        network.Eval();
        using var noGrad = new NoGrad();
        var random = new RandomStream(_run.Model.Recipe.Seed).Fork("evaluation").Fork((ulong)rows[0]).Fork(0);
        var mode = Evaluator.ModeOf(Inference.Parse(_run.Model.Recipe.Inference));
        return network.Bottleneck.Pass(network.Encoder.Forward(Batches.Of(_data, rows).Inputs), new PassContext(mode, random)).Message();
    }

    private void Range(int p, Part part, int rows)
    {
        var width = part switch { Symbols s => s.Values.Numel / rows, Flags f => f.Values.Numel / rows, Floats f => (int)(f.Values.Numel / rows), Sparse s => s.Size, _ => 0 };
        var largest = part is Sparse sparse ? LargestLevels(sparse) : null;
        for (var i = 0; i < width; i++)
            _ranges[new MessageEntry(p, i)] = part switch
            {
                Symbols { Alphabet: > 0 } s => (0, (_run.Model.Network.Bottleneck is IndexBottleneck index && i < index.Positions ? index.Layout.Alphabets[i % index.Layout.Stages] : s.Alphabet) - 1),
                Flags => (0, 1),
                Sparse => (0, Math.Max(1, largest![i])),
                Symbols s => Percentiles([.. Enumerable.Range(0, rows).Select(r => (double)s.Values.Data[(r * width) + i])]),
                Floats { Name: "features" } f => (0, Math.Max(1e-6, Enumerable.Range(0, rows).Max(r => (double)f.Values.Data[(r * width) + i]))),
                Floats f => Percentiles([.. Enumerable.Range(0, rows).Select(r => (double)f.Values.Data[(r * width) + i])]),
                _ => (0, 1),
            };
    }

    private static (double, double) Percentiles(double[] values)
    {
        Array.Sort(values);
        var (low, high) = (values[values.Length / 50], values[values.Length - 1 - (values.Length / 50)]);
        return low < high ? (low, high) : (low - 1, high + 1);
    }

    private static double[] LargestLevels(Sparse part)
    {
        var largest = new double[part.Size];
        for (var i = 0; i < part.Support.Numel; i++)
            if (part.Support.Data[i] is >= 0 and var f) largest[f] = Math.Max(largest[f], part.Levels.Data[i]);
        return largest;
    }

    private static double? LevelOf(Sparse part, int feature)
    {
        for (var i = 0; i < part.Support.Numel; i++)
            if (part.Support.Data[i] == feature) return part.Levels.Data[i];
        return 0;
    }

    private static double? ValueOf(Part part, int i) => part switch
    {
        Symbols { Alphabet: > 0 } s => s.Values.Data[i] is >= 0 and var code ? code : null,
        Symbols s => s.Values.Data[i],
        Flags f => f.Values.Data[i],
        Floats f => f.Values.Data[i],
        _ => null,
    };

    private static string KindOf(Part part) => part switch
    {
        Symbols { Alphabet: > 0 } => "code",
        Symbols => "level",
        Flags => "bit",
        Sparse or Floats { Name: "features" } => "feature",
        _ => "number",
    };
}
