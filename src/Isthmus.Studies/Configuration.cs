using System.Globalization;

namespace Isthmus.Studies;

/// <summary>One setting that tuning tries: named numbers. Its text, as in <c>lr=0.001 width=64</c>, names it in results.</summary>
public sealed class Configuration
{
    private readonly (string Name, double Value)[] _values;

    private Configuration((string, double)[] values) => _values = values;

    /// <summary>The configuration of a study that tunes nothing.</summary>
    public static Configuration Fixed { get; } = new([]);

    /// <summary>A setting, as in <c>Configuration.Of(("lr", 1e-3), ("width", 64))</c>.</summary>
    public static Configuration Of(params ReadOnlySpan<(string Name, double Value)> values) => new(values.ToArray());

    /// <summary>The value of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public double this[string name] =>
        Array.Find(_values, v => v.Name == name) is { Name: not null } found ? found.Value : throw new KeyNotFoundException($"configuration '{this}' has no value '{name}'");

    /// <summary>The value of that name as a whole number.</summary>
    public int Int(string name) => checked((int)Math.Round(this[name]));

    /// <summary>As in <c>lr=0.001 width=64</c>; <c>fixed</c> for a study that tunes nothing.</summary>
    public override string ToString() =>
        _values.Length == 0 ? "fixed" : string.Join(' ', _values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Name}={v.Value}")));
}
