using Isthmus.Data;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

/// <summary>Sounds through codes and back: what is heard, and how near it is.</summary>
public class SoundTest : IDisposable
{
    private const string Codec = """
        name: codec
        data: {source: "make:tones,n=60,samples=256", task: reconstruction}
        encoder: {type: conv1d, channels: [16], kernel: 32, stride: 16, padding: 8, activation: tanh, width: 0}
        bottleneck: {type: rvq, codes: [16], stages: 2, width: 8, places: true, channels_first: true}
        decoder: {type: deconv1d, channels: [16], kernel: 32, stride: 16, padding: 8}
        objective: {type: mse, learn_variance: false}
        training: {epochs: 6, batch: 8, learning_rate: 0.01}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private (Run Run, RunSummary Summary) Trained()
    {
        var summary = TrainJob.Start(RecipeFile.Parse(Codec, "test"), new TrainOptions { Out = Path.Combine(_folder, "run"), Report = false });
        return (Run.Load(summary.Run), summary);
    }

    [Fact]
    public void SiSdr_IsTheRatioOfWhatPointsAlongTheSound_AtAnyLoudness()
    {
        Assert.Equal(0, SoundQuality.SiSdrDb([1f, 0], [1f, 1]), 1e-6); // as much along as across
        Assert.Equal(20, SoundQuality.SiSdrDb([2f, 0], [10f, -1]), 1e-6);
        Assert.Equal(SoundQuality.SiSdrDb([1f, 2, -1], [0.9f, 2.2f, -1]), SoundQuality.SiSdrDb([3f, 6, -3], [-4.5f, -11, 5]), 1e-4);
        Assert.Equal(double.PositiveInfinity, SoundQuality.SiSdrDb([1f, 2], [2f, 4]));
        Assert.True(double.IsNaN(SoundQuality.SiSdrDb([0f, 0], [1f, 2])));
        Assert.Throws<ArgumentException>(() => SoundQuality.SiSdrDb([1f], [1f, 2]));
    }

    [Fact]
    public void DecodedSounds_AreWavFiles_OfWhatTheDecoderMade()
    {
        var (run, summary) = Trained();
        var data = run.LoadOwn().Data.Select([3, 1, 4]);
        var (bytes, folder) = (Path.Combine(_folder, "a.isth"), Path.Combine(_folder, "heard"));
        using (var file = File.Create(bytes)) Shipment.Of(run).Write(data, [0, 1, 2], file);
        Assert.Equal(3, Decoded.Write(run, bytes, folder));
        Assert.Equal(["000001.wav", "000002.wav", "000003.wav"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
        using var again = File.OpenRead(bytes);
        var answers = Shipment.Of(run).Read(again).SelectMany(a => a.ToArray()).ToArray();
        double[] ratios = new double[3];
        for (var i = 0; i < 3; i++)
        {
            var wav = WavFile.Read(Path.Combine(folder, $"00000{i + 1}.wav"));
            Assert.Equal((8000, 1, 256), (wav.SampleRate, wav.Channels, wav.Length));
            for (var t = 0; t < 256; t++) Assert.Equal(Math.Clamp(answers[(256 * i) + t], -1, 1), wav.Samples[t], 1f / 32000);
            ratios[i] = SoundQuality.SiSdrDb(data.Row(i), answers.AsSpan(256 * i, 256));
        }
        Assert.All(ratios, r => Assert.True(double.IsFinite(r)));
        // The summary's is the mean over the test rows.
        var own = run.LoadOwn();
        using var noGrad = new NoGrad();
        run.Model.Network.Eval();
        var mean = own.Split.Test.Average(row => SoundQuality.SiSdrDb(own.Data.Row(row), run.Model.Network.Forward(Tensor.From(own.Data.Row(row), 1, 1, 256)).Data));
        Assert.Equal(mean, summary.Test.SiSdrDb!.Value, 1e-3);
        Assert.Null(new Quality().SiSdrDb);
    }

    [Fact]
    public void SizesThatDoNotMeet_AreRefusedByName()
    {
        string Refused(params string[] sets) => Assert.Throws<InputException>(() => TrainJob.Start(RecipeFile.Parse(Codec, "test", [.. sets.Select(Override.Parse)]), new TrainOptions { Out = Path.Combine(_folder, "x"), Report = false })).Message;
        Assert.Contains("deconv1d, which makes sounds", Refused("data.source=make:moons,n=50", "encoder={type: mlp, widths: [4]}", "bottleneck=identity"), StringComparison.Ordinal);
        Assert.Contains("cannot end in 256 steps", Refused("decoder.channels=[16, 16, 16]", "decoder.padding=0"), StringComparison.Ordinal);
    }
}
