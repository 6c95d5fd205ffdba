using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A dictionary of directions, few of which are active at a time: z = W (x - b) + c, f = the sparse part of z, x' = D f + b. The message
/// is which features are active and their sizes, rounded. Kinds differ in how f comes from z and in their penalty.
/// </summary>
/// <remarks>
/// <para>x is taken as (x - b) s, s the scale that <see cref="Prepare"/> finds, so that losses and thresholds are in units of the inputs'
/// root mean square; the decoder's output is divided by s. Losses are means over rows: a batch repeated has the same losses.</para>
/// <para>Where rows of the decoder have length 1, their gradient is without its part along them, and every optimiser brings them back to
/// length 1 after its step (Bricken et al. 2023). Dead features learn from what the live ones left (AuxK; Gao et al. 2024, appendix
/// A.2): e = x - x' is detached, b is left out on both sides, and the loss is the mean squared error over e's own variance.</para>
/// <para>Products and gradients touch active features only; results are the same for every number of threads.</para>
/// </remarks>
public abstract class SparseAutoencoder : Bottleneck
{
    private const int PreparedRows = 32768, ScaledRows = 1024;
    private readonly SparseOptions _options;
    private readonly Tensor _silent, _scale;
    private readonly bool _tied; // the encoder starts as the decoder
    private SparseCode? _code;

    private protected SparseAutoencoder(int inputs, int outputs, bool tied, bool unitRows, SparseOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        Setting.Require(options.Features >= 1, "features", "at least 1", options.Features);
        Setting.Require(options.Reconstruction >= 0, "reconstruction", "at least 0", options.Reconstruction);
        Setting.Require(options.Aux >= 0, "aux", "at least 0", options.Aux);
        Setting.Require(options.AuxActive >= 0, "aux_active", "at least 0", options.AuxActive);
        Setting.Require(options.DeadAfter >= 1, "dead_after", "at least 1", options.DeadAfter);
        Setting.Require(options.ResampleEvery >= 0, "resample_every", "at least 0", options.ResampleEvery);
        (_options, _tied, UnitRows) = (options, tied, unitRows);
        Decoder = AddParameter("decoder", Initializers.Normal(random, 1f, options.Features, outputs));
        Normalise(Decoder);
        Encoder = AddParameter("encoder", tied ? Tensor.From(Decoder.Data, options.Features, inputs) : Initializers.Normal(random, 1f, options.Features, inputs));
        if (!tied) Normalise(Encoder);
        EncoderBias = AddParameter("encoder_bias", Tensor.Zeros(options.Features));
        DecoderBias = AddParameter("decoder_bias", Tensor.Zeros(outputs));
        _silent = AddBuffer("silent", Tensor.Zeros(options.Features));
        _scale = AddBuffer("scale", Tensor.Ones(1));
        if (unitRows) Decoder.Constraint = Normalise;
    }

    /// <summary>W, [features, inputs].</summary>
    public Tensor Encoder { get; }

    /// <summary>c, [features].</summary>
    public Tensor EncoderBias { get; }

    /// <summary>D, [features, outputs]: one direction a row.</summary>
    public Tensor Decoder { get; }

    /// <summary>b, [outputs].</summary>
    public Tensor DecoderBias { get; }

    /// <summary>The number of features.</summary>
    public int Features => _options.Features;

    /// <summary>s: what inputs about the bias are multiplied by.</summary>
    public float Scale => _scale.Data[0];

    /// <summary>Whether the decoder's rows are kept at length 1.</summary>
    public bool UnitRows { get; }

    /// <summary>Training steps since each feature was last active, [features].</summary>
    public Tensor Silent => _silent;

    /// <summary>Which features have been silent for as long as the options say, in rising order.</summary>
    public IReadOnlyList<int> Dead => [.. Enumerable.Range(0, Features).Where(i => _silent.Data[i] >= _options.DeadAfter)];

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => mode == PassMode.Ship ? "rounded" : "mean";

    /// <summary>The features of a batch: which are active, and their sizes in units of the scaled inputs, [entries].</summary>
    public (SparsePattern Pattern, Tensor Values) Encode(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        var (pattern, values, _) = Activate(Centred(InputOf(h)), null, new PassContext(PassMode.Mean, new RandomStream(0)));
        return (pattern, values);
    }

