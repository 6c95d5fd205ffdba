using Isthmus.Tensors;

namespace Isthmus.Coding;

/// <summary>
/// Universal quantisation with shared offsets: k = round(x + u), and the receiver, who knows u, takes k − u. The error is
/// uniform on [−½, ½) whatever x is, the same channel as the additive noise that codecs are trained with, so that the rate they
/// were trained to is the rate that ships (J. Ziv, "On universal quantization", IEEE Trans. Inf. Theory 31, 1985;
/// E. Agustsson, L. Theis, "Universally quantized neural compression", NeurIPS 2020, section 3).
/// </summary>
/// <remarks>Offsets come from a grid of 16, (g + ½)/16 − ½, so that a prior needs 16 integer tables and not a continuum. The
/// offsets are a pure function of the stream's seed and position: both sides make the same ones.</remarks>
public sealed class Dither(RandomStream shared)
{
    /// <summary>The number of offsets.</summary>
    public const int Offsets = 16;

    /// <summary>The next offset's index, 0..15.</summary>
    public int Next() => (int)(shared.NextUInt32() & (Offsets - 1));

    /// <summary>The offset with an index: a multiple of 1/32 inside (−½, ½), exact in float.</summary>
    public static float Offset(int index) => (index + 0.5f) / Offsets - 0.5f;

    /// <summary>What is sent for a number: round(x + u), halves to even, within ±2^30; 0 for NaN.</summary>
    public static int Quantize(double x, int index)
    {
        var k = Math.Round(x + Offset(index));
        return double.IsNaN(k) ? 0 : (int)Math.Clamp(k, -(1 << 30), 1 << 30);
    }

    /// <summary>What the receiver takes an integer for: k − u.</summary>
    public static double Dequantize(int k, int index) => (double)k - Offset(index);

    /// <summary>The 16 tables of a density: table g is that of round(x + u_g). Their mean cost is the rate under the noise
    /// channel, −log2 of the density convolved with the uniform at k − u.</summary>
    /// <param name="density">The shape of x.</param>
    /// <param name="scale">Its scale in units of the quantiser's step.</param>
    /// <param name="center">Its median in units of the quantiser's step.</param>
    /// <param name="precision">p: frequencies sum to 2^p.</param>
    public static TableSet Tables(Density density, double scale, double center = 0, int precision = 16) =>
        new(Enumerable.Range(0, Offsets).Select(g => PriorTables.Discretize(density, scale, center + Offset(g), precision)));
}
