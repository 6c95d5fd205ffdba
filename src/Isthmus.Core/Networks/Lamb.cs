using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// LAMB (You, Li, Reddi, Hseu, Kumar, Bhojanapalli, Song, Demmel, Keutzer, Hsieh 2020, algorithm 2): the direction u of Adam plus the decay, scaled
/// for each tensor by |p| / |u|; by 1 where either norm is 0.
/// </summary>
public sealed class Lamb : Optimizer
{
    private readonly Tensor[] _first, _second;
    private readonly double _beta1, _beta2, _eps;

    /// <summary>An optimiser of named parameters.</summary>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="beta1">Decay of the first moment, in [0, 1).</param>
    /// <param name="beta2">Decay of the second moment, in [0, 1).</param>
    /// <param name="eps">Added to the root of the second moment.</param>
    /// <param name="weightDecay">At least 0; acts on the weights, as in AdamW.</param>
    public Lamb(IEnumerable<(string Name, Tensor Value)> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-6, double weightDecay = 0.01) : base(parameters, learningRate, weightDecay)
    {
        if (beta1 is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(beta1), beta1, "beta1 lies in [0, 1)");
        if (beta2 is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(beta2), beta2, "beta2 lies in [0, 1)");
        (_beta1, _beta2, _eps) = (beta1, beta2, eps);
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
        var p = parameter.Data;
        var g = gradient.Data;
        var m = _first[i].Data;
        var v = _second[i].Data;
        var (correct1, correct2) = (1 - Math.Pow(_beta1, Steps), 1 - Math.Pow(_beta2, Steps));
        double weights = 0, moves = 0;
        for (var k = 0; k < p.Length; k++)
        {
            m[k] = (float)((_beta1 * m[k]) + ((1 - _beta1) * g[k]));
            v[k] = (float)((_beta2 * v[k]) + ((1 - _beta2) * g[k] * g[k]));
            var move = Move(k, p, m, v);
            weights += (double)p[k] * p[k];
            moves += move * move;
        }
        var trust = weights > 0 && moves > 0 ? Math.Sqrt(weights / moves) : 1;
        for (var k = 0; k < p.Length; k++) p[k] -= (float)(learningRate * trust * Move(k, p, m, v));

        double Move(int k, Span<float> p, Span<float> m, Span<float> v) =>
            (m[k] / correct1 / (Math.Sqrt(v[k] / correct2) + _eps)) + (weightDecay * p[k]);
    }
}
