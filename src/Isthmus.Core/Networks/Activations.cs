using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>max(x, 0) as a module.</summary>
public sealed class ReLU : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Relu();
}

/// <summary>The hyperbolic tangent as a module.</summary>
public sealed class Tanh : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Tanh();
}

/// <summary>1 / (1 + e^-x) as a module.</summary>
public sealed class Sigmoid : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Sigmoid();
}

/// <summary>x Phi(x) as a module.</summary>
public sealed class GELU : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Gelu();
}

/// <summary>x sigmoid(x) as a module.</summary>
public sealed class SiLU : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Silu();
}
