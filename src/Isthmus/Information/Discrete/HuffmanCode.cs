namespace Isthmus.Information;

/// <summary>The shortest prefix code (Huffman 1952): its average length lies between the entropy and the entropy plus one bit.</summary>
public static class HuffmanCode
{
    /// <summary>The code length of each symbol in bits; ties are broken by the smaller index, so that lengths are as even as possible.</summary>
    /// <param name="p">A distribution; symbols of probability zero get a code too.</param>
    /// <returns>One length a symbol; a single symbol has length 0.</returns>
    /// <exception cref="InputException">The vector is not a distribution.</exception>
    public static int[] Lengths(IReadOnlyList<double> p)
    {
        var masses = Probabilities.Copy(p, "p");
        var lengths = new int[masses.Length];
        var queue = new PriorityQueue<int[], (double Mass, int Order)>(); // older nodes first among equals: minimum variance of lengths
        for (var i = 0; i < masses.Length; i++) queue.Enqueue([i], (masses[i], i));
        for (var order = masses.Length; queue.Count > 1; order++)
        {
            queue.TryDequeue(out var a, out var first);
            queue.TryDequeue(out var b, out var second);
            int[] merged = [.. a!, .. b!];
            foreach (var i in merged) lengths[i]++;
            queue.Enqueue(merged, (first.Mass + second.Mass, order));
        }
        return lengths;
    }

    /// <summary>The average code length Σ p · length.</summary>
    /// <exception cref="InputException">The vector is not a distribution.</exception>
    public static Bits AverageLength(IReadOnlyList<double> p)
    {
        var masses = Probabilities.Copy(p, "p");
        return Bits.FromBits(Lengths(masses).Zip(masses, (l, q) => l * q).Sum());
    }
}
