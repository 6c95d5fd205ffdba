namespace Isthmus.Data;

/// <summary>NumPy files as data sets: rows along the first axis.</summary>
internal static class ArraySource
{
    private static readonly string[] FeatureNames = ["x", "X", "features", "data", "images", "x_train", "X_train", "train_images", "arr_0"];
    private static readonly string[] TargetNames = ["y", "Y", "labels", "target", "targets", "label", "y_train", "train_labels", "arr_1"];
    private static readonly string[] ConceptNames = ["c", "C", "concepts"];

    /// <summary>One array of features.</summary>
    public static RawData ReadNpy(string path, MemoryBudget budget)
    {
        using var stream = InputFile.Open(path);
        var array = InputFile.Guard(path, () =>
        {
            var read = NpyFile.ReadArray<float>(stream, path, stream.Length, budget);
            InputFile.ExpectEnd(stream, path);
            return read;
        });
        return new RawData(null, Features(array, path));
    }

    /// <summary>Features, and where there are any a target, concepts and a test part, by the names that people give them.</summary>
    public static RawData ReadNpz(string path, DataOptions options, MemoryBudget budget)
    {
        using var file = new NpzFile(path);
        var features = Pick(file, path, options.Features, FeatureNames, "--features") ?? (file.Names.Count == 1 ? file.Names.First() : throw new InputException($"{path}: none of its arrays ({string.Join(", ", file.Names.Take(10))}) is named as features are", "name one with --features"));
        var target = Pick(file, path, options.Target, TargetNames, "--target");
        var concepts = Pick(file, path, options.Concepts, ConceptNames, "--concepts");
        var part = ReadPart(file, path, features, target, concepts, options, budget);
        string? testFeatures = TestName(file, features), testTarget = target is null ? null : TestName(file, target);
        if (testFeatures is null) return new RawData(null, part);
        var test = ReadPart(file, path, testFeatures, testTarget, null, options, budget);
        return new RawData(null, part.Concat(test)) { TestStart = part.Count };
    }

    private static string? Pick(NpzFile file, string path, string? asked, string[] usual, string flag)
    {
        if (asked is null) return usual.FirstOrDefault(file.Names.Contains);
        if (file.Names.Contains(asked)) return asked;
        var unknown = Suggest.Unknown($"array of {path}", asked, file.Names);
        throw new InputException($"{unknown.Message} ({flag})", unknown.Hint);
    }

    private static string? TestName(NpzFile file, string name) =>
        name.Contains("train", StringComparison.Ordinal) && name.Replace("train", "test", StringComparison.Ordinal) is var test && file.Names.Contains(test) ? test : null;

    private static Dataset ReadPart(NpzFile file, string path, string features, string? target, string? concepts, DataOptions options, MemoryBudget budget)
    {
        var data = Features(file.Read<float>(features, budget), $"{path}[{features}]");
        if (target is not null)
        {
            var y = file.Read<double>(target, budget);
            if (y.Shape.Length is not (1 or 2) || y.Shape[0] != data.Count) throw Unfit(path, target, y.Shape, data.Count);
            data = data.With(target: ArrayTargets.Of(target, y.Values, y.Shape.Length == 1 ? 1 : y.Shape[1], options.Task, path));
        }
        if (concepts is null) return data;
        var c = file.Read<double>(concepts, budget);
        if (c.Shape.Length != 2 || c.Shape[0] != data.Count) throw Unfit(path, concepts, c.Shape, data.Count);
        return data.With(concepts: Concepts(c.Values, c.Shape[1], path));
    }

    private static ConceptTable Concepts(double[] values, int width, string path)
    {
        var columns = new Concept[width];
        var numbers = new float[values.Length];
        for (var k = 0; k < width; k++)
        {
            var column = new double[values.Length / width];
            for (var row = 0; row < column.Length; row++) column[row] = values[row * width + k];
            var name = FormattableString.Invariant($"c{k + 1}");
            var target = ArrayTargets.Of(name, column, 1, TableColumn.Numeric(name, column).IsFewIntegers(Schema.MostIntegerClasses) ? TaskKind.Classification : TaskKind.Regression, path);
            columns[k] = target is ClassTarget t ? new Concept(name, t.Classes.Count == 2 ? ConceptKind.Binary : ConceptKind.Categorical, t.Classes) : new Concept(name, ConceptKind.Continuous, []);
            for (var row = 0; row < column.Length; row++) numbers[row * width + k] = target is ClassTarget labels ? labels.Labels[row] : (float)column[row];
        }
        return new ConceptTable(columns, numbers);
    }

    private static InputException Unfit(string path, string name, int[] shape, int rows) =>
        new($"{path}: '{name}' has the shape ({string.Join(", ", shape)}) and does not fit {rows} rows of features");

    /// <summary>The rows of an array: [n] and [n, d] are vectors, [n, h, w] of bytes and four dimensions are images, other three are series.</summary>
    private static Dataset Features(NumericArray<float> array, string source)
    {
        if (array.Shape.Length == 0) throw new InputException($"{source}: a single number, expected rows");
        if (array.Shape[0] == 0 || array.Values.Length == 0) throw new InputException($"{source}: no rows");
        var (n, values, shape) = (array.Shape[0], array.Values, array.Shape);
        if (Array.FindIndex(values, v => !float.IsFinite(v)) is var bad && bad >= 0)
            throw new InputException(FormattableString.Invariant($"{source}: row {bad / (values.Length / n) + 1} holds a number that is not finite (NaN, infinity, or beyond single precision)"));
        var bytes = array.Stored == ElementType.UInt8;
        switch (shape.Length)
        {
            case 1: return new Dataset(source, DataKind.Vectors, n, values, 1) { FeatureNames = ["x1"] };
            case 2: return new Dataset(source, DataKind.Vectors, n, values, shape[1]) { FeatureNames = GaussianPair.Names("x", shape[1]) };
            case 3 when !bytes: return new Dataset(source, DataKind.Series, n, values, shape[1], shape[2]) { FeatureNames = GaussianPair.Names("x", shape[2]) };
            case > 4: throw new InputException($"{source}: {shape.Length} dimensions, at most 4 are understood");
        }
        if (bytes)
            for (var i = 0; i < values.Length; i++) values[i] /= 255f;
        if (shape.Length == 3) return new Dataset(source, DataKind.Images, n, values, 1, shape[1], shape[2]);
        var channelsLast = shape[1] > 4 && shape[3] is 1 or 3 or 4;
        return channelsLast
            ? new Dataset(source, DataKind.Images, n, ChannelsFirst(values, n, shape[1] * shape[2], shape[3]), shape[3], shape[1], shape[2])
            : new Dataset(source, DataKind.Images, n, values, shape[1], shape[2], shape[3]);
    }

    // In place, one picture at a time.
    private static float[] ChannelsFirst(float[] values, int n, int pixels, int channels)
    {
        var one = new float[pixels * channels];
        for (var i = 0; i < n; i++)
        {
            var picture = values.AsSpan(i * one.Length, one.Length);
            picture.CopyTo(one);
            for (var p = 0; p < pixels; p++)
                for (var c = 0; c < channels; c++) picture[c * pixels + p] = one[p * channels + c];
        }
        return values;
    }
}
