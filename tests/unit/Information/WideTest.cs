using System.Runtime.Intrinsics;
using Isthmus.Information;

namespace Isthmus.Tests.Information;

public class WideTest
{
    [Fact]
    public void Exp_is_within_two_ulps_of_the_runtime_over_its_whole_range()
    {
        for (var x = -707.9; x <= 0; x += 0.0137)
        {
            var ours = Wide.ExpNonPositive(Vector512.Create(x))[3];
            Assert.True(Math.Abs(ours / Math.Exp(x) - 1) < 5e-16, FormattableString.Invariant($"exp({x}) = {ours}"));
        }
        Assert.Equal(1, Wide.ExpNonPositive(Vector512.Create(0.0))[0]);
        Assert.Equal(0, Wide.ExpNonPositive(Vector512.Create(-709.0))[0]);
        Assert.Equal(0, Wide.ExpNonPositive(Vector512.Create(double.NegativeInfinity))[0]);
    }

    [Fact]
    public void LogSumExp_equals_the_plain_sum_at_every_length()
    {
        Assert.Equal(double.NegativeInfinity, Wide.LogSumExp([]));
        for (var n = 1; n < 40; n++)
        {
            var values = new double[n];
            for (var i = 0; i < n; i++) values[i] = 700 + Math.Sin(i * 1.7) * 30;
            var plain = 700 + Math.Log(values.Sum(v => Math.Exp(v - 700)));
            Assert.Equal(plain, Wide.LogSumExp(values), 12);
        }
    }
}
