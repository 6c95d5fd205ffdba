using Isthmus.Data;
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
    /// <summary>Whether it can look back only, step by step, as the prediction of the next token needs.</summary>
    public bool LooksBack { get; init; }

    /// <summary>An entry whose options have a type.</summary>
    public static ModuleEntry Of<TOptions>(string name, string summary, Func<Site, TOptions, RandomStream, Module> create) =>
        new(name, summary, typeof(TOptions), (site, options, random) => create(site, (TOptions)options, random));
}

/// <summary>Encoders by name.</summary>
public static class EncoderRegistry
{
    /// <summary>In the order in which they are listed.</summary>
    public static IReadOnlyList<ModuleEntry> Entries { get; } =
    [
        ModuleEntry.Of<MlpEncoderOptions>("mlp", "fully connected layers", (site, o, random) =>
            OverRow(site, o.Embedding, random, size => Layers.Mlp(size, o.Widths, o.Activation, random, o.Dropout, o.Norm))),
        ModuleEntry.Of<ConvOptions>("conv", "convolutions that make maps smaller, for images", Convolutions),
        ModuleEntry.Of<ResidualEncoderOptions>("residual", "residual blocks, fully connected or, for images, of convolutions", (site, o, random) =>
            site.Shape is [var channels, _, _] && site.Schema.Kind == DataKind.Images ? new Sequential([.. Layers.ResidualMaps(channels, o, random)])
                : OverRow(site, o.Embedding, random, size => Layers.Residual(size, o, random))),
        ModuleEntry.Of<Conv1dOptions>("conv1d", "convolutions along the steps of a series or a sound", Sequences.Convolutions),
        ModuleEntry.Of<RecurrentOptions>("gru", "gated recurrent units over the steps of a row", (site, o, random) => Sequences.Recurrent(site, o, random, "gru")) with { LooksBack = true },
        ModuleEntry.Of<RecurrentOptions>("lstm", "long short-term memory over the steps of a row", (site, o, random) => Sequences.Recurrent(site, o, random, "lstm")) with { LooksBack = true },
        ModuleEntry.Of<TransformerOptions>("transformer", "attention between the steps of a row", Sequences.Transformer) with { LooksBack = true },
        ModuleEntry.Of<LinearOptions>("linear", "one fully connected layer", (site, o, random) =>
            new Sequential(new Flatten(), new Linear(site.Size, o.Width, random))),
        ModuleEntry.Of<NoOptions>("identity", "the row itself, as a vector", (_, _, _) => new Flatten()),
    ];

    // Layers over all numbers of a row, after its categories were embedded.
    private static Sequential OverRow(Site site, string embedding, RandomStream random, Func<int, IEnumerable<Module>> layers)
    {
        var columns = Embeddings.OfColumns(site, embedding, random);
        var size = columns.Count == 0 ? site.Size : site.Size / site.Shape[^1] * columns[0].WidthAfter(site.Shape[^1]);
        return new Sequential([.. columns, .. layers(size)]);
    }

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
            layers.AddRange([.. Layers.MapNorm(o.Norm, next, true), Layers.Activation(o.Activation)]);
            channels = next;
        }
        if (o.Width > 0) layers.AddRange(Layers.Mlp(channels * height * width, [o.Width], o.Activation, random));
        return new Sequential([.. layers]);
    }
}
