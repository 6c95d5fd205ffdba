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

/// <summary>A training that can be continued, in one file that is whole or not there.</summary>
internal static class Checkpoint
{
    private const string ModelPrefix = "model/", OptimizerPrefix = "optimizer/", BestPrefix = "best/", StateKey = "state";

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The checkpoint's place in a run's folder.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, "state", "checkpoint.safetensors");

    /// <summary>Writes it over the last one, in one step.</summary>
    public static void Write(string path, TrainingState state, IReadOnlyDictionary<string, Tensor> model, IReadOnlyDictionary<string, Tensor> optimizer, IReadOnlyDictionary<string, float[]>? best)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in model) tensors[ModelPrefix + name] = tensor;
        foreach (var (name, tensor) in optimizer) tensors[OptimizerPrefix + name] = tensor;
        using var scope = new TensorScope("checkpoint");
        foreach (var (name, values) in best ?? new Dictionary<string, float[]>()) tensors[BestPrefix + name] = Tensor.From(values, model[name].Shape);
        Safetensors.Write(path, tensors, new Dictionary<string, string> { [StateKey] = JsonSerializer.Serialize(state, s_json) });
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="InputException">Damaged.</exception>
    public static (TrainingState State, Dictionary<string, Tensor> Model, Dictionary<string, Tensor> Optimizer, Dictionary<string, float[]>? Best) Read(string path)
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
        return (state, Under(ModelPrefix), Under(OptimizerPrefix), best.Count > 0 ? best : null);

        Dictionary<string, Tensor> Under(string prefix) => content.Tensors.Where(p => p.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(p => p.Key[prefix.Length..], p => p.Value, StringComparer.Ordinal);
    }
}
