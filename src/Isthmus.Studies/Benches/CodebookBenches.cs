using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.Benches;

/// <summary>Quantisers alone: forward, backward and the running averages of one batch, without a projection; and a sparse autoencoder with its optimiser.</summary>
internal static class CodebookBenches
{
    public static Action Nearest(int rows, int width, int codes)
    {
        var random = new RandomStream(1);
        var (x, table) = (Tensor.Randn(random, rows, width), Tensor.Randn(random, codes, width));
        return () => x.NearestRows(table);
    }

    public static Action Vector(int rows, int width, int codes, CodeEstimator estimator) => Step(rows, width,
        new VectorQuantizer(width, new VqOptions { Codes = codes, Width = width, Project = CodeProjection.None, Estimator = estimator, DeadThreshold = 0 }, new RandomStream(1)));

    public static Action Residual(int rows, int width, int codes, int stages) => Step(rows, width,
        new ResidualQuantizer([width], new RvqOptions { Codes = [codes], Stages = stages, Width = width, Project = CodeProjection.None, DeadThreshold = 0 }, new RandomStream(1)));

    public static Action TopK(int rows, int width, int features, int active)
    {
        var random = new RandomStream(2);
        var x = Tensor.Randn(random, rows, width);
        var autoencoder = new TopKAutoencoder(width, new TopKOptions { Features = features, Active = active, Aux = 0 }, new RandomStream(1));
        var adam = new Adam(autoencoder.NamedParameters());
        return () =>
        {
            using var scope = new TensorScope("bench");
            adam.ZeroGrad();
            var passage = autoencoder.Pass(x, new PassContext(PassMode.Sample, random) { Training = true });
            passage.Terms[0].Value.Backward();
            adam.Step();
        };
    }

    private static Action Step(int rows, int width, CodebookBottleneck bottleneck)
    {
        var random = new RandomStream(2);
        var (x, g) = (Tensor.Randn(random, rows, width), Tensor.Randn(random, rows, width));
        x.RequiresGrad = true;
        return () =>
        {
            using var scope = new TensorScope("bench");
            x.ZeroGrad();
            var passage = bottleneck.Pass(x, new PassContext(PassMode.Sample, random) { Training = true });
            var loss = (passage.Output * g).Sum();
            foreach (var term in passage.Terms) loss += term.Value * term.Weight;
            loss.Backward();
        };
    }
}
