using Isthmus.Tensors;

namespace Isthmus.Tests;

public class SuggestTest
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("trian", "train", 1)] // a swap is one edit
    [InlineData("ca", "abc", 3)] // the swapped pair is not edited again
    [InlineData("Beta", "bETA", 0)]
    public void Distance_CountsEdits(string a, string b, int expected)
    {
        Assert.Equal(expected, Suggest.Distance(a, b));
        Assert.Equal(expected, Suggest.Distance(b, a));
    }

    [Fact]
    public void Distance_AgreesWithTheRecursiveDefinition()
    {
        var random = new RandomStream(3);
        for (var i = 0; i < 300; i++)
        {
            var (a, b) = (Word(random), Word(random));
            Assert.Equal(Naive(a, b, a.Length, b.Length), Suggest.Distance(a, b));
        }
    }

    [Fact]
    public void Near_IsOrderedByDistanceThenByTheList()
    {
        Assert.Equal(["vgq", "vq"], Suggest.Near("vqq", ["fsq", "vgq", "vq"]));
        Assert.Equal(["beta", "bets", "zeta"], Suggest.Near("betx", ["beta", "zeta", "bets", "gamma"]));
        Assert.Equal(["classification"], Suggest.Near("class", ["regression", "classification"]));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("completely-different")]
    public void Nearest_OfNothingNearIsNull(string given) => Assert.Null(Suggest.Nearest(given, ["train", "sweep", "measure"]));

    [Fact]
    public void Unknown_SuggestsOrListsInOneLine()
    {
        var near = Suggest.Unknown("recipe field", "botleneck", ["bottleneck", "encoder"]);
        Assert.Equal("unknown recipe field 'botleneck'", near.Message);
        Assert.Equal("did you mean 'bottleneck'?", near.Hint);
        Assert.Equal("valid names: bottleneck, encoder", Suggest.Unknown("field", "zzz", ["bottleneck", "encoder"]).Hint);
        Assert.Equal("see the list", Suggest.Unknown("field", "zzz", ["bottleneck"], "see the list").Hint);
    }

    [Fact]
    public void Unknown_StaysOneShortLineForHostileNames()
    {
        var e = Suggest.Unknown("field", new string('x', 1_000_000) + "\n", ["bottleneck"]);
        Assert.InRange(e.Message.Length, 1, 200);
        Assert.DoesNotContain('\n', Suggest.Unknown("field", "a\nb\r\u001b[31m", ["bottleneck"]).Message);
    }

    private static string Word(RandomStream random) =>
        new([.. Enumerable.Range(0, random.NextInt(6)).Select(_ => (char)('a' + random.NextInt(3)))]);

    private static int Naive(string a, string b, int i, int j)
    {
        if (i == 0 || j == 0) return i + j;
        var best = Math.Min(Naive(a, b, i - 1, j) + 1, Naive(a, b, i, j - 1) + 1);
        best = Math.Min(best, Naive(a, b, i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1));
        return i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] ? Math.Min(best, Naive(a, b, i - 2, j - 2) + 1) : best;
    }
}
