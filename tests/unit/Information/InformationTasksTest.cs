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
    [InlineData("gauss", "not known")]
    [InlineData("gaussian,dims=3", "no parameter 'dims'")]
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
