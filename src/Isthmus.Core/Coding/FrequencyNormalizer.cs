namespace Isthmus.Coding;

/// <summary>
/// Integer frequencies that sum to 2^p and minimise the expected code length Σ w·log2(2^p / f), each used symbol having at
/// least one. The objective is separable and concave, so a distribution that no single exchange of one unit improves is the
/// best of all (greedy win/loss exchange; Fox, "Discrete optimization via marginal analysis", 1966).
/// </summary>
internal static class FrequencyNormalizer
{
    /// <summary>Frequencies for weights that are finite and ≥ 0.</summary>
    /// <param name="weights">One weight a symbol, on any scale.</param>
    /// <param name="used">Which symbols get at least 1; the others get 0.</param>
    /// <param name="precision">p: the frequencies sum to 2^p.</param>
    public static int[] Normalize(ReadOnlySpan<double> weights, ReadOnlySpan<bool> used, int precision)
    {
        var total = 1 << precision;
        var f = new int[weights.Length];
        double largest = 0, sum = 0;
        foreach (var w in weights) largest = Math.Max(largest, w);
        foreach (var w in weights) sum += largest > 0 ? w / largest : 0; // scaled, so that the sum cannot overflow
        var open = total;
        for (var s = 0; s < f.Length; s++)
        {
            if (!used[s]) continue;
            var share = sum > 0 ? weights[s] / largest / sum * total : 0;
            f[s] = Math.Max(1, (int)share);
            open -= f[s];
        }
        Exchange(weights, used, f, open);
        return f;
    }

    private static void Exchange(ReadOnlySpan<double> weights, ReadOnlySpan<bool> used, int[] f, int open)
    {
        // Entries are (symbol, its frequency when pushed): one whose frequency has changed since is stale and skipped.
        // Ties go to the lower symbol, so that every machine builds the same table.
        var wins = new PriorityQueue<(int Symbol, int At), (double, int)>();
        var losses = new PriorityQueue<(int Symbol, int At), (double, int)>();
        var gain = new double[f.Length];
        var loss = new double[f.Length];
        void Weigh(int s, double w)
        {
            gain[s] = w * FixedMath.Log2Step(f[s]);
            loss[s] = f[s] > 1 ? w * FixedMath.Log2Step(f[s] - 1) : double.PositiveInfinity; // the last unit stays
        }
        void Push(int s, double w)
        {
            Weigh(s, w);
            wins.Enqueue((s, f[s]), (-gain[s], s));
            losses.Enqueue((s, f[s]), (loss[s], s));
        }
        int Best(PriorityQueue<(int Symbol, int At), (double, int)> queue)
        {
            while (f[queue.Peek().Symbol] != queue.Peek().At) queue.Dequeue();
            return queue.Peek().Symbol; // every used symbol has one entry that is not stale
        }
        for (var s = 0; s < f.Length; s++)
            if (used[s]) Weigh(s, weights[s]);
        var symbols = Enumerable.Range(0, f.Length).Where(s => f[s] > 0).ToArray();
        wins.EnqueueRange(symbols.Select(s => ((s, f[s]), (-gain[s], s)))); // builds the heap in linear time
        losses.EnqueueRange(symbols.Select(s => ((s, f[s]), (loss[s], s))));
        while (true)
        {
            var (winner, loser) = (Best(wins), Best(losses));
            if (open == 0 && gain[winner] <= loss[loser]) return;
            if (open >= 0)
            {
                f[winner]++;
                open--;
                Push(winner, weights[winner]);
            }
            else
            {
                f[loser]--;
                open++;
                Push(loser, weights[loser]);
            }
        }
    }
}
