using System.Globalization;

namespace Isthmus.Information;

/// <summary>A discrete variable: its name and the symbols that it can take, in order.</summary>
/// <param name="Name">Not empty, without a comma (lists of variables are written with commas).</param>
/// <param name="Alphabet">Distinct symbols, at least one.</param>
public sealed record Variable(string Name, IReadOnlyList<string> Alphabet)
{
    /// <summary>A variable whose symbols are 0, 1, ..., size−1.</summary>
    public static Variable OfSize(string name, int size) =>
        new(name, [.. Enumerable.Range(0, size).Select(i => i.ToString(CultureInfo.InvariantCulture))]);
}

/// <summary>
/// The joint distribution of any number of named discrete variables. Only outcomes of positive probability are stored, in
/// lexicographic order, so that twelve variables cost no more than their support. It is immutable. The measures that take
/// names take lists such as <c>"X,Y"</c>; units are <see cref="Bits"/>.
/// </summary>
public sealed partial class JointDistribution
{
    private readonly int[] _codes;       // outcome by outcome, variable by variable
    private readonly double[] _masses;   // positive, sum 1

    private JointDistribution(IReadOnlyList<Variable> variables, int[] codes, double[] masses)
    {
        Variables = variables;
        _codes = codes;
        _masses = masses;
    }

    /// <summary>The variables, in the order of the outcomes' coordinates.</summary>
    public IReadOnlyList<Variable> Variables { get; }

    /// <summary>The number of outcomes of positive probability.</summary>
    public int Count => _masses.Length;

    /// <summary>The probability of the i-th outcome of positive probability.</summary>
    public double Probability(int i) => _masses[i];

    /// <summary>The coordinates of the i-th outcome: for each variable the index into its alphabet.</summary>
    public ReadOnlySpan<int> Outcome(int i) => _codes.AsSpan(i * Variables.Count, Variables.Count);

    /// <summary>From a dense table, the last variable's index running fastest.</summary>
    /// <param name="variables">At least one; the table has the product of their sizes as its length.</param>
    /// <param name="probabilities">Non-negative, sum one within 1e-5 (then divided by their sum).</param>
    /// <exception cref="InputException">A probability is negative or not finite, or they do not sum to one.</exception>
    /// <exception cref="ArgumentException">The length is not the product of the alphabets' sizes, or a name is repeated.</exception>
    public static JointDistribution FromTable(IReadOnlyList<Variable> variables, ReadOnlySpan<double> probabilities)
    {
        CheckVariables(variables);
        var cells = variables.Aggregate(1L, (n, v) => checked(n * v.Alphabet.Count));
        if (cells != probabilities.Length)
            throw new ArgumentException($"FromTable: {probabilities.Length} probabilities for alphabets whose product is {cells}", nameof(probabilities));
        var masses = probabilities.ToArray();
        Probabilities.Normalise(masses, "joint table");
        var codes = new List<int>();
        var kept = new List<double>();
        var outcome = new int[variables.Count];
        foreach (var mass in masses)
        {
            if (mass > 0)
            {
                codes.AddRange(outcome);
                kept.Add(mass);
            }
            for (var v = outcome.Length - 1; v >= 0 && ++outcome[v] == variables[v].Alphabet.Count; v--) outcome[v] = 0;
        }
        return new JointDistribution([.. variables], [.. codes], [.. kept]);
    }

    /// <summary>From a matrix of p(x, y): rows are the first variable, columns the second.</summary>
    /// <exception cref="InputException">A probability is negative or not finite, or they do not sum to one.</exception>
    public static JointDistribution FromMatrix(double[,] joint, string rows = "X", string columns = "Y")
    {
        ArgumentNullException.ThrowIfNull(joint);
        return FromTable([Variable.OfSize(rows, joint.GetLength(0)), Variable.OfSize(columns, joint.GetLength(1))], Probabilities.Flat(joint));
    }

    /// <summary>The distribution of one variable.</summary>
    /// <exception cref="InputException">A probability is negative or not finite, or they do not sum to one.</exception>
    public static JointDistribution FromVector(IReadOnlyList<double> p, string name = "X")
    {
        ArgumentNullException.ThrowIfNull(p);
        return FromTable([Variable.OfSize(name, p.Count)], p.ToArray());
    }

