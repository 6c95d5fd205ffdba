using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>All dimensions after the batch made one (<c>torch.nn.Flatten</c>).</summary>
public sealed class Flatten : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Dim == 2 ? x : x.Flatten(1);
    }
}

/// <summary>The features of a batch given a shape (<c>torch.nn.Unflatten</c> of dimension 1).</summary>
public sealed class Unflatten(params int[] shape) : Module
{
    /// <summary>[batch, n] to [batch, shape…].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Reshape([x.Size(0), .. shape]);
    }
}
