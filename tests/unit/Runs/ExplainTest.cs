using Isthmus.Bottlenecks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class ExplainTest
{
    [Fact]
    public void PrecisionAndRecall_AreThoseOfAHandMadeTable()
    {
        // ten rows: class a in 0-3, b in 4-8, none in 9; the code in 0, 1, 2, 4, 9
        int[] labels = [0, 0, 0, 0, 1, 1, 1, 1, 1, -1];
        var best = Association.Best([0, 1, 2, 4, 9], labels, ["a", "b"])!;
        Assert.Equal(("a", 3.0 / 5, 3.0 / 4, 0.4), (best.Pattern, best.Precision, best.Recall, best.Base));
        Assert.Equal(2 * 0.6 * 0.75 / 1.35, best.F1, 1e-12);
        Assert.Null(Association.Best([], labels, ["a", "b"]));
        Assert.Null(Association.Best([0], [], []));
        Assert.Equal("b", Association.Best([4, 5, 6, 0], labels, ["a", "b"])!.Pattern);
        var never = Association.Of("x", 0, 3, 0, 10);
        Assert.Equal((0.0, 0.0, 0.0, 0.0), (never.Precision, never.Recall, never.Base, never.F1));
    }

    [Fact]
    public void AnEdit_SilencesAFeatureOfAnAutoencoder_ShippedOrNot()
    {
        var random = new RandomStream(4);
        var sae = new TopKAutoencoder(6, new TopKOptions { Features = 12, Active = 3 }, random);
        var h = Tensor.Randn(random, 50, 6);
        sae.Freeze([h]);
        foreach (var mode in (PassMode[])[PassMode.Mean, PassMode.Ship])
        {
            var passage = sae.Pass(h, new PassContext(mode, new RandomStream(1)));
            var message = passage.Message();
            var names = new MessageNames(message, sae);
            Assert.Equal("feature.7", names.Of(new MessageEntry(0, 7)));
            // Restored without a change, the message is what passed.
            var same = MessageEditor.Restore(sae, message, passage.Output);
            for (var i = 0; i < same.Numel; i++) Assert.Equal(passage.Output.Data[i], same.Data[i], 1e-5);
            var edited = MessageEditor.Apply(sae, message, Edit.Parse("block feature.*"), new RandomStream(1));
            var empty = MessageEditor.Restore(sae, edited, passage.Output);
            for (var i = 0; i < empty.Numel; i++) Assert.Equal(sae.DecoderBias.Data[i % 6], empty.Data[i], 1e-5);
            if (mode == PassMode.Ship) Assert.True(MessageEditor.Cost(sae, edited, 0)!.Value.Value < MessageEditor.Cost(sae, message, 0)!.Value.Value);
        }
    }
}
