using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

public class ContrastiveLossTest
{
    [Fact]
    public void TwoOrthogonalPairs_HaveTheClosedForm()
    {
        // Cosines are 1 and 0 at any length, so that every row loses ln(1 + e^(-1/T)).
        var loss = new ContrastiveLoss(0.5f).Of(Tensor.From([3f, 0, 0, 2], 2, 2), Tensor.From([0.1f, 0, 0, 7], 2, 2));
        Assert.Equal(Math.Log(1 + Math.Exp(-2)), loss.Item(), 1e-6);
    }

    [Fact]
    public void SeveralPositives_EqualTheNaiveSumsInBothDirections_AndRowsWithoutAnyAreLeftOut()
    {
        var scores = Tensor.Randn(new RandomStream(1), 5, 4);
        var positives = Tensor.From([1f, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 1, 1, 1, 0, 0, 3, 1, 0], 5, 4); // row 1 and key 3 have none
        var expected = (Naive(scores, positives) + Naive(scores.Transpose().Clone(), positives.Transpose().Clone())) / 2;
        Assert.Equal(expected, ContrastiveLoss.Symmetric(scores, positives).Item(), 1e-5);
    }

    [Fact]
    public void OnTheDiagonal_ItIsTheMeanOfBothInfoNce()
    {
        var (left, right) = (Tensor.Randn(new RandomStream(2), 6, 3), Tensor.Randn(new RandomStream(3), 6, 3));
        var expected = (Losses.InfoNce(left, right, 0.2f).Item() + Losses.InfoNce(right, left, 0.2f).Item()) / 2;
        Assert.Equal(expected, new ContrastiveLoss(0.2f).Of(left, right).Item(), 1e-5);
        Assert.Equal(expected, new ContrastiveLoss(0.2f).Of(left, right, Tensor.Eye(6)).Item(), 1e-5);
    }

    [Fact]
    public void TheTemperature_IsLearnedDownToAHundredth_AndNotBelow()
    {
        var loss = new ContrastiveLoss(0.1f);
        var x = Tensor.Eye(4);
        var adam = new Adam(loss.NamedParameters(), 0.5f);
        for (var step = 0; step < 30; step++)
        {
            adam.ZeroGrad();
            loss.Of(x, x).Backward();
            adam.Step();
        }
        Assert.Equal(0.01, loss.Temperature, 1e-5);
        Assert.Empty(new ContrastiveLoss(learned: false).NamedParameters());
    }

    [Fact]
    public void WhatDoesNotFit_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => ContrastiveLoss.Symmetric(Tensor.Zeros(2, 3), null));
        Assert.Throws<ArgumentException>(() => ContrastiveLoss.Symmetric(Tensor.Zeros(2, 2), Tensor.Zeros(2, 2)));
        Assert.Throws<ArgumentException>(() => ContrastiveLoss.Symmetric(Tensor.Zeros(2, 2), Tensor.Full([2, 2], -1)));
        Assert.Throws<ArgumentException>(() => new ContrastiveLoss().Of(Tensor.Zeros(2, 3), Tensor.Zeros(2, 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ContrastiveLoss(0));
    }

    private static double Naive(Tensor scores, Tensor positives)
    {
        var (rows, keys) = (scores.Size(0), scores.Size(1));
        double total = 0;
        var used = 0;
        for (var i = 0; i < rows; i++)
        {
            var s = scores.Data.Slice(i * keys, keys).ToArray();
            var w = positives.Data.Slice(i * keys, keys).ToArray();
            if (w.Sum() == 0) continue;
            used++;
            var normaliser = Math.Log(s.Sum(v => Math.Exp(v)));
            for (var j = 0; j < keys; j++) total -= w[j] / w.Sum() * (s[j] - normaliser);
        }
        return total / used;
    }
}
