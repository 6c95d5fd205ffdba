using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>Which variational bound a network is trained for and read with.</summary>
public enum CriticKind
{
    /// <summary>InfoNCE (van den Oord et al. 2018): a lower bound of at most ln K.</summary>
    InfoNce,

    /// <summary>Nguyen, Wainwright, Jordan (2010): a lower bound of large variance.</summary>
    Nwj,

    /// <summary>Donsker and Varadhan, trained as MINE (Belghazi et al. 2018) with a moving average of the denominator.</summary>
    Dv,

    /// <summary>SMILE (Song and Ermon 2020): trained by Jensen–Shannon, DV with clipped ratios; no bound.</summary>
    Smile,

    /// <summary>Trained by Jensen–Shannon (Hjelm et al. 2019), read as NWJ: a lower bound.</summary>
    Js,

    /// <summary>TUBA (Poole et al. 2019) with a learned baseline a(y): a lower bound.</summary>
    Tuba,

    /// <summary>CLUB (Cheng et al. 2020) with a learned Gaussian conditional: an upper bound only where that is exact.</summary>
    Club,

    /// <summary>The leave-one-out bound (Poole et al. 2019) with a learned Gaussian conditional: an upper bound only where that is exact.</summary>
    L1Out,
}

/// <summary>The loss that trains a critic on a batch of scores, and the value it is read with.</summary>
internal sealed class CriticObjective(CriticKind kind, double tau)
{
    private const float Far = -1e9f, MostLog = 20; // e^20 in a product term: the critic has run away, and the gradient stays finite
    private const double Memory = 0.9;
    private double _logAverage = double.NaN;

    /// <summary>The loss of K × K scores, as a scalar that gradients flow from; <paramref name="eye"/> is the identity.</summary>
    public Tensor Loss(Tensor scores, Tensor eye)
    {
        var k = scores.Size(0);
        var diagonal = (scores * eye).Sum() * (1f / k);
        switch (kind)
        {
            case CriticKind.InfoNce:
                return scores.LogSumExp(1).Mean() - diagonal;
            case CriticKind.Club or CriticKind.L1Out:
                return -diagonal;
            case CriticKind.Smile or CriticKind.Js:
                return ((-scores).Softplus() * eye).Sum() * (1f / k) + (scores.Softplus() * (1f - eye)).Sum() * (1f / (k * (k - 1f)));
        }
        var logMean = ((scores + eye * Far).Reshape(k * k).LogSumExp(0) - MathF.Log(k * (k - 1f))).Clamp(max: MostLog);
        if (kind == CriticKind.Nwj) return (logMean - 1f).Exp() - diagonal;
        if (kind == CriticKind.Tuba) return logMean.Exp() - diagonal;
        var now = logMean.Item();
        _logAverage = double.IsNaN(_logAverage) ? now : Math.Max(_logAverage, now) + Math.Log(
            Memory * Math.Exp(_logAverage - Math.Max(_logAverage, now)) + (1 - Memory) * Math.Exp(now - Math.Max(_logAverage, now)));
        return (logMean - (float)_logAverage).Exp() - diagonal;
    }

    /// <summary>The value of a batch of scores, in nats.</summary>
    public double Value(double[,] scores) => kind switch
    {
        CriticKind.InfoNce => CriticBounds.InfoNce(scores),
        CriticKind.Nwj => CriticBounds.NguyenWainwrightJordan(scores),
        CriticKind.Dv => CriticBounds.DonskerVaradhan(scores),
        CriticKind.Smile => CriticBounds.Smile(scores, tau),
        CriticKind.Club => CriticBounds.Club(scores),
        CriticKind.L1Out => CriticBounds.LeaveOneOut(scores),
        _ => CriticBounds.NguyenWainwrightJordan(Plus(scores, 1)),
    };

    private static double[,] Plus(double[,] scores, double shift)
    {
        var moved = (double[,])scores.Clone();
        for (var i = 0; i < moved.GetLength(0); i++)
            for (var j = 0; j < moved.GetLength(1); j++) moved[i, j] += shift;
        return moved;
    }
}
