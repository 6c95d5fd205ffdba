using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// The values and flows of all units of a circuit on a block of rows: rows are spread over lanes, so each number is the same whatever
/// the vector width. Values are scaled by region and row so that the largest unit is 1; the logarithms of the scales add up to ln p.
/// </summary>
internal sealed unsafe class CircuitBlock
{
    /// <summary>Rows of a block.</summary>
    public const int Rows = 32;

    private const int Vectors = Rows / Lanes.Width;
    private readonly Circuit _circuit;
    private readonly double[] _value, _flow, _scale, _log;

    public CircuitBlock(Circuit circuit)
    {
        _circuit = circuit;
        _value = new double[circuit.Units * Rows];
        _flow = new double[circuit.Units * Rows];
        _scale = new double[circuit.Regions.Length * Rows];
        _log = new double[Rows];
    }

    /// <summary>ln p of a row of the block, after <see cref="Forward"/>.</summary>
    public double LogLikelihood(int row) => _log[row];

    /// <summary>Evaluates every unit on rows start .. start + count − 1; the rest of the block repeats the last of them.</summary>
    public void Forward(IReadOnlyList<int[]> rows, int start, int count)
    {
        Array.Clear(_log);
        for (var r = 0; r < _circuit.Regions.Length; r++)
        {
            var region = _circuit.Regions[r];
            fixed (double* value = &_value[region.Offset * Rows], scale = &_scale[r * Rows], log = _log)
            {
                switch (region.Kind)
                {
                    case Circuit.Kind.Input:
                        Look(region, rows, start, count, value);
                        for (var b = 0; b < Rows; b++) scale[b] = 1;
                        break;
                    case Circuit.Kind.Product:
                        Multiply(region, value, scale, log);
                        Normalise(region.Units, value, scale, log);
                        break;
                    default:
                        fixed (double* child = &_value[_circuit.Regions[region.Children[0]].Offset * Rows], weights = region.Parameters)
                            Mix(region.Units, region.Width, weights, child, value);
                        Normalise(region.Units, value, scale, log);
                        break;
                }
            }
        }
        // An input as root has one unit that no scale has taken up.
        var root = _circuit.Regions[^1];
        for (var b = 0; b < Rows; b++) _log[b] += Math.Log(_value[(root.Offset * Rows) + b]);
    }

    /// <summary>
    /// Adds the expected counts of the first rows of the block to those of each region, given their probabilities: of a sum unit
    /// choosing a child, of an input unit emitting its symbol.
    /// </summary>
    /// <param name="rows">As in <see cref="Forward"/>.</param>
    /// <param name="start">As in <see cref="Forward"/>.</param>
    /// <param name="count">As in <see cref="Forward"/>.</param>
    /// <param name="counts">One array a region, shaped like its parameters.</param>
    public void Backward(IReadOnlyList<int[]> rows, int start, int count, double[][] counts)
    {
        Array.Clear(_flow);
        for (var b = 0; b < count; b++) _flow[(_circuit.Regions[^1].Offset * Rows) + b] = double.IsNegativeInfinity(_log[b]) ? 0 : 1;
        for (var r = _circuit.Regions.Length - 1; r >= 0; r--)
        {
            var region = _circuit.Regions[r];
            if (region.Kind == Circuit.Kind.Input)
            {
                if (region.Fixed) continue;
                for (var b = 0; b < count; b++)
                {
                    var symbol = rows[start + b][region.Variable];
                    if (symbol < 0) continue;
                    for (var u = 0; u < region.Units; u++) counts[r][(u * region.Width) + symbol] += _flow[((region.Offset + u) * Rows) + b];
                }
            }
            else if (region.Kind == Circuit.Kind.Product)
            {
                foreach (var c in region.Children)
                    _flow.AsSpan(region.Offset * Rows, region.Units * Rows).CopyTo(_flow.AsSpan(_circuit.Regions[c].Offset * Rows));
            }
            else
            {
                var child = _circuit.Regions[region.Children[0]];
                fixed (double* value = &_value[region.Offset * Rows], flow = &_flow[region.Offset * Rows], scale = &_scale[r * Rows],
                    childValue = &_value[child.Offset * Rows], childFlow = &_flow[child.Offset * Rows], weights = region.Parameters, into = counts[r])
                    Share(region.Units, region.Width, weights, into, value, flow, scale, childValue, childFlow);
            }
        }
    }

    private static void Look(Circuit.Region region, IReadOnlyList<int[]> rows, int start, int count, double* value)
    {
        for (var b = 0; b < Rows; b++)
        {
            var symbol = rows[start + Math.Min(b, count - 1)][region.Variable];
            for (var u = 0; u < region.Units; u++) value[(u * Rows) + b] = symbol < 0 ? 1 : region.Parameters[(u * region.Width) + symbol];
        }
    }

