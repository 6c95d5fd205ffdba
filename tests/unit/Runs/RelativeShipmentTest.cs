using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

public class RelativeShipmentTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Run Train(string bottleneck)
    {
        var recipe = RecipeFile.Parse($$"""
            data: {source: "make:moons,n=600,noise=0.1"}
            encoder: {type: mlp, widths: [32]}
            bottleneck: {{bottleneck}}
            decoder: linear
            training: {epochs: 30, batch: 32, learning_rate: 0.01}
            """, "test");
        return Run.Load(TrainJob.Start(recipe, new TrainOptions { Out = Path.Combine(_folder, "run"), Report = false }).Run);
    }

    [Theory]
    [InlineData("standard")]
    [InlineData("diagonal")]
    public void Samples_ArriveAtAboutTheBound_AndAnswerAsWell(string prior)
    {
        var shipment = RelativeShipment.Of(Train($"{{type: vib, latent: 2, beta: 1e-2, prior: {prior}}}"), 40);
        Assert.Equal(40, shipment.Rows);
        Assert.InRange(shipment.SentBits, shipment.BoundBits - 2, shipment.BoundBits + 6); // rounding up and three bits of slack a block
        Assert.True(shipment.Test.Accuracy > shipment.Sampled.Accuracy - 0.1, $"{shipment.Test.Accuracy} and {shipment.Sampled.Accuracy}");
    }

    [Fact]
    public void OtherBottlenecks_AreRefused() =>
        Assert.Contains("vib", Assert.Throws<InputException>(() => RelativeShipment.Of(Train("identity"), 5)).Message);
}
