using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>How the size of a disturbance is measured.</summary>
public enum AttackNorm
{
    /// <summary>The largest change of any number.</summary>
    LInf,
    /// <summary>The Euclidean length of the change.</summary>
    L2,
}

/// <summary>What a disturbance may be.</summary>
/// <param name="Eps">Its largest size, at least 0, in the units of the input.</param>
/// <param name="Norm">How that is measured, for each sample.</param>
public sealed record AttackBudget(float Eps, AttackNorm Norm = AttackNorm.LInf)
{
    /// <summary>The smallest value of a disturbed number; the input itself lies in the box.</summary>
    public float Low { get; init; } = float.NegativeInfinity;

    /// <summary>The largest value of a disturbed number.</summary>
    public float High { get; init; } = float.PositiveInfinity;

    /// <summary>Which numbers of a sample may change (1) and which not (0), as many as a sample has; null for all.</summary>
    public float[]? Mask { get; init; }
}

/// <summary>
/// Disturbed inputs that make a network's loss large. The loss is a function of inputs [n, …] and labels [n] that gives the loss of each
/// sample, [n]; freeze the network first (<see cref="Module.RequiresGrad"/>), or its parameters gather gradients too. All are deterministic.
/// </summary>
public static class Attacks
{
    /// <summary>The fast gradient sign method (Goodfellow, Shlens, Szegedy 2015, section 4): one step along the sign of the gradient; with the
    /// Euclidean norm, along the gradient itself (Miyato, Dai, Goodfellow 2017, equation 3).</summary>
    /// <param name="loss">The loss of each sample.</param>
    /// <param name="x">Inputs [n, …], inside the budget's box.</param>
    /// <param name="labels">Labels [n].</param>
    /// <param name="budget">The size of the step.</param>
    /// <returns>The disturbed inputs, of the shape of x.</returns>
    public static Tensor Fgsm(Func<Tensor, LongTensor, Tensor> loss, Tensor x, LongTensor labels, AttackBudget budget)
    {
        Check(loss, x, budget);
        var ball = new Ball(x, budget);
        var (_, gradient) = Gradient(loss, x.ToArray(), x, labels);
        var at = x.ToArray();
        ball.Climb(at, gradient, budget.Eps);
        return Tensor.From(at, x.Shape);
    }

    /// <summary>
    /// Projected gradient ascent (Madry, Makelov, Schmidt, Tsipras, Vladu 2018, equation 1) from random points of the ball, several times; of all
    /// points visited, the input itself among them, each sample keeps the one with the largest loss.
    /// </summary>
    /// <param name="loss">The loss of each sample.</param>
    /// <param name="x">Inputs [n, …], inside the budget's box.</param>
    /// <param name="labels">Labels [n].</param>
    /// <param name="budget">The ball.</param>
    /// <param name="random">Where the first points come from; null begins at the inputs.</param>
    /// <param name="steps">Steps, at least 1.</param>
    /// <param name="restarts">How often it begins anew, at least 1.</param>
    /// <param name="stepSize">The size of a step; 0 for 2.5 eps / steps.</param>
    /// <returns>The disturbed inputs, of the shape of x.</returns>
    public static Tensor Pgd(Func<Tensor, LongTensor, Tensor> loss, Tensor x, LongTensor labels, AttackBudget budget, RandomStream? random, int steps = 20, int restarts = 1, float stepSize = 0)
    {
        Check(loss, x, budget);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(restarts, 1);
        var ball = new Ball(x, budget);
        var alpha = stepSize > 0 ? stepSize : 2.5f * budget.Eps / steps;
        var best = x.ToArray();
        var largest = Losses(loss, best, x, labels);
        for (var restart = 0; restart < restarts; restart++)
        {
            var at = x.ToArray();
            if (random is not null) ball.Scatter(at, random.Fork((ulong)restart));
            for (var step = 0; step < steps; step++)
            {
                var (losses, gradient) = Gradient(loss, at, x, labels);
                Keep(best, largest, at, losses);
                ball.Climb(at, gradient, alpha);
            }
            Keep(best, largest, at, Losses(loss, at, x, labels));
        }
        return Tensor.From(best, x.Shape);
    }

    /// <summary>Noise that fills the budget: a random sign of eps in each number, or a random direction of length eps. What an attack has to be
    /// compared with: a network that falls to it as well was never attacked.</summary>
    /// <param name="x">Inputs [n, …], inside the budget's box.</param>
    /// <param name="budget">The size of the noise.</param>
    /// <param name="random">Where it comes from.</param>
    /// <returns>The disturbed inputs, of the shape of x.</returns>
    public static Tensor Noise(Tensor x, AttackBudget budget, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(budget);
        ArgumentNullException.ThrowIfNull(random);
        var at = x.ToArray();
        var direction = new float[at.Length];
        random.FillNormal(direction);
        new Ball(x, budget).Climb(at, direction, budget.Eps);
        return Tensor.From(at, x.Shape);
    }

