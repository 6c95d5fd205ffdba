using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Wyner's common information (known answer 50), maximal correlation, contraction, Fano and Mrs Gerber.</summary>
public class CommonInformationTest
{
    [Fact]
    public void Wyner_OfTheSymmetricBinarySource()
    {
        var found = CommonInformation.Wyner(RandomTables.Bsc(0.2));
        Assert.Equal(0.705905, found.Value.Value, 1e-3);
        Assert.InRange(found.ResidualBits, 0, 1e-3);
    }

    [Fact]
    public void Wyner_IsZeroForIndependentAndTheEntropyForEqualVariables()
    {
        Assert.Equal(0, CommonInformation.Wyner(new[,] { { 0.06, 0.14 }, { 0.24, 0.56 } }).Value.Value, 1e-6);
        Assert.Equal(1.5, CommonInformation.Wyner(new[,] { { 0.5, 0, 0 }, { 0, 0.25, 0 }, { 0, 0, 0.25 } }).Value.Value, 1e-4);
    }

    [Fact]
    public void MaximalCorrelation_OfKnownChannels()
    {
        Assert.Equal(0.8, Contraction.MaximalCorrelation(RandomTables.Bsc(0.1)), 1e-12);
        Assert.Equal(Math.Sqrt(0.7), Contraction.MaximalCorrelation(new[,] { { 0.35, 0.15, 0 }, { 0, 0.15, 0.35 } }), 1e-12);
        Assert.Equal(0, Contraction.MaximalCorrelation(new[,] { { 0.06, 0.14 }, { 0.24, 0.56 } }), 1e-9);
        Assert.Equal(1, Contraction.MaximalCorrelation(new[,] { { 0.5, 0 }, { 0, 0.5 } }), 1e-12);
    }

    [Fact]
    public void Contraction_LiesBetweenSquaredCorrelationAndDobrushin()
    {
        var random = new RandomStream(41);
        for (var i = 0; i < 200; i++)
        {
            var joint = RandomTables.Joint(random);
            var rho = Contraction.MaximalCorrelation(joint);
            var (lower, upper) = Contraction.KullbackLeiblerCoefficient(joint);
            Assert.InRange(lower, Math.Min(upper, rho * rho) - 1e-9, upper + 1e-12);
            Assert.InRange(upper, 0, 1);
        }
    }

    [Fact]
    public void Contraction_OfTheBinarySymmetricAndErasureChannels()
    {
        Assert.Equal(0.64, Contraction.KullbackLeiblerCoefficient(RandomTables.Bsc(0.1)).Lower, 1e-9);
        Assert.Equal(0.7, Contraction.KullbackLeiblerCoefficient(new[,] { { 0.35, 0.15, 0 }, { 0, 0.15, 0.35 } }).Lower, 1e-9);
    }

    [Fact]
    public void Fano_IsTightForTheSymmetricChannelAndHoldsOnRandomJoints()
    {
        const double error = 0.2;
        var entropy = (-(error * Math.Log2(error)) - ((1 - error) * Math.Log2(1 - error))) + (error * Math.Log2(4));
        Assert.Equal(error, Contraction.FanoErrorBound(Bits.FromBits(entropy), 5), 1e-9);
        var random = new RandomStream(42);
        for (var i = 0; i < 200; i++)
        {
            var joint = RandomTables.Joint(random);
            var d = JointDistribution.FromMatrix(joint);
            var best = 1.0;
            for (var y = 0; y < joint.GetLength(1); y++) best -= Enumerable.Range(0, joint.GetLength(0)).Max(x => joint[x, y]);
            Assert.True(best >= Contraction.FanoErrorBound(d.Entropy("X", "Y"), joint.GetLength(0)) - 1e-9);
        }
    }

    [Fact]
    public void MrsGerber_IsTightForASymmetricChainAndHoldsOnRandomOnes()
    {
        Assert.Equal(0.11, Contraction.InverseBinaryEntropy(Bits.FromBits(0.499915958164528)), 1e-9);
        var random = new RandomStream(43);
        for (var i = 0; i < 200; i++)
        {
            var joint = RandomTables.Joint(random, 3, 2); // U by rows, X binary
            var delta = random.NextDouble();
            var through = new double[3, 2];
            for (var u = 0; u < 3; u++)
                for (var y = 0; y < 2; y++) through[u, y] = (joint[u, y] * (1 - delta)) + (joint[u, 1 - y] * delta);
            var before = JointDistribution.FromMatrix(joint).Entropy("Y", "X");
            var after = JointDistribution.FromMatrix(through).Entropy("Y", "X");
            Assert.True(after.Value >= Contraction.MrsGerber(before, delta).Value - 1e-9);
        }
    }
}
