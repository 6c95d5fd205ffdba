using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>An encoder or decoder that recipes can name.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Summary">One line, in lower case.</param>
/// <param name="OptionsType">Its options.</param>
/// <param name="Create">Builds it from its place, its options and a stream for the initial weights.</param>
public sealed record ModuleEntry(string Name, string Summary, Type OptionsType, Func<Site, object, RandomStream, Module> Create)
    : RegistryEntry(Name, Summary, OptionsType)
{
    /// <summary>An entry whose options have a type.</summary>
    public static ModuleEntry Of<TOptions>(string name, string summary, Func<Site, TOptions, RandomStream, Module> create) =>
        new(name, summary, typeof(TOptions), (site, options, random) => create(site, (TOptions)options, random));
}

/// <summary>Fully connected layers.</summary>
public sealed record MlpOptions
{
    /// <summary>Outputs of each layer.</summary>
    [Option("outputs of each layer", Min = 1, Max = 1_000_000)]
    public IReadOnlyList<int> Widths { get; init; } = [256, 256];

    /// <summary>After each layer.</summary>
    [Option("what follows each layer", Choices = Layers.Activations)]
    public string Activation { get; init; } = "relu";

    /// <summary>Probability of dropping each activation in training.</summary>
    [Option("probability of dropping each activation in training", Min = 0, Max = 0.99)]
    public float Dropout { get; init; }
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

    /// <summary>Outputs of a fully connected layer at the end; 0 for none.</summary>
    [Option("outputs of a fully connected layer at the end; 0 keeps the maps", Min = 0, Max = 1_000_000)]
    public int Width { get; init; } = 128;
}

/// <summary>Encoders by name.</summary>
public static class EncoderRegistry
{
    /// <summary>In the order in which they are listed.</summary>
    public static IReadOnlyList<ModuleEntry> Entries { get; } =
    [
        ModuleEntry.Of<MlpOptions>("mlp", "fully connected layers", (site, o, random) =>
            new Sequential([.. Layers.Mlp(site.Size, o.Widths, o.Activation, random, o.Dropout)])),
        ModuleEntry.Of<ConvOptions>("conv", "convolutions that make maps smaller, for images", Convolutions),
        ModuleEntry.Of<LinearOptions>("linear", "one fully connected layer", (site, o, random) =>
            new Sequential(new Flatten(), new Linear(site.Size, o.Width, random))),
        ModuleEntry.Of<NoOptions>("identity", "the row itself, as a vector", (_, _, _) => new Flatten()),
    ];

    private static Sequential Convolutions(Site site, ConvOptions o, RandomStream random)
    {
        if (site.Shape is not [var channels, var height, var width])
            throw new InputException($"encoder.type is conv, which needs images; a row has the shape [{string.Join(", ", site.Shape)}]", "encoder.type: mlp takes any row");
        var layers = new List<Module>();
        foreach (var next in o.Channels)
        {
            (height, width) = (Layers.ConvSize(height, o.Kernel, o.Stride, o.Padding), Layers.ConvSize(width, o.Kernel, o.Stride, o.Padding));
            if (height < 1 || width < 1)
                throw new InputException(FormattableString.Invariant($"encoder.channels: {o.Channels.Count} layers with kernel {o.Kernel} and stride {o.Stride} leave nothing of a picture of {site.Shape[1]} x {site.Shape[2]}"));
            layers.Add(new Conv2d(channels, next, o.Kernel, random, o.Stride, o.Padding));
            layers.Add(Layers.Activation(o.Activation));
            channels = next;
        }
        if (o.Width > 0) layers.AddRange(Layers.Mlp(channels * height * width, [o.Width], o.Activation, random));
        return new Sequential([.. layers]);
    }
}

/// <summary>What encoders and decoders are made of.</summary>
internal static class Layers
{
    public const string Activations = "relu|gelu|silu|tanh|sigmoid";

    /// <summary>A new activation by name.</summary>
    public static Module Activation(string name) => name switch
    {
        "gelu" => new GELU(),
        "silu" => new SiLU(),
        "tanh" => new Tanh(),
        "sigmoid" => new Sigmoid(),
        _ => new ReLU(),
    };

    /// <summary>Fully connected layers, each followed by the activation.</summary>
    public static IEnumerable<Module> Mlp(int size, IReadOnlyList<int> widths, string activation, RandomStream random, float dropout = 0)
    {
        yield return new Flatten();
        for (var i = 0; i < widths.Count; i++)
        {
            yield return new Linear(size, widths[i], random);
            yield return Activation(activation);
            if (dropout > 0) yield return new Dropout(dropout, random.Fork($"dropout{i}"));
            size = widths[i];
        }
    }

    /// <summary>The size of a map's side after a convolution.</summary>
    public static int ConvSize(int size, int kernel, int stride, int padding) => size + (2 * padding) < kernel ? 0 : ((size + (2 * padding) - kernel) / stride) + 1;
}
