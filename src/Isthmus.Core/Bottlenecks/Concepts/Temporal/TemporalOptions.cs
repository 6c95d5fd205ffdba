namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="TemporalConceptHead"/> is made of.</summary>
public sealed record TemporalOptions
{
    /// <summary>Hidden numbers of each concept's feed-forward part.</summary>
    [Option("hidden numbers of each concept's feed-forward part", Min = 1, Max = 4096)]
    public int Hidden { get; init; } = 4;

    /// <summary>How many windows back and forth attention tells apart; windows further away count as that far.</summary>
    [Option("windows back and forth that attention tells apart; those further away count as that far", Unit = "windows", Min = 0, Max = 4096)]
    public int Reach { get; init; } = 8;

    /// <summary>τ of the pooling over time: near 0 the mean counts, large the best window alone.</summary>
    [Option("sharpness of the pooling over windows: near 0 the mean counts, large the best window alone", Min = 0, AboveMin = true, Max = 1000)]
    public float Pooling { get; init; } = 1;

    /// <summary>Whether concepts can only speak for a class, never against it.</summary>
    [Option("whether concepts can only speak for a class, never against it")]
    public bool NonNegative { get; init; }

    /// <summary>Whether attention looks across concepts as well: an ordinary transformer layer over the concepts of each window, the control whose
    /// explanations name no single concept.</summary>
    [Option("whether concepts mix after attention: the control whose explanations name no single concept")]
    public bool Across { get; init; }
}

/// <summary>What is done to attention over time, to see what of an answer hangs on it.</summary>
public enum AttentionEdit
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Every window looks at itself alone.</summary>
    Identity,

    /// <summary>Every window looks at all windows alike.</summary>
    Uniform,

    /// <summary>Windows are looked at in the reverse order of time.</summary>
    Reverse,

    /// <summary>Windows are looked at in a random order, the same for all rows and concepts.</summary>
    Shuffle,
}
