using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Latent variable distillation (Liu, Zhang, Van den Broeck 2023): the hidden variables of a circuit are given values by clustering, its
/// parameters are counted from them as if they had been observed, and only then does expectation–maximisation fine-tune the whole.
/// </summary>
public static class LatentDistillation
{
    /// <summary>Cluster numbers by k-means: k-means++ starts (Arthur and Vassilvitskii 2007), then Lloyd's steps.</summary>
    /// <param name="points">At least one, of equal lengths.</param>
    /// <param name="clusters">At least 1; fewer come out where there are fewer different points.</param>
    /// <param name="seed">The key of the start.</param>
    /// <param name="iterations">The largest number of Lloyd's steps.</param>
    /// <exception cref="InputException">There are no points, or their lengths differ.</exception>
    public static int[] KMeans(IReadOnlyList<double[]> points, int clusters, ulong seed = 0, int iterations = 20)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 1);
        if (points.Count == 0) throw new InputException("no points to cluster, expected at least one");
        for (var i = 0; i < points.Count; i++)
            if (points[i].Length != points[0].Length) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"point {i + 1} has {points[i].Length} coordinates, expected {points[0].Length}"));
        var centres = Spread(points, clusters, new RandomStream(seed).Fork("k-means"));
        var labels = new int[points.Count];
        for (var step = 0; step < iterations; step++)
        {
            var moved = false;
            for (var i = 0; i < labels.Length; i++)
            {
                var best = 0;
                var least = double.PositiveInfinity;
                for (var c = 0; c < centres.Count; c++)
                    if (Distance(points[i], centres[c]) is var d && d < least) (best, least) = (c, d);
                moved |= best != labels[i];
                labels[i] = best;
            }
            if (!moved && step > 0) break;
            for (var c = 0; c < centres.Count; c++)
            {
                var mean = new double[points[0].Length];
                var members = 0;
                for (var i = 0; i < labels.Length; i++)
                {
                    if (labels[i] != c) continue;
                    members++;
                    for (var k = 0; k < mean.Length; k++) mean[k] += points[i][k];
                }
                if (members > 0) centres[c] = Array.ConvertAll(mean, v => v / members);
            }
        }
        return labels;
    }

    /// <summary>
    /// Labels for the hidden variables of a hidden tree: those of each variable cluster the rows on the nearest variables of its
    /// subtree, symbols as indicators.
    /// </summary>
    /// <param name="tree">The tree.</param>
    /// <param name="rows">Rows without missing symbols.</param>
    /// <param name="alphabets">The number of symbols of each variable.</param>
    /// <param name="states">States of each hidden variable.</param>
    /// <param name="window">How many variables of the subtree, nearest first, are looked at.</param>
    /// <param name="seed">The key of the clusterings.</param>
    /// <returns>For each variable the state of its hidden variable in each row.</returns>
    /// <exception cref="InputException">There are no rows.</exception>
    public static int[][] SubtreeLabels(ChowLiuTree tree, IReadOnlyList<int[]> rows, IReadOnlyList<int> alphabets, int states, int window = 16, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        var children = tree.Parents.Select(_ => new List<int>()).ToArray();
        foreach (var v in tree.Order)
            if (tree.Parents[v] >= 0) children[tree.Parents[v]].Add(v);
        return [.. Enumerable.Range(0, alphabets.Count).Select(v =>
        {
            var near = new List<int> { v };
            for (var i = 0; i < near.Count && near.Count < window; i++) near.AddRange(children[near[i]].Take(window - near.Count));
            var points = rows.Select(row => near.SelectMany(k => Enumerable.Range(0, Math.Max(1, alphabets[k] - 1)).Select(s => row[k] == s ? 1.0 : 0)).ToArray()).ToArray();
            return KMeans(points, states, seed + (ulong)v, iterations: 10);
        })];
    }

    /// <summary>A hidden tree whose parameters are counted from rows and the labels of its hidden variables.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="rows">Rows without missing symbols.</param>
    /// <param name="alphabets">The number of symbols of each variable.</param>
    /// <param name="states">States of each hidden variable.</param>
    /// <param name="labels">For each variable the state of its hidden variable in each row, below <paramref name="states"/>.</param>
    /// <param name="pseudocount">Added to the counts of each conditional distribution, spread evenly; keep it positive, so that learning can change zeros.</param>
    /// <exception cref="InputException">Rows or labels do not fit.</exception>
    public static Circuit HiddenTree(ChowLiuTree tree, IReadOnlyList<int[]> rows, IReadOnlyList<int> alphabets, int states, int[][] labels, double pseudocount = 1)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(rows);
        if (labels.Length != alphabets.Count || labels.Any(l => l.Length != rows.Count || l.Any(s => s < 0 || s >= states)))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"labels: expected {alphabets.Count} lists of {rows.Count} states below {states}"));
        var circuit = CircuitStructures.HiddenTree(tree, alphabets, states);
        circuit.Check(rows);
        Count(circuit, rows, labels, pseudocount);
        return circuit;
    }

    /// <summary>A mixture whose parameters are counted from rows and their clusters.</summary>
    /// <param name="rows">Rows; −1 is a missing symbol.</param>
    /// <param name="alphabets">The number of symbols of each variable.</param>
    /// <param name="components">At least 1.</param>
    /// <param name="labels">The component of each row, below <paramref name="components"/>.</param>
    /// <param name="pseudocount">As for <see cref="HiddenTree"/>.</param>
    /// <exception cref="InputException">Rows or labels do not fit.</exception>
    public static Circuit Mixture(IReadOnlyList<int[]> rows, IReadOnlyList<int> alphabets, int components, int[] labels, double pseudocount = 1)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(rows);
        if (labels.Length != rows.Count || labels.Any(l => l < 0 || l >= components))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"labels: expected {rows.Count} components below {components}"));
        var circuit = CircuitStructures.Mixture(alphabets, components);
        circuit.Check(rows);
        foreach (var region in circuit.Regions)
        {
            if (region.Kind == Circuit.Kind.Sum) Assign(region, labels.Select(l => (0, l)), pseudocount);
            else if (region.Kind == Circuit.Kind.Input) Assign(region, Emissions(region, rows, labels), pseudocount);
        }
        return circuit;
    }

    // Goes down the regions of a hidden tree: a sum belongs to the hidden variable above it, what it mixes to the one below.
    private static void Count(Circuit circuit, IReadOnlyList<int[]> rows, int[][] labels, double pseudocount)
    {
        var pending = new Stack<(int Sum, int Above)>([(circuit.Regions.Length - 1, -1)]);
        while (pending.TryPop(out var next))
        {
            var whole = circuit.Regions[circuit.Regions[next.Sum].Children[0]];
            int[] parts = whole.Kind == Circuit.Kind.Input ? circuit.Regions[next.Sum].Children : whole.Children;
            var input = circuit.Regions[parts[0]];
            var own = labels[input.Variable];
            Assign(circuit.Regions[next.Sum], own.Select((s, i) => (next.Above < 0 ? 0 : labels[next.Above][i], s)), pseudocount);
            Assign(input, Emissions(input, rows, own), pseudocount);
            foreach (var c in parts.Skip(1)) pending.Push((c, input.Variable));
        }
    }

    private static IEnumerable<(int, int)> Emissions(Circuit.Region input, IReadOnlyList<int[]> rows, int[] labels) =>
        labels.Select((l, i) => (l, rows[i][input.Variable])).Where(p => p.Item2 >= 0);

    private static void Assign(Circuit.Region region, IEnumerable<(int Unit, int Choice)> pairs, double pseudocount)
    {
        var counts = new double[region.Parameters.Length];
        foreach (var (unit, choice) in pairs) counts[(unit * region.Width) + choice]++;
        CircuitLearning.Assign(region, counts, pseudocount);
    }

    private static List<double[]> Spread(IReadOnlyList<double[]> points, int clusters, RandomStream random)
    {
        var centres = new List<double[]> { points[random.NextInt(points.Count)] };
        var distance = points.Select(p => Distance(p, centres[0])).ToArray();
        while (centres.Count < clusters)
        {
            var target = random.NextDouble() * distance.Sum();
            if (!(target > 0)) break; // every point is a centre already
            var chosen = 0;
            while (chosen < points.Count - 1 && (target -= distance[chosen]) > 0) chosen++;
            centres.Add(points[chosen]);
            for (var i = 0; i < distance.Length; i++) distance[i] = Math.Min(distance[i], Distance(points[i], points[chosen]));
        }
        return centres;
    }

    private static double Distance(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
        return sum;
    }
}
