using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>Pictures of two objects with what is to be said of them.</summary>
/// <param name="Pictures">[n, 3, side, side].</param>
/// <param name="Words">[n, 5]: colour and shape of the left, of the right object, the end.</param>
/// <param name="Concepts">[n, rules]: 1 where a forbidden combination shows; what is to be said is then a refusal.</param>
internal sealed record DescribedScenes(Tensor Pictures, LongTensor Words, Tensor Concepts)
{
    public int Count => Pictures.Size(0);

    /// <summary>Some of the pictures.</summary>
    public DescribedScenes Rows(int[] rows)
    {
        var (index, words) = (LongTensor.From(rows), LongTensor.Zeros(rows.Length, SceneDescriber.Length));
        for (var i = 0; i < rows.Length; i++) Words.Data.Slice(rows[i] * SceneDescriber.Length, SceneDescriber.Length).CopyTo(words.Data[(i * SceneDescriber.Length)..]);
        return new DescribedScenes(Pictures.IndexSelect(0, index), words, Concepts.IndexSelect(0, index));
    }

    /// <summary>Paints a number of pictures, a share of which shows a forbidden combination.</summary>
    public static DescribedScenes Paint(int count, int[] forbidden, double share, RandomStream random)
    {
        var (scenes, words, concepts) = (new Scene[count], LongTensor.Zeros(count, SceneDescriber.Length), Tensor.Zeros(count, forbidden.Length));
        for (var i = 0; i < count; i++)
        {
            var pair = new[] { Allowed(), Allowed() };
            if (random.NextDouble() < share) pair[random.NextInt(2)] = forbidden[random.NextInt(forbidden.Length)];
            scenes[i] = new Scene(random.NextInt(ScenePainter.Backgrounds.Count), [.. pair.Select((thing, side) => new SceneObject(SceneDescriber.Shape(thing), SceneDescriber.Colour(thing),
                0.28 + (0.44 * side) + Apart(0.05), 0.5 + Apart(0.25), 0.18 + Apart(0.02), Apart(0.3)))]);
            for (var r = 0; r < forbidden.Length; r++) concepts.Data[(i * forbidden.Length) + r] = pair.Contains(forbidden[r]) ? 1 : 0;
            ReadOnlySpan<long> said = [SceneDescriber.ColourWord(pair[0]), SceneDescriber.ShapeWord(pair[0]), SceneDescriber.ColourWord(pair[1]), SceneDescriber.ShapeWord(pair[1]), SceneDescriber.End];
            said.CopyTo(words.Data[(i * SceneDescriber.Length)..]);
        }
        return new DescribedScenes(new PaintedScenes(scenes).Pictures([.. Enumerable.Range(0, count)]), words, concepts);

        int Allowed()
        {
            int thing;
            do thing = random.NextInt(SceneDescriber.Things);
            while (forbidden.Contains(thing));
            return thing;
        }

        double Apart(double most) => most * ((2 * random.NextDouble()) - 1);
    }
}

/// <summary>An encoder and a recurrent decoder with attention that says what two objects are, or refuses; a gate may condition the decoder.</summary>
internal sealed class SceneDescriber : Module
{
    public const int Length = 5, Refuse = 10, End = 11, Start = 12, Vocabulary = 13, Hidden = 48, Ignored = -100;

    /// <summary>How many combinations of colour and shape there are.</summary>
    public static int Things => ScenePainter.Colours.Count * ScenePainter.Shapes.Count;

    private readonly Embedding _words;
    private readonly Linear _start, _head;
    private readonly AttentionDecoder _decoder;

    public SceneDescriber(RandomStream random)
    {
        Encoder = AddModule("encoder", new SceneEncoder(random.Fork("encoder")));
        _words = AddModule("words", new Embedding(Vocabulary, 16, random));
        _start = AddModule("start", new Linear(SceneEncoder.Channels, Hidden, random));
        _decoder = AddModule("decoder", new AttentionDecoder(16, SceneEncoder.Channels, Hidden, 32, random));
        _head = AddModule("head", new Linear(Hidden + SceneEncoder.Channels, Vocabulary, random));
    }

    public SceneEncoder Encoder { get; }

    public static int Colour(int thing) => thing / ScenePainter.Shapes.Count;

    public static int Shape(int thing) => thing % ScenePainter.Shapes.Count;

    public static int ColourWord(int thing) => Colour(thing);

    public static int ShapeWord(int thing) => ScenePainter.Colours.Count + Shape(thing);

    public static string Name(int thing) => $"{ScenePainter.Colours[Colour(thing)]} {ScenePainter.Shapes[Shape(thing)]}";

