using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Transposed convolutions that make maps larger: the mirror of an encoder with the same channels reversed.</summary>
public sealed record DeconvOptions
{
    /// <summary>Channels of each layer's input.</summary>
    [Option("channels of each layer's input", Min = 1, Max = 65536)]
    public IReadOnlyList<int> Channels { get; init; } = [64, 32];

    /// <summary>Side of the kernels.</summary>
    [Option("side of the kernels", Unit = "pixels", Min = 1, Max = 64)]
    public int Kernel { get; init; } = 4;

    /// <summary>Step of the kernels.</summary>
    [Option("step of the kernels", Unit = "pixels", Min = 1, Max = 64)]
    public int Stride { get; init; } = 2;

    /// <summary>Zeros on each side.</summary>
    [Option("zeros on each side", Unit = "pixels", Min = 0, Max = 64)]
    public int Padding { get; init; } = 1;

    /// <summary>After each layer but the last.</summary>
    [Option("what follows each layer but the last", Choices = Layers.Activations)]
    public string Activation { get; init; } = "relu";
}

/// <summary>Options of <see cref="RowSoftmaxHead"/>.</summary>
public sealed record RowSoftmaxOptions
{
    /// <summary>What mixed scores are multiplied by.</summary>
    [Option("what mixed scores are multiplied by, as CLIP's temperature", Min = 0, AboveMin = true)]
    public float Scale { get; init; } = 100;
}

/// <summary>Options of <see cref="PriorHead"/>.</summary>
public sealed record PriorHeadOptions
{
    /// <summary>The file of what is known.</summary>
    [Option("a .csv file: a class in the first column, then a column for each concept, each 1 (speaks for), -1 (against) or 0")]
    public string Prior { get; init; } = "";

    /// <summary>The weight of the term in the loss.</summary>
    [Option("weight of mean |tanh(w) - prior| in the loss", Min = 0)]
    public float Weight { get; init; } = 1;
}

/// <summary>Transposed convolutions that make series and sounds longer: the mirror of a <c>conv1d</c> encoder with the same channels reversed.</summary>
public sealed record Deconv1dOptions
{
    /// <summary>Channels of each layer's input.</summary>
    [Option("channels of each layer's input", Min = 1, Max = 65536)]
    public IReadOnlyList<int> Channels { get; init; } = [64, 32];

    /// <summary>Length of the kernels.</summary>
    [Option("length of the kernels", Unit = "steps", Min = 1, Max = 4096)]
    public int Kernel { get; init; } = 5;

    /// <summary>Step of the kernels.</summary>
    [Option("step of the kernels", Unit = "steps", Min = 1, Max = 4096)]
    public int Stride { get; init; } = 2;

    /// <summary>Zeros on each side.</summary>
    [Option("zeros on each side", Unit = "steps", Min = 0, Max = 4096)]
    public int Padding { get; init; } = 2;

    /// <summary>After each layer but the last.</summary>
    [Option("what follows each layer but the last", Choices = Layers.Activations)]
    public string Activation { get; init; } = "relu";
}

