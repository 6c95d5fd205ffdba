using System.Globalization;
using System.Xml.Linq;
using Isthmus.Reports;
using Isthmus.Tensors;

namespace Isthmus.Tests.Reports;

public class FigureTest
{
    private const string Hostile = "<script>alert(\"1\")</script>&'\u0000\u001b[31m\ud800\u202e";
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    // Numbers that break naive scales: none, one, equal, huge, tiny, not finite, negative on a logarithmic axis.
    public static TheoryData<double[]> Awkward =>
    [
        [], [0], [5, 5, 5], [double.NaN], [double.PositiveInfinity, double.NegativeInfinity], [double.MaxValue, -double.MaxValue],
        [double.Epsilon, 2 * double.Epsilon], [1e-300, 1e300], [-1, 0, 1], [1e15, 1e15 + 2], [1, double.NaN, 3], [-3e-8, 7e-9],
    ];

    [Theory]
    [MemberData(nameof(Awkward))]
    public void Plots_AreWellFormedForAnyNumbers(double[] values)
    {
        var positions = values.Select((_, i) => (double)i).ToArray();
        foreach (var log in (bool[])[false, true])
        {
            var axis = new Axis("a", log);
            AssertSound(new SvgPlot("p", axis, axis).Line("l", values, values, values, values).Scatter("s", values, values).Step("t", values, positions)
                .Intervals("i", positions, values, values, values).HorizontalRule(3, "r").VerticalRule(2, "v").Diagonal().ToSvg());
            AssertSound(new SvgPlot("p", axis, axis).Bars("b", positions, values).Histogram("h", values).Histogram("h", values, 7).ToSvg());
            var bars = new BarPlot("b", axis);
            foreach (var value in values) bars.Bar("bar", value, "one", value, value).Interval("a row with a rather long name of its own", value, double.PositiveInfinity, value);
            AssertSound(bars.ToSvg());
        }
        AssertSound(new HeatMap("h", positions.Select(p => "r").ToArray(), ["c"], [.. values.Select(v => (double[])[v])]).ToSvg());
    }

    [Fact]
    public void Plots_OfRandomRangesKeepTicksOnTheAxisAndApart()
    {
        var random = new RandomStream(11);
        for (var i = 0; i < 300; i++)
        {
            var low = random.NextGaussian() * Math.Pow(10, random.NextInt(13) - 6);
            var high = low + (random.NextDouble() * Math.Pow(10, random.NextInt(13) - 6));
            foreach (var log in (bool[])[false, true])
            {
                var (a, b) = log ? (Math.Abs(low), Math.Abs(low) + (high - low)) : (low, high);
                if (log && a == 0) continue;
                var scale = Scale.Fit(new Axis("", log), [a, b], 0.03, round: !log).Over(0, 400);
                var ticks = scale.Ticks(6);
                Assert.NotEmpty(ticks);
                Assert.Equal(ticks.Length, ticks.Select(t => t.Label).Distinct().Count());
                Assert.All(ticks, t => Assert.InRange(scale[t.Value], -0.5, 400.5));
                Assert.InRange(scale[a], -1e-6, 400.000001);
                Assert.InRange(scale[b], -1e-6, 400.000001);
            }
        }
    }

