using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Rows of a run's own data on which its layers are measured, with the classes that a layer may tell about.</summary>
public sealed class LayerRows
{
    private const int RowsAtOnce = 500, TargetBins = 10;

    private readonly Run _run;
    private readonly Dataset _data;
    private readonly int[] _rows;

    private LayerRows(Run run, Dataset data, int[] rows, int[] labels, IReadOnlyList<string> notes)
    {
        (_run, _data, _rows, Labels, Notes) = (run, data, rows, labels, notes);
        var inputs = new double[(long)rows.Length * data.FeatureSize];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = data.Row(rows[i]);
            for (var c = 0; c < row.Length; c++) inputs[(i * data.FeatureSize) + c] = row[c];
        }
        Inputs = new Samples(inputs, rows.Length, data.FeatureSize);
    }

    /// <summary>X: the network's inputs.</summary>
    public Samples Inputs { get; }

    /// <summary>Y: the class of each row, or the tenth of its target; empty for reconstructions.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>What has to be known about rows and classes.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The rows' numbers in the data.</summary>
    public IReadOnlyList<int> Rows => _rows;

    internal Dataset Data => _data;

    /// <summary>Loads a run's rows.</summary>
    /// <param name="run">The run.</param>
    /// <param name="part">test (validation, or training rows, where there are none), train or all.</param>
    /// <param name="most">At most so many, spread evenly; at least 2.</param>
    /// <exception cref="InputException">An unknown part, or fewer than two rows.</exception>
    public static LayerRows Load(Run run, string part = "test", int most = 2000)
    {
        var (data, rows, notes) = Choose(run, part, most);
        var all = notes.ToList();
        return new LayerRows(run, data, rows, LabelsOf(data, rows, all), all);
    }

    /// <summary>Rows of a run's own data, and what has to be known about them.</summary>
    internal static (Dataset Data, int[] Rows, IReadOnlyList<string> Notes) Choose(Run run, string part, int most)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (most < 2) throw new InputException(FormattableString.Invariant($"--most {most}: at least 2 rows are needed"));
        var loaded = run.LoadOwn();
        var (judged, name) = TrainJob.Judged(loaded.Split);
        var rows = part switch
        {
            "test" => judged,
            "train" => loaded.Split.Train,
            "all" => [.. loaded.Split.Train, .. loaded.Split.Validation, .. loaded.Split.Test],
            _ => throw Suggest.Unknown("part of the rows", part, ["test", "train", "all"]),
        };
        if (rows.Length < 2) throw new InputException($"{run.Folder}: its {part} part has fewer than two rows", "--rows all");
        var notes = new List<string>();
        if (part == "test" && name != "test") notes.Add($"there are no test rows: these are {name} rows");
        if (rows.Length > most)
        {
            notes.Add(FormattableString.Invariant($"{most} of {rows.Length} rows, spread evenly"));
            rows = [.. Enumerable.Range(0, most).Select(i => rows[(int)((long)i * rows.Length / most)])];
        }
        return (loaded.Data, rows, notes);
    }

    /// <summary>What layers give on these rows, with the weights that the run's network has now and the mean code.</summary>
    /// <exception cref="InputException">No such layer (the nearest is suggested), or one that gives no row for each row.</exception>
    public IReadOnlyDictionary<string, Samples> Activations(IReadOnlyList<string> layers)
    {
        _run.Model.Network.Eval();
        return LayerActivations.Record(_run.Model.Network, layers, Batches());
    }

    /// <summary>The first rows as the network takes them.</summary>
    internal Tensor Batch(int count) => Runs.Batches.Of(_data, _rows.AsSpan(0, Math.Min(count, _rows.Length))).Inputs;

    /// <summary>The layers that a picture shows unless others are named: what follows each activation function, the bottleneck, the answer.</summary>
    public static IReadOnlyList<string> DefaultLayers(Module network)
    {
        ArgumentNullException.ThrowIfNull(network);
        string[] Active(string part) => [.. network.NamedModules().Where(m => m.Name.StartsWith(part + ".", StringComparison.Ordinal) && LowerLimit(m.Value, out _)).Select(m => m.Name)];
        return [.. Active("encoder") is { Length: > 0 } encoder ? encoder : ["encoder"], "bottleneck", .. Active("decoder"), "decoder"];
    }

    /// <summary>The lower limit of a layer's numbers, where it is an activation function that has one.</summary>
    internal static double? LowerLimit(Module layer) => LowerLimit(layer, out var limit) ? limit : null;

    private static bool LowerLimit(Module layer, out double? limit)
    {
        limit = layer switch { ReLU or Sigmoid => 0, Tanh => -1, _ => null };
        return limit is not null || layer is GELU or SiLU;
    }

    private IEnumerable<Tensor> Batches()
    {
        foreach (var part in Runs.Batches.Split(_rows, RowsAtOnce))
        {
            using var scope = new TensorScope("layer rows");
            yield return Runs.Batches.Of(_data, part).Inputs;
        }
    }

    private static int[] LabelsOf(Dataset data, int[] rows, List<string> notes)
    {
        switch (data.Target)
        {
            case ClassTarget classes:
                return [.. rows.Select(r => classes.Labels[r])];
            case ContinuousTarget numbers:
                double[] values = [.. rows.Select(r => (double)numbers.Values[r * numbers.Width])];
                var bins = Bins.Quantiles(values, TargetBins);
                notes.Add(FormattableString.Invariant($"Y is {numbers.Names[0]} in {bins.Count} bins of equal counts"));
                return [.. values.Select(bins.Of)];
            default:
                notes.Add("there is no target: I(T;Y) is not measured");
                return [];
        }
    }
}
