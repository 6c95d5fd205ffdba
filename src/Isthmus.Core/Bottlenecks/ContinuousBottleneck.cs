using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A bottleneck whose message is a vector of real numbers. Such a vector has no finite rate until it is quantised; what is
/// shipped is its dithered quantisation (<see cref="DitheredCode"/>), fitted by <see cref="Freeze"/>.
/// </summary>
public abstract class ContinuousBottleneck : Bottleneck
{
    private DitheredCode? _code;

    /// <summary>A bottleneck of a width.</summary>
    protected ContinuousBottleneck(int latent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(latent, 1);
        Latent = latent;
    }

    /// <summary>The number of dimensions of the code.</summary>
    public int Latent { get; }

    /// <summary>The code that is sent, and the width of noise it stands: the level width is sqrt(12) times that.</summary>
    /// <param name="h">The features.</param>
    /// <returns>Mean [batch, latent]; Std [batch, latent] or [latent], or null where the code is trained without noise.</returns>
    protected abstract (Tensor Mean, Tensor? Std) Code(Features h);

    /// <summary>What the decoder gets for a code that has arrived; the identity unless overridden.</summary>
    protected virtual Tensor Received(Tensor code) => code;

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => mode switch
    {
        PassMode.Sample => "sample",
        PassMode.Mean => "mean",
        _ => "dithered",
    };

    /// <inheritdoc/>
    public override void Freeze(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        var codes = new List<float>();
        var noise = new double[Latent];
        long noisy = 0, rows = 0;
        using var noGrad = new NoGrad();
        foreach (var h in training)
        {
            using var scope = new TensorScope("freeze");
            var (mean, std) = Code(h);
            codes.AddRange(mean.Data);
            rows += mean.Size(0);
            if (std is null) continue;
            for (var i = 0; i < std.Numel; i++) noise[i % Latent] += std.Data[i] * (double)std.Data[i];
            noisy += std.Numel / Latent;
        }
        if (rows == 0) throw new ArgumentException("freeze: no training features were given");
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(codes);
        var steps = new float[Latent];
        for (var j = 0; j < Latent; j++)
            steps[j] = noisy > 0 ? (float)Math.Sqrt(12 * noise[j] / noisy) : Spread(all, j, rows) / 16;
        _code = DitheredCode.Fit(all, steps);
    }

    /// <summary>The width of one level of each dimension of the shipped code; empty before <see cref="Freeze"/>.</summary>
    public ReadOnlySpan<float> Steps => _code is null ? [] : _code.Steps;

    /// <inheritdoc/>
    public override byte[]? FrozenTables => _code?.ToBytes();

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables)
    {
        var code = DitheredCode.Parse(tables);
        if (code.Size != Latent) throw new InputException($"tables: they are for {code.Size} dimensions, expected {Latent}");
        _code = code;
    }

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return Received(Frozen().Dequantize(m.Single<Symbols>().Values));
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        Frozen().Write(m.Single<Symbols>().Values, to);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Levels(Frozen().Read(from, s.Count));
    }

    /// <summary>A pass in mode Ship: what the receiver restores, and what the tables charge for it.</summary>
    protected Passage Ship(Tensor mean)
    {
        var message = Levels(Frozen().Quantize(mean));
        var levels = message.Single<Symbols>().Values;
        return new Passage(Restore(message), new Rate(Frozen().Cost(levels), RateKind.CodeLength, RateScope.Sample), [], () => message);
    }

    /// <summary>The message that ships an output of the pass: its dithered levels.</summary>
    /// <param name="output">[batch, latent], as the decoder gets it.</param>
    /// <exception cref="InvalidOperationException"><see cref="Freeze"/> has not been called.</exception>
    public Message ShippedAs(Tensor output) => Levels(Frozen().Quantize(Sent(output)));

    /// <summary>The inverse of <see cref="Received"/>.</summary>
    protected virtual Tensor Sent(Tensor output) => output;

    /// <summary>The message of a code that is not shipped: plain floats.</summary>
    protected static Message AsFloats(Tensor code) => new([new Floats("code", code)]);

    private static Message Levels(LongTensor values) => new([new Symbols("levels", values, 0)]);

    private DitheredCode Frozen() => _code ?? throw new InvalidOperationException($"{GetType().Name}: nothing can be shipped before Freeze has fitted the steps and tables on training data");

    // Standard deviation of one dimension over the rows, for codes that state no noise.
    private float Spread(ReadOnlySpan<float> codes, int j, long rows)
    {
        double sum = 0, squares = 0;
        for (long i = 0; i < rows; i++)
        {
            double v = codes[(int)((i * Latent) + j)];
            sum += v;
            squares += v * v;
        }
        return (float)Math.Sqrt(Math.Max(0, (squares / rows) - (sum / rows * (sum / rows))));
    }
}
