using MathNet.Numerics.Distributions;

namespace Isthmus.Information;

/// <summary>
/// Groups of rows with equal concepts, and columns that tell a network what the concepts are. A concept of more than
/// <see cref="MostValues"/> different values counts as a number: it is cut into <see cref="Parts"/> parts of equally many rows.
/// </summary>
internal sealed class ConceptStrata
{
    private const int MostValues = 16, MostOneHot = 32, Parts = 8, MostPaired = 8;
    private const double Far = 4;

    /// <summary>Groups the rows of a table [n × k].</summary>
    public ConceptStrata(ReadOnlySpan<float> values, int n, int k)
    {
        var keys = new int[n * k];
        var columns = new List<float[]>();
        for (var j = 0; j < k; j++)
        {
            var column = new float[n];
            for (var i = 0; i < n; i++) column[i] = values[i * k + j];
            var distinct = column.Distinct().Order().ToArray();
            if (distinct.Length > MostValues) Cut++;
            var codes = distinct.Length > MostValues ? ConceptRows.QuantileLabels(column, Parts) : Array.ConvertAll(column, v => Array.BinarySearch(distinct, v));
            for (var i = 0; i < n; i++) keys[i * k + j] = codes[i];
            if (distinct.Length > MostValues) columns.Add(Scores(column));
            else if (distinct.Length == 2) columns.Add(Array.ConvertAll(codes, c => c * 2f - 1));
            else if (distinct.Length > 2) columns.AddRange(OneHot(codes, distinct.Length));
        }
        Of = Group(keys, n, k, out var count);
        Count = count;
        if (count <= MostOneHot && Cut == 0) columns = [.. OneHot(Of, count)];
        (Width, Columns) = (columns.Count, new float[n * columns.Count]);
        for (var c = 0; c < Width; c++)
            for (var i = 0; i < n; i++) Columns[i * Width + c] = columns[c][i];
        Sizes = new int[count];
        foreach (var s in Of) Sizes[s]++;
    }

    /// <summary>The stratum of each row.</summary>
    public int[] Of { get; }

    /// <summary>How many strata there are.</summary>
    public int Count { get; }

    /// <summary>Rows in each.</summary>
    public int[] Sizes { get; }

    /// <summary>[n × <see cref="Width"/>]: what a network is shown.</summary>
    public float[] Columns { get; }

    /// <summary>Columns of <see cref="Columns"/>.</summary>
    public int Width { get; }

    /// <summary>Concepts that are numbers, cut into parts.</summary>
    public int Cut { get; }

    /// <summary>The share of rows that have at least so many others in their stratum.</summary>
    public double Shared(int others) => Sizes.Where(s => s > others).Sum(s => (double)s) / Of.Length;

    /// <summary>
    /// What a network is shown of codes [n × width]: every column at mean 0 and deviation 1, within ±<see cref="Far"/>, and its normal scores, so that
    /// neither scale nor saturation hides anything: [n × 2 width]. Within strata few columns (at most <see cref="MostPaired"/>) are shown with the products of
    /// the scores of each two, since what only pairs tell is what a small network finds last.
    /// </summary>
    /// <param name="codes">Row after row.</param>
    /// <param name="n">Rows.</param>
    /// <param name="strata">Where given, the scores are those among the rows of the same stratum, where the code cannot tell the concepts again.</param>
    public static float[] Show(ReadOnlySpan<float> codes, int n, int[]? strata)
    {
        var width = codes.Length / n;
        var shown = new float[n * 2 * width];
        var groups = strata is null ? [[.. Enumerable.Range(0, n)]] : Enumerable.Range(0, n).GroupBy(i => strata[i]).Select(g => g.ToArray()).ToArray();
        for (var c = 0; c < width; c++)
        {
            var column = new float[n];
            for (var i = 0; i < n; i++) column[i] = codes[i * width + c];
            var (mean, squares) = (0.0, 0.0);
            foreach (var v in column) mean += v;
            mean /= n;
            foreach (var v in column) squares += (v - mean) * (v - mean);
            var scale = squares > 0 ? Math.Sqrt(n / squares) : 0;
            for (var i = 0; i < n; i++) shown[i * 2 * width + c] = (float)Math.Clamp((column[i] - mean) * scale, -Far, Far);
            foreach (var group in groups)
            {
                var scores = Scores([.. group.Select(i => column[i])]);
                for (var i = 0; i < group.Length; i++) shown[group[i] * 2 * width + width + c] = scores[i];
            }
        }
        return strata is null || width > MostPaired ? shown : Paired(shown, n, width);
    }

    private static float[] Paired(float[] shown, int n, int width)
    {
        var total = 2 * width + width * (width - 1) / 2;
        var paired = new float[n * total];
        for (var i = 0; i < n; i++)
        {
            var from = shown.AsSpan(i * 2 * width, 2 * width);
            var to = paired.AsSpan(i * total, total);
            from.CopyTo(to);
            var at = 2 * width;
            for (var a = width; a < 2 * width; a++)
                for (var b = a + 1; b < 2 * width; b++) to[at++] = from[a] * from[b];
        }
        return paired;
    }

    // Normal scores Φ⁻¹((rank − ½)/n), mean ranks for ties.
    private static float[] Scores(float[] column)
    {
        var n = column.Length;
        var (to, order) = (new float[n], Enumerable.Range(0, n).ToArray());
        Array.Sort((float[])column.Clone(), order);
        for (int i = 0, j; i < n; i = j)
        {
            for (j = i + 1; j < n && column[order[j]] == column[order[i]];) j++;
            var score = (float)Normal.InvCDF(0, 1, (i + j) / 2.0 / n);
            for (var t = i; t < j; t++) to[order[t]] = score;
        }
        return to;
    }

    private static int[] Group(int[] keys, int n, int k, out int count)
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var groups = new int[n];
        var key = new char[k];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < k; j++) key[j] = (char)keys[i * k + j];
            var text = new string(key);
            if (!known.TryGetValue(text, out var group)) known[text] = group = known.Count;
            groups[i] = group;
        }
        count = known.Count;
        return groups;
    }

    private static IEnumerable<float[]> OneHot(int[] codes, int count) =>
        count < 2 ? [] : Enumerable.Range(0, count).Select(s => Array.ConvertAll(codes, c => c == s ? 1f : 0f));
}
