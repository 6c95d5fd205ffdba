using Isthmus.Coding;
using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>How one place of a code, or one dimension, is used.</summary>
/// <param name="Position">Which, from 0.</param>
/// <param name="Symbols">How many symbols it may hold; null for a Gaussian dimension.</param>
/// <param name="Used">How many of them occur; null for a Gaussian dimension.</param>
/// <param name="Bits">The entropy of its symbols (plug-in), or the mean KL divergence of its Gaussian from N(0, 1).</param>
/// <param name="Perplexity">2 to the entropy: how many equally frequent symbols would be as much; null for a Gaussian dimension.</param>
/// <param name="LabelBits">What it says about the label (Miller and Madow's correction); null without labels or for Gaussians.</param>
public sealed record CodeUse(int Position, int? Symbols, int? Used, double Bits, double? Perplexity, double? LabelBits);

/// <summary>Anybody's codes on our axes: the four readings, how each place is used, and what is suspicious.</summary>
/// <param name="Rate">The four readings, bits a row.</param>
/// <param name="Usage">Each place of the code.</param>
/// <param name="Alarms">What a person should look at, one line each; empty when nothing rang.</param>
public sealed record CodeAudit(Readings Rate, IReadOnlyList<CodeUse> Usage, IReadOnlyList<string> Alarms)
{
    private const int MostSandwichRows = 4096; // the sandwich takes time with the square of the rows
    private const int MostSymbols = 1 << 16;
    private const double DeadBits = 0.01 / 0.6931471805599453;

    /// <summary>
    /// Codes of symbols. Capacity: log2 of the number of messages. Bound: the cost under one static table a place, counted on the first
    /// half of the rows and read on the second. Estimate: the entropy of whole rows (plug-in, so a lower end) up to the sum of the places'
    /// entropies. Bill: all rows really written by an adaptive coder that knows no table beforehand, one context a place.
    /// </summary>
    /// <param name="codes">n × k symbols, row-major, each from 0 to 65,535.</param>
    /// <param name="n">Rows, at least 2.</param>
    /// <param name="k">Places in a row, at least 1.</param>
    /// <param name="codebook">How many symbols a place may hold; null for one more than the largest that occurs there.</param>
    /// <param name="labels">n classes from 0 upwards, or none.</param>
    /// <exception cref="InputException">Too few rows, or a symbol outside its range.</exception>
    public static CodeAudit OfSymbols(ReadOnlySpan<int> codes, int n, int k, int? codebook = null, ReadOnlySpan<int> labels = default)
    {
        Check(codes.Length, n, k, labels.Length);
        var columns = new int[k][];
        for (var j = 0; j < k; j++)
        {
            columns[j] = new int[n];
            for (var i = 0; i < n; i++) columns[j][i] = codes[(i * k) + j];
        }
        var sizes = columns.Select((column, j) => Size(column, j, codebook)).ToArray();
        var usage = new CodeUse[k];
        var marginals = 0.0;
        for (var j = 0; j < k; j++)
        {
            var counts = Counts(columns[j], sizes[j]);
            var bits = CountEntropy.Estimate(counts, EntropyCorrection.MaximumLikelihood).Value;
            marginals += CountEntropy.Estimate(counts, EntropyCorrection.MillerMadow).Value;
            usage[j] = new CodeUse(j, sizes[j], counts.Count(c => c > 0), bits, Math.Pow(2, bits), LabelBits(columns[j], sizes[j], labels));
        }
        var rows = RowCounts(columns, n);
        var joint = CountEntropy.Estimate(rows, EntropyCorrection.MaximumLikelihood).Value;
        var capacity = sizes.Sum(s => Math.Log2(s));
        var high = Math.Min(marginals, capacity);
        var alarms = Suspicions(usage, columns, joint, n).ToArray();
        return new CodeAudit(new Readings
        {
            Message = "index",
            Unit = "row",
            CapacityBits = capacity,
            BoundBits = StaticCost(columns, sizes, n),
            BoundKind = "code-length",
            Estimate = new EstimateReading { LowBits = Math.Min(joint, high), HighBits = high, CeilingBits = Math.Log2(n), Direction = "lower", Rows = n },
            BillBits = 8.0 * AdaptiveBytes(columns, sizes, n) / n,
            BillScope = "stream",
            Note = (codebook is null ? "the number of symbols was taken from the codes themselves; " : "") + "a code that is a function of the row passes its entropy",
        }, usage, alarms);
    }

