using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How the weight of the rate moves in training.</summary>
public enum BetaMode
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>It rises from 0 in a straight line (Bowman et al. 2016), which keeps dimensions from dying early.</summary>
    Anneal,

    /// <summary>It is a Lagrange multiplier that rises while the rate is above a target and falls below it (Rezende and Viola 2018).</summary>
    Target,
}

/// <summary>The weight of the rate, nats per nat.</summary>
public sealed class BetaSchedule : Module
{
    private readonly BetaMode _mode;
    private readonly float _beta, _targetNats, _speed;
    private readonly long _steps;
    private readonly Tensor? _logBeta;

    /// <summary>A schedule.</summary>
    /// <param name="mode">How it moves.</param>
    /// <param name="beta">Its final value, or where the multiplier starts.</param>
    /// <param name="annealSteps">Steps of the rise.</param>
    /// <param name="target">The rate to hold.</param>
    /// <param name="speed">How fast the multiplier moves: change of ln beta a step for a rate that is off by 100 %.</param>
    public BetaSchedule(BetaMode mode, float beta, long annealSteps = 1000, Bits target = default, float speed = 0.02f)
    {
        if (!(beta >= 0)) throw new ArgumentOutOfRangeException(nameof(beta), beta, "beta is at least 0");
        if (mode == BetaMode.Target && !(target.Value > 0)) throw new ArgumentOutOfRangeException(nameof(target), target, "a target rate is above 0 bits");
        (_mode, _beta, _steps, _targetNats, _speed) = (mode, beta, Math.Max(1, annealSteps), (float)target.Nats, speed);
        if (mode == BetaMode.Target) _logBeta = AddBuffer("log_beta", Tensor.Full([1], MathF.Log(Math.Max(beta, 1e-8f))));
    }

    /// <summary>The weight now.</summary>
    public float Current(PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        return _mode switch
        {
            BetaMode.Anneal when c.Training => _beta * Math.Min(1f, (float)c.Step / _steps),
            BetaMode.Target => MathF.Exp(_logBeta!.Data[0]),
            _ => _beta,
        };
    }

    /// <summary>Moves the multiplier after a training step.</summary>
    /// <param name="nats">The mean rate of the batch.</param>
    public void Observe(float nats)
    {
        if (_mode != BetaMode.Target || !float.IsFinite(nats)) return;
        var off = Math.Clamp((nats - _targetNats) / _targetNats, -1f, 1f);
        _logBeta!.Data[0] = Math.Clamp(_logBeta.Data[0] + (_speed * off), -18f, 7f);
    }
}
