namespace Isthmus;

/// <summary>Lists as people type them, in which a name that holds the separator stands in double quotes: one rule for columns, edits and costs.</summary>
public static class QuotedText
{
    /// <summary>Where a sign first stands outside quotes; -1 where it does not.</summary>
    public static int Find(string text, char sign)
    {
        ArgumentNullException.ThrowIfNull(text);
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"') quoted = !quoted;
            else if (text[i] == sign && !quoted) return i;
        }
        return -1;
    }

    /// <summary>The pieces between the signs that stand outside quotes, quotes and all.</summary>
    public static IEnumerable<string> Split(string text, char sign)
    {
        for (var at = Find(text, sign); at >= 0; at = Find(text, sign))
        {
            yield return text[..at];
            text = text[(at + 1)..];
        }
        yield return text;
    }

    /// <summary>A piece without the quotes around it; the piece where there are none.</summary>
    public static string Bare(string piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        return IsQuoted(piece) ? piece[1..^1] : piece;
    }

    /// <summary>Whether a piece stands in quotes.</summary>
    public static bool IsQuoted(string piece) => piece is ['"', _, .., '"'];
}