    /// <summary>From outcomes given by their symbols; equal outcomes are added up, alphabets are the symbols met, in ordinal order.</summary>
    /// <param name="names">The variables' names.</param>
    /// <param name="outcomes">For each outcome one symbol a variable, and its mass: a probability, or a count with <paramref name="counts"/>.</param>
    /// <param name="counts">Whether the masses are counts, divided by their total, instead of probabilities that must sum to one.</param>
    /// <param name="what">What the data are called in an error.</param>
    /// <exception cref="InputException">A mass is negative or not finite, or probabilities do not sum to one, or an outcome is ragged.</exception>
    public static JointDistribution FromOutcomes(IReadOnlyList<string> names, IEnumerable<(IReadOnlyList<string> Symbols, double Mass)> outcomes, bool counts = false, string what = "outcomes")
    {
        ArgumentNullException.ThrowIfNull(names);
        var rows = outcomes.ToList();
        for (var i = 0; i < rows.Count; i++)
            if (rows[i].Symbols.Count != names.Count)
                throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{what}: outcome {i + 1} has {rows[i].Symbols.Count} symbols, expected {names.Count}"));
        var masses = rows.Select(r => r.Mass).ToArray();
        if (counts)
        {
            Probabilities.RequireMasses(masses, what);
            var total = Shannon.Sum(masses);
            foreach (ref var m in masses.AsSpan()) m /= total;
        }
        Probabilities.Normalise(masses, what);
        var variables = names.Select((n, v) => new Variable(n, [.. rows.Select(r => r.Symbols[v]).Distinct().Order(SymbolOrder)])).ToArray();
        CheckVariables(variables);
        var index = variables.Select(v => v.Alphabet.Select((s, i) => (s, i)).ToDictionary(p => p.s, p => p.i, StringComparer.Ordinal)).ToArray();
        var codes = new int[rows.Count * names.Count];
        for (var i = 0; i < rows.Count; i++)
            for (var v = 0; v < names.Count; v++) codes[(i * names.Count) + v] = index[v][rows[i].Symbols[v]];
        return Collect(variables, codes, masses);
    }

