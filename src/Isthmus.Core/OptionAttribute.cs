namespace Isthmus;

/// <summary>
/// What a person may write for a property of an options record: its meaning, unit and range, stated once. Recipes, their JSON
/// schema, error messages and the printed help are made from it; the property's initial value is the default.
/// </summary>
/// <param name="summary">One line, in lower case.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionAttribute(string summary) : Attribute
{
    /// <summary>One line, in lower case.</summary>
    public string Summary { get; } = summary;

    /// <summary>The unit, as in <c>nats</c> or <c>seconds</c>; empty without one.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The smallest value (of each element of a list); minus infinity for none.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>The largest value; infinity for none.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>Whether <see cref="Min"/> itself is outside the range.</summary>
    public bool AboveMin { get; init; }

    /// <summary>The words that a text may be, separated by <c>|</c>; empty for any text.</summary>
    public string Choices { get; init; } = "";
}
