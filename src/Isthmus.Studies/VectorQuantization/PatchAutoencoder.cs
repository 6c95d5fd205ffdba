using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>What one trained autoencoder does on images that it has not seen.</summary>
/// <param name="Errors">The mean squared error of each image, on pixels in [0, 1].</param>
/// <param name="Bits">Bits an image: the bytes that the bottleneck's own writer makes of all images under its frozen prior.</param>
/// <param name="Counts">How often each code stood, for every index of a place.</param>
/// <param name="Indices">All indices, image by image, place by place.</param>
public sealed record PatchReading(double[] Errors, double Bits, IReadOnlyList<CodeCounts> Counts, long[] Indices)
{
    /// <summary>Codes that stood at least once, as a share of all.</summary>
    public double UsedShare => Counts.Sum(p => p.Used) / (double)Counts.Sum(p => p.Counts.Count);

    /// <summary>The mean over indices of a place of 2^entropy over the number of codes.</summary>
    public double RelativePerplexity => Counts.Average(p => p.Perplexity / p.Counts.Count);
}

/// <summary>
/// A small autoencoder with a code at every patch of 4 x 4 pixels: patches to 24 channels, a 3 x 3 convolution over the map of
/// patches, the bottleneck on each place as a row of its own, and the same backwards.
/// </summary>
public sealed class PatchAutoencoder
{
    /// <summary>Pixels on a side of a patch.</summary>
    public const int Patch = 4;

    /// <summary>Numbers at a place before the bottleneck.</summary>
    public const int Features = 24;

    // The squared error of an image's place, in units of the pixels' variance (about 0.1), against quantisation terms that are sums over a place's numbers.
    private const float ErrorWeight = 8 / 0.1f;

    private readonly Sequential _encoder, _decoder;

    /// <summary>A new network.</summary>
    /// <param name="data">Images of one channel whose sides are multiples of <see cref="Patch"/>.</param>
    /// <param name="width">Numbers at a place behind the bottleneck.</param>
    /// <param name="bottleneck">Makes a bottleneck of rows of <see cref="Features"/> numbers.</param>
    /// <param name="random">Where initial weights come from.</param>
    /// <exception cref="InputException">The data are not such images.</exception>
    public PatchAutoencoder(Dataset data, int width, Func<int, RandomStream, Bottleneck> bottleneck, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(bottleneck);
        ArgumentNullException.ThrowIfNull(random);
        if (data.FeatureShape is not [1, var height, var breadth] || height % Patch != 0 || breadth % Patch != 0)
            throw new InputException($"{data.Name}: images of one channel are needed whose sides are multiples of {Patch}");
        var (rows, columns) = (height / Patch, breadth / Patch);
        _encoder = new Sequential([new Conv2d(1, Features, Patch, random.Fork("patch"), stride: Patch), new GELU(), new Conv2d(Features, Features, 3, random.Fork("encoder"), padding: 1), new GELU(), new MapToRows()]);
        _decoder = new Sequential([new Linear(width, Features, random.Fork("decoder in")), new RowsToMap(rows, columns), new Conv2d(Features, Features, 3, random.Fork("decoder"), padding: 1), new GELU(),
            new Conv2d(Features, Patch * Patch, 1, random.Fork("pixels")), new PixelShuffle(Patch)]);
        Bottleneck = bottleneck(Features, random.Fork("bottleneck"));
    }

    /// <summary>The bottleneck: each row is a place of an image.</summary>
    public Bottleneck Bottleneck { get; }

    /// <summary>All parameters under their names.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedParameters() =>
        Under("encoder", _encoder).Concat(Under("bottleneck", Bottleneck)).Concat(Under("decoder", _decoder));

    /// <summary>Trains everything by squared error and the bottleneck's own terms, with Adam and a cosine.</summary>
    public void Train(Trial trial, Dataset data, MiniOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        var step = 0L;
        MiniTrainer.Train(trial, NamedParameters(), data.Count, options, (rows, noise) =>
        {
            var images = StudyData.Batch(data, rows).Inputs;
            var passage = Bottleneck.Pass(_encoder.Forward(images), new PassContext(PassMode.Sample, noise) { Training = true, Step = step++ });
            var loss = Losses.MeanSquaredError(_decoder.Forward(passage.Output), images) * ErrorWeight;
            return passage.Terms.Aggregate(loss, (sum, term) => sum + (term.Value * term.Weight));
        });
    }

    /// <summary>Features of images, in parts, for <see cref="Bottleneck.Prepare"/> and <see cref="Bottleneck.Freeze"/>; each part lives until the next is taken.</summary>
    public IEnumerable<Features> FeaturesOf(Dataset data, int count)
    {
        ArgumentNullException.ThrowIfNull(data);
        const int Part = 100;
        for (var start = 0; start < Math.Min(count, data.Count); start += Part)
        {
            using var scope = new TensorScope("features");
            using var quiet = new NoGrad();
            yield return _encoder.Forward(Images(data, start, Math.Min(Part, data.Count - start)));
        }
    }

    /// <summary>Reads what the network does, in the mode that ships: <see cref="Bottleneck.Freeze"/> first.</summary>
    public PatchReading Read(Dataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        using var quiet = new NoGrad();
        var writer = new MessageWriter();
        var indices = new List<long>();
        var counts = new List<long[]>();
        var stages = Bottleneck is IndexBottleneck single ? single.Layout.Stages : 1;
        var context = new PassContext(PassMode.Ship, new RandomStream(0));
        var output = MiniTrainer.Predict(data, x =>
        {
            var passage = Bottleneck.Pass(_encoder.Forward(x), context);
            var message = passage.Message();
            Bottleneck.Write(message, writer);
            var index = 0;
            foreach (var part in message.Parts.Cast<Symbols>())
            {
                while (counts.Count < index + stages) counts.Add(new long[part.Alphabet]);
                for (var i = 0; i < part.Values.Numel; i++) counts[index + (i % stages)][part.Values.Data[i]]++;
                index += stages;
                indices.AddRange(part.Values.Data);
            }
            return _decoder.Forward(passage.Output);
        });
        return new PatchReading(MiniTrainer.SquaredErrors(output, data.Features), 8.0 * writer.Finish().Bytes.Length / data.Count, [.. counts.Select(c => new CodeCounts(c))], [.. indices]);
    }

    /// <summary>Takes over the weights of another network's encoder and decoder.</summary>
    public void CopyFrom(PatchAutoencoder other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _encoder.LoadStateDict(other._encoder.StateDict());
        _decoder.LoadStateDict(other._decoder.StateDict());
    }

    private static IEnumerable<(string Name, Tensor Value)> Under(string name, Module part) => part.NamedParameters().Select(p => ($"{name}.{p.Name}", p.Value));

    private static Tensor Images(Dataset data, int start, int count) => Tensor.From(data.Rows(start, count), [count, .. data.FeatureShape]);

    private sealed class MapToRows : Module
    {
        protected override Tensor Compute(Tensor x) => x.Permute(0, 2, 3, 1).Reshape(-1, x.Size(1));
    }

    private sealed class RowsToMap(int rows, int columns) : Module
    {
        protected override Tensor Compute(Tensor x) => x.Reshape(-1, rows, columns, x.Size(1)).Permute(0, 3, 1, 2);
    }
}
