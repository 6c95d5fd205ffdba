using System.Text.Json.Serialization;

namespace Isthmus.Runs;

/// <summary>How a training went.</summary>
public sealed record TrainFacts
{
    /// <summary>Passes over the training rows.</summary>
    public int Epochs { get; init; }

    /// <summary>Steps.</summary>
    public long Steps { get; init; }

    /// <summary>Wall time of training, all sessions.</summary>
    public double Seconds { get; init; }

    /// <summary>Training rows a second.</summary>
    public double SamplesPerSecond { get; init; }

    /// <summary>The process's largest memory so far, in millions of bytes.</summary>
    public double PeakMemoryMb { get; init; }

    /// <summary>Rows for training, validation and test.</summary>
    public IReadOnlyList<int> Rows { get; init; } = [];

    /// <summary>Trained numbers in the network.</summary>
    public long Parameters { get; init; }
}

/// <summary>A finished run in figures: summary.json, and what <c>train --json</c> prints.</summary>
public sealed record RunSummary
{
    /// <summary>The run's folder.</summary>
    public string Run { get; init; } = "";

    /// <summary>classification, regression, reconstruction or forecast.</summary>
    public string Task { get; init; } = "";

    /// <summary>The bottleneck's name.</summary>
    public string Bottleneck { get; init; } = "";

    /// <summary>The seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>The message whose quality is given.</summary>
    public string Inference { get; init; } = "";

    /// <summary>Which rows <see cref="Test"/> and <see cref="Rate"/> are about: test, or validation or train where there are none.</summary>
    public string Split { get; init; } = "test";

    /// <summary>Quality on them.</summary>
    public Quality Test { get; init; } = new();

    /// <summary>The four readings on them.</summary>
    public required Readings Rate { get; init; }

    /// <summary>The same network without a bottleneck; null unless asked for.</summary>
    public Quality? Baseline { get; init; }

    /// <summary>A linear model on the same rows; null where none was fitted.</summary>
    public Quality? Linear { get; init; }

    /// <summary>Which dimensions of the code are alive; null without a Gaussian code.</summary>
    public LatentUse? Latents { get; init; }

    /// <summary>What passes the bottlenecks inside encoder and decoder; empty without any.</summary>
    public IReadOnlyList<InsertedReading> Inserted { get; init; } = [];

    /// <summary>How the training went.</summary>
    public TrainFacts Train { get; init; } = new();

    /// <summary>SHA-256 of model.safetensors.</summary>
    [JsonPropertyName("model_sha256")]
    public string ModelSha256 { get; init; } = "";

    /// <summary>SHA-256 of the resolved recipe.</summary>
    [JsonPropertyName("recipe_sha256")]
    public string RecipeSha256 { get; init; } = "";

    /// <summary>SHA-256 of the training rows, as the network got them: features, concepts, target.</summary>
    [JsonPropertyName("training_sha256")]
    public string TrainingSha256 { get; init; } = "";

    /// <summary>The concepts that the model decides by; null without any.</summary>
    public IReadOnlyList<ConceptFact>? Concepts { get; init; }

    /// <summary>Threads that were used.</summary>
    public int Threads { get; init; }

    /// <summary>The report; null where none was written.</summary>
    public string? Report { get; init; }

    /// <summary>What a person should be told.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
