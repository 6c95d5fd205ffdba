namespace Isthmus.Information;

/// <summary>Sums of p ln p over spans, in nats, in a fixed order (ascending index).</summary>
internal static class Shannon
{
    /// <summary>−p ln p, with 0 for p = 0.</summary>
    public static double Term(double p) => p > 0 ? -p * Math.Log(p) : 0;

    /// <summary>−Σ p ln p in nats, with Neumaier's compensated sum: tables of millions of cells keep their last digits.</summary>
    public static double Entropy(ReadOnlySpan<double> p)
    {
        double sum = 0, lost = 0;
        foreach (var v in p) Add(ref sum, ref lost, Term(v));
        return sum + lost;
    }

    /// <summary>The compensated sum of a span.</summary>
    public static double Sum(ReadOnlySpan<double> p)
    {
        double sum = 0, lost = 0;
        foreach (var v in p) Add(ref sum, ref lost, v);
        return sum + lost;
    }

    /// <summary>The binary entropy −p ln p − (1−p) ln (1−p) in nats.</summary>
    public static double Binary(double p) => Term(p) + Term(1 - p);

    /// <summary>Σ p ln (p/q) in nats: +∞ where q is zero and p is not.</summary>
    public static double KullbackLeibler(ReadOnlySpan<double> p, ReadOnlySpan<double> q)
    {
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
            if (p[i] > 0) sum += p[i] * Math.Log(p[i] / q[i]);
        return sum;
    }

    /// <summary>I(X;Y) in nats of a joint matrix that sums to one, as Σ p ln(p/(p(x)p(y))); never negative.</summary>
    public static double MutualInformation(double[,] joint)
    {
        var (rows, columns) = (joint.GetLength(0), joint.GetLength(1));
        var (px, py) = Marginals(joint);
        double sum = 0, lost = 0;
        for (var x = 0; x < rows; x++)
            for (var y = 0; y < columns; y++)
                if (joint[x, y] > 0) Add(ref sum, ref lost, joint[x, y] * Math.Log(joint[x, y] / px[x] / py[y]));
        return Math.Max(0, sum + lost);
    }

    /// <summary>The row sums and the column sums of a matrix.</summary>
    public static (double[] Rows, double[] Columns) Marginals(double[,] joint)
    {
        var px = new double[joint.GetLength(0)];
        var py = new double[joint.GetLength(1)];
        for (var x = 0; x < px.Length; x++)
            for (var y = 0; y < py.Length; y++)
            {
                px[x] += joint[x, y];
                py[y] += joint[x, y];
            }
        return (px, py);
    }

    private static void Add(ref double sum, ref double lost, double v)
    {
        var t = sum + v;
        lost += Math.Abs(sum) >= Math.Abs(v) ? sum - t + v : v - t + sum;
        sum = t;
    }
}
