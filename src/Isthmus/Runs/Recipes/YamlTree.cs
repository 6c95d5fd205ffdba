using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Isthmus.Runs;

/// <summary>A value of a recipe as it was written, with the place to name in an error: <c>line 7</c> or <c>--set</c>.</summary>
internal abstract class YamlNode(string where)
{
    public string Where => where;
}

/// <summary>A word or number; <see cref="Quoted"/> ones are texts whatever they look like.</summary>
internal sealed class YamlScalar(string where, string text, bool quoted = false) : YamlNode(where)
{
    public string Text => text;

    public bool Quoted => quoted;

    public bool IsNull => !quoted && text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list.</summary>
internal sealed class YamlList(string where) : YamlNode(where)
{
    public List<YamlNode> Items { get; } = [];
}

/// <summary>Named values in their order.</summary>
internal sealed class YamlMap(string where) : YamlNode(where)
{
    public List<(string Key, string Where, YamlNode Value)> Entries { get; } = [];

    public YamlNode? this[string key]
    {
        get => Entries.Find(e => e.Key == key).Value;
        set
        {
            var at = Entries.FindIndex(e => e.Key == key);
            if (value is null) Entries.RemoveAll(e => e.Key == key);
            else if (at >= 0) Entries[at] = (key, value.Where, value);
            else Entries.Add((key, value.Where, value));
        }
    }
}

/// <summary>
/// Reads YAML into a tree with line numbers. Recipes are plain data: no anchors, no tags, one document, at most so long and deep,
/// so that no text makes the reader work or allocate more than its length.
/// </summary>
internal static class YamlTree
{
    private const int LongestText = 1 << 20, Deepest = 20;

    /// <summary>The tree of a text; an empty one is an empty map.</summary>
    /// <exception cref="InputException">Not YAML, or more than plain data.</exception>
    public static YamlNode Parse(string text, string file, string? where = null)
    {
        if (text.Length > LongestText) throw new InputException(FormattableString.Invariant($"{file}: {text.Length} characters; a recipe has at most {LongestText}"));
        try
        {
            return new Reader(new Parser(new StringReader(text)), file, where).Document();
        }
        catch (YamlException e)
        {
            throw new InputException(FormattableString.Invariant($"{file}: line {e.Start.Line}: not valid YAML: {OneLine(e.Message)}"), inner: e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException) // the scanner's own slips on odd characters
        {
            throw new InputException($"{file}: not valid YAML", inner: e);
        }
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();

    private sealed class Reader(Parser parser, string file, string? where)
    {
        public YamlNode Document()
        {
            Next(); // the stream's start
            if (Next() is StreamEnd) return new YamlMap(where ?? "line 1");
            Next();
            var root = Node(0);
            Next(); // the document's end
            if (Next() is not StreamEnd) throw Refused("a second document");
            return root;
        }

        private YamlNode Node(int depth)
        {
            if (depth > Deepest) throw Refused("more than 20 levels");
            if (parser.Current is AnchorAlias) throw Refused("an alias");
            if (parser.Current is not NodeEvent current) throw Refused("this");
            if (!current.Anchor.IsEmpty) throw Refused("an anchor");
            if (!current.Tag.IsEmpty && !current.Tag.IsNonSpecific) throw Refused($"the tag {current.Tag}");
            switch (current)
            {
                case Scalar scalar:
                    return new YamlScalar(Here(), scalar.Value, scalar.Style != ScalarStyle.Plain);
                case SequenceStart:
                    var list = new YamlList(Here());
                    while (Next() is not SequenceEnd) list.Items.Add(Node(depth + 1));
                    return list;
                default:
                    var map = new YamlMap(Here());
                    while (Next() is not MappingEnd)
                    {
                        if (parser.Current is not Scalar key) throw Refused("a field whose name is not a word");
                        var at = Here();
                        Next();
                        if (map[key.Value] is not null) throw new InputException($"{file}: {at}: field '{key.Value}' stands twice");
                        map.Entries.Add((key.Value, at, Node(depth + 1)));
                    }
                    return map;
            }
        }

        private ParsingEvent? Next()
        {
            do
                if (!parser.MoveNext()) return null;
            while (parser.Current is Comment);
            return parser.Current;
        }

        private string Here() => where ?? FormattableString.Invariant($"line {parser.Current!.Start.Line}");

        private InputException Refused(string what) => new($"{file}: {Here()}: {what} is not allowed in a recipe");
    }
}
