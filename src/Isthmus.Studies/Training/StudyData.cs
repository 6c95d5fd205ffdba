using System.Collections.Concurrent;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Studies;

/// <summary>Rows to train on, to tune by, and to be judged on.</summary>
/// <param name="Train">Drawn by the trial's seed.</param>
/// <param name="Validation">The same for all seeds; tuning reads them.</param>
/// <param name="Test">The same for all seeds, in the same order, so that <see cref="Outcome.Examples"/> may be given.</param>
public sealed record StudySet(Dataset Train, Dataset Validation, Dataset Test);

/// <summary>The data of studies: real ones by their place, generated ones by their name, cut into parts alike in both arms.</summary>
public static class StudyData
{
    private static readonly ConcurrentDictionary<string, Dataset> s_loaded = new(StringComparer.Ordinal);

    /// <summary>
    /// A file or folder of real data by its place below the data folder, as in <c>mnist</c> or <c>tabular/cal_housing.data</c>: in
    /// the folder that ISTHMUS_DATA names, else in <c>shared/data</c> beside the current folder, the program, or a folder above
    /// one of them. Null where it is not there.
    /// </summary>
    public static string? Find(string relative)
    {
        ArgumentNullException.ThrowIfNull(relative);
        if (Environment.GetEnvironmentVariable("ISTHMUS_DATA") is { Length: > 0 } root) return Existing(Path.Combine(root, relative));
        foreach (var start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
                if (Existing(Path.Combine(folder.FullName, "shared", "data", relative)) is { } found) return found;
        return null;

        static string? Existing(string path) => File.Exists(path) || Directory.Exists(path) ? path : null;
    }

    /// <summary>What a study needs and is not there; null where all is.</summary>
    public static string? Missing(Study study)
    {
        ArgumentNullException.ThrowIfNull(study);
        return study.Needs.FirstOrDefault(need => Find(need) is null);
    }

    /// <summary>
    /// Loads a data set once in a process: the trial's DATA argument, else the study's own.
    /// </summary>
    /// <param name="trial">Whose <see cref="Trial.Data"/> comes first.</param>
    /// <param name="own">A generator as in <c>make:sprites,n=6000,size=16</c>, or real data by their place, as in <c>mnist</c>.</param>
    /// <param name="options">How to read; by default as it is, images in [0, 1] and numbers not standardised.</param>
    /// <exception cref="InputException">The data are not there, or cannot be read.</exception>
    public static Dataset Load(Trial trial, string own, DataOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trial);
        ArgumentNullException.ThrowIfNull(own);
        var data = trial.Data ?? (own.StartsWith("make:", StringComparison.Ordinal) ? own
            : Find(own) ?? throw new InputException($"the study's data '{own}' are not there", "name the folder that holds them in the variable ISTHMUS_DATA, or other data by --data"));
        options ??= new DataOptions { Standardise = false };
        return s_loaded.GetOrAdd($"{data} {options}", _ => DataSource.Load(data, options).Data);
    }

    /// <summary>The 10,000 handwritten digits of MNIST's test files, [1, 28, 28] in [0, 1], with their labels.</summary>
    /// <exception cref="InputException">They are not there.</exception>
    public static Dataset Mnist(Trial trial) => Load(trial, "mnist");

    /// <summary>Pictures of one shape each (<c>make:sprites</c>): squares, ellipses, hearts; labels say which.</summary>
    /// <param name="trial">Whose <see cref="Trial.Data"/> comes first.</param>
    /// <param name="count">How many.</param>
    /// <param name="side">Pixels on a side, 8 to 256.</param>
    /// <param name="grey">One channel, or three.</param>
    public static Dataset Sprites(Trial trial, int count = 6000, int side = 16, bool grey = true) =>
        Load(trial, FormattableString.Invariant($"make:sprites,n={count},size={side},colours={(grey ? 1 : 3)}"));

    /// <summary>
    /// Cuts rows into parts. Test and validation rows are the same for all seeds (a fixed shuffle); training rows are drawn from
    /// the rest by the trial's seed, the same in both arms. Where there are too few rows, all parts shrink alike.
    /// </summary>
    public static StudySet Split(Dataset data, Trial trial, int train, int validation, int test)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(trial);
        var share = Math.Min(1, data.Count / ((double)train + validation + test));
        var (v, t) = (Math.Max(1, (int)(share * validation)), Math.Max(1, (int)(share * test)));
        if (data.Count < v + t + 1) throw new InputException(FormattableString.Invariant($"{data.Name}: {data.Count} rows are too few for the study"));
        var order = new RandomStream(0).Fork("study parts").Permutation(data.Count);
        var rest = order[(t + v)..];
        trial.Random("training rows").Shuffle<int>(rest);
        return new StudySet(data.Select(rest.AsSpan(0, Math.Min(rest.Length, train))), data.Select(order.AsSpan(t, v)), data.Select(order.AsSpan(0, t)));
    }

    /// <summary>Some rows as tensors: inputs [rows, …], labels, continuous targets, concepts where there are any. They belong to the open scope.</summary>
    public static Batch Batch(Dataset data, ReadOnlySpan<int> rows)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Whole(data.Select(rows));
    }

    /// <summary>All rows as tensors.</summary>
    public static Batch Whole(Dataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new Batch(Tensor.From(data.Features, [data.Count, .. data.FeatureShape]))
        {
            Labels = data.Target is ClassTarget classes ? LongTensor.From(classes.Labels) : null,
            Targets = data.Target is ContinuousTarget numbers ? Tensor.From(numbers.Values, data.Count, numbers.Width) : null,
            Concepts = data.Concepts is { Columns.Count: > 0 } concepts ? Concepts(concepts, data.Count) : null,
        };
    }

    private static Tensor Concepts(ConceptTable concepts, int rows)
    {
        var (k, values) = (concepts.Columns.Count, Tensor.Zeros(rows, concepts.Columns.Count));
        for (var i = 0; i < rows; i++)
            for (var c = 0; c < k; c++) values.Data[(i * k) + c] = concepts.IsMissing(i, c) ? float.NaN : concepts.Row(i)[c];
        return values;
    }
}