/// <summary>Decoders by name.</summary>
public static class DecoderRegistry
{
    /// <summary>In the order in which they are listed.</summary>
    public static IReadOnlyList<ModuleEntry> Entries { get; } =
    [
        ModuleEntry.Of<NoOptions>("linear", "one fully connected layer", (site, _, random) => ToOutput(site, [new Flatten()], site.Size, random)),
        ModuleEntry.Of<MlpOptions>("mlp", "fully connected layers", (site, o, random) =>
            ToOutput(site, [.. Layers.Mlp(site.Size, o.Widths, o.Activation, random, o.Dropout, o.Norm)], o.Widths.Count > 0 ? o.Widths[^1] : site.Size, random)),
        ModuleEntry.Of<ResidualOptions>("residual", "fully connected residual blocks", (site, o, random) => ToOutput(site, [.. Layers.Residual(site.Size, o, random)], o.Widths[^1], random)),
        ModuleEntry.Of<DeconvOptions>("deconv", "transposed convolutions that make maps larger, for images", Deconvolutions),
        ModuleEntry.Of<Deconv1dOptions>("deconv1d", "transposed convolutions that make steps more, for sounds", Along),
        ModuleEntry.Of<RecurrentDecoderOptions>("gru", "gated recurrent units that unroll what passed into steps", (site, o, random) => Sequences.RecurrentDecoder(site, o, random, "gru")),
        ModuleEntry.Of<RecurrentDecoderOptions>("lstm", "long short-term memory that unrolls what passed into steps", (site, o, random) => Sequences.RecurrentDecoder(site, o, random, "lstm")),
        ModuleEntry.Of<TransformerDecoderOptions>("transformer", "attention between the steps that what passed is unrolled into", Sequences.TransformerDecoder),
        ModuleEntry.Of<SparseHeadOptions>("sparse", "a linear layer that an elastic net fits after training, with few weights a class", (site, o, random) => OnRows(site, new SparseHead(site.Size, Classes(site, "sparse"), o, random))),
        ModuleEntry.Of<NoOptions>("non-negative", "a linear layer whose weights are never negative: a concept can only speak for an answer", (site, _, random) => OnRows(site, new NonNegativeHead(site.Size, site.OutputSize, random))),
        ModuleEntry.Of<RowSoftmaxOptions>("row-softmax", "each class as a mixture of concepts (Yang et al. 2023)", (site, o, _) => OnRows(site, new RowSoftmaxHead(site.Size, Classes(site, "row-softmax"), o.Scale))),
        ModuleEntry.Of<PriorHeadOptions>("prior", "a linear layer drawn to what people know of concepts and classes (Yang et al. 2024)", (site, o, random) => new PriorHead(PriorFile.Of(site, o.Prior), o.Weight, random)),
        ModuleEntry.Of<TemporalOptions>("temporal", "concepts named by windows (ramp_3) read along time, each by itself (Knab et al. 2025)", Temporal),
        ModuleEntry.Of<NoOptions>("identity", "what passed is the answer itself", Identity),
    ];

    private static Sequential ToOutput(Site site, IReadOnlyList<Module> body, int width, RandomStream random)
    {
        List<Module> layers = [.. body, new Linear(width, site.OutputSize, random)];
        if (site.OutputShape.Count > 1) layers.Add(new Unflatten([.. site.OutputShape]));
        return new Sequential([.. layers]);
    }

    private static int Classes(Site site, string name) => site.Task == RunTask.Classification ? site.OutputSize
        : throw new InputException($"decoder.type is {name}, which is for classes", "decoder.type: linear answers with numbers");

    private static Module OnRows(Site site, Module head) => site.OutputShape.Count > 1 ? new Sequential(new Flatten(), head, new Unflatten([.. site.OutputShape]))
        : site.Shape.Count > 1 ? new Sequential(new Flatten(), head) : head;

    private static TemporalReading Temporal(Site site, TemporalOptions o, RandomStream random)
    {
        var columns = site.Schema.Concepts.Count > 0 ? ConceptSpaces.Of(site).ColumnNames : [];
        return site.Size == columns.Count
            ? new TemporalReading(columns, site.OutputSize, o, random)
            : throw new InputException(FormattableString.Invariant($"decoder.type is temporal, which reads one number a concept and window: {site.Size} numbers pass and the concepts have {columns.Count} columns"), "bottleneck.type: concept with kind: sigmoid or hard lets concepts pass alone");
    }

    private static Module Identity(Site site, NoOptions o, RandomStream random) => site.Size == site.OutputSize
        ? site.OutputShape.Count > 1 ? new Sequential(new Flatten(), new Unflatten([.. site.OutputShape])) : new Flatten()
        : throw new InputException(FormattableString.Invariant($"decoder.type is identity: {site.Size} numbers pass and the answer has {site.OutputSize}"), "decoder.type: linear fits any sizes");