    /// <summary>
    /// Gaussian codes. Bound: the mean KL divergence from N(0, 1). Estimate: the sandwich against the aggregate posterior, from one
    /// sample a row. No capacity and no bill: a real number has neither.
    /// </summary>
    /// <param name="mean">n × k means, row-major.</param>
    /// <param name="std">n × k standard deviations, all above 0.</param>
    /// <param name="n">Rows, at least 2.</param>
    /// <param name="k">Dimensions, at least 1.</param>
    /// <param name="seed">The seed of the samples.</param>
    /// <param name="labels">n classes from 0 upwards, or none: the information beyond them is then read too.</param>
    /// <exception cref="InputException">Too few rows, a number that is not finite, or a deviation that is not above 0.</exception>
    public static CodeAudit OfGaussians(ReadOnlySpan<float> mean, ReadOnlySpan<float> std, int n, int k, ulong seed, ReadOnlySpan<int> labels = default)
    {
        Check(mean.Length, n, k, labels.Length);
        if (std.Length != mean.Length) throw new InputException(FormattableString.Invariant($"{mean.Length} means and {std.Length} standard deviations"));
        var read = Math.Min(n, MostSandwichRows);
        var random = new RandomStream(seed).Fork("audit");
        var z = new float[read * k];
        for (var i = 0; i < z.Length; i++) z[i] = mean[i] + (float)(std[i] * random.NextGaussian());
        var sandwich = GaussianCodeSandwich.Estimate(mean[..z.Length], std[..z.Length], z, read, k, labels.Length == 0 ? labels : labels[..read]);
        var usage = new CodeUse[k];
        for (var j = 0; j < k; j++)
        {
            var nats = 0.0;
            for (var i = 0; i < n; i++)
            {
                double m = mean[(i * k) + j], s = std[(i * k) + j];
                nats += (0.5 * ((m * m) + (s * s) - 1)) - Math.Log(s);
            }
            usage[j] = new CodeUse(j, null, null, Bits.FromNats(nats / n).Value, null, null);
        }
        var dead = usage.Count(u => u.Bits < DeadBits);
        var alarms = new List<string>();
        if (dead == k) alarms.Add("posterior collapse: every dimension is the prior, nothing passes");
        else if (dead > 0) alarms.Add(FormattableString.Invariant($"{dead} of {k} dimensions are dead (below 0.01 nat)"));
        if (sandwich.Kept.Verdict == Verdict.Saturated) alarms.Add("the estimate is near its ceiling, log2 of the rows: give more rows");
        return new CodeAudit(new Readings
        {
            Message = "sample",
            Unit = "row",
            BoundBits = usage.Sum(u => u.Bits),
            BoundKind = "upper-bound",
            Estimate = new EstimateReading
            {
                LowBits = sandwich.Kept.Bits?.Value,
                HighBits = sandwich.LeftOut.Bits?.Value,
                CeilingBits = sandwich.Kept.Ceiling?.Value,
                Direction = "sandwich",
                ExcessLowBits = sandwich.ConditionalKept?.Bits?.Value,
                ExcessHighBits = sandwich.ConditionalLeftOut?.Bits?.Value,
                Rows = read,
            },
            Note = (read < n ? FormattableString.Invariant($"the estimate is read from the first {read} of {n} rows; ") : "") + "the bound is the KL divergence from N(0, 1); nothing was written: no bill",
        }, usage, alarms);
    }

    private static void Check(int length, int n, int k, int labels)
    {
        if (n < 2 || k < 1 || length != (long)n * k) throw new InputException(FormattableString.Invariant($"{length} numbers do not make {n} rows of {k} places; at least 2 rows of 1 place are needed"));
        if (labels != 0 && labels != n) throw new InputException(FormattableString.Invariant($"{labels} labels for {n} rows"));
    }

