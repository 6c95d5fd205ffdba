using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

/// <summary>Bottlenecks at the same bill.</summary>
public class ComparisonTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Plan Plan() => Isthmus.Runs.Plan.Make("make:sprites,n=300,size=8,colours=1",
        [.. "data.task=reconstruction|data.split=0.5,0.1,0.4|training.epochs=2|encoder={type: mlp, widths: [32]}".Split('|').Select(Override.Parse)]);

    [Fact]
    public void Rows_LieOnBothSidesOfTheBill_AndAreReadBetween()
    {
        var settings = new CompareSettings { Bottlenecks = ["pca", "vq", "fsq"], Bits = 30, Seeds = [0, 1] };
        var result = Comparison.Start(Plan(), settings, new TrainOptions { Out = Path.Combine(_folder, "c") });
        Assert.True(File.Exists(result.Report));
        Assert.Equal(["pca", "pca", "vq", "vq", "fsq", "fsq"], result.Rows.Select(r => r.Bottleneck));
        foreach (var pair in result.Rows.Chunk(2))
        {
            Assert.All(pair, r => Assert.Equal((2, "MSE"), (r.Seeds, r.Measure)));
            // The first seed, which chose the sizes, has the bill between its two.
            double[] bills = [.. pair.Select(r => RunFolder.Summary(Path.Combine(_folder, "c", $"{r.Bottleneck}-{r.Size}-seed0"))!.Rate.BillBits!.Value)];
            Assert.InRange(30.0, bills[0], bills[1]);
            Assert.Equal(pair[0].QualityAtBill, pair[1].QualityAtBill);
            Assert.True(pair[0].EntropyBits <= (pair[0].CapacityBits ?? double.PositiveInfinity) + 1e-9);
            // What is written under static tables costs at least what it cost on average; the means are those of the runs.
            double[] all = [.. new[] { 0, 1 }.Select(s => RunFolder.Summary(Path.Combine(_folder, "c", $"{pair[1].Bottleneck}-{pair[1].Size}-seed{s}"))!.Rate.BillBits!.Value)];
            Assert.Equal(all.Average(), pair[1].BillBits, 1e-9);
            Assert.Equal(Math.Abs(all[0] - all[1]) / Math.Sqrt(2), pair[1].BillDeviation, 1e-9);
        }
    }

    [Fact]
    public void Quick_IsOneSizeAndSeed_AndUnknownNamesAreRefused()
    {
        var row = Assert.Single(Comparison.Start(Plan(), new CompareSettings { Bottlenecks = ["lfq"], Bits = 16, Quick = true }, new TrainOptions { Out = Path.Combine(_folder, "q") }).Rows);
        Assert.Equal(("groups=2,bits=8", 1, 16.0, null), (row.Size, row.Seeds, row.CapacityBits, row.QualityAtBill));
        Assert.InRange(row.Usage!.Value, 0.01, 1);
        Assert.Contains("bottleneck to compare", Assert.Throws<InputException>(() => Comparison.Start(Plan(), new CompareSettings { Bottlenecks = ["simqv"] }, new TrainOptions())).Message, StringComparison.Ordinal);
    }
}
