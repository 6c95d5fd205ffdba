using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.Benches;

/// <summary>Sparse heads over concepts, on numbers that the peer's script makes too.</summary>
internal static class HeadBenches
{
    private const int Rows = 5000, Features = 128, Classes = 10, Lambdas = 100;

    /// <summary>A path of 100 lambdas; a step returns the mean of the objectives.</summary>
    public static Func<double> Path()
    {
        var (x, labels) = Problem();
        return () =>
        {
            using var scope = new TensorScope("bench");
            return ElasticNetPath.Fit(x, labels, Classes, new ElasticNetOptions { Lambdas = Lambdas }).Points.Average(p => p.Objective);
        };
    }

    // Correlated features; twenty of them bear on each class; labels are drawn from the softmax.
    private static (Tensor X, LongTensor Labels) Problem()
    {
        double[] own = CounterNumbers.Normal(1, Rows * Features), common = CounterNumbers.Normal(2, Rows), weights = CounterNumbers.Normal(3, Classes * 20), draw = CounterNumbers.Uniform(4, Rows * Classes);
        var x = Tensor.Zeros(Rows, Features);
        var labels = new long[Rows];
        for (var i = 0; i < Rows; i++)
        {
            for (var j = 0; j < Features; j++) x.Data[(i * Features) + j] = (float)(own[(i * Features) + j] + (0.5 * common[i]));
            var best = double.NegativeInfinity;
            for (var k = 0; k < Classes; k++)
            {
                var logit = -Math.Log(-Math.Log(draw[(i * Classes) + k]));
                for (var j = 0; j < 20; j++) logit += weights[(k * 20) + j] * x.Data[(i * Features) + ((12 * k) + j) % Features];
                if (logit > best) (best, labels[i]) = (logit, k);
            }
        }
        return (x, LongTensor.Over(labels));
    }
}
