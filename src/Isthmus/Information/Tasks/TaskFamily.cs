using System.Globalization;

namespace Isthmus.Information;

/// <summary>One parameter of a family of tasks.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Default">The value where none is given.</param>
/// <param name="Meaning">What it does, with its unit.</param>
/// <param name="Whole">Whether only whole numbers are valid.</param>
public sealed record TaskKey(string Name, double Default, string Meaning, bool Whole = false);

/// <summary>The parameter that is turned until a task has the wanted bits, and the range in which its information rises or falls throughout.</summary>
/// <param name="Key">Which parameter.</param>
/// <param name="Low">Its least value.</param>
/// <param name="High">Its greatest value.</param>
public sealed record TaskKnob(string Key, double Low, double High);

/// <summary>A family of tasks whose mutual information is a formula of a few parameters.</summary>
public sealed class TaskFamily
{
    private const int MostWhole = 4096;
    private readonly Func<IReadOnlyDictionary<string, double>, InformationTask> _make;
    private readonly TaskKnob _knob;

    internal TaskFamily(string name, string summary, IReadOnlyList<TaskKey> keys, Func<IReadOnlyDictionary<string, double>, InformationTask> make, TaskKnob knob) =>
        (Name, Summary, Keys, _make, _knob) = (name, summary, keys, make, knob);

    /// <summary>The name, as in <c>make:student</c>.</summary>
    public string Name { get; }

    /// <summary>What is sampled, in a few words.</summary>
    public string Summary { get; }

    /// <summary>Its parameters.</summary>
    public IReadOnlyList<TaskKey> Keys { get; }

    /// <summary>A task of the family.</summary>
    /// <param name="given">Parameters by key; the others have their defaults.</param>
    /// <param name="bits">The information wanted; the parameter that decides it is then found by bisection, and may not be given.</param>
    /// <param name="transform">A one-to-one map to see it through: one of <see cref="InformationTasks.TransformNames"/>.</param>
    /// <exception cref="InputException">An unknown parameter, a value out of range, or bits that the family cannot reach.</exception>
    public InformationTask Make(IReadOnlyDictionary<string, double> given, double? bits = null, string? transform = null)
    {
        ArgumentNullException.ThrowIfNull(given);
        foreach (var name in given.Keys) Key(name);
        var values = Keys.ToDictionary(k => k.Name, k => given.TryGetValue(k.Name, out var v) ? v : k.Default, StringComparer.Ordinal);
        if (bits is { } wanted)
        {
            if (given.ContainsKey(_knob.Key)) throw new InputException($"task '{Name}': give {_knob.Key} or bits, not both");
            values[_knob.Key] = Solve(values, wanted);
        }
        var task = _make(values);
        return transform is null ? task : Transforms.Apply(task, transform);
    }

    internal TaskKey Key(string name) => Keys.FirstOrDefault(k => k.Name == name)
        ?? throw Suggest.Unknown($"parameter of task {Name}", name, [.. Keys.Select(k => k.Name), "bits", "transform"]);

    internal static double Number(string family, string key, string text, bool whole)
    {
        var ok = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);
        if (whole && !(ok && number == Math.Floor(number) && number is >= 0 and <= MostWhole)) throw new InputException($"task '{family}': {key}={text} is not a whole number up to {MostWhole}");
        return ok ? number : throw new InputException($"task '{family}': {key}={text} is not a number");
    }

    // Information is monotone in the knob; 200 halvings reach the last bit of a double from any range.
    private double Solve(Dictionary<string, double> values, double bits)
    {
        double BitsAt(double knob)
        {
            values[_knob.Key] = knob;
            return _make(values).Truth.Value;
        }
        var (low, high) = (_knob.Low, _knob.High);
        var (atLow, atHigh) = (BitsAt(low), BitsAt(high));
        var (least, most) = (Math.Min(atLow, atHigh), Math.Max(atLow, atHigh));
        if (!(bits >= least - 1e-12 && bits <= most + 1e-12))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"task '{Name}': bits={bits} is out of its reach"), string.Create(CultureInfo.InvariantCulture, $"by {_knob.Key} it reaches {least:0.######} to {most:0.######} bits with these parameters"));
        var rising = atHigh > atLow;
        for (var i = 0; i < 200 && low < high; i++)
        {
            var middle = low + 0.5 * (high - low);
            if (middle <= low || middle >= high) break;
            if (BitsAt(middle) < bits == rising) low = middle;
            else high = middle;
        }
        return Math.Abs(BitsAt(low) - bits) <= Math.Abs(BitsAt(high) - bits) ? low : high;
    }
}