    /// <summary>The empirical distribution of samples: one array of symbol numbers a variable, all of the same length.</summary>
    /// <exception cref="ArgumentException">The columns differ in length, are empty, or hold a negative number.</exception>
    public static JointDistribution FromSamples(IReadOnlyList<string> names, params int[][] columns)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(columns);
        var n = columns.Length > 0 ? columns[0].Length : 0;
        if (n == 0 || names.Count != columns.Length || columns.Any(c => c.Length != n))
            throw new ArgumentException($"FromSamples: {names.Count} names, columns of {string.Join(", ", columns.Select(c => c.Length))} samples; expected one name a column and equal lengths of at least 1", nameof(columns));
        if (columns.Any(c => c.Any(s => s < 0))) throw new ArgumentException("FromSamples: a symbol is negative; expected numbers of at least 0", nameof(columns));
        var variables = names.Select((name, v) => Variable.OfSize(name, columns[v].Max() + 1)).ToArray();
        CheckVariables(variables);
        var codes = new int[n * columns.Length];
        for (var i = 0; i < n; i++)
            for (var v = 0; v < columns.Length; v++) codes[(i * columns.Length) + v] = columns[v][i];
        var masses = new double[n];
        Array.Fill(masses, 1.0 / n);
        return Collect(variables, codes, masses);
    }

    /// <summary>The distribution of some of the variables, in the order given.</summary>
    /// <param name="names">Names separated by commas, as in <c>"X,Y"</c>.</param>
    /// <exception cref="InputException">A name is unknown or repeated.</exception>
    public JointDistribution Marginal(string names)
    {
        var kept = Indices(names);
        var codes = new int[Count * kept.Length];
        for (var i = 0; i < Count; i++)
            for (var v = 0; v < kept.Length; v++) codes[(i * kept.Length) + v] = Outcome(i)[kept[v]];
        return Collect([.. kept.Select(v => Variables[v])], codes, _masses);
    }

    /// <summary>The joint matrix of two groups of variables; a group of several is one variable whose symbols are those met.</summary>
    /// <returns>Rows: the outcomes of <paramref name="rows"/>; columns: those of <paramref name="columns"/>. A single variable keeps its
    /// whole alphabet, symbols of probability zero included; a group has only what occurs, in lexicographic order.</returns>
    /// <exception cref="InputException">A name is unknown or repeated, or the matrix would have more than 2^27 cells.</exception>
    public double[,] Matrix(string rows, string columns)
    {
        var (rowOf, height) = Group(Indices(rows));
        var (columnOf, width) = Group(Indices(columns));
        if ((long)height * width > 1L << 27)
            throw new InputException($"the matrix of {rows} by {columns} would be {height} x {width} cells, expected at most 2^27");
        var matrix = new double[height, width];
        for (var i = 0; i < Count; i++) matrix[rowOf[i], columnOf[i]] += _masses[i];
        return matrix;
    }

    /// <summary>The probabilities of one variable, one for each symbol of its alphabet, or of a group, one for each outcome that occurs.</summary>
    public double[] Vector(string names)
    {
        var (of, size) = Group(Indices(names));
        var p = new double[size];
        for (var i = 0; i < Count; i++) p[of[i]] += _masses[i];
        return p;
    }

    // Adds up equal outcomes and sorts them lexicographically; drops those of mass zero.
    private static JointDistribution Collect(IReadOnlyList<Variable> variables, int[] codes, ReadOnlySpan<double> masses)
    {
        var arity = variables.Count;
        var order = Enumerable.Range(0, masses.Length).ToArray();
        int Compare(int a, int b)
        {
            var c = codes.AsSpan(a * arity, arity).SequenceCompareTo(codes.AsSpan(b * arity, arity));
            return c != 0 ? c : a.CompareTo(b);
        }
        Array.Sort(order, Compare);
        var keptCodes = new List<int>(codes.Length);
        var kept = new List<double>(order.Length);
        var last = -1;
        foreach (var i in order)
        {
            if (masses[i] == 0) continue;
            if (last >= 0 && codes.AsSpan(i * arity, arity).SequenceEqual(codes.AsSpan(last * arity, arity)))
            {
                kept[^1] += masses[i];
                continue;
            }
            keptCodes.AddRange(codes.AsSpan(i * arity, arity));
            kept.Add(masses[i]);
            last = i;
        }
        return new JointDistribution(variables, [.. keptCodes], [.. kept]);
    }

    // For each outcome the number of its projection on some variables, and how many numbers there are.
    private (int[] Of, int Size) Group(int[] variables)
    {
        var of = new long[Count];
        var size = 1;
        foreach (var v in variables)
        {
            for (var i = 0; i < of.Length; i++) of[i] = (of[i] * Variables[v].Alphabet.Count) + Outcome(i)[v];
            size = variables.Length > 1 ? Compact(of) : Variables[v].Alphabet.Count;
        }
        return (Array.ConvertAll(of, k => (int)k), size);
    }

    // Renumbers to 0, 1, ... keeping the order.
    private static int Compact(long[] of)
    {
        var values = of.Distinct().Order().ToArray();
        for (var i = 0; i < of.Length; i++) of[i] = Array.BinarySearch(values, of[i]);
        return values.Length;
    }

    private int[] Indices(string names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var parts = names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0) throw new InputException("no variable named, expected names separated by commas");
        var found = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            found[i] = IndexOf(parts[i]);
            if (Array.IndexOf(found, found[i]) < i) throw new InputException($"variable '{parts[i]}' is named twice in '{names}'");
        }
        return found;
    }

    private int IndexOf(string name)
    {
        for (var v = 0; v < Variables.Count; v++)
            if (string.Equals(Variables[v].Name, name, StringComparison.Ordinal)) return v;
        throw new InputException($"no variable '{name}'", "the variables are " + string.Join(", ", Variables.Select(v => v.Name)));
    }

    private static void CheckVariables(IReadOnlyList<Variable> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        if (variables.Count == 0) throw new ArgumentException("a distribution has at least one variable", nameof(variables));
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var v in variables)
        {
            if (string.IsNullOrWhiteSpace(v.Name) || v.Name.Contains(',') || v.Name != v.Name.Trim() || !names.Add(v.Name))
                throw new ArgumentException($"variable name '{v.Name}' is empty, repeated, padded with spaces or holds a comma", nameof(variables));
            if (v.Alphabet.Count == 0 || v.Alphabet.Distinct(StringComparer.Ordinal).Count() != v.Alphabet.Count)
                throw new ArgumentException($"variable '{v.Name}' has {v.Alphabet.Count} symbols with repeats or none; expected distinct symbols", nameof(variables));
        }
    }

    // Numbers by value, then words: so that a column of 0..12 keeps its order.
    private static readonly Comparer<string> SymbolOrder = Comparer<string>.Create((a, b) =>
        (double.TryParse(a, NumberStyles.Float, CultureInfo.InvariantCulture, out var x), double.TryParse(b, NumberStyles.Float, CultureInfo.InvariantCulture, out var y)) switch
        {
            (true, true) when x != y => x.CompareTo(y),
            (true, false) => -1,
            (false, true) => 1,
            _ => string.CompareOrdinal(a, b),
        });
}
