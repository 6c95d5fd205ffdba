using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Isthmus.Bottlenecks;

namespace Isthmus.Runs;

/// <summary>An answer of the network as a log keeps it: long ones by their digest.</summary>
public sealed record LoggedAnswer
{
    private const int MostNumbers = 256;

    /// <summary>The class that is decided for; null for other tasks, and for the mean of many rows.</summary>
    public string? Class { get; init; }

    /// <summary>The probabilities of the classes; null for other tasks.</summary>
    public IReadOnlyList<double>? Probabilities { get; init; }

    /// <summary>The numbers of a regression, in the target's units; null for other tasks, and where there are more than 256.</summary>
    public IReadOnlyList<double>? Numbers { get; init; }

    /// <summary>SHA-256 of the numbers (IEEE 754 doubles, little-endian) where there are too many to write down; else null.</summary>
    [JsonPropertyName("numbers_sha256")]
    public string? NumbersSha256 { get; init; }

    /// <summary>What a log keeps of an answer.</summary>
    public static LoggedAnswer Of(EditAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        double[]? numbers = answer.Prediction switch { double one => [one], double[] many => many, _ => null };
        return new LoggedAnswer
        {
            Class = answer.Prediction as string,
            Probabilities = answer.Probabilities,
            Numbers = numbers?.Length > MostNumbers ? null : numbers,
            NumbersSha256 = numbers?.Length > MostNumbers ? Digest(numbers) : null,
        };
    }

    /// <summary>Whether two answers are equal to the last bit.</summary>
    public bool Same(LoggedAnswer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Class == other.Class && NumbersSha256 == other.NumbersSha256 && Same(Probabilities, other.Probabilities) && Same(Numbers, other.Numbers);
    }

    private static bool Same(IReadOnlyList<double>? a, IReadOnlyList<double>? b) => a is null || b is null ? a is null && b is null : a.SequenceEqual(b);

    private static string Digest(double[] numbers)
    {
        var bytes = new byte[numbers.Length * sizeof(double)];
        for (var i = 0; i < numbers.Length; i++) System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), numbers[i]);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}

/// <summary>What a person says about an edit that is logged.</summary>
public sealed record AuditRemark
{
    /// <summary>Who edits, at most 200 characters; null for the name of the account.</summary>
    public string? Who { get; init; }

    /// <summary>Why, at most 10,000 characters.</summary>
    public string? Comment { get; init; }

    /// <summary>The policy that asked for it; null where the person chose.</summary>
    public string? SuggestedBy { get; init; }

    /// <summary>What finding out the true values costs, in the unit of the concepts' costs; null without costs.</summary>
    public double? Cost { get; init; }
}

/// <summary>One edit as it is logged.</summary>
public sealed record AuditEntry
{
    /// <summary>Its number, from 1.</summary>
    public int Number { get; init; }

    /// <summary>When, UTC.</summary>
    public DateTime When { get; init; }

    /// <summary>Who.</summary>
    public string Who { get; init; } = "";

    /// <summary>Where the rows are from; null for the run's own data.</summary>
    public string? Data { get; init; }

    /// <summary>The row, from 0 in the order of the data; null for all.</summary>
    public int? Row { get; init; }

    /// <summary>SHA-256 of the numbers that the network got.</summary>
    [JsonPropertyName("input_sha256")]
    public string InputSha256 { get; init; } = "";

    /// <summary>Which message was edited.</summary>
    public string Inference { get; init; } = "";

    /// <summary>Of noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>The edit, as it can be typed again; empty where all changes were taken back.</summary>
    public string Edit { get; init; } = "";

    /// <summary>The same, change by change.</summary>
    public IReadOnlyList<Change> Changes { get; init; } = [];

    /// <summary>Entries of the one row's message that changed, with what passed and what was put.</summary>
    public IReadOnlyList<ChangedEntry> Set { get; init; } = [];

    /// <summary>The answer without the edit.</summary>
    public LoggedAnswer Before { get; init; } = new();

    /// <summary>The answer with it.</summary>
    public LoggedAnswer After { get; init; } = new();

    /// <summary>Whether the decision changed.</summary>
    public bool Changed { get; init; }

    /// <summary>The mean squared difference of both answers, in the network's units.</summary>
    public double OutputMse { get; init; }

    /// <summary>The policy that asked for it; null where the person chose.</summary>
    public string? SuggestedBy { get; init; }

    /// <summary>What it cost; null without costs.</summary>
    public double? Cost { get; init; }

    /// <summary>Why.</summary>
    public string? Comment { get; init; }

    /// <summary>The hash of the line before.</summary>
    public string Previous { get; init; } = "";
}
