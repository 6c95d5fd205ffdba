using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// RMSprop (Hinton 2012, lecture 6e of "Neural networks for machine learning") in the form of <c>torch.optim.RMSprop</c>:
/// s = alpha s + (1 - alpha) g^2, b = momentum b + g / (sqrt(s) + eps), p = p - rate b. Centred, the running mean's square is taken
/// off s (Graves 2013, equations 38 to 45).
/// </summary>
public sealed class RmsProp : Optimizer
{
    private readonly Tensor[] _squares, _velocity, _means;
    private readonly float _alpha, _eps, _momentum;
    private readonly bool _centered;

    /// <summary>An optimiser of named parameters with PyTorch's defaults.</summary>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="alpha">Decay of the mean of squares, in [0, 1).</param>
    /// <param name="eps">Added to the root, above 0.</param>
    /// <param name="weightDecay">At least 0; acts through the gradient.</param>
    /// <param name="momentum">In [0, 1).</param>
    /// <param name="centered">Divides by the standard deviation, not by the root of the mean square.</param>
    public RmsProp(IEnumerable<(string Name, Tensor Value)> parameters, float learningRate = 1e-2f, float alpha = 0.99f, float eps = 1e-8f,
        float weightDecay = 0f, float momentum = 0f, bool centered = false) : base(parameters, learningRate, weightDecay)
    {
        if (alpha is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "alpha lies in [0, 1)");
        if (momentum is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "momentum lies in [0, 1)");
        (_alpha, _eps, _momentum, _centered) = (alpha, eps, momentum, centered);
        _squares = ZerosLikeParameters();
        _velocity = momentum > 0 ? ZerosLikeParameters() : [];
        _means = centered ? ZerosLikeParameters() : [];
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> StateDict() => Named(("square_avg", _squares), ("momentum_buffer", _velocity), ("grad_avg", _means));

    /// <inheritdoc/>
    protected override void Update(int i, Tensor parameter, Tensor gradient, float learningRate, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(gradient);
        var p = parameter.Data;
        var g = gradient.Data;
        var s = _squares[i].Data;
        var v = _momentum > 0 ? _velocity[i].Data : default;
        var m = _centered ? _means[i].Data : default;
        var decay = (float)weightDecay;
        for (var k = 0; k < p.Length; k++)
        {
            var d = g[k] + (decay * p[k]);
            s[k] = (_alpha * s[k]) + ((1 - _alpha) * d * d);
            var variance = s[k];
            if (_centered)
            {
                m[k] = (_alpha * m[k]) + ((1 - _alpha) * d);
                variance = MathF.Max(0, variance - (m[k] * m[k]));
            }
            var move = d / (MathF.Sqrt(variance) + _eps);
            if (_momentum > 0) move = v[k] = (_momentum * v[k]) + move;
            p[k] -= learningRate * move;
        }
    }
}
