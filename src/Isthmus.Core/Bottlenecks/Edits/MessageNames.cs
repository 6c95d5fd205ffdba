using System.Globalization;

namespace Isthmus.Bottlenecks;

/// <summary>One entry of a message.</summary>
/// <param name="Part">The part's number.</param>
/// <param name="Index">The entry's number in its sample.</param>
public readonly record struct MessageEntry(int Part, int Index);

/// <summary>
/// What the entries of a message are called: <c>code.0</c> (indices), <c>level.0</c> (rounded numbers), <c>bit.0</c> (flags),
/// <c>latent.0</c> (real numbers), <c>feature.0</c> (a dictionary's), numbered from 0; parts of one kind are told apart by their own
/// names, which serve anyhow; <c>stage.0</c> is stage 0 at all places of a map or series; entries to which the bottleneck gives names (concepts) have these.
/// </summary>
public sealed class MessageNames
{
    private const int MostListed = 1000;
    private readonly (Part Part, string Word, int Width, IReadOnlyList<string>? Names)[] _parts;
    private readonly int _stages; // of a message with several places; else 0

    /// <summary>The names of a message's entries.</summary>
    /// <param name="message">Any message of the bottleneck.</param>
    /// <param name="bottleneck">What made it.</param>
    public MessageNames(Message message, Bottleneck bottleneck)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(bottleneck);
        var words = message.Parts.Select(WordOf).ToArray();
        _stages = bottleneck is IndexBottleneck { Layout.Places: > 1 } index ? index.Layout.Stages : 0;
        _parts = [.. message.Parts.Select((p, i) => (p, words.Count(w => w == words[i]) > 1 ? p.Name : words[i], WidthOf(p), bottleneck.NamesOf(p)))];
    }

    /// <summary>Entries of a part in each sample.</summary>
    public int Width(int part) => _parts[part].Width;

    /// <summary>The name of an entry.</summary>
    public string Of(MessageEntry entry) => _parts[entry.Part].Names?[entry.Index] ?? string.Create(CultureInfo.InvariantCulture, $"{_parts[entry.Part].Word}.{entry.Index}");

    /// <summary>What a name stands for: one entry, or several with <c>*</c> or a range.</summary>
    /// <exception cref="InputException">There is no such name; the nearest is suggested.</exception>
    public IReadOnlyList<MessageEntry> Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        for (var p = 0; p < _parts.Length; p++)
            for (var i = 0; i < (_parts[p].Names?.Count ?? 0); i++)
                if (string.Equals(_parts[p].Names![i], name, StringComparison.Ordinal)) return [new MessageEntry(p, i)];
        var dot = name.LastIndexOf('.');
        var word = dot < 0 ? name : name[..dot];
        var part = Array.FindIndex(_parts, p => string.Equals(p.Word, word, StringComparison.OrdinalIgnoreCase));
        if (part < 0) part = Array.FindIndex(_parts, p => string.Equals(p.Part.Name, word, StringComparison.OrdinalIgnoreCase));
        if (part < 0 && _stages > 0 && string.Equals(word, "stage", StringComparison.OrdinalIgnoreCase) && dot >= 0)
        {
            var (from, to) = Range(name[(dot + 1)..], _stages);
            if (from >= 0 && to < _stages && from <= to) return [.. Enumerable.Range(0, _parts[0].Width).Where(i => i % _stages >= from && i % _stages <= to).Select(i => new MessageEntry(0, i))];
        }
        if (part < 0) throw Suggest.Unknown("name in the message", name, Listed(), $"what passes here: {Ranges()}");
        var width = _parts[part].Width;
        if (dot < 0) return width == 1 ? [new MessageEntry(part, 0)] : throw new InputException($"'{name}' has {width.ToString(CultureInfo.InvariantCulture)} entries", $"{RangeOf(part)}, or {word}.* for all");
        var (first, last) = Range(name[(dot + 1)..], width);
        if (first < 0 || last >= width || first > last) throw new InputException($"there is no '{name}'", $"what passes here: {Ranges()}");
        return [.. Enumerable.Range(first, last - first + 1).Select(i => new MessageEntry(part, i))];
    }

    /// <summary>All names in short, as in <c>code.0 … code.7</c>.</summary>
    public string Ranges() => _parts.Length == 0 ? "nothing" : string.Join("; ", Enumerable.Range(0, _parts.Length).Select(RangeOf).Concat(_stages > 0 ? [string.Create(CultureInfo.InvariantCulture, $"stage.0 … stage.{_stages - 1} at all places")] : Array.Empty<string>()));

    /// <summary>How many codes a position of a part of symbols has.</summary>
    internal static long AlphabetOf(Bottleneck bottleneck, Symbols part, int position) =>
        bottleneck is IndexBottleneck index && position < index.Positions ? index.Layout.Alphabets[position % index.Layout.Stages] : part.Alphabet;

    internal static int WidthOf(Part part) => part switch
    {
        Symbols s => s.Values.Numel / Math.Max(1, s.Values.Shape[0]),
        Flags f => f.Values.Numel / Math.Max(1, f.Values.Shape[0]),
        Floats f => (int)(f.Values.Numel / Math.Max(1, f.Values.Size(0))),
        Sparse s => s.Size,
        _ => 0,
    };

    private static string WordOf(Part part) => part switch
    {
        Symbols { Alphabet: > 0 } => "code",
        Symbols => "level",
        Flags => "bit",
        Floats { Name: "features" } => "feature",
        Floats => "latent",
        Sparse => "feature",
        _ => part.Name,
    };

    private IEnumerable<string> Listed() => _parts.SelectMany((p, i) => Enumerable.Range(0, Math.Min(p.Width, MostListed)).Select(j => Of(new MessageEntry(i, j))));

    private string RangeOf(int part) => _parts[part].Names is { } names ? string.Join(", ", names.Take(10)) + (names.Count > 10 ? ", …" : "")
        : _parts[part].Width == 1 ? $"{_parts[part].Word}.0" : string.Create(CultureInfo.InvariantCulture, $"{_parts[part].Word}.0 … {_parts[part].Word}.{_parts[part].Width - 1}");

    // First and last entry; -1 where the text is no number, range or star.
    private static (int First, int Last) Range(string text, int width)
    {
        if (text == "*") return (0, width - 1);
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var (low, high) = dash < 0 ? (text, text) : (text[..dash], text[(dash + 1)..]);
        return int.TryParse(low, NumberStyles.None, CultureInfo.InvariantCulture, out var a) && int.TryParse(high, NumberStyles.None, CultureInfo.InvariantCulture, out var b) ? (a, b) : (-1, -1);
    }
}
