using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.TextBottleneck;

/// <summary>
/// Bahdanau, Cho, Bengio: "Neural machine translation by jointly learning to align and translate" (2015): a decoder that looks at the whole source
/// against one that is given a single vector of it.
/// </summary>
public sealed class RnnSearchStudy : Study
{
    private const int Alphabet = 20, Start = Alphabet, Shortest = 5, Longest = 30, Embedded = 16, Hidden = 48, AttentionWidth = 32, BatchSize = 32;
    private static readonly (int From, int To) s_short = (5, 12), s_long = (21, 30);

    /// <inheritdoc/>
    public override string Slug => "rnnsearch";

    /// <inheritdoc/>
    public override string Claim => "A recurrent decoder with additive attention writes strings of 21 to 30 symbols, reversed and transliterated, with fewer errors than one of equal parameters that is given the source as a single vector.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: a bidirectional GRU encoder; a GRU decoder that starts from tanh of a linear map of the encoder's last states and is given the symbol before and a context at each step; logits from state and context; cross-entropy with the " +
        "true symbols before (teacher forcing), gradient norm at most 1, Adam with a cosine, 900 batches of 32 strings, each batch of one length from 5 to 30, the same batches. Method: the context is AttentionDecoder's (states of 48, attention of width 32). " +
        "Baseline: the context is the encoder's last states at each step (Cho et al. 2014), states as wide as give at least the method's number of parameters. Each arm tunes the step size in {0.003, 0.01} on other seeds. " +
        "Read: the share of symbols that are right where each arm writes freely, its own symbols before, over 16 test strings of each length from 21 to 30.";

    /// <inheritdoc/>
    public override string Differs =>
        "Generated strings over 20 symbols in place of English and French; a linear output layer in place of maxout; greedy writing, no beam. The gap's growth is the secondary measure 'loss by length': the share right at lengths 5 to 12 minus that at 21 to 30. " +
        "'alignment' is the share of steps whose largest weight lies on the true place; the baseline has no alignment and is given that of an even guess, 1 over the length.";

    /// <inheritdoc/>
    public override string Data => "generated: random strings of 5 to 30 symbols of an alphabet of 20; the target is the string backwards, each symbol exchanged by a fixed permutation";

