using System.Text;

namespace Isthmus.Data;

/// <summary>A text as windows of tokens, one after the other; the target of each token is the one that follows it.</summary>
internal static class TextSource
{
    /// <summary>How many tokens a window has where nobody says.</summary>
    public const int DefaultWindow = 64;

    private const string TargetName = "next token";
    private const int MostWords = 20_000;
    private const string Unknown = "\uFFFD";

    /// <summary>Reads a text.</summary>
    /// <param name="path">The file, UTF-8 or with a byte order mark.</param>
    /// <param name="options">Unit, window, and the split, whose training part the vocabulary is taken from.</param>
    /// <param name="budget">What it may take.</param>
    /// <param name="vocabulary">A run's tokens; null to collect them. Index 0 stands for all that are not in it.</param>
    /// <param name="whole">Whether all tokens are wanted and no target: a last window that is not full is filled with -1.</param>
    public static RawData Read(string path, DataOptions options, MemoryBudget budget, IReadOnlyList<string>? vocabulary, bool whole = false)
    {
        var bytes = new FileInfo(path).Length;
        budget.Take(bytes, sizeof(char) + (3 * sizeof(int)), "the text");
        var text = InputFile.Guard(path, () =>
        {
            using var reader = new StreamReader(InputFile.Open(path), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
            return reader.ReadToEnd();
        });
        if (text.Contains('\0', StringComparison.Ordinal)) throw new InputException($"{path}: not a text file");
        var window = options.Window ?? DefaultWindow;
        var tokens = options.TextUnit == TextUnit.Words ? Words(text) : Characters(text);
        if (vocabulary is null)
        {
            var count = tokens.Count();
            var shares = options.Split is null ? SplitShares.Default : SplitShares.Parse(options.Split);
            vocabulary = Vocabulary(tokens.Take(((int)(Math.Max(0, count - 1) / window * shares.Train) * window) + 1));
        }
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 1; i < vocabulary.Count; i++) index[vocabulary[i]] = i;
        var numbers = new List<int>(text.Length);
        foreach (var token in tokens) numbers.Add(index.GetValueOrDefault(token));
        var name = Path.GetFileName(path);
        if (whole)
        {
            if (numbers.Count == 0) throw new InputException($"{path}: there is no token in it");
            while (numbers.Count % window != 0) numbers.Add(-1);
            return new RawData(null, Windows(name, numbers.Count / window, [.. numbers], window, vocabulary)) { Sequential = true };
        }
        var n = (numbers.Count - 1) / window; // the last token is a target only
        if (n <= 0) throw new InputException(FormattableString.Invariant($"{path}: {numbers.Count} tokens are less than a window of {window} and the token after it"), options.Window is null ? "use a smaller --window" : "a longer text, or a run with a smaller --window");
        var used = n * window;
        var rest = numbers.Count - used - 1;
        var data = Windows(name, n, [.. numbers[..used]], window, vocabulary,
            rest == 0 ? [] : [FormattableString.Invariant($"the last {rest} tokens do not fill a window of {window} and are left out")],
            new TokenTarget(TargetName, [.. numbers[1..(used + 1)]], window, vocabulary));
        return new RawData(null, data) { Sequential = true };
    }

    private static Dataset Windows(string name, int n, int[] numbers, int window, IReadOnlyList<string> vocabulary, IReadOnlyList<string>? notes = null, Target? target = null) => new(name, DataKind.Text, n, [], 0)
    {
        Indices = new IndexColumns(numbers, window, ["token"], [vocabulary.Count], [vocabulary]),
        Target = target,
        Notes = notes ?? [],
    };

    private static string[] Vocabulary(IEnumerable<string> tokens) =>
        [Unknown, .. tokens.Where(t => t != Unknown).CountBy(t => t, StringComparer.Ordinal).OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(MostWords).Select(c => c.Key).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Characters(string text)
    {
        var single = new string[128];
        for (var c = 0; c < single.Length; c++) single[c] = ((char)c).ToString();
        foreach (var rune in text.EnumerateRunes()) yield return rune.IsAscii ? single[rune.Value] : rune.ToString();
    }

    // Runs of letters, digits and apostrophes; every other character by itself, so that joining the tokens gives the text again.
    private static IEnumerable<string> Words(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '\'') && end - at < 100) end++;
            if (end == at) end += char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
            yield return text[at..end];
            at = end;
        }
    }
}
