using Isthmus.Studies;

namespace Isthmus.Tests.Studies;

public class CatalogueTest
{
    [Fact]
    public void Entries_AreWholeAndInOrder()
    {
        Assert.Equal(342, Catalogue.All.Count);
        Assert.Equal(Catalogue.All.Select(e => e.Slug).Distinct().Order(StringComparer.Ordinal), Catalogue.All.Select(e => e.Slug));
        Assert.All(Catalogue.All, e => Assert.All((string[])[e.Slug, e.Name, e.Title, e.Family, e.Tier, e.Mechanism, e.Claim], text => Assert.False(string.IsNullOrWhiteSpace(text), e.Slug)));
        Assert.Equal(Catalogue.All.Count, Catalogue.Families.Sum(f => Catalogue.Of(f).Count));
    }

    [Fact]
    public void UnknownSlug_IsCorrected()
    {
        Assert.Equal("did you mean 'hourglass-mlp'?", Assert.Throws<InputException>(() => Catalogue.Get("hourglas-mlp")).Hint);
        Assert.Contains("'kv-cache'", Assert.Throws<InputException>(() => Catalogue.Of("kv-cash")).Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hourglass mlp", "hourglass-mlp")]
    [InlineData("reversible mobile inverted bottlenecks segmentation", "reversible-mbconv-unet")]
    [InlineData("cauchy schwarz regression", "cs-ib")]
    public void Search_FindsWhatIsMeant(string words, string slug) => Assert.Equal(slug, CatalogueSearch.Find(words)[0].Entry.Slug);

    [Fact]
    public void Search_ScoresFall_AndKnowsNothingOfNonsense()
    {
        var scores = CatalogueSearch.Find("vector quantization codebook", 50).Select(h => h.Score).ToArray();
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.InRange(scores.Length, 10, 50);
        Assert.Empty(CatalogueSearch.Find("qwxyz"));
        Assert.Empty(CatalogueSearch.Find(""));
        Assert.Empty(CatalogueSearch.Find("of the"));
    }

    [Fact]
    public void Words_MeetWhateverTheirEnding()
    {
        Assert.Single(((string[])["quantise", "quantised", "quantizer", "quantizers", "quantization", "quantising"]).Select(CatalogueSearch.Stem).Distinct());
        Assert.Equal(("code", "loss"), (CatalogueSearch.Stem("codes") + "e", CatalogueSearch.Stem("loss")));
    }
}
