namespace Isthmus.Runs;

/// <summary>A name out of a registry with its options: what stands under <c>encoder:</c>, <c>bottleneck:</c> …</summary>
/// <param name="Type">The entry's name.</param>
/// <param name="Options">A record of the entry's options type.</param>
public sealed record Choice(string Type, object Options);

/// <summary>Something that a recipe can name.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Summary">One line, in lower case.</param>
/// <param name="OptionsType">A record whose properties are what can be set; its initial values are the defaults.</param>
public abstract record RegistryEntry(string Name, string Summary, Type OptionsType)
{
    /// <summary>This entry with its default options.</summary>
    public Choice Default => new(Name, OptionModel.Default(OptionsType));
}

/// <summary>Names which registry a property's <see cref="Choice"/> comes from.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ChosenFromAttribute(RegistryKind kind) : Attribute
{
    public RegistryKind Kind => kind;
}

/// <summary>The registries.</summary>
internal enum RegistryKind { Encoder, Bottleneck, Decoder, Objective }

/// <summary>All registries by kind.</summary>
internal static class Registries
{
    /// <summary>The entries of one registry, in the order in which they are listed.</summary>
    public static IReadOnlyList<RegistryEntry> Of(RegistryKind kind) => kind switch
    {
        RegistryKind.Encoder => EncoderRegistry.Entries,
        RegistryKind.Decoder => DecoderRegistry.Entries,
        RegistryKind.Objective => ObjectiveRegistry.Entries,
        _ => BottleneckRegistry.Entries,
    };

    /// <summary>The entry with a name.</summary>
    /// <exception cref="InputException">There is none; the nearest names are suggested.</exception>
    public static T Find<T>(string what, string name, IReadOnlyList<T> entries) where T : RegistryEntry =>
        entries.FirstOrDefault(e => e.Name == name) ?? throw Suggest.Unknown(what, name, entries.Select(e => e.Name));
}
