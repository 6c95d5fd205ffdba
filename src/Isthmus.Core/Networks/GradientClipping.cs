using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>Keeps gradients short (<c>torch.nn.utils.clip_grad_norm_</c>; Pascanu, Mikolov, Bengio 2013).</summary>
public static class GradientClipping
{
    /// <summary>Scales all gradients by one factor so that their common Euclidean norm is at most so much.</summary>
    /// <param name="parameters">Those without a gradient are left alone.</param>
    /// <param name="largest">Above 0.</param>
    /// <returns>The norm before, summed in double precision in the order of the parameters.</returns>
    public static double ClipNorm(IEnumerable<Tensor> parameters, double largest)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!(largest > 0)) throw new ArgumentOutOfRangeException(nameof(largest), largest, "the largest norm is above 0");
        var gradients = parameters.Select(p => p.Grad).OfType<Tensor>().ToArray();
        var squares = 0.0;
        foreach (var gradient in gradients)
            foreach (var g in gradient.Data) squares += (double)g * g;
        var norm = Math.Sqrt(squares);
        if (!(norm > largest)) return norm;
        var factor = (float)(largest / norm);
        foreach (var gradient in gradients)
            foreach (ref var g in gradient.Data) g *= factor;
        return norm;
    }

    /// <summary>Brings every element of every gradient into [-largest, largest] (<c>torch.nn.utils.clip_grad_value_</c>).</summary>
    /// <param name="parameters">Those without a gradient are left alone.</param>
    /// <param name="largest">Above 0.</param>
    public static void ClipValue(IEnumerable<Tensor> parameters, float largest)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!(largest > 0)) throw new ArgumentOutOfRangeException(nameof(largest), largest, "the largest value is above 0");
        foreach (var gradient in parameters.Select(p => p.Grad).OfType<Tensor>())
            foreach (ref var g in gradient.Data) g = Math.Clamp(g, -largest, largest);
    }
}
