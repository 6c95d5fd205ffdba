namespace Isthmus.Coding;

/// <summary>
/// A latent-variable model of data as integer tables, for lossless coding by <see cref="BitsBack"/>. Every table may depend on
/// the entries before it.
/// </summary>
public interface IBitsBackModel
{
    /// <summary>How many latent entries describe one datum.</summary>
    int Latents { get; }

    /// <summary>How many entries one datum has.</summary>
    int Length { get; }

    /// <summary>q(z_i | x, z_before), i = before.Length.</summary>
    FrequencyTable Posterior(ReadOnlySpan<int> data, ReadOnlySpan<int> before);

    /// <summary>p(z_i | z_before), i = before.Length.</summary>
    FrequencyTable Prior(ReadOnlySpan<int> before);

    /// <summary>p(x_j | z, x_before), j = before.Length.</summary>
    FrequencyTable Likelihood(ReadOnlySpan<int> latents, ReadOnlySpan<int> before);
}

/// <summary>
/// Bits-back coding with ANS: the net cost of a datum is log2 q(z|x) − log2 p(x, z), on average the negative ELBO
/// (J. Townsend, T. Bird, D. Barber, "Practical lossless compression with latent variables using bits back coding", ICLR 2019,
/// section 2.3). Lossless codecs of data only: the decoder holds x when it puts the bits of q(z|x) back.
/// </summary>
public static class BitsBack
{
    /// <summary>Pushes one datum.</summary>
    /// <param name="stack">Holds at least the bits of q(z|x).</param>
    /// <param name="data">model.Length entries.</param>
    /// <param name="model">The model, the same for <see cref="Pop"/>.</param>
    /// <exception cref="ArgumentException">The datum has another length.</exception>
    /// <exception cref="CodingException">The stack has too few bits to begin with (Truncated).</exception>
    public static void Push(SymbolStack stack, ReadOnlySpan<int> data, IBitsBackModel model)
    {
        if (data.Length != model.Length) throw new ArgumentException($"BitsBack.Push: a datum of {data.Length} entries; the model has {model.Length}", nameof(data));
        var z = new int[model.Latents];
        for (var i = 0; i < z.Length; i++) z[i] = stack.Pop(model.Posterior(data, z.AsSpan(0, i)));
        for (var j = data.Length - 1; j >= 0; j--) stack.Push(data[j], model.Likelihood(z, data[..j]));
        for (var i = z.Length - 1; i >= 0; i--) stack.Push(z[i], model.Prior(z.AsSpan(0, i)));
    }

    /// <summary>Takes the last datum off and puts back the bits that chose its latent.</summary>
    /// <exception cref="CodingException">The stack does not hold one (Truncated).</exception>
    public static int[] Pop(SymbolStack stack, IBitsBackModel model)
    {
        var (z, x) = (new int[model.Latents], new int[model.Length]);
        for (var i = 0; i < z.Length; i++) z[i] = stack.Pop(model.Prior(z.AsSpan(0, i)));
        for (var j = 0; j < x.Length; j++) x[j] = stack.Pop(model.Likelihood(z, x.AsSpan(0, j)));
        for (var i = z.Length - 1; i >= 0; i--) stack.Push(z[i], model.Posterior(x, z.AsSpan(0, i)));
        return x;
    }
}
