namespace Isthmus.Coding;

/// <summary>What a reader accepts from bytes that nobody vouches for. Every size is checked against these before anything is
/// allocated for it.</summary>
public sealed record FrameLimits
{
    /// <summary>The limits used where none are given.</summary>
    public static FrameLimits Default { get; } = new();

    /// <summary>The longest payload in bytes; default 64 MiB.</summary>
    public int MaxPayload { get; init; } = 1 << 26;

    /// <summary>The longest header in bytes, optional fields included; default 4,096, at most 65,535.</summary>
    public int MaxHeader { get; init; } = 4096;

    /// <summary>The largest number of dimensions of a shape; default 8.</summary>
    public int MaxRank { get; init; } = 8;

    /// <summary>The largest product of a shape's dimensions; default 2^26.</summary>
    public long MaxElements { get; init; } = 1 << 26;

    /// <summary>The largest number of coded symbols; default 2^26.</summary>
    public int MaxSymbols { get; init; } = 1 << 26;
}
