using Isthmus.Information;

namespace Isthmus.Tests.Information;

public class InformationTasksTest
{
    [Theory]
    // Known answers 1, 7 to 16 of the information reference; the ZIP row by quadrature (see TaskFamilies).
    [InlineData("gaussian,dim=1,rho=0.5", 0.143841036)]
    [InlineData("gaussian,dim=5,rho=0.8", 2.554128119)]
    [InlineData("gaussian,dim=1,rho=0.75", 0.413339)]
    [InlineData("uniform,eps=0.1", 1.709438)]
    [InlineData("uniform,eps=0.75", 0.333333)]
    [InlineData("dense,dx=2,dy=2", 0.293893)]
    [InlineData("dense,dx=3,dy=3", 0.413339)]
    [InlineData("dense,dx=5,dy=5", 0.592812)]
    [InlineData("dense,dx=25,dy=25", 1.292184)]
    [InlineData("dense,dx=50,dy=50", 1.624265)]
    [InlineData("pairs,dx=25,dy=25", 1.021651)]
    [InlineData("student,dim=1,df=1", 0.224171)]
    [InlineData("student,dim=2,df=1", 0.431946)]
    [InlineData("student,dim=2,df=2", 0.193147)]
    [InlineData("student,dim=3,df=2", 0.290922)]
    [InlineData("student,dim=3,df=3", 0.178712)]
    [InlineData("student,dim=5,df=2", 0.448151)]
    [InlineData("student,dim=5,df=3", 0.298544)]
    [InlineData("mixture,m=5", 1.054920)]
    [InlineData("mixture,m=10", 1.678753)]
    [InlineData("zip,p=0", 0.301244767)]
    [InlineData("zip,p=0.15", 0.229775959)]
    [InlineData("loggamma,k=1", 0.422784)]
    [InlineData("loggamma,k=5", 1.320398)]
    [InlineData("loggamma,k=10", 1.878830)]
    [InlineData("loggamma,k=200", 4.729296)]
    [InlineData("loggamma,k=10000", 8.633289)]
    [InlineData("qary,m=2,p=0.2", 0.368064)]
    [InlineData("qary,m=10,p=0.1", 1.802297)]
    public void Truths_equal_the_known_answers(string name, double nats) =>
        Assert.Equal(nats, InformationTasks.Parse(name).Truth.Nats, 1e-6);

    [Theory]
    [InlineData(1, 1, 0.929873495)]
    [InlineData(2, 1, 0.990799859)]
    public void The_wanted_information_gives_the_correlation(double nats, int dim, double rho)
    {
        var task = InformationTasks.Parse(FormattableString.Invariant($"gaussian,dim={dim},bits={Bits.FromNats(nats).Value:R}"));
        Assert.Contains(rho.ToString("R", System.Globalization.CultureInfo.InvariantCulture)[..10], task.Name, StringComparison.Ordinal);
        Assert.Equal(nats, task.Truth.Nats, 12);
    }

    // One knob a family; every number of bits within its reach is met, and the sample shows that many (checked where a family has
    // an estimator without bias to speak of).
    [Theory]
    [InlineData("gaussian,dim=3", 2.5)]
    [InlineData("dense,dx=2,dy=3", 0.4)]
    [InlineData("pairs", 1.1)]
    [InlineData("uniform", 0.7)]
    [InlineData("student,dim=2", 0.3)]
    [InlineData("loggamma", 1.5)]
    [InlineData("mixture,m=4", 0.6)]
    [InlineData("zip", 0.2)]
    [InlineData("qary,m=8", 1.7)]
    [InlineData("sprite-pair", 3.3)]
    [InlineData("blob-pair", 2.0)]
    public void Every_family_takes_the_wanted_bits(string name, double bits)
    {
        var task = InformationTasks.Parse(FormattableString.Invariant($"{name},bits={bits}"));
        Assert.Equal(bits, task.Truth.Value, 1e-9);
        Assert.Equal(bits, InformationTasks.Parse(task.Name).Truth.Value, 1e-9);
        var (x, y) = task.Sample(200, 3);
        Assert.Equal((200, 200), (x.Count, y.Count));
    }

