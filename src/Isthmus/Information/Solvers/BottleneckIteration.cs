using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// Blahut–Arimoto updates of the (generalised) information bottleneck on one joint distribution (Tishby, Pereira, Bialek 1999, eq. 28;
/// Strouse and Schwab 2017, eq. 20): q(t|x) ∝ exp{[ln q(t) − β D(p(y|x)‖q(y|t))]/α}, or the argmax for α = 0. Works in nats; allocates
/// only when it is made. Not thread-safe.
/// </summary>
/// <remarks>Use <see cref="InformationBottleneck.Solve"/> to solve a problem; this class is the inner loop, public so that it can be
/// timed and built upon.</remarks>
public sealed unsafe class BottleneckIteration
{
    private const double Tiny = 1e-300; // stands for an empty cell under the logarithm
    private readonly int _stride;
    private readonly double[] _conditional, _jointByY, _encoder, _next, _decoder, _logCluster, _cluster;

    /// <summary>Prepares the updates; the encoder starts uniform.</summary>
    /// <param name="joint">p(x, y), rows x, every row and column with positive mass, sum one.</param>
    /// <param name="clusters">The number of values of T, at least 1.</param>
    /// <exception cref="InputException">The matrix is not a distribution, or a row of it has no mass.</exception>
    public BottleneckIteration(double[,] joint, int clusters)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 1);
        var p = Probabilities.CopyJoint(joint, "joint");
        (Inputs, Outputs, Clusters) = (p.GetLength(0), p.GetLength(1), clusters);
        _stride = Lanes.Padded(clusters);
        var (source, _) = Shannon.Marginals(p);
        if (source.Any(m => m == 0)) throw new InputException("joint: a row has no mass, expected only symbols that occur");
        (_conditional, _jointByY) = (new double[p.Length], new double[p.Length]);
        for (var x = 0; x < Inputs; x++)
            for (var y = 0; y < Outputs; y++)
            {
                _conditional[(x * Outputs) + y] = p[x, y] / source[x];
                _jointByY[(y * Inputs) + x] = p[x, y];
            }
        (_encoder, _next) = (new double[Inputs * _stride], new double[Inputs * _stride]);
        _decoder = new double[Outputs * _stride];
        (_cluster, _logCluster) = (new double[_stride], new double[_stride]);
        for (var x = 0; x < Inputs; x++) Row(x).Fill(1.0 / clusters);
    }

    /// <summary>|X|.</summary>
    public int Inputs { get; }

    /// <summary>|Y|.</summary>
    public int Outputs { get; }

    /// <summary>|T|.</summary>
    public int Clusters { get; }

    /// <summary>q(t|x) of one x: <see cref="Clusters"/> numbers that sum to one; writable.</summary>
    public Span<double> Row(int x) => _encoder.AsSpan(x * _stride, Clusters);

    /// <summary>Some updates of the encoder at one β.</summary>
    /// <param name="beta">At least 0, nats of complexity per nat of relevance.</param>
    /// <param name="alpha">1 for the information bottleneck, 0 for the deterministic one, between for generalised ones.</param>
    /// <param name="iterations">How many.</param>
    /// <returns>The largest change of an entry of q(t|x) in the last update.</returns>
    public double Run(double beta, double alpha, int iterations)
    {
        var change = 0.0;
        fixed (double* conditional = _conditional, jointByY = _jointByY, encoder = _encoder, next = _next, decoder = _decoder, cluster = _cluster, logCluster = _logCluster)
        {
            for (var i = 0; i < iterations; i++)
            {
                Decode(jointByY, encoder, decoder, cluster, logCluster);
                Lanes.Multiply(conditional, Inputs, Outputs, decoder, next, _stride);
                change = alpha == 0 ? Argmax(beta) : Softmax(encoder, next, logCluster, beta, alpha, i == iterations - 1);
            }
        }
        return change;
    }

    // Hot from the first call on: compiled with all optimisations at once, since a solve may be over before the tiers notice.
    // q(y,t) by a product, q(t) by summing over y, then ln q(y|t) in place.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Decode(double* jointByY, double* encoder, double* decoder, double* cluster, double* logCluster)
    {
        Lanes.Multiply(jointByY, Outputs, Inputs, encoder, decoder, _stride);
        var tiny = Vector512.Create(Tiny);
        for (var t = 0; t < _stride; t += Lanes.Width)
        {
            var sum = Vector512<double>.Zero;
            for (var y = 0; y < Outputs; y++) sum += Vector512.Load(decoder + (y * _stride) + t);
            sum.Store(cluster + t);
            var log = Lanes.Log(Vector512.Max(sum, tiny));
            log.Store(logCluster + t);
            for (var y = 0; y < Outputs; y++)
            {
                var cell = decoder + (y * _stride) + t;
                (Lanes.Log(Vector512.Max(Vector512.Load(cell), tiny)) - log).Store(cell);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Softmax(double* encoder, double* next, double* logCluster, double beta, double alpha, bool measure)
    {
        var (scale, weight) = (Vector512.Create(beta / alpha), Vector512.Create(1 / alpha));
        var change = 0.0;
        var padding = Padding();
        for (var x = 0; x < Inputs; x++)
        {
            double* scores = next + (x * _stride), row = encoder + (x * _stride);
            var largest = Vector512.Create(double.NegativeInfinity);
            for (var t = 0; t < _stride; t += Lanes.Width)
            {
                var s = Vector512.FusedMultiplyAdd(scale, Vector512.Load(scores + t), weight * Vector512.Load(logCluster + t));
                if (t == _stride - Lanes.Width) s += padding;
                s.Store(scores + t);
                largest = Vector512.Max(largest, s);
            }
            var top = largest[0];
            for (var i = 1; i < Lanes.Width; i++) top = Math.Max(top, largest[i]);
            var shift = Vector512.Create(top);
            var sums = Vector512<double>.Zero;
            for (var t = 0; t < _stride; t += Lanes.Width)
            {
                var e = Lanes.Exp(Vector512.Load(scores + t) - shift);
                e.Store(scores + t);
                sums += e;
            }
            var sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
            var inverse = Vector512.Create(1 / sum);
            for (var t = 0; t < _stride; t += Lanes.Width)
            {
                var q = Vector512.Load(scores + t) * inverse;
                if (measure)
                    for (var i = 0; i < Lanes.Width; i++) change = Math.Max(change, Math.Abs(q[i] - row[t + i]));
                q.Store(row + t);
            }
        }
        return change;
    }

    // −∞ (as −1e300, which no arithmetic turns into NaN) on the columns that only fill up the last lane.
    private Vector512<double> Padding()
    {
        var padding = Vector512<double>.Zero;
        for (var i = 0; i < Lanes.Width; i++)
            if (_stride - Lanes.Width + i >= Clusters) padding = padding.WithElement(i, -1e300);
        return padding;
    }

    private double Argmax(double beta)
    {
        var change = 0.0;
        for (var x = 0; x < Inputs; x++)
        {
            var row = Row(x);
            var best = 0;
            for (var t = 1; t < Clusters; t++)
                if (_logCluster[t] + (beta * _next[(x * _stride) + t]) > _logCluster[best] + (beta * _next[(x * _stride) + best])) best = t;
            for (var t = 0; t < Clusters; t++)
            {
                var q = t == best ? 1 : 0;
                change = Math.Max(change, Math.Abs(q - row[t]));
                row[t] = q;
            }
        }
        return change;
    }
}
