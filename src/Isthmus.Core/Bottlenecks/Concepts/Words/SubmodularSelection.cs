using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a set of concepts is good for.</summary>
public sealed record SelectionOptions
{
    /// <summary>Weight of the sum of what each concept tells of the class; at least 0.</summary>
    public double Discriminability { get; init; } = 1;

    /// <summary>Weight of how well the set stands for all candidates; at least 0.</summary>
    public double Coverage { get; init; } = 1;

    /// <summary>Whether gains that cannot win are not computed again (Minoux 1978): the same choice, in less time.</summary>
    public bool Lazy { get; init; } = true;
}

/// <summary>Concepts that were chosen.</summary>
/// <param name="Concepts">In the order of choice.</param>
/// <param name="Gains">What each added to the value.</param>
/// <param name="Value">The value of the set: the sum of the gains.</param>
/// <param name="Evaluations">How many gains were computed.</param>
public sealed record ConceptChoice(IReadOnlyList<int> Concepts, IReadOnlyList<double> Gains, double Value, long Evaluations);

/// <summary>
/// Chooses concepts out of a large pool: F(S) = a Σ_{c in S} D(c) + b Σ_{c'} max_{c in S} φ(c', c), greedily (Yang, Panagopoulou, Zhou, Jin,
/// Callison-Burch, Yatskar, "Language in a Bottle", 2023, equations 3 to 6). D(c) is the negative entropy of the class given the concept, shifted so that the
/// least is 0; φ is a similarity of concepts, negative ones counted as 0. F is monotone and submodular, so that a greedy set reaches at least 1 - 1/e of the
/// best value (Nemhauser, Wolsey, Fisher 1978).
/// </summary>
/// <remarks>Of equal gains the first concept is chosen: results are the same for every number of threads, lazy or not.</remarks>
public static class SubmodularSelection
{
    /// <summary>The mean score of each concept in each class, [classes, concepts]; a class without rows has zeros.</summary>
    /// <param name="scores">Image–concept similarities, [rows, concepts].</param>
    /// <param name="labels">[rows], in 0..classes-1.</param>
    /// <param name="classes">At least 1.</param>
    public static Tensor ClassSimilarity(Tensor scores, LongTensor labels, int classes)
    {
        var (rows, concepts) = Check(scores, labels, classes);
        var sums = new double[classes, concepts];
        var counts = new long[classes];
        for (var i = 0; i < rows; i++)
        {
            var y = labels.Data[i];
            counts[y]++;
            for (var c = 0; c < concepts; c++) sums[y, c] += scores.Data[(i * concepts) + c];
        }
        var means = Tensor.Zeros(classes, concepts);
        for (var y = 0; y < classes; y++)
            for (var c = 0; c < concepts; c++) means.Data[(y * concepts) + c] = counts[y] == 0 ? 0 : (float)(sums[y, c] / counts[y]);
        return means;
    }

    /// <summary>D(c) = Σ_y p(y|c) ln p(y|c) in nats, from -ln classes (tells nothing) to 0 (one class alone).</summary>
    /// <param name="classSimilarity">Sim(c, y), [classes, concepts]; p(y|c) = Sim(c, y) / Σ Sim, negative similarities counted as 0. A concept that is similar to no class tells nothing.</param>
    /// <param name="temperature">Above 0: p(y|c) is the softmax of Sim(c, y) over it instead, for similarities about their means: shares of these would let a
    /// faint similarity to one class alone count as certainty. 0 for the paper's shares.</param>
    public static double[] Discriminability(Tensor classSimilarity, double temperature = 0)
    {
        var given = GivenConcept(classSimilarity, temperature);
        var scores = new double[given.GetLength(1)];
        for (var c = 0; c < scores.Length; c++)
            for (var y = 0; y < given.GetLength(0); y++)
                if (given[y, c] > 0) scores[c] += given[y, c] * Math.Log(given[y, c]);
        return scores;
    }

    /// <summary>I(above the median; class) of each concept in bits, from counts: another way to rank concepts.</summary>
    /// <param name="scores">[rows, concepts].</param>
    /// <param name="labels">[rows], in 0..classes-1.</param>
    /// <param name="classes">At least 1.</param>
    public static double[] MutualInformation(Tensor scores, LongTensor labels, int classes)
    {
        var (rows, concepts) = Check(scores, labels, classes);
        var information = new double[concepts];
        var column = new float[rows];
        for (var c = 0; c < concepts; c++)
        {
            for (var i = 0; i < rows; i++) column[i] = scores.Data[(i * concepts) + c];
            var sorted = column.Order().ToArray();
            var median = sorted[(rows - 1) / 2];
            var counts = new double[2, classes];
            for (var i = 0; i < rows; i++) counts[column[i] > median ? 1 : 0, labels.Data[i]]++;
            for (var side = 0; side < 2; side++)
            {
                double total = 0;
                for (var y = 0; y < classes; y++) total += counts[side, y];
                for (var y = 0; y < classes; y++)
                    if (counts[side, y] > 0) information[c] += counts[side, y] / rows * Math.Log2(counts[side, y] * rows / (total * (counts[0, y] + counts[1, y])));
            }
        }
        return information;
    }

