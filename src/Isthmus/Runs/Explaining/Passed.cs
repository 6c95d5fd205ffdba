using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What passed for some rows (of a text: tokens), gathered by kind: codes, features of a dictionary, numbers.</summary>
internal sealed class Passed
{
    private const int RowsAtOnce = 500, MostDistances = 64;

    private readonly List<long> _codes = [];
    private readonly List<float> _distances = [], _latents = [];
    private double[]? _nats;

    private Passed(Run run, Dataset data, Crossing at) => (Run, Data, At) = (run, data, at);

    public Run Run { get; }

    public Dataset Data { get; }

    /// <summary>Which bottleneck.</summary>
    public Crossing At { get; }

    /// <summary>The rows' numbers in the data, of a text the tokens'.</summary>
    public int[] Units { get; private set; } = [];

    /// <summary>The names of the messages' entries.</summary>
    public MessageNames? Names { get; private set; }

    /// <summary>Number of the part with codes; -1 without.</summary>
    public int CodePart { get; private set; } = -1;

    /// <summary>Codes a row.</summary>
    public int Positions { get; private set; }

    /// <summary>Codes of each position.</summary>
    public long[] Alphabets { get; private set; } = [];

    /// <summary>[units, positions], -1 where absent.</summary>
    public IReadOnlyList<long> Codes => _codes;

    /// <summary>[units, positions]: how far each code is from what the encoder made; empty where that is not known.</summary>
    public IReadOnlyList<float> Distances => _distances;

    /// <summary>Of each feature of a dictionary the units where it is active and its sizes; null without a dictionary.</summary>
    public List<(int Unit, double Size)>[]? Features { get; private set; }

    /// <summary>Number of the part with features.</summary>
    public int FeaturePart { get; private set; } = -1;

    /// <summary>Numbers a row; 0 without.</summary>
    public int Dimensions { get; private set; }

    /// <summary>Number of the part with numbers.</summary>
    public int LatentPart { get; private set; } = -1;

    /// <summary>[units, dimensions].</summary>
    public IReadOnlyList<float> Latents => _latents;

    /// <summary>Mean bits of each dimension, where the rate adds up over them.</summary>
    public double[]? BitsPerDimension => _nats?.Select(n => Bits.FromNats(n / Units.Length).Value).ToArray();

    /// <summary>The class of each unit, of a text its token; empty without.</summary>
    public int[] Labels { get; private set; } = [];

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> Classes { get; private set; } = [];

    /// <summary>The first target of each unit in its units; null for other tasks.</summary>
    public double[]? Targets { get; private set; }

