using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>Shares of rows for training, validation and test; they sum to 1.</summary>
/// <param name="Train">In (0, 1].</param>
/// <param name="Validation">In [0, 1): for early stopping and choices.</param>
/// <param name="Test">In [0, 1): looked at once.</param>
public readonly record struct SplitShares(double Train, double Validation, double Test)
{
    /// <summary>0.8 / 0.1 / 0.1.</summary>
    public static SplitShares Default => new(0.8, 0.1, 0.1);

    /// <summary>Reads <c>0.8,0.1,0.1</c>.</summary>
    /// <exception cref="InputException">Not three shares that are not negative and sum to 1, the first positive.</exception>
    public static SplitShares Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(',');
        var shares = new double[3];
        var good = parts.Length == 3;
        for (var i = 0; good && i < 3; i++)
            good = double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out shares[i]) && shares[i] >= 0 && shares[i] <= 1;
        if (!good || shares[0] <= 0 || Math.Abs(shares.Sum() - 1) > 1e-6)
            throw new InputException($"split '{text}': expected three shares for training, validation and test that sum to 1", "for example --split 0.8,0.1,0.1");
        return new(shares[0], shares[1], shares[2]);
    }
}

/// <summary>Which rows are for training, for validation and for test; no row is in two of them.</summary>
/// <param name="Train">Rows to learn from.</param>
/// <param name="Validation">Rows for early stopping and choices; may be empty.</param>
/// <param name="Test">Rows that are looked at once; may be empty.</param>
public sealed record Split(int[] Train, int[] Validation, int[] Test)
{
    private const string StreamName = "split";

    /// <summary>
    /// A seeded random split. With labels every class is shared out in the same proportion: the rows of a class are dealt in a
    /// random order, and the rounding error is carried from class to class so that the totals are right as well.
    /// </summary>
    /// <param name="count">The number of rows.</param>
    /// <param name="shares">How much each part gets.</param>
    /// <param name="seed">Equal seeds give equal splits.</param>
    /// <param name="labels">The class of each row; null for a plain random split.</param>
    public static Split Random(int count, SplitShares shares, ulong seed, int[]? labels = null)
    {
        if (labels is not null && labels.Length != count) throw new ArgumentException($"Split: {labels.Length} labels for {count} rows");
        return Deal(new RandomStream(seed).Fork(StreamName).Permutation(count), shares, labels);
    }

    /// <summary>The first rows for training and the rest for test, in order; the validation rows are a seeded (stratified)
    /// choice from the training part.</summary>
    /// <param name="count">The number of rows.</param>
    /// <param name="trainShare">The share of the training part before validation rows are taken from it.</param>
    /// <param name="validationShare">The share of the training part that becomes validation, in [0, 1).</param>
    /// <param name="seed">Chooses the validation rows.</param>
    /// <param name="labels">The class of each row; null for a plain random choice.</param>
    public static Split InOrder(int count, double trainShare, double validationShare, ulong seed, int[]? labels = null) =>
        WithTest((int)Math.Round(count * trainShare), count, validationShare, seed, labels);

    /// <summary>Rows 0..trainCount-1 for training and validation, the others for test.</summary>
    /// <param name="trainCount">How many rows are not for test.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="validationShare">The share of the training part that becomes validation, in [0, 1).</param>
    /// <param name="seed">Chooses the validation rows.</param>
    /// <param name="labels">The class of each row; null for a plain random choice.</param>
    /// <param name="groups">The group of each row, kept together between training and validation; labels are not looked at then.</param>
    public static Split WithTest(int trainCount, int count, double validationShare, ulong seed, int[]? labels = null, int[]? groups = null)
    {
        var shares = new SplitShares(1 - validationShare, validationShare, 0);
        var inner = groups is null ? Random(trainCount, shares, seed, labels?[..trainCount]) : ByGroup(groups[..trainCount], shares, seed);
        return inner with { Test = [.. Enumerable.Range(trainCount, count - trainCount)] };
    }

    /// <summary>The parts one after the other in time: no row of an earlier part lies after a row of a later one.</summary>
    /// <param name="count">The number of rows, in the order of time.</param>
    /// <param name="shares">How much each part gets.</param>
    /// <param name="gap">How many rows to leave out between two parts, so that windows do not overlap.</param>
    public static Split Chronological(int count, SplitShares shares, int gap = 0)
    {
        var first = (int)Math.Round(count * shares.Train);
        var second = Math.Max(first, (int)Math.Round(count * (shares.Train + shares.Validation)));
        var validationStart = Math.Min(second, first + gap);
        var testStart = Math.Min(count, second + gap);
        return new([.. Enumerable.Range(0, first)], [.. Enumerable.Range(validationStart, second - validationStart)],
            shares.Test <= 0 ? [] : [.. Enumerable.Range(testStart, count - testStart)]);
    }

    /// <summary>A seeded random split that never tears a group apart: groups in a random order go to the part that is furthest
    /// from its share.</summary>
    /// <param name="groups">The group of each row, 0..g-1.</param>
    /// <param name="shares">How much each part should get, in rows.</param>
    /// <param name="seed">Equal seeds give equal splits.</param>
    public static Split ByGroup(int[] groups, SplitShares shares, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(groups);
        var sizes = Sizes(groups);
        double[] wanted = [shares.Train * groups.Length, shares.Validation * groups.Length, shares.Test * groups.Length];
        var partOf = AssignGroups(sizes, wanted, seed);
        // No part that was asked for stays empty while another has two groups: test first, as nothing can be judged without it.
        foreach (var part in (int[])[2, 0, 1])
            if (wanted[part] > 0 && !partOf.Contains(part)) GiveOne(partOf, sizes, part);
        var parts = Collect(groups.Length, 3, row => partOf[groups[row]]);
        return new(parts[0], parts[1], parts[2]);
    }

