using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class ConceptWordsTest
{
    [Fact]
    public void Images_AreQuantisedToTheirNearestWords_AndUnusedWordsGo()
    {
        var vocabulary = new ConceptVocabulary(["east", "north", "down"], Tensor.From([5f, 0, 0, 0, 2, 0, 0, 0, -1], 3, 3));
        var images = Tensor.From([2f, 1, 0, 1, 3, 0, 4, 0, 0.1f], 3, 3);
        Assert.Equal([0L, 1, 1, 0, 0, 1], vocabulary.Quantise(images, 2).Data.ToArray());
        Assert.Equal([1.0, 1, 0], vocabulary.Usage(images, 2).Select(u => Math.Round(u, 9)));
        Assert.Equal([0, 1], vocabulary.MostUsed(images, 1, 2));
        Assert.Equal(2 / Math.Sqrt(5), vocabulary.Scores(images).Data[0], 1e-6);
        var kept = vocabulary.Subset([0, 1]);
        Assert.Equal(["east", "north"], kept.Words);
        Assert.Equal(vocabulary.Scores(images).Data[1], kept.Scores(images).Data[1], 1e-7);
    }

    [Fact]
    public void Centring_ClosesTheModalityGap()
    {
        // Words lie far along one axis, images along another: cosines then tell of the gap alone, unless both means go.
        var words = Tensor.From([1f, 0, 9, 0, -1, 0, 9, 0, 0, 1, 9.5f, 0], 3, 4);
        var images = Tensor.From([0.5f, 0, 0, 9, -0.5f, 0, 0, 9, 0, 0.6f, 0, 9], 3, 4);
        var plain = new ConceptVocabulary(["a", "b", "c"], words);
        Assert.True(plain.Scores(images).ToArray().All(s => Math.Abs(s) < 0.1));
        var centred = plain.Centred(images);
        Assert.Equal([0L, 1, 2], centred.Quantise(images, 1).Data.ToArray());
        Assert.True(centred.Scores(images).Data[0] > 0.7);
    }

    [Fact]
    public void Vocabularies_RefuseWhatDoesNotFit()
    {
        Assert.Throws<ArgumentException>(() => new ConceptVocabulary(["a", "a"], Tensor.Eye(2)));
        Assert.Throws<ArgumentException>(() => new ConceptVocabulary(["a"], Tensor.Eye(2)));
        var vocabulary = new ConceptVocabulary(["a", "b"], Tensor.Eye(2));
        Assert.Throws<ArgumentException>(() => vocabulary.Scores(Tensor.Zeros(1, 3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => vocabulary.Quantise(Tensor.Zeros(1, 2), 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => vocabulary.MostUsed(Tensor.Zeros(1, 2), 1, 0));
    }

    [Fact]
    public void Directions_AreCalledByTheNearestWord_WithTheMarginToTheNext()
    {
        var names = FeatureNaming.Name(Tensor.From([0f, 4, 1, 1], 2, 2), ["right", "up", "left"], Tensor.From([1f, 0, 0, 1, -1, 0], 3, 2), centre: false);
        Assert.Equal(["up", "right"], names.Select(n => n.Name));
        Assert.Equal(1, names[0].Cosine, 1e-6);
        Assert.Equal(1, names[0].Margin, 1e-6);
        Assert.Equal(0, names[1].Margin, 1e-6); // right and up are as near
        Assert.Equal("up", names[1].Second);
    }

    [Fact]
    public void Naming_AboutTheWordsMean_FindsWhatTheGapHides()
    {
        // Both words lie far along the third axis; the direction lies against it.
        var words = Tensor.From([1f, 0, 5, 0, 1, 5.2f], 2, 3);
        var direction = Tensor.From([0.3f, -0.3f, -1], 1, 3);
        Assert.True(FeatureNaming.Name(direction, ["x", "y"], words, centre: false)[0].Cosine < 0);
        var name = FeatureNaming.Name(direction, ["x", "y"], words)[0];
        Assert.Equal("x", name.Name);
        Assert.True(name.Cosine > 0.3);
        Assert.Throws<ArgumentException>(() => FeatureNaming.Name(direction, ["x"], words));
        Assert.Throws<ArgumentException>(() => FeatureNaming.Cosines(direction, Tensor.Zeros(2, 4)));
    }

    [Fact]
    public void Coverage_CountsTheLargestPositiveContributions()
    {
        var contributions = Tensor.From([5f, -9, 3, 1, 1, 0, 0, 0, -1, 0, 2, 2, 2, 2, 2], 3, 5);
        Assert.Equal([1, 0, 3], FeatureNaming.Coverage(contributions, 0.5));
        Assert.Equal([3, 0, 5], FeatureNaming.Coverage(contributions, 0.9));
        Assert.Equal([4, 0, 5], FeatureNaming.Coverage(contributions, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => FeatureNaming.Coverage(contributions, 0));
    }

    [Fact]
    public void MatrixSearch_AnswersWithTheClassThatIsDescribedAlike()
    {
        var classes = Tensor.From([0.9f, 0.1f, 0.1f, 0.1f, 0.9f, 0.1f], 2, 3);
        var images = Tensor.From([0.3f, 0.1f, 0.2f, 0.1f, 0.4f, 0.2f], 2, 3);
        foreach (var scaling in Enum.GetValues<ConceptScaling>()) Assert.Equal([0L, 1], ConceptMatrixSearch.Scores(images, classes, scaling).ArgMax(1).Data.ToArray());
        Assert.Equal([0L, 1], ConceptMatrixSearch.LargestScore(images, classes).Data.ToArray());
        var expected = ((0.3 * 0.9) + (0.1 * 0.1) + (0.2 * 0.1)) / Math.Sqrt(0.14) / Math.Sqrt(0.83);
        Assert.Equal(expected, ConceptMatrixSearch.Scores(images, classes, ConceptScaling.None).Data[0], 1e-6);
        Assert.Equal(expected, ConceptMatrixSearch.Scores(images, classes, ConceptScaling.Rows).Data[0], 1e-6); // lengths do not matter to a cosine
    }

    [Fact]
    public void MatrixSearch_OfColumns_IgnoresAConceptNearEverything()
    {
        var classes = Tensor.From([0.2f, 0.1f, 0.9f, 0.1f, 0.2f, 0.8f], 2, 3);
        var images = Tensor.From([0.11f, 0.10f, 0.9f, 0.10f, 0.11f, 0.9f], 2, 3);
        Assert.Equal([2L, 2], images.ArgMax(1).Data.ToArray());
        Assert.Equal([0L, 1], ConceptMatrixSearch.Scores(images, classes).ArgMax(1).Data.ToArray());
        Assert.Throws<ArgumentException>(() => ConceptMatrixSearch.Scores(Tensor.Zeros(1, 1), Tensor.Zeros(2, 1)));
        Assert.Throws<ArgumentException>(() => ConceptMatrixSearch.Scores(-images, classes, ConceptScaling.Rows));
    }
}