    private static Sequential Deconvolutions(Site site, DeconvOptions o, RandomStream random)
    {
        if (site.OutputShape is not [var channels, var height, var width])
            throw new InputException($"decoder.type is deconv, which makes images; an answer has the shape [{string.Join(", ", site.OutputShape)}]", "decoder.type: mlp makes any shape");
        // The sizes that the mirrored convolutions would have passed through, from the picture inwards.
        var sizes = new List<(int H, int W)> { (height, width) };
        for (var i = 0; i < o.Channels.Count; i++)
        {
            var (h, w) = sizes[^1];
            sizes.Add((Layers.ConvSize(h, o.Kernel, o.Stride, o.Padding), Layers.ConvSize(w, o.Kernel, o.Stride, o.Padding)));
            if (sizes[^1].H < 1 || sizes[^1].W < 1)
                throw new InputException(FormattableString.Invariant($"decoder.channels: {o.Channels.Count} layers with kernel {o.Kernel} and stride {o.Stride} cannot end in {height} x {width}"));
        }
        sizes.Reverse();
        var layers = new List<Module>();
        if (!site.Shape.SequenceEqual([o.Channels[0], sizes[0].H, sizes[0].W]))
        {
            layers.AddRange([new Flatten(), new Linear(site.Size, o.Channels[0] * sizes[0].H * sizes[0].W, random), Layers.Activation(o.Activation)]);
            layers.Add(new Unflatten(o.Channels[0], sizes[0].H, sizes[0].W));
        }
        for (var i = 0; i < o.Channels.Count; i++)
        {
            var last = i == o.Channels.Count - 1;
            layers.Add(new ConvTranspose2d(o.Channels[i], last ? channels : o.Channels[i + 1], o.Kernel, random, o.Stride, o.Padding, Missing(sizes[i], sizes[i + 1], o)));
            if (!last) layers.Add(Layers.Activation(o.Activation));
        }
        return new Sequential([.. layers]);
    }

    private static Sequential Along(Site site, Deconv1dOptions o, RandomStream random)
    {
        if (site.OutputShape is not [var channels, var length])
            throw new InputException($"decoder.type is deconv1d, which makes sounds; an answer has the shape [{string.Join(", ", site.OutputShape)}]", "decoder.type: mlp makes any shape");
        var sizes = new List<int> { length };
        for (var i = 0; i < o.Channels.Count; i++)
        {
            sizes.Add(Layers.ConvSize(sizes[^1], o.Kernel, o.Stride, o.Padding));
            if (sizes[^1] < 1) throw new InputException(FormattableString.Invariant($"decoder.channels: {o.Channels.Count} layers with kernel {o.Kernel} and stride {o.Stride} cannot end in {length} steps"));
        }
        sizes.Reverse();
        var layers = new List<Module>();
        if (site.Shape is [var given, var steps] && steps == sizes[0])
        {
            // Steps that are there already stay apart: a layer over all of them would know them by heart.
            if (given != o.Channels[0]) layers.Add(new Conv1d(given, o.Channels[0], 1, random));
        }
        else
            layers.AddRange([new Flatten(), new Linear(site.Size, o.Channels[0] * sizes[0], random), Layers.Activation(o.Activation), new Unflatten(o.Channels[0], sizes[0])]);
        for (var i = 0; i < o.Channels.Count; i++)
        {
            var last = i == o.Channels.Count - 1;
            var missing = sizes[i + 1] - (((sizes[i] - 1) * o.Stride) - (2 * o.Padding) + o.Kernel);
            if (missing < 0 || missing >= o.Stride) throw new InputException(FormattableString.Invariant($"decoder: kernel {o.Kernel}, stride {o.Stride} and padding {o.Padding} do not lead from {sizes[i]} to {sizes[i + 1]} steps"));
            layers.Add(new ConvTranspose1d(o.Channels[i], last ? channels : o.Channels[i + 1], o.Kernel, random, o.Stride, o.Padding, missing));
            if (!last) layers.Add(Layers.Activation(o.Activation));
        }
        return new Sequential([.. layers]);
    }

    // What a transposed convolution has to add so that odd sizes come back.
    private static int Missing((int H, int W) from, (int H, int W) to, DeconvOptions o)
    {
        var (h, w) = (to.H - Grown(from.H), to.W - Grown(from.W));
        return h == w && h >= 0 && h < o.Stride ? h
            : throw new InputException(FormattableString.Invariant($"decoder: kernel {o.Kernel}, stride {o.Stride} and padding {o.Padding} do not lead from {from.H} x {from.W} to {to.H} x {to.W}"), "an even side, kernel 4, stride 2 and padding 1 fit");
        int Grown(int size) => ((size - 1) * o.Stride) - (2 * o.Padding) + o.Kernel;
    }
}
