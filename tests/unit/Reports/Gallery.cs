using Isthmus.Reports;
using Isthmus.Tensors;

namespace Isthmus.Tests.Reports;

/// <summary>One of everything that a report may hold, from fixed numbers.</summary>
internal static class Gallery
{
    private static readonly double[] s_epochs = [.. Enumerable.Range(1, 20).Select(i => (double)i)];

    public static SvgPlot Lines() => new SvgPlot("Learning curves", new Axis("epoch"), new Axis("nats per image"))
        .Line("training", s_epochs, [.. s_epochs.Select(e => 0.08 + (1.4 * Math.Exp(-e / 4)))])
        .Line("validation", s_epochs, [.. s_epochs.Select(e => 0.12 + (1.3 * Math.Exp(-e / 3.5)) + (0.004 * e))],
            [.. s_epochs.Select(e => 0.10 + (1.2 * Math.Exp(-e / 3.5)))], [.. s_epochs.Select(e => 0.15 + (1.4 * Math.Exp(-e / 3.5)) + (0.008 * e))])
        .HorizontalRule(0.12, "identity");

    public static SvgPlot RateQuality() => new SvgPlot("Rate and quality", new Axis("bits per image", Log: true), new Axis("accuracy", Min: 0, Max: 1))
        .Line("vib", [0.8, 1.7, 3.1, 4.9, 8.2, 18], [0.31, 0.62, 0.88, 0.951, 0.968, 0.971])
        .Line("vq", [1, 2, 3, 4, 6, 10], [0.28, 0.55, 0.83, 0.93, 0.955, 0.961])
        .Intervals("fsq", [2, 5, 12], [0.6, 0.93, 0.966], [0.55, 0.91, 0.96], [0.66, 0.945, double.PositiveInfinity])
        .VerticalRule(Math.Log2(10), "log2 10");

    public static SvgPlot Cloud() => new SvgPlot("Predicted and true values", new Axis("true, 100,000 $"), new Axis("predicted, 100,000 $")) { PlotHeight = 260 }
        .Scatter("test rows", Noise(1, 900, 2.1, 0.9), [.. Noise(1, 900, 2.1, 0.9).Zip(Noise(2, 900, 0, 0.35), (a, b) => a + b)])
        .Diagonal();

    public static SvgPlot Spread() => new SvgPlot("Which samples are expensive", new Axis("bits"), new Axis("images")).Histogram("", Noise(3, 2000, 18, 3.2)).VerticalRule(18.0, "mean 18.0");

    public static SvgPlot Dimensions() => new SvgPlot("Which dimensions are alive", new Axis("latent dimension"), new Axis("bits per image"))
        .Bars("", [.. Enumerable.Range(0, 32).Select(i => (double)i)], [.. Enumerable.Range(0, 32).Select(i => 2.4 * Math.Exp(-i / 5.0))]);

    public static SvgPlot Steps() => new SvgPlot("Beta over training", new Axis("step"), new Axis("beta", Log: true))
        .Step("", [0, 500, 1000, 1500, 2000], [1e-5, 1e-4, 1e-3, 1e-2, 1e-2]);

    public static BarPlot Readings() => new BarPlot("What the message costs", new Axis("bits per image"))
        .Interval("capacity", 32, 32, 32, text: "32")
        .Interval("bound", 0, 18.2, text: "at most 18.2")
        .Interval("estimate", 5.1, 5.7, 5.4)
        .Bar("bill", 20.4);

    public static BarPlot Ranking() => new BarPlot("Quality against baselines", new Axis("accuracy"))
        .Bar("majority", 0.113, "test").Bar("majority", 0.112, "training")
        .Bar("linear", 0.918, "test", 0.906, 0.929).Bar("linear", 0.934, "training")
        .Bar("identity", 0.967, "test", 0.959, 0.974).Bar("identity", 0.999, "training")
        .Bar("vib", 0.971, "test", 0.963, double.PositiveInfinity).Bar("vib", 0.998, "training");

    public static HeatMap Confusion()
    {
        var names = Enumerable.Range(0, 10).Select(i => FormattableString.Invariant($"{i}")).ToArray();
        var counts = names.Select((_, t) => names.Select((_, p) => t == p ? 190L + t : (t * 7 + p * 3) % 11 == 0 ? (t + p) % 6 : 0).ToArray()).ToArray();
        return HeatMap.Confusion("Confusion matrix", names, counts);
    }

