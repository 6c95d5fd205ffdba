namespace Isthmus.Runs;

/// <summary>Fully connected layers.</summary>
public record MlpOptions
{
    /// <summary>Outputs of each layer.</summary>
    [Option("outputs of each layer", Min = 1, Max = 1_000_000)]
    public IReadOnlyList<int> Widths { get; init; } = [256, 256];

    /// <summary>After each layer.</summary>
    [Option("what follows each layer", Choices = Layers.Activations)]
    public string Activation { get; init; } = "relu";

    /// <summary>Between a layer and its activation.</summary>
    [Option("norm between each layer and its activation", Choices = Layers.Norms)]
    public string Norm { get; init; } = "none";

    /// <summary>Probability of dropping each activation in training.</summary>
    [Option("probability of dropping each activation in training", Min = 0, Max = 0.99)]
    public float Dropout { get; init; }
}

/// <summary>Fully connected layers over a row, whose categories or tokens may be embedded.</summary>
public sealed record MlpEncoderOptions : MlpOptions
{
    /// <summary>How categories and tokens enter.</summary>
    [Option(Embeddings.Summary)]
    public string Embedding { get; init; } = Embeddings.Auto;
}

/// <summary>Residual blocks, fully connected or, for images, of convolutions.</summary>
public record ResidualOptions
{
    /// <summary>Width (for images: channels) of each block.</summary>
    [Option("width (for images: channels) of each block", Min = 1, Max = 65536)]
    public IReadOnlyList<int> Widths { get; init; } = [128, 128];

    /// <summary>Inside each block.</summary>
    [Option("what stands between the layers of a block", Choices = Layers.Activations)]
    public string Activation { get; init; } = "relu";

    /// <summary>Before each block.</summary>
    [Option("norm before the layers of a block", Choices = Layers.Norms)]
    public string Norm { get; init; } = "batch";

    /// <summary>Probability of dropping each activation in training.</summary>
    [Option("probability of dropping each activation in training", Min = 0, Max = 0.99)]
    public float Dropout { get; init; }
}

/// <summary>Residual blocks over a row, whose categories or tokens may be embedded.</summary>
public sealed record ResidualEncoderOptions : ResidualOptions
{
    /// <summary>How categories and tokens enter.</summary>
    [Option(Embeddings.Summary)]
    public string Embedding { get; init; } = Embeddings.Auto;
}

/// <summary>One fully connected layer.</summary>
public sealed record LinearOptions
{
    /// <summary>Outputs.</summary>
    [Option("outputs", Min = 1, Max = 1_000_000)]
    public int Width { get; init; } = 64;
}

/// <summary>Convolutions that make maps smaller.</summary>
public sealed record ConvOptions
{
    /// <summary>Channels of each layer.</summary>
    [Option("channels of each layer", Min = 1, Max = 65536)]
    public IReadOnlyList<int> Channels { get; init; } = [32, 64];

    /// <summary>Side of the kernels.</summary>
    [Option("side of the kernels", Unit = "pixels", Min = 1, Max = 64)]
    public int Kernel { get; init; } = 4;

    /// <summary>Step of the kernels.</summary>
    [Option("step of the kernels", Unit = "pixels", Min = 1, Max = 64)]
    public int Stride { get; init; } = 2;

    /// <summary>Zeros on each side.</summary>
    [Option("zeros on each side", Unit = "pixels", Min = 0, Max = 64)]
    public int Padding { get; init; } = 1;

    /// <summary>After each layer.</summary>
    [Option("what follows each layer", Choices = Layers.Activations)]
    public string Activation { get; init; } = "relu";

    /// <summary>Between a layer and its activation.</summary>
    [Option("norm between each layer and its activation", Choices = Layers.Norms)]
    public string Norm { get; init; } = "none";

    /// <summary>Outputs of a fully connected layer at the end; 0 for none.</summary>
    [Option("outputs of a fully connected layer at the end; 0 keeps the maps", Min = 0, Max = 1_000_000)]
    public int Width { get; init; } = 128;
}

/// <summary>Convolutions along the steps of a series or a sound.</summary>
public sealed record Conv1dOptions
{
    /// <summary>Channels of each layer.</summary>
    [Option("channels of each layer", Min = 1, Max = 65536)]
    public IReadOnlyList<int> Channels { get; init; } = [32, 64];

