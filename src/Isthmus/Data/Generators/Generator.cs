using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>One key of a generator.</summary>
/// <param name="Name">The key.</param>
/// <param name="Default">The value where none is given.</param>
/// <param name="Min">The least value.</param>
/// <param name="Max">The greatest value.</param>
/// <param name="Integer">Whether only whole numbers are valid.</param>
/// <param name="Meaning">What it does, with its unit.</param>
public sealed record GeneratorParameter(string Name, double Default, double Min, double Max, bool Integer, string Meaning);

/// <summary>The values of a generator's keys, all within their ranges.</summary>
public sealed class GeneratorArguments
{
    private readonly Dictionary<string, double> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _words = new(StringComparer.Ordinal);
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);

    internal GeneratorArguments(Generator generator, ulong seed, long maxMemory)
    {
        foreach (var p in generator.Parameters) _numbers[p.Name] = p.Default;
        Seed = seed;
        Budget = new MemoryBudget(maxMemory, "make:" + generator.Name);
    }

    /// <summary>The seed.</summary>
    public ulong Seed { get; internal set; }

    /// <summary>A folder of files that the generator draws from; null where none was given.</summary>
    public string? Path { get; internal set; }

    internal MemoryBudget Budget { get; }

    /// <summary>A key's value.</summary>
    public double this[string name]
    {
        get => _numbers[name];
        internal set
        {
            _numbers[name] = value;
            _given.Add(name);
        }
    }

    /// <summary>The value of a key that takes a word; null where none was given.</summary>
    public string? Word(string name) => _words.GetValueOrDefault(name);

    /// <summary>Whether the argument named the key.</summary>
    public bool IsGiven(string name) => _given.Contains(name);

    internal void SetWord(string name, string value) => _words[name] = value;

    /// <summary>A whole key's value.</summary>
    public int Int(string name) => (int)_numbers[name];

    /// <summary>An array of that many numbers, if there is memory for it.</summary>
    internal float[] Numbers(long count)
    {
        Budget.Take(count, sizeof(float), "the generated rows");
        return new float[count];
    }
}

/// <summary>Data that are made and not read: every row is a function of the keys and the seed, and what is true of them is known.</summary>
/// <param name="Name">The name, as in <c>make:moons</c>.</param>
/// <param name="Summary">One line.</param>
/// <param name="Parameters">Its keys.</param>
/// <param name="Make">Makes the rows; features as they are, nothing standardised.</param>
public sealed record Generator(string Name, string Summary, IReadOnlyList<GeneratorParameter> Parameters, Func<GeneratorArguments, RandomStream, Dataset> Make)
{
    /// <summary>Whether the key <c>path</c> names a folder it draws from.</summary>
    public bool NeedsPath { get; init; }

    /// <summary>Keys that take one of a few words, and none at first.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Words { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Rows in the order of time, which become windows; the default window.</summary>
    public int? Window { get; init; }

    /// <summary>The argument with every key at its default, as in <c>make:moons,n=2000,noise=0.1</c>.</summary>
    public string Example => "make:" + string.Join(',', [Name, .. NeedsPath ? ["path=FOLDER"] : Array.Empty<string>(),
        .. Parameters.Where(p => !double.IsNaN(p.Default)).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name}={p.Default}"))]);
}

/// <summary>All generators by name.</summary>
public static class GeneratorCatalogue
{
    /// <summary>What a generator's argument begins with.</summary>
    public const string Prefix = "make:";

    /// <summary>The generators, in the order they are listed.</summary>
    public static IReadOnlyList<Generator> All { get; } =
    [
        Sprites.Generator, GaussianPair.Generator, PlaneClasses.Moons, PlaneClasses.Rings, ConceptToys.Xor, ConceptToys.Led7, ConceptToys.Trig, ConceptToys.Dot,
        ConceptToys.TabularToy, ChestClinic.Generator, Motifs.Generator, GeneratedSeries.Autoregressive, GeneratedSeries.Sine, Tones.Generator, DigitArithmetic.Generator, Codewords.Generator,
        .. TaskGenerators.All,
    ];

    /// <summary>Whether a DATA argument names a generator.</summary>
    public static bool IsGenerator(string data) => data.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Makes the data that an argument like <c>make:sprites,n=6000,size=32</c> stands for. The key <c>seed</c> is known to all.</summary>
    /// <param name="argument">The argument with or without <c>make:</c>.</param>
    /// <param name="seed">The seed where the argument names none.</param>
    /// <param name="maxMemory">How many bytes the rows may take.</param>
    /// <exception cref="InputException">Unknown name or key, a value out of range, or too many rows.</exception>
    public static Dataset Make(string argument, ulong seed = 0, long maxMemory = long.MaxValue)
    {
        var (generator, values) = Parse(argument, seed, maxMemory);
        return generator.Make(values, new RandomStream(values.Seed).Fork("make").Fork(generator.Name));
    }

    /// <summary>The generator and the values that an argument names.</summary>
    /// <exception cref="InputException">Unknown name or key, or a value out of range.</exception>
    public static (Generator Generator, GeneratorArguments Values) Parse(string argument, ulong seed = 0, long maxMemory = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(argument);
        var parts = (IsGenerator(argument) ? argument[Prefix.Length..] : argument).Split(',', StringSplitOptions.TrimEntries);
        var generator = All.FirstOrDefault(g => g.Name == parts[0]) ?? throw Suggest.Unknown("generator", parts[0], All.Select(g => g.Name));
        var values = new GeneratorArguments(generator, seed, maxMemory);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in parts[1..])
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new InputException($"make:{generator.Name}: '{part}' is not of the form key=value", $"for example {generator.Example}");
            var (key, value) = (part[..equals].Trim(), part[(equals + 1)..].Trim());
            if (!seen.Add(key)) throw new InputException($"make:{generator.Name}: '{key}' is given twice");
            Set(generator, values, key, value);
        }
        if (generator.NeedsPath && values.Path is null) throw new InputException($"make:{generator.Name} needs path=FOLDER", $"for example {generator.Example}");
        return (generator, values);
    }

    private static void Set(Generator generator, GeneratorArguments values, string key, string value)
    {
        if (key == "seed")
        {
            if (!ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)) throw new InputException($"make:{generator.Name}: seed '{value}' is not a whole number");
            values.Seed = seed;
            return;
        }
        if (key == "path" && generator.NeedsPath)
        {
            values.Path = value;
            return;
        }
        if (generator.Words.TryGetValue(key, out var words))
        {
            values.SetWord(key, words.Contains(value) ? value : throw Suggest.Unknown($"{key} of make:{generator.Name}", value, words));
            return;
        }
        var parameter = generator.Parameters.FirstOrDefault(p => p.Name == key)
            ?? throw Suggest.Unknown($"key of make:{generator.Name}", key, [.. generator.Parameters.Select(p => p.Name), .. generator.Words.Keys, "seed", .. generator.NeedsPath ? ["path"] : Array.Empty<string>()]);
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !(number >= parameter.Min && number <= parameter.Max)
            || (parameter.Integer && number != Math.Floor(number)))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"make:{generator.Name}: {key}={value}: expected a {(parameter.Integer ? "whole number" : "number")} from {parameter.Min} to {parameter.Max} ({parameter.Meaning})"));
        values[key] = number;
    }
}
