using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>Classes that differ in binary attributes, seen through noise: a table of 0 and 1, a line a class, of which each row shows one line with some
/// attributes turned over. Concepts are the attributes as they are. As the classes of Animals with Attributes (Lampert, Nickisch, Harmeling 2014).</summary>
internal static class Codewords
{
    private const long MostBytes = 16 << 20;
    private const string Ending = "-predicate-matrix-binary.txt";

    public static Generator Generator { get; } = new("codewords", "classes by a table of binary attributes from a file, each attribute seen wrongly now and then; concepts are the true attributes",
        [new("n", 5000, 1, 10_000_000, true, "rows"), new("flip", 0.1, 0, 0.5, false, "chance that an attribute is seen wrongly")], Make)
    { NeedsPath = true };

    private static Dataset Make(GeneratorArguments a, RandomStream random)
    {
        var table = Read(a.Path!);
        var (n, k) = (a.Int("n"), table[0].Length);
        var (seen, concepts, labels) = (a.Numbers((long)n * k), a.Numbers((long)n * k), new int[n]);
        for (var i = 0; i < n; i++)
        {
            labels[i] = random.NextInt(table.Length);
            for (var c = 0; c < k; c++)
            {
                concepts[(i * k) + c] = table[labels[i]][c];
                seen[(i * k) + c] = random.NextDouble() < a["flip"] ? 1 - table[labels[i]][c] : table[labels[i]][c];
            }
        }
        var names = Names(a.Path!, "-predicates.txt", k, "a");
        return new Dataset("codewords", DataKind.Vectors, n, seen, k)
        {
            FeatureNames = [.. names.Select(name => "seen " + name)],
            Target = new ClassTarget("class", labels, Names(a.Path!, "-classes.txt", table.Length, "class ")),
            Concepts = new ConceptTable([.. names.Select(name => new Concept(name, ConceptKind.Binary, ["0", "1"]))], concepts),
            Truth = new Dictionary<string, double> { ["concept_accuracy"] = 1, ["target_entropy_bits"] = Math.Log2(table.Length), ["least_distance"] = LeastDistance(table) },
        };
    }

    private static int[][] Read(string path)
    {
        var lines = Lines(path);
        var table = new List<int[]>();
        for (var i = 0; i < lines.Length; i++)
        {
            var cells = lines[i].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (cells.Length == 0) continue;
            if (cells.FirstOrDefault(c => c is not ("0" or "1")) is { } odd) throw new InputException(FormattableString.Invariant($"{path} line {i + 1}: 0 or 1 is expected, not '{(odd.Length > 20 ? odd[..20] : odd)}'"));
            if (table.Count > 0 && cells.Length != table[0].Length) throw new InputException(FormattableString.Invariant($"{path} line {i + 1}: {cells.Length} attributes, {table[0].Length} are expected"));
            table.Add([.. cells.Select(c => c[0] - '0')]);
        }
        if (table.Count < 2) throw new InputException($"{path}: a line of 0 and 1 for each of at least two classes is expected");
        return [.. table];
    }

    // Files beside the table name attributes and classes, a line each, with or without a number before the name.
    private static string[] Names(string path, string ending, int count, string otherwise)
    {
        string[] numbered = [.. Enumerable.Range(1, count).Select(i => FormattableString.Invariant($"{otherwise}{i}"))];
        if (!path.EndsWith(Ending, StringComparison.Ordinal) || path[..^Ending.Length] + ending is not { } file || !File.Exists(file)) return numbered;
        string[] names = [.. Lines(file).Select(line => line.Trim().Split('\t')[^1].Trim()).Where(name => name.Length > 0)];
        return names.Length == count && names.Distinct(StringComparer.Ordinal).Count() == count ? names : throw new InputException(FormattableString.Invariant($"{file}: {names.Length} names, {count} different ones are expected"));
    }

    private static string[] Lines(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new InputException($"{path}: no such file", "make:codewords,path=FILE, a line of 0 and 1 a class");
        if (file.Length > MostBytes) throw new InputException(FormattableString.Invariant($"{path}: {file.Length} bytes, at most {MostBytes} are read"));
        return File.ReadAllLines(path);
    }

    private static int LeastDistance(int[][] table)
    {
        var least = int.MaxValue;
        for (var i = 0; i < table.Length; i++)
            for (var j = 0; j < i; j++) least = Math.Min(least, table[i].Zip(table[j], (a, b) => a ^ b).Sum());
        return least;
    }
}
