namespace Isthmus.Information;

/// <summary>What bounds that are means over rows share: classes side by side, readings with the error of the mean, differences.</summary>
internal static class RowBounds
{
    /// <summary>An order in which rows of one class are neighbours, and each class's [start, end) in it; no classes without labels.</summary>
    public static (int[] Order, (int Start, int End)[] Classes) SortByClass(int n, ReadOnlySpan<int> labels)
    {
        var order = new int[n];
        for (var i = 0; i < n; i++) order[i] = i;
        if (labels.Length == 0) return (order, []);
        var keys = labels.ToArray();
        Array.Sort(keys, order);
        var ranges = new List<(int, int)>();
        var start = 0;
        for (var i = 1; i <= n; i++)
        {
            if (i < n && keys[i] == keys[start]) continue;
            Array.Sort(order, start, i - start); // Array.Sort is not stable: the rows of a class go back to their own order
            ranges.Add((start, i));
            start = i;
        }
        return (order, [.. ranges]);
    }

    /// <summary>The mean of ln n_class, which no bound within classes can exceed, and the entropy of the classes, in nats.</summary>
    public static (double WithinClass, double Entropy) ClassCeilings((int Start, int End)[] classes, int n)
    {
        var (average, entropy) = (0.0, 0.0);
        foreach (var (start, end) in classes)
        {
            double size = end - start;
            average += size / n * Math.Log(size);
            entropy -= size / n * Math.Log(size / n);
        }
        return (average, entropy);
    }

    /// <summary>The mean of the rows with the interval of that mean.</summary>
    public static Estimate Reading(string name, double[] nats, BoundDirection direction, Bits? ceiling, double seconds)
    {
        var (mean, error) = Statistics.MeanAndError(nats);
        return new Estimate(name, Bits.FromNats(mean))
        {
            Low = Bits.FromNats(mean - Statistics.Normal95 * error),
            High = Bits.FromNats(mean + Statistics.Normal95 * error),
            Direction = direction,
            Ceiling = ceiling,
            Seconds = seconds,
        };
    }

    /// <summary>The mean of the rows' differences and its interval, kept between 0 and the entropy of the classes; an alarm where only that limit speaks.</summary>
    public static Estimate Difference(string name, double[] whole, double[] inside, BoundDirection direction, double entropy, double seconds)
    {
        var difference = new double[whole.Length];
        for (var i = 0; i < whole.Length; i++) difference[i] = whole[i] - inside[i];
        var reading = Reading(name, difference, direction, Bits.FromNats(entropy), seconds);
        Bits? Kept(Bits? bits) => Bits.FromNats(Math.Clamp(bits!.Value.Nats, 0, entropy));
        var kept = reading with { Bits = Kept(reading.Bits), Low = Kept(reading.Low), High = Kept(reading.High) };
        var trivial = direction == BoundDirection.Lower ? reading.Bits!.Value.Nats < 0 : reading.Bits!.Value.Nats > 1.05 * entropy;
        return trivial ? kept with { Verdict = Verdict.Unreliable, Notes = ["the two bounds lie so far apart that their difference says nothing: measure more inputs, or more noise"] } : kept;
    }
}
