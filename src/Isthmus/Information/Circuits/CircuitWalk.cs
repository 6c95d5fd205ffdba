namespace Isthmus.Information;

/// <summary>Takes the next symbol of a row: an encoder knows it and writes it with these probabilities, a decoder reads it with them.</summary>
/// <param name="variable">Which variable is next.</param>
/// <param name="probabilities">p(symbol | the symbols taken before), summing to one.</param>
/// <returns>The symbol.</returns>
public delegate int SymbolStep(int variable, ReadOnlySpan<double> probabilities);

/// <summary>
/// Goes through the variables of a circuit in the order of its tree, giving each one's exact conditional distribution given those
/// before it. Because whole subtrees are finished before the next one starts, each region is entered and left once: a row costs about two
/// evaluations of the circuit, not one for each variable (the idea of Liu, Mandt and Van den Broeck 2022, who order variables so that
/// few units change). Encoder and decoder do the same arithmetic in the same order, without functions of the C library, so their
/// probabilities are equal to the last bit.
/// </summary>
public sealed class CircuitWalk
{
    private readonly Circuit _circuit;
    private readonly (int Region, bool Leaving)[] _tape;
    private readonly int[] _parent;
    private readonly double[] _outer, _value, _probabilities;

    /// <summary>Prepares the walk; the same instance serves any number of rows, one after the other.</summary>
    public CircuitWalk(Circuit circuit)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        _circuit = circuit;
        _parent = new int[circuit.Regions.Length];
        for (var r = 0; r < circuit.Regions.Length; r++)
            foreach (var c in circuit.Regions[r].Children) _parent[c] = r;
        _tape = Tape(circuit);
        Order = [.. _tape.Where(s => !s.Leaving && circuit.Regions[s.Region].Kind == Circuit.Kind.Input).Select(s => circuit.Regions[s.Region].Variable)];
        (_outer, _value) = (new double[circuit.Units], new double[circuit.Units]);
        _probabilities = new double[circuit.Alphabets.Max()];
        Visits = _tape.Sum(s => (long)circuit.Regions[s.Region].Units);
    }

    /// <summary>The number of symbols of each variable.</summary>
    public IReadOnlyList<int> Alphabets => _circuit.Alphabets;

    /// <summary>The variables in the order in which they are taken.</summary>
    public IReadOnlyList<int> Order { get; }

    /// <summary>How many units a row visits; evaluating the circuit anew for each variable would visit <see cref="Circuit.Units"/> times their number.</summary>
    public long Visits { get; }

    /// <summary>Takes every symbol of one row.</summary>
    /// <param name="step">Called once for each variable, in <see cref="Order"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step returned a symbol outside its variable's alphabet.</exception>
    public void Run(SymbolStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var root = _circuit.Regions.Length - 1;
        _outer[_circuit.Regions[root].Offset] = 1;
        foreach (var (r, leaving) in _tape)
        {
            var region = _circuit.Regions[r];
            if (leaving)
            {
                if (r != root) Ascend(region, _circuit.Regions[_parent[r]]);
                continue;
            }
            if (r != root) Descend(_circuit.Regions[_parent[r]], region);
            if (region.Kind == Circuit.Kind.Input) Take(region, step);
            else _value.AsSpan(region.Offset, region.Units).Fill(1); // nothing is known yet: every unit sums to one
        }
    }

    // How much each unit of a child weighs in the whole, given what lies outside of it and was taken already.
    private void Descend(Circuit.Region parent, Circuit.Region child)
    {
        var outer = _outer.AsSpan(child.Offset, child.Units);
        if (parent.Kind == Circuit.Kind.Product)
        {
            for (var u = 0; u < outer.Length; u++) outer[u] = _outer[parent.Offset + u] * _value[parent.Offset + u];
        }
        else
        {
            outer.Clear();
            for (var o = 0; o < parent.Units; o++)
                for (var u = 0; u < outer.Length; u++) outer[u] += _outer[parent.Offset + o] * parent.Parameters[(o * outer.Length) + u];
        }
        Scale(outer);
    }

    // Only ratios between units of a region matter, so each region's values are scaled at will.
    private void Ascend(Circuit.Region child, Circuit.Region parent)
    {
        var from = _value.AsSpan(child.Offset, child.Units);
        var to = _value.AsSpan(parent.Offset, parent.Units);
        if (parent.Kind == Circuit.Kind.Product)
        {
            for (var u = 0; u < to.Length; u++) to[u] *= from[u];
        }
        else
        {
            for (var o = 0; o < to.Length; o++)
            {
                to[o] = 0;
                for (var u = 0; u < from.Length; u++) to[o] += parent.Parameters[(o * from.Length) + u] * from[u];
            }
        }
        Scale(to);
    }

    private static void Scale(Span<double> values)
    {
        var largest = 0.0;
        foreach (var v in values) largest = Math.Max(largest, v);
        if (largest > 0)
            foreach (ref var v in values) v /= largest;
    }

    private void Take(Circuit.Region region, SymbolStep step)
    {
        var p = _probabilities.AsSpan(0, region.Width);
        p.Clear();
        var sum = 0.0;
        for (var u = 0; u < region.Units; u++)
            for (var k = 0; k < p.Length; k++) p[k] += _outer[region.Offset + u] * region.Parameters[(u * p.Length) + k];
        foreach (var v in p) sum += v;
        if (sum > 0)
            foreach (ref var v in p) v /= sum;
        else p.Fill(1.0 / p.Length); // after a row of probability zero anything may come
        var symbol = step(region.Variable, p);
        if (symbol < 0 || symbol >= p.Length) throw new ArgumentOutOfRangeException(nameof(step), symbol, $"the step for variable {region.Variable} gave a symbol outside 0..{p.Length - 1}");
        for (var u = 0; u < region.Units; u++) _value[region.Offset + u] = region.Parameters[(u * p.Length) + symbol];
    }

    // Depth first without recursion: a hidden Markov model is as deep as it is long.
    private static (int Region, bool Leaving)[] Tape(Circuit circuit)
    {
        var tape = new List<(int, bool)>();
        var stack = new Stack<(int Region, bool Leaving)>();
        stack.Push((circuit.Regions.Length - 1, false));
        while (stack.TryPop(out var next))
        {
            tape.Add(next);
            if (next.Leaving) continue;
            stack.Push((next.Region, true));
            foreach (var c in circuit.Regions[next.Region].Children.Reverse()) stack.Push((c, false));
        }
        return [.. tape];
    }
}
