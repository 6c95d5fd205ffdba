using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Stochastic gradient descent with momentum, in the form of <c>torch.optim.SGD</c>: v = momentum v + g, p = p - rate v; the
/// weight decay is added to the gradient.
/// </summary>
public sealed class Sgd : Optimizer
{
    private readonly Tensor[] _velocity;
    private readonly float _momentum, _weightDecay;

    /// <summary>An optimiser of named parameters.</summary>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="momentum">In [0, 1).</param>
    /// <param name="weightDecay">At least 0.</param>
    public Sgd(IEnumerable<(string Name, Tensor Value)> parameters, float learningRate, float momentum = 0.9f, float weightDecay = 0f) : base(parameters, learningRate)
    {
        if (momentum is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "momentum lies in [0, 1)");
        (_momentum, _weightDecay) = (momentum, weightDecay);
        _velocity = ZerosLikeParameters();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> StateDict() => Named(("momentum_buffer", _velocity));

    /// <inheritdoc/>
    protected override void Update(int i, Tensor parameter, Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(gradient);
        var p = parameter.Data;
        var g = gradient.Data;
        var v = _velocity[i].Data;
        for (var k = 0; k < p.Length; k++)
        {
            v[k] = (_momentum * v[k]) + (g[k] + (_weightDecay * p[k]));
            p[k] -= LearningRate * v[k];
        }
    }
}