    /// <summary>Length of the kernels.</summary>
    [Option("length of the kernels", Unit = "steps", Min = 1, Max = 4096)]
    public int Kernel { get; init; } = 5;

    /// <summary>Step of the kernels.</summary>
    [Option("step of the kernels", Unit = "steps", Min = 1, Max = 4096)]
    public int Stride { get; init; } = 2;

    /// <summary>Zeros on each side.</summary>
    [Option("zeros on each side", Unit = "steps", Min = 0, Max = 4096)]
    public int Padding { get; init; } = 2;

    /// <summary>After each layer.</summary>
    [Option("what follows each layer", Choices = Layers.Activations)]
    public string Activation { get; init; } = "relu";

    /// <summary>Between a layer and its activation.</summary>
    [Option("norm between each layer and its activation", Choices = Layers.Norms)]
    public string Norm { get; init; } = "none";

    /// <summary>Outputs of a fully connected layer at the end; 0 for none.</summary>
    [Option("outputs of a fully connected layer at the end; 0 keeps the maps", Min = 0, Max = 1_000_000)]
    public int Width { get; init; } = 128;

    /// <summary>How categories and tokens enter.</summary>
    [Option(Embeddings.Summary)]
    public string Embedding { get; init; } = Embeddings.Auto;
}

/// <summary>A recurrent network that unrolls a code into steps.</summary>
public record RecurrentDecoderOptions
{
    /// <summary>Numbers in the state.</summary>
    [Option("numbers in the state", Min = 1, Max = 16384)]
    public int Hidden { get; init; } = 64;

    /// <summary>One above another.</summary>
    [Option("networks, one above another", Min = 1, Max = 64)]
    public int Layers { get; init; } = 1;
}

/// <summary>A recurrent network over the steps of a row.</summary>
public sealed record RecurrentOptions : RecurrentDecoderOptions
{
    /// <summary>What of the states is handed on.</summary>
    [Option("which states are handed on: the last, their mean, or all; of a text each by itself", Choices = "last|mean|all")]
    public string Pool { get; init; } = "last";

    /// <summary>Samples of a sound that make one step.</summary>
    [Option("samples of a sound that make one step; 0 for at most 128 steps", Unit = "samples", Min = 0)]
    public int Frame { get; init; }

    /// <summary>How categories and tokens enter.</summary>
    [Option(Embeddings.Summary)]
    public string Embedding { get; init; } = Embeddings.Auto;
}

/// <summary>Transformer layers that unroll a code into steps.</summary>
public record TransformerDecoderOptions
{
    /// <summary>Features of a step.</summary>
    [Option("features of a step inside", Min = 1, Max = 16384)]
    public int Width { get; init; } = 64;

    /// <summary>Heads of attention.</summary>
    [Option("heads of attention; they divide the width", Min = 1, Max = 256)]
    public int Heads { get; init; } = 4;

    /// <summary>One above another.</summary>
    [Option("layers, one above another", Min = 1, Max = 64)]
    public int Layers { get; init; } = 2;

    /// <summary>Width of the inner layer.</summary>
    [Option("width of each layer's inner network", Min = 1, Max = 65536)]
    public int FeedForward { get; init; } = 128;

    /// <summary>Probability of dropping each activation in training.</summary>
    [Option("probability of dropping each activation in training", Min = 0, Max = 0.99)]
    public float Dropout { get; init; }
}

/// <summary>Transformer layers over the steps of a row, each with a learned position.</summary>
public sealed record TransformerOptions : TransformerDecoderOptions
{
    /// <summary>Whether a step sees only those before it.</summary>
    [Option("whether a step sees only itself and those before it; of a text always")]
    public bool Causal { get; init; }

    /// <summary>What of the steps is handed on.</summary>
    [Option("which steps are handed on: the last, their mean, or all; of a text each by itself", Choices = "last|mean|all")]
    public string Pool { get; init; } = "mean";

    /// <summary>Samples of a sound that make one step.</summary>
    [Option("samples of a sound that make one step; 0 for at most 128 steps", Unit = "samples", Min = 0)]
    public int Frame { get; init; }

    /// <summary>How categories and tokens enter.</summary>
    [Option(Embeddings.Summary)]
    public string Embedding { get; init; } = Embeddings.Auto;
}
