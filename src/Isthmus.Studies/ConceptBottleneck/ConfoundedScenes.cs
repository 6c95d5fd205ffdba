using System.Collections.Concurrent;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// Pictures of one shape, which is the class, on a ground that goes with the class in training and with another one where they are shifted;
/// and pictures whose shape, colour, size and ground have nothing to do with each other.
/// </summary>
internal sealed class ConfoundedScenes
{
    /// <summary>The class is the shape.</summary>
    public const int Classes = 4;

    private const double Tied = 0.95;

    private ConfoundedScenes(PaintedScenes scenes, float[] concepts, int[] labels)
    {
        (Scenes, Labels) = (scenes, LongTensor.From(labels));
        Concepts = Tensor.From(concepts, labels.Length, Space.Count);
    }

    /// <summary>Shape, colour, size and ground, in this order.</summary>
    public static ConceptSpace Space { get; } = new(
    [
        new("shape", ConceptType.Categorical, ScenePainter.Shapes), new("colour", ConceptType.Categorical, ScenePainter.Colours),
        new("size", ConceptType.Categorical, ["small", "large"]), new("ground", ConceptType.Categorical, ScenePainter.Backgrounds),
    ]);

    /// <summary>The columns of grounds; those before them are of the shape itself.</summary>
    public static int FirstGround => Space.Offset(3);

    public PaintedScenes Scenes { get; }

    /// <summary>[n, 4]: the number of each concept's state.</summary>
    public Tensor Concepts { get; }

    /// <summary>[n].</summary>
    public LongTensor Labels { get; }

    /// <summary>How the ground comes to be.</summary>
    public enum Ground { Free, Tied, Reversed }

    /// <summary>Draws pictures.</summary>
    public static ConfoundedScenes Draw(RandomStream random, int count, Ground ground)
    {
        var (scenes, concepts, labels) = (new Scene[count], new float[4 * count], new int[count]);
        for (var i = 0; i < count; i++)
        {
            var (label, colour, size) = (i % Classes, random.NextInt(6), random.NextInt(2));
            var behind = ground switch
            {
                Ground.Free => random.NextInt(7),
                Ground.Tied when random.NextDouble() < Tied => 1 + label,
                _ => 1 + ((label + 1 + random.NextInt(Classes - 1)) % Classes),
            };
            var radius = (size == 1 ? 0.28 : 0.2) + (0.04 * random.NextDouble());
            scenes[i] = new Scene(behind, new SceneObject(label, colour, 0.5 + Apart(0.15), 0.5 + Apart(0.15), radius, Apart(0.4)));
            labels[i] = label;
            (concepts[4 * i], concepts[(4 * i) + 1], concepts[(4 * i) + 2], concepts[(4 * i) + 3]) = (label, colour, size, behind);
        }
        return new ConfoundedScenes(new PaintedScenes(scenes), concepts, labels);

        double Apart(double most) => most * ((2 * random.NextDouble()) - 1);
    }

    /// <summary>The pictures that a shifted test is made of, and others with the grounds of training: the same for all seeds.</summary>
    public static (ConfoundedScenes Shifted, ConfoundedScenes Same) Tests(Trial trial)
    {
        var (random, count) = (new RandomStream(0).Fork("confounded scenes"), trial.Pick(40, 600, 800));
        return (Draw(random.Fork("shifted"), count, Ground.Reversed), Draw(random.Fork("same"), count, Ground.Tied));
    }

    /// <summary>For each row 1 where the largest logit is the label's.</summary>
    public double[] Right(Tensor logits)
    {
        var answers = logits.ArgMax(1);
        return [.. Enumerable.Range(0, Labels.Numel).Select(i => answers.Data[i] == Labels.Data[i] ? 1.0 : 0)];
    }
}

/// <summary>
/// A small network of pictures and a table of words, trained by <see cref="ContrastiveLoss"/> on pictures whose ground is free and on captions of
/// their four words; frozen afterwards. Trained once for each seed and budget: both arms and all configurations share it.
/// </summary>
internal sealed class SceneEmbedding
{
    /// <summary>Numbers of an embedding.</summary>
    public const int Width = 32;

    private static readonly ConcurrentDictionary<(int, Budget), Lazy<SceneEmbedding>> s_trained = new();

    private SceneEmbedding(Tensor words, IReadOnlyDictionary<string, Tensor> state) => (Words, State) = (words, state);

    /// <summary>The direction of each column's word, [columns, width].</summary>
    public Tensor Words { get; }

    /// <summary>The trained weights, for a network that learns on.</summary>
    public IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>The trial's embedding.</summary>
    public static SceneEmbedding Of(Trial trial) => s_trained.GetOrAdd((trial.Seed, trial.Budget), _ => new(() => Train(trial))).Value;

    /// <summary>A network of its shape, with its weights.</summary>
    public Sequential Network()
    {
        var network = Fresh(new RandomStream(0));
        network.LoadStateDict(State);
        return network;
    }

    /// <summary>Directions of pictures, [n, width].</summary>
    public Tensor Embed(ConfoundedScenes scenes)
    {
        var network = Network();
        network.Eval();
        return Tensor.From(scenes.Scenes.Predict(x => GradientEstimators.UnitRows(network.Forward(x))), scenes.Labels.Numel, Width);
    }

    private static Sequential Fresh(RandomStream random) => new(new SceneEncoder(random), new GELU(), new AvgPool2d(2), new Flatten(),
        new Linear(SceneEncoder.Channels * PaintedScenes.Map * PaintedScenes.Map / 4, 64, random), new GELU(), new Linear(64, Width, random));

    private static SceneEmbedding Train(Trial trial)
    {
        var random = trial.Random("embedding weights");
        var (images, words, loss) = (Fresh(random), new Embedding(ConfoundedScenes.Space.Width, Width, random), new ContrastiveLoss());
        foreach (ref var w in words.Weight.Data) w *= 0.1f; // directions are what counts, and short vectors turn faster
        var scenes = ConfoundedScenes.Draw(trial.Random("embedding scenes"), trial.Pick(80, 3000, 3000), ConfoundedScenes.Ground.Free);
        var captions = ConfoundedScenes.Space.Encode(scenes.Concepts);
        MiniTrainer.Train(trial with { Progress = null }, [.. images.NamedParameters(), .. words.NamedParameters().Select(p => ("words." + p.Name, p.Value)), .. loss.NamedParameters()],
            scenes.Labels.Numel, new MiniOptions { Steps = trial.Pick(2, 300, 500), Batch = 96, LearningRate = 3e-3 }, (rows, _) =>
            {
                var bags = captions.IndexSelect(0, LongTensor.From(rows));
                // Pictures of one caption are partners of all its copies.
                var same = bags.MatMul(bags, transposeOther: true);
                foreach (ref var s in same.Data) s = s > 3.5f ? 1 : 0;
                return loss.Of(images.Forward(scenes.Scenes.Pictures(rows)), bags.MatMul(words.Weight), same);
            });
        images.Eval();
        using var noGrad = new NoGrad();
        return new SceneEmbedding(GradientEstimators.UnitRows(words.Weight.Detach()), images.StateDict().ToDictionary(p => p.Key, p => p.Value.Detach().Clone()));
    }
}
