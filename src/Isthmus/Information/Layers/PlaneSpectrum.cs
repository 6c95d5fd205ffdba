using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// How the energy of feature maps is spread over two-dimensional frequencies: the mean power spectrum of planes, by which layers of a convolutional decoder
/// are compared (Tang, Shen, Zhou, Chen, Zhang, "Defects of Convolutional Decoder Networks in Frequency Representation", ICML 2023). Energies,
/// not information.
/// </summary>
public sealed class PlaneSpectrum
{
    private readonly double[] _power;

    private PlaneSpectrum(int height, int width, double[] power) => (Height, Width, _power) = (height, width, power);

    /// <summary>Rows of a plane, and of the spectrum.</summary>
    public int Height { get; }

    /// <summary>Columns of a plane, and of the spectrum.</summary>
    public int Width { get; }

    /// <summary>|F(u, v)|² over Height · Width, the mean over planes, at [u · Width + v]; u and v count periods a plane, those above one half being negative ones.</summary>
    public IReadOnlyList<double> Power => _power;

    /// <summary>The spectrum of planes.</summary>
    /// <param name="planes">[…, H, W], at least one plane; all leading dimensions are averaged over.</param>
    /// <exception cref="ArgumentException">There is no plane.</exception>
    public static PlaneSpectrum Of(Tensor planes)
    {
        ArgumentNullException.ThrowIfNull(planes);
        if (planes.Dim < 2 || planes.Numel == 0) throw new ArgumentException("plane spectrum: planes [..., H, W] are needed, at least one", nameof(planes));
        var (h, w) = (planes.Size(-2), planes.Size(-1));
        using var quiet = new NoGrad();
        using var scope = new TensorScope("plane spectrum");
        var half = Fourier.Rfft2(planes).Data;
        var (bins, count, power) = ((w / 2) + 1, planes.Numel / (h * w), new double[h * w]);
        for (var plane = 0; plane < count; plane++)
            for (var u = 0; u < h; u++)
                for (var v = 0; v < w; v++)
                {
                    // The planes are real: F(-u, -v) is the conjugate of F(u, v).
                    var (row, column) = v < bins ? (u, v) : ((h - u) % h, w - v);
                    var at = 2 * ((((plane * h) + row) * bins) + column);
                    power[(u * w) + v] += (((double)half[at] * half[at]) + ((double)half[at + 1] * half[at + 1])) / (count * (double)h * w);
                }
        return new PlaneSpectrum(h, w, power);
    }

    /// <summary>The energy at frequencies of which one component is above a share of the highest there is (half a period a pixel), over the energy of all others.</summary>
    /// <param name="cutoff">The share, in (0, 1).</param>
    /// <returns>Infinity where there is no low energy; NaN for planes of zeros.</returns>
    public double HighOverLow(double cutoff = 0.5)
    {
        if (!(cutoff is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(cutoff), cutoff, "the cutoff must be above 0 and below 1");
        var (high, low) = (0.0, 0.0);
        for (var i = 0; i < _power.Length; i++)
        {
            var (u, v) = (i / Width, i % Width);
            if (2.0 * Math.Max((double)Math.Min(u, Height - u) / Height, (double)Math.Min(v, Width - v) / Width) > cutoff) high += _power[i];
            else low += _power[i];
        }
        return high / low;
    }

    /// <summary>The share of the energy that is at a frequency and its negative, 0 to 1: 1 for a wave of that frequency.</summary>
    /// <param name="u">Periods down a plane, 0 to Height − 1.</param>
    /// <param name="v">Periods across a plane, 0 to Width − 1.</param>
    public double ShareAt(int u, int v)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(u);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(u, Height);
        ArgumentOutOfRangeException.ThrowIfNegative(v);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(v, Width);
        var (one, other) = ((u * Width) + v, ((Height - u) % Height * Width) + ((Width - v) % Width));
        return (_power[one] + (one == other ? 0 : _power[other])) / _power.Sum();
    }

    /// <summary>
    /// The correlation of this spectrum with side-by-side copies of that of smaller planes, -1 to 1: 1 after an upsampling that puts zeros between pixels,
    /// which repeats the whole spectrum (theorem 3 of the paper).
    /// </summary>
    /// <param name="before">Of the planes before upsampling, whose sides divide this one's.</param>
    /// <exception cref="ArgumentException">They do not.</exception>
    public double CopiesOf(PlaneSpectrum before)
    {
        ArgumentNullException.ThrowIfNull(before);
        if (Height % before.Height != 0 || Width % before.Width != 0)
            throw new ArgumentException($"copies: {before.Height} x {before.Width} does not divide {Height} x {Width}", nameof(before));
        var copies = new double[_power.Length];
        for (var i = 0; i < copies.Length; i++) copies[i] = before._power[(i / Width % before.Height * before.Width) + (i % Width % before.Width)];
        var (mine, theirs) = (_power.Average(), copies.Average());
        var (product, a, b) = (0.0, 0.0, 0.0);
        for (var i = 0; i < copies.Length; i++)
        {
            var (x, y) = (_power[i] - mine, copies[i] - theirs);
            (product, a, b) = (product + (x * y), a + (x * x), b + (y * y));
        }
        return product / Math.Sqrt(a * b);
    }
}
