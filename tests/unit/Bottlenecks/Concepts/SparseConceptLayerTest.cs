using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class SparseConceptLayerTest
{
    [Fact]
    public void Prepared_ItStandardisesEveryConcept_AndDenseLetsAllPass()
    {
        var scores = (Tensor.Randn(new RandomStream(1), 200, 5) * 0.01f) + Tensor.From([0.5f, -0.2f, 0, 0.9f, 0.1f], 1, 5);
        var layer = new SparseConceptLayer(5, new SparseConceptOptions { Sparsity = ConceptSparsity.Dense, Positives = 2 });
        layer.Prepare(scores);
        var (concepts, loss) = layer.Pass(scores);
        Assert.Equal(0, loss.Item());
        Assert.All(concepts.Mean(0).ToArray(), m => Assert.Equal(0, m, 1e-3));
        Assert.All(concepts.Square().Mean(0).ToArray(), v => Assert.Equal(1, v, 1e-3));
        Assert.All(layer.Own(scores).Sum(1).ToArray(), n => Assert.Equal(2, n));
    }

    [Fact]
    public void L1_IsTheMeanSumOfPositiveScores()
    {
        var layer = new SparseConceptLayer(2, new SparseConceptOptions { Sparsity = ConceptSparsity.L1, Positives = 1 });
        var (concepts, loss) = layer.Pass(Tensor.From([1f, -3, 2, 4], 2, 2));
        Assert.Equal([1f, 0, 2, 4], concepts.ToArray());
        Assert.Equal(3.5, loss.Item(), 1e-6);
    }

    [Fact]
    public void Contrastive_IsTheLossOfItsLogits_AndCutsSmallShares()
    {
        var scores = Tensor.From([4f, 3.9f, -4, -4, -4, -4, 4.2f, 4], 2, 4);
        var layer = new SparseConceptLayer(4, new SparseConceptOptions { Sparsity = ConceptSparsity.Contrastive, Positives = 2, Temperature = 0.5f });
        var (concepts, loss) = layer.Pass(scores);
        Assert.Equal([true, true, false, false, false, false, true, true], concepts.ToArray().Select(c => c > 0));
        Assert.All(concepts.Sum(1).ToArray(), s => Assert.Equal(2, s, 1e-3));
        Assert.Equal(ContrastiveLoss.Symmetric(scores * 2, layer.Own(scores)).Item(), loss.Item(), 1e-6);
    }

    [Fact]
    public void Gumbel_WithoutNoise_IsTheContrastiveOne_AndItsDrawsFollowTheSoftmax()
    {
        var options = new SparseConceptOptions { Positives = 1, Temperature = 0.05f, Cut = 0 };
        var gumbel = new SparseConceptLayer(3, options);
        var contrastive = new SparseConceptLayer(3, options with { Sparsity = ConceptSparsity.Contrastive });
        var one = Tensor.From([0f, 1, 2], 1, 3);
        Assert.Equal(contrastive.Pass(one).Concepts.ToArray(), gumbel.Pass(one).Concepts.ToArray());
        // At a low temperature a draw is nearly one concept, drawn with its softmax at temperature 1.
        var many = one.Expand(20000, 3).Clone();
        var shares = gumbel.Pass(many, new RandomStream(5)).Concepts.Mean(0).ToArray();
        var expected = one.Softmax().ToArray();
        for (var c = 0; c < 3; c++) Assert.Equal(expected[c], shares[c], 0.015);
    }

    [Fact]
    public void Training_DrawsTheConceptsToTheGivenOnes()
    {
        var random = new RandomStream(3);
        var truth = Tensor.Zeros(64, 6);
        for (var i = 0; i < 64; i++) (truth.Data[(i * 6) + (i % 6)], truth.Data[(i * 6) + ((i + 2) % 6)]) = (1, 1);
        var scores = truth.MatMul(Tensor.Randn(random, 6, 6)); // concepts are mixed: the map has to find them
        var layer = new SparseConceptLayer(6, new SparseConceptOptions { Positives = 2 });
        layer.Prepare(scores);
        var adam = new Adam(layer.NamedParameters(), 0.05f);
        for (var step = 0; step < 300; step++)
        {
            using var scope = new TensorScope("step");
            adam.ZeroGrad();
            layer.Pass(scores, random, truth).Loss.Backward();
            adam.Step();
        }
        var found = layer.Pass(scores).Concepts.ToArray();
        var right = 0;
        for (var i = 0; i < found.Length; i++) right += (found[i] > 0.5f) == (truth.Data[i] > 0) ? 1 : 0;
        Assert.True(right > 0.97 * found.Length, $"{right} of {found.Length}");
    }

    [Fact]
    public void SettingsOutOfRange_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SparseConceptLayer(3, new SparseConceptOptions()));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SparseConceptLayer(3, new SparseConceptOptions { Positives = 1, Temperature = 0 }));
        Assert.Throws<ArgumentException>(() => new SparseConceptLayer(3, new SparseConceptOptions { Positives = 1 }).Pass(Tensor.Zeros(2, 4)));
    }
}
