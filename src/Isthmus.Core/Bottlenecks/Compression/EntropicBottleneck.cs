using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What an <see cref="EntropicBottleneck"/> is made of.</summary>
public sealed record EntropicOptions
{
    /// <summary>Dimensions of the code, at least 1.</summary>
    [Option("dimensions of the code", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 16;

    /// <summary>The weight of the code length, in nats of task loss per nat; at least 0.</summary>
    [Option("weight of the code length", Unit = "nats per nat", Min = 0)]
    public float Beta { get; init; } = 1e-2f;

    /// <summary>What stands for rounding in training.</summary>
    [Option("what stands for rounding in training")]
    public Relaxation Relaxation { get; init; }
}

/// <summary>
/// A code of rounded numbers under a learned factorised prior: the entropy bottleneck of learned compression (Ballé et al.
/// 2018, section 2 and appendix 6.1; as a bottleneck for split computing, Matsubara et al. 2022, "Entropic Student").
/// </summary>
public sealed class EntropicBottleneck : Bottleneck
{
    private readonly EntropicOptions _options;
    private LevelCode? _tables;
    private float[]? _medians;

    /// <summary>A bottleneck from a number of features.</summary>
    public EntropicBottleneck(int features, EntropicOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Latent < 1) throw new InputException($"bottleneck.latent: at least 1 is expected, not {options.Latent}");
        _options = options;
        Projection = AddModule("projection", new Linear(features, options.Latent, random));
        Prior = AddModule("prior", new FactorizedPrior(options.Latent, random));
    }

    /// <summary>Features to the numbers that are rounded.</summary>
    public Linear Projection { get; }

    /// <summary>The learned densities.</summary>
    public FactorizedPrior Prior { get; }

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => mode == PassMode.Sample ? "sample" : "rounded";

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        var y = Projection.Forward(h.Single);
        if (c.Mode == PassMode.Sample)
        {
            var (output, noisy) = Relaxations.Relax(y, _options.Relaxation, c.Random);
            var nats = Prior.Nats(noisy);
            return new Passage(output, new Rate(nats, RateKind.CodeLength, RateScope.Sample), [new Term("rate", nats.Mean(), _options.Beta)],
                () => new Message([new Floats("code", output)]));
        }
        if (c.Mode == PassMode.Ship && _tables is null) throw new InvalidOperationException("EntropicBottleneck: nothing can be shipped before Freeze has made the tables");
        var medians = _medians ?? Prior.Medians();
        var levels = LongTensor.Zeros(y.Shape);
        for (var i = 0; i < levels.Numel; i++) levels.Data[i] = (long)MathF.Round(Math.Clamp(y.Data[i] - medians[i % medians.Length], -1e9f, 1e9f));
        var message = new Message([new Symbols("levels", levels, 0)]);
        var restored = Values(levels, medians);
        var cost = _tables is null ? Prior.Nats(restored) : _tables.Cost(levels);
        return new Passage(restored, new Rate(cost, RateKind.CodeLength, RateScope.Sample), [], () => message);
    }

    /// <summary>Makes the integer tables from the learned densities; the features are not looked at.</summary>
    public override void Freeze(IEnumerable<Features> training)
    {
        _medians = Prior.Medians();
        _tables = new LevelCode(Prior.Tables());
    }

    /// <inheritdoc/>
    public override byte[]? FrozenTables
    {
        get
        {
            if (_tables is null) return null;
            var medians = new byte[4 * _medians!.Length];
            for (var i = 0; i < _medians.Length; i++) System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(medians.AsSpan(4 * i), _medians[i]);
            return [.. medians, .. _tables.ToBytes()];
        }
    }

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables)
    {
        var n = _options.Latent;
        if (tables.Length < 4 * n) throw new InputException($"tables: {tables.Length} bytes are too few for {n} medians");
        var medians = new float[n];
        for (var i = 0; i < n; i++)
        {
            medians[i] = System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(tables[(4 * i)..]);
            if (!float.IsFinite(medians[i])) throw new InputException($"tables: the median of dimension {i} is not a number");
        }
        (_medians, _tables) = (medians, LevelCode.Parse(tables[(4 * n)..], n));
    }

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return Values(m.Single<Symbols>().Values, _medians ?? Prior.Medians());
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        Tables().Write(m.Single<Symbols>().Values, to);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(s);
        return new Message([new Symbols("levels", Tables().Read(from, s.Count), 0)]);
    }

    private LevelCode Tables() => _tables ?? throw new InvalidOperationException("EntropicBottleneck: nothing can be shipped before Freeze has made the tables");

    private static Tensor Values(LongTensor levels, float[] medians)
    {
        var values = Tensor.Zeros(levels.Shape);
        for (var i = 0; i < levels.Numel; i++) values.Data[i] = levels.Data[i] + medians[i % medians.Length];
        return values;
    }
}
