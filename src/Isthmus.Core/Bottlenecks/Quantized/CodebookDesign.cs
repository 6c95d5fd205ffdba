using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>The stages and heads of a <see cref="CodebookBottleneck"/>.</summary>
/// <param name="Codes">Codes of each stage; every stage quantises what the ones before left.</param>
/// <param name="Width">Of one code.</param>
public sealed record CodebookDesign(IReadOnlyList<int> Codes, int Width)
{
    /// <summary>Vectors a place, each with indices of its own.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>Whether heads share their tables.</summary>
    public bool SharedHeads { get; init; }

    /// <summary>Whether stages share their tables.</summary>
    public bool SharedStages { get; init; }

    /// <summary>How many stages stay in training, drawn anew for nothing, each batch or each vector.</summary>
    public StageDropout Dropout { get; init; }

    /// <summary>Stages that always stay, at least 1.</summary>
    public int LeastStages { get; init; } = 1;

    /// <summary>What the number of stages that stay is rounded up to a multiple of.</summary>
    public int StagesMultiple { get; init; } = 1;

    /// <summary>Partial choices that are kept from stage to stage.</summary>
    public int Beam { get; init; } = 1;

    /// <summary>How many stages each row keeps in training; null where all keep all.</summary>
    internal int[]? Survivors(int rows, RandomStream random)
    {
        if (Dropout == StageDropout.None || Codes.Count == 1) return null;
        var kept = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            if (i > 0 && Dropout == StageDropout.Batch)
            {
                kept[i] = kept[0];
                continue;
            }
            var n = LeastStages + random.NextInt(Codes.Count - LeastStages + 1);
            kept[i] = Math.Min(Codes.Count, (n + StagesMultiple - 1) / StagesMultiple * StagesMultiple);
        }
        return kept;
    }
}

/// <summary>For what the number of stages that stay in training is drawn.</summary>
public enum StageDropout
{
    /// <summary>All stay.</summary>
    None,

    /// <summary>One number a batch.</summary>
    Batch,

    /// <summary>One number a vector (Zeghidour et al. 2021, SoundStream, section 3.4).</summary>
    Example,
}
