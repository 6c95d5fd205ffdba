using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Adagrad (Duchi, Hazan, Singer 2011, figure 1, diagonal) in the form of <c>torch.optim.Adagrad</c>: s = s + g^2,
/// p = p - rate / (1 + (t - 1) decay) g / (sqrt(s) + eps).
/// </summary>
public sealed class Adagrad : Optimizer
{
    private readonly Tensor[] _sums;
    private readonly float _rateDecay, _eps;

    /// <summary>An optimiser of named parameters with PyTorch's defaults.</summary>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="rateDecay">How fast the rate itself falls, at least 0.</param>
    /// <param name="weightDecay">At least 0; acts through the gradient.</param>
    /// <param name="initialSum">What the sums of squares start from, at least 0.</param>
    /// <param name="eps">Added to the root, above 0.</param>
    public Adagrad(IEnumerable<(string Name, Tensor Value)> parameters, float learningRate = 1e-2f, float rateDecay = 0f, float weightDecay = 0f,
        float initialSum = 0f, float eps = 1e-10f) : base(parameters, learningRate, weightDecay)
    {
        if (!(rateDecay >= 0)) throw new ArgumentOutOfRangeException(nameof(rateDecay), rateDecay, "a decay is at least 0");
        if (!(initialSum >= 0)) throw new ArgumentOutOfRangeException(nameof(initialSum), initialSum, "a sum of squares is at least 0");
        (_rateDecay, _eps) = (rateDecay, eps);
        _sums = ZerosLikeParameters();
        foreach (var sum in _sums) sum.Data.Fill(initialSum);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> StateDict() => Named(("sum", _sums));

    /// <inheritdoc/>
    protected override void Update(int i, Tensor parameter, Tensor gradient, float learningRate, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(gradient);
        var p = parameter.Data;
        var g = gradient.Data;
        var s = _sums[i].Data;
        var rate = (float)(learningRate / (1 + ((Steps - 1) * (double)_rateDecay)));
        var decay = (float)weightDecay;
        for (var k = 0; k < p.Length; k++)
        {
            var d = g[k] + (decay * p[k]);
            s[k] += d * d;
            p[k] -= rate * d / (MathF.Sqrt(s[k]) + _eps);
        }
    }
}