    /// <summary>F(S).</summary>
    /// <param name="concepts">S, each concept once.</param>
    /// <param name="discriminability">D, [concepts].</param>
    /// <param name="similarity">φ, [pool, concepts]: row c' says how well each concept stands for candidate c'.</param>
    /// <param name="options">The weights.</param>
    public static double Value(IReadOnlyList<int> concepts, ReadOnlySpan<double> discriminability, Tensor similarity, SelectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(concepts);
        var state = new Cover(discriminability, similarity, options);
        foreach (var c in concepts) state.Add(c);
        return state.Total;
    }

    /// <summary>Chooses greedily.</summary>
    /// <param name="discriminability">D, [concepts]: as <see cref="Discriminability"/> or <see cref="MutualInformation"/> gives it, shifted here.</param>
    /// <param name="similarity">φ, [pool, concepts], as cosines of concept embeddings.</param>
    /// <param name="count">How many; fewer where there are fewer.</param>
    /// <param name="options">The weights.</param>
    /// <param name="candidates">Which concepts may be chosen; null for all.</param>
    public static ConceptChoice Greedy(ReadOnlySpan<double> discriminability, Tensor similarity, int count, SelectionOptions options, IReadOnlyList<int>? candidates = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var state = new Cover(discriminability, similarity, options);
        var pool = candidates ?? [.. Enumerable.Range(0, discriminability.Length)];
        count = Math.Min(count, pool.Count);
        var (chosen, gains) = (new List<int>(), new List<double>());
        long evaluations = 0;
        // The queue holds upper bounds: a gain computed earlier, when the set was smaller.
        var queue = new PriorityQueue<(int Concept, int At), (double, int)>();
        foreach (var c in pool) queue.Enqueue((c, -1), (double.NegativeInfinity, c));
        while (chosen.Count < count)
        {
            if (!options.Lazy)
            {
                queue.Clear();
                foreach (var c in pool)
                    if (!chosen.Contains(c)) queue.Enqueue((c, -1), (double.NegativeInfinity, c));
            }
            while (true)
            {
                var (concept, at) = queue.Dequeue();
                if (at == chosen.Count)
                {
                    gains.Add(state.Add(concept));
                    chosen.Add(concept);
                    break;
                }
                evaluations++;
                queue.Enqueue((concept, chosen.Count), (-state.Gain(concept), concept));
            }
        }
        return new ConceptChoice(chosen, gains, state.Total, evaluations);
    }

    /// <summary>
    /// Chooses for each class among its own candidates, as LaBo does with the sentences that a language model has for each class. A concept that is a candidate of
    /// several classes may be chosen for all of them.
    /// </summary>
    /// <param name="discriminability">D, [concepts].</param>
    /// <param name="similarity">φ, [concepts, concepts]; coverage is that of the class's own candidates.</param>
    /// <param name="pools">The candidates of each class: what a language has for it, or <see cref="Pools"/>.</param>
    /// <param name="perClass">How many for each class.</param>
    /// <param name="options">The weights.</param>
    public static IReadOnlyList<ConceptChoice> PerClass(ReadOnlySpan<double> discriminability, Tensor similarity, IReadOnlyList<int[]> pools, int perClass, SelectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        ArgumentNullException.ThrowIfNull(pools);
        var choices = new List<ConceptChoice>();
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("classes");
        foreach (var own in pools) choices.Add(Greedy(discriminability, similarity.IndexSelect(0, LongTensor.From(own, own.Length)), perClass, options, own));
        return choices;
    }

    /// <summary>For each class the concepts of the largest p(y|c), in rising order: candidates where no language names them.</summary>
    /// <param name="classSimilarity">Sim(c, y), [classes, concepts].</param>
    /// <param name="size">How many for each class.</param>
    /// <param name="temperature">As for <see cref="Discriminability"/>.</param>
    public static IReadOnlyList<int[]> Pools(Tensor classSimilarity, int size, double temperature = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var given = GivenConcept(classSimilarity, temperature);
        return [.. Enumerable.Range(0, given.GetLength(0)).Select(y => Enumerable.Range(0, given.GetLength(1)).OrderByDescending(c => given[y, c]).Take(size).Order().ToArray())];
    }

    /// <summary>The concepts of the highest scores, best first; of equals the first.</summary>
    public static int[] Top(ReadOnlySpan<double> scores, int count)
    {
        var values = scores.ToArray();
        return [.. Enumerable.Range(0, values.Length).OrderByDescending(c => values[c]).Take(count)];
    }

