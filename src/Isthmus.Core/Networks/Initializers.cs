using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>PyTorch's initial weights.</summary>
public static class Initializers
{
    /// <summary>Uniform on [-bound, bound].</summary>
    public static Tensor Uniform(RandomStream random, float bound, params ReadOnlySpan<int> shape)
    {
        var values = Tensor.Rand(random, shape);
        foreach (ref var v in values.Data) v = ((2 * v) - 1) * bound;
        return values;
    }

    /// <summary>
    /// What <c>torch.nn.Linear</c> and the convolutions start from: uniform on ±1/sqrt(fan-in), which is
    /// <c>kaiming_uniform_(a=sqrt(5))</c> (He et al. 2015 with PyTorch's constant).
    /// </summary>
    public static Tensor FanIn(RandomStream random, int fanIn, params ReadOnlySpan<int> shape) =>
        Uniform(random, fanIn > 0 ? 1f / MathF.Sqrt(fanIn) : 0f, shape);

    /// <summary>Normal with mean 0 and a standard deviation.</summary>
    public static Tensor Normal(RandomStream random, float std, params ReadOnlySpan<int> shape)
    {
        var values = Tensor.Randn(random, shape);
        foreach (ref var v in values.Data) v *= std;
        return values;
    }
}
