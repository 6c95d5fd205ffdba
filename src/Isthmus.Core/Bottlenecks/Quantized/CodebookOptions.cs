namespace Isthmus.Bottlenecks;

/// <summary>How a gradient passes through the choice of a code (<see cref="GradientEstimators"/>).</summary>
public enum CodeEstimator
{
    /// <summary>The code's value, the gradient of the identity.</summary>
    StraightThrough,

    /// <summary>The gradient is turned and scaled as the vector is.</summary>
    Rotation,

    /// <summary>A code drawn by Gumbel noise, with the gradient of the soft choice.</summary>
    Gumbel,

    /// <summary>In training a mixture of codes with Gumbel noise.</summary>
    GumbelSoft,

    /// <summary>In training the vector with noise of the error's size.</summary>
    Noise,
}

/// <summary>Whether a linear layer stands before the codes and after them.</summary>
public enum CodeProjection
{
    /// <summary>Features are projected to the codes' width, and codes go on.</summary>
    In,

    /// <summary>Codes are projected back to the features.</summary>
    Both,

    /// <summary>Features are the vectors: as many as heads times width.</summary>
    None,
}

/// <summary>What all bottlenecks with learned codebooks have in common.</summary>
public abstract record CodebookOptions
{
    /// <summary>How codebooks learn.</summary>
    [Option("how codebooks learn: running averages or the gradient of the codebook loss")]
    public CodebookLearning Codebook { get; init; }

    /// <summary>Decay of the codebook's running averages, in [0, 1).</summary>
    [Option("decay of the codebook's running averages", Min = 0, Max = 0.999999)]
    public float Decay { get; init; } = 0.99f;

    /// <summary>Weight of the commitment loss; at least 0.</summary>
    [Option("weight of the commitment loss", Min = 0)]
    public float Commitment { get; init; } = 0.25f;

    /// <summary>Whether vectors and codes are brought to norm 1 (Yu et al. 2022, "Vector-quantized image modeling with improved VQGAN").</summary>
    [Option("whether vectors and codes are brought to norm 1")]
    public bool Cosine { get; init; }

    /// <summary>Rounds of k-means on the first batch, after k-means++.</summary>
    [Option("rounds of k-means on the first batch, after k-means++ has drawn the seeds", Min = 0, Max = 1000)]
    public int Kmeans { get; init; } = 10;

    /// <summary>Codes whose running count of rows in a batch falls below this become random rows of the batch.</summary>
    [Option("codes with a smaller running count become rows of the batch; 0 for never, -1 for 2 or, if less, a tenth of the even share", Unit = "rows of a batch", Min = -1)]
    public float DeadThreshold { get; init; } = -1;

    /// <summary>How gradients pass the choice.</summary>
    [Option("how gradients pass the choice of a code")]
    public CodeEstimator Estimator { get; init; }

    /// <summary>Temperature of Gumbel noise at the first step, above 0.</summary>
    [Option("gumbel: temperature at first", Min = 0, AboveMin = true)]
    public float Temperature { get; init; } = 1f;

    /// <summary>Temperature of Gumbel noise at last, above 0.</summary>
    [Option("gumbel: temperature at last", Min = 0, AboveMin = true)]
    public float TemperatureEnd { get; init; } = 0.5f;

    /// <summary>Steps over which the temperature falls geometrically.</summary>
    [Option("gumbel: steps over which the temperature falls", Min = 1)]
    public int TemperatureSteps { get; init; } = 5000;

    /// <summary>Temperature of a random choice of codes in training; 0 for the nearest.</summary>
    [Option("temperature of a random choice of codes in training; 0 for the nearest", Min = 0)]
    public float Sampling { get; init; }

    /// <summary>Weight of the orthogonality of codes; only for codebooks that learn by gradients.</summary>
    [Option("weight of the orthogonality of codes; with codebook: gradient", Min = 0)]
    public float Orthogonal { get; init; }

    /// <summary>Weight of ln K minus the entropy of the batch's mean soft choice.</summary>
    [Option("weight of the loss that makes all codes equally likely over a batch", Min = 0)]
    public float Diversity { get; init; }

    /// <summary>Linear layers before and after.</summary>
    [Option("linear layers: before the codes, before and after them, or none")]
    public CodeProjection Project { get; init; }

    /// <summary>Whether every place of a map or series has indices of its own.</summary>
    [Option("whether each place of a map or series has its own indices; otherwise a sample is one vector")]
    public bool Places { get; init; }

    /// <summary>Whether series [length, channels] have their channels first: [channels, length].</summary>
    [Option("places: series have their channels first; maps always do")]
    public bool ChannelsFirst { get; init; }

    /// <summary>Under what indices are written.</summary>
    [Option("what indices are written under")]
    public IndexPrior Prior { get; init; }
}
