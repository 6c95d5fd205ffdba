namespace Isthmus.Bottlenecks;

/// <summary>What quantisers with one codebook for all their indices have in common.</summary>
public abstract record SingleCodebookOptions
{
    /// <summary>Codes, at least 1.</summary>
    [Option("codes of the codebook", Min = 1, Max = 1 << 20)]
    public int Codes { get; init; } = 256;

    /// <summary>Width of one code, at least 1.</summary>
    [Option("width of one code", Min = 1, Max = 65536)]
    public int Width { get; init; } = 8;

    /// <summary>Indices a sample, all of one codebook.</summary>
    [Option("indices a sample, all of one codebook", Min = 1, Max = 65536)]
    public int Heads { get; init; } = 1;

    /// <summary>Weight of the commitment loss; at least 0.</summary>
    [Option("weight of the commitment loss", Min = 0)]
    public float Commitment { get; init; } = 0.25f;

    /// <summary>Refuses what is out of range.</summary>
    internal void Check()
    {
        Setting.Require(Codes >= 1, "codes", "at least 1", Codes);
        Setting.Require(Width >= 1, "width", "at least 1", Width);
        Setting.Require(Heads >= 1, "heads", "at least 1", Heads);
        Setting.Require(Commitment >= 0 && float.IsFinite(Commitment), "commitment", "at least 0", Commitment);
    }
}
