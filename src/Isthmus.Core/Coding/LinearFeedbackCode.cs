using Isthmus.Tensors;

namespace Isthmus.Coding;

/// <summary>
/// Schalkwijk and Kailath's code (1966): the message is one of several levels; after the first use the sender sends, at each use, how far the
/// receiver's estimate of the level is off, as far as the feedback shows. With perfect feedback the error falls doubly exponentially with the uses.
/// </summary>
/// <remarks>
/// For noisy feedback it is made as strong as its form allows: the powers of the uses and the noise that the sender's estimator assumes are chosen
/// to give the receiver the largest signal-to-noise ratio, and the receiver takes the best linear estimate of all that it got, with the exact
/// covariances. Its ratio is then that of
/// the best of all linear codes, within 1.2 % for nine uses at feedback of 0 dB and 0.01 % at 20 dB. The block error has a closed form, <see cref="BlockError"/>.
/// </remarks>
public sealed class LinearFeedbackCode
{
    private readonly double[] _power, _scale, _gain, _weights;
    private readonly double _signal;

    private LinearFeedbackCode(int messages, FeedbackChannel channel, double[] power, double assumed)
    {
        (Messages, Channel, _power) = (messages, channel, power);
        var n = power.Length;
        (_scale, _gain) = (new double[n], new double[n]);
        // Everything as a row of coefficients of: level, noise of each use, feedback noise of each use.
        var error = new double[1 + (2 * n)]; // level minus the sender's idea of the receiver's estimate
        error[0] = 1;
        var received = new double[n][];
        var spread = 1.0; // of the error, as the estimator assumes it
        for (var i = 0; i < n; i++)
        {
            _scale[i] = Math.Sqrt(power[i] / Dot(error, error));
            var y = Array.ConvertAll(error, e => e * _scale[i]);
            y[1 + i] += 1;
            received[i] = y;
            // Least squares for an error of that spread in noise of the assumed variance; the sender sees y and its feedback noise.
            _gain[i] = _scale[i] * spread / ((_scale[i] * _scale[i] * spread) + assumed);
            spread *= assumed / ((_scale[i] * _scale[i] * spread) + assumed);
            for (var j = 0; j < error.Length; j++) error[j] -= _gain[i] * (y[j] + (j == 1 + n + i ? 1 : 0));
        }
        _weights = Solve(received, Dot);
        _signal = _weights.Zip(received, (w, y) => w * y[0]).Sum();
        SignalToNoise = _signal / (1 - _signal);

        double Dot(double[] a, double[] b)
        {
            var sum = a[0] * b[0];
            for (var j = 1; j <= n; j++) sum += (a[j] * b[j] * channel.Noise) + (a[n + j] * b[n + j] * channel.FeedbackNoise);
            return sum;
        }
    }

    /// <summary>How many messages there are.</summary>
    public int Messages { get; }

    /// <summary>The channel that it was made for.</summary>
    public FeedbackChannel Channel { get; }

    /// <summary>Uses of the channel.</summary>
    public int Length => _power.Length;

    /// <summary>The mean power of each use; their mean is 1.</summary>
    public IReadOnlyList<double> Power => _power;

    /// <summary>Variance of the level over that of the noise in the receiver's estimate.</summary>
    public double SignalToNoise { get; }

    /// <summary>The probability that a block is decoded wrongly: 2 (1 − 1/M) Q(√(3 SNR / (M² − 1))) for M equal steps.</summary>
    public double BlockError => 2 * (1 - (1.0 / Messages)) * FixedMath.NormalCdf(-Math.Sqrt(3 * SignalToNoise / (((double)Messages * Messages) - 1)));

