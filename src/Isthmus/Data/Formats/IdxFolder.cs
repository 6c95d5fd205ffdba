namespace Isthmus.Data;

/// <summary>A folder of IDX files: one pair of images and labels, or two (train and test).</summary>
internal static class IdxFolder
{
    /// <summary>Whether a file's name is one of the MNIST family.</summary>
    public static bool IsIdx(string path) => Stem(path) is { } stem && (stem.EndsWith("-ubyte", StringComparison.Ordinal) || stem.EndsWith(".idx", StringComparison.Ordinal) || stem.Contains("idx3", StringComparison.Ordinal) || stem.Contains("idx1", StringComparison.Ordinal));

    /// <summary>Reads the pairs of a folder; the second pair's rows follow the first's.</summary>
    public static RawData Read(string folder, MemoryBudget budget)
    {
        if (!Directory.Exists(folder)) throw InputFile.Missing(folder);
        string[] files = [.. Directory.EnumerateFiles(folder).Where(IsIdx).OrderBy(Stem, StringComparer.Ordinal).ThenBy(f => f.Length).DistinctBy(Stem)];
        string[] images = [.. files.Where(f => Stem(f)!.Contains("image", StringComparison.Ordinal) || Stem(f)!.Contains("idx3", StringComparison.Ordinal))];
        if (images.Length is 0 or > 2)
            throw new InputException($"{folder}: holds {(images.Length == 0 ? "no" : "more than two")} IDX files of images", "expected one or two pairs like train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz");
        if (images.Length == 2 && !IsTrain(images[0])) Array.Reverse(images);
        if (images.Length == 2 && (!IsTrain(images[0]) || IsTrain(images[1])))
            throw new InputException($"{folder}: of two pairs of IDX files exactly one is to be named train…");
        var parts = images.Select(image => ReadPair(image, files, budget)).ToArray();
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (parts.Length == 2) budget.Take(parts[0].Features.Length + (long)parts[1].Features.Length, sizeof(float), "both parts");
        return parts.Length == 1
            ? new RawData(null, Named(parts[0], name)) { InOrder = true }
            : new RawData(null, Named(parts[0].Concat(parts[1]), name)) { TestStart = parts[0].Count };
    }

    /// <summary>Images of one file, without labels.</summary>
    public static Dataset ReadImages(string path, MemoryBudget budget)
    {
        var array = IdxFile.ReadArray<float>(path, budget);
        if (array.Shape.Length is not (2 or 3 or 4)) throw new InputException($"{path}: expected rows [n, d] or images [n, height, width], got [{string.Join(", ", array.Shape)}]");
        if (array.Stored == ElementType.UInt8)
            for (var i = 0; i < array.Values.Length; i++) array.Values[i] /= 255f;
        var name = Path.GetFileName(path);
        return array.Shape.Length switch
        {
            2 => new Dataset(name, DataKind.Vectors, array.Shape[0], array.Values, array.Shape[1]),
            3 => new Dataset(name, DataKind.Images, array.Shape[0], array.Values, 1, array.Shape[1], array.Shape[2]),
            _ => new Dataset(name, DataKind.Images, array.Shape[0], array.Values, array.Shape[1], array.Shape[2], array.Shape[3]),
        };
    }

    private static Dataset ReadPair(string imagePath, string[] files, MemoryBudget budget)
    {
        var wanted = Stem(imagePath)!.Replace("images", "labels", StringComparison.Ordinal).Replace("idx3", "idx1", StringComparison.Ordinal);
        var images = InputFile.Guard(imagePath, () => ReadImages(imagePath, budget));
        var labelPath = files.FirstOrDefault(f => Stem(f) == wanted);
        if (labelPath is null) return images;
        var labels = InputFile.Guard(labelPath, () => IdxFile.ReadArray<double>(labelPath, budget));
        if (labels.Shape.Length != 1 || labels.Shape[0] != images.Count)
            throw new InputException($"{labelPath}: holds [{string.Join(", ", labels.Shape)}] labels for {images.Count} images");
        return images.With(target: ArrayTargets.Classes("label", labels.Values, labelPath));
    }

    private static Dataset Named(Dataset data, string name) => data.With(name: name);

    private static bool IsTrain(string path) => Stem(path)!.StartsWith("train", StringComparison.Ordinal);

    private static string? Stem(string path)
    {
        var name = Path.GetFileName(path).ToLowerInvariant();
        return name.EndsWith(".gz", StringComparison.Ordinal) ? name[..^3] : name;
    }
}
