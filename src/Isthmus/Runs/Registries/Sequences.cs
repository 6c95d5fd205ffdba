using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Rows as steps: what recurrent networks, transformers and convolutions along time take.</summary>
internal static class Sequences
{
    private const int MostFrames = 128;

    /// <summary>The layers that turn a row into [steps, width], and these two sizes.</summary>
    /// <param name="site">A series, a text, a sound, or images, whose lines are the steps.</param>
    /// <param name="type">The encoder's name, for errors.</param>
    /// <param name="embedding">See <see cref="Embeddings"/>.</param>
    /// <param name="frame">Samples of a sound in a step; 0 for at most 128 steps.</param>
    /// <param name="random">Where initial weights come from.</param>
    public static (List<Module> Front, int Steps, int Width) Of(Site site, string type, string embedding, int frame, RandomStream random)
    {
        switch (site.Schema.Kind)
        {
            case DataKind.Text:
                var (tokens, width) = Embeddings.OfTokens(site, embedding, random);
                return ([tokens], site.Shape[0], width);
            case DataKind.Series when site.Shape is [var steps, _]:
                var columns = Embeddings.OfColumns(site, embedding, random);
                return ([.. columns], steps, columns.Count == 0 ? site.Shape[1] : columns[0].WidthAfter(site.Shape[1]));
            case DataKind.Sound when site.Shape is [var channels, var samples]:
                if (frame == 0) frame = ((samples - 1) / MostFrames) + 1;
                if (frame > samples) throw new InputException(FormattableString.Invariant($"encoder.frame is {frame}, a sound has {samples} samples"));
                return ([new Frames(frame)], samples / frame, channels * frame);
            case DataKind.Images when site.Shape is [var channels, var height, var across]:
                return ([new Lines()], height, channels * across);
            default:
                throw new InputException($"encoder.type is {type}, which needs steps in time: a series, a text, a sound or images; a row has the shape [{string.Join(", ", site.Shape)}]", "encoder.type: mlp takes any row");
        }
    }

    /// <summary>A recurrent encoder.</summary>
    public static Sequential Recurrent(Site site, RecurrentOptions o, RandomStream random, string type)
    {
        var (layers, _, width) = Of(site, type, o.Embedding, o.Frame, random);
        layers.Add(type == "gru" ? new GRU(width, o.Hidden, random, o.Layers) : new LSTM(width, o.Hidden, random, o.Layers));
        layers.Add(PoolOf(site, o.Pool));
        return new Sequential([.. layers]);
    }

    /// <summary>A transformer encoder.</summary>
    public static StepTransformer Transformer(Site site, TransformerOptions o, RandomStream random)
    {
        var (front, steps, width) = Of(site, "transformer", o.Embedding, o.Frame, random);
        if (o.Width % o.Heads != 0) throw new InputException(FormattableString.Invariant($"encoder.heads is {o.Heads}, which does not divide encoder.width, {o.Width}"));
        return new StepTransformer(
            new Sequential([.. front, new Linear(width, o.Width, random), new LearnedPositionalEncoding(steps, o.Width, random, 0.02f)]),
            Enumerable.Range(0, o.Layers).Select(i => new TransformerEncoderLayer(o.Width, o.Heads, random.Fork((ulong)i), o.FeedForward, o.Dropout, normFirst: true, gelu: true)),
            new LayerNorm(o.Width), PoolOf(site, o.Pool), o.Causal || site.Task == RunTask.NextToken);
    }

    // The next token is predicted from every step on its own, which is then a row of its own.
    private static Module PoolOf(Site site, string pool) => site.Task == RunTask.NextToken ? new EachStep() : new Pool(pool);

    /// <summary>An encoder of convolutions along the steps.</summary>
    public static Sequential Convolutions(Site site, Conv1dOptions o, RandomStream random)
    {
        var (front, steps, width) = site.Schema.Kind == DataKind.Sound && site.Shape is [var c, var samples] ? ([], samples, c) : Of(site, "conv1d", o.Embedding, 0, random);
        if (site.Schema.Kind != DataKind.Sound) front.Add(new ChannelsFirst());
        var (layers, channels, left) = Layers.Along(width, steps, o, random);
        front.AddRange(layers);
        if (o.Width > 0) front.AddRange(Layers.Mlp(channels * left, [o.Width], o.Activation, random));
        return new Sequential([.. front]);
    }

    /// <summary>A recurrent decoder: the code is the input of every step.</summary>
    public static Sequential RecurrentDecoder(Site site, RecurrentDecoderOptions o, RandomStream random, string type)
    {
        var (steps, width) = Unrolled(site, type);
        return new Sequential([new Flatten(), new Repeat(steps), type == "gru" ? new GRU(site.Size, o.Hidden, random, o.Layers) : new LSTM(site.Size, o.Hidden, random, o.Layers),
            new Linear(o.Hidden, width, random), .. Rolled(site)]);
    }

