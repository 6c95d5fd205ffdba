using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A learned density for each channel, through its distribution function: sigmoid of a small monotone network of the value.
/// Ballé, Minnen, Singh, Hwang, Johnston, "Variational image compression with a scale hyperprior", ICLR 2018, appendix 6.1,
/// with widths 1-3-3-3-3-1.
/// </summary>
public sealed class FactorizedPrior : Module
{
    private const float LikelihoodFloor = 1e-9f;
    private const int LargestReach = 2048;
    private static readonly int[] s_widths = [1, 3, 3, 3, 3, 1];
    private readonly Tensor[] _matrices, _biases, _factors;
    private readonly int _channels;

    /// <summary>A prior that starts as logistic with a scale: g(x) = x / scale for zero biases and factors.</summary>
    /// <param name="channels">How many densities.</param>
    /// <param name="random">Where the initial biases come from.</param>
    /// <param name="scale">The initial scale, in units of the integers.</param>
    public FactorizedPrior(int channels, RandomStream random, float scale = 10f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        _channels = channels;
        var layers = s_widths.Length - 1;
        (_matrices, _biases, _factors) = (new Tensor[layers], new Tensor[layers], new Tensor[layers - 1]);
        var root = Math.Pow(scale, 1.0 / layers);
        for (var k = 0; k < layers; k++)
        {
            var value = (float)Math.Log(Math.Exp(1 / root / s_widths[k + 1]) - 1); // softplus of it is 1 / (root fan-out)
            _matrices[k] = AddParameter($"matrix{k}", Tensor.Full([channels, s_widths[k + 1], s_widths[k]], value));
            _biases[k] = AddParameter($"bias{k}", Initializers.Uniform(random, 0.5f, channels, s_widths[k + 1], 1));
            if (k < layers - 1) _factors[k] = AddParameter($"factor{k}", Tensor.Zeros(channels, s_widths[k + 1], 1));
        }
    }

    /// <summary>The probability of [y - 1/2, y + 1/2], floored at 1e-9 with a gradient that still raises it.</summary>
    /// <param name="y">[batch, channels].</param>
    /// <returns>[batch, channels].</returns>
    public Tensor Likelihood(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        if (y.Dim != 2 || y.Size(1) != _channels) throw new ArgumentException($"factorised prior: values [batch, {_channels}] are needed, not [{string.Join(", ", y.Shape.ToArray())}]");
        var lower = Logits(y - 0.5f);
        var upper = Logits(y + 0.5f);
        // On the side where both sigmoids are small, so that their difference keeps its digits; never 0, which would lose it.
        var sign = 1f - (2f * (lower + upper).Detach().Gt(Tensor.Scalar(0f)));
        return ((sign * upper).Sigmoid() - (sign * lower).Sigmoid()).Abs().LowerBound(LikelihoodFloor);
    }

    /// <summary>What each row costs, [batch], in nats.</summary>
    public Tensor Nats(Tensor y) => -Likelihood(y).Log().Sum(1);

    /// <summary>The value below which each channel's mass is one half, by bisection: [channels].</summary>
    public float[] Medians() => Quantiles(0);

    /// <summary>
    /// Integer tables of round(y - median), one a channel, for the model file. Evaluated in double precision; what is frozen
    /// is the integers, so that no receiver computes them again.
    /// </summary>
    /// <param name="tail">The mass left to the escape on either side.</param>
    public FrequencyTable[] Tables(double tail = 1e-5)
    {
        var logit = Math.Log(tail / (1 - tail));
        var (medians, low, high) = (Medians(), Quantiles(logit), Quantiles(-logit));
        var tables = new FrequencyTable[_channels];
        for (var c = 0; c < _channels; c++)
        {
            var first = (int)Math.Clamp(Math.Floor(low[c] - medians[c]), -LargestReach, 0);
            var last = (int)Math.Clamp(Math.Ceiling(high[c] - medians[c]), 0, LargestReach);
            var pmf = new double[last - first + 1];
            for (var k = first; k <= last; k++)
                pmf[k - first] = Math.Max(0, FixedMath.Sigmoid(Logit(c, medians[c] + k + 0.5)) - FixedMath.Sigmoid(Logit(c, medians[c] + k - 0.5)));
            tables[c] = FrequencyTable.FromPmf(pmf, first, precision: 16, escape: Math.Max(1e-6, 1 - pmf.Sum()), everySymbol: true);
        }
        return tables;
    }

    // [batch, channels] to the logits of the distribution function, [batch, channels].
    private Tensor Logits(Tensor y)
    {
        var x = y.Transpose().Unsqueeze(1); // [channels, 1, batch]
        for (var k = 0; k < _matrices.Length; k++)
        {
            x = _matrices[k].Softplus().MatMul(x) + _biases[k];
            if (k < _factors.Length) x += _factors[k].Tanh() * x.Tanh();
        }
        return x.Squeeze(1).Transpose();
    }

    // The same function of one number in double precision, for tables and quantiles.
    private double Logit(int channel, double y)
    {
        Span<double> x = stackalloc double[3], next = stackalloc double[3];
        x[0] = y;
        for (var k = 0; k < _matrices.Length; k++)
        {
            var (inputs, outputs) = (s_widths[k], s_widths[k + 1]);
            for (var o = 0; o < outputs; o++)
            {
                double sum = _biases[k].Data[(channel * outputs) + o];
                for (var i = 0; i < inputs; i++) sum += Softplus(_matrices[k].Data[(((channel * outputs) + o) * inputs) + i]) * x[i];
                if (k < _factors.Length) sum += Math.Tanh(_factors[k].Data[(channel * outputs) + o]) * Math.Tanh(sum);
                next[o] = sum;
            }
            next[..outputs].CopyTo(x);
        }
        return x[0];

        static double Softplus(double v) => v > 30 ? v : Math.Log(1 + Math.Exp(v));
    }

    // Where each channel's logit has a value: the function rises, so the interval is doubled until it holds it, then halved.
    private float[] Quantiles(double logit)
    {
        var result = new float[_channels];
        for (var c = 0; c < _channels; c++)
        {
            var (low, high) = (-1.0, 1.0);
            while (Logit(c, low) > logit && low > -1e9) low *= 2;
            while (Logit(c, high) < logit && high < 1e9) high *= 2;
            for (var i = 0; i < 80; i++)
            {
                var middle = 0.5 * (low + high);
                if (Logit(c, middle) < logit) low = middle;
                else high = middle;
            }
            result[c] = (float)high;
        }
        return result;
    }
}