    /// <summary>What features stand for: D f / s + b, [rows, outputs].</summary>
    public Tensor Decode(SparsePattern pattern, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return Placed(pattern.Multiply(values, Decoder, UnitRows));
    }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        var x = InputOf(h);
        if (c.Training) return Train(x, TargetOf(h).Detach(), c);
        var (pattern, values, _) = Activate(Centred(x), null, c);
        if (c.Mode != PassMode.Ship) return Unbilled(Decode(pattern, values), [], pattern, values);
        var sent = Frozen().Quantize(pattern, values, Lengths());
        return new Passage(Restore(sent), new Rate(Frozen().Cost(sent.Single<Sparse>()), RateKind.CodeLength, RateScope.Sample), [], () => sent);
    }

    /// <summary>Finds the bias, a geometric median of up to 32,768 rows, the scale, and the encoder: the decoder at the length that rebuilds
    /// rows best.</summary>
    public override void Prepare(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("prepare");
        var rows = Collected.Rows(Collected.First(training, PreparedRows), InputOf, TargetOf);
        var (inputs, targets) = (rows[0], rows[1]);
        Centre(inputs, targets);
        _scale.Data[0] = _options.Normalise ? 1 / Spread(inputs - InputBias) : 1f;
        if (_tied) Decoder.Data.CopyTo(Encoder.Data);
        else Normalise(Encoder);
        var few = Math.Min(ScaledRows, inputs.Size(0));
        var wanted = (targets.Narrow(0, 0, few) - DecoderBias) * Scale;
        var (pattern, values, _) = Activate(Centred(inputs.Narrow(0, 0, few)), null, new PassContext(PassMode.Mean, new RandomStream(0)));
        var rebuilt = pattern.Multiply(values, Decoder);
        var best = (rebuilt * wanted).Sum().Item() / rebuilt.Square().Sum().Item();
        if (float.IsFinite(best) && best > 0)
            foreach (ref var w in Encoder.Data) w *= best;
    }

    /// <summary>Fits the width of a level, so that rounding adds about a twentieth to the squared error, and the tables.</summary>
    public override void Freeze(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("freeze");
        var lengths = Lengths();
        var fit = new SparseCodeFit(Features);
        foreach (var h in training)
        {
            using var batch = new TensorScope("batch");
            var (pattern, values) = Encode(h);
            var error = (Decode(pattern, values) - TargetOf(h)) * Scale;
            fit.Add(pattern, values, lengths, error.Square().Sum().Item());
        }
        _code = fit.Finish();
    }

    /// <inheritdoc/>
    public override byte[]? FrozenTables => _code?.ToBytes();

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables) => _code = SparseCode.Parse(tables, Features);

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        if (m.Parts is [Floats sizes]) return Sized(sizes.Values);
        var (pattern, values) = Frozen().Dequantize(m.Single<Sparse>(), Lengths());
        return Decode(pattern, values);
    }

    // The features of a message that is not shipped, [rows, features]; those of size 0 are not active.
    private Tensor Sized(Tensor sizes)
    {
        var starts = new int[sizes.Size(0) + 1];
        var (places, values) = (new List<int>(), new List<float>());
        for (var i = 0; i < sizes.Numel; i++)
        {
            if (sizes.Data[i] != 0)
            {
                places.Add(i % Features);
                values.Add(sizes.Data[i]);
            }
            starts[(i / Features) + 1] = places.Count;
        }
        return Decode(new SparsePattern(Features, starts, [.. places]), Tensor.From([.. values], values.Count));
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        ArgumentNullException.ThrowIfNull(to);
        Frozen().Write(m.Single<Sparse>(), to);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(s);
        return new Message([Frozen().Read(from, s.Count)]);
    }

    /// <summary>Decoder rows at length 1 and the scale 1, what is sent and rebuilt being the same up to rounding: for inference elsewhere.
    /// Tables have to be fitted again.</summary>
    public void Fold()
    {
        using var scope = new TensorScope("fold");
        var (lengths, scale) = (UnitRows ? [.. Enumerable.Repeat(1f, Features)] : Lengths(), Scale);
        var (inputs, outputs) = (Encoder.Size(1), Decoder.Size(1));
        for (var i = 0; i < Features; i++)
        {
            if (!(lengths[i] > 0)) continue;
            // A feature in units of the outputs: what was f is now f length / s.
            foreach (ref var w in Encoder.Data.Slice(i * inputs, inputs)) w *= lengths[i];
            foreach (ref var d in Decoder.Data.Slice(i * outputs, outputs)) d /= lengths[i];
            FoldFeature(i, lengths[i] / scale);
        }
        FoldScale(scale);
        _scale.Data[0] = 1f;
        _code = null;
    }

    /// <summary>What is subtracted from inputs: the decoder's bias, unless inputs and outputs differ.</summary>
    private protected virtual Tensor InputBias => DecoderBias;

    /// <summary>The features of scaled inputs.</summary>
    /// <param name="x">[rows, inputs], about the bias and scaled.</param>
    /// <param name="target">[rows, outputs], about the bias and scaled; null in evaluation.</param>
    /// <param name="c">The circumstances.</param>
    private protected abstract Activations Activate(Tensor x, Tensor? target, PassContext c);

    /// <summary>The squared error of the scaled sum: a mean over rows of sums.</summary>
    private protected virtual Tensor Error(Activations a, Tensor sum, Tensor target) => SquaredError(sum, target);

    /// <summary>Changes what stands for one feature besides its rows, now in other units: biases and thresholds.</summary>
    private protected virtual void FoldFeature(int i, float factor) => EncoderBias.Data[i] *= factor;

    /// <summary>Changes what all features share, now in units of the inputs.</summary>
    private protected virtual void FoldScale(float scale)
    {
    }

    /// <summary>Sets the biases from data.</summary>
    private protected virtual void Centre(Tensor inputs, Tensor targets) => GeometricMedian.Of(targets).CopyTo(DecoderBias.Data);

    /// <summary>What shall be rebuilt.</summary>
    private protected virtual Tensor TargetOf(Features h) => InputOf(h);

    /// <summary>What enters.</summary>
    private protected Tensor InputOf(Features h)
    {
        var x = h.Parts[0].Value;
        if (x.Dim != 2 || x.Size(1) != Encoder.Size(1)) throw new ArgumentException($"{GetType().Name}: [rows, {Encoder.Size(1)}] is needed, not [{string.Join(", ", x.Shape.ToArray())}]");
        return x;
    }

    /// <summary>The encoder's outputs that are above a threshold of their feature.</summary>
    private protected SparsePattern Above(Tensor x, ReadOnlySpan<float> thresholds)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("outputs");
        var outputs = x.Linear(Encoder, EncoderBias);
        var (rows, features) = (x.Size(0), Features);
        var starts = new int[rows + 1];
        var places = new List<int>();
        var data = outputs.Data;
        for (var i = 0; i < rows; i++)
        {
            var row = data.Slice(i * features, features);
            for (var j = 0; j < row.Length; j++)
                if (row[j] > thresholds[j]) places.Add(j);
            starts[i + 1] = places.Count;
        }
        return new SparsePattern(features, starts, [.. places]);
    }

    /// <summary>The encoder's outputs that are above one threshold.</summary>
    private protected SparsePattern Above(Tensor x, float threshold)
    {
        var thresholds = new float[Features];
        Array.Fill(thresholds, threshold);
        return Above(x, thresholds);
    }

    /// <summary>A mean over rows of sums of squares.</summary>
    private protected static Tensor SquaredError(Tensor a, Tensor b) => (a - b).Square().Sum() * (1f / Math.Max(1, a.Size(0)));

    private Passage Train(Tensor x, Tensor target, PassContext c)
    {
        var centred = Centred(x);
        var wanted = Scaled(target - DecoderBias);
        if (_options.ResampleEvery > 0 && c.Step > 0 && c.Step % _options.ResampleEvery == 0) Resample(centred, wanted, c);
        var active = Activate(centred, wanted, c);
        var sum = active.Pattern.Multiply(active.Values, Decoder, UnitRows);
        Count(active);
        var terms = new List<Term> { new("reconstruction", Error(active, sum, wanted), _options.Reconstruction) };
        terms.AddRange(active.Terms);
        if (_options.Aux > 0 && Revival(centred, wanted, sum) is { } aux) terms.Add(new Term("aux", aux, _options.Aux));
        return Unbilled(Placed(sum), terms, active.Pattern, active.Values);
    }

    private Passage Unbilled(Tensor output, IReadOnlyList<Term> terms, SparsePattern pattern, Tensor values) =>
        new(output, null, terms, () => new Message([new Floats("features", pattern.ToDense(values))])) { NoRate = "sizes of features are real numbers until they are shipped in levels" };

    private Tensor Centred(Tensor x) => Scaled(x - InputBias);

    private Tensor Scaled(Tensor x) => Scale == 1f ? x : x * Scale;

    private Tensor Placed(Tensor sum) => (Scale == 1f ? sum : sum * (1f / Scale)) + DecoderBias;

    private void Count(Activations a)
    {
        var silent = _silent.Data;
        foreach (ref var steps in silent) steps = Math.Min(steps + 1, 1 << 24);
        var places = a.Pattern.Places;
        var values = a.Values.Data;
        for (var p = 0; p < places.Length; p++)
            if (values[p] > 0) silent[places[p]] = 0;
    }

    // AuxK: what the live features left, rebuilt by the largest of the dead ones, over its own variance.
    private Tensor? Revival(Tensor x, Tensor target, Tensor sum)
    {
        var dead = Dead;
        if (dead.Count == 0) return null;
        var index = LongTensor.From([.. dead], dead.Count);
        var error = target.Detach() - sum.Detach();
        var most = Math.Min(_options.AuxActive > 0 ? _options.AuxActive : Math.Max(1, Encoder.Size(1) / 2), dead.Count);
        var (pattern, values) = SparsePattern.LinearTopK(x.Detach(), Encoder.IndexSelect(0, index), EncoderBias.IndexSelect(0, index), most);
        var rebuilt = pattern.Multiply(values, Decoder.IndexSelect(0, index), UnitRows);
        var variance = SquaredError(error, error.Mean(0, keepdim: true)).Item();
        return variance > 0 && float.IsFinite(variance) ? SquaredError(rebuilt, error) * (1 / variance) : null;
    }

    // Bricken et al. 2023, "neuron resampling": rows drawn by their squared error; encoder rows a fifth as long as those that live.
    private void Resample(Tensor x, Tensor target, PassContext c)
    {
        var dead = Dead;
        if (dead.Count == 0 || dead.Count == Features) return;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("resample");
        var (pattern, values, _) = Activate(x, null, c with { Training = false });
        var rest = (pattern.Multiply(values, Decoder) - target).Square().Sum(1);
        var gone = dead.ToHashSet();
        double length = 0;
        var lengths = Encoder.Square().Sum(1).Sqrt();
        for (var i = 0; i < Features; i++)
            if (!gone.Contains(i)) length += lengths.Data[i];
        length *= 0.2 / (Features - dead.Count);
        double total = 0;
        foreach (var e in rest.Data) total += e * (double)e;
        if (!(total > 0) || !double.IsFinite(total)) return;
        foreach (var i in dead)
        {
            var (draw, row) = (c.Random.NextDouble() * total, 0);
            for (; row + 1 < rest.Numel && (draw -= rest.Data[row] * (double)rest.Data[row]) > 0; row++)
            {
            }
            PutDirection(Decoder, i, target, row, 1);
            PutDirection(Encoder, i, x, row, length);
            EncoderBias.Data[i] = 0;
            _silent.Data[i] = 0;
        }
    }

    private static void PutDirection(Tensor to, int i, Tensor from, int row, double length)
    {
        var width = from.Size(1);
        var source = from.Data.Slice(row * width, width);
        double squares = 0;
        foreach (var v in source) squares += v * (double)v;
        if (!(squares > 0)) return;
        var factor = (float)(length / Math.Sqrt(squares));
        for (var d = 0; d < width; d++) to.Data[(i * width) + d] = source[d] * factor;
    }

    private float[] Lengths()
    {
        var lengths = new float[Features];
        if (UnitRows) Array.Fill(lengths, 1f);
        else
        {
            using var noGrad = new NoGrad();
            using var scope = new TensorScope("lengths");
            Decoder.Square().Sum(1).Sqrt().Data.CopyTo(lengths);
        }
        return lengths;
    }

    private static unsafe void Normalise(Tensor rows)
    {
        SparseKernel.UnitRows(rows.Pointer, rows.Size(0), rows.Size(1));
        GC.KeepAlive(rows);
    }

    private static float Spread(Tensor x)
    {
        double squares = 0;
        foreach (var v in x.Data) squares += v * (double)v;
        var root = (float)Math.Sqrt(squares / x.Numel);
        return root > 0 && float.IsFinite(root) ? root : 1f;
    }

    private SparseCode Frozen() => _code ?? throw new InvalidOperationException($"{GetType().Name}: nothing can be shipped before Freeze has fitted the levels and tables on training data");
}

/// <summary>Active features of a batch, and what their kind adds to the loss in training.</summary>
internal sealed record Activations(SparsePattern Pattern, Tensor Values, IReadOnlyList<Term> Terms);
