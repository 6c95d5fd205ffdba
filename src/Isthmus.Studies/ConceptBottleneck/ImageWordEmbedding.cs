using System.Collections.Concurrent;
using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// A small CLIP: a convolutional network for pictures and a table of word vectors, a caption being the direction of its words' sum, trained by
/// <see cref="ContrastiveLoss"/> on pictures and captions that no study is judged on. Trained once for each seed and budget; both arms and all
/// configurations share it.
/// </summary>
internal sealed class ImageWordEmbedding
{
    /// <summary>Numbers of an embedding.</summary>
    public const int Width = 32;

    private static readonly ConcurrentDictionary<(int, Budget), Lazy<ImageWordEmbedding>> s_trained = new();
    private readonly Sequential _images;

    private ImageWordEmbedding(Sequential images, Tensor words) => (_images, Words) = (images, words);

    /// <summary>The words' directions, [words, width].</summary>
    public Tensor Words { get; }

    /// <summary>The trial's embedding.</summary>
    public static ImageWordEmbedding Of(Trial trial) => s_trained.GetOrAdd((trial.Seed, trial.Budget), _ => new(() => Train(trial))).Value;

    /// <summary>Directions of pictures, [n, width].</summary>
    public Tensor Embed(CaptionedScenes scenes)
    {
        using var noGrad = new NoGrad();
        var all = Tensor.Zeros(scenes.Count, Width);
        for (var start = 0; start < scenes.Count; start += 500)
        {
            using var scope = new TensorScope("embed");
            var rows = Math.Min(500, scenes.Count - start);
            GradientEstimators.UnitRows(_images.Forward(scenes.Images.Narrow(0, start, rows).Clone())).Data.CopyTo(all.Data[(start * Width)..]);
        }
        return all;
    }

    private static ImageWordEmbedding Train(Trial trial)
    {
        var random = trial.Random("embedding weights");
        var images = new Sequential(new Conv2d(3, 16, 4, random, stride: 2, padding: 1), new ReLU(), new Conv2d(16, 32, 4, random, stride: 2, padding: 1), new ReLU(),
            new Flatten(), new Linear(32 * 16, 128, random), new ReLU(), new Linear(128, Width, random));
        var words = new Embedding(CaptionedScenes.Words.Count, Width, random);
        foreach (ref var w in words.Weight.Data) w *= 0.1f; // directions are what counts, and short vectors turn faster
        var loss = new ContrastiveLoss();
        var scenes = CaptionedScenes.Draw(trial.Random("embedding scenes"), trial.Pick(200, 5000, 5000), heldOut: false);
        MiniTrainer.Train(trial with { Progress = null }, [.. images.NamedParameters(), .. words.NamedParameters().Select(p => ("words." + p.Name, p.Value)), .. loss.NamedParameters()],
            scenes.Count, new MiniOptions { Steps = trial.Pick(4, 800, 1200), Batch = 128, LearningRate = 3e-3 }, (rows, noise) =>
            {
                var pictures = scenes.Images.IndexSelect(0, LongTensor.From(rows, rows.Length));
                return loss.Of(images.Forward(pictures), scenes.Captions(noise, rows).MatMul(words.Weight));
            });
        images.Eval();
        using var noGrad = new NoGrad();
        return new ImageWordEmbedding(images, GradientEstimators.UnitRows(words.Weight.Detach()));
    }
}