    // The smallest group of the part with the most groups moves, if that part keeps one.
    private static void GiveOne(int[] partOf, int[] sizes, int part)
    {
        var from = partOf.GroupBy(p => p).Where(g => g.Count() > 1).OrderByDescending(g => g.Count()).Select(g => (int?)g.Key).FirstOrDefault();
        if (from is null) return;
        var smallest = Enumerable.Range(0, partOf.Length).Where(g => partOf[g] == from).MinBy(g => sizes[g]);
        partOf[smallest] = part;
    }

    /// <summary>K splits in which every row is in the test part exactly once; the validation rows are taken from the rest.</summary>
    /// <param name="count">The number of rows.</param>
    /// <param name="k">The number of folds, 2 or more.</param>
    /// <param name="validationShare">The share of the rows outside the test fold that becomes validation, in [0, 1).</param>
    /// <param name="seed">Equal seeds give equal folds.</param>
    /// <param name="labels">The class of each row, for stratified folds.</param>
    /// <param name="groups">The group of each row: groups are kept together; labels are not looked at then.</param>
    /// <exception cref="InputException">Fewer rows or groups than folds, or k less than 2.</exception>
    public static IReadOnlyList<Split> Folds(int count, int k, double validationShare, ulong seed, int[]? labels = null, int[]? groups = null)
    {
        var units = groups is null ? count : Sizes(groups).Length;
        if (k < 2 || k > units)
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"folds {k}: expected 2 to {units} (the number of {(groups is null ? "rows" : "groups")})"));
        var random = new RandomStream(seed).Fork(StreamName);
        int[] foldOf;
        if (groups is not null)
        {
            var ofGroup = AssignGroups(Sizes(groups), [.. Enumerable.Repeat((double)count / k, k)], seed);
            foldOf = [.. groups.Select(g => ofGroup[g])];
        }
        else
        {
            foldOf = new int[count];
            var next = 0;
            foreach (var row in ByLabel(random.Permutation(count), labels)) foldOf[row] = next++ % k;
        }
        var folds = new Split[k];
        for (var f = 0; f < k; f++)
        {
            var fold = f;
            var parts = Collect(count, 2, row => foldOf[row] == fold ? 1 : 0);
            var shares = new SplitShares(1 - validationShare, validationShare, 0);
            if (groups is not null)
            {
                var byGroup = ByGroup(Dataset.Pick(groups, parts[0]), shares, seed + (ulong)f);
                folds[f] = new Split(Dataset.Pick(parts[0], byGroup.Train), Dataset.Pick(parts[0], byGroup.Validation), parts[1]);
                continue;
            }
            var order = new RandomStream(seed).Fork(StreamName).Fork((ulong)f).Permutation(parts[0].Length);
            folds[f] = Deal([.. order.Select(i => parts[0][i])], shares, labels) with { Test = parts[1] };
        }
        return folds;
    }

    // Deals the rows, in the given random order within each class, to the three parts; each part in ascending order.
    private static Split Deal(int[] order, SplitShares shares, int[]? labels)
    {
        List<int>[] parts = [[], [], []];
        double[] wanted = [shares.Train, shares.Validation, shares.Test];
        double[] owed = [0, 0, 0];
        foreach (var row in ByLabel(order, labels))
        {
            // Each row goes to the part that is furthest behind its share so far: within a class, too, shares are kept to one row.
            var to = 0;
            for (var p = 0; p < 3; p++)
            {
                owed[p] += wanted[p];
                if (owed[p] > owed[to] + 1e-12) to = p;
            }
            owed[to] -= 1;
            parts[to].Add(row);
        }
        foreach (var part in parts) part.Sort();
        return new([.. parts[0]], [.. parts[1]], [.. parts[2]]);
    }

    private static IEnumerable<int> ByLabel(int[] order, int[]? labels) => labels is null ? order : order.OrderBy(row => labels[row]);

    private static int[] Sizes(int[] groups)
    {
        var sizes = new int[groups.Length == 0 ? 0 : groups.Max() + 1];
        foreach (var g in groups) sizes[g]++;
        return sizes;
    }

    private static int[] AssignGroups(int[] sizes, double[] wanted, ulong seed)
    {
        var partOf = new int[sizes.Length];
        foreach (var g in new RandomStream(seed).Fork(StreamName).Permutation(sizes.Length))
        {
            var to = 0;
            for (var p = 1; p < wanted.Length; p++)
                if (wanted[p] > wanted[to]) to = p;
            wanted[to] -= sizes[g];
            partOf[g] = to;
        }
        return partOf;
    }

    private static int[][] Collect(int count, int parts, Func<int, int> partOf)
    {
        var lists = new List<int>[parts];
        for (var p = 0; p < parts; p++) lists[p] = [];
        for (var row = 0; row < count; row++) lists[partOf(row)].Add(row);
        return [.. lists.Select(l => l.ToArray())];
    }
}