    private static void Check(Func<Tensor, LongTensor, Tensor> loss, Tensor x, AttackBudget budget)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(budget);
        if (!(budget.Eps >= 0) || float.IsInfinity(budget.Eps)) throw new ArgumentOutOfRangeException(nameof(budget), budget.Eps, "eps is at least 0 and finite");
        if (budget.Mask is { } mask && mask.Length != x.Numel / Math.Max(1, x.Size(0))) throw new ArgumentException($"attack: a mask of {mask.Length} numbers for samples of {x.Numel / Math.Max(1, x.Size(0))}", nameof(budget));
    }

    private static (float[] Losses, float[] Gradient) Gradient(Func<Tensor, LongTensor, Tensor> loss, float[] at, Tensor like, LongTensor labels)
    {
        using var record = new EnableGrad();
        using var scope = new TensorScope("attack");
        var input = Tensor.From(at, like.Shape);
        input.RequiresGrad = true;
        var losses = loss(input, labels);
        if (losses.NeedsGradient) losses.Sum().Backward(); // a step function has none: the point stays
        return (losses.ToArray(), input.Grad?.ToArray() ?? new float[at.Length]);
    }

    private static float[] Losses(Func<Tensor, LongTensor, Tensor> loss, float[] at, Tensor like, LongTensor labels)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("attack");
        return loss(Tensor.From(at, like.Shape), labels).ToArray();
    }

    private static void Keep(float[] best, float[] largest, float[] at, float[] losses)
    {
        var width = at.Length / Math.Max(1, losses.Length);
        for (var i = 0; i < losses.Length; i++)
        {
            if (!(losses[i] > largest[i])) continue;
            largest[i] = losses[i];
            at.AsSpan(i * width, width).CopyTo(best.AsSpan(i * width));
        }
    }

    // The allowed points around each sample.
    private sealed class Ball(Tensor x, AttackBudget budget)
    {
        private readonly float[] _centre = x.ToArray();
        private readonly int _width = (int)(x.Numel / Math.Max(1, x.Size(0)));

        // A step uphill, back into the ball and the box.
        public void Climb(float[] at, float[] gradient, float size)
        {
            for (var start = 0; start < at.Length; start += _width)
            {
                var p = at.AsSpan(start, _width);
                var g = gradient.AsSpan(start, _width);
                Masked(g);
                var length = budget.Norm == AttackNorm.L2 ? Length(g) : 1;
                for (var i = 0; i < _width; i++)
                {
                    // A gradient of zeros has no direction: the point stays.
                    if (budget.Norm == AttackNorm.LInf) p[i] += size * MathF.Sign(float.IsNaN(g[i]) ? 0 : g[i]);
                    else if (length > 0) p[i] += (float)(size * (g[i] / length));
                }
                Project(p, _centre.AsSpan(start, _width));
            }
        }

        // Points spread evenly over the ball.
        public void Scatter(float[] at, RandomStream random)
        {
            var draws = new float[at.Length];
            if (budget.Norm == AttackNorm.LInf) random.FillUniform(draws);
            else random.FillNormal(draws);
            for (var start = 0; start < at.Length; start += _width)
            {
                var p = at.AsSpan(start, _width);
                var d = draws.AsSpan(start, _width);
                if (budget.Norm == AttackNorm.LInf)
                    foreach (ref var v in d) v = (2 * v) - 1;
                Masked(d);
                var free = budget.Mask is { } mask ? mask.Count(m => m != 0) : _width;
                var scale = budget.Norm == AttackNorm.LInf ? budget.Eps : budget.Eps * Math.Pow(random.NextDouble(), 1.0 / Math.Max(1, free)) / Math.Max(1e-30, Length(d));
                for (var i = 0; i < _width; i++) p[i] += (float)(scale * d[i]);
                Project(p, _centre.AsSpan(start, _width));
            }
        }

        private void Masked(Span<float> values)
        {
            if (budget.Mask is not { } mask) return;
            for (var i = 0; i < values.Length; i++) values[i] *= mask[i];
        }

        private void Project(Span<float> p, ReadOnlySpan<float> centre)
        {
            var shrink = 1.0;
            if (budget.Norm == AttackNorm.L2)
            {
                var squares = 0.0;
                for (var i = 0; i < p.Length; i++) squares += ((double)p[i] - centre[i]) * ((double)p[i] - centre[i]);
                if (squares > (double)budget.Eps * budget.Eps) shrink = budget.Eps / Math.Sqrt(squares);
            }
            for (var i = 0; i < p.Length; i++)
            {
                var moved = budget.Norm == AttackNorm.L2 ? (float)(centre[i] + (shrink * ((double)p[i] - centre[i]))) : Math.Clamp(p[i], centre[i] - budget.Eps, centre[i] + budget.Eps);
                p[i] = Math.Clamp(moved, budget.Low, budget.High);
            }
        }

        private static double Length(ReadOnlySpan<float> values)
        {
            var squares = 0.0;
            foreach (var v in values) squares += (double)v * v;
            return Math.Sqrt(squares);
        }
    }
}
