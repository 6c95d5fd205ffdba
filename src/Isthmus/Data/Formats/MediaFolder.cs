namespace Isthmus.Data;

/// <summary>
/// A folder of PNG pictures or of WAV sounds: one sub-folder a class, or plain. In a plain folder whose files are named
/// <c>a_b_c.wav</c> the parts of the names are known factors name1, name2, …
/// </summary>
internal static class MediaFolder
{
    private const int MostFiles = 10_000_000;

    /// <summary>The files of a folder and its sub-folders with an ending, in ordinal order; empty where there are none.</summary>
    public static (string Path, string Class)[] Files(string folder, string ending)
    {
        var files = new List<(string Path, string Class)>();
        void Add(string of, string name)
        {
            foreach (var file in Directory.EnumerateFiles(of))
                if (file.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                {
                    if (files.Count == MostFiles) throw new InputException($"{folder}: holds more than {MostFiles} files");
                    files.Add((file, name));
                }
        }
        Add(folder, "");
        foreach (var sub in Directory.EnumerateDirectories(folder)) Add(sub, Path.GetFileName(sub));
        if (files.Exists(f => f.Class.Length == 0) && files.Exists(f => f.Class.Length > 0))
            throw new InputException($"{folder}: holds {ending} files beside sub-folders with {ending} files", "put each class into a sub-folder, or all files into one folder");
        return [.. files.OrderBy(f => f.Path, StringComparer.Ordinal)];
    }

    /// <summary>Pictures of one size, or patches of pictures of any size.</summary>
    public static RawData Pictures(string folder, (string Path, string Class)[] files, DataOptions options, MemoryBudget budget)
    {
        var sizes = files.Select(f => PngFile.Size(f.Path)).ToArray();
        var channels = sizes.Any(s => s.Channels == 3) ? 3 : 1;
        var patch = options.Patch;
        if (patch is null && Array.FindIndex(sizes, s => s.Width != sizes[0].Width || s.Height != sizes[0].Height) is var odd && odd >= 0)
            throw new InputException(FormattableString.Invariant($"{files[odd].Path}: {sizes[odd].Width} x {sizes[odd].Height} pixels, the first picture has {sizes[0].Width} x {sizes[0].Height}"),
                "bring all pictures to one size, or cut patches (data.patch: 32)");
        var (height, width) = patch is { } side ? (side, side) : (sizes[0].Height, sizes[0].Width);
        int[] patches = [.. sizes.Select(s => patch is null ? 1 : s.Width / width * (s.Height / height))];
        var n = patches.Sum(p => (long)p);
        if (n == 0) throw new InputException(FormattableString.Invariant($"{folder}: no picture is as large as a patch of {width} x {height}"));
        budget.Take(n * channels * height * width, sizeof(float), FormattableString.Invariant($"{n} pictures of [{channels}, {height}, {width}]"));
        var features = new float[n * channels * height * width];
        var of = new int[n];
        var row = 0;
        for (var i = 0; i < files.Length; i++)
        {
            var (w, h) = (sizes[i].Width, sizes[i].Height);
            budget.Take((long)w * h * channels, sizeof(float), files[i].Path);
            var image = PngFile.Read(files[i].Path, budget.Left);
            var planes = patch is null ? features.AsSpan(row * channels * h * w, channels * h * w) : new float[channels * h * w];
            image.CopyTo(channels, planes);
            budget.Return((long)w * h * channels * sizeof(float));
            for (var p = 0; p < patches[i]; p++, row++)
            {
                of[row] = i;
                if (patch is null) continue;
                var (top, left) = (p / (w / width) * height, p % (w / width) * width);
                for (var c = 0; c < channels; c++)
                    for (var y = 0; y < height; y++)
                        planes.Slice((c * h + top + y) * w + left, width).CopyTo(features.AsSpan(((row * channels + c) * height + y) * width));
            }
        }
        var data = new Dataset(Name(folder), DataKind.Images, (int)n, features, channels, height, width) { RowNames = [.. of.Select(i => Path.GetFileName(files[i].Path))] };
        return new RawData(null, Labelled(data, files, of, patch is not null));
    }

    /// <summary>Sounds of one rate, cut or filled with silence to one length.</summary>
    public static RawData Sounds(string folder, (string Path, string Class)[] files, DataOptions options, MemoryBudget budget, int? samples)
    {
        var sizes = files.Select(f => WavFile.Size(f.Path)).ToArray();
        if (Array.FindIndex(sizes, s => s.SampleRate != sizes[0].SampleRate || s.Channels != sizes[0].Channels) is var odd && odd >= 0)
            throw new InputException(FormattableString.Invariant($"{files[odd].Path}: {sizes[odd].Channels} channels at {sizes[odd].SampleRate} samples a second, the first sound has {sizes[0].Channels} at {sizes[0].SampleRate}"));
        var longest = sizes.Max(s => s.Length);
        var length = samples ?? options.Window ?? longest;
        if (length < 1) throw new InputException($"{folder}: the sounds are empty");
        var channels = sizes[0].Channels;
        budget.Take(files.Length * channels * length, sizeof(float), FormattableString.Invariant($"{files.Length} sounds of {length} samples"));
        var features = new float[files.Length * channels * length];
        for (var i = 0; i < files.Length; i++) WavFile.ReadInto(files[i].Path, features, (int)(i * channels * length), (int)length);
        var cut = sizes.Count(s => s.Length > length);
        var data = new Dataset(Name(folder), DataKind.Sound, files.Length, features, channels, (int)length)
        {
            SampleRate = sizes[0].SampleRate,
            RowNames = [.. files.Select(f => Path.GetFileName(f.Path))],
            Notes = [FormattableString.Invariant($"sounds of {sizes.Min(s => s.Length)} to {longest} samples at {sizes[0].SampleRate} a second; {cut} are cut to {length}, shorter ones end in silence")],
        };
        return new RawData(null, Labelled(data, files, [.. Enumerable.Range(0, files.Length)], false));
    }

    private static string Name(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private static Dataset Labelled(Dataset data, (string Path, string Class)[] files, int[] of, bool patches)
    {
        string[] classes = [.. files.Select(f => f.Class).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var labels = of.Select(i => Array.BinarySearch(classes, files[i].Class, StringComparer.Ordinal)).ToArray();
        var target = classes.Length == 1 && classes[0].Length == 0 ? null : new ClassTarget("class", labels, classes);
        return data.With(target: target, concepts: Factors(files, of), groups: patches ? new Groups("picture", of, [.. files.Select(f => Path.GetFileName(f.Path))]) : null);
    }

    // The parts of names like 7_jackson_12: the ones that come again are known factors.
    private static ConceptTable? Factors((string Path, string Class)[] files, int[] of)
    {
        var parts = files.Select(f => Path.GetFileNameWithoutExtension(f.Path).Split('_')).ToArray();
        if (parts.Length < 4 || parts[0].Length < 2 || parts.Any(p => p.Length != parts[0].Length)) return null;
        var concepts = new List<(Concept Concept, int[] Of)>();
        for (var k = 0; k < parts[0].Length; k++)
        {
            var at = k;
            string[] values = [.. parts.Select(p => p[at]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            if (values.Length < 2 || values.Length > files.Length / 2) continue;
            concepts.Add((new Concept(FormattableString.Invariant($"name{k + 1}"), values.Length == 2 ? ConceptKind.Binary : ConceptKind.Categorical, values),
                [.. parts.Select(p => Array.BinarySearch(values, p[at], StringComparer.Ordinal))]));
        }
        if (concepts.Count == 0) return null;
        var numbers = new float[of.Length * concepts.Count];
        for (var row = 0; row < of.Length; row++)
            for (var c = 0; c < concepts.Count; c++) numbers[row * concepts.Count + c] = concepts[c].Of[of[row]];
        return new ConceptTable([.. concepts.Select(c => c.Concept)], numbers);
    }
}
