using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>All states of the concepts, and what follows when some of them are put by hand.</summary>
internal sealed class StateGrid
{
    private readonly ConceptSpace _space;
    private readonly int[] _digits; // [states, k]

    public StateGrid(ConceptSpace space)
    {
        _space = space;
        Count = (int)Size(space);
        _digits = new int[Count * space.Count];
        Columns = Tensor.Zeros(Count, space.Width);
        var encoded = space.Axes.Select((a, j) => Enumerable.Range(0, a.States).Select(s => space.Encode(j, s)).ToArray()).ToArray();
        var state = new int[space.Count];
        for (var s = 0; s < Count; s++)
        {
            state.CopyTo(_digits, s * space.Count);
            for (var j = 0; j < space.Count; j++) encoded[j][state[j]].CopyTo(Columns.Data.Slice((s * space.Width) + space.Offset(j), space.Axes[j].Width));
            for (var j = space.Count - 1; j >= 0 && ++state[j] == space.Axes[j].States; j--) state[j] = 0;
        }
    }

    /// <summary>How many states there are.</summary>
    public int Count { get; }

    /// <summary>[states, width], the last concept fastest.</summary>
    public Tensor Columns { get; }

    /// <summary>How many states concepts have together.</summary>
    public static double Size(ConceptSpace space) => space.Axes.Aggregate(1.0, (n, a) => n * a.States);

    /// <summary>How many of the known columns each state disagrees with, [rows, states]: 0 where it agrees with all.</summary>
    /// <param name="truth">Hard values.</param>
    public Tensor Disagreement(ConceptValues truth)
    {
        var known = _space.Columns(truth.Known);
        var wanted = truth.Values * known;
        // known (1 - 2 v) c + known v is |v - c| for v and c of 0 or 1.
        return (known - (wanted * 2f)).MatMul(Columns, transposeOther: true) + wanted.Sum(1, keepdim: true);
    }

    /// <summary>
    /// Beliefs and answers with concepts put: the mixture Σ q(v) p(· | x, c_put = v), where q is the product of what was put, so that a state
    /// put for sure conditions on it, and a soft one weighs the answers of its states. Differentiable in what was put; not in the rest.
    /// </summary>
    /// <param name="log">[rows, states]: ln p(c | x) up to a constant of the row.</param>
    /// <param name="classes">[rows or 1, states, classes]: p(y | x, c).</param>
    /// <param name="put">What is put.</param>
    /// <returns>[rows, width + classes].</returns>
    public Tensor Mix(Tensor log, Tensor classes, ConceptValues put)
    {
        var (rows, width, outputs) = (log.Size(0), _space.Width, _space.Width + classes.Size(2));
        var result = Tensor.Zeros(rows, outputs);
        for (var i = 0; i < rows; i++)
        {
            var row = new Row(this, log.Data.Slice(i * Count, Count), put, i);
            var (sums, weights) = (new double[outputs], row.Weights());
            for (var s = 0; s < Count; s++)
                if (weights[s] != 0) AddPayload(sums, weights[s], s, i);
            for (var o = 0; o < outputs; o++) result.Data[(i * outputs) + o] = (float)sums[o];
        }
        return Tensor.WithGradient(result, [put.Values], g =>
        {
            var gradient = Tensor.Zeros(rows, width);
            for (var i = 0; i < rows; i++)
            {
                var payloads = new double[Count];
                for (var s = 0; s < Count; s++) payloads[s] = Payload(g.Data.Slice(i * outputs, outputs), s, i);
                new Row(this, log.Data.Slice(i * Count, Count), put, i).Gradient(payloads, gradient.Data.Slice(i * width, width));
            }
            return [gradient];
        });

        void AddPayload(double[] sums, double weight, int s, int i)
        {
            for (var c = 0; c < width; c++) sums[c] += weight * Columns.Data[(s * width) + c];
            var own = OwnClasses(s, i);
            for (var y = 0; y < own.Length; y++) sums[width + y] += weight * own[y];
        }

        double Payload(ReadOnlySpan<float> g, int s, int i)
        {
            var sum = 0.0;
            for (var c = 0; c < width; c++) sum += (double)g[c] * Columns.Data[(s * width) + c];
            var own = OwnClasses(s, i);
            for (var y = 0; y < own.Length; y++) sum += (double)g[width + y] * own[y];
            return sum;
        }

        ReadOnlySpan<float> OwnClasses(int s, int i) =>
            classes.Data.Slice(((classes.Size(0) == 1 ? 0 : i * Count) + s) * (outputs - width), outputs - width);
    }