    [Theory]
    [InlineData(0, 1, "0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(-2, 3, "−2 −1 0 1 2 3")]
    [InlineData(0, 50_000, "0 10k 20k 30k 40k 50k")]
    [InlineData(0, 2.5e6, "0 0.5M 1.0M 1.5M 2.0M 2.5M")]
    [InlineData(0, 4e-8, "0 1·10⁻⁸ 2·10⁻⁸ 3·10⁻⁸ 4·10⁻⁸")]
    public void LinearTicks_AreRound(double low, double high, string labels) =>
        Assert.Equal(labels, string.Join(' ', Ticks.Linear(low, high, 5).Select(t => t.Label)));

    [Theory]
    [InlineData(1e-4, 1, "10⁻⁴ 0.001 0.01 0.1 1")]
    [InlineData(1, 30, "1 2 5 10 20")]
    [InlineData(1e-9, 1e9, "10⁻⁸ 10⁻⁴ 1 10⁴ 10⁸")]
    [InlineData(3, 4, "3.0 3.2 3.4 3.6 3.8 4.0")]
    public void LogTicks_ArePowersAndThenTheirParts(double low, double high, string labels) =>
        Assert.Equal(labels, string.Join(' ', Ticks.Log(low, high, 5).Select(t => t.Label)));

    [Fact]
    public void Figures_HaveATitleAndADescription()
    {
        foreach (var figure in Gallery.All())
        {
            var root = XDocument.Parse(figure.ToSvg()).Root!;
            Assert.Equal("img", root.Attribute("role")?.Value);
            Assert.Equal(figure.Title, root.Element(s_svg + "title")?.Value);
            Assert.NotEqual("", root.Element(s_svg + "desc")?.Value);
        }
    }

    [Fact]
    public void HostileNames_AreOnlyText()
    {
        Figure[] figures =
        [
            new SvgPlot(Hostile, new Axis(Hostile), new Axis(Hostile), Hostile).Line(Hostile, [1, 2], [1, 2]).Scatter("b", [1], [1]).HorizontalRule(1, Hostile),
            new BarPlot(Hostile, new Axis(Hostile)).Bar(Hostile, 1, Hostile, text: Hostile).Bar("x", 1, "y"),
            new HeatMap(Hostile, [Hostile], [Hostile], [[1.0]], Hostile, Hostile),
            new ImageGrid(Hostile).Row(Hostile, [new Picture(1, 1, 1, [7])], [Hostile]),
        ];
        var report = new HtmlReport(Hostile, Hostile) { Footer = Hostile };
        var section = report.Section(Hostile).Text(Hostile).Heading(Hostile).Note(Hostile).KeyValues((Hostile, Hostile)).Tiles(new Tile(Hostile, Hostile, Hostile))
            .Table([Hostile], [[Hostile]], Hostile).Code(Hostile).Details(Hostile, d => d.Text(Hostile));
        foreach (var figure in figures)
        {
            section.Figure(figure, Hostile);
            var svg = figure.ToSvg();
            AssertSound(svg);
            Assert.DoesNotContain("<script", svg, StringComparison.OrdinalIgnoreCase);
        }
        _ = (report.Section("b"), report.Section("c")); // three sections: the list of sections is there too
        var html = report.ToHtml();
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("alert(\"1\")", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u0000', html);
        Assert.DoesNotContain('\u001b', html);
    }

    [Fact]
    public void Reports_AskForNothingFromElsewhere()
    {
        var html = Gallery.Report().ToHtml();
        Assert.DoesNotContain("http:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
    }

    [Fact]
    public void LongLines_AreThinnedWithoutLosingTheirPeaks()
    {
        var x = Enumerable.Range(0, 200_000).Select(i => (double)i).ToArray();
        var y = x.Select(v => v == 123_456 ? 9.0 : Math.Sin(v / 5000)).ToArray();
        var svg = new SvgPlot("t", new Axis(), new Axis()).Line("a", x, y).Scatter("b", x, y).ToSvg();
        Assert.InRange(svg.Length, 10_000, 120_000);
        var top = XDocument.Parse(svg).Descendants(s_svg + "path").Where(p => p.Attribute("class")!.Value.StartsWith("ln", StringComparison.Ordinal))
            .SelectMany(p => p.Attribute("d")!.Value.Split('M', 'L').Where(s => s.Length > 0)).Min(s => double.Parse(s.Split(' ')[1], CultureInfo.InvariantCulture));
        Assert.InRange(top, 5, 40); // y of 9 out of an axis up to 10, in a plot 210 high
    }

    [Fact]
    public void WrongLengths_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new SvgPlot("t", new Axis(), new Axis()).Line("a", [1, 2], [1]));
        Assert.Throws<ArgumentException>(() => new HeatMap("t", ["a"], ["b"], [[1.0, 2.0]]));
        Assert.Throws<ArgumentException>(() => new TextTable("a", "b").Add(1));
        Assert.Throws<ArgumentException>(() => new ReportBlock().Table(["a"], [[1, 2]]));
        Assert.Throws<ArgumentException>(() => new Picture(2, 2, 1, [0]));
    }

    // Every coordinate is a number, and the text parses as XML.
    private static void AssertSound(string svg)
    {
        foreach (var element in XDocument.Parse(svg).Descendants())
            foreach (var name in (string[])["x", "y", "x1", "x2", "y1", "y2", "width", "height"])
                if (element.Attribute(name) is { Value: not "100%" } a)
                    Assert.True(double.IsFinite(double.Parse(a.Value, CultureInfo.InvariantCulture)), a.ToString());
        Assert.DoesNotContain("NaN", svg, StringComparison.Ordinal);
    }
}
