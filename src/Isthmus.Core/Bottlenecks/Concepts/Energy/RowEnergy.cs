using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>The energy of concepts and class of one row, whose input is fixed: the last variable is the class.</summary>
internal sealed class RowEnergy : EnergyFunction
{
    private const float MostUnit = 300; // beyond it a unit is as good as always on
    private readonly ConceptSpace _space;
    private readonly Tables _tables;
    private readonly double[] _columns, _classes;
    private readonly double[] _units, _field; // what Conditional works in

    /// <summary>Weights as plain numbers, shared by all rows.</summary>
    public sealed class Tables(GlobalEnergy energy, ConceptSpace space, float factor)
    {
        public readonly int Hidden = energy.Hidden;
        public readonly float[] Pairs = (energy.Couplings() * factor).ToArray();
        public readonly float[] Classes = (energy.Classes * factor).ToArray();
        public readonly float[] ClassBias = (energy.ClassBias * factor).ToArray();
        public readonly float[] ConceptBias = (energy.ConceptBias * factor).ToArray();
        public readonly float[] Units = energy.HiddenConcepts?.ToArray() ?? [];
        public readonly float[] ClassUnits = energy.HiddenClasses?.ToArray() ?? [];
        public readonly double Factor = factor;
        public readonly double[][] ClassFactors = [.. Enumerable.Range(0, energy.ClassBias.Size(0)).Select(y => Factors(energy.HiddenClasses?.Select(0, y)))];
        public readonly double[][][] StateFactors = [.. space.Axes.Select((a, j) => Enumerable.Range(0, a.States).Select(s =>
            Factors(energy.HiddenConcepts is { } units ? Tensor.From(space.Encode(j, s), 1, a.Width).MatMul(units.Narrow(0, space.Offset(j), a.Width)) : null)).ToArray())];
        public readonly float[][][] States = [.. space.Axes.Select((a, j) => Enumerable.Range(0, a.States).Select(s => space.Encode(j, s)).ToArray())];

        // What a state multiplies the exponential of each hidden unit's input by.
        private static double[] Factors(Tensor? units) => units is null ? [] : [.. units.ToArray().Select(u => Math.Exp(Math.Clamp(u, -MostUnit, MostUnit)))];
    }

    /// <summary>Binds a row.</summary>
    /// <param name="space">The concepts.</param>
    /// <param name="variables">Concepts and class.</param>
    /// <param name="tables">The weights.</param>
    /// <param name="columns">−E(x, c) of each column.</param>
    /// <param name="classes">−E(x, y) of each class; empty for none.</param>
    public RowEnergy(ConceptSpace space, IReadOnlyList<ConceptVariable> variables, Tables tables, ReadOnlySpan<float> columns, ReadOnlySpan<float> classes) : base(variables)
    {
        (_space, _tables) = (space, tables);
        _columns = new double[columns.Length];
        for (var c = 0; c < columns.Length; c++) _columns[c] = columns[c] + tables.ConceptBias[c];
        _classes = new double[tables.ClassBias.Length];
        for (var y = 0; y < _classes.Length; y++) _classes[y] = tables.ClassBias[y] + (classes.Length > 0 ? classes[y] : 0);
        (_units, _field) = (new double[tables.Hidden], new double[space.Axes.Max(a => a.Width)]);
    }

    /// <inheritdoc/>
    public override double Unary(int variable, int state)
    {
        if (variable == _space.Count) return -_classes[state];
        var (sum, own, offset) = (0.0, _tables.States[variable][state], _space.Offset(variable));
        for (var c = 0; c < own.Length; c++) sum -= own[c] * _columns[offset + c];
        return sum;
    }

