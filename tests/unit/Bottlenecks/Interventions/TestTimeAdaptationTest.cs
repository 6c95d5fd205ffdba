using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class TestTimeAdaptationTest
{
    // Three classes by three concepts; a fourth stands for class 1 by accident of the old domain.
    private static readonly ConceptSpace s_space = LinearConcepts.Binary(4);
    private static readonly float[] s_weight = [4, 0, 0, 0, 0, 4, 0, 3, 0, 0, 4, 0];

    private static (LinearConcepts Model, LongTensor Labels) Domain(bool shifted, int each, ulong seed)
    {
        var random = new RandomStream(seed);
        var (beliefs, labels) = (Tensor.Zeros(3 * each, 4), new long[3 * each]);
        for (var i = 0; i < 3 * each; i++)
        {
            labels[i] = i % 3;
            for (var j = 0; j < 3; j++) beliefs.Data[(i * 4) + j] = (float)((labels[i] == j ? 0.9 : 0.1) + (0.05 * random.NextGaussian()));
            beliefs.Data[(i * 4) + 3] = labels[i] == 1 ? 0.9f : 0.1f;
            if (!shifted || labels[i] != 0) continue;
            // In the new domain the accident comes with class 0 too, and the first concept is seen dimly.
            (beliefs.Data[i * 4], beliefs.Data[(i * 4) + 3]) = (0.45f, 0.95f);
        }
        return (new LinearConcepts(s_space, beliefs, Tensor.From(s_weight, 3, 4), Tensor.Zeros(3)), LongTensor.Over(labels));
    }

    private static double Accuracy(IConceptModel model, LongTensor labels) => model.Answers(null).ArgMax(-1).ToArray().Zip(labels.ToArray(), (a, b) => a == b ? 1.0 : 0).Average();

    [Fact]
    public void AConfounderIsMaskedAndAFaintConceptAmplified()
    {
        var (shots, shotLabels) = Domain(shifted: true, 4, 1);
        var (source, sourceLabels) = Domain(shifted: false, 50, 2);
        var (target, targetLabels) = Domain(shifted: true, 100, 3);
        var found = TestTimeAdaptation.Fit(shots, shotLabels, source, sourceLabels);
        var adjustment = Assert.Single(found.Adjustments);
        Assert.Equal((1, 0), (adjustment.Predicted, adjustment.True));
        Assert.True(adjustment.Mask.Contains(3) || adjustment.Amplify.Contains(0));
        Assert.Equal(2 / 3.0, found.ShotsBefore, 1e-9);
        Assert.Equal([1, 1, 1], [found.ShotsAfter, found.SourceBefore, found.SourceAfter]);
        Assert.Equal(2 / 3.0, Accuracy(target, targetLabels), 1e-9);
        Assert.Equal(1, Accuracy(found.Apply(target), targetLabels), 1e-9);
    }

    [Fact]
    public void WhatHurtsTheOldDomainIsTakenBack()
    {
        // In the old domain half of class 1 is told by the accident alone: to mask it, or to believe the first concept more, is to lose them.
        var (shots, shotLabels) = Domain(shifted: true, 4, 1);
        var (source, sourceLabels) = Domain(shifted: false, 50, 2);
        var beliefs = source.Beliefs(null);
        for (var i = 0; i < 150; i += 2)
            if (sourceLabels.Data[i] == 1) (beliefs.Data[i * 4], beliefs.Data[(i * 4) + 1], beliefs.Data[(i * 4) + 3]) = (0.6f, 0.1f, 0.95f);
        var careful = TestTimeAdaptation.Fit(shots, shotLabels, source, sourceLabels);
        Assert.Empty(careful.Adjustments);
        Assert.Equal(careful.SourceBefore, careful.SourceAfter);
        Assert.Same(shots, careful.Apply(shots));
        var careless = TestTimeAdaptation.Fit(shots, shotLabels, source, sourceLabels, new() { SourceTolerance = 1 });
        Assert.NotEmpty(careless.Adjustments);
        Assert.True(careless.SourceAfter < careless.SourceBefore);
    }

    [Fact]
    public void RowsOfOtherPredictionsAndWhatAPersonPutStay()
    {
        var (model, _) = Domain(shifted: true, 4, 1);
        var adapted = new ConceptAdaptation([new(1, 0, [3], [0])], 2, 0, 0, 0, 0, 0).Apply(model);
        var (before, after) = (model.Beliefs(null).ToArray(), adapted.Beliefs(null).ToArray());
        var predicted = model.Answers(null).ArgMax(-1).ToArray();
        for (var row = 0; row < 12; row++)
        {
            float[] own = before[(row * 4)..((row * 4) + 4)];
            Assert.Equal(predicted[row] == 1 ? [2 * own[0], own[1], own[2], 0] : own, after[(row * 4)..((row * 4) + 4)]);
        }
        var put = new ConceptValues(Tensor.Full([12, 4], 0.5f), Tensor.From([.. Enumerable.Range(0, 48).Select(i => i % 4 == 3 ? 1f : 0f)], 12, 4));
        Assert.All(Enumerable.Range(0, 12), row => Assert.Equal(0.5f, adapted.Beliefs(put).Data[(row * 4) + 3]));
    }

    [Fact]
    public void NothingIsDoneWhereEveryShotIsRight()
    {
        var (shots, labels) = Domain(shifted: false, 4, 5);
        var found = TestTimeAdaptation.Fit(shots, labels, shots, labels);
        Assert.Empty(found.Adjustments);
        Assert.Equal((1, 1), (found.ShotsBefore, found.ShotsAfter));
    }
}
