namespace Isthmus.Information;

/// <summary>
/// A joint distribution prepared for bottleneck solvers: symbols without mass are left out and all x with the same p(y|x) are one
/// input, which loses nothing because optimal encoders depend on x only through p(y|x) (it is the minimal sufficient statistic).
/// </summary>
internal sealed class BottleneckProblem
{
    private const double SameRow = 1e-12; // conditionals that differ by less are equal up to rounding
    private readonly int[] _inputOf;      // original x -> reduced input, or -1 for p(x) = 0

    public BottleneckProblem(double[,] joint)
    {
        var p = Probabilities.CopyJoint(joint, "joint");
        var (px, py) = Shannon.Marginals(p);
        var columns = Enumerable.Range(0, py.Length).Where(y => py[y] > 0).ToArray();
        _inputOf = new int[px.Length];
        var rows = new List<double[]>();        // p(y|x) of each reduced input
        var members = new List<List<int>>();
        for (var x = 0; x < px.Length; x++)
        {
            _inputOf[x] = -1;
            if (px[x] == 0) continue;
            var row = Array.ConvertAll(columns, y => p[x, y] / px[x]);
            var same = rows.FindIndex(r => Equal(r, row));
            if (same < 0)
            {
                same = rows.Count;
                rows.Add(row);
                members.Add([]);
            }
            members[same].Add(x);
            _inputOf[x] = same;
        }
        Joint = new double[rows.Count, columns.Length];
        for (var i = 0; i < rows.Count; i++)
            foreach (var x in members[i])
                for (var y = 0; y < columns.Length; y++) Joint[i, y] += p[x, columns[y]];
        (Source, Target) = Shannon.Marginals(Joint);
        TargetEntropy = Shannon.Entropy(Target);
        Information = Shannon.MutualInformation(Joint);
        Conditional = new double[Inputs, Outputs];
        for (var i = 0; i < Inputs; i++)
            for (var y = 0; y < Outputs; y++) Conditional[i, y] = Joint[i, y] / Source[i];
    }

    /// <summary>p(x, y) after reduction.</summary>
    public double[,] Joint { get; }

    /// <summary>p(y|x) after reduction.</summary>
    public double[,] Conditional { get; }

    /// <summary>p(x) after reduction.</summary>
    public double[] Source { get; }

    /// <summary>p(y) without zeros.</summary>
    public double[] Target { get; }

    /// <summary>H(Y) in nats.</summary>
    public double TargetEntropy { get; }

    /// <summary>I(X;Y) in nats.</summary>
    public double Information { get; }

    public int Inputs => Joint.GetLength(0);

    public int Outputs => Joint.GetLength(1);

    /// <summary>The encoder that ignores its input.</summary>
    public Encoding Trivial
    {
        get
        {
            var one = new double[Inputs, 1];
            for (var x = 0; x < Inputs; x++) one[x, 0] = 1;
            return new Encoding(one, 0, 0, 0);
        }
    }

    /// <summary>The encoder of a partition: labels[x] is the cluster of input x.</summary>
    public Encoding Hard(int[] labels)
    {
        var q = new double[Inputs, labels.Max() + 1];
        for (var x = 0; x < Inputs; x++) q[x, labels[x]] = 1;
        return Evaluate(q);
    }

    /// <summary>The informations of an encoder q(t|x), given on the reduced inputs.</summary>
    public Encoding Evaluate(double[,] q)
    {
        var clusters = q.GetLength(1);
        var ofT = new double[clusters];
        var ofTY = new double[clusters * Outputs];
        var noise = 0.0; // H(T|X)
        for (var x = 0; x < Inputs; x++)
            for (var t = 0; t < clusters; t++)
            {
                if (q[x, t] == 0) continue;
                noise += Source[x] * Shannon.Term(q[x, t]);
                ofT[t] += Source[x] * q[x, t];
                for (var y = 0; y < Outputs; y++) ofTY[(t * Outputs) + y] += Joint[x, y] * q[x, t];
            }
        var entropy = Shannon.Entropy(ofT);
        var relevance = entropy + TargetEntropy - Shannon.Entropy(ofTY);
        return new Encoding(q, entropy, Math.Max(0, entropy - noise), Math.Clamp(relevance, 0, Information));
    }

    /// <summary>An encoder on the original symbols; those of probability zero get q(t).</summary>
    public double[][] Expand(double[,] q)
    {
        var clusters = q.GetLength(1);
        var marginal = new double[clusters];
        for (var x = 0; x < Inputs; x++)
            for (var t = 0; t < clusters; t++) marginal[t] += Source[x] * q[x, t];
        return Array.ConvertAll(_inputOf, x => x < 0 ? [.. marginal] : Enumerable.Range(0, clusters).Select(t => q[x, t]).ToArray());
    }

    /// <summary>The first original symbol of a reduced input.</summary>
    public int FirstSymbol(int input) => Array.IndexOf(_inputOf, input);

    /// <summary>The cluster of each original symbol; those of probability zero are in cluster 0.</summary>
    public int[] Expand(int[] labels) => Array.ConvertAll(_inputOf, x => x < 0 ? 0 : labels[x]);

    private static bool Equal(double[] a, double[] b)
    {
        for (var i = 0; i < a.Length; i++)
            if (Math.Abs(a[i] - b[i]) > SameRow) return false;
        return true;
    }
}

/// <summary>An encoder on reduced inputs with its informations in nats.</summary>
/// <param name="Q">q(t|x), rows x.</param>
/// <param name="Entropy">H(T).</param>
/// <param name="Complexity">I(X;T).</param>
/// <param name="Relevance">I(T;Y).</param>
internal sealed record Encoding(double[,] Q, double Entropy, double Complexity, double Relevance)
{
    /// <summary>H(T) − α H(T|X) − β I(T;Y) in nats; α = 1 is the information bottleneck's Lagrangian.</summary>
    public double Lagrangian(double alpha, double beta) => ((1 - alpha) * Entropy) + (alpha * Complexity) - (beta * Relevance);
}