    // One row with what is put into it.
    private sealed class Row
    {
        private readonly StateGrid _grid;
        private readonly int[] _put;
        private readonly double[][] _q; // of each concept that is put, the probability of each of its states
        private readonly double[] _given; // p(state | the put concepts are as in the state)

        public Row(StateGrid grid, ReadOnlySpan<float> log, ConceptValues put, int row)
        {
            _grid = grid;
            var space = grid._space;
            var values = put.Values.Data.Slice(row * space.Width, space.Width);
            var (which, q) = (new List<int>(), new List<double[]>());
            for (var j = 0; j < space.Count; j++)
            {
                if (put.Known.Data[(row * space.Count) + j] == 0 || Distribution(space, j, values.Slice(space.Offset(j), space.Axes[j].Width)) is not { } p) continue;
                which.Add(j);
                q.Add(p);
            }
            (_put, _q) = ([.. which], [.. q]);
            var keys = new int[grid.Count];
            for (var s = 0; s < keys.Length; s++)
                foreach (var j in _put) keys[s] = (keys[s] * space.Axes[j].States) + grid._digits[(s * space.Count) + j];
            var groups = _put.Aggregate(1, (n, j) => n * space.Axes[j].States);
            var (most, sums) = (new double[groups], new double[groups]);
            Array.Fill(most, double.NegativeInfinity);
            for (var s = 0; s < keys.Length; s++) most[keys[s]] = Math.Max(most[keys[s]], log[s]);
            _given = new double[keys.Length];
            for (var s = 0; s < keys.Length; s++) sums[keys[s]] += _given[s] = Math.Exp(log[s] - most[keys[s]]);
            for (var s = 0; s < keys.Length; s++) _given[s] /= sums[keys[s]];
        }

        public double[] Weights()
        {
            var weights = new double[_given.Length];
            for (var s = 0; s < weights.Length; s++)
            {
                var w = _given[s];
                for (var i = 0; i < _put.Length && w != 0; i++) w *= _q[i][Digit(s, i)];
                weights[s] = w;
            }
            return weights;
        }

        public void Gradient(double[] payloads, Span<float> gradient)
        {
            var d = Array.ConvertAll(_q, q => new double[q.Length]);
            var below = new double[_put.Length + 1];
            below[0] = 1;
            for (var s = 0; s < payloads.Length; s++)
            {
                for (var i = 0; i < _put.Length; i++) below[i + 1] = below[i] * _q[i][Digit(s, i)];
                var above = payloads[s] * _given[s];
                for (var i = _put.Length - 1; i >= 0; i--)
                {
                    d[i][Digit(s, i)] += above * below[i];
                    above *= _q[i][Digit(s, i)];
                }
            }
            for (var i = 0; i < _put.Length; i++)
            {
                var axis = _grid._space.Axes[_put[i]];
                var own = gradient.Slice(_grid._space.Offset(_put[i]), axis.Width);
                for (var c = 0; c < own.Length; c++)
                    own[c] = (float)(axis.Type == ConceptType.Categorical ? d[i][c] : d[i][c + 1] - d[i][c]);
            }
        }

        private int Digit(int state, int i) => _grid._digits[(state * _grid._space.Count) + _put[i]];
    }

    /// <summary>The probabilities of a concept's states that its columns say; null where they say nothing, as when all are 0.</summary>
    internal static double[]? Distribution(ConceptSpace space, int concept, ReadOnlySpan<float> columns)
    {
        var clamped = new float[columns.Length];
        for (var c = 0; c < clamped.Length; c++) clamped[c] = Math.Clamp(columns[c], 0, 1);
        var p = space.Axes[concept].Type == ConceptType.Binary ? [1.0 - clamped[0], clamped[0]] : space.StateProbabilities(concept, clamped);
        var sum = p.Sum();
        return sum > 0 ? [.. p.Select(v => v / sum)] : null;
    }
}
