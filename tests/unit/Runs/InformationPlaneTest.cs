using Isthmus.Information;
using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

public class InformationPlaneTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private const string Recipe = """
        name: bits
        seed: 3
        data: {source: "SOURCE", target: y, split: "0.6,0.2,0.2"}
        encoder: {type: mlp, widths: [6, 3], activation: tanh}
        bottleneck: {type: vib, latent: 2, beta: 1e-4}
        decoder: linear
        training: {epochs: 12, batch: 32, learning_rate: 0.02}
        """;

    // Four bits, each pattern 12 times; the class is their parity of the first two, wrong in a quarter of the rows.
    private Run Train(string name, params string[] sets)
    {
        var csv = Path.Combine(_folder, "bits.csv");
        if (!File.Exists(csv))
            File.WriteAllLines(csv, ["a,b,c,d,y", .. Enumerable.Range(0, 192).Select(i => FormattableString.Invariant($"{i & 1},{(i >> 1) & 1},{(i >> 2) & 1},{(i >> 3) & 1},{(((i & 1) ^ ((i >> 1) & 1) ^ (i / 16 % 4 == 3 ? 1 : 0)) == 1 ? "odd" : "even")}"))]);
        var folder = Path.Combine(_folder, name);
        TrainJob.Start(RecipeFile.Parse(Recipe.Replace("SOURCE", csv, StringComparison.Ordinal), "test", [.. sets.Select(s => Override.Parse(s))]), new TrainOptions { Out = folder, Report = false });
        return Run.Load(folder);
    }

    [Theory]
    [InlineData("auto", "0,1,2,5,10,12")]
    [InlineData("log", "0,1,2,5,10,12")]
    [InlineData("all", "0,1,2,3,4,5,6,7,8,9,10,11,12")]
    [InlineData("0,3,7", "0,3,7,12")]
    [InlineData("none", "")]
    public void The_epochs_asked_for_stay_and_the_last_is_the_model(string keep, string epochs)
    {
        var run = Train("a", "training.keep=" + keep);
        Assert.Equal(epochs, string.Join(',', KeptEpochs.In(run.Folder)));
        if (epochs.Length == 0) return;
        var final = run.Model.Network.StateDict().ToDictionary(t => t.Key, t => t.Value.ToArray());
        KeptEpochs.Load(run, KeptEpochs.In(run.Folder)[0]);
        Assert.Contains(run.Model.Network.StateDict(), t => !t.Value.ToArray().SequenceEqual(final[t.Key]));
        KeptEpochs.Load(run, 12);
        Assert.All(run.Model.Network.StateDict(), t => Assert.Equal(final[t.Key], t.Value.ToArray()));
    }

    [Fact]
    public void Keeping_epochs_changes_no_weight() =>
        Assert.Equal(RunFolder.Summary(Train("a", "training.keep=none").Folder)!.ModelSha256, RunFolder.Summary(Train("b", "training.keep=all").Folder)!.ModelSha256);

    [Theory]
    [InlineData("some")]
    [InlineData("1,x")]
    [InlineData("-1")]
    [InlineData("")]
    public void Other_words_are_refused_before_there_is_a_folder(string keep)
    {
        var error = Assert.ThrowsAny<InputException>(() => Train("bad", "training.keep='" + keep + "'"));
        Assert.Contains("training.keep", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "bad")));
    }

    [Fact]
    public void The_plane_lies_below_the_exact_curve_and_obeys_the_order_of_layers()
    {
        var run = Train("a");
        var rows = LayerRows.Load(run, "all");
        var plane = InformationPlane.Of(run, rows, new PlaneQuestion { Layers = ["encoder", "encoder.0", "bottleneck", "decoder"] });
        Assert.Equal([0, 1, 2, 5, 10, 12], plane.Epochs);
        Assert.Equal(24, plane.Points.Count);
        Assert.Equal(16, plane.Curve!.DistinctRows);
        Assert.Equal(4, plane.Curve.Ixt[^1], 1e-9);
        var ceiling = plane.Curve.Ity[^1];
        Assert.InRange(ceiling, 0.15, 0.23); // 1 - h(1/4) = 0.189, the classes as they are
        foreach (var p in plane.Points)
        {
            // A binned layer is a function of the row: the data processing inequality holds exactly.
            Assert.InRange(p.Ixt.Bits!.Value.Value, 0, 4 + 1e-9);
            Assert.InRange(p.Ity!.Bits!.Value.Value, 0, Math.Min(ceiling, p.Ixt.Bits!.Value.Value) + 1e-9);
        }
        // Flatten does nothing: the bits themselves, whatever was learned.
        Assert.All(plane.Points.Where(p => p.Layer == "encoder.0"), p => Assert.Equal(4, p.Ixt.Bits!.Value.Value, 1e-9));
        Assert.Equal(4, plane.Bins.Count);
        Assert.All(plane.Bins, b => Assert.Equal(31, b.Edges.Count));
        // The widths of bins are those of the whole path: another choice of epochs may give others, the same gives the same.
        var again = InformationPlane.Of(run, rows, new PlaneQuestion { Layers = ["encoder", "encoder.0", "bottleneck", "decoder"] });
        Assert.Equal(plane.Points.Select(p => p.Ixt.Bits), again.Points.Select(p => p.Ixt.Bits));
    }

    [Theory]
    [InlineData("noise:0.2")]
    [InlineData("ebab:10")]
    [InlineData("float16")]
    public void Every_channel_gives_points_and_every_estimator_too(string channel)
    {
        var run = Train("a");
        var rows = LayerRows.Load(run, "all");
        var question = new PlaneQuestion { Layers = ["encoder.4", "decoder"], Epochs = [0, 12], Channel = LayerChannel.Parse(channel) };
        var plane = InformationPlane.Of(run, rows, question);
        Assert.Equal(4, plane.Points.Count);
        Assert.All(plane.Points, p => Assert.True(double.IsFinite(p.Ixt.Bits!.Value.Value) && double.IsFinite(p.Ity!.Bits!.Value.Value)));
        Assert.Equal(channel.StartsWith("ebab", StringComparison.Ordinal) ? 4 : 0, plane.Bins.Count);
        var other = InformationPlane.Of(run, rows, question with { Estimator = "mixed" });
        Assert.All(other.Points, p => Assert.Equal("mixed", p.Ixt.Estimator));
    }

    [Fact]
    public void A_bottlenecks_own_noise_is_measured_without_a_channel_and_other_layers_through_stated_bins()
    {
        var run = Train("a");
        var rows = LayerRows.Load(run, "train", 60);
        Assert.Equal(60, rows.Rows.Count);
        var own = LayerMeasurement.Of(run, rows, "bottleneck", new LayerQuestion { Spectra = true });
        Assert.Equal(("own", 2), (own.Channel, own.Width));
        Assert.True(own.Reading.Input[0].Bits < own.Reading.Input[1].Bits);
        Assert.Equal(2, own.RatePerDimension!.Count);
        Assert.InRange(own.LocalRank!.Mean, 1, 2);
        Assert.InRange(own.Spectrum!.RankMe, 1, 2.001);
        var binned = LayerMeasurement.Of(run, rows, "encoder.2", new LayerQuestion());
        Assert.Equal("bins:30", binned.Channel);
        Assert.Contains(binned.Notes, n => n.Contains("deterministic", StringComparison.Ordinal));
    }

    [Fact]
    public void A_discrete_bottleneck_passes_the_entropy_of_its_symbols()
    {
        var run = Train("vq", "bottleneck.type=vq", "bottleneck.codes=4", "bottleneck.width=2");
        var own = LayerMeasurement.Of(run, LayerRows.Load(run, "all"), "bottleneck", new LayerQuestion());
        Assert.InRange(own.Reading.Input[0].Bits!.Value.Value, 0.1, 2);
        Assert.True(own.Reading.Label[0].Bits <= own.Reading.Input[0].Bits);
    }

    [Fact]
    public void A_run_without_epochs_and_epochs_that_it_has_not_are_told_with_a_hint()
    {
        var run = Train("a", "training.keep=none");
        var rows = LayerRows.Load(run);
        Assert.Equal("leave out --epochs, or train it with --set training.keep=log", Assert.Throws<InputException>(() => InformationPlane.Of(run, rows, new PlaneQuestion { Epochs = [3] })).Hint);
        var end = InformationPlane.Of(run, rows, new PlaneQuestion { Layers = ["encoder.2"] });
        Assert.Equal([12], end.Epochs);
        Assert.Contains(end.Notes, n => n.Contains("kept no weights", StringComparison.Ordinal));
        var kept = Train("b");
        Assert.Equal("it has those of 0, 1, 2, 5, 10, 12", Assert.Throws<InputException>(() => InformationPlane.Of(kept, LayerRows.Load(kept), new PlaneQuestion { Epochs = [3] })).Hint);
        Assert.Contains("did you mean", Assert.Throws<InputException>(() => InformationPlane.Of(kept, rows, new PlaneQuestion { Layers = ["encodr"] })).Hint!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_epoch_is_one_clear_line()
    {
        var run = Train("a");
        var path = KeptEpochs.PathIn(run.Folder, 5);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..200]);
        Assert.Contains("000005", Assert.Throws<InputException>(() => KeptEpochs.Load(run, 5)).Message, StringComparison.Ordinal);
    }
}
