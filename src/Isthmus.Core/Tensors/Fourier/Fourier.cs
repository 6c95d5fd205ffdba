namespace Isthmus.Tensors;

/// <summary>Which direction of a Fourier transform is divided by the length.</summary>
public enum FftNorm
{
    /// <summary>The inverse is divided by n; the default of PyTorch.</summary>
    Backward,
    /// <summary>Both are divided by sqrt n, so that energies are kept.</summary>
    Ortho,
    /// <summary>The forward transform is divided by n.</summary>
    Forward,
}

/// <summary>
/// Discrete Fourier transforms with gradients, as <c>torch.fft</c>, of any length, computed in double. Complex numbers are a last
/// dimension of two, real part and imaginary part, as <c>torch.view_as_real</c> has it.
/// </summary>
public static unsafe class Fourier
{
    // Every transform is a real linear map of its parts; its gradient is the transposed map. For complex ones that is the other
    // direction. For real ones, a bin that stands for its conjugate too counts once where the synthesis counts it twice.
    private static readonly Rule s_complex = Rule.Add("fft_c2c", static (n, g) =>
    {
        var (dim, inverse, scale) = ((int, bool, double))n.Saved!;
        n.Give(0, Complex(g, dim, !inverse, scale));
    });
    private static readonly Rule s_fromReal = Rule.Add("rfft", static (n, g) =>
    {
        var dx = Tensor.Uninitialized(n[0].Sizes);
        FftKernel.ToReal(g.Pointer, dx.Pointer, Lines(dx), dx.Sizes[^1], (double)n.Saved!, 0.5);
        n.Give(0, dx);
    });
    private static readonly Rule s_toReal = Rule.Add("irfft", static (n, g) =>
    {
        var dx = Tensor.Uninitialized(n[0].Sizes);
        FftKernel.FromReal(g.Pointer, dx.Pointer, Lines(g), g.Sizes[^1], (double)n.Saved!, 2);
        n.Give(0, dx);
    });

