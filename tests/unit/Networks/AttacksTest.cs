using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

public class AttacksTest
{
    private static readonly float[] s_weights = [1, -2, 0.5f, 0];

    // log(1 + exp(-s w.x)) for labels s of -1 or 1: its gradient is -s w times something positive, so that the worst points are known.
    private static Tensor Logistic(Tensor x, LongTensor labels)
    {
        var sign = Tensor.From([.. labels.Data.ToArray().Select(l => l == 1 ? 1f : -1f)]);
        return (-(x.MatMul(Tensor.From(s_weights, 4, 1)).Reshape(-1) * sign)).Softplus();
    }

    private static (Tensor X, LongTensor Labels) Points(int n = 6)
    {
        var x = Tensor.Zeros(n, 4);
        new RandomStream(1).FillUniform(x.Data);
        return (x, LongTensor.From([.. Enumerable.Range(0, n).Select(i => (long)(i % 2))]));
    }

    [Theory]
    [InlineData(AttackNorm.LInf)]
    [InlineData(AttackNorm.L2)]
    public void OnALinearModel_BothAttacksFindTheWorstPoint(AttackNorm norm)
    {
        using var scope = new TensorScope("test");
        var (x, labels) = Points();
        var budget = new AttackBudget(0.3f, norm);
        var length = Math.Sqrt(s_weights.Sum(w => (double)w * w));
        var (fgsm, pgd) = (Attacks.Fgsm(Logistic, x, labels, budget), Attacks.Pgd(Logistic, x, labels, budget, new RandomStream(4), 40, 3));
        for (var i = 0; i < x.Numel; i++)
        {
            var away = labels.Data[i / 4] == 1 ? -1 : 1;
            var expected = x.Data[i] + (0.3 * away * (norm == AttackNorm.LInf ? Math.Sign(s_weights[i % 4]) : s_weights[i % 4] / length));
            Assert.Equal(expected, fgsm.Data[i], 5);
            if (s_weights[i % 4] != 0 && norm == AttackNorm.LInf) Assert.Equal(expected, pgd.Data[i], 5); // the fourth number says nothing: it may be anywhere
        }
        var (worst, found) = (Logistic(fgsm, labels), Logistic(pgd, labels));
        for (var i = 0; i < 6; i++) Assert.InRange(found.Data[i], 0.995 * worst.Data[i], worst.Data[i] + 1e-6);
    }

    private static (Sequential Network, Tensor X, LongTensor Labels) Trained()
    {
        var random = new RandomStream(7);
        var network = new Sequential(new Linear(8, 32, random), new ReLU(), new Linear(32, 3, random));
        var (x, labels) = (Tensor.Zeros(300, 8), LongTensor.Zeros(300));
        random.FillNormal(x.Data);
        for (var i = 0; i < 300; i++)
        {
            labels.Data[i] = i % 3;
            for (var j = 0; j < 8; j++) x.Data[(i * 8) + j] = Math.Clamp((0.15f * x.Data[(i * 8) + j]) + (j % 3 == i % 3 ? 0.7f : 0.3f), 0f, 1f);
        }
        var adam = new Adam(network.NamedParameters(), 0.01f);
        for (var step = 0; step < 150; step++)
        {
            using (new TensorScope("step")) network.Forward(x).CrossEntropy(labels).Backward();
            adam.Step();
            adam.ZeroGrad();
        }
        network.RequiresGrad(false);
        return (network, x, labels);
    }

    private static double Accuracy(Sequential network, Tensor x, LongTensor labels)
    {
        using var noGrad = new NoGrad();
        var answers = network.Forward(x).ArgMax(1);
        return Enumerable.Range(0, x.Size(0)).Count(i => answers.Data[i] == labels.Data[i]) / (double)x.Size(0);
    }