    // With p the integers are no longer told by y's cell alone; an exact table of integer by unit cell is an independent witness.
    [Fact]
    public void A_mixture_with_redraws_equals_its_table()
    {
        const int M = 5;
        const double P = 0.3;
        var joint = new double[M, M + 1];
        for (var x = 0; x < M; x++)
            for (var from = 0; from < M; from++)
                foreach (var cell in (int[])[from, from + 1]) joint[x, cell] += (from == x ? 1 - P + P / M : P / M) / M / 2;
        Assert.Equal(JointDistribution.FromMatrix(joint).MutualInformation("X", "Y").Value, InformationTasks.Parse("mixture,m=5,p=0.3").Truth.Value, 1e-12);
        Assert.Equal(1.054920, InformationTasks.Parse("mixture,m=5,p=0").Truth.Nats, 1e-6);
    }

    // Drawing is one-to-one: as many pictures as states; and two pictures are equal as often as all four channels leave their factor.
    [Fact]
    public void Sprite_pairs_hold_what_their_factors_hold()
    {
        const int N = 20_000;
        var (x, y) = InformationTasks.Parse("sprite-pair,p=0.25").Sample(N, 1);
        x.RowSymbols(out var states);
        Assert.Equal(3 * 4 * 4 * 4, states);
        var equal = Enumerable.Range(0, N).Count(i => x.Values.Slice(i * 256, 256).SequenceEqual(y.Values.Slice(i * 256, 256)));
        var expected = (0.75 + 0.25 / 3) * Math.Pow(0.75 + 0.25 / 4, 3);
        Assert.Equal(expected, equal / (double)N, 4 * Math.Sqrt(expected * (1 - expected) / N));
    }

    [Fact]
    public void Equal_seeds_give_equal_rows_and_other_seeds_others()
    {
        foreach (var task in InformationTasks.Benchmark)
        {
            var (x, y) = task.Sample(20, 4);
            var (again, _) = task.Sample(20, 4);
            var (other, _) = task.Sample(20, 5);
            Assert.Equal(x.Values.ToArray(), again.Values.ToArray());
            Assert.NotEqual(x.Values.ToArray(), other.Values.ToArray());
            Assert.Equal(x.Count, y.Count);
            Assert.Equal(task.Truth, InformationTasks.Parse(task.Name).Truth); // the printed name makes the same task
        }
    }

    [Fact]
    public void Transforms_are_one_to_one()
    {
        foreach (var transform in InformationTasks.TransformNames.Keys)
        {
            var dim = transform == "spiral" ? 2 : 1;
            var (plain, _) = InformationTasks.Parse(FormattableString.Invariant($"gaussian,dim={dim}")).Sample(3000, 1);
            var (mapped, _) = InformationTasks.Parse(FormattableString.Invariant($"gaussian,dim={dim},transform={transform}")).Sample(3000, 1);
            plain.RowSymbols(out var before);
            mapped.RowSymbols(out var after);
            Assert.Equal(before, after);
        }
    }

    [Theory]
    [InlineData("gauss", "unknown task 'gauss'")]
    [InlineData("gaussian,dims=3", "unknown parameter of task gaussian 'dims'")]
    [InlineData("qary,bits=2", "out of its reach")]
    [InlineData("qary,p=0.1,bits=0.5", "not both")]
    [InlineData("gaussian,bits=-1", "out of its reach")]
    [InlineData("gaussian,dim=x", "dim=x")]
    [InlineData("gaussian,rho=1", "|rho| below 1")]
    [InlineData("gaussian,rho", "not key=value")]
    [InlineData("gaussian,transform=cube", "not known")]
    [InlineData("gaussian,dim=2,transform=swiss-roll", "")]
    public void Bad_names_are_one_clear_line(string name, string part)
    {
        var error = Assert.Throws<InputException>(() => InformationTasks.Parse(name).Sample(5, 0));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }
}
