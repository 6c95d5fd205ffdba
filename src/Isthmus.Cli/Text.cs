namespace Isthmus.Cli;

/// <summary>Text on its way to a terminal.</summary>
internal static class Text
{
    /// <summary>One line without control characters, whatever a file name or an exception brought along.</summary>
    public static string OneLine(string text) =>
        text.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f') ? text
            : string.Join(' ', new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]).Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
