using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class PartsTest
{
    [Theory]
    [InlineData("constant", 0, 500, 1)]
    [InlineData("cosine", 0, 0, 1)]
    [InlineData("cosine", 0, 500, 0.55)]
    [InlineData("cosine", 0, 1000, 0.1)]
    [InlineData("cosine", 200, 99, 0.5)]
    [InlineData("cosine", 200, 600, 0.55)]
    [InlineData("step", 0, 19, 1)]
    [InlineData("step", 0, 20, 0.5)]
    [InlineData("step", 0, 40, 0.25)]
    [InlineData("exponential", 0, 10, 0.9)]
    [InlineData("exponential", 0, 25, 0.76843347142)]
    [InlineData("one-cycle", 0, 0, 0.04)]
    [InlineData("one-cycle", 0, 299, 1)]
    [InlineData("one-cycle", 0, 999, 0.000004)]
    [InlineData("plateau", 0, 500, 1)]
    public void Schedules_FollowTheirFormulas(string name, int warmup, int step, double factor)
    {
        var training = new TrainingRecipe { Schedule = name, Warmup = warmup, Epochs = 100, FinalShare = 0.1, StepEpochs = 2, StepFactor = 0.5, EpochFactor = 0.9 };
        Assert.Equal(factor, TrainingSettings.Schedule(training, 10).Factor(step), 9);
    }

    [Fact]
    public void APhase_ReplacesOnlyWhatItNames()
    {
        var merged = TrainingSettings.Of(new TrainingRecipe { Batch = 7, Ema = 0.9, Schedule = "cosine" }, new PhaseRecipe { Ema = 0, Optimizer = "lamb", DecayBiases = false });
        Assert.Equal(new TrainingRecipe { Batch = 7, Schedule = "cosine", Optimizer = "lamb", DecayBiases = false }, merged);
        string[] own = ["name", "train", "freeze", "objective", "weights", "true_concepts"];
        Assert.Empty(OptionModel.Fields(typeof(PhaseRecipe)).Select(f => f.Name).Except(own).Except(OptionModel.Fields(typeof(TrainingRecipe)).Select(f => f.Name)));
    }

    // A zero gradient leaves nothing but the decay: p (1 - rate decay) for weights, p for what has one dimension.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DecayGroups_SpareBiases(bool all)
    {
        var (weight, bias) = (Tensor.Ones(2, 2), Tensor.Ones(2));
        foreach (var t in (Tensor[])[weight, bias]) t.RequiresGrad = true;
        var optimizer = TrainingSettings.Optimizer(new TrainingRecipe { Optimizer = "adamw", LearningRate = 0.5, WeightDecay = 0.1, DecayBiases = all }, [("weight", weight), ("bias", bias)]);
        using (new TensorScope("s")) ((weight.Sum() + bias.Sum()) * 0f).Backward();
        optimizer.Step();
        Assert.All(weight.ToArray(), w => Assert.Equal(0.95f, w, 6));
        Assert.All(bias.ToArray(), b => Assert.Equal(all ? 0.95f : 1f, b, 6));
        Assert.Equal(["weight.exp_avg", "weight.exp_avg_sq", "bias.exp_avg", "bias.exp_avg_sq"], optimizer.StateDict().Keys.OrderByDescending(k => k[0]).ThenBy(k => k.Length));
    }

    // v = m v + g + d p, p -= r v, by hand in double precision.
    [Fact]
    public void Sgd_MovesAsItsFormulaSays()
    {
        var p = Tensor.From([1f, -2f]);
        p.RequiresGrad = true;
        var optimizer = new Sgd([("p", p)], 0.1f, momentum: 0.5f, weightDecay: 0.01f);
        double[] expected = [1, -2], velocity = [0, 0];
        for (var step = 0; step < 5; step++)
        {
            using (new TensorScope("step")) (p.Square().Sum() * 0.5f).Backward();
            optimizer.Step();
            optimizer.ZeroGrad();
            for (var i = 0; i < 2; i++)
            {
                velocity[i] = (0.5 * velocity[i]) + (1.01 * expected[i]);
                expected[i] -= 0.1 * velocity[i];
            }
        }
        Assert.Equal(expected[0], p.Data[0], 6);
        Assert.Equal(expected[1], p.Data[1], 6);
        Assert.Equal(["p.momentum_buffer"], optimizer.StateDict().Keys);
    }

    [Fact]
    public void ClippedGradients_KeepTheirDirection()
    {
        var (a, b) = (Tensor.From([0f]), Tensor.From([0f, 0f]));
        foreach (var t in (Tensor[])[a, b]) t.RequiresGrad = true;
        using (new TensorScope("s")) ((a * 3f).Sum() + (b * Tensor.From([4f, 0f])).Sum()).Backward();
        Assert.Equal(5, GradientClipping.ClipNorm([a, b], 10), 6);
        Assert.Equal(3, a.Grad!.Item());
        Assert.Equal(5, GradientClipping.ClipNorm([a, b], 1), 6);
        Assert.Equal(0.6f, a.Grad!.Item(), 6);
        Assert.Equal([0.8f, 0f], b.Grad!.ToArray());
    }

    [Theory]
    [InlineData("bottleneck.beta=1e-4..1", 5, "0.0001,0.001,0.01,0.1,1")]
    [InlineData("bottleneck.beta=1..2", 3, "1,1.5,2")]
    [InlineData("bottleneck.latent=1..64", 4, "1,4,16,64")]
    [InlineData("bottleneck.latent=2..5", 8, "2,3,4,5")]
    [InlineData("training.epochs=10..20", 3, "10,15,20")]
    [InlineData("bottleneck.prior=standard, vamp", 9, "standard,vamp")]
    [InlineData("bottleneck.beta=0..1", 3, "0,0.5,1")]
    public void SweepRanges_AreEvenInTheLogarithmWhereTheyAreWide(string text, int points, string expected)
    {
        var recipe = RecipeFile.Parse("bottleneck: vib", "r");
        Assert.Equal(expected, string.Join(',', SweepRange.Parse(text, points, recipe).Values));
    }

    [Theory]
    [InlineData(32, 32, 3)]
    [InlineData(28, 28, 1)]
    [InlineData(29, 29, 1)]
    [InlineData(16, 24, 1)]
    public void TheDeconvMirror_BringsBackTheSizeOfThePicture(int height, int width, int channels)
    {
        var schema = new Schema { Kind = DataKind.Images, FeatureShape = [channels, height, width] };
        var model = Model.Build(RecipeDefaults.Complete(RecipeFile.Parse("encoder: {type: conv, channels: [4, 8], width: 0}\nbottleneck: {type: vib, latent: 3}", "r"), schema), schema);
        using var scope = new TensorScope("test");
        Assert.Equal([2, channels, height, width], model.Network.Forward(Tensor.Zeros(2, channels, height, width)).Shape.ToArray());
    }

    [Fact]
    public void ClassWeights_AreTheWeightedMean()
    {
        var weighted = new Isthmus.Bottlenecks.CrossEntropyObjective(Tensor.From([1f, 3f]));
        var batch = new Isthmus.Bottlenecks.Batch(Tensor.Zeros(3, 1)) { Labels = LongTensor.From([0L, 1, 1]) };
        var logits = Tensor.From([2f, 0, 1, 0.5f, -1, 1], 3, 2);
        double Nll(double own, double other) => Math.Log(Math.Exp(own) + Math.Exp(other)) - own;
        var expected = (Nll(2, 0) + (3 * Nll(0.5, 1)) + (3 * Nll(1, -1))) / 7;
        var passage = new Isthmus.Bottlenecks.Passage(logits, null, [], () => throw new NotSupportedException());
        Assert.Equal(expected, weighted.Terms(batch, passage, logits)[0].Value.Item(), 5);
    }

    [Fact]
    public void ARecipeDifference_NamesTheFields()
    {
        var a = RecipeFile.Parse("name: a\nencoder: {type: mlp, widths: [3, 4]}", "r");
        var b = RecipeFile.Parse("name: a\nencoder: {type: linear, width: 5}", "r");
        Assert.Equal(["encoder.type=mlp|linear", "encoder.widths=3, 4|", "encoder.activation=relu|", "encoder.norm=none|", "encoder.dropout=0|", "encoder.embedding=auto|", "encoder.width=|5"],
            RecipeDifference.Of([a, b]).Select(d => $"{d.Field}={string.Join('|', d.Values)}"));
    }
}
