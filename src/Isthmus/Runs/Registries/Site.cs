using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>What is asked of a network.</summary>
public enum RunTask
{
    /// <summary>One of several classes.</summary>
    Classification,
    /// <summary>One or more numbers.</summary>
    Regression,
    /// <summary>The input itself.</summary>
    Reconstruction,
    /// <summary>Later values of a series.</summary>
    Forecast,
    /// <summary>How likely the event of a survival target is, against other rows.</summary>
    Survival,
    /// <summary>The token that follows, at every position of a window of text.</summary>
    NextToken,
}

/// <summary>What a part of a network is built for: what comes in, what has to come out.</summary>
public sealed record Site
{
    /// <summary>The shape of one row that enters the part, without the batch: the data's for an encoder, the encoder's output for a
    /// bottleneck, the bottleneck's for a decoder.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>The shape of one row of the data.</summary>
    public required IReadOnlyList<int> InputShape { get; init; }

    /// <summary>The shape of one answer: [classes], [numbers], or the input's for a reconstruction.</summary>
    public required IReadOnlyList<int> OutputShape { get; init; }

    /// <summary>What is asked.</summary>
    public required RunTask Task { get; init; }

    /// <summary>How the data were made into features; names concepts and classes.</summary>
    public required Schema Schema { get; init; }

    /// <summary>How many rows there are to learn from; 0 where a stored run is loaded.</summary>
    public int TrainingRows { get; init; }

    /// <summary>Training rows of each class, for objectives that weigh classes; null without classes or where a stored run is loaded.</summary>
    public IReadOnlyList<int>? ClassCounts { get; init; }

    /// <summary>Training rows of each state of each concept, for losses that weigh states; null without concepts or where a stored run is loaded.</summary>
    public IReadOnlyList<int[]>? StateCounts { get; init; }

    /// <summary>What asking for concepts costs, by name; 1 where nothing is said.</summary>
    public IReadOnlyDictionary<string, double> Costs { get; init; } = new Dictionary<string, double>();

    /// <summary>How many numbers enter.</summary>
    public int Size => Product(Shape);

    /// <summary>How many numbers an answer has.</summary>
    public int OutputSize => Product(OutputShape);

    private static int Product(IReadOnlyList<int> shape) => shape.Aggregate(1, (a, b) => checked(a * b));
}

/// <summary>No options.</summary>
public sealed record NoOptions;
