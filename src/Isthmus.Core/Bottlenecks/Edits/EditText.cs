using System.Globalization;

namespace Isthmus.Bottlenecks;

/// <summary>Edits as a person types them.</summary>
internal static class EditText
{
    private const int MostChanges = 10_000;
    private const string Forms = "name=value, block name:code, swap name:name, swap name:code:code, clamp name:low..high, scale name:factor or noise name:deviation";
    private static readonly string[] s_words = ["block", "swap", "clamp", "scale", "noise", "force"];

    public static Edit Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var changes = new List<Change>();
        foreach (var piece in QuotedText.Split(text, ','))
        {
            if (string.IsNullOrWhiteSpace(piece)) continue;
            if (changes.Count == MostChanges) throw new InputException(FormattableString.Invariant($"edit: more than {MostChanges} changes"));
            changes.Add(One(piece.Trim()));
        }
        return changes.Count > 0 ? new Edit(changes) : throw new InputException("edit: no change is given", $"a change is {Forms}; commas between several");
    }

    public static string Of(Change change)
    {
        var name = Quoted(change.Name) + (change.Row is { } row ? FormattableString.Invariant($"@{row}") : "");
        var value = change.Word is { } word ? Quoted(word) : Number(change.Value);
        return change.Kind switch
        {
            EditKind.Set => $"{name}={value}",
            EditKind.Block => double.IsNaN(change.Value) ? $"block {name}" : $"block {name}:{value}",
            EditKind.Swap when change.Other is { } other => $"swap {name}:{Quoted(other)}",
            EditKind.Swap => $"swap {name}:{value}:{Number(change.Upper ?? double.NaN)}",
            EditKind.Clamp => $"clamp {name}:{value}..{Number(change.Upper ?? double.NaN)}",
            EditKind.Scale => $"scale {name}:{value}",
            _ => $"noise {name}:{value}",
        };
    }

    private static Change One(string piece)
    {
        var space = piece.IndexOf(' ', StringComparison.Ordinal);
        var word = space < 0 ? "" : piece[..space].ToLowerInvariant();
        if (s_words.Contains(word) && QuotedText.Find(piece, '=') is var sign && (sign < 0 || word == "force"))
            return word == "force" ? Force(piece[(space + 1)..], piece) : Verb(word, [.. QuotedText.Split(piece[(space + 1)..], ':').Select(p => p.Trim())], piece);
        if (QuotedText.Find(piece, '=') < 0 && space > 0 && QuotedText.Find(piece, ':') > 0) throw Suggest.Unknown("edit", word, s_words);
        return Force(piece, piece);
    }

    private static Change Force(string text, string piece)
    {
        var sign = QuotedText.Find(text, '=');
        if (sign < 0) throw Wrong(piece);
        var (name, row) = Target(text[..sign], piece);
        var value = text[(sign + 1)..].Trim();
        if (value.Length == 0) throw Wrong(piece);
        return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? new Change(name, EditKind.Set, number) { Row = row }
            : new Change(name, EditKind.Set, double.NaN) { Row = row, Word = QuotedText.Bare(value) };
    }

    private static Change Verb(string word, string[] parts, string piece)
    {
        var (name, row) = Target(parts[0], piece);
        switch (word, parts.Length)
        {
            case ("block", 1): return new Change(name, EditKind.Block, double.NaN) { Row = row };
            case ("block", 2): return new Change(name, EditKind.Block, Value(parts[1], piece)) { Row = row };
            case ("swap", 2): return new Change(name, EditKind.Swap, double.NaN) { Row = row, Other = Target(parts[1], piece).Name };
            case ("swap", 3): return new Change(name, EditKind.Swap, Value(parts[1], piece)) { Row = row, Upper = Value(parts[2], piece) };
            case ("scale", 2): return new Change(name, EditKind.Scale, Value(parts[1], piece)) { Row = row };
            case ("noise", 2):
                var deviation = Value(parts[1], piece);
                return deviation >= 0 ? new Change(name, EditKind.Noise, deviation) { Row = row } : throw new InputException($"edit '{Shown(piece)}': noise is a number of at least 0");
            case ("clamp", 2) when parts[1].Split("..") is [var low, var high]:
                var clamp = new Change(name, EditKind.Clamp, low.Length == 0 ? double.NegativeInfinity : Value(low, piece)) { Row = row, Upper = high.Length == 0 ? double.PositiveInfinity : Value(high, piece) };
                return clamp.Value <= clamp.Upper ? clamp : throw new InputException($"edit '{Shown(piece)}': the lower end is above the upper one");
            default: throw Wrong(piece);
        }
    }

    private static (string Name, int? Row) Target(string text, string piece)
    {
        text = text.Trim();
        int? row = null;
        if (QuotedText.Find(text, '@') is var at and >= 0)
        {
            if (!int.TryParse(text[(at + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) throw new InputException($"edit '{Shown(piece)}': after @ the number of a row is expected");
            (row, text) = (number, text[..at].TrimEnd());
        }
        text = QuotedText.Bare(text);
        return text.Length > 0 ? (text, row) : throw Wrong(piece);
    }

    private static double Value(string text, string piece) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value
            : throw new InputException($"edit '{Shown(piece)}': '{Shown(text.Trim())}' is not a number");

    private static string Number(double value) => double.IsInfinity(value) ? "" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string name) => name.All(c => char.IsLetterOrDigit(c) || c is '.' or '_' or '-' or '*' or ' ') && !s_words.Any(w => name.StartsWith(w + " ", StringComparison.OrdinalIgnoreCase)) ? name : $"\"{name}\"";

    private static InputException Wrong(string piece) => new($"edit '{Shown(piece)}' is not understood", $"expected {Forms}");

    private static string Shown(string text)
    {
        var line = new string([.. text.Take(60).Select(c => char.IsControl(c) ? '?' : c)]);
        return text.Length > 60 ? line + "…" : line;
    }
}