    public static HeatMap Signed() => new("Correlations", ["shape", "size", "angle", "x", "y"], ["dimension one", "dimension two", "dimension three", "dimension four"],
        [[0.91, -0.12, 0.05, 0], [-0.4, 0.88, 0.1, -0.03], [0.2, 0.1, -0.95, 0.04], [0, 0.01, 0.2, 0.97], [0.6, double.NaN, -0.3, 0.2]], "factor", "latent");

    public static ImageGrid Images()
    {
        var grid = new ImageGrid("Reconstructions");
        foreach (var (label, blur) in (IEnumerable<(string, float)>)[("original", 0f), ("2 bits", 2.4f), ("8 bits", 0.9f)])
            grid.Row(label, [.. Enumerable.Range(0, 8).Select(i => Disc(i, blur))]);
        return grid;
    }

    public static IEnumerable<Figure> All() =>
        [Readings(), Ranking(), Lines(), RateQuality(), Cloud(), Spread(), Dimensions(), Steps(), Confusion(), Signed(), Images()];

    public static HtmlReport Report()
    {
        var report = new HtmlReport("MNIST through 32 latents", "A variational bottleneck (Alemi et al. 2017), beta 0.01, trained for 20 epochs on 8,000 images; judged on 2,000 others.") { Footer = "Isthmus, a gallery of what reports are made of" };
        report.Head.Tiles(new Tile("accuracy", "97.1 %", "96.3 … 97.8"), new Tile("training bound", "18.2 bits", "per image"), new Tile("estimate of I(X;M)", "5.1 … 5.7 bits", "sandwich"),
            new Tile("bill", "20.4 bits", "per image, stream"), new Tile("training", "9.1 s", "17,500 images/s"))
            .Note("The bound is three times what passes: a learned prior would close the gap.", NoteKind.Warning);
        report.Section("What it costs").Figure(Readings(), "Four readings of the same message, per image, on the test part.").Figure(RateQuality(), "Each point is a run.").Figure(Dimensions(), "Twelve of 32 dimensions carry more than a tenth of a bit.");
        report.Section("How good it is").Figure(Ranking(), "Bars with 95 % intervals.").Figure(Confusion()).Figure(Cloud())
            .Table(["model", "accuracy", "nll, bits", "time", "note"],
            [["majority", 0.113, 3.3, TimeSpan.Zero, null], ["linear", 0.918, 0.42, TimeSpan.FromSeconds(1.2), null], ["identity", 0.967, double.NaN, TimeSpan.FromSeconds(8.4), "no rate: a real vector"], ["vib", 0.971, 0.11, TimeSpan.FromSeconds(9.1), "this run"]], "The same split for all.");
        report.Section("Learning").Figure(Lines()).Figure(Steps()).Figure(Spread());
        report.Section("What passes").Figure(Images(), "Originals above, what the decoder makes of the message below.").Figure(Signed());
        report.Section("How to make it again").KeyValues(("recipe", "mnist-vib.yaml"), ("seed", 0), ("images", 10_000), ("model_sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), ("resumed", false))
            .Details("The resolved recipe", d => d.Code("data:\n  path: mnist\nbottleneck:\n  name: vib\n  beta: 0.01\n"));
        return report;
    }

    private static double[] Noise(ulong seed, int count, double mean, double deviation)
    {
        var random = new RandomStream(seed);
        return [.. Enumerable.Range(0, count).Select(_ => mean + (deviation * random.NextGaussian()))];
    }

    private static Picture Disc(int i, float blur)
    {
        var pixels = new float[3 * 24 * 24];
        for (var y = 0; y < 24; y++)
            for (var x = 0; x < 24; x++)
            {
                var inside = Math.Clamp((5 + (i % 4) - MathF.Sqrt(((x - 11.5f) * (x - 11.5f)) + ((y - 11.5f) * (y - 11.5f)))) / (1 + (2 * blur)) + 0.5f, 0, 1);
                for (var c = 0; c < 3; c++) pixels[(c * 24 * 24) + (y * 24) + x] = inside * (((i + c) % 3) + 1) / 3f;
            }
        return Picture.FromPlanes(pixels, 3, 24, 24);
    }
}
