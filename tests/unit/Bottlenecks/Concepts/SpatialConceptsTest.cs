using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Concepts;

public class SpatialConceptsTest
{
    [Fact]
    public void Scores_AreMapsUnderAnAttention_CountedNaively()
    {
        var layer = new SpatialConcepts(3, 2, new RandomStream(1));
        var x = Tensor.Randn(new RandomStream(2), 2, 3, 2, 3);
        var located = layer.Locate(x);
        var p = layer.NamedParameters().ToDictionary(p => p.Name, p => p.Value.ToArray(), StringComparer.Ordinal);
        for (var n = 0; n < 2; n++)
        {
            double At(int c, int t) => x.Data[(((n * 3) + c) * 6) + t];
            double[] global = [.. Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, 6).Average(t => At(c, t)))];
            for (var j = 0; j < 2; j++)
            {
                double[] map = [.. Enumerable.Range(0, 6).Select(t => p["map.bias"][j] + Enumerable.Range(0, 3).Sum(c => p["map.weight"][(j * 3) + c] * At(c, t)))];
                var query = p["query.bias"][j] + Enumerable.Range(0, 3).Sum(c => p["query.weight"][(j * 3) + c] * global[c]);
                double[] weights = [.. map.Select(m => Math.Exp(query * m))];
                var score = Enumerable.Range(0, 6).Sum(t => weights[t] / weights.Sum() * map[t]);
                Assert.Equal(score, located.Scores.Data[(n * 2) + j], 1e-5);
                Assert.Equal(map[4], located.Maps.Data[(((n * 2) + j) * 6) + 4], 1e-5);
            }
        }
        Assert.All(located.Attention.Sum([2, 3]).ToArray(), s => Assert.Equal(1, s, 1e-5));
        Assert.Equal(located.Scores.ToArray(), layer.Forward(x).ToArray());
    }

    [Fact]
    public void Entropy_OfFlatMapsIsLnOfPlaces_OfPointsZero_AndAbsentConceptsDoNotCount()
    {
        var maps = Tensor.Zeros(1, 2, 2, 4);
        maps.Data[8] = 60; // the second concept's map is a point
        Assert.Equal(Math.Log(8), SpatialConcepts.Entropy(maps, Tensor.From([1f, 0], 1, 2)).Item(), 1e-5);
        Assert.Equal(0, SpatialConcepts.Entropy(maps, Tensor.From([0f, 1], 1, 2)).Item(), 1e-5);
        Assert.Equal(Math.Log(8) / 2, SpatialConcepts.Entropy(maps, Tensor.Ones(1, 2)).Item(), 1e-5);
        Assert.Equal(0, SpatialConcepts.Entropy(maps, Tensor.Zeros(1, 2)).Item());
    }

    [Fact]
    public void Contrast_IsTheInfoNceOfWhatMapsPointTo()
    {
        var layer = new SpatialConcepts(2, 2, new RandomStream(1));
        float[] directions = [2, 0, 0, 3]; // concept 0 is channel 0, concept 1 channel 1
        directions.CopyTo(layer.Map.Weight.Data);
        var features = Tensor.From([1f, 0, 0, 1], 1, 2, 1, 2); // place 0 shows channel 0, place 1 channel 1
        var right = Tensor.From([50f, 0, 0, 50], 1, 2, 1, 2);
        var wrong = Tensor.From([0f, 50, 50, 0], 1, 2, 1, 2);
        var both = Tensor.Ones(1, 2);
        Assert.Equal(Math.Log(1 + Math.Exp(-1 / 0.5)), layer.Contrast(features, right, both, 0.5f).Item(), 1e-5);
        Assert.Equal(Math.Log(1 + Math.Exp(1 / 0.5)), layer.Contrast(features, wrong, both, 0.5f).Item(), 1e-5);
        Assert.Throws<ArgumentOutOfRangeException>(() => layer.Contrast(features, right, both, 0));
    }

    [Fact]
    public void Gradients_AreFiniteDifferences()
    {
        var layer = new SpatialConcepts(3, 2, new RandomStream(5));
        var x = Tensor.Randn(new RandomStream(6), 2, 3, 2, 2);
        var present = Tensor.From([1f, 0, 1, 1], 2, 2);
        Tensor Loss()
        {
            var located = layer.Locate(x);
            return located.Scores.Square().Sum() + SpatialConcepts.Entropy(located.Maps, present) + layer.Contrast(x, located.Maps, present);
        }
        Loss().Backward();
        foreach (var (name, value) in layer.NamedParameters())
            for (var i = 0; i < value.Numel; i++)
            {
                var kept = value.Data[i];
                const float Step = 1e-2f;
                value.Data[i] = kept + Step;
                var above = Loss().Item();
                value.Data[i] = kept - Step;
                var slope = (above - Loss().Item()) / (2 * Step);
                value.Data[i] = kept;
                Assert.True(Math.Abs(slope - value.Grad!.Data[i]) < 5e-3 * Math.Max(1, Math.Abs(slope)), $"{name}[{i}]: {value.Grad.Data[i]} against {slope}");
            }
    }

    [Fact]
    public void ClassMaps_SumConceptsByWeight_AndPicturesSpanZeroToOne()
    {
        var maps = Tensor.Arange(12).Reshape(1, 3, 2, 2);
        var classes = SpatialConcepts.ClassMaps(maps, Tensor.From([1f, 0, 2, 0, -1, 0], 2, 3));
        Assert.Equal([16f, 19, 22, 25, -4, -5, -6, -7], classes.ToArray());
        var pictures = SpatialConcepts.Pictures(maps, 4, 6);
        Assert.Equal([1, 3, 4, 6], pictures.Shape.ToArray());
        Assert.Equal((0f, 1f), (pictures.ToArray().Min(), pictures.ToArray().Max()));
        Assert.All(SpatialConcepts.Pictures(Tensor.Ones(1, 1, 2, 2), 2, 2).ToArray(), v => Assert.Equal(0, v));
    }

    [Fact]
    public void WrongShapes_AreRefused()
    {
        var layer = new SpatialConcepts(3, 2, new RandomStream(1));
        Assert.Throws<ArgumentException>(() => layer.Locate(Tensor.Zeros(1, 2, 2, 2)));
        Assert.Throws<ArgumentException>(() => SpatialConcepts.Entropy(Tensor.Zeros(1, 2, 2, 2), Tensor.Zeros(1, 3)));
        Assert.Throws<ArgumentException>(() => SpatialConcepts.ClassMaps(Tensor.Zeros(1, 2, 2, 2), Tensor.Zeros(3, 3)));
    }
}
