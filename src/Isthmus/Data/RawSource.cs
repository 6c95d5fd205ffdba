namespace Isthmus.Data;

/// <summary>Finds out what a DATA argument is and reads it.</summary>
internal static class RawSource
{
    private static readonly string[] TableEndings = [".csv", ".tsv", ".data", ".tab", ".dat", ".tra", ".tes"];

    /// <summary>Opens a source.</summary>
    /// <param name="data">A path or a generator.</param>
    /// <param name="options">How to read it.</param>
    /// <param name="budget">What it may take.</param>
    /// <param name="types">Types that a table's columns must have.</param>
    /// <param name="vocabulary">The tokens or items of a run, for text and ratings.</param>
    /// <param name="samples">The length of a run's sound.</param>
    /// <param name="whole">Text: whether every token is wanted, and no target.</param>
    public static RawData Open(string data, DataOptions options, MemoryBudget budget, IReadOnlyDictionary<string, ColumnType>? types = null, IReadOnlyList<string>? vocabulary = null, int? samples = null, bool whole = false)
    {
        if (string.IsNullOrWhiteSpace(data)) throw new InputException("the DATA argument is empty", "give a path, or a generator like make:sprites");
        if (GeneratorCatalogue.IsGenerator(data)) return Generated(data, options);
        if (Directory.Exists(data)) return Folder(data, options, budget, samples);
        if (!File.Exists(data)) throw InputFile.Missing(data);
        var ending = Path.GetExtension(data).ToLowerInvariant();
        if (TableEndings.Contains(ending) || (ending == ".txt" && AsksForColumns(options, types)))
            return Table(data, options, budget, types, vocabulary);
        switch (ending)
        {
            case ".npy": return ArraySource.ReadNpy(data, budget);
            case ".npz": return ArraySource.ReadNpz(data, options, budget);
            case ".txt": return TextSource.Read(data, options, budget, vocabulary, whole);
            case ".png": return MediaFolder.Pictures(data, [(data, "")], options, budget);
            case ".wav": return MediaFolder.Sounds(data, [(data, "")], options, budget, samples);
            case ".jpg" or ".jpeg": throw Jpeg(data);
        }
        if (IdxFolder.IsIdx(data)) return new RawData(null, InputFile.Guard(data, () => IdxFolder.ReadImages(data, budget))) { InOrder = true };
        throw new InputException($"'{data}': files ending in '{ending}' are not understood", "a .csv, .tsv, .data, .npy, .npz, .txt, .png or .wav file, or a folder of IDX, PNG or WAV files");
    }

    private static bool AsksForColumns(DataOptions o, IReadOnlyDictionary<string, ColumnType>? types) =>
        types is not null || o.Header != HeaderMode.Detect || (o.Target ?? o.Features ?? o.Concepts ?? o.Ignore ?? o.Time ?? o.Ratings ?? o.Survival) is not null;

    private static RawData Table(string path, DataOptions options, MemoryBudget budget, IReadOnlyDictionary<string, ColumnType>? types, IReadOnlyList<string>? vocabulary)
    {
        var table = CsvFile.Read(path, options.Header, budget, types);
        return options.Ratings is { } ratings ? RatingsSource.Read(table, ratings, budget, vocabulary) : new RawData(table, null);
    }

    private static RawData Generated(string argument, DataOptions options)
    {
        var (generator, _) = GeneratorCatalogue.Parse(argument, options.Seed, options.MaxMemory);
        var made = GeneratorCatalogue.Make(argument, options.Seed, options.MaxMemory);
        if (generator.Window is not { } window) return new RawData(null, made);
        var step = new double[made.Count];
        for (var t = 0; t < step.Length; t++) step[t] = t;
        var table = new Table(made.Name, [TableColumn.Numeric("t", step), .. DatasetColumns.Of(made).Columns]) { Truth = made.Truth };
        return new RawData(table, null)
        {
            Imply = o => o with { Time = o.Time ?? "t", Window = o.Window ?? window, Task = o.Task == TaskKind.Auto ? TaskKind.Forecast : o.Task },
        };
    }

    private static RawData Folder(string folder, DataOptions options, MemoryBudget budget, int? samples)
    {
        try
        {
            if (Directory.EnumerateFiles(folder).Any(IdxFolder.IsIdx)) return IdxFolder.Read(folder, budget);
            if (MediaFolder.Files(folder, ".png") is { Length: > 0 } pictures) return MediaFolder.Pictures(folder, pictures, options, budget);
            if (MediaFolder.Files(folder, ".wav") is { Length: > 0 } sounds) return MediaFolder.Sounds(folder, sounds, options, budget, samples);
            if (MediaFolder.Files(folder, ".jpg").Length + MediaFolder.Files(folder, ".jpeg").Length > 0) throw Jpeg(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{folder}' cannot be read: {Schema.OneLine(e.Message)}", inner: e);
        }
        throw new InputException($"'{folder}' holds nothing that is understood", "a folder may hold IDX files, PNG pictures or WAV sounds, plain or one sub-folder a class");
    }

    private static InputException Jpeg(string path) => new($"'{path}': JPEG pictures are not read", "convert them to PNG, for example with: mogrify -format png *.jpg");
}