    /// <summary>Lets rows pass under the mean code.</summary>
    public static Passed Of(Run run, Dataset data, int[] rows, string? layer, CancellationToken stop)
    {
        var passed = new Passed(run, data, Crossing.Of(run.Model, layer));
        var units = run.Model.Units;
        using var noGrad = new NoGrad();
        var kept = new List<int>();
        foreach (var part in Batches.Split(rows, Batches.Most(run.Model, RowsAtOnce)))
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("explain");
            var crossed = passed.At.Enter(Batches.Of(data, part).Inputs).Pass(PassMode.Mean, new RandomStream(run.Model.Recipe.Seed).Fork("evaluation").Fork((ulong)part[0]));
            var present = Batches.Present(run.Model, data, part);
            passed.Add(crossed.Passage, crossed.Features, present, kept.Count);
            kept.AddRange(present.Select(i => (part[i / units] * units) + (i % units)));
        }
        passed.Units = [.. kept];
        passed.Label();
        return passed;
    }

    private void Add(Passage passage, Features features, int[] present, int first)
    {
        var message = passage.Message();
        Names ??= new MessageNames(message, At.Bottleneck);
        // Of several parts of numbers the last: what comes before is side information (of a hyperprior the scales).
        LatentPart = message.Parts.ToList().FindLastIndex(IsNumbers);
        for (var p = 0; p < message.Parts.Count; p++)
        {
            switch (message.Parts[p])
            {
                case Symbols { Alphabet: > 0 } codes when CodePart < 0 || CodePart == p: AddCodes(codes, p, features, present); break;
                case Sparse sparse when FeaturePart < 0 || FeaturePart == p: AddSparse(sparse, p, present, first); break;
                case Floats { Name: "features" } dense when At.Bottleneck is not IdentityBottleneck: AddDense(dense, p, present, first); break;
                case Floats numbers when LatentPart == p: AddNumbers((int)(numbers.Values.Numel / numbers.Values.Size(0)), present, i => numbers.Values.Data[i]); break;
                case Symbols levels when LatentPart == p: AddNumbers(levels.Values.Numel / levels.Values.Shape[0], present, i => levels.Values.Data[i]); break;
            }
        }
        if (passage.Rate?.PerDimension is not { } nats || nats.Size(1) != Dimensions) return;
        _nats ??= new double[Dimensions];
        foreach (var i in present)
            for (var j = 0; j < Dimensions; j++) _nats[j] += nats.Data[(i * Dimensions) + j];
    }

    private void AddCodes(Symbols part, int number, Features features, int[] present)
    {
        CodePart = number;
        Positions = part.Values.Numel / part.Values.Shape[0];
        var index = At.Bottleneck as IndexBottleneck;
        Alphabets = [.. Enumerable.Range(0, Positions).Select(p => At.Bottleneck is ConceptLayer concepts ? concepts.StatesOf(p) : index is null ? part.Alphabet : index.Layout.Alphabets[p % index.Layout.Stages])];
        foreach (var i in present) _codes.AddRange(part.Values.Data.Slice(i * Positions, Positions).ToArray());
        if (index is null || Positions > MostDistances || index.CodeDistances(features, part.Values, 0) is null) return;
        var own = new float[present.Length * Positions];
        for (var p = 0; p < Positions; p++)
        {
            var all = index.CodeDistances(features, part.Values, p)!;
            for (var i = 0; i < present.Length; i++)
                if (part.Values.Data[(present[i] * Positions) + p] is >= 0 and var code) own[(i * Positions) + p] = all.Data[(present[i] * all.Size(1)) + (int)code];
        }
        _distances.AddRange(own);
    }

    private void AddSparse(Sparse part, int number, int[] present, int first)
    {
        FeaturePart = number;
        Features ??= [.. Enumerable.Range(0, part.Size).Select(_ => new List<(int, double)>())];
        var k = part.Support.Numel / part.Support.Shape[0];
        for (var n = 0; n < present.Length; n++)
            for (var j = present[n] * k; j < (present[n] + 1) * k; j++)
                if (part.Support.Data[j] >= 0) Features[part.Support.Data[j]].Add((first + n, part.Levels.Data[j]));
    }

    private void AddDense(Floats part, int number, int[] present, int first)
    {
        FeaturePart = number;
        var size = (int)(part.Values.Numel / part.Values.Size(0));
        Features ??= [.. Enumerable.Range(0, size).Select(_ => new List<(int, double)>())];
        for (var n = 0; n < present.Length; n++)
            for (var j = 0; j < size; j++)
                if (part.Values.Data[(present[n] * size) + j] is var v && v != 0) Features[j].Add((first + n, v));
    }

    private bool IsNumbers(Part part) => part is Symbols { Alphabet: 0 } || (part is Floats floats && (floats.Name != "features" || At.Bottleneck is IdentityBottleneck));

    private void AddNumbers(int dimensions, int[] present, Func<int, float> value)
    {
        Dimensions = dimensions;
        foreach (var i in present)
            for (var j = 0; j < dimensions; j++) _latents.Add(value((i * dimensions) + j));
    }

    private void Label()
    {
        switch (Data.Target)
        {
            case TokenTarget:
                (Labels, Classes) = ([.. Units.Select(u => Data.Indices!.Values[u])], [.. Data.Indices!.Vocabulary[0].Select(t => $"'{t.Replace("\n", "\\n", StringComparison.Ordinal)}'")]);
                break;
            case ClassTarget t: (Labels, Classes) = ([.. Units.Select(u => t.Labels[u])], t.Classes); break;
            case ContinuousTarget t: Targets = [.. Units.Select(u => t.InUnits(t.Values[u * t.Width]))]; break;
        }
    }
}
