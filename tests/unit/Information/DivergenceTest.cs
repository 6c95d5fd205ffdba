using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Known answer 51 of the reference list, closed forms, and inequalities between divergences on random pairs.</summary>
public class DivergenceTest
{
    private static readonly double[] Fair = [0.5, 0.5], Biased = [0.75, 0.25];

    [Fact]
    public void KnownAnswers_OfCoins()
    {
        Assert.Equal(0.18872187554086717, Divergence.KullbackLeibler(Biased, Fair).Value, 1e-9);
        Assert.Equal(1.207518749639422, Divergence.CrossEntropy(Fair, Biased).Value, 1e-9);
        Assert.Equal(0.4056390622295664, Divergence.JensenShannon([[0.5, 0.5, 0], [0, 0.5, 0.5]], [0.75, 0.25]).Value, 1e-9);
        Assert.True(double.IsPositiveInfinity(Divergence.KullbackLeibler([0.5, 0.5], [1, 0]).Value));
    }

    [Fact]
    public void CrossMutualInformation_IsNegativeForTheOppositeDependence()
    {
        double[,] same = { { 0.4, 0.1 }, { 0.1, 0.4 } }, opposite = { { 0.1, 0.4 }, { 0.4, 0.1 } };
        Assert.Equal(-0.9219280948873623, Divergence.CrossMutualInformation(opposite, same).Value, 1e-9);
        Assert.Equal(JointDistribution.FromMatrix(same).MutualInformation("X", "Y").Value, Divergence.CrossMutualInformation(same, same).Value, 1e-12);
    }

    [Fact]
    public void SibsonInformation_HasTheChannelsClosedFormAndTheLeakageAtInfinity()
    {
        // BSC(δ) with a uniform input: α/(α−1) ln [2^((α−1)/α) ((1−δ)^α + δ^α)^(1/α)].
        var joint = RandomTables.Bsc(0.1);
        foreach (var alpha in new[] { 0.5, 2, 5 })
            Assert.Equal(Math.Log(2) + (Math.Log(Math.Pow(0.9, alpha) + Math.Pow(0.1, alpha)) / (alpha - 1)), Divergence.SibsonInformation(joint, alpha), 1e-12);
        Assert.Equal(Math.Log(1.8), Divergence.SibsonInformation(joint, double.PositiveInfinity), 1e-12);
        Assert.Equal(0.368064, Divergence.SibsonInformation(joint, 1), 1e-6);
        Assert.Equal(Divergence.SibsonInformation(joint, 1), Divergence.SibsonInformation(joint, 1 + 1e-6), 1e-5);
    }

    [Fact]
    public void Divergences_ObeyTheirInequalitiesOnRandomPairs()
    {
        var random = new RandomStream(21);
        for (var i = 0; i < 250; i++)
        {
            var n = 2 + random.NextInt(5);
            var (p, q) = (RandomTables.Vector(random, n), RandomTables.Vector(random, n));
            var (kl, tv, hellinger) = (Divergence.KullbackLeibler(p, q).Nats, Divergence.TotalVariation(p, q), Divergence.Hellinger(p, q));
            Assert.True(kl >= (2 * tv * tv) - 1e-12, "Pinsker");
            Assert.True(hellinger * hellinger <= tv + 1e-12 && tv <= (hellinger * Math.Sqrt(2)) + 1e-12, "Le Cam");
            Assert.Equal(-2 * Math.Log(1 - (hellinger * hellinger)), Divergence.Renyi(p, q, 0.5), 1e-9);
            Assert.True(Divergence.Renyi(p, q, 0.5) <= kl + 1e-12 && kl <= Divergence.Renyi(p, q, 2) + 1e-12, "Rényi grows with its order");
            Assert.True(Divergence.Renyi(p, q, 2) <= Divergence.Renyi(p, q, double.PositiveInfinity) + 1e-12);
            Assert.InRange(Divergence.JensenShannon([p, q]).Value, 0, 1 + 1e-12);
            Assert.Equal(Divergence.CrossEntropy(p, q).Nats, kl + Divergence.RenyiEntropy(p, 1), 1e-9);
            Assert.Equal(0, Divergence.CauchySchwarz(p, p), 1e-12);
            Assert.True(Divergence.CauchySchwarz(p, q) >= 0);
            if (double.IsFinite(kl)) Assert.Equal(kl, Divergence.Renyi(p, q, 1 + 1e-7), 1e-3);
            if (double.IsFinite(kl)) Assert.Equal(kl, Divergence.Tsallis(p, q, 1 + 1e-7), 1e-3);
            Assert.Equal(Divergence.TsallisEntropy(p, 2), 1 - Math.Exp(-Divergence.RenyiEntropy(p, 2)), 1e-12);
        }
    }

    [Fact]
    public void MismatchedAndWrongVectors_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => Divergence.KullbackLeibler(Fair, [1]));
        Assert.Equal("q: probabilities sum to 0.9, expected 1", Assert.Throws<InputException>(() => Divergence.Hellinger(Fair, [0.5, 0.4])).Message);
    }
}
