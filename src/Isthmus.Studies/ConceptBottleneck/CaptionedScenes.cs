using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// Pictures of one shape, each with six attributes, and the words that captions have for them: two for each attribute, and as many words again that no
/// picture shows, as frequent as the others. A third of the pairs of colour and ground is held out: no embedding and no classifier is trained on it.
/// </summary>
internal sealed class CaptionedScenes
{
    /// <summary>Pixels on a side.</summary>
    public const int Side = 16;

    /// <summary>Classes of the tasks: the shape and one of the first three colours.</summary>
    public const int Classes = 12;

    private const double Said = 0.8, Common = 0.6; // how often an attribute is said; with its commoner word
    private static readonly string[][] s_families =
    [
        ["square", "box", "ellipse", "oval", "heart", "valentine", "triangle", "wedge"],
        ["red", "crimson", "green", "lime", "blue", "azure", "yellow", "golden", "magenta", "fuchsia", "cyan", "aqua"],
        ["black", "dark", "maroon", "wine", "forest", "pine", "navy", "midnight", "olive", "khaki", "purple", "plum", "teal", "lagoon"],
        ["small", "tiny", "large", "big"], ["left", "western", "right", "eastern"], ["upper", "top", "lower", "bottom"],
    ];

    // Names of things that are not seen; word i of them is as frequent as word i of the others.
    private static readonly string[] s_unseen =
    [
        "honest", "lucky", "famous", "cheap", "costly", "recent", "ancient", "legal", "loyal", "clever", "polite", "brave", "lazy", "gentle", "proud", "humble",
        "noisy", "silent", "fragrant", "sour", "salty", "warm", "cold", "heavy", "hollow", "magnetic", "edible", "toxic", "borrowed", "stolen", "rented", "signed",
        "insured", "certified", "popular", "rare", "local", "foreign", "annual", "daily", "urgent", "final", "secret", "official", "private", "licensed",
    ];

    private static readonly int[] s_first = First();

    /// <summary>The words: those of attributes, then those that no picture shows.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. s_families.SelectMany(f => f), .. s_unseen];

    /// <summary>How many of the words are of attributes.</summary>
    public static int Visual { get; } = s_families.Sum(f => f.Length);

    /// <summary>How many attributes there are, all families together.</summary>
    public static int Attributes => Visual / 2;

    /// <summary>How often each word stands in a caption, as a share of captions.</summary>
    public static IReadOnlyList<double> Frequency { get; } = Frequencies();

    private CaptionedScenes(Tensor images, int[] attributes) => (Images, Shown) = (images, attributes);

    /// <summary>[n, 3, side, side] in [0, 1].</summary>
    public Tensor Images { get; }

    /// <summary>The six attributes of each picture, row by row.</summary>
    public int[] Shown { get; }

    /// <summary>How many pictures.</summary>
    public int Count => Images.Size(0);

    /// <summary>The attribute that a word names; -1 of a word that no picture shows.</summary>
    public static int AttributeOf(int word) => word < Visual ? word / 2 : -1;

    /// <summary>Both words of an attribute.</summary>
    public static int[] WordsOf(int attribute) => [2 * attribute, (2 * attribute) + 1];

    /// <summary>The attributes of a class: its shape and its colour.</summary>
    public static (int Shape, int Colour) OfClass(int label) => (label / 3, s_first[1] + (label % 3));

    /// <summary>The class of each picture.</summary>
    public int[] Labels => [.. Enumerable.Range(0, Count).Select(i => (Shown[6 * i] * 3) + Shown[(6 * i) + 1] - s_first[1])];

    /// <summary>Whether a picture shows an attribute.</summary>
    public bool Shows(int picture, int attribute) => attribute >= 0 && Shown.AsSpan(6 * picture, 6).Contains(attribute);

    /// <summary>Draws pictures.</summary>
    /// <param name="random">Where all comes from.</param>
    /// <param name="count">How many.</param>
    /// <param name="heldOut">Whether their pairs of colour and ground are the held-out ones, or none of them.</param>
    /// <param name="colours">How many colours there are, 3 for the tasks' classes or 6.</param>
    /// <param name="balanced">Whether classes take turns.</param>
    public static CaptionedScenes Draw(RandomStream random, int count, bool heldOut, int colours = 6, bool balanced = false)
    {
        var images = Tensor.Zeros(count, 3, Side, Side);
        var attributes = new int[6 * count];
        var size = 3 * Side * Side;
        for (var i = 0; i < count; i++)
        {
            var (shape, colour, ground) = (0, 0, 0);
            do (shape, colour, ground) = (random.NextInt(4), random.NextInt(colours), random.NextInt(7));
            while ((colour + ground) % 3 == 0 != heldOut || (balanced && (shape * 3) + colour != i % Classes));
            var (large, right, low) = (random.NextInt(2), random.NextInt(2), random.NextInt(2));
            var place = () => (0.14 * random.NextDouble()) + 0.07;
            var radius = large == 1 ? 0.3 + (0.05 * random.NextDouble()) : 0.18 + (0.04 * random.NextDouble());
            var thing = new SceneObject(shape, colour, 0.5 + ((right == 1 ? 1 : -1) * place()), 0.5 + ((low == 1 ? 1 : -1) * place()), radius, 0.6 * (random.NextDouble() - 0.5));
            var pixels = images.Data.Slice(i * size, size);
            ScenePainter.Paint(new Scene(ground, thing), Side, pixels);
            foreach (ref var p in pixels) p = Math.Clamp(p + (float)(0.05 * random.NextGaussian()), 0, 1);
            int[] states = [shape, colour, ground, large, right, low];
            for (var f = 0; f < 6; f++) attributes[(6 * i) + f] = s_first[f] + states[f];
        }
        return new CaptionedScenes(images, attributes);
    }

    /// <summary>Captions as bags of words, 1 where a word stands: some attributes in one of their words, and words that have nothing to do with the picture.</summary>
    public Tensor Captions(RandomStream random, ReadOnlySpan<int> pictures)
    {
        var bags = Tensor.Zeros(pictures.Length, Words.Count);
        for (var i = 0; i < pictures.Length; i++)
        {
            var bag = bags.Data.Slice(i * Words.Count, Words.Count);
            var said = false;
            while (!said) // a caption says something
                foreach (var attribute in Shown.AsSpan(6 * pictures[i], 6))
                {
                    var (chance, common) = (random.NextDouble(), random.NextDouble());
                    if (chance >= Said) continue;
                    bag[(2 * attribute) + (common < Common ? 0 : 1)] = 1;
                    said = true;
                }
            for (var w = Visual; w < Words.Count; w++)
                if (random.NextDouble() < Frequency[w]) bag[w] = 1;
        }
        return bags;
    }

    private static int[] First()
    {
        var first = new int[6];
        for (var f = 1; f < 6; f++) first[f] = first[f - 1] + (s_families[f - 1].Length / 2);
        return first;
    }

    private static double[] Frequencies()
    {
        var own = s_families.SelectMany(f => f.Select((_, w) => Said / (f.Length / 2) * (w % 2 == 0 ? Common : 1 - Common))).ToArray();
        return [.. own, .. own];
    }
}
