using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Minimises mean cross-entropy + lambda ((1 - a)/2 |W|² + a |W|₁), class after class: the quadratic model of a class's block is solved
/// by coordinate descent on its curvature matrix (Friedman, Hastie, Tibshirani: "Regularization Paths for Generalized Linear Models via
/// Coordinate Descent", 2010), and a line search on the objective itself keeps it falling (Yuan, Ho, Lin: "An Improved GLMNET for
/// L1-regularized Logistic Regression", 2012). Weights and predictions stay between calls, so that a path is walked with warm starts;
/// features outside the strong set (Tibshirani et al. 2012) are looked at only when the optimality conditions are checked, which is
/// done for all of them before a call returns.
/// </summary>
/// <remarks>
/// The blocks of one row, p (1 - p), bound the softmax's whole curvature from both sides: its eigenvalues in that metric lie in [1, 2] but
/// for the direction that adds one number to all classes, which the loss does not feel and <see cref="Center"/> solves exactly. A few
/// rounds through the classes therefore suffice. One class with a logit is the binary model against a second class whose logit is 0.
/// Sums run in a fixed order, so that no result depends on the number of threads.
/// </remarks>
internal sealed unsafe class MultinomialNewton
{
    private const int MostSweeps = 200;
    private const double SmallestCurvature = 1e-12;
    private readonly StandardColumns _x;
    private readonly int _n, _d, _classes;
    private readonly double _alpha;
    private readonly bool _reference; // a further class whose logit is 0
    private readonly int[] _labels, _all;
    private readonly int[][] _rowsOf; // by logit: the rows of its class
    private readonly double[] _eta, _exp; // [classes, n]: logits, and their exponentials less the row's reference
    private readonly double[] _sum, _over, _high; // [n]: the row's sum of exponentials, one over it, and its reference
    private readonly double[] _residual, _weight, _step, _trial; // [n]
    private readonly double[] _gradient; // [classes, d + 1], the bias last
    private readonly ClassCurvature[] _curvature;
    private readonly Extrapolation _extrapolation = new();

    /// <summary>A problem with all weights 0 and the biases at the classes' shares.</summary>
    /// <param name="x">Features.</param>
    /// <param name="labels">A class for each row.</param>
    /// <param name="classes">2 for one logit; more for one each.</param>
    /// <param name="alpha">The share of absolute values in the penalty, above 0 and at most 1.</param>
    public MultinomialNewton(StandardColumns x, int[] labels, int classes, double alpha)
    {
        (_x, _n, _d, _alpha, _labels) = (x, x.Rows, x.Count, alpha, labels);
        (_reference, _classes) = (classes == 2, classes == 2 ? 1 : classes);
        _all = [.. Enumerable.Range(0, _d)];
        (_eta, _exp) = (new double[checked(_classes * _n)], new double[_classes * _n]);
        (_sum, _over, _high, _residual, _weight, _step, _trial) = (new double[_n], new double[_n], new double[_n], new double[_n], new double[_n], new double[_n], new double[_n]);
        _rowsOf = [.. Enumerable.Range(0, _classes).Select(k => Enumerable.Range(0, _n).Where(i => labels[i] == (_reference ? 1 : k)).ToArray())];
        (Weights, _gradient) = (new double[_classes * (_d + 1)], new double[_classes * (_d + 1)]);
        _curvature = [.. Enumerable.Range(0, _classes).Select(_ => new ClassCurvature())];
        StartAtShares();
        Refresh();
        Gradient();
        for (var k = 0; k < _classes; k++)
            for (var j = 0; j < _d; j++) LargestLambda = Math.Max(LargestLambda, Math.Abs(_gradient[Index(k, j)]) / alpha);
    }

    /// <summary>[logits, d + 1], the bias last.</summary>
    public double[] Weights { get; }

    /// <summary>The least lambda at which all weights are 0.</summary>
    public double LargestLambda { get; }

    /// <summary>Mean cross-entropy at the present weights, in nats.</summary>
    public double Loss { get; private set; }

    /// <summary>The greatest violation of the optimality conditions after the last call, in nats per unit of a weight.</summary>
    public double Violation { get; private set; }

    /// <summary>Rounds through the classes of the last call.</summary>
    public int Iterations { get; private set; }

    /// <summary>The objective at a lambda.</summary>
    public double Objective(double lambda)
    {
        double penalty = 0;
        for (var k = 0; k < _classes; k++)
            for (var j = 0; j < _d; j++) penalty += ElasticNetPenalty.Of(Weights[Index(k, j)], lambda * _alpha, lambda * (1 - _alpha));
        return Loss + penalty;
    }

