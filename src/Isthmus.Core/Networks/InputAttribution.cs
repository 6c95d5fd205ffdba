using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>Which entries of an input an answer rests on. All for one score a row; shapes are those of the input.</summary>
public static class InputAttribution
{
    /// <summary>The gradient of the score (Simonyan, Vedaldi and Zisserman: "Deep Inside Convolutional Networks", 2014).</summary>
    /// <param name="score">From inputs [n, …] to one score a row: [n] or [n, 1]. Rows must not depend on one another.</param>
    /// <param name="inputs">[n, …].</param>
    public static Tensor Gradient(Func<Tensor, Tensor> score, Tensor inputs)
    {
        ArgumentNullException.ThrowIfNull(score);
        ArgumentNullException.ThrowIfNull(inputs);
        var gradient = Tensor.Zeros(inputs.Shape);
        using (var scope = new TensorScope("attribution"))
        {
            var x = Tensor.From(inputs.Data, inputs.Shape);
            x.RequiresGrad = true;
            var scores = score(x);
            if (scores.Numel != inputs.Size(0)) throw new ArgumentException($"attribution: {scores.Numel} scores for {inputs.Size(0)} rows", nameof(score));
            scores.Sum().Backward();
            x.Grad?.Data.CopyTo(gradient.Data);
        }
        return gradient;
    }

    /// <summary>
    /// Integrated gradients (Sundararajan, Taly and Yan: "Axiomatic Attribution for Deep Networks", ICML 2017, equation 1, by the midpoint rule): the
    /// entries of a row sum to score(input) − score(baseline) as steps grow.
    /// </summary>
    /// <param name="score">As for <see cref="Gradient"/>.</param>
    /// <param name="inputs">[n, …].</param>
    /// <param name="baseline">Of the inputs' shape; zeros where null.</param>
    /// <param name="steps">Points on the way, at least 1.</param>
    public static Tensor IntegratedGradients(Func<Tensor, Tensor> score, Tensor inputs, Tensor? baseline = null, int steps = 32)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        if (baseline is not null && !baseline.Shape.SequenceEqual(inputs.Shape)) throw new ArgumentException($"integrated gradients: a baseline {Shapes.Text(baseline.Shape)} for inputs {Shapes.Text(inputs.Shape)}", nameof(baseline));
        var total = Tensor.Zeros(inputs.Shape);
        var between = Tensor.Zeros(inputs.Shape);
        for (var s = 0; s < steps; s++)
        {
            var share = (s + 0.5f) / steps;
            for (var i = 0; i < between.Data.Length; i++) between.Data[i] = share * inputs.Data[i] + (1 - share) * (baseline?.Data[i] ?? 0);
            var gradient = Gradient(score, between);
            for (var i = 0; i < total.Data.Length; i++) total.Data[i] += gradient.Data[i] / steps;
        }
        for (var i = 0; i < total.Data.Length; i++) total.Data[i] *= inputs.Data[i] - (baseline?.Data[i] ?? 0);
        return total;
    }
}
