namespace Isthmus.Information;

/// <summary>Ready-made circuits.</summary>
public static class CircuitStructures
{
    /// <summary>Independent variables.</summary>
    /// <param name="alphabets">The number of symbols of each variable.</param>
    /// <param name="seed">The key of the random parameters.</param>
    public static Circuit Independent(IReadOnlyList<int> alphabets, ulong seed = 0) => Mixture(alphabets, 1, seed);

    /// <summary>A mixture of independent variables (a naive Bayes model with a hidden class).</summary>
    /// <param name="alphabets">The number of symbols of each variable.</param>
    /// <param name="components">At least 1.</param>
    /// <param name="seed">The key of the random parameters.</param>
    public static Circuit Mixture(IReadOnlyList<int> alphabets, int components, ulong seed = 0)
    {
        var b = new CircuitBuilder(alphabets, seed);
        b.Sum(b.Product([.. Enumerable.Range(0, alphabets.Count).Select(v => b.Input(v, components))]), 1);
        return b.Build();
    }

    /// <summary>A hidden Markov model whose tables may differ from position to position.</summary>
    /// <param name="alphabets">The number of symbols of each position.</param>
    /// <param name="states">Hidden states, at least 1.</param>
    /// <param name="seed">The key of the random parameters.</param>
    public static Circuit HiddenMarkov(IReadOnlyList<int> alphabets, int states, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(alphabets);
        var chain = new ChowLiuTree([.. Enumerable.Range(-1, alphabets.Count)], [.. Enumerable.Range(0, alphabets.Count)], 0);
        return HiddenTree(chain, alphabets, states, seed);
    }

    /// <summary>The Chow–Liu tree itself, with parameters counted from rows: the best tree-shaped distribution.</summary>
    /// <param name="rows">At least one, none missing.</param>
    /// <param name="alphabets">The number of symbols of each variable.</param>
    /// <param name="pseudocount">Added to the counts of each conditional distribution, spread evenly.</param>
    /// <exception cref="InputException">There are no rows, or a row does not fit.</exception>
    public static Circuit ChowLiu(IReadOnlyList<int[]> rows, IReadOnlyList<int> alphabets, double pseudocount = 0.1)
    {
        var tree = ChowLiuTree.Learn(rows, alphabets);
        var circuit = Tree(tree, new CircuitBuilder(alphabets), (b, v) => b.Indicators(v), v => alphabets[v]);
        CircuitLearning.Fit(circuit, rows, new CircuitOptions { Iterations = 1, Pseudocount = pseudocount }); // nothing is hidden: one pass is exact
        return circuit;
    }

    /// <summary>A hidden Chow–Liu tree: each variable hangs on a hidden one, the hidden ones form the tree (Liu and Van den Broeck 2021).</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="alphabets">The number of symbols of each variable.</param>
    /// <param name="states">States of each hidden variable, at least 1.</param>
    /// <param name="seed">The key of the random parameters.</param>
    public static Circuit HiddenTree(ChowLiuTree tree, IReadOnlyList<int> alphabets, int states, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(tree);
        return Tree(tree, new CircuitBuilder(alphabets, seed), (b, v) => b.Input(v, states), _ => states);
    }

    // From the leaves up: the region of a variable times a sum for each child, with one unit for each of the variable's own.
    private static Circuit Tree(ChowLiuTree tree, CircuitBuilder b, Func<CircuitBuilder, int, int> input, Func<int, int> units)
    {
        var parts = tree.Parents.Select(_ => new List<int>()).ToArray();
        foreach (var v in tree.Order.Reverse())
        {
            parts[v].Insert(0, input(b, v));
            var whole = parts[v].Count == 1 ? parts[v][0] : b.Product([.. parts[v]]);
            var parent = tree.Parents[v];
            var sum = b.Sum(whole, parent < 0 ? 1 : units(parent));
            if (parent >= 0) parts[parent].Add(sum);
        }
        return b.Build();
    }
}
