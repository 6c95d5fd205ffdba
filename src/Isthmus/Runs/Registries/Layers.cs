using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What encoders and decoders are made of.</summary>
internal static class Layers
{
    public const string Activations = "relu|gelu|silu|tanh|sigmoid", Norms = "none|batch|layer";

    /// <summary>A new activation by name.</summary>
    public static Module Activation(string name) => name switch
    {
        "gelu" => new GELU(),
        "silu" => new SiLU(),
        "tanh" => new Tanh(),
        "sigmoid" => new Sigmoid(),
        _ => new ReLU(),
    };

    /// <summary>A new norm of vectors [n, width] by name; none for none.</summary>
    public static IEnumerable<Module> Norm(string name, int width) => name switch
    {
        "batch" => [new BatchNorm1d(width)],
        "layer" => [new LayerNorm(width)],
        _ => [],
    };

    /// <summary>A new norm of maps [n, channels, …] by name; none for none. A layer's is that of one group of all channels.</summary>
    public static IEnumerable<Module> MapNorm(string name, int channels, bool images) => name switch
    {
        "batch" => [images ? new BatchNorm2d(channels) : new BatchNorm1d(channels)],
        "layer" => [new GroupNorm(1, channels)],
        _ => [],
    };

    /// <summary>Fully connected layers, each followed by norm, activation and dropout.</summary>
    public static IEnumerable<Module> Mlp(int size, IReadOnlyList<int> widths, string activation, RandomStream random, float dropout = 0, string norm = "none")
    {
        yield return new Flatten();
        for (var i = 0; i < widths.Count; i++)
        {
            yield return new Linear(size, widths[i], random);
            foreach (var layer in Norm(norm, widths[i])) yield return layer;
            yield return Activation(activation);
            if (dropout > 0) yield return new Dropout(dropout, random.Fork($"dropout{i}"));
            size = widths[i];
        }
    }

    /// <summary>
    /// Fully connected residual blocks (Gorishniy, Rubachev, Khrulkov, Babenko 2021, section 3.2): a linear layer to the first width, then
    /// x + linear(dropout(activation(linear(norm(x))))) for each width, and a norm and the activation at the end.
    /// </summary>
    public static IEnumerable<Module> Residual(int size, ResidualOptions o, RandomStream random)
    {
        yield return new Flatten();
        yield return new Linear(size, o.Widths[0], random);
        var at = o.Widths[0];
        for (var i = 0; i < o.Widths.Count; i++)
        {
            var width = o.Widths[i];
            var body = new Sequential([.. Norm(o.Norm, at), new Linear(at, width, random), Activation(o.Activation), new Dropout(o.Dropout, random.Fork($"dropout{i}")), new Linear(width, width, random)]);
            yield return new ResidualBlock(body, at == width ? null : new Linear(at, width, random));
            at = width;
        }
        foreach (var layer in Norm(o.Norm, at)) yield return layer;
        yield return Activation(o.Activation);
    }

    /// <summary>
    /// Residual blocks of images (He, Zhang, Ren, Sun 2016): a convolution, two 3x3 convolutions a block (all but the first block halve the picture),
    /// and the mean of each channel.
    /// </summary>
    public static IEnumerable<Module> ResidualMaps(int channels, ResidualOptions o, RandomStream random)
    {
        yield return new Conv2d(channels, o.Widths[0], 3, random, padding: 1);
        var at = o.Widths[0];
        for (var i = 0; i < o.Widths.Count; i++)
        {
            var (width, stride) = (o.Widths[i], i == 0 ? 1 : 2);
            var body = new Sequential([.. MapNorm(o.Norm, at, true), Activation(o.Activation), new Conv2d(at, width, 3, random, stride, 1),
                .. MapNorm(o.Norm, width, true), Activation(o.Activation), new Dropout(o.Dropout, random.Fork($"dropout{i}")), new Conv2d(width, width, 3, random, padding: 1)]);
            yield return new ResidualBlock(body, at == width && stride == 1 ? null : new Conv2d(at, width, 1, random, stride));
            at = width;
        }
        foreach (var layer in MapNorm(o.Norm, at, true)) yield return layer;
        yield return Activation(o.Activation);
        yield return new AdaptiveAvgPool2d(1, 1);
        yield return new Flatten();
    }

    /// <summary>Convolutions along steps, from [n, channels, steps].</summary>
    public static (List<Module> Layers, int Channels, int Steps) Along(int channels, int steps, Conv1dOptions o, RandomStream random)
    {
        var layers = new List<Module>();
        var given = steps;
        for (var i = 0; i < o.Channels.Count; i++)
        {
            steps = ConvSize(steps, o.Kernel, o.Stride, o.Padding);
            if (steps < 1)
                throw new InputException(FormattableString.Invariant($"encoder.channels: {o.Channels.Count} layers with kernel {o.Kernel} and stride {o.Stride} leave nothing of {given} steps"));
            layers.AddRange([new Conv1d(channels, o.Channels[i], o.Kernel, random, o.Stride, o.Padding), .. MapNorm(o.Norm, o.Channels[i], false), Activation(o.Activation)]);
            channels = o.Channels[i];
        }
        return (layers, channels, steps);
    }

    /// <summary>The size of a map's side after a convolution.</summary>
    public static int ConvSize(int size, int kernel, int stride, int padding) => size + (2 * padding) < kernel ? 0 : ((size + (2 * padding) - kernel) / stride) + 1;
}
