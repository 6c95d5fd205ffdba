using System.Buffers.Binary;
using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="ScaleHyperprior"/> is made of.</summary>
public sealed record HyperpriorOptions
{
    /// <summary>Dimensions of the code, at least 1.</summary>
    [Option("dimensions of the code", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 16;

    /// <summary>Dimensions of the side information, at least 1.</summary>
    [Option("dimensions of the side information", Min = 1, Max = 65536)]
    public int Hyper { get; init; } = 4;

    /// <summary>Width of the hidden layers between the two, at least 1.</summary>
    [Option("width of the hidden layers between the two", Min = 1, Max = 65536)]
    public int Hidden { get; init; } = 32;

    /// <summary>The weight of the code length, in nats of task loss per nat; at least 0.</summary>
    [Option("weight of the code length", Unit = "nats per nat", Min = 0)]
    public float Beta { get; init; } = 1e-2f;
}

/// <summary>
/// A code of rounded numbers under zero-mean Gaussians whose scales are sent first, as a smaller code of their own: Ballé,
/// Minnen, Singh, Hwang, Johnston, "Variational image compression with a scale hyperprior", ICLR 2018, figure 4.
/// </summary>
/// <remarks>The receiver's scales come from the hyper-decoder on the engine, whose results have the same bits on every
/// machine, thread count and batch; they choose among 64 tables of integers.</remarks>
public sealed class ScaleHyperprior : Bottleneck
{
    private const float SmallestScale = 0.11f, LikelihoodFloor = 1e-9f;
    private ScaleTables? _scales;
    private readonly HyperpriorOptions _options;
    private readonly Sequential _analysis, _synthesis;
    private readonly EntropicBottleneck _side;

    /// <summary>A bottleneck from a number of features.</summary>
    public ScaleHyperprior(int features, HyperpriorOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Latent < 1 || options.Hyper < 1 || options.Hidden < 1)
            throw new InputException($"bottleneck: latent {options.Latent}, hyper {options.Hyper} and hidden {options.Hidden} must be at least 1");
        _options = options;
        Projection = AddModule("projection", new Linear(features, options.Latent, random));
        _analysis = AddModule("analysis", new Sequential(new Linear(options.Latent, options.Hidden, random), new ReLU()));
        _side = AddModule("side", new EntropicBottleneck(options.Hidden, new EntropicOptions { Latent = options.Hyper, Beta = options.Beta }, random));
        _synthesis = AddModule("synthesis", new Sequential(new Linear(options.Hyper, options.Hidden, random), new ReLU(), new Linear(options.Hidden, options.Latent, random)));
    }

    /// <summary>Features to the numbers that are rounded.</summary>
    public Linear Projection { get; }

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => mode == PassMode.Sample ? "sample" : "rounded";

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        var y = Projection.Forward(h.Single);
        var side = _side.Pass(_analysis.Forward(y.Abs()), c);
        var scales = Scales(side.Output);
        if (c.Mode == PassMode.Sample)
        {
            var noisy = Relaxations.Relax(y, Relaxation.Noise, c.Random).ForDecoder;
            var nats = Nats(noisy, scales) + side.Rate!.Nats;
            return new Passage(noisy, new Rate(nats, RateKind.CodeLength, RateScope.Sample), [new Term("rate", nats.Mean(), _options.Beta)],
                () => new Message([new Floats("code", noisy)]));
        }
        var levels = LongTensor.Zeros(y.Shape);
        for (var i = 0; i < levels.Numel; i++) levels.Data[i] = (long)MathF.Round(Math.Clamp(y.Data[i], -1e9f, 1e9f));
        var restored = Values(levels);
        var cost = Nats(restored, scales) + side.Rate!.Nats;
        return new Passage(restored, new Rate(cost, RateKind.CodeLength, RateScope.Sample), [],
            () => new Message([new Symbols("side", side.Message().Single<Symbols>().Values, 0), new Symbols("levels", levels, 0)]));
    }

    /// <summary>Makes the integer tables of both codes; the features are not looked at.</summary>
    public override void Freeze(IEnumerable<Features> training)
    {
        _side.Freeze(training);
        _scales = new ScaleTables();
    }

    /// <summary>int32 length of the side information's tables, these, then the 64 tables of scales; little-endian.</summary>
    public override byte[]? FrozenTables
    {
        get
        {
            if (_scales is null || _side.FrozenTables is not { } side) return null;
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, side.Length);
            return [.. length, .. side, .. _scales.Tables.ToBytes()];
        }
    }

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables)
    {
        var length = tables.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(tables);
        if (length < 0 || length > tables.Length - 4) throw new InputException($"tables: {tables.Length} bytes do not hold the side information's tables and those of the scales");
        var scales = new ScaleTables(TableSet.Parse(tables[(4 + length)..]));
        if (scales.Tables.Any(t => !t.HasEscape)) throw new InputException("tables: a table of scales has no escape");
        _side.LoadTables(tables.Slice(4, length));
        _scales = scales;
    }

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return Values(m.Part<Symbols>("levels").Values);
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        var side = new Message([m.Part<Symbols>("side")]);
        _side.Write(side, to);
        var levels = m.Part<Symbols>("levels").Values;
        Frozen().Write(to, [.. levels.Data.ToArray().Select(v => (int)v)], Indices(side));
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(s);
        var side = (Symbols)_side.Read(from, s).Parts[0] with { Name = "side" };
        var values = new int[s.Count * _options.Latent];
        Frozen().Read(from, values, Indices(new Message([side])));
        return new Message([side, new Symbols("levels", LongTensor.From(values, s.Count, _options.Latent), 0)]);
    }

    private ScaleTables Frozen() => _scales ?? throw new InvalidOperationException("ScaleHyperprior: nothing can be shipped before Freeze has made the tables");

    private int[] Indices(Message side)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("hyperprior");
        var scales = Scales(_side.Restore(side));
        return [.. scales.ToArray().Select(v => ScaleTables.IndexOf(v))];
    }

    private Tensor Scales(Tensor side) => _synthesis.Forward(side).Softplus().LowerBound(SmallestScale);

    // -log of the Gaussian mass on [y - 1/2, y + 1/2], from the side where the distribution function is small.
    private static Tensor Nats(Tensor y, Tensor scales)
    {
        var magnitude = y.Abs();
        var mass = NormalCdf((0.5f - magnitude) / scales) - NormalCdf((-0.5f - magnitude) / scales);
        return -mass.LowerBound(LikelihoodFloor).Log().Sum(1);
    }

    private static Tensor NormalCdf(Tensor x) => ((x * 0.70710678f).Erf() + 1f) * 0.5f;

    private static Tensor Values(LongTensor levels)
    {
        var values = Tensor.Zeros(levels.Shape);
        for (var i = 0; i < levels.Numel; i++) values.Data[i] = levels.Data[i];
        return values;
    }
}
