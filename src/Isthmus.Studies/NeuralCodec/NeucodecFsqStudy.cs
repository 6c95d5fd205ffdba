using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.NeuralCodec;

/// <summary>
/// "Finite scalar quantization enables redundant and transmission-robust neural audio compression at low bit-rates" (NeuCodec): what flipped bits cost a small
/// codec of tones with finite scalar quantisation against residual vector quantisation at the same bits.
/// </summary>
public sealed class NeucodecFsqStudy : Study
{
    private const int Hop = 8, Channels = 16, Levels = 4, Digits = 6, Stages = 2, Codes = 64, CodeWidth = 8;

    /// <inheritdoc/>
    public override string Slug => "neucodec-fsq";

    /// <inheritdoc/>
    public override string Claim => "When 1 % of the bits sent are flipped, a codec with finite scalar quantisation loses at least 1 dB less of its signal-to-noise ratio than one with residual vector quantisation at the same bits.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: convolutions over tones of 256 samples (hop 8, 16 channels, a convolution of 3 places before and after the quantiser, a transposed one back), 12 bits for each of 32 places, packed at fixed length without entropy coding; squared error and the quantiser's own terms, " +
        "Adam with a step size of 0.005 and a cosine, 400 steps of 32 tones, the same batches. Baseline: two stages of 64 codes of width 8 (running averages, k-means start, dead-code replacement). Method: six numbers of 4 levels. " +
        "Each bit flips by itself with the given chance, the same flips in both arms; nothing is retrained. Each arm chooses on other seeds between two layouts of its bits: codes as trained or by binary switching (indices exchanged until no exchange lowers the expected error of one flip, by counts of the training codes); " +
        "digits in natural or in Gray code. Read: the fall of the signal-to-noise ratio, all test tones together, at 1 % of flips; both layouts, 0.1 % and 5 %, and the ratio itself beside it.";

    /// <inheritdoc/>
    public override string Differs =>
        "Synthetic tones and a codec of some thousand weights in place of speech; squared error without adversarial terms, no listening. The second, distilled encoder is left out. The catalogue's check named no index assignment; without one residual codes are judged by a random order of their indices. " +
        "An entropy-coded stream does not survive flips in either arm: after the first all that follows is lost. A codec that is worse without flips has less to lose, so that the ratio with flips is shown as well.";

    /// <inheritdoc/>
    public override string Data => "generated: 2,400 tones of 256 samples at 8 kHz, 8 pitches (make:tones,n=2400,samples=256); 2,000 train, 200 validate, 200 test";

