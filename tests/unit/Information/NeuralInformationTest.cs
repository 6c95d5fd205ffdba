using Isthmus.Information;

namespace Isthmus.Tests.Information;

public class NeuralInformationTest
{
    private static Reading Read(CriticKind kind, string task, int n, int steps = 800, bool joint = false)
    {
        var (x, y) = InformationTasks.Parse(task).Sample(n, 1);
        return new NeuralInformation { Kind = kind, Steps = steps, Batch = joint ? 64 : 128, Hidden = 64, Joint = joint, LearningRate = 2e-3f }.Read(new Rows(x, y, null, 0, 0));
    }

    [Theory]
    [InlineData(CriticKind.InfoNce, 0.12)]
    [InlineData(CriticKind.Nwj, 0.15)]
    [InlineData(CriticKind.Dv, 0.15)]
    [InlineData(CriticKind.Smile, 0.15)]
    [InlineData(CriticKind.Js, 0.15)]
    [InlineData(CriticKind.Tuba, 0.15)]
    [InlineData(CriticKind.L1Out, 0.12)]
    public void A_gaussian_pair_is_read_near_its_truth(CriticKind kind, double tolerance) =>
        Assert.InRange(Read(kind, "gaussian,rho=0.8", 2400).Nats, 0.5108 - tolerance, 0.5108 + tolerance);

    [Fact]
    public void Club_with_a_learned_conditional_stands_above() =>
        Assert.InRange(Read(CriticKind.Club, "gaussian,rho=0.8", 2400).Nats, 1.2, 2.4); // exact conditional: 1.7778

    [Fact]
    public void A_joint_critic_and_classes_are_read_too()
    {
        Assert.InRange(Read(CriticKind.InfoNce, "gaussian,rho=0.8", 1500, 300, joint: true).Nats, 0.33, 0.62);
        Assert.InRange(Read(CriticKind.InfoNce, "qary,m=10,p=0.1", 2400, 400).Nats, 1.6, 1.95);
    }

    [Fact]
    public void Equal_seeds_give_equal_bits_and_independence_reads_nothing()
    {
        var first = Read(CriticKind.InfoNce, "gaussian,rho=0", 600, 200);
        Assert.Equal(first.Nats, Read(CriticKind.InfoNce, "gaussian,rho=0", 600, 200).Nats);
        Assert.InRange(first.Nats, -0.05, 0.02);
    }

    [Fact]
    public void A_batch_too_large_and_discrete_targets_of_club_are_refused()
    {
        var (x, y) = InformationTasks.Parse("gaussian").Sample(400, 1);
        var error = Assert.Throws<InputException>(() => new NeuralInformation { Batch = 101 }.Read(new Rows(x, y, null, 0, 0)));
        Assert.Contains("from 2 to 100", error.Message, StringComparison.Ordinal);
        var (a, b) = InformationTasks.Parse("qary").Sample(400, 1);
        Assert.Throws<InputException>(() => new NeuralInformation { Kind = CriticKind.Club }.Read(new Rows(a, b, null, 0, 0)));
    }

    [Fact]
    public void One_batch_of_unseen_rows_still_has_an_error_and_conditionals_have_no_ceiling()
    {
        var (x, y) = InformationTasks.Parse("gaussian,rho=0.8").Sample(800, 1);
        var rows = new Rows(x, y, null, 0, 0);
        var one = new NeuralInformation { Batch = 128, Steps = 200, Hidden = 32 }.Read(rows); // 200 rows are unseen
        Assert.InRange(one.StandardError!.Value, 0.005, 0.3);
        Assert.Null(new NeuralInformation { Kind = CriticKind.Club, Steps = 100, Hidden = 32 }.Read(rows).CeilingNats);
    }

    [Fact]
    public void Infonce_near_log_k_is_saturated()
    {
        var (x, y) = InformationTasks.Parse("gaussian,dim=4,rho=0.99").Sample(1200, 1);
        var reading = new NeuralInformation { Batch = 16, Steps = 500, Hidden = 64 }.Estimate(x, y, new MeasureOptions { Permutations = 3 });
        Assert.Equal(4, reading.Ceiling!.Value.Value, 12);
        Assert.Equal(Verdict.Saturated, reading.Verdict);
        Assert.Null(reading.PValue);
        Assert.Equal(BoundDirection.Lower, reading.Direction);
    }
}