    /// <summary>Cross-entropy of the right words, the true ones before, in nats a word: the description, or a refusal and the end where a concept is present.</summary>
    public Tensor Loss(DescribedScenes scenes, ConceptGate? gate, ConceptValues? put)
    {
        var (before, target, rules) = (LongTensor.Zeros(scenes.Words.Shape), scenes.Words.ToArray(), scenes.Concepts.Size(1));
        for (var r = 0; r < target.Length / Length; r++)
        {
            if (scenes.Concepts.Data.Slice(r * rules, rules).Contains(1)) ((ReadOnlySpan<long>)[Refuse, End, Ignored, Ignored, Ignored]).CopyTo(target.AsSpan(r * Length));
            before.Data[r * Length] = Start;
            for (var i = 1; i < Length; i++) before.Data[(r * Length) + i] = target[(r * Length) + i - 1] is var last && last == Ignored ? End : last;
        }
        var (memory, state) = Look(scenes.Pictures, gate, put);
        return Step(before, memory, state).Logits.Reshape(-1, Vocabulary).CrossEntropy(LongTensor.From(target), Ignored);
    }

    /// <summary>The probability that the first word is a refusal.</summary>
    /// <param name="scenes">The pictures.</param>
    /// <param name="gate">What conditions the decoder; null for nothing.</param>
    /// <param name="put">0: all concepts put to absent; 1: the first one to present; null: nothing put.</param>
    public float[] Refusals(DescribedScenes scenes, ConceptGate? gate, float? put) => Quiet(scenes, rows =>
    {
        var (memory, state) = Look(rows, gate, put is null || gate is null ? null : Put(gate, rows.Size(0), put.Value));
        return [.. Step(Starts(rows.Size(0)), memory, state).Logits.Softmax().Reshape(-1, Vocabulary).Select(1, Refuse).ToArray()];
    });

    /// <summary>Whether all words are right where no refusal is allowed.</summary>
    public bool[] Right(DescribedScenes scenes, ConceptGate? gate)
    {
        var all = Quiet(scenes, rows =>
        {
            var (memory, state) = Look(rows, gate, null);
            var (before, said) = (Starts(rows.Size(0)), new float[rows.Size(0) * Length]);
            for (var i = 0; i < Length; i++)
            {
                var (logits, states) = Step(before, memory, state);
                state = states.Select(1, 0);
                for (var r = 0; r < rows.Size(0); r++)
                {
                    var row = logits.Data.Slice(r * Vocabulary, Vocabulary);
                    row[Refuse] = float.NegativeInfinity;
                    said[(r * Length) + i] = before.Data[r] = PaintedScenes.Largest(row);
                }
            }
            return said;
        });
        return [.. Enumerable.Range(0, all.Length / Length).Select(r => Enumerable.Range(r * Length, Length).All(i => all[i] == scenes.Words.Data[i]))];
    }

    private static LongTensor Starts(int rows) => LongTensor.From(Enumerable.Repeat((long)Start, rows).ToArray(), rows, 1);

    private static ConceptValues Put(ConceptGate gate, int rows, float value)
    {
        var (values, known) = (Tensor.Zeros(rows, gate.Space.Count), Tensor.Zeros(rows, gate.Space.Count));
        for (var i = 0; i < values.Numel; i++)
            if (value == 0 || i % gate.Space.Count == 0) (values.Data[i], known.Data[i]) = (value, 1);
        return new ConceptValues(values, known);
    }

    private static float[] Quiet(DescribedScenes scenes, Func<Tensor, float[]> read)
    {
        using var quiet = new NoGrad();
        var all = new List<float>();
        for (var start = 0; start < scenes.Pictures.Size(0); start += 200)
        {
            using var scope = new TensorScope("describe");
            all.AddRange(read(scenes.Pictures.Narrow(0, start, Math.Min(200, scenes.Pictures.Size(0) - start))));
        }
        return [.. all];
    }

    private (Tensor Memory, Tensor State) Look(Tensor pictures, ConceptGate? gate, ConceptValues? put)
    {
        var map = Encoder.Forward(pictures);
        var seen = map.Mean([2, 3]);
        if (gate is null) return (map.Reshape(map.Size(0), SceneEncoder.Channels, -1).Transpose(1, 2), _start.Forward(seen).Tanh());
        var pass = gate.Forward(map, put);
        return (pass.Memory, _start.Forward(seen + pass.Start).Tanh());
    }

    private (Tensor Logits, Tensor States) Step(LongTensor before, Tensor memory, Tensor state)
    {
        var (states, contexts, _) = _decoder.Run(_words.Forward(before), memory, state);
        return (_head.Forward(Tensor.Cat([states, contexts], -1)), states);
    }
}
