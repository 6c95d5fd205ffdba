using System.Text.Json.Serialization;

namespace Isthmus.Studies;

/// <summary>
/// What one run of an arm measured: <c>new Outcome { ["mse"] = mse, ["parameters"] = n, Tuning = validationMse }</c>, every
/// declared measure by its name.
/// </summary>
public sealed class Outcome
{
    /// <summary>The measures by name.</summary>
    public Dictionary<string, double> Values { get; init; } = new(StringComparer.Ordinal);

    /// <summary>
    /// The reading on validation data by which configurations are chosen, good in the primary measure's direction; needed where there
    /// is more than one configuration.
    /// </summary>
    public double? Tuning { get; init; }

    /// <summary>
    /// The primary measure of every test example, its mean being (about) the measure; only where the test set is the same for all
    /// seeds and both arms, in the same order. The chance of which examples are in it is then counted too.
    /// </summary>
    public double[]? Examples { get; init; }

    /// <summary>A measure by its name.</summary>
    [JsonIgnore]
    public double this[string name]
    {
        get => Values[name];
        set => Values[name] = value;
    }
}
