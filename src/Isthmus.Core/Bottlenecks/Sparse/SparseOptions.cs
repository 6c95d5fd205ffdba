namespace Isthmus.Bottlenecks;

/// <summary>What all sparse autoencoders have in common.</summary>
public abstract record SparseOptions
{
    /// <summary>Features of the dictionary.</summary>
    [Option("features of the dictionary", Min = 1, Max = 1 << 20)]
    public int Features { get; init; } = 1024;

    /// <summary>Weight of the squared reconstruction error, a mean over rows of sums over inputs.</summary>
    [Option("weight of the reconstruction loss", Min = 0)]
    public float Reconstruction { get; init; } = 1f;

    /// <summary>Whether inputs are brought to a root mean square of 1 about the bias before training, so that weights and thresholds mean the same everywhere.</summary>
    [Option("whether inputs are brought to a mean square of 1 before training")]
    public bool Normalise { get; init; } = true;

    /// <summary>Weight of the loss by which features that have died rebuild what the others left (AuxK).</summary>
    [Option("weight of the loss that revives dead features", Min = 0)]
    public float Aux { get; init; } = 1f / 32;

    /// <summary>Dead features that rebuild the rest of a row, at most; 0 for half as many as there are inputs.</summary>
    [Option("dead features that rebuild the rest of a row, at most; 0 for half the inputs", Min = 0, Max = 1 << 20)]
    public int AuxActive { get; init; }

    /// <summary>Training steps without being active after which a feature counts as dead.</summary>
    [Option("steps without being active after which a feature is dead", Unit = "steps", Min = 1, Max = 1 << 24)]
    public int DeadAfter { get; init; } = 100;

    /// <summary>Every so many steps dead features become directions of rows that are badly rebuilt; 0 for never.</summary>
    [Option("every so many steps dead features start anew from badly rebuilt rows; 0 for never", Unit = "steps", Min = 0, Max = 1 << 30)]
    public int ResampleEvery { get; init; }
}

/// <summary>What sparse autoencoders with a penalty have in common.</summary>
public abstract record PenalisedOptions : SparseOptions
{
    /// <summary>Weight of the penalty.</summary>
    [Option("weight of the sparsity penalty", Min = 0)]
    public float Sparsity { get; init; } = 1f;

    /// <summary>Steps over which the penalty's weight rises from 0.</summary>
    [Option("steps over which the penalty's weight rises from 0", Unit = "steps", Min = 0, Max = 1 << 30)]
    public int WarmUp { get; init; }

    /// <summary>The penalty's weight at a step.</summary>
    internal float SparsityAt(long step) => WarmUp == 0 ? Sparsity : Sparsity * Math.Min(1f, (step + 1f) / WarmUp);
}
