namespace Isthmus.Information;

/// <summary>Maximises I(T;Y) − b I(X;T)² in bits over the concave envelope of the bottleneck curve.</summary>
internal static class SquaredBottleneck
{
    public static BottleneckResult Solve(BottleneckProblem problem, IReadOnlyList<double> weights, BottleneckOptions settings)
    {
        var search = new BottleneckSearch(problem, settings);
        var curve = search.Solve(settings.Betas).Select(f => f.Best).ToList();
        var points = new List<BottleneckPoint>();
        foreach (var b in weights)
        {
            // Solve again at the slope of the best segment until the curve has nothing below it there.
            var best = OnHull(curve, b);
            for (var round = 0; round < 30; round++)
            {
                if (best.High.Relevance - best.Low.Relevance < 1e-12) break;
                var beta = Math.Max(1, (best.High.Complexity - best.Low.Complexity) / (best.High.Relevance - best.Low.Relevance));
                var found = search.Solve([beta])[0].Best;
                if (!(found.Lagrangian(1, beta) < best.Low.Lagrangian(1, beta) - 1e-11)) break;
                curve.Add(found);
                best = OnHull(curve, b);
            }
            points.Add(Describe(problem, search, best, b));
        }
        return new BottleneckResult("squared-ib", points, InformationBottleneck.CriticalBetas(problem.Joint),
            InformationBottleneck.InBits(problem.Information), InformationBottleneck.InBits(Shannon.Entropy(problem.Source)));
    }

    private sealed record Segment(Encoding Low, Encoding High, double Share, double Value);

    // The best point of all chords: chords below the envelope are never better than those on it.
    private static Segment OnHull(List<Encoding> curve, double b)
    {
        var hull = Hull(curve);
        var best = new Segment(hull[0], hull[0], 0, Value(hull[0].Complexity, hull[0].Relevance, b));
        for (var i = 0; i + 1 < hull.Count; i++)
        {
            var (low, high) = (hull[i], hull[i + 1]);
            var (width, height) = (high.Complexity - low.Complexity, high.Relevance - low.Relevance);
            var rate = height / width / (2 * b) * Math.Log(2); // where the slope of b R² (R in bits) equals the chord's
            var share = Math.Clamp((rate - low.Complexity) / width, 0, 1);
            var value = Value(low.Complexity + (share * width), low.Relevance + (share * height), b);
            if (value > best.Value + 1e-14) best = new Segment(low, high, share, value);
        }
        return best;
    }

    private static double Value(double complexity, double relevance, double b) =>
        (relevance / Math.Log(2)) - (b * complexity / Math.Log(2) * (complexity / Math.Log(2)));

    private static List<Encoding> Hull(List<Encoding> curve)
    {
        var hull = new List<Encoding>();
        foreach (var e in curve.OrderBy(e => e.Complexity).ThenByDescending(e => e.Relevance))
        {
            if (hull.Count > 0 && (e.Complexity - hull[^1].Complexity < 1e-12 || e.Relevance <= hull[^1].Relevance)) continue;
            while (hull.Count > 1 && Slope(hull[^2], hull[^1]) <= Slope(hull[^1], e)) hull.RemoveAt(hull.Count - 1);
            hull.Add(e);
        }
        return hull;
    }

    private static double Slope(Encoding a, Encoding b) => (b.Relevance - a.Relevance) / (b.Complexity - a.Complexity);

    private static BottleneckPoint Describe(BottleneckProblem problem, BottleneckSearch search, Segment s, double b)
    {
        var mixed = s.Share <= 0 ? s.Low : s.Share >= 1 ? s.High : Mix(problem, s);
        var beta = mixed.Complexity > 1e-12 ? Math.Log(2) / (2 * b * mixed.Complexity) : 0;
        var certificate = new BottleneckCertificate(-Value(mixed.Complexity, mixed.Relevance, b), 0,
            search.BestHard(e => -Value(e.Complexity, e.Relevance, b)), HardExhaustive: false, 0, 0, null, null);
        return InformationBottleneck.Point(problem, mixed, beta, certificate);
    }

    private static Encoding Mix(BottleneckProblem problem, Segment s)
    {
        var (low, high) = (s.Low.Q.GetLength(1), s.High.Q.GetLength(1));
        var q = new double[problem.Inputs, low + high];
        for (var x = 0; x < problem.Inputs; x++)
        {
            for (var t = 0; t < low; t++) q[x, t] = (1 - s.Share) * s.Low.Q[x, t];
            for (var t = 0; t < high; t++) q[x, low + t] = s.Share * s.High.Q[x, t];
        }
        // The choice of encoder is part of T but carries nothing about X: informations add up with the shares.
        var entropy = ((1 - s.Share) * s.Low.Entropy) + (s.Share * s.High.Entropy) + Shannon.Binary(s.Share);
        return new Encoding(q, entropy, ((1 - s.Share) * s.Low.Complexity) + (s.Share * s.High.Complexity), ((1 - s.Share) * s.Low.Relevance) + (s.Share * s.High.Relevance));
    }
}
