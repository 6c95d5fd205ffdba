using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Brings every column to mean 0 and variance 1: by the batch in training, by running averages afterwards (Ioffe and Szegedy 2015,
/// without a learned scale). Quantisers with fixed cells need it: fresh networks put out numbers so small that all of them fall into
/// one cell.
/// </summary>
internal sealed class BatchStandardizer : Module
{
    private const float Momentum = 0.05f, Epsilon = 1e-5f;
    private readonly Tensor _mean, _variance, _started; // started: 1 once a training batch has been seen

    /// <summary>A standardiser of a number of columns.</summary>
    public BatchStandardizer(int width)
    {
        _mean = AddBuffer("mean", Tensor.Zeros(width));
        _variance = AddBuffer("variance", Tensor.Ones(width));
        _started = AddBuffer("started", Tensor.Zeros(1));
    }

    /// <summary>[rows, width] standardised; only training moves the averages.</summary>
    public Tensor Apply(Tensor z, bool training)
    {
        if (!training) return (z - _mean) * (_variance + Epsilon).Rsqrt();
        var mean = z.Mean(0);
        var centred = z - mean;
        var variance = centred.Square().Mean(0);
        var share = _started.Data[0] == 0 ? 1f : Momentum;
        for (var j = 0; j < mean.Numel; j++)
        {
            _mean.Data[j] += share * (mean.Data[j] - _mean.Data[j]);
            _variance.Data[j] += share * (variance.Data[j] - _variance.Data[j]);
        }
        _started.Data[0] = 1;
        return centred * (variance + Epsilon).Rsqrt();
    }
}
