using System.Text.Encodings.Web;
using System.Text.Json;

namespace Isthmus.Runs;

/// <summary>What one epoch brought: a line of metrics.jsonl. Losses are in nats, information in bits.</summary>
public sealed record EpochMetrics
{
    /// <summary>The phase, from 0.</summary>
    public int Phase { get; init; }

    /// <summary>The epoch over all phases, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps done.</summary>
    public long Step { get; init; }

    /// <summary>Seconds of training so far.</summary>
    public double Seconds { get; init; }

    /// <summary>The step size of the last step.</summary>
    public double LearningRate { get; init; }

    /// <summary>Means over the training rows of the epoch: loss, each term by name, rate_bits.</summary>
    public IReadOnlyDictionary<string, double> Train { get; init; } = new Dictionary<string, double>();

    /// <summary>The same on the validation rows, with the weights at the end of the epoch and the mean code; null without such rows.</summary>
    public IReadOnlyDictionary<string, double>? Validation { get; init; }
}

/// <summary>A run's metrics.jsonl.</summary>
internal static class MetricsLog
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string PathIn(string folder) => Path.Combine(folder, "metrics.jsonl");

    /// <summary>Adds a line and returns the length of the file.</summary>
    public static long Append(string path, EpochMetrics metrics)
    {
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write);
        stream.Write(JsonSerializer.SerializeToUtf8Bytes(metrics, s_json));
        stream.WriteByte((byte)'\n');
        stream.Flush(flushToDisk: true);
        return stream.Length;
    }

    /// <summary>Cuts what was written after the checkpoint.</summary>
    public static void Cut(string path, long length)
    {
        using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
        if (stream.Length > length) stream.SetLength(length);
    }

    /// <summary>All lines; none where there is no file.</summary>
    /// <exception cref="InputException">A line is not what was written.</exception>
    public static IReadOnlyList<EpochMetrics> Read(string path)
    {
        if (!File.Exists(path)) return [];
        var lines = new List<EpochMetrics>();
        foreach (var line in File.ReadLines(path))
        {
            try
            {
                lines.Add(JsonSerializer.Deserialize<EpochMetrics>(line, s_json) ?? throw new JsonException());
            }
            catch (JsonException e)
            {
                throw new InputException(FormattableString.Invariant($"{path}: line {lines.Count + 1} is damaged"), inner: e);
            }
        }
        return lines;
    }
}
