using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace Isthmus.Runs;

/// <summary>One property of an options record, as a person writes it.</summary>
/// <param name="Name">In snake_case.</param>
/// <param name="Property">The property.</param>
/// <param name="Type">Its type without <c>Nullable</c>.</param>
/// <param name="Nullable">Whether null may be written.</param>
/// <param name="Option">Meaning, unit, range.</param>
internal sealed record OptionField(string Name, PropertyInfo Property, Type Type, bool Nullable, OptionAttribute Option)
{
    /// <summary>The words that the value may be; empty for any.</summary>
    public IReadOnlyList<string> Words { get; } = Type.IsEnum ? [.. Enum.GetNames(Type).Select(OptionModel.Word)]
        : Option.Choices.Length > 0 ? Option.Choices.Split('|') : [];

    /// <summary>The type of a list's elements; null for no list.</summary>
    public Type? Element { get; } = Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? Type.GetGenericArguments()[0]
        : Type.IsArray ? Type.GetElementType() : null;

    /// <summary>The range in words: <c>at least 1</c>, <c>above 0</c>, <c>0 to 1</c>; empty without one.</summary>
    public string Range
    {
        get
        {
            var (min, max) = (Option.Min, Option.Max);
            var low = FormattableString.Invariant($"{(Option.AboveMin ? "above" : "at least")} {min}");
            if (double.IsNegativeInfinity(min)) return double.IsPositiveInfinity(max) ? "" : FormattableString.Invariant($"at most {max}");
            if (double.IsPositiveInfinity(max)) return low;
            return Option.AboveMin ? FormattableString.Invariant($"{low}, at most {max}") : FormattableString.Invariant($"{min} to {max}");
        }
    }

    /// <summary>Whether a number lies in the range.</summary>
    public bool InRange(double value) => value <= Option.Max && (Option.AboveMin ? value > Option.Min : value >= Option.Min);
}

/// <summary>The properties of options records, read by reflection once a type.</summary>
internal static class OptionModel
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<OptionField>> s_fields = new();
    private static readonly NullabilityInfoContext s_nullability = new();

    /// <summary>What can be written for a record, in the order of declaration, those of a base record first.</summary>
    public static IReadOnlyList<OptionField> Fields(Type type) => s_fields.GetOrAdd(type, static t =>
        [.. t.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true })
            .OrderBy(p => p.DeclaringType == t).Select(FieldOf)]); // a base record's first, as they are read

    /// <summary>A record with every default.</summary>
    public static object Default(Type type)
    {
        if (type.GetConstructor(Type.EmptyTypes) is { } plain) return plain.Invoke(null);
        var constructor = type.GetConstructors()[0]; // a positional record: every parameter has a default
        return constructor.Invoke([.. constructor.GetParameters().Select(p => p.HasDefaultValue ? p.DefaultValue
            : throw new ArgumentException($"{type.Name}: parameter '{p.Name}' of an options record has no default"))]);
    }

    /// <summary>An identifier as it is written in a recipe: <c>LearningRate</c> is <c>learning_rate</c>.</summary>
    public static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>A member of an enumeration as it is written: <c>MeanSquare</c> is <c>mean-square</c>.</summary>
    public static string Word(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    /// <summary>A shallow copy, on which properties can be set.</summary>
    public static object Copy(object record) => record.GetType().GetMethod("<Clone>$")?.Invoke(record, null)
        ?? throw new ArgumentException($"{record.GetType().Name} is not a record");

    private static OptionField FieldOf(PropertyInfo property)
    {
        var inner = System.Nullable.GetUnderlyingType(property.PropertyType);
        bool nullable;
        lock (s_nullability) nullable = inner is not null || s_nullability.Create(property).WriteState == NullabilityState.Nullable;
        return new OptionField(Snake(property.Name), property, inner ?? property.PropertyType, nullable, property.GetCustomAttribute<OptionAttribute>() ?? new OptionAttribute(""));
    }
}