    /// <summary>Starts from given weights.</summary>
    public void Restart(ReadOnlySpan<double> weights)
    {
        weights.CopyTo(Weights);
        fixed (double* x = _x.Values, eta = _eta)
            for (var k = 0; k < _classes; k++)
            {
                ColumnKernels.Combine(x, _n, _all, Weights.AsSpan(Index(k, 0), _d), eta + ((long)k * _n));
                for (var i = 0; i < _n; i++) _eta[(k * _n) + i] += Weights[Index(k, _d)];
            }
        Refresh();
        Gradient();
    }

    /// <summary>Moves to the minimum at a lambda.</summary>
    /// <param name="lambda">The strength of the penalty.</param>
    /// <param name="before">The lambda whose minimum the present weights are, for the strong rule.</param>
    /// <param name="tolerance">The greatest violation of the optimality conditions that may remain, as a share of lambda.</param>
    /// <param name="most">The greatest number of rounds.</param>
    public void Solve(double lambda, double before, double tolerance, int most)
    {
        var goal = tolerance * lambda;
        var (l1, l2) = (lambda * _alpha, lambda * (1 - _alpha));
        var working = Working((2 * lambda) - before);
        _extrapolation.Clear();
        for (Iterations = 1; ; Iterations++)
        {
            double worst = 0;
            for (var k = 0; k < _classes; k++) worst = Math.Max(worst, Improve(k, working[k], l1, l2, goal));
            if (!_reference) Center(l1, l2);
            if (worst > goal && Iterations < most)
            {
                Extrapolate(lambda);
                AddNonZeros(working);
                continue;
            }
            _extrapolation.Clear();
            Refresh();
            Gradient();
            Violation = WorstViolation(l1, l2);
            if (Violation <= goal || Iterations >= most) return;
            working = Working(lambda);
        }
    }

    // Logits are linear in the weights, so that both are combined with the same numbers; only a lower objective counts.
    private void Extrapolate(double lambda)
    {
        if (_extrapolation.Add(Weights, _eta) is not { } further) return;
        var (weights, eta) = (Weights.ToArray(), _eta.ToArray());
        Refresh();
        var now = Objective(lambda);
        further.At.CopyTo(Weights, 0);
        further.With.CopyTo(_eta, 0);
        Refresh();
        if (Objective(lambda) < now) return;
        weights.CopyTo(Weights, 0);
        eta.CopyTo(_eta, 0);
        Refresh();
    }

    private int Index(int k, int j) => (k * (_d + 1)) + j;

    // Softmax of the biases alone gives the classes' shares; a class without rows is taken to have half a row.
    private void StartAtShares()
    {
        var counts = new double[_reference ? 2 : _classes];
        foreach (var label in _labels) counts[label]++;
        for (var k = 0; k < _classes; k++)
        {
            var bias = _reference ? Math.Log(Math.Max(0.5, counts[1]) / Math.Max(0.5, counts[0])) : Math.Log(Math.Max(0.5, counts[k]) / _n);
            Weights[Index(k, _d)] = bias;
            _eta.AsSpan(k * _n, _n).Fill(bias);
        }
    }

    // Exponentials and their sums afresh from the logits, and the loss.
    private void Refresh()
    {
        Array.Fill(_high, _reference ? 0 : double.NegativeInfinity);
        for (var k = 0; k < _classes; k++)
            for (var i = 0; i < _n; i++) _high[i] = Math.Max(_high[i], _eta[(k * _n) + i]);
        Array.Clear(_sum);
        fixed (double* exp = _exp, sum = _sum, high = _high)
        {
            if (_reference)
            {
                for (var i = 0; i < _n; i++) sum[i] = -high[i];
                ColumnKernels.Exp(sum, sum, _n);
            }
            for (var k = 0; k < _classes; k++)
            {
                var own = exp + ((long)k * _n);
                for (var i = 0; i < _n; i++) own[i] = _eta[(k * _n) + i] - high[i];
                ColumnKernels.Exp(own, own, _n);
                for (var i = 0; i < _n; i++) sum[i] += own[i];
            }
        }
        double loss = 0;
        for (var i = 0; i < _n; i++)
        {
            _over[i] = 1 / _sum[i];
            loss += Math.Log(_sum[i]) + _high[i] - Own(i);
        }
        Loss = loss / _n;
    }

    private void RefreshRow(int i)
    {
        var high = _reference ? 0 : double.NegativeInfinity;
        for (var k = 0; k < _classes; k++) high = Math.Max(high, _eta[(k * _n) + i]);
        var sum = _reference ? Math.Exp(-high) : 0;
        for (var k = 0; k < _classes; k++) sum += _exp[(k * _n) + i] = Math.Exp(_eta[(k * _n) + i] - high);
        (_high[i], _sum[i], _over[i]) = (high, sum, 1 / sum);
    }