    /// <summary>The transform of real lines: [..., m] to [..., n/2 + 1, 2], the bins from 0 to n/2.</summary>
    /// <param name="x">Real, over its last dimension.</param>
    /// <param name="n">The length: lines are cut or filled with zeros; m where null.</param>
    /// <param name="norm">What is divided by the length.</param>
    /// <exception cref="ArgumentException">There is no dimension, or the length is not at least 1.</exception>
    public static Tensor Rfft(Tensor x, int? n = null, FftNorm norm = FftNorm.Backward)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim == 0 || (n ?? x.Sizes[^1]) < 1) throw new ArgumentException($"rfft: lines of at least 1 number are needed, not {Shapes.Text(x.Sizes)} with n = {Text(n)}");
        var length = n ?? x.Sizes[^1];
        var lines = Fit(x, x.Dim - 1, length);
        var result = Tensor.Uninitialized([.. lines.Sizes[..^1], (length / 2) + 1, 2]);
        var scale = Scale(norm, length, inverse: false);
        FftKernel.FromReal(lines.Pointer, result.Pointer, Lines(lines), length, scale, 1);
        return Tensor.Record(s_fromReal, result, lines, scale);
    }

    /// <summary>The inverse of <see cref="Rfft"/>: [..., bins, 2] to real lines [..., n].</summary>
    /// <param name="x">Bins from 0 on; the imaginary parts of the first and (n even) of bin n/2 are ignored.</param>
    /// <param name="n">The length: bins are cut or filled with zeros to n/2 + 1; 2 (bins - 1) where null.</param>
    /// <param name="norm">What is divided by the length.</param>
    /// <exception cref="ArgumentException">The last dimension is not 2, or the length is not at least 1.</exception>
    public static Tensor Irfft(Tensor x, int? n = null, FftNorm norm = FftNorm.Backward)
    {
        CheckComplex("irfft", x);
        var length = n ?? (2 * (x.Sizes[^2] - 1));
        if (length < 1) throw new ArgumentException($"irfft: a length of at least 1 is needed, not {Text(length)} from the shape {Shapes.Text(x.Sizes)}");
        var bins = Fit(x, x.Dim - 2, (length / 2) + 1);
        var result = Tensor.Uninitialized([.. bins.Sizes[..^2], length]);
        var scale = Scale(norm, length, inverse: true);
        FftKernel.ToReal(bins.Pointer, result.Pointer, Lines(result), length, scale, 1);
        return Tensor.Record(s_toReal, result, bins, scale);
    }

    /// <summary>The transform of real planes over their last two dimensions: [..., H, W] to [..., H, W/2 + 1, 2].</summary>
    /// <param name="x">Real.</param>
    /// <param name="norm">What is divided by H W.</param>
    public static Tensor Rfft2(Tensor x, FftNorm norm = FftNorm.Backward)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim < 2) throw new ArgumentException($"rfft2: planes [..., H, W] are needed, not {Shapes.Text(x.Sizes)}");
        return Fft(Rfft(x, null, norm), -2, norm);
    }

    /// <summary>The inverse of <see cref="Rfft2"/>: [..., H, bins, 2] to real planes [..., H, W].</summary>
    /// <param name="x">Bins of rows from 0 on.</param>
    /// <param name="width">W; 2 (bins - 1) where null. Give it where W is odd.</param>
    /// <param name="norm">What is divided by H W.</param>
    public static Tensor Irfft2(Tensor x, int? width = null, FftNorm norm = FftNorm.Backward)
    {
        CheckComplex("irfft2", x);
        if (x.Dim < 3) throw new ArgumentException($"irfft2: [..., H, bins, 2] is needed, not {Shapes.Text(x.Sizes)}");
        return Irfft(Ifft(x, -2, norm), width, norm);
    }

    /// <summary>The transform of complex lines along a dimension: X_k = Σ x_j e^(-2πijk/n).</summary>
    /// <param name="x">[..., 2].</param>
    /// <param name="dim">Which dimension, counted without the last one of two; negative ones count from the end.</param>
    /// <param name="norm">What is divided by the length.</param>
    public static Tensor Fft(Tensor x, int dim = -1, FftNorm norm = FftNorm.Backward) => Along("fft", x, dim, norm, inverse: false);

    /// <summary>The inverse of <see cref="Fft"/>.</summary>
    /// <param name="x">[..., 2].</param>
    /// <param name="dim">Which dimension, counted without the last one of two; negative ones count from the end.</param>
    /// <param name="norm">What is divided by the length.</param>
    public static Tensor Ifft(Tensor x, int dim = -1, FftNorm norm = FftNorm.Backward) => Along("ifft", x, dim, norm, inverse: true);

    private static Tensor Along(string op, Tensor x, int dim, FftNorm norm, bool inverse)
    {
        CheckComplex(op, x);
        var d = Shapes.Dim(op, dim, x.Dim - 1);
        if (x.Sizes[d] == 0) throw new ArgumentException($"{op}: dimension {Text(dim)} of the shape {Shapes.Text(x.Sizes)} is empty");
        var scale = Scale(norm, x.Sizes[d], inverse);
        return Tensor.Record(s_complex, Complex(x, d, inverse, scale), x, (d, inverse, scale));
    }

    private static Tensor Complex(Tensor x, int dim, bool inverse, double scale)
    {
        var (outer, mid, inner) = Shapes.Around(x.Sizes.AsSpan()[..^1], dim);
        var result = Tensor.Uninitialized(x.Sizes);
        FftKernel.Complex(x.Pointer, result.Pointer, outer, mid, inner, inverse, scale);
        GC.KeepAlive(x);
        return result;
    }

    private static double Scale(FftNorm norm, int n, bool inverse) => norm switch
    {
        FftNorm.Ortho => 1 / Math.Sqrt(n),
        FftNorm.Forward => inverse ? 1 : 1.0 / n,
        _ => inverse ? 1.0 / n : 1,
    };

    private static Tensor Fit(Tensor x, int dim, int size)
    {
        if (x.Sizes[dim] >= size) return x.Sizes[dim] == size ? x : x.Narrow(dim, 0, size);
        var missing = size - x.Sizes[dim];
        return dim == x.Dim - 1 ? x.Pad([0, missing]) : x.Pad([0, 0, 0, missing]);
    }

    private static long Lines(Tensor x) => x.Numel / x.Sizes[^1];

    private static void CheckComplex(string op, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim < 2 || x.Sizes[^1] != 2) throw new ArgumentException($"{op}: complex numbers [..., n, 2] are needed, not {Shapes.Text(x.Sizes)}");
    }

    private static string Text(int? n) => n?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "the size";
}
