using System.Globalization;
using Isthmus.Coding;

namespace Isthmus.Tests.Coding;

public class FixedMathTest
{
    // Goldens/fixed_math.py computed these with mpmath at 60 digits.
    private static IEnumerable<(string Name, double X, double Y)> Goldens() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Coding", "Goldens", "fixed_math.csv")).Select(line => line.Split(',')).Select(cells =>
            (cells[0], double.Parse(cells[1], CultureInfo.InvariantCulture), double.Parse(cells[2], CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("exp", 1e-15)]
    [InlineData("log", 4e-16)]
    [InlineData("cdf", 2e-13)]
    [InlineData("sigmoid", 1e-15)]
    public void Functions_AgreeWithSixtyDigits(string name, double tolerance)
    {
        Func<double, double> f = name switch { "exp" => FixedMath.Exp, "log" => FixedMath.Log, "cdf" => FixedMath.NormalCdf, _ => FixedMath.Sigmoid };
        var checkedPoints = 0;
        foreach (var (_, x, y) in Goldens().Where(g => g.Name == name))
        {
            var scale = Math.Max(Math.Abs(y), 1e-305); // below, results are denormal and hold fewer digits
            Assert.True(Math.Abs(f(x) - y) <= tolerance * scale, string.Create(CultureInfo.InvariantCulture, $"{name}({x:R}) = {f(x):R}, not {y:R}"));
            checkedPoints++;
        }
        Assert.True(checkedPoints > 200);
    }

    [Fact]
    public void EdgesAreThoseOfTheFunctions()
    {
        Assert.Equal(0, FixedMath.Exp(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, FixedMath.Exp(double.PositiveInfinity));
        Assert.True(double.IsNaN(FixedMath.Exp(double.NaN)));
        Assert.Equal(double.NegativeInfinity, FixedMath.Log(0));
        Assert.True(double.IsNaN(FixedMath.Log(-1)));
        Assert.Equal(double.PositiveInfinity, FixedMath.Log(double.PositiveInfinity));
        Assert.Equal(0.5, FixedMath.NormalCdf(0));
        Assert.Equal(1, FixedMath.NormalCdf(100));
        Assert.Equal(0, FixedMath.NormalCdf(-100));
    }

    [Fact]
    public void Log2Step_IsTheSavingOfOneMoreUnit()
    {
        foreach (var k in new[] { 1, 2, 3, 10, 1000, 65535 })
            Assert.Equal(Math.Log2((k + 1.0) / k), FixedMath.Log2Step(k), 15);
    }
}