    private double Own(int i) => !_reference ? _eta[(_labels[i] * _n) + i] : _labels[i] == 1 ? _eta[i] : 0;

    // Probabilities less the labels, over n.
    private void Residual(int k)
    {
        var each = 1.0 / _n;
        for (var i = 0; i < _n; i++) _residual[i] = _exp[(k * _n) + i] * _over[i] * each;
        foreach (var i in _rowsOf[k]) _residual[i] -= each;
    }

    // Of the mean cross-entropy, for every weight and bias.
    private void Gradient()
    {
        fixed (double* x = _x.Values, r = _residual)
            for (var k = 0; k < _classes; k++)
            {
                Residual(k);
                ColumnKernels.Products(x, _n, _all, r, _gradient.AsSpan(Index(k, 0), _d));
                _gradient[Index(k, _d)] = ColumnKernels.Sum(r, _n);
            }
    }

    private double WorstViolation(double l1, double l2)
    {
        double worst = 0;
        for (var k = 0; k < _classes; k++)
        {
            for (var j = 0; j < _d; j++) worst = Math.Max(worst, ElasticNetPenalty.Violation(Weights[Index(k, j)], _gradient[Index(k, j)], l1, l2));
            worst = Math.Max(worst, Math.Abs(_gradient[Index(k, _d)]));
        }
        return worst;
    }

    // By class: the features whose weight is not 0 or may become so.
    private int[][] Working(double lambda)
    {
        var working = new int[_classes][];
        for (var k = 0; k < _classes; k++)
            working[k] = [.. _all.Where(j => Weights[Index(k, j)] != 0 || Math.Abs(_gradient[Index(k, j)]) >= _alpha * lambda)];
        return working;
    }

    // Centring may give weights to features that a class did not work on.
    private void AddNonZeros(int[][] working)
    {
        for (var k = 0; k < _classes; k++)
        {
            var there = working[k].ToHashSet();
            var more = _all.Where(j => Weights[Index(k, j)] != 0 && !there.Contains(j)).ToArray();
            if (more.Length > 0) working[k] = [.. working[k], .. more];
        }
    }

    // One step of one class; the violation of its conditions before it.
    private double Improve(int k, int[] features, double l1, double l2, double goal)
    {
        var gradient = new double[features.Length + 1]; // the bias first
        Residual(k);
        fixed (double* x = _x.Values, r = _residual)
        {
            ColumnKernels.Products(x, _n, features, r, gradient.AsSpan(1));
            gradient[0] = ColumnKernels.Sum(r, _n);
        }
        var violation = Math.Abs(gradient[0]);
        for (var a = 0; a < features.Length; a++) violation = Math.Max(violation, ElasticNetPenalty.Violation(Weights[Index(k, features[a])], gradient[a + 1], l1, l2));
        if (violation <= 0.1 * goal) return violation;
        var each = 1.0 / _n;
        for (var i = 0; i < _n; i++)
        {
            var p = _exp[(k * _n) + i] * _over[i];
            _weight[i] = p * (1 - p) * each;
        }
        _curvature[k].Ensure(_x, features, _weight);
        var next = Descend(k, features, gradient, l1, l2, Math.Max(0.05 * violation, 0.1 * goal));
        Search(k, features, gradient, next, l1, l2);
        return violation;
    }

    // Solves the quadratic model of a class; the weights at its minimum, the bias first.
    private double[] Descend(int k, int[] features, double[] gradient, double l1, double l2, double until)
    {
        var curvature = _curvature[k];
        var (gram, stride) = (curvature.Gram, curvature.Stride);
        var m = features.Length + 1;
        int[] slots = [0, .. features.Select(curvature.Slot)];
        var next = new double[m];
        next[0] = Weights[Index(k, _d)];
        for (var a = 1; a < m; a++) next[a] = Weights[Index(k, features[a - 1])];
        var slope = new double[stride]; // the model's gradient at next, by slot
        for (var a = 0; a < m; a++) slope[slots[a]] = gradient[a];
        int[] every = [.. Enumerable.Range(0, m)];
        var active = every;
        fixed (double* g = gram, s = slope)
            for (var sweep = 0; sweep < MostSweeps; sweep++)
            {
                double largest = 0;
                foreach (var a in active)
                {
                    var (slot, w) = (slots[a], next[a]);
                    var h = Math.Max(SmallestCurvature, g[((long)slot * stride) + slot]) + (a == 0 ? 0 : l2);
                    var to = a == 0 ? w - (s[0] / h) : ElasticNetPenalty.Shrink((h * w) - (s[slot] + (l2 * w)), l1) / h;
                    if (to == w) continue;
                    Dense.Add(s, to - w, g + ((long)slot * stride), stride);
                    next[a] = to;
                    largest = Math.Max(largest, Math.Abs(to - w) * h);
                }
                if (largest > until) active = active.Length == m ? [.. every.Where(a => a == 0 || next[a] != 0)] : active;
                else if (active.Length == m) break;
                else active = every;
            }
        return next;
    }