    /// <inheritdoc/>
    public override Measure Primary => new("SNR drop at 1 % flips", "dB", Better.Lower, 1);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("SNR without flips", "dB", Better.Higher),
        new("SNR at 1 % flips", "dB", Better.Higher),
        new("SNR drop at 0.1 % flips", "dB", Better.Lower),
        new("SNR drop at 5 % flips", "dB", Better.Lower),
        new("SNR drop at 1 % flips, plain layout", "dB", Better.Lower),
        new("SNR drop at 1 % flips, arranged layout", "dB", Better.Lower),
        new("bits a place", "bits", Better.Lower),
    ];

    /// <inheritdoc/>
    public override string Baseline => "residual vector quantisation, 2 x 64 codes, the better of the two layouts";

    /// <inheritdoc/>
    public override string Method => "finite scalar quantisation, 4 levels of each of 6 numbers, the better of the two layouts";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("arranged", 0)), Configuration.Of(("arranged", 1))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => [Configuration.Of(("arranged", 0)), Configuration.Of(("arranged", 1))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var parts = StudyData.Split(StudyData.Load(trial, "make:tones,n=2400,samples=256"), trial, trial.Pick(100, 2000, 2000), trial.Pick(20, 200, 200), trial.Pick(20, 200, 200));
        if (parts.Train.FeatureShape is not [1, var samples] || samples % Hop != 0) throw new InputException($"{parts.Train.Name}: sounds of one channel are needed whose samples are a multiple of {Hop}");
        var codec = new Codec(arm, samples / Hop, trial.Random("weights"));
        codec.Train(trial, parts.Train);
        int[][][] layouts = [codec.Plain(), codec.Arranged(parts.Train)];
        var own = layouts[configuration.Int("arranged")];
        var tuning = Drop(parts.Validation, own, 0.01);
        if (trial.Tuning) return new Outcome { Tuning = tuning };
        var clean = codec.Snr(parts.Test, own, 0, trial.Random("flips"));
        var drop = Drop(parts.Test, own, 0.01);
        return new Outcome
        {
            [Primary.Name] = drop,
            ["SNR without flips"] = clean,
            ["SNR at 1 % flips"] = clean - drop,
            ["SNR drop at 0.1 % flips"] = Drop(parts.Test, own, 0.001),
            ["SNR drop at 5 % flips"] = Drop(parts.Test, own, 0.05),
            ["SNR drop at 1 % flips, plain layout"] = Drop(parts.Test, layouts[0], 0.01),
            ["SNR drop at 1 % flips, arranged layout"] = Drop(parts.Test, layouts[1], 0.01),
            ["bits a place"] = own.Sum(words => Math.Log2(words.Length)),
            Tuning = tuning,
        };

        double Drop(Dataset data, int[][] layout, double chance) => codec.Snr(data, layout, 0, trial.Random("flips")) - codec.Snr(data, layout, chance, trial.Random("flips"));
    }

    // A small codec; a layout gives the word of bits that each index of a stage is sent as.
    private sealed class Codec
    {
        private readonly int _places;
        private readonly Sequential _encoder, _decoder;
        private readonly Linear _widen;
        private readonly Bottleneck _bottleneck;

        public Codec(Arm arm, int places, RandomStream random)
        {
            _places = places;
            _encoder = new Sequential(new Conv1d(1, Channels, Hop, random.Fork("frames"), stride: Hop), new GELU(), new Conv1d(Channels, Channels, 3, random.Fork("encoder"), padding: 1), new GELU());
            _bottleneck = arm == Arm.Method
                ? new FiniteScalarQuantizer(Channels, new FsqOptions { Levels = [.. Enumerable.Repeat(Levels, Digits)] }, random.Fork("bottleneck"))
                : new ResidualQuantizer([Channels], new RvqOptions { Codes = [Codes], Stages = Stages, Width = CodeWidth, Decay = 0.9f }, random.Fork("bottleneck"));
            _widen = new Linear(arm == Arm.Method ? Digits : CodeWidth, Channels, random.Fork("widen"));
            _decoder = new Sequential(new Conv1d(Channels, Channels, 3, random.Fork("decoder"), padding: 1), new GELU(), new ConvTranspose1d(Channels, 1, Hop, random.Fork("samples"), stride: Hop));
        }

        public void Train(Trial trial, Dataset data)
        {
            var step = 0L;
            var parameters = new (string Name, Module Part)[] { ("encoder", _encoder), ("bottleneck", _bottleneck), ("widen", _widen), ("decoder", _decoder) }
                .SelectMany(m => m.Part.NamedParameters().Select(p => ($"{m.Name}.{p.Name}", p.Value)));
            MiniTrainer.Train(trial, parameters, data.Count, new MiniOptions { Steps = trial.Pick(3, 150, 400), Batch = 32, LearningRate = 5e-3 }, (rows, noise) =>
            {
                var sounds = StudyData.Batch(data, rows).Inputs;
                var passage = _bottleneck.Pass(Rows(sounds), new PassContext(PassMode.Sample, noise) { Training = true, Step = step++ });
                // In units of the tones' variance, about 0.13.
                var loss = Losses.MeanSquaredError(Sounds(passage.Output), sounds) * (1 / 0.13f);
                return passage.Terms.Aggregate(loss, (sum, term) => sum + (term.Value * term.Weight));
            });
        }

        public int[][] Plain() => _bottleneck is ResidualQuantizer ? [.. Enumerable.Range(0, Stages).Select(_ => Enumerable.Range(0, Codes).ToArray())] : [[.. Enumerable.Range(0, 1 << (2 * Digits))]];

        // Residual codes by binary switching; levels, of two bits each, in Gray code, all digits of an index at once.
        public int[][] Arranged(Dataset data)
        {
            if (_bottleneck is not ResidualQuantizer residual) return [[.. Enumerable.Range(0, 1 << (2 * Digits)).Select(i => i ^ ((i >> 1) & 0b01_01_01_01_01_01))]];
            using var quiet = new NoGrad();
            var counts = Enumerable.Range(0, Stages).Select(_ => Enumerable.Repeat(1.0, Codes).ToArray()).ToArray();
            MiniTrainer.Predict(data, x =>
            {
                var indices = Indices(x);
                for (var i = 0; i < indices.Numel; i++) counts[i % Stages][indices.Data[i]]++;
                return x;
            });
            return [.. residual.Stages.Select((stage, k) => Switched(stage.Table.ToArray(), counts[k]))];
        }

        // The signal-to-noise ratio in dB when each bit sent flips with a chance.
        public double Snr(Dataset data, int[][] layout, double chance, RandomStream random)
        {
            using var quiet = new NoGrad();
            var indexOf = layout.Select(Inverse).ToArray();
            var output = MiniTrainer.Predict(data, x =>
            {
                var indices = Indices(x);
                for (var i = 0; i < indices.Numel; i++)
                {
                    var stage = i % layout.Length;
                    var word = layout[stage][indices.Data[i]];
                    for (var bit = 1; bit < layout[stage].Length; bit <<= 1)
                        if (random.NextDouble() < chance) word ^= bit;
                    indices.Data[i] = indexOf[stage][word];
                }
                return Sounds(_bottleneck.Restore(new Message([new Symbols("index", indices, layout[0].Length)])));
            });
            var (signal, noise) = (0.0, 0.0);
            for (var i = 0; i < data.Features.Length; i++)
            {
                signal += Math.Pow(data.Features[i], 2);
                noise += Math.Pow(data.Features[i] - (double)output.Data[i], 2);
            }
            return 10 * Math.Log10(signal / noise);
        }

        private LongTensor Indices(Tensor x) => _bottleneck.Pass(Rows(x), new PassContext(PassMode.Mean, new RandomStream(0))).Message().Single<Symbols>().Values;

        private Tensor Rows(Tensor sounds) => _encoder.Forward(sounds).Permute(0, 2, 1).Reshape(-1, Channels);

        private Tensor Sounds(Tensor rows) => _decoder.Forward(_widen.Forward(rows).Reshape(-1, _places, Channels).Permute(0, 2, 1));
    }

    // Zeger and Gersho, "Pseudo-Gray coding" (1990): words are exchanged until no exchange lowers the expected squared distance of one flipped bit.
    private static int[] Switched(float[] table, double[] counts)
    {
        var words = Enumerable.Range(0, Codes).ToArray();
        var distances = new double[Codes, Codes];
        for (var a = 0; a < Codes; a++)
            for (var b = 0; b < Codes; b++)
                for (var d = 0; d < CodeWidth; d++) distances[a, b] += Math.Pow(table[(a * CodeWidth) + d] - (double)table[(b * CodeWidth) + d], 2);
        var best = Cost();
        for (var better = true; better;)
        {
            better = false;
            for (var a = 0; a < Codes; a++)
                for (var b = 0; b < a; b++)
                {
                    (words[a], words[b]) = (words[b], words[a]);
                    var cost = Cost();
                    if (cost < best * (1 - 1e-9)) (best, better) = (cost, true);
                    else (words[a], words[b]) = (words[b], words[a]);
                }
        }
        return words;

        double Cost()
        {
            var (codes, sum) = (Inverse(words), 0.0);
            for (var a = 0; a < Codes; a++)
                for (var bit = 1; bit < Codes; bit <<= 1) sum += counts[a] * distances[a, codes[words[a] ^ bit]];
            return sum;
        }
    }

    private static int[] Inverse(int[] words)
    {
        var indices = new int[words.Length];
        for (var i = 0; i < words.Length; i++) indices[words[i]] = i;
        return indices;
    }
}
