using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A node of a Bayesian network.</summary>
/// <param name="Variable">What it is.</param>
/// <param name="Parents">Nodes that come before it, by their place.</param>
/// <param name="Probabilities">p(state | parents), row-major over the parents and then the node's own states, each row summing to 1.</param>
public sealed record BayesianNode(ConceptVariable Variable, IReadOnlyList<int> Parents, IReadOnlyList<double> Probabilities);

/// <summary>
/// Discrete variables whose joint distribution is a product of tables along arrows. It answers what an energy can answer, and
/// besides what happens if a variable is set from outside: do() (Pearl: "Causality", 2009, section 3.2.1).
/// </summary>
public sealed class BayesianNetwork
{
    /// <summary>A network of nodes, parents before children.</summary>
    /// <exception cref="ArgumentException">A node comes before its parent, or a table has a wrong size or a row that does not sum to 1 within 1e-9.</exception>
    public BayesianNetwork(IReadOnlyList<BayesianNode> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        Nodes = nodes;
        Variables = ConceptVariable.Check([.. nodes.Select(n => n.Variable)]);
        for (var i = 0; i < nodes.Count; i++)
        {
            var (node, states) = (nodes[i], nodes[i].Variable.States.Count);
            if (node.Parents.Any(p => p < 0 || p >= i)) throw new ArgumentException($"network: '{node.Variable.Name}' has a parent that does not come before it");
            var size = node.Parents.Aggregate(states, (n, p) => checked(n * nodes[p].Variable.States.Count));
            if (node.Probabilities.Count != size) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"network: '{node.Variable.Name}' has {node.Probabilities.Count} probabilities, {size} are needed"));
            for (var row = 0; row < size; row += states)
                if (node.Probabilities.Skip(row).Take(states).Any(p => !(p >= 0)) || !(Math.Abs(node.Probabilities.Skip(row).Take(states).Sum() - 1) < 1e-9))
                    throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"network: row {(row / states) + 1} of '{node.Variable.Name}' is not a distribution"));
        }
    }

    /// <summary>Parents before children.</summary>
    public IReadOnlyList<BayesianNode> Nodes { get; }

    /// <summary>The nodes' variables.</summary>
    public IReadOnlyList<ConceptVariable> Variables { get; }

    /// <summary>
    /// The chest clinic of Lauritzen and Spiegelhalter ("Local computations with probabilities on graphical structures", 1988): a visit to
    /// Asia, smoking, tuberculosis, lung cancer, bronchitis, either of the first two diseases, an X-ray and shortness of breath.
    /// </summary>
    public static BayesianNetwork Asia { get; } = new(
    [
        Node("asia", [], 0.01),
        Node("smoke", [], 0.5),
        Node("tub", [0], 0.01, 0.05),
        Node("lung", [1], 0.01, 0.1),
        Node("bronc", [1], 0.3, 0.6),
        Node("either", [2, 3], 0, 1, 1, 1),
        Node("xray", [5], 0.05, 0.98),
        Node("dysp", [4, 5], 0.1, 0.7, 0.8, 0.9),
    ]);

    /// <summary>The same distribution as a sum of energies, −ln of the tables.</summary>
    public EnergyTable ToEnergies() => new(Variables, [.. Nodes.Select((n, i) => new EnergyFactor([.. n.Parents, i], [.. n.Probabilities.Select(p => p > 0 ? -Math.Log(p) : double.PositiveInfinity)]))]);

    /// <summary>The joint distribution.</summary>
    /// <exception cref="InputException">There are more than <see cref="ConceptJoint.MostStates"/> states.</exception>
    public ConceptJoint Joint() => ConceptJoint.Enumerate(ToEnergies());

    /// <summary>The network after variables have been set from outside: arrows into them are cut, they have the value for sure.</summary>
    /// <param name="set">Variables by their place, and their states.</param>
    public BayesianNetwork Do(params IReadOnlyList<(int Variable, int State)> set)
    {
        ArgumentNullException.ThrowIfNull(set);
        var states = set.ToDictionary(s => s.Variable, s => s.State);
        return new([.. Nodes.Select((n, i) => states.TryGetValue(i, out var state)
            ? n with { Parents = [], Probabilities = [.. n.Variable.States.Select((_, s) => s == state ? 1.0 : 0.0)] }
            : n)]);
    }

    /// <summary>Answers a query exactly; <c>do(name=value)</c> among the conditions sets a variable from outside.</summary>
    /// <exception cref="InputException">The text is not a query, or its condition has probability 0.</exception>
    public QueryAnswer Ask(string query)
    {
        var parsed = ConceptQuery.Parse(query, Variables);
        return (parsed.Do.Count > 0 ? Do(parsed.Do) : this).Joint().Ask(parsed with { Do = [] });
    }

    /// <summary>Independent rows, one state for each variable, drawn along the arrows.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">Where they are drawn from.</param>
    public int[][] Sample(int count, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var rows = new int[count][];
        for (var r = 0; r < count; r++)
        {
            var row = rows[r] = new int[Nodes.Count];
            for (var i = 0; i < row.Length; i++)
            {
                var (node, at) = (Nodes[i], 0);
                foreach (var p in node.Parents) at = (at * Variables[p].States.Count) + row[p];
                var (u, last) = (random.NextDouble(), Variables[i].States.Count - 1);
                for (at *= last + 1; row[i] < last && (u -= node.Probabilities[at + row[i]]) >= 0;) row[i]++;
            }
        }
        return rows;
    }

    private static BayesianNode Node(string name, int[] parents, params double[] yes) => new(ConceptVariable.Binary(name), parents, [.. yes.SelectMany(p => (double[])[1 - p, p])]);
}
