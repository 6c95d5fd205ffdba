using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class CriticBoundsTest
{
    private static (double[,] Joint, double[,] LogRatio) BinarySymmetric(double flip)
    {
        double[,] joint = { { (1 - flip) / 2, flip / 2 }, { flip / 2, (1 - flip) / 2 } };
        var ratio = new double[2, 2];
        for (var x = 0; x < 2; x++)
            for (var y = 0; y < 2; y++) ratio[x, y] = Math.Log(joint[x, y] * 4);
        return (joint, ratio);
    }

    [Theory]
    // Known answer 39, exact expectations on binary symmetric channels.
    [InlineData(0.1, 0.368064, 0.348196, 0.287462, new[] { 0.184032, 0.249056, 0.280915, 0.326333 })]
    [InlineData(0.2, 0.192745, 0.172877, 0.192745, new[] { 0.096372, 0.129457, 0.145801, 0.169740 })]
    public void Exact_values_equal_the_known_answers(double flip, double truth, double smileNarrow, double smileWide, double[] infoNce)
    {
        var (joint, ratio) = BinarySymmetric(flip);
        double[,] shifted = { { ratio[0, 0] + 1, ratio[0, 1] + 1 }, { ratio[1, 0] + 1, ratio[1, 1] + 1 } };
        Assert.Equal(truth, CriticBounds.DonskerVaradhan(joint, ratio), 1e-6);
        Assert.Equal(truth, CriticBounds.NguyenWainwrightJordan(joint, shifted), 1e-6);
        Assert.Equal(truth, CriticBounds.Tuba(joint, ratio, [1, 1]), 1e-6);
        Assert.Equal(smileNarrow, CriticBounds.Smile(joint, ratio, 0.2), 1e-6);
        Assert.Equal(smileWide, CriticBounds.Smile(joint, ratio, 1), 1e-6);
        var k = new[] { 2, 3, 4, 8 };
        for (var i = 0; i < 4; i++) Assert.Equal(infoNce[i], CriticBounds.InfoNce(joint, ratio, k[i]), 1e-6);
    }

    [Fact]
    public void Club_of_gaussians_equals_the_known_answer()
    {
        // Known answer 40: 1.777778 nats at rho = 0.8, above the true 0.510826; a batch comes near it.
        Assert.Equal(1.777778, CriticBounds.ClubGaussian(0.8), 1e-6);
        const int n = 1500;
        var random = new RandomStream(3);
        var (x, y) = (new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            x[i] = random.NextGaussian();
            y[i] = 0.8 * x[i] + 0.6 * random.NextGaussian();
        }
        var (conditional, ratio) = (new double[n, n], new double[n, n]);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var z = (y[j] - 0.8 * x[i]) / 0.6;
                conditional[i, j] = -0.5 * z * z - Math.Log(0.6);
                ratio[i, j] = conditional[i, j] + 0.5 * y[j] * y[j];
            }
        }
        Assert.Equal(1.777778, CriticBounds.Club(conditional), 0.12);
        // With the optimal critic every bound stands near the truth; the leave-one-out bound above, InfoNCE below.
        Assert.Equal(0.510826, CriticBounds.DonskerVaradhan(ratio), 0.05);
        Assert.Equal(0.510826, CriticBounds.Smile(ratio, 5), 0.05);
        Assert.Equal(0.510826, CriticBounds.InfoNce(ratio), 0.05);
        Assert.Equal(0.510826, CriticBounds.LeaveOneOut(conditional), 0.05);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++) ratio[i, j] += 1;
        Assert.Equal(0.510826, CriticBounds.NguyenWainwrightJordan(ratio), 0.05);
    }

    [Fact]
    public void The_jensen_shannon_objective_is_largest_at_the_log_ratio()
    {
        var (joint, ratio) = BinarySymmetric(0.15);
        var best = CriticBounds.JensenShannon(joint, ratio);
        var random = new RandomStream(1);
        for (var trial = 0; trial < 50; trial++)
        {
            var other = (double[,])ratio.Clone();
            other[random.NextInt(2), random.NextInt(2)] += random.NextGaussian() * 0.3;
            Assert.True(CriticBounds.JensenShannon(joint, other) <= best + 1e-12);
        }
    }

    [Fact]
    public void Infonce_never_exceeds_log_k()
    {
        var diagonal = new double[8, 8];
        for (var i = 0; i < 8; i++) diagonal[i, i] = 1000;
        Assert.Equal(Math.Log(8), CriticBounds.InfoNce(diagonal), 9);
        Assert.Throws<ArgumentException>(() => CriticBounds.InfoNce(new double[2, 3]));
    }
}