    // Backtracks from the model's minimum until the objective falls as it should, and moves there.
    private void Search(int k, int[] features, double[] gradient, double[] next, double l1, double l2)
    {
        var bias = next[0] - Weights[Index(k, _d)];
        var moves = new double[features.Length];
        double expected = gradient[0] * bias, penalty = 0;
        for (var a = 0; a < moves.Length; a++)
        {
            var w = Weights[Index(k, features[a])];
            moves[a] = next[a + 1] - w;
            penalty += ElasticNetPenalty.Of(w, l1, l2);
            expected += (gradient[a + 1] * moves[a]) + ElasticNetPenalty.Of(next[a + 1], l1, l2) - ElasticNetPenalty.Of(w, l1, l2);
        }
        int[] moving = [.. Enumerable.Range(0, moves.Length).Where(a => moves[a] != 0)];
        fixed (double* x = _x.Values, step = _step) ColumnKernels.Combine(x, _n, [.. moving.Select(a => features[a])], [.. moving.Select(a => moves[a])], step);
        for (var i = 0; i < _n; i++) _step[i] += bias;
        for (var t = 1.0; t > 1e-4; t /= 2)
        {
            double after = 0;
            for (var a = 0; a < moves.Length; a++) after += ElasticNetPenalty.Of(t == 1 ? next[a + 1] : Weights[Index(k, features[a])] + (t * moves[a]), l1, l2);
            if (LossChange(k, t) + after - penalty > (0.01 * t * expected) + 1e-13) continue;
            for (var a = 0; a < moves.Length; a++)
            {
                ref var w = ref Weights[Index(k, features[a])];
                w = t == 1 ? next[a + 1] : w + (t * moves[a]);
            }
            Weights[Index(k, _d)] += t * bias;
            Move(k, t);
            return;
        }
    }

    // Of the mean cross-entropy where a class's logits move by t steps; _trial holds the new exponentials.
    private double LossChange(int k, double t)
    {
        double change = 0, product = 1;
        var pending = 0;
        fixed (double* trial = _trial)
        {
            for (var i = 0; i < _n; i++) trial[i] = t * _step[i];
            ColumnKernels.Exp(trial, trial, _n);
            for (var i = 0; i < _n; i++)
            {
                var old = _exp[(k * _n) + i];
                trial[i] *= old;
                var factor = 1 + ((trial[i] - old) * _over[i]);
                if (factor is < 1e-30 or > 1e30) change += Math.Log(Math.Max(1e-300, factor));
                else product *= factor;
                // One logarithm for a few rows.
                if (++pending % 8 != 0) continue;
                change += Math.Log(product);
                product = 1;
            }
        }
        change += Math.Log(product);
        foreach (var i in _rowsOf[k]) change -= t * _step[i];
        return change / _n;
    }

    private void Move(int k, double t)
    {
        for (var i = 0; i < _n; i++)
        {
            var at = (k * _n) + i;
            _eta[at] += t * _step[i];
            var sum = _sum[i] - _exp[at] + _trial[i];
            // Where the row's largest term has gone or a far larger one has come, the sum is made anew.
            if (sum < 0.01 * _sum[i] || sum > 1e6 || sum < 1e-6) RefreshRow(i);
            else (_sum[i], _over[i], _exp[at]) = (sum, 1 / sum, _trial[i]);
        }
    }

    // The loss does not feel the same number added to a feature's weights in all classes; the penalty does.
    private void Center(double l1, double l2)
    {
        var weights = new double[_classes];
        for (var j = 0; j <= _d; j++)
        {
            var zeros = 0;
            for (var k = 0; k < _classes; k++)
                if ((weights[k] = Weights[Index(k, j)]) == 0) zeros++;
            if (j < _d && 2 * zeros > _classes) continue; // 0 is the median, and stays the best
            var shift = j == _d ? weights.Average() : ElasticNetPenalty.Least(weights, l1, l2);
            for (var k = 0; k < _classes; k++) Weights[Index(k, j)] -= shift; // exactly 0 where it is the shift
        }
    }
}
