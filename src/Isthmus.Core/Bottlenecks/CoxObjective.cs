using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Proportional hazards: the prediction is the logarithm of a sample's hazard ratio, and the loss is the negative logarithm of the partial
/// likelihood of a batch, ties as Breslow treats them. D. R. Cox: "Regression models and life-tables", J. R. Statist. Soc. B 34, 1972,
/// section 5; N. Breslow: "Covariance analysis of censored survival data", Biometrics 30, 1974; of networks, Katzman et al.:
/// "DeepSurv", BMC Med. Res. Methodol. 18, 2018.
/// </summary>
/// <remarks>Each event is compared with the samples of the batch that were still there: large batches come near the whole likelihood.</remarks>
public sealed class CoxObjective : Objective
{
    private const float Gone = -1e30f; // its exponential is 0

    /// <summary>The mean over the batch's events, nats an event; 0 where there are none.</summary>
    public override IReadOnlyList<Term> Terms(Batch b, Passage p, Tensor prediction)
    {
        var each = NegativeLogLikelihood(b, prediction);
        return [new Term("task", each.Sum() * (1f / Math.Max(1f, b.Events!.Sum().Item())), 1f)];
    }

    /// <summary>Of each event ln Σ exp(f) over those still there, minus its own f; 0 for samples without the event. [batch], nats.</summary>
    public override Tensor NegativeLogLikelihood(Batch b, Tensor prediction)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        if (b?.Times is not { } times || b.Events is not { } events) throw new ArgumentException("cox: the batch has no times and events");
        var n = (int)times.Numel;
        if (prediction.Numel != n) throw new ArgumentException($"cox: one number a sample is needed, [{n}], not [{string.Join(", ", prediction.Shape.ToArray())}]");
        var score = prediction.Reshape(n);
        var gone = Tensor.Zeros(n, n);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                if (times.Data[j] < times.Data[i]) gone.Data[(i * n) + j] = Gone;
        return ((score.Reshape(1, n) + gone).LogSumExp(1) - score) * events;
    }
}
