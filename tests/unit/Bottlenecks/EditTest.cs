using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class EditTest
{
    private static readonly RandomStream s_data = new(5);

    private static (VectorQuantizer Bottleneck, Tensor H, Message Message, Tensor Output) Trained(int heads = 3)
    {
        var random = new RandomStream(21);
        var bottleneck = new VectorQuantizer(6, new VqOptions { Codes = 8, Width = 2, Heads = heads, Project = heads == 3 ? CodeProjection.None : CodeProjection.Both }, new RandomStream(2));
        for (var i = 0; i < 3; i++) bottleneck.Pass(Tensor.Randn(random, 100, 6), new PassContext(PassMode.Sample, new RandomStream(1)) { Training = true });
        bottleneck.Freeze([Tensor.Randn(random, 300, 6)]);
        var h = Tensor.Randn(random, 40, 6);
        var passage = bottleneck.Pass(h, new PassContext(PassMode.Mean, new RandomStream(1)));
        return (bottleneck, h, passage.Message(), passage.Output);
    }

    private static Message Apply(Bottleneck b, Message m, string edit, Tensor? h = null) =>
        MessageEditor.Apply(b, m, Edit.Parse(edit), new RandomStream(9), h is null ? null : (Features)h);

    private static long[] Codes(Message m) => m.Single<Symbols>().Values.ToArray();

    private static Message Levels(params long[] values) => new([new Symbols("levels", LongTensor.From(values, 2, values.Length / 2), 0)]);

    // Restores numbers as they are, so that messages of any kind can be edited.
    private sealed class Plain : Bottleneck
    {
        public override Passage Pass(Features h, PassContext c) => throw new NotSupportedException();

        public override Tensor Restore(Message m) => throw new NotSupportedException();

        public override void Write(Message m, ISymbolWriter to) => throw new NotSupportedException();

        public override Message Read(ISymbolReader from, MessageShape s) => throw new NotSupportedException();

        public override string MessageName(PassMode mode) => "plain";

        public override IReadOnlyList<string>? NamesOf(Part part) => part.Name == "concepts" ? ["fever", "age, years"] : null;
    }

    [Theory]
    [InlineData("code.0=17")]
    [InlineData("block code.0:5,swap code.0:code.1,swap code.2:3:4")]
    [InlineData("clamp latent.3:-0.5..2,clamp latent.1:..4,noise latent.*:0.25,scale feature.12:2,block feature.7")]
    [InlineData("shape=round,cell size@3=\"very, very big\"")]
    [InlineData("code.0@7=3,\"age, years\"@2=40,block \"a=b:c\":1")]
    public void Text_IsReadAndWrittenAlike(string text) => Assert.Equal(text, Edit.Parse(text).ToString());

    [Theory]
    [InlineData("", "no change")]
    [InlineData("code.0", "not understood")]
    [InlineData("code.0=", "not understood")]
    [InlineData("code.0@x=1", "after @")]
    [InlineData("blok code.0:5", "unknown edit 'blok'")]
    [InlineData("clamp code.0:5", "not understood")]
    [InlineData("clamp code.0:5..1", "lower end")]
    [InlineData("noise code.0:-1", "at least 0")]
    public void Text_ThatIsNoEditIsRefused(string text, string words) =>
        Assert.Contains(words, Assert.Throws<InputException>(() => Edit.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("code.0=x", "'x' is not a number")]
    [InlineData("code.0=nan", "'nan' is not a number")]
    public void Words_AreNoCodes(string text, string words)
    {
        var (b, _, m, _) = Trained();
        Assert.Contains(words, Assert.Throws<InputException>(() => Apply(b, m, text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NoEdit_LeavesTheMessageAndTheOutputBitByBit()
    {
        var (b, _, m, output) = Trained();
        Assert.Same(m, MessageEditor.Apply(b, m, Edit.None, new RandomStream(1)));
        var edit = Edit.Parse("code.0=3").With(new Change("code.1", EditKind.Set, 2));
        Assert.NotEqual(output.ToArray(), MessageEditor.Restore(b, MessageEditor.Apply(b, m, edit, new RandomStream(1)), output).ToArray());
        var undone = MessageEditor.Apply(b, m, edit.Undo().Undo(), new RandomStream(1));
        Assert.Equal(output.ToArray(), MessageEditor.Restore(b, undone, output).ToArray());
    }

    [Fact]
    public void AnEditIsNotSeenInTheOriginal()
    {
        var (b, h, m, _) = Trained();
        var before = Codes(m);
        Apply(b, m, "code.*=0,block code.1:0,noise code.2:1", h);
        Assert.Equal(before, Codes(m));
    }

    [Fact]
    public void Force_PutsTheCodeInTheRowsAsked()
    {
        var (b, _, m, _) = Trained();
        var all = Codes(Apply(b, m, "code.1=6"));
        var (one, was) = (Codes(Apply(b, m, "code.1@4=6")), Codes(m));
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal((was[3 * i], 6, was[(3 * i) + 2]), (all[3 * i], all[(3 * i) + 1], all[(3 * i) + 2]));
            Assert.Equal(i == 4 ? 6 : was[(3 * i) + 1], one[(3 * i) + 1]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Block_NeverReturnsABlockedCode_AndTakesTheNearest(bool told)
    {
        var (b, h, m, _) = Trained();
        var edited = Codes(Apply(b, m, "block code.0:2,block code.0:5,code.0@3=5,swap code.0:code.1,noise code.0:1", told ? h : null));
        for (var i = 0; i < 40; i++) Assert.False(edited[3 * i] is 2 or 5);
        var one = Codes(Apply(b, m, "block code.0:" + Codes(m)[0], told ? h : null));
        // An independent look: the table's rows beside what the encoder gave, or beside the code's own.
        var table = b.Stages[0].Table;
        var was = (int)Codes(m)[0];
        var reference = told ? h.ToArray()[..2] : table.ToArray().AsSpan(was * 2, 2).ToArray();
        var order = Enumerable.Range(0, 8).OrderBy(k => Math.Pow(table.Data[k * 2] - reference[0], 2) + Math.Pow(table.Data[(k * 2) + 1] - reference[1], 2)).ToArray();
        Assert.Equal(was, order[0]);
        Assert.Equal(order[1], one[0]);
        Assert.Equal(Codes(m)[1..3], one[1..3]);
        for (var i = 1; i < 40; i++) Assert.Equal(Codes(m)[3 * i] == was, one[3 * i] != Codes(m)[3 * i]);
    }

    [Fact]
    public void Block_OfAllCodesIsRefused()
    {
        var (b, h, m, _) = Trained();
        Assert.Contains("all its codes", Assert.Throws<InputException>(() => Apply(b, m, string.Join(",", Enumerable.Range(0, 8).Select(k => $"block code.0:{k}")), h)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CodeDistances_AreLeastAtTheCodesThatWereChosen()
    {
        var random = new RandomStream(3);
        var b = new ResidualQuantizer([6], new RvqOptions { Codes = [16, 4], Width = 4 }, random);
        for (var i = 0; i < 3; i++) b.Pass(Tensor.Randn(random, 100, 6), new PassContext(PassMode.Sample, new RandomStream(1)) { Training = true });
        var h = Tensor.Randn(random, 20, 6);
        var indices = b.Pass(h, new PassContext(PassMode.Mean, new RandomStream(1))).Message().Single<Symbols>().Values;
        Assert.Equal(indices.ToArray().Where((_, i) => i % 2 == 1), (-b.CodeDistances(h, indices, 1)!).ArgMax(1).ToArray()); // the last stage has nothing after it
    }

    [Fact]
    public void Swaps_ExchangePlacesOrCodes()
    {
        var (b, _, m, _) = Trained();
        var (was, places, codes) = (Codes(m), Codes(Apply(b, m, "swap code.0:code.2")), Codes(Apply(b, m, "swap code.0:1:4")));
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal((was[(3 * i) + 2], was[3 * i]), (places[3 * i], places[(3 * i) + 2]));
            Assert.Equal(was[3 * i] == 1 ? 4 : was[3 * i] == 4 ? 1 : was[3 * i], codes[3 * i]);
        }
        Assert.Equal(was, Codes(Apply(b, m, "swap code.0:code.2,swap code.0:code.2")));
    }

    [Fact]
    public void Noise_IsSeeded()
    {
        var (b, _, m, _) = Trained();
        var edit = Edit.Parse("noise code.*:0.5");
        Assert.Equal(Codes(MessageEditor.Apply(b, m, edit, new RandomStream(4))), Codes(MessageEditor.Apply(b, m, edit, new RandomStream(4))));
        Assert.NotEqual(Codes(MessageEditor.Apply(b, m, edit, new RandomStream(4))), Codes(MessageEditor.Apply(b, m, edit, new RandomStream(5))));
        Assert.Equal(Codes(m), Codes(Apply(b, m, "noise code.*:0")));
    }

    [Fact]
    public void Levels_AreClampedScaledAndBlocked()
    {
        var m = Levels(-7, 0, 3, 12, 5, -2);
        Assert.Equal([-3, 0, 3, 4, 4, -2], Codes(Apply(new Plain(), m, "clamp level.*:-3.5..4.2")));
        Assert.Equal([-14, 0, 6, 24, 10, -4], Codes(Apply(new Plain(), m, "scale level.*:2")));
        Assert.Equal([-6, 1, 3, 12, 5, -2], Codes(Apply(new Plain(), m, "block level.0:-7,block level.1:0")));
        Assert.Equal([-7, 2, 3, 12, 5, -2], Codes(Apply(new Plain(), m, "block level.1:0,block level.1:1")));
        Assert.Equal([0, 0, 3, 0, 5, -2], Codes(Apply(new Plain(), m, "block levels.0")));
    }

    [Fact]
    public void Latents_AreSetClampedAndSilenced()
    {
        var m = new Message([new Floats("code", Tensor.From([1f, -2f, 3f, 4f], 2, 2))]);
        float[] Values(string edit) => Apply(new Plain(), m, edit).Single<Floats>().Values.ToArray();
        Assert.Equal([1f, 0.5f, 3f, 0.5f], Values("latent.1=0.5"));
        Assert.Equal([1f, -1.5f, 2f, 2f], Values("clamp latent.*:-1.5..2"));
        Assert.Equal([0f, -2f, 0f, 4f], Values("block latent.0"));
        Assert.Equal([-2f, 1f, 4f, 3f], Values("swap latent.0:latent.1"));
        Assert.Equal([-3f, -2f, 3f, 4f], Values("scale latent.0@0:-3"));
        var noisy = Values("noise latent.*:0.001");
        Assert.All(noisy.Zip([1f, -2f, 3f, 4f]), p => Assert.InRange(p.First - p.Second, -0.01f, 0.01f));
        Assert.NotEqual([1f, -2f, 3f, 4f], noisy);
        var like = Tensor.Zeros(2, 2);
        Assert.Equal([1f, 9f, 3f, 9f], MessageEditor.Restore(new Plain(), Apply(new Plain(), m, "latent.1=9"), like).ToArray());
    }

    [Fact]
    public void Features_ComeAndGo()
    {
        var m = new Message([new Sparse("features", LongTensor.From([2L, 5, -1, 1, 3, 9], 2, 3), LongTensor.From([4L, 1, 0, 7, 2, 2], 2, 3), 10)]);
        var off = Apply(new Plain(), m, "block feature.5,feature.3=0").Single<Sparse>();
        Assert.Equal([2, -1, -1, 1, 9, -1], off.Support.ToArray());
        Assert.Equal([4, 0, 0, 7, 2, 0], off.Levels.ToArray());
        var on = Apply(new Plain(), m, "feature.4=6,scale feature.2:2,clamp feature.9:0..1").Single<Sparse>();
        Assert.Equal([2, 4, 5, -1, 1, 3, 4, 9], on.Support.ToArray());
        Assert.Equal([8, 6, 1, 0, 7, 2, 6, 1], on.Levels.ToArray());
        Assert.Equal([2, 2], MessageEditor.Differences(new Plain(), m, Apply(new Plain(), m, "feature.4=6,feature.2=5,feature.3=1")).Select((n, i) => i == 0 ? Math.Min(n, 2) : n - 1));
    }

    [Fact]
    public void Names_AreSuggestedOrRefused()
    {
        var (b, _, m, _) = Trained();
        foreach (var (edit, words, hint) in new[] { ("cod.0=1", "unknown name", "code.0"), ("code.3=1", "there is no 'code.3'", "code.0 … code.2"), ("code.0=8", "holds 0..7", ""), ("code.0=1.5", "whole numbers", ""), ("scale code.0:2", "names, not sizes", ""), ("block code.0", "which code", "block code.0:CODE"), ("code=1", "3 entries", "code.*"), ("noise code.0:2", "probability", ""), ("code.0@40=1", "no row 40", "") })
        {
            var e = Assert.Throws<InputException>(() => Apply(b, m, edit));
            Assert.Contains(words, e.Message, StringComparison.Ordinal);
            Assert.Contains(hint, e.Hint ?? "", StringComparison.Ordinal);
        }
        var concepts = new Message([new Flags("concepts", LongTensor.From([0L, 1, 1, 0], 2, 2)), new Floats("rest", Tensor.Randn(s_data, 2, 3))]);
        Assert.Equal([1, 0, 1, 0], Apply(new Plain(), concepts, "fever=1,block \"age, years\"").Part<Flags>("concepts").Values.ToArray());
        Assert.Contains("'fever'", Assert.Throws<InputException>(() => Apply(new Plain(), concepts, "fver=1")).Hint!, StringComparison.Ordinal);
        var names = new MessageNames(concepts, new Plain());
        Assert.Equal(("fever", "latent.2"), (names.Of(new MessageEntry(0, 0)), names.Of(new MessageEntry(1, 2))));
    }

    [Fact]
    public void Cost_IsThatOfTheRowWrittenAlone()
    {
        var (b, h, m, _) = Trained();
        var whole = b.Pass(h, new PassContext(PassMode.Ship, new RandomStream(1))).Rate!.Nats;
        for (var i = 0; i < 40; i++) Assert.Equal(Bits.FromNats(whole.Data[i]).Value, MessageEditor.Cost(b, m, i)!.Value.Value, 1e-4);
    }

    [Fact]
    public void Places_OfAMapAreEditedByStage()
    {
        var random = new RandomStream(7);
        var b = new VectorQuantizer([4, 3, 2], new VqOptions { Codes = 7, Width = 2, Heads = 2, Project = CodeProjection.None, Places = true }, random);
        b.Pass(Tensor.Randn(random, 100, 4, 3, 2), new PassContext(PassMode.Sample, new RandomStream(1)) { Training = true });
        var h = Tensor.Randn(random, 5, 4, 3, 2);
        var m = b.Pass(h, new PassContext(PassMode.Mean, new RandomStream(1))).Message();
        var edited = Codes(Apply(b, m, "stage.1=3,block stage.0:2", h));
        for (var i = 0; i < edited.Length; i++)
        {
            if (i % 2 == 1) Assert.Equal(3, edited[i]);
            else Assert.NotEqual(2, edited[i]);
        }
        // The encoder's next best, at whatever place.
        Assert.Equal(Codes(m).Where((_, i) => i % 12 == 6), (-b.CodeDistances(h, m.Single<Symbols>().Values, 6)!).ArgMax(1).ToArray());
    }

    [Fact]
    public void ASetOfCodes_StaysASetInRisingOrder()
    {
        var random = new RandomStream(8);
        var b = new CodebookFeatures(6, new CodebookFeaturesOptions { Codes = 12, Active = 3 }, random);
        var m = b.Pass(Tensor.Randn(random, 30, 6), new PassContext(PassMode.Mean, new RandomStream(1))).Message();
        var edited = Codes(Apply(b, m, "block code.*:4"));
        for (var i = 0; i < 30; i++)
        {
            var row = edited[(3 * i)..(3 * (i + 1))];
            Assert.DoesNotContain(4, row);
            Assert.True(row[0] < row[1] && row[1] < row[2]);
        }
    }
}
