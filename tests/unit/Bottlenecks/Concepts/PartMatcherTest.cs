using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Concepts;

public class PartMatcherTest
{
    private static readonly PartDescriptors s_birds = new PartDescriptors(["head", "wing"], ["red", "blue", "round"])
        .With("robin", "red round", "blue").With("jay", "blue", "blue").With("owl", "red round", "");

    [Fact]
    public void Bags_AreSharesOfWords_AndAnEditGivesOthers()
    {
        Assert.Equal([0.5f, 0, 0.5f, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0.5f, 0, 0.5f, 0, 0, 0], s_birds.Bags().ToArray());
        var edited = s_birds.Edit("jay", "head", "blue round blue blue");
        Assert.Equal("blue", s_birds["jay", "head"]);
        Assert.Equal([0f, 0.75f, 0.25f], edited.Bags().ToArray()[6..9]);
        Assert.Equal(["robin", "jay", "owl"], edited.Classes);
        Assert.Equal(["robin", "jay", "owl", "tit"], edited.With("tit", "red", "red").Classes);
    }

    [Fact]
    public void WrongWords_AreRefusedInOneLine()
    {
        Assert.Contains("round", Assert.Throws<InputException>(() => s_birds.Edit("jay", "head", "roudn")).Message + Assert.Throws<InputException>(() => s_birds.Edit("jay", "head", "roudn")).Hint, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => s_birds.Edit("jya", "head", "red"));
        Assert.Throws<InputException>(() => s_birds.Edit("jay", "tail", "red"));
        Assert.Throws<InputException>(() => s_birds.With("tit", "red"));
        Assert.Throws<InputException>(() => new PartDescriptors([], ["red"]));
        Assert.Throws<InputException>(() => new PartDescriptors(["head"], ["red", "red"]));
        Assert.Throws<InputException>(() => new PartDescriptors(["head"], ["deep red"]));
        Assert.Throws<InvalidOperationException>(() => new PartDescriptors(["head"], ["red"]).Bags());
    }

    [Fact]
    public void Logits_AreSumsOfScaledCosines_CountedNaively()
    {
        var matcher = new PartMatcher(3, 2, 3, new RandomStream(1), width: 4, hidden: 5);
        var (x, bags) = (Tensor.Randn(new RandomStream(2), 2, 3, 2, 2), s_birds.Bags());
        var match = matcher.Match(x, bags);
        var words = matcher.NamedParameters().Single(p => p.Name == "words").Value;
        for (var n = 0; n < 2; n++)
            for (var c = 0; c < 3; c++)
            {
                var sum = 0.0;
                for (var p = 0; p < 2; p++)
                {
                    double[] phrase = [.. Enumerable.Range(0, 4).Select(d => Enumerable.Range(0, 3).Sum(w => (double)bags.Data[(((c * 2) + p) * 3) + w] * words.Data[(w * 4) + d]))];
                    var (dot, length) = (Enumerable.Range(0, 4).Sum(d => phrase[d] * match.Embeddings.Data[(((n * 2) + p) * 4) + d]), Math.Sqrt(phrase.Sum(v => v * v)));
                    var expected = length == 0 ? 0 : 10 * dot / length;
                    Assert.Equal(expected, match.Similarities.Data[(((n * 3) + c) * 2) + p], 1e-4);
                    sum += expected;
                }
                Assert.Equal(sum, match.Logits.Data[(n * 3) + c], 1e-4);
            }
        Assert.All(match.Attention.Sum([2, 3]).ToArray(), s => Assert.Equal(1, s, 1e-5));
        Assert.All(match.Embeddings.Square().Sum(-1).ToArray(), s => Assert.Equal(1, s, 1e-5));
    }

    [Fact]
    public void AnEditOfOnePhrase_ChangesThatClassAndPartAlone()
    {
        var matcher = new PartMatcher(3, 2, 3, new RandomStream(1));
        var x = Tensor.Randn(new RandomStream(2), 4, 3, 2, 2);
        var before = matcher.Match(x, s_birds.Bags()).Similarities;
        var after = matcher.Match(x, s_birds.Edit("jay", "wing", "red").Bags()).Similarities;
        for (var i = 0; i < before.Numel; i++)
        {
            if (i % 6 == 3) Assert.NotEqual(before.Data[i], after.Data[i]); // class 1, part 1
            else Assert.Equal(before.Data[i], after.Data[i]);
        }
    }

    [Fact]
    public void Contrast_IsAmongDifferentPhrases_AndLocalisationIsCrossEntropyToMasks()
    {
        var bags = s_birds.Bags();
        var none = Tensor.Zeros(1);
        // Similarities [1, 3 classes, 2 parts]: heads of robin and owl are one phrase, wings of robin and jay too.
        var match = new PartMatch(none, none, Tensor.From([2f, 1, 5, 1, 2, 0], 1, 3, 2), none);
        var contrast = new PartMatcher(3, 2, 3, new RandomStream(1)).Contrast(match, bags, LongTensor.From([2L], 1)).Item();
        Assert.Equal((Math.Log(1 + Math.Exp(3)) + Math.Log(1 + Math.E)) / 2, contrast, 1e-5);

        var seen = new PartMatch(none, Tensor.From([0.25f, 0.75f, 0.5f, 0.5f], 1, 2, 1, 2), none, none);
        Assert.Equal(-Math.Log(0.75), PartMatcher.Localisation(seen, Tensor.From([0f, 3, 0, 0], 1, 2, 1, 2)).Item(), 1e-5);
        Assert.Equal((-Math.Log(0.75) - Math.Log(0.5)) / 2, PartMatcher.Localisation(seen, Tensor.From([0f, 3, 1, 1], 1, 2, 1, 2)).Item(), 1e-5);
    }

    [Fact]
    public void Gradients_AreFiniteDifferences()
    {
        var matcher = new PartMatcher(2, 2, 3, new RandomStream(5), width: 3, hidden: 4);
        var (x, bags) = (Tensor.Randn(new RandomStream(6), 2, 2, 1, 3), s_birds.Bags());
        var labels = LongTensor.From([0L, 1], 2);
        var masks = Tensor.Rand(new RandomStream(7), 2, 2, 1, 3);
        Tensor Loss()
        {
            var match = matcher.Match(x, bags);
            return match.Logits.CrossEntropy(labels) + matcher.Contrast(match, bags, labels) + PartMatcher.Localisation(match, masks);
        }
        Loss().Backward();
        foreach (var (name, value) in matcher.NamedParameters())
            for (var i = 0; i < value.Numel; i++)
            {
                var kept = value.Data[i];
                const float Step = 2e-3f;
                value.Data[i] = kept + Step;
                var above = Loss().Item();
                value.Data[i] = kept - Step;
                var slope = (above - Loss().Item()) / (2 * Step);
                value.Data[i] = kept;
                Assert.True(Math.Abs(slope - value.Grad!.Data[i]) < 1e-2 * Math.Max(1, Math.Abs(slope)), $"{name}[{i}]: {value.Grad.Data[i]} against {slope}");
            }
    }

    [Fact]
    public void WrongShapes_AreRefused()
    {
        var matcher = new PartMatcher(3, 2, 3, new RandomStream(1));
        Assert.Throws<ArgumentException>(() => matcher.Match(Tensor.Zeros(1, 2, 2, 2), s_birds.Bags()));
        Assert.Throws<ArgumentException>(() => matcher.Match(Tensor.Zeros(1, 3, 2, 2), Tensor.Zeros(2, 3, 3)));
    }
}