    /// <inheritdoc/>
    public override double Energy(ReadOnlySpan<int> state)
    {
        var (columns, y, width) = (new double[_columns.Length], state[^1], _columns.Length);
        for (var j = 0; j < _space.Count; j++)
            for (var c = 0; c < _space.Axes[j].Width; c++) columns[_space.Offset(j) + c] = _tables.States[j][state[j]][c];
        var score = _classes[y];
        for (var a = 0; a < width; a++)
        {
            if (columns[a] == 0) continue;
            score += _columns[a] + _tables.Classes[(a * _classes.Length) + y];
            for (var b = 0; b < a; b++) score += columns[b] * _tables.Pairs[(a * width) + b];
        }
        return -(score + Units(columns, y));
    }

    /// <inheritdoc/>
    public override void Conditional(Span<int> state, int variable, Span<double> energies)
    {
        var width = _columns.Length;
        Span<double> columns = stackalloc double[width <= 1024 ? width : 0];
        if (width > 1024) columns = new double[width];
        columns.Clear();
        for (var j = 0; j < _space.Count; j++)
            for (var c = 0; j != variable && c < _space.Axes[j].Width; c++) columns[_space.Offset(j) + c] = _tables.States[j][state[j]][c];
        Array.Clear(_units);
        for (var a = 0; a < width; a++)
            if (columns[a] != 0)
                for (var h = 0; h < _units.Length; h++) _units[h] += _tables.Units[(a * _units.Length) + h];
        if (variable == _space.Count) OfClasses(columns, energies);
        else OfStates(columns, variable, state[^1], energies);
    }

    private void OfClasses(ReadOnlySpan<double> columns, Span<double> energies)
    {
        foreach (ref var u in _units.AsSpan()) u = Math.Exp(Math.Clamp(u, -MostUnit, MostUnit));
        for (var y = 0; y < energies.Length; y++)
        {
            var score = _classes[y];
            for (var a = 0; a < columns.Length; a++)
                if (columns[a] != 0) score += _tables.Classes[(a * _classes.Length) + y];
            energies[y] = -(score + LogProduct(_tables.ClassFactors[y]));
        }
    }

    private void OfStates(ReadOnlySpan<double> columns, int concept, int y, Span<double> energies)
    {
        for (var h = 0; h < _units.Length; h++) _units[h] = Math.Exp(Math.Clamp(_units[h] + _tables.ClassUnits[(y * _units.Length) + h], -MostUnit, MostUnit));
        for (var c = 0; c < _space.Axes[concept].Width; c++)
        {
            var at = _space.Offset(concept) + c;
            _field[c] = _columns[at] + _tables.Classes[(at * _classes.Length) + y];
            for (var b = 0; b < columns.Length; b++) _field[c] += columns[b] * _tables.Pairs[(at * columns.Length) + b];
        }
        for (var s = 0; s < energies.Length; s++)
        {
            var (score, own) = (0.0, _tables.States[concept][s]);
            for (var c = 0; c < own.Length; c++) score += own[c] * _field[c];
            energies[s] = -(score + LogProduct(_tables.StateFactors[concept][s]));
        }
    }

    // The sum of softplus over the hidden units, as one logarithm of a product.
    private double LogProduct(double[] factors)
    {
        var (sum, product) = (0.0, 1.0);
        for (var h = 0; h < factors.Length; h++)
        {
            var x = _units[h] * factors[h];
            if (x > 1e50) sum += Math.Log(x);
            else if ((product *= 1 + x) > 1e200)
            {
                sum += Math.Log(product);
                product = 1;
            }
        }
        return _tables.Factor * (sum + Math.Log(product));
    }

    private double Units(double[] columns, int y)
    {
        var sum = 0.0;
        for (var h = 0; h < _units.Length; h++)
        {
            double unit = _tables.ClassUnits[(y * _units.Length) + h];
            for (var a = 0; a < columns.Length; a++) unit += columns[a] * _tables.Units[(a * _units.Length) + h];
            sum += Softplus(unit);
        }
        return _tables.Factor * sum;
    }

    private static double Softplus(double x) => x > 30 ? x : Math.Log(1 + Math.Exp(x));
}