    /// <summary>Concepts chosen by chance, in rising order: what every selection has to beat.</summary>
    public static int[] Random(int concepts, int count, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)concepts, nameof(count));
        return [.. random.Permutation(concepts).Take(count).Order()];
    }

    /// <summary>The concepts that are left where each that is too similar to an earlier one goes.</summary>
    /// <param name="similarity">[concepts, concepts].</param>
    /// <param name="largest">What two that stay may be similar at most.</param>
    public static int[] Distinct(Tensor similarity, double largest)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        if (similarity.Dim != 2 || similarity.Size(0) != similarity.Size(1)) throw new ArgumentException($"selection: similarities {Shapes.Text(similarity.Shape)}; a square matrix is needed");
        var (n, kept) = (similarity.Size(0), new List<int>());
        for (var c = 0; c < n; c++)
        {
            var near = false;
            foreach (var other in kept) near |= similarity.Data[(other * n) + c] > largest;
            if (!near) kept.Add(c);
        }
        return [.. kept];
    }

    private static (int Rows, int Concepts) Check(Tensor scores, LongTensor labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (scores.Dim != 2 || labels.Numel != scores.Size(0)) throw new ArgumentException($"selection: scores {Shapes.Text(scores.Shape)} and {labels.Numel} labels; [rows, concepts] and a label a row are needed");
        foreach (var y in labels.Data)
            if (y < 0 || y >= classes) throw new ArgumentException($"selection: label {y} is not one of 0..{classes - 1}");
        return (scores.Size(0), scores.Size(1));
    }

    // p(y|c), [classes, concepts].
    private static double[,] GivenConcept(Tensor classSimilarity, double temperature)
    {
        ArgumentNullException.ThrowIfNull(classSimilarity);
        if (!(temperature >= 0)) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature of at least 0 is needed");
        if (classSimilarity.Dim != 2 || classSimilarity.Size(0) < 1) throw new ArgumentException($"selection: similarities {Shapes.Text(classSimilarity.Shape)}; [classes, concepts] is needed");
        var (classes, concepts) = (classSimilarity.Size(0), classSimilarity.Size(1));
        var given = new double[classes, concepts];
        for (var c = 0; c < concepts; c++)
        {
            double sum = 0, largest = double.NegativeInfinity;
            for (var y = 0; y < classes; y++) largest = Math.Max(largest, classSimilarity.Data[(y * concepts) + c]);
            for (var y = 0; y < classes; y++)
            {
                var similarity = (double)classSimilarity.Data[(y * concepts) + c];
                sum += given[y, c] = temperature > 0 ? Math.Exp((similarity - largest) / temperature) : Math.Max(0, similarity);
            }
            for (var y = 0; y < classes; y++) given[y, c] = sum > 0 ? given[y, c] / sum : 1.0 / classes;
        }
        return given;
    }

    // The set so far: how well each candidate is stood for.
    private sealed class Cover
    {
        private readonly double[] _scores, _best;
        private readonly float[] _similarity; // [concepts, pool]: a concept's column lies together
        private readonly SelectionOptions _options;

        public Cover(ReadOnlySpan<double> discriminability, Tensor similarity, SelectionOptions options)
        {
            ArgumentNullException.ThrowIfNull(similarity);
            ArgumentNullException.ThrowIfNull(options);
            if (similarity.Dim != 2 || similarity.Size(1) != discriminability.Length) throw new ArgumentException($"selection: similarities {Shapes.Text(similarity.Shape)} of {discriminability.Length} concepts; [pool, concepts] is needed");
            if (!(options.Discriminability >= 0) || !(options.Coverage >= 0)) throw new ArgumentOutOfRangeException(nameof(options), $"weights {options.Discriminability} and {options.Coverage}: at least 0 are needed");
            var least = double.PositiveInfinity;
            foreach (var d in discriminability) least = double.IsFinite(d) ? Math.Min(least, d) : throw new ArgumentException($"selection: a discriminability of {d}");
            _scores = [.. discriminability.ToArray().Select(d => d - least)];
            using var scope = new TensorScope("cover");
            (_similarity, _best, _options) = (similarity.Detach().Transpose().Clone().ToArray(), new double[similarity.Size(0)], options);
        }

        public double Total { get; private set; }

        // Every summand falls as the set grows, in floating point too: a gain computed earlier is an upper bound.
        public double Gain(int concept)
        {
            double covered = 0;
            var column = _similarity.AsSpan(concept * _best.Length, _best.Length);
            for (var c = 0; c < column.Length; c++) covered += Math.Max(0, column[c] - _best[c]);
            return (_options.Discriminability * _scores[concept]) + (_options.Coverage * covered);
        }

        public double Add(int concept)
        {
            var gain = Gain(concept);
            var column = _similarity.AsSpan(concept * _best.Length, _best.Length);
            for (var c = 0; c < column.Length; c++) _best[c] = Math.Max(_best[c], column[c]);
            Total += gain;
            return gain;
        }
    }
}