    /// <inheritdoc/>
    public override Measure Primary => new("right at 21 to 30", "share", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("right at 5 to 12", "share", Better.Higher),
        new("loss by length", "share", Better.Lower),
        new("alignment", "share", Better.Higher),
        new("parameters", "", Better.Lower, Ratio: true),
        new("training time", "seconds", Better.Lower, Ratio: true),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the source as one vector, given to the decoder at each step";

    /// <inheritdoc/>
    public override string Method => "additive attention to the states of the encoder";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("lr", 3e-3)), Configuration.Of(("lr", 1e-2))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => BaselineConfigurations;

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("rnnsearch makes its own strings: it takes no --data");
        var network = Network(arm, trial);
        var strings = trial.Random("strings");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        MiniTrainer.Train(trial, network.NamedParameters(), BatchSize, new MiniOptions { Steps = trial.Pick(2, 250, 900), LearningRate = configuration["lr"], ClipNorm = 1 }, (_, _) =>
        {
            var (source, target) = Strings(strings, BatchSize, Shortest + strings.NextInt(Longest - Shortest + 1));
            return network.Loss(source, target);
        });
        var seconds = clock.Elapsed.TotalSeconds;
        var validation = Written(network, s_long, "validation").Right;
        if (trial.Tuning) return new Outcome { Tuning = validation };
        var (shorter, longer) = (Written(network, s_short, "test"), Written(network, s_long, "test"));
        return new Outcome
        {
            ["right at 21 to 30"] = longer.Right,
            ["right at 5 to 12"] = shorter.Right,
            ["loss by length"] = shorter.Right - longer.Right,
            ["alignment"] = longer.Aligned,
            ["parameters"] = network.ParameterCount(),
            ["training time"] = seconds,
            Tuning = validation,
        };
    }

    private static Translator Network(Arm arm, Trial trial)
    {
        var method = new Translator(Hidden, true, trial.Random("weights"));
        if (arm == Arm.Method) return method;
        for (var hidden = Hidden; ; hidden++)
            if (new Translator(hidden, false, trial.Random("weights")) is var fixedVector && fixedVector.ParameterCount() >= method.ParameterCount()) return fixedVector;
    }

    // Symbol s becomes 7 s + 3 modulo 20.
    private static (LongTensor Source, LongTensor Target) Strings(RandomStream random, int count, int length)
    {
        var (source, target) = (LongTensor.Zeros(count, length), LongTensor.Zeros(count, length));
        for (var i = 0; i < source.Numel; i++)
        {
            source.Data[i] = random.NextInt(Alphabet);
            target.Data[(i / length * length) + length - 1 - (i % length)] = ((7 * source.Data[i]) + 3) % Alphabet;
        }
        return (source, target);
    }

    // The strings are the same for every seed and arm.
    private static (double Right, double Aligned) Written(Translator network, (int From, int To) lengths, string part)
    {
        var (right, aligned, all) = (0.0, 0.0, 0);
        for (var length = lengths.From; length <= lengths.To; length++)
        {
            using var quiet = new NoGrad();
            using var scope = new TensorScope("write");
            var (source, target) = Strings(new RandomStream((ulong)length).Fork(part), 16, length);
            var (written, places) = network.Write(source);
            for (var i = 0; i < target.Numel; i++)
            {
                right += written.Data[i] == target.Data[i] ? 1 : 0;
                aligned += places is null ? 1.0 / length : places.Data[i] == length - 1 - (i % length) ? 1 : 0;
            }
            all += target.Numel;
        }
        return (right / all, aligned / all);
    }

    private sealed class Translator : Module
    {
        private readonly Embedding _source, _target;
        private readonly GRU _encoder;
        private readonly Linear _start, _head;
        private readonly AttentionDecoder? _attention;
        private readonly GRU? _plain;

        public Translator(int hidden, bool attention, RandomStream random)
        {
            _source = AddModule("source", new Embedding(Alphabet, Embedded, random));
            _target = AddModule("target", new Embedding(Alphabet + 1, Embedded, random));
            _encoder = AddModule("encoder", new GRU(Embedded, hidden, random, bidirectional: true));
            _start = AddModule("start", new Linear(2 * hidden, hidden, random));
            if (attention) _attention = AddModule("decoder", new AttentionDecoder(Embedded, 2 * hidden, hidden, AttentionWidth, random));
            else _plain = AddModule("decoder", new GRU(Embedded + (2 * hidden), hidden, random));
            _head = AddModule("head", new Linear(3 * hidden, Alphabet, random));
        }

        public Tensor Loss(LongTensor source, LongTensor target)
        {
            var before = LongTensor.Zeros(target.Shape);
            for (var i = 0; i < before.Numel; i++) before.Data[i] = i % target.Shape[1] == 0 ? Start : target.Data[i - 1];
            var (memory, last, state) = Encode(source);
            return Decode(before, memory, last, state).Logits.Reshape(-1, Alphabet).CrossEntropy(target.Reshape(-1));
        }

        // The likeliest symbol at each step, and the place that it looked at most.
        public (LongTensor Symbols, LongTensor? Places) Write(LongTensor source)
        {
            var (batch, length) = (source.Shape[0], source.Shape[1]);
            var (symbols, places, before) = (LongTensor.Zeros(source.Shape), _attention is null ? null : LongTensor.Zeros(source.Shape), LongTensor.Zeros(batch, 1));
            before.Data.Fill(Start);
            var (memory, last, state) = Encode(source);
            for (var i = 0; i < length; i++)
            {
                var (logits, states, weights) = Decode(before, memory, last, state);
                state = states.Select(1, 0);
                var (best, looked) = (logits.ArgMax(-1), weights?.ArgMax(-1));
                for (var b = 0; b < batch; b++)
                {
                    symbols.Data[(b * length) + i] = before.Data[b] = best.Data[b];
                    if (places is not null) places.Data[(b * length) + i] = looked!.Data[b];
                }
            }
            return (symbols, places);
        }

        private (Tensor Memory, Tensor Last, Tensor State) Encode(LongTensor source)
        {
            var (memory, hidden) = _encoder.Run(_source.Forward(source));
            var last = Tensor.Cat([hidden.Select(0, 0), hidden.Select(0, 1)], 1);
            return (memory, last, _start.Forward(last).Tanh());
        }

        private (Tensor Logits, Tensor States, Tensor? Weights) Decode(LongTensor before, Tensor memory, Tensor last, Tensor state)
        {
            var inputs = _target.Forward(before);
            if (_attention is not null)
            {
                var (states, contexts, weights) = _attention.Run(inputs, memory, state);
                return (_head.Forward(Tensor.Cat([states, contexts], -1)), states, weights);
            }
            var same = last.Reshape(last.Size(0), 1, -1).Expand(last.Size(0), inputs.Size(1), last.Size(1));
            var walked = _plain!.Run(Tensor.Cat([inputs, same], -1), state.Reshape(1, state.Size(0), -1)).Output;
            return (_head.Forward(Tensor.Cat([walked, same], -1)), walked, null);
        }
    }
}
