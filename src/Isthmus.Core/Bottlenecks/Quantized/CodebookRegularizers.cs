using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Losses that keep the codes of a table apart and in use. Tables are [entries, width].</summary>
public static class CodebookRegularizers
{
    /// <summary>
    /// Σ_ij cos²(e_i, e_j)/n² - 1/n: 0 for orthogonal codes, up to 1 - 1/n for parallel ones (Shin, Lee, Jung 2021, "Translation-
    /// equivariant image quantizer for bi-directional image-text generation", equation 4).
    /// </summary>
    public static Tensor Orthogonality(Tensor table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var n = table.Size(0);
        var unit = GradientEstimators.UnitRows(table);
        return unit.MatMul(unit, transposeOther: true).Square().Sum().Affine(1f / ((float)n * n), -1f / n);
    }

    /// <summary>
    /// ln K - H(mean of p) in nats, at least 0, where p = softmax(-|x - e|²/τ) of each row: 0 when all codes are equally likely over
    /// the batch (the term that Yu et al. 2023, "Language model beats diffusion", equation 5, maximises). It makes the matrix of
    /// distances.
    /// </summary>
    /// <param name="x">[n, width].</param>
    /// <param name="table">[entries, width].</param>
    /// <param name="temperature">τ, above 0.</param>
    public static Tensor Diversity(Tensor x, Tensor table, float temperature)
    {
        ArgumentNullException.ThrowIfNull(table);
        var mean = (NegativeDistances(x, table) * (1f / temperature)).Softmax().Mean(0);
        return ((mean + 1e-20f).Log() * mean).Sum() + MathF.Log(table.Size(0));
    }

    /// <summary>-|x - e|² of all rows and entries, [n, entries]; differentiable.</summary>
    public static Tensor NegativeDistances(Tensor x, Tensor table)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(table);
        return (2f * x.MatMul(table, transposeOther: true)) - table.Square().Sum(1) - x.Square().Sum(1, keepdim: true);
    }
}