    /// <summary>A transformer decoder: the code with a position for every step.</summary>
    public static Sequential TransformerDecoder(Site site, TransformerDecoderOptions o, RandomStream random)
    {
        var (steps, width) = Unrolled(site, "transformer");
        if (o.Width % o.Heads != 0) throw new InputException(FormattableString.Invariant($"decoder.heads is {o.Heads}, which does not divide decoder.width, {o.Width}"));
        var layers = new List<Module> { new Flatten(), new Linear(site.Size, o.Width, random), new Repeat(steps), new LearnedPositionalEncoding(steps, o.Width, random, 0.02f) };
        for (var i = 0; i < o.Layers; i++) layers.Add(new TransformerEncoderLayer(o.Width, o.Heads, random.Fork((ulong)i), o.FeedForward, o.Dropout, normFirst: true, gelu: true));
        return new Sequential([.. layers, new LayerNorm(o.Width), new Linear(o.Width, width, random), .. Rolled(site)]);
    }

    // Steps and numbers of a step of an answer: those of a series that is rebuilt, the horizon of a forecast, or an image's lines.
    private static (int Steps, int Width) Unrolled(Site site, string type) => (site.Task, site.OutputShape) switch
    {
        (RunTask.Forecast, [var numbers]) => (site.Schema.Horizon, numbers / site.Schema.Horizon),
        (RunTask.Reconstruction, [var steps, var width]) when site.Schema.Kind == DataKind.Series => (steps, width),
        (RunTask.Reconstruction, [var channels, var height, var across]) => (height, channels * across),
        _ => throw new InputException($"decoder.type is {type}, which makes steps in time: a forecast, a series or an image that is rebuilt", "decoder.type: mlp makes any answer"),
    };

    private static IEnumerable<Module> Rolled(Site site) => site.OutputShape switch
    {
        [_] => [new Flatten()],
        [_, _] => [],
        [var channels, _, var across] => [new FromLines(channels, across)],
        _ => throw new ArgumentException("an answer has one to three dimensions", nameof(site)),
    };
}

/// <summary>[n, channels, samples] to frames [n, frames, channels · frame]; samples that do not fill a frame are left out.</summary>
internal sealed class Frames(int frame) : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var (n, c, frames) = (x.Size(0), x.Size(1), x.Size(2) / frame);
        return x.Narrow(2, 0, frames * frame).Reshape(n, c, frames, frame).Permute(0, 2, 1, 3).Reshape(n, frames, c * frame);
    }
}

/// <summary>Images [n, channels, height, width] to their lines [n, height, channels · width].</summary>
internal sealed class Lines : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Permute(0, 2, 1, 3).Reshape(x.Size(0), x.Size(2), x.Size(1) * x.Size(3));
    }
}

/// <summary>Lines [n, height, channels · width] back to images.</summary>
internal sealed class FromLines(int channels, int width) : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Reshape(x.Size(0), x.Size(1), channels, width).Permute(0, 2, 1, 3);
    }
}

/// <summary>[n, steps, width] to [n, width, steps].</summary>
internal sealed class ChannelsFirst : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Transpose(1, 2);
    }
}

/// <summary>Steps [n, steps, width] to their last, their mean, or all in one vector.</summary>
internal sealed class Pool(string kind) : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return kind switch { "last" => x.Select(1, x.Size(1) - 1), "mean" => x.Mean(1), _ => x.Flatten(1) };
    }
}

/// <summary>A code [n, width] at every one of so many steps.</summary>
internal sealed class Repeat(int steps) : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Unsqueeze(1).Expand(x.Size(0), steps, x.Size(1));
    }
}

/// <summary>Steps [n, steps, width] to rows of their own, [n · steps, width].</summary>
internal sealed class EachStep : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Reshape(x.Size(0) * x.Size(1), x.Size(2));
    }
}

/// <summary>A row's steps through transformer layers, named layers.0, layers.1, …, and what is made of them.</summary>
internal sealed class StepTransformer : Module
{
    private readonly Module _input, _norm, _pool;
    private readonly TransformerEncoderLayer[] _layers;
    private readonly bool _causal;

    /// <summary>Input (to [n, steps, width]), layers, norm and pool, each under its name.</summary>
    /// <param name="input">From a row to steps.</param>
    /// <param name="layers">One above another.</param>
    /// <param name="norm">After the last.</param>
    /// <param name="pool">From steps to what is handed on.</param>
    /// <param name="causal">Whether a step sees only itself and those before it.</param>
    public StepTransformer(Module input, IEnumerable<TransformerEncoderLayer> layers, Module norm, Module pool, bool causal)
    {
        _input = AddModule("input", input);
        _layers = [.. layers];
        AddModule("layers", new ModuleList(_layers));
        _norm = AddModule("norm", norm);
        _pool = AddModule("pool", pool);
        _causal = causal;
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        x = _input.Forward(x);
        foreach (var layer in _layers) x = layer.Forward(x, _causal);
        return _pool.Forward(_norm.Forward(x));
    }
}