    // The scales of products are not needed afterwards, so a long product is scaled on its way, before it underflows.
    private void Multiply(Circuit.Region region, double* value, double* scale, double* log)
    {
        var cells = region.Units * Rows;
        for (var i = 0; i < cells; i++) value[i] = 1;
        for (var c = 0; c < region.Children.Length; c++)
        {
            fixed (double* child = &_value[_circuit.Regions[region.Children[c]].Offset * Rows])
                for (var i = 0; i < cells; i += Lanes.Width) (Vector512.Load(value + i) * Vector512.Load(child + i)).Store(value + i);
            if (c % 8 == 7) Normalise(region.Units, value, scale, log);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(int units, int width, double* weights, double* child, double* value)
    {
        for (var o = 0; o < units; o++, value += Rows, weights += width)
        {
            Vector512<double> s0 = default, s1 = default, s2 = default, s3 = default;
            var from = child;
            for (var j = 0; j < width; j++, from += Rows)
            {
                var w = Vector512.Create(weights[j]);
                s0 = Vector512.FusedMultiplyAdd(w, Vector512.Load(from), s0);
                s1 = Vector512.FusedMultiplyAdd(w, Vector512.Load(from + 8), s1);
                s2 = Vector512.FusedMultiplyAdd(w, Vector512.Load(from + 16), s2);
                s3 = Vector512.FusedMultiplyAdd(w, Vector512.Load(from + 24), s3);
            }
            s0.Store(value);
            s1.Store(value + 8);
            s2.Store(value + 16);
            s3.Store(value + 24);
        }
    }

    // Divides by the largest unit of each row and adds its logarithm. Rows of probability zero keep scale 1 and end as ln 0.
    private static void Normalise(int units, double* value, double* scale, double* log)
    {
        for (var v = 0; v < Vectors; v++)
        {
            var at = v * Lanes.Width;
            var largest = Vector512.Load(value + at);
            for (var u = 1; u < units; u++) largest = Vector512.Max(largest, Vector512.Load(value + (u * Rows) + at));
            var usable = Vector512.GreaterThan(largest, Vector512.Create(1e-290));
            largest = Vector512.ConditionalSelect(usable, largest, Vector512.Create(1.0));
            largest.Store(scale + at);
            (Vector512.Load(log + at) + Lanes.Log(largest)).Store(log + at);
            var inverse = Vector512.Create(1.0) / largest;
            for (var u = 0; u < units; u++)
            {
                var cell = value + (u * Rows) + at;
                Vector512.ConditionalSelect(usable, Vector512.Load(cell) * inverse, Vector512<double>.Zero).Store(cell);
            }
        }
    }

    // flow(j) += v(j) Σ_o w(o,j) flow(o)/s(o), and the count of (o, j) += Σ_rows w(o,j) v(j) flow(o)/s(o), with s(o) = value(o) scale.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Share(int units, int width, double* weights, double* into, double* value, double* flow, double* scale, double* childValue, double* childFlow)
    {
        for (var o = 0; o < units; o++, value += Rows, flow += Rows, weights += width, into += width)
        {
            var g0 = Ratio(flow, value, scale);
            var g1 = Ratio(flow + 8, value + 8, scale + 8);
            var g2 = Ratio(flow + 16, value + 16, scale + 16);
            var g3 = Ratio(flow + 24, value + 24, scale + 24);
            for (var j = 0; j < width; j++)
            {
                double* v = childValue + (j * Rows), f = childFlow + (j * Rows);
                var w = Vector512.Create(weights[j]);
                var t0 = w * g0 * Vector512.Load(v);
                var t1 = w * g1 * Vector512.Load(v + 8);
                var t2 = w * g2 * Vector512.Load(v + 16);
                var t3 = w * g3 * Vector512.Load(v + 24);
                (Vector512.Load(f) + t0).Store(f);
                (Vector512.Load(f + 8) + t1).Store(f + 8);
                (Vector512.Load(f + 16) + t2).Store(f + 16);
                (Vector512.Load(f + 24) + t3).Store(f + 24);
                var t = (t0 + t1) + (t2 + t3);
                into[j] += ((t[0] + t[1]) + (t[2] + t[3])) + ((t[4] + t[5]) + (t[6] + t[7]));
            }
        }
    }

    private static Vector512<double> Ratio(double* flow, double* value, double* scale)
    {
        var s = Vector512.Load(value) * Vector512.Load(scale);
        var usable = Vector512.GreaterThan(s, Vector512<double>.Zero);
        return Vector512.ConditionalSelect(usable, Vector512.Load(flow) / Vector512.ConditionalSelect(usable, s, Vector512.Create(1.0)), Vector512<double>.Zero);
    }
}
