using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>y = x W^T + b over the last dimension (<c>torch.nn.Linear</c>).</summary>
public sealed class Linear : Module
{
    /// <summary>A layer with PyTorch's initial weights.</summary>
    /// <param name="inFeatures">Size of the input's last dimension.</param>
    /// <param name="outFeatures">Size of the output's last dimension.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="bias">Whether b is there.</param>
    public Linear(int inFeatures, int outFeatures, RandomStream random, bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        Weight = AddParameter("weight", Initializers.FanIn(random, inFeatures, outFeatures, inFeatures));
        if (bias) Bias = AddParameter("bias", Initializers.FanIn(random, inFeatures, outFeatures));
    }

    /// <summary>W, [out, in].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [out], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>[…, in] to […, out].</summary>
    protected override Tensor Compute(Tensor x) => x.Linear(Weight, Bias);
}
