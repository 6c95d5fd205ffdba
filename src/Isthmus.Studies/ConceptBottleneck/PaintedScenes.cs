using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>Scenes as numbers: pictures, and where each object shows.</summary>
internal sealed class PaintedScenes
{
    /// <summary>Pixels on a side of a picture; a feature map has half as many.</summary>
    public const int Side = 20, Map = Side / 2;

    private readonly float[] _pictures, _masks;

    /// <summary>Paints scenes that have equally many objects.</summary>
    public PaintedScenes(IReadOnlyList<Scene> scenes)
    {
        (Scenes, Objects) = (scenes, scenes[0].Objects.Count);
        var area = Side * Side;
        (_pictures, _masks) = (new float[scenes.Count * 3 * area], new float[scenes.Count * Objects * area]);
        for (var i = 0; i < scenes.Count; i++)
            ScenePainter.Paint(scenes[i], Side, _pictures.AsSpan(i * 3 * area, 3 * area), _masks.AsSpan(i * Objects * area, Objects * area));
    }

    public IReadOnlyList<Scene> Scenes { get; }

    public int Count => Scenes.Count;

    public int Objects { get; }

    /// <summary>Pictures of some rows, [rows, 3, side, side].</summary>
    public Tensor Pictures(ReadOnlySpan<int> rows) => Rows(_pictures, rows, 3);

    /// <summary>Where the objects show, [rows, objects, side, side], each pixel's share.</summary>
    public Tensor Masks(ReadOnlySpan<int> rows) => Rows(_masks, rows, Objects);

    /// <summary>What a function makes of all pictures, part by part, without gradients.</summary>
    public float[] Predict(Func<Tensor, Tensor> forward)
    {
        using var quiet = new NoGrad();
        var all = new List<float>();
        foreach (var rows in Enumerable.Range(0, Count).Chunk(256))
        {
            using var scope = new TensorScope("predict");
            all.AddRange(forward(Pictures(rows)).ToArray());
        }
        return [.. all];
    }

    /// <summary>Where the largest number stands.</summary>
    public static int Largest(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return best;
    }

    private static Tensor Rows(float[] of, ReadOnlySpan<int> rows, int channels)
    {
        var (size, result) = (channels * Side * Side, Tensor.Zeros(rows.Length, channels, Side, Side));
        for (var i = 0; i < rows.Length; i++) of.AsSpan(rows[i] * size, size).CopyTo(result.Data[(i * size)..]);
        return result;
    }
}

/// <summary>The small convolutional encoder of the studies on scenes: pictures to a map [n, channels, 10, 10] that knows its places.</summary>
internal sealed class SceneEncoder : Module
{
    public const int Channels = 24;

    private readonly Sequential _layers;
    private readonly LearnedPositionalEncoding? _places;

    public SceneEncoder(RandomStream random, bool places = true)
    {
        _layers = AddModule("layers", new Sequential(new Conv2d(3, 16, 5, random, stride: 2, padding: 2), new GroupNorm(4, 16), new GELU(),
            new Conv2d(16, Channels, 3, random, padding: 1), new GroupNorm(4, Channels), new GELU(), new Conv2d(Channels, Channels, 3, random, padding: 1), new GroupNorm(4, Channels), new GELU()));
        if (places) _places = AddModule("places", new LearnedPositionalEncoding(PaintedScenes.Map * PaintedScenes.Map, Channels, random, 0.5f));
    }

    protected override Tensor Compute(Tensor x)
    {
        var y = _layers.Forward(x);
        return _places is null ? y : y + _places.Weight.Transpose(0, 1).Reshape(1, Channels, PaintedScenes.Map, PaintedScenes.Map);
    }
}