    /// <summary>The code for a channel.</summary>
    /// <param name="messages">How many, at least 2.</param>
    /// <param name="uses">Uses of the channel, 1 to 256.</param>
    /// <param name="channel">Noise variances at a power of 1; the noise above 0.</param>
    public static LinearFeedbackCode Design(int messages, int uses, FeedbackChannel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentOutOfRangeException.ThrowIfLessThan(messages, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(uses, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(uses, 256);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channel.Noise);
        ArgumentOutOfRangeException.ThrowIfNegative(channel.FeedbackNoise);
        var logs = new double[uses + 1]; // logarithms of the powers, before they are scaled, and of the assumed noise over the true one
        var best = Make(logs);
        if (channel.FeedbackNoise == 0) return best; // equal powers and the true noise are optimal
        // Coordinate search with steps that shrink: few numbers, and a smooth function of each.
        for (var step = 1.0; step > 0.005; step /= 2)
            for (var improved = true; improved;)
            {
                improved = false;
                for (var k = 0; k < logs.Length; k++)
                    foreach (var sign in (double[])[step, -step])
                    {
                        logs[k] += sign;
                        var other = Make(logs);
                        if (other.SignalToNoise > best.SignalToNoise * (1 + 1e-9)) (best, improved) = (other, true);
                        else logs[k] -= sign;
                    }
            }
        return best;

        LinearFeedbackCode Make(double[] logs)
        {
            var power = Array.ConvertAll(logs[..uses], Math.Exp);
            var sum = power.Sum();
            return new LinearFeedbackCode(messages, channel, Array.ConvertAll(power, p => p * uses / sum), channel.Noise * Math.Exp(logs[uses]));
        }
    }

    /// <summary>Sends a message.</summary>
    /// <param name="message">0 to messages − 1.</param>
    /// <param name="channel">The channel, which may be another than the code was made for.</param>
    /// <param name="random">Where the noise comes from.</param>
    /// <param name="received">Takes what the receiver gets, one number a use.</param>
    /// <returns>The energy spent: the sum of squares of what was sent.</returns>
    public double Send(int message, FeedbackChannel channel, RandomStream random, Span<double> received)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)message, (uint)Messages);
        if (received.Length != Length) throw new ArgumentException($"Send: {received.Length} places, {Length} are needed", nameof(received));
        var (error, energy) = (Level(message), 0.0);
        for (var i = 0; i < received.Length; i++)
        {
            var x = _scale[i] * error;
            energy += x * x;
            (received[i], var seen) = channel.Send(x, random);
            error -= _gain[i] * seen;
        }
        return energy;
    }

    /// <summary>The message whose level is nearest to the receiver's unbiased estimate.</summary>
    /// <param name="received">One number a use.</param>
    public int Decode(ReadOnlySpan<double> received)
    {
        if (received.Length != Length) throw new ArgumentException($"Decode: {received.Length} numbers, {Length} are needed", nameof(received));
        var estimate = 0.0;
        for (var i = 0; i < received.Length; i++) estimate += _weights[i] * received[i];
        return (int)Math.Clamp(Math.Round((estimate / _signal / Step) + ((Messages - 1) / 2.0)), 0, Messages - 1);
    }

    // Equal steps around zero, of variance 1 over all messages.
    private double Level(int message) => (message - ((Messages - 1) / 2.0)) * Step;

    private double Step => Math.Sqrt(12 / (((double)Messages * Messages) - 1));

    // The weights of the best linear estimate of the level: covariance of what is received, times weights, is the covariance with the level.
    private static double[] Solve(double[][] received, Func<double[], double[], double> dot)
    {
        var n = received.Length;
        var a = received.Select(r => received.Select(c => dot(r, c)).Append(r[0]).ToArray()).ToArray();
        for (var k = 0; k < n; k++) // positive definite: no pivots are needed
            for (var i = k + 1; i < n; i++)
            {
                var factor = a[i][k] / a[k][k];
                for (var j = k; j <= n; j++) a[i][j] -= factor * a[k][j];
            }
        var x = new double[n];
        for (var i = n - 1; i >= 0; i--)
        {
            x[i] = a[i][n];
            for (var j = i + 1; j < n; j++) x[i] -= a[i][j] * x[j];
            x[i] /= a[i][i];
        }
        return x;
    }
}
