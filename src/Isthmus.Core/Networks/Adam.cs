using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Networks;

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1) in PyTorch's order of operations; with decoupled weight decay it is AdamW
/// (Loshchilov and Hutter 2019).
/// </summary>
public sealed unsafe class Adam : Optimizer
{
    private readonly Tensor[] _first, _second;
    private readonly double _beta1, _beta2, _eps;
    private readonly bool _decoupled;

    /// <summary>An optimiser of named parameters with PyTorch's defaults.</summary>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="beta1">Decay of the first moment, in [0, 1).</param>
    /// <param name="beta2">Decay of the second moment, in [0, 1).</param>
    /// <param name="eps">Added to the root of the second moment.</param>
    /// <param name="weightDecay">At least 0.</param>
    /// <param name="decoupled">AdamW: the decay acts on the weights, not through the gradient.</param>
    public Adam(IEnumerable<(string Name, Tensor Value)> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, bool decoupled = false) : base(parameters, learningRate, weightDecay)
    {
        if (beta1 is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(beta1), beta1, "beta1 lies in [0, 1)");
        if (beta2 is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(beta2), beta2, "beta2 lies in [0, 1)");
        (_beta1, _beta2, _eps, _decoupled) = (beta1, beta2, eps, decoupled);
        _first = ZerosLikeParameters();
        _second = ZerosLikeParameters();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> StateDict() => Named(("exp_avg", _first), ("exp_avg_sq", _second));

    /// <inheritdoc/>
    protected override void Update(int i, Tensor parameter, Tensor gradient, float learningRate, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(gradient);
        AdamKernel.Step(parameter.Pointer, gradient.Pointer, _first[i].Pointer, _second[i].Pointer, parameter.Numel,
            new AdamStep(learningRate, _beta1, _beta2, _eps, weightDecay, _decoupled, Steps));
    }
}