    private static int Size(int[] column, int place, int? codebook)
    {
        var (least, most) = (column.Min(), column.Max());
        var size = codebook ?? (most + 1);
        if (least < 0 || most >= Math.Min(size, MostSymbols) || size is < 1 or > MostSymbols)
            throw new InputException(FormattableString.Invariant($"place {place} holds symbols from {least} to {most}; expected 0 to {Math.Min(codebook ?? MostSymbols, MostSymbols) - 1}"));
        return size;
    }

    private static long[] Counts(ReadOnlySpan<int> column, int size)
    {
        var counts = new long[size];
        foreach (var symbol in column) counts[symbol]++;
        return counts;
    }

    // How often each whole row occurs, by sorting: no row's symbols are ever joined into a key that could collide.
    private static long[] RowCounts(int[][] columns, int n)
    {
        int Compare(int a, int b)
        {
            foreach (var column in columns)
                if (column[a] != column[b]) return column[a].CompareTo(column[b]);
            return 0;
        }
        var order = Enumerable.Range(0, n).ToArray();
        Array.Sort(order, Compare);
        var counts = new List<long> { 1 };
        for (var i = 1; i < n; i++)
        {
            if (Compare(order[i - 1], order[i]) == 0) counts[^1]++;
            else counts.Add(1);
        }
        return [.. counts];
    }

    private static double? LabelBits(int[] column, int size, ReadOnlySpan<int> labels)
    {
        if (labels.Length == 0) return null;
        var classes = 0;
        foreach (var label in labels) classes = Math.Max(classes, label + 1);
        var counts = new long[size, classes];
        for (var i = 0; i < column.Length; i++) counts[column[i], labels[i]]++;
        return CountEntropy.MutualInformation(counts, EntropyCorrection.MillerMadow).Value;
    }

    private static double StaticCost(int[][] columns, int[] sizes, int n)
    {
        var half = n / 2;
        var meter = new CostMeter();
        for (var j = 0; j < columns.Length; j++)
        {
            var counts = Counts(columns[j].AsSpan(0, half), sizes[j]);
            for (var s = 0; s < counts.Length; s++) counts[s] = (2 * counts[s]) + 1; // half an observation of every symbol (Krichevsky and Trofimov 1981)
            var table = FrequencyTable.FromCounts(counts, precision: FrequencyTable.MaxPrecision, everySymbol: true);
            for (var i = half; i < n; i++) meter.WriteInteger(columns[j][i], table);
        }
        return meter.Cost.Value / (n - half);
    }

    private static long AdaptiveBytes(int[][] columns, int[] sizes, int n)
    {
        var writer = new MessageWriter();
        var models = sizes.Select(size => size == 1 ? null : new AdaptiveIndex(size)).ToArray();
        long bytes = 0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < columns.Length; j++) models[j]?.Write(writer, columns[j][i]);
            if (writer.Symbols <= MessageWriter.MaxSymbols / 2 && i < n - 1) continue;
            bytes += writer.Finish().Bytes.Length;
            writer.Clear();
        }
        return bytes;
    }

    private static IEnumerable<string> Suspicions(CodeUse[] usage, int[][] columns, double joint, int n)
    {
        if (joint > Math.Log2(n) - 1) yield return FormattableString.Invariant($"almost every row has a message of its own ({joint:0.0} bits of at most log2 {n} = {Math.Log2(n):0.0}): the entropy cannot be read from so few rows");
        foreach (var u in usage)
        {
            if (u.Used == 1) yield return FormattableString.Invariant($"place {u.Position} always holds the same symbol");
            else if (u.Used < 0.5 * u.Symbols) yield return FormattableString.Invariant($"place {u.Position} uses {u.Used} of {u.Symbols} symbols");
            else if (u.Perplexity < 0.1 * u.Symbols) yield return FormattableString.Invariant($"place {u.Position} has a perplexity of {u.Perplexity:0.#} for {u.Symbols} symbols: few of them do the work");
        }
        for (var a = 0; a < columns.Length; a++)
            for (var b = a + 1; b < Math.Min(columns.Length, 32); b++)
                if (usage[a].Used > 1 && columns[a].AsSpan().SequenceEqual(columns[b])) yield return FormattableString.Invariant($"place {b} repeats place {a}");
    }
}
