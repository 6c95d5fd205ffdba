using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Networks;

/// <summary>
/// Stochastic gradient descent with momentum, in the form of <c>torch.optim.SGD</c>: d = g + decay p, v = momentum v + d,
/// p = p - rate v; with Nesterov's look ahead p = p - rate (d + momentum v) (Sutskever, Martens, Dahl, Hinton 2013).
/// </summary>
public sealed unsafe class Sgd : Optimizer
{
    private readonly Tensor[] _velocity;
    private readonly float _momentum;
    private readonly bool _nesterov;

    /// <summary>An optimiser of named parameters.</summary>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="momentum">In [0, 1).</param>
    /// <param name="weightDecay">At least 0.</param>
    /// <param name="nesterov">Nesterov's form; needs a momentum.</param>
    public Sgd(IEnumerable<(string Name, Tensor Value)> parameters, float learningRate, float momentum = 0.9f, float weightDecay = 0f, bool nesterov = false) : base(parameters, learningRate, weightDecay)
    {
        if (momentum is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "momentum lies in [0, 1)");
        if (nesterov && momentum == 0) throw new ArgumentException("sgd: Nesterov's form needs a momentum above 0", nameof(nesterov));
        (_momentum, _nesterov) = (momentum, nesterov);
        _velocity = ZerosLikeParameters();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> StateDict() => Named(("momentum_buffer", _velocity));

    /// <inheritdoc/>
    protected override void Update(int i, Tensor parameter, Tensor gradient, float learningRate, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(gradient);
        SgdKernel.Step(parameter.Pointer, gradient.Pointer, _velocity[i].Pointer, parameter.Numel,
            new SgdStep(learningRate, _momentum, (float)weightDecay, _nesterov));
    }
}
