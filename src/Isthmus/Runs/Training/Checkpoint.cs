using System.Text.Json;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Where training stands, beside the numbers in tensors: all that the next step depends on.</summary>
internal sealed record TrainingState
{
    public int Format { get; init; } = 1;

    /// <summary>SHA-256 of the recipe: a checkpoint continues no other.</summary>
    public string Recipe { get; init; } = "";

    public int Phase { get; set; }

    public int Epoch { get; set; }

    /// <summary>Steps done in the epoch.</summary>
    public int StepInEpoch { get; set; }

    /// <summary>Steps done in all phases; numbers the noise streams.</summary>
    public long Step { get; set; }

    /// <summary>Steps that the phase's optimiser has made.</summary>
    public long OptimizerSteps { get; set; }

    /// <summary>Epochs done in all phases.</summary>
    public int EpochsDone { get; set; }

    /// <summary>Sums over the steps of the epoch, by term.</summary>
    public SortedDictionary<string, double> Sums { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Rows behind <see cref="Sums"/>.</summary>
    public long SummedRows { get; set; }

    /// <summary>The lowest validation loss of the phase; null before the first.</summary>
    public double? BestLoss { get; set; }

    /// <summary>Epochs since then.</summary>
    public int BadEpochs { get; set; }

    /// <summary>A plateau schedule's factor, best figure (null before the first) and figures since then.</summary>
    public double PlateauFactor { get; set; } = 1;

    /// <summary>See <see cref="PlateauFactor"/>.</summary>
    public double? PlateauBest { get; set; }

    /// <summary>See <see cref="PlateauFactor"/>.</summary>
    public int PlateauWaited { get; set; }

    /// <summary>Length of metrics.jsonl in bytes; what lies beyond is cut on resume.</summary>
    public long MetricsBytes { get; set; }

    /// <summary>Seconds of training in all sessions.</summary>
    public double Seconds { get; set; }

    /// <summary>Training rows seen in all sessions.</summary>
    public long Samples { get; set; }

    /// <summary>Whether training is over.</summary>
    public bool Done { get; set; }

    /// <summary>Why it ended before its epochs; empty where it did not.</summary>
    public string EndedEarly { get; set; } = "";
}

/// <summary>What a checkpoint holds beside the state: tensors by name.</summary>
/// <param name="Model">The weights.</param>
/// <param name="Optimizer">The optimiser's state.</param>
/// <param name="Average">Averaged weights; empty without an average.</param>
/// <param name="Best">The best weights so far; null where none are kept.</param>
internal sealed record CheckpointTensors(IReadOnlyDictionary<string, Tensor> Model, IReadOnlyDictionary<string, Tensor> Optimizer, IReadOnlyDictionary<string, Tensor> Average, IReadOnlyDictionary<string, float[]>? Best);

/// <summary>A training that can be continued, in one file that is whole or not there.</summary>
internal static class Checkpoint
{
    private const string ModelPrefix = "model/", OptimizerPrefix = "optimizer/", AveragePrefix = "average/", BestPrefix = "best/", StateKey = "state";

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The checkpoint's place in a run's folder.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, "state", "checkpoint.safetensors");

    /// <summary>Writes it over the last one, in one step.</summary>
    public static void Write(string path, TrainingState state, CheckpointTensors content)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (prefix, part) in (ReadOnlySpan<(string, IReadOnlyDictionary<string, Tensor>)>)[(ModelPrefix, content.Model), (OptimizerPrefix, content.Optimizer), (AveragePrefix, content.Average)])
            foreach (var (name, tensor) in part) tensors[prefix + name] = tensor;
        using var scope = new TensorScope("checkpoint");
        foreach (var (name, values) in content.Best ?? new Dictionary<string, float[]>()) tensors[BestPrefix + name] = Tensor.From(values, content.Model[name].Shape);
        Safetensors.Write(path, tensors, new Dictionary<string, string> { [StateKey] = JsonSerializer.Serialize(state, s_json) });
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="InputException">Damaged.</exception>
    public static (TrainingState State, CheckpointTensors Content) Read(string path)
    {
        var content = Safetensors.Read(path);
        TrainingState? state = null;
        try
        {
            if (content.Metadata.TryGetValue(StateKey, out var text)) state = JsonSerializer.Deserialize<TrainingState>(text, s_json);
        }
        catch (JsonException e)
        {
            throw new InputException($"{path}: its state is damaged", inner: e);
        }
        if (state is null || state.Format != 1) throw new InputException($"{path}: not a checkpoint of this version");
        var best = Under(BestPrefix).ToDictionary(p => p.Key, p => p.Value.ToArray(), StringComparer.Ordinal);
        return (state, new CheckpointTensors(Under(ModelPrefix), Under(OptimizerPrefix), Under(AveragePrefix), best.Count > 0 ? best : null));

        Dictionary<string, Tensor> Under(string prefix) => content.Tensors.Where(p => p.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(p => p.Key[prefix.Length..], p => p.Value, StringComparer.Ordinal);
    }
}