    [Theory]
    [InlineData(AttackNorm.LInf, 0.05f, 0.2f, 0.4f)]
    [InlineData(AttackNorm.L2, 0.15f, 0.5f, 1f)]
    public void OnATrainedModel_AccuracyFallsWithTheBudgetAndNoiseIsWeaker(AttackNorm norm, float small, float medium, float large)
    {
        var (network, x, labels) = Trained();
        using var scope = new TensorScope("test");
        Tensor Loss(Tensor input, LongTensor l) => -network.Forward(input).LogSoftmax(-1).Gather(1, l.Reshape(-1, 1)).Reshape(-1);
        var clean = Accuracy(network, x, labels);
        Assert.True(clean > 0.95, $"{clean}");
        var before = clean;
        foreach (var eps in (float[])[0, small, medium, large])
        {
            var budget = new AttackBudget(eps, norm) { Low = 0, High = 1 };
            var pgd = Attacks.Pgd(Loss, x, labels, budget, new RandomStream(2), 10, 2);
            var fgsm = Attacks.Fgsm(Loss, x, labels, budget);
            var noise = Attacks.Noise(x, budget, new RandomStream(3));
            foreach (var disturbed in (Tensor[])[pgd, fgsm, noise]) Inside(x, disturbed, eps, norm);
            var under = Accuracy(network, pgd, labels);
            Assert.True(under <= before, $"{eps}: {under} after {before}");
            Assert.True(under <= Accuracy(network, fgsm, labels) + 1e-9 && under <= Accuracy(network, noise, labels), $"{eps}");
            var (worst, plain) = (Loss(pgd, labels), Loss(x, labels));
            for (var i = 0; i < 300; i++) Assert.True(worst.Data[i] >= plain.Data[i]);
            before = under;
        }
        Assert.True(before < 0.3, $"{before}");
        Assert.All(network.Parameters(), p => Assert.Null(p.Grad));
    }

    private static void Inside(Tensor x, Tensor disturbed, float eps, AttackNorm norm)
    {
        for (var row = 0; row < x.Size(0); row++)
        {
            double squares = 0, largest = 0;
            for (var j = 0; j < 8; j++)
            {
                var (a, b) = (x.Data[(row * 8) + j], disturbed.Data[(row * 8) + j]);
                Assert.InRange(b, 0f, 1f);
                squares += ((double)b - a) * (b - a);
                largest = Math.Max(largest, Math.Abs((double)b - a));
            }
            Assert.True((norm == AttackNorm.LInf ? largest : Math.Sqrt(squares)) <= eps + 1e-6);
        }
    }

    [Fact]
    public void TheSameStream_GivesTheSamePointsAndAMaskHoldsNumbersStill()
    {
        using var scope = new TensorScope("test");
        var (x, labels) = Points();
        foreach (var norm in Enum.GetValues<AttackNorm>())
        {
            var budget = new AttackBudget(0.2f, norm) { Mask = [1, 0, 1, 0] };
            var one = Attacks.Pgd(Logistic, x, labels, budget, new RandomStream(9), 3, 2);
            Assert.Equal(one.ToArray(), Attacks.Pgd(Logistic, x, labels, budget, new RandomStream(9), 3, 2).ToArray());
            for (var i = 0; i < x.Numel; i++)
                if (i % 2 == 1) Assert.Equal(x.Data[i], one.Data[i]);
            Assert.NotEqual(x.ToArray(), one.ToArray());
        }
        // noise fills its budget: eps in each number, or a length of eps
        var noise = Attacks.Noise(x, new AttackBudget(0.2f), new RandomStream(1));
        for (var i = 0; i < x.Numel; i++) Assert.Equal(0.2, Math.Abs(noise.Data[i] - x.Data[i]), 6);
        var direction = Attacks.Noise(x, new AttackBudget(0.2f, AttackNorm.L2), new RandomStream(1)) - x;
        Assert.All(direction.Square().Sum(1).ToArray(), s => Assert.Equal(0.04, s, 6));
    }

    [Fact]
    public void WrongBudgets_AreRefused()
    {
        using var scope = new TensorScope("test");
        var (x, labels) = Points();
        Assert.Throws<ArgumentOutOfRangeException>(() => Attacks.Fgsm(Logistic, x, labels, new AttackBudget(-1)));
        Assert.Throws<ArgumentException>(() => Attacks.Fgsm(Logistic, x, labels, new AttackBudget(1) { Mask = [1] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Attacks.Pgd(Logistic, x, labels, new AttackBudget(1), null, 0));
    }
}
