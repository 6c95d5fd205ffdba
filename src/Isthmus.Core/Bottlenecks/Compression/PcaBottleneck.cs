using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="PcaBottleneck"/> is made of.</summary>
public sealed record PcaOptions
{
    /// <summary>Components that are sent, at most the number of features.</summary>
    [Option("components that are sent", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 32;

    /// <summary>The width of a cell of the quantiser, the same along every component.</summary>
    [Option("width of the quantiser's cells", Unit = "units of the features", Min = 0, AboveMin = true)]
    public float Step { get; init; } = 1f;
}

/// <summary>
/// The plainest transform code, the baseline beside every learned one: coordinates along the directions of greatest variance
/// (Hotelling 1933), rounded to multiples of one step, written with a static table for each component. What leaves it is the
/// row that the receiver rebuilds. It is fitted before training, to features that do not change: the encoder has no weights.
/// </summary>
public sealed class PcaBottleneck : Bottleneck
{
    private const float LargestLevel = 1e9f;
    private readonly PcaOptions _options;
    private readonly Tensor _mean, _components; // [features], [latent, features]
    private LevelCode? _tables;

    /// <summary>A bottleneck from a number of features to as many rebuilt ones.</summary>
    /// <exception cref="InputException">More components than features.</exception>
    public PcaBottleneck(int features, PcaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Latent < 1 || options.Latent > features) throw new InputException($"bottleneck.latent: {options.Latent} components of {features} features; 1 to {features} are expected");
        _options = options;
        _mean = AddBuffer("mean", Tensor.Zeros(features));
        _components = AddBuffer("components", Tensor.Zeros(options.Latent, features));
    }

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => "rounded";

    /// <inheritdoc/>
    public override void Attach(Module encoder)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        if (encoder.ParameterCount() > 0) throw new InputException("bottleneck.type is pca, whose components are fitted before training: the encoder must have no weights", "encoder.type: identity");
    }

    /// <summary>Finds the components and counts the tables.</summary>
    public override void Prepare(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        using var noGrad = new NoGrad();
        Covariance.Fit(training.Select(h => h.Single), _mean.Data, _components.Data, _options.Latent);
        var columns = new List<int>[_options.Latent];
        for (var j = 0; j < columns.Length; j++) columns[j] = [];
        foreach (var h in training)
        {
            using var scope = new TensorScope("pca");
            var levels = Levels(h);
            for (var i = 0; i < levels.Numel; i++) columns[i % columns.Length].Add((int)levels.Data[i]);
        }
        _tables = new LevelCode(columns.Select(c => LevelCode.Fit(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(c))));
    }

    /// <summary>Nothing is left to be fitted where <see cref="Prepare"/> was called: the features are the same after training.</summary>
    public override void Freeze(IEnumerable<Features> training)
    {
        if (_tables is null) Prepare(training);
    }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (c.Mode == PassMode.Ship) Tables();
        var levels = Levels(h);
        var message = new Message([new Symbols("levels", levels, 0)]);
        if (_tables is null) return new Passage(Rebuilt(levels), null, [], () => message) { NoRate = "the components have not been fitted" };
        return new Passage(Rebuilt(levels), new Rate(_tables.Cost(levels), RateKind.CodeLength, RateScope.Sample), [], () => message);
    }

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return Rebuilt(m.Single<Symbols>().Values);
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

    /// <inheritdoc/>
    public override byte[]? FrozenTables => _tables is null ? null : _tables.ToBytes();

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables)
    {
        _tables = LevelCode.Parse(tables, _options.Latent);
    }

    private LevelCode Tables() => _tables ?? throw new InvalidOperationException("PcaBottleneck: nothing can be shipped before Prepare or Freeze has fitted the components");

    private LongTensor Levels(Features h)
    {
        using var noGrad = new NoGrad();
        var codes = (h.Single - _mean).MatMul(_components.Transpose(0, 1));
        var levels = LongTensor.Zeros(codes.Shape);
        for (var i = 0; i < levels.Numel; i++) levels.Data[i] = (long)MathF.Round(Math.Clamp(codes.Data[i] / _options.Step, -LargestLevel, LargestLevel));
        return levels;
    }

    private Tensor Rebuilt(LongTensor levels)
    {
        using var noGrad = new NoGrad();
        var codes = Tensor.Zeros(levels.Shape);
        for (var i = 0; i < levels.Numel; i++) codes.Data[i] = levels.Data[i] * _options.Step;
        return codes.MatMul(_components) + _mean;
    }
}
