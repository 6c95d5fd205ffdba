using System.Globalization;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>How categories of tables and tokens of texts become vectors.</summary>
internal static class Embeddings
{
    public const string Auto = "auto", None = "none";

    public const string Summary = "learned vectors for categories and tokens: auto (columns of more than 16 categories, and tokens), none (one-hot), or N numbers each";

    private const int MostOneHot = 16, LeastToken = 32, Most = 1024;

    /// <summary>The layers that come first: an embedding of a table's categories; none where nothing is embedded.</summary>
    public static IReadOnlyList<CategoryEmbeddings> OfColumns(Site site, string option, RandomStream random)
    {
        var width = Width(option);
        if (option == None || site.Schema.Kind is not (DataKind.Table or DataKind.Series)) return [];
        var blocks = site.Schema.CategoryBlocks().Where(b => width is not null || b.Count > MostOneHot).ToArray();
        return blocks.Length == 0 ? [] : [new CategoryEmbeddings([.. blocks.Select(b => (b.Start, b.Count, width ?? Wide(b.Count, 1)))], random.Fork("embeddings"))];
    }

    /// <summary>An embedding of a text's tokens, and the width of a vector.</summary>
    public static (Module Layer, int Width) OfTokens(Site site, string option, RandomStream random)
    {
        var tokens = site.Schema.Vocabulary.Count;
        if (Width(option) is null && option == None) return (new TokenOneHot(tokens), tokens);
        var width = Width(option) ?? Wide(tokens, LeastToken);
        return (new TokenEmbedding(tokens, width, random.Fork("embeddings")), width);
    }

    private static int? Width(string option) => option is Auto or None ? null
        : int.TryParse(option, NumberStyles.None, CultureInfo.InvariantCulture, out var width) && width is >= 1 and <= Most ? width
        : throw new InputException($"encoder.embedding is '{option}', expected auto, none or a whole number from 1 to {Most}");

    // The rule of thumb of fastai (Howard and Gugger 2020, chapter 9), not more than 128.
    private static int Wide(int count, int least) => Math.Clamp((int)Math.Round(1.6 * Math.Pow(count, 0.56)), least, 128);
}

/// <summary>
/// Learned vectors in place of one-hot blocks of a row's last dimension; what is not in a block stays. A one-hot block times the table is the
/// row of its category, so that gradients reach the input as well.
/// </summary>
internal sealed class CategoryEmbeddings : Module
{
    private readonly (int Start, int Count, Tensor Table)[] _blocks;

    /// <summary>Tables for blocks (first number, how many, width), in ascending order.</summary>
    public CategoryEmbeddings(IReadOnlyList<(int Start, int Count, int Width)> blocks, RandomStream random) =>
        _blocks = [.. blocks.Select((b, i) => (b.Start, b.Count, AddParameter(FormattableString.Invariant($"table{i}"), Initializers.Normal(random, 1f / MathF.Sqrt(b.Width), b.Count, b.Width))))];

    /// <summary>How long the last dimension becomes.</summary>
    public int WidthAfter(int width) => width + _blocks.Sum(b => b.Table.Size(1) - b.Count);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var parts = new List<Tensor>();
        var at = 0;
        foreach (var (start, count, table) in _blocks)
        {
            if (start > at) parts.Add(x.Narrow(-1, at, start - at));
            parts.Add(x.Narrow(-1, start, count).MatMul(table));
            at = start + count;
        }
        if (at < x.Size(-1)) parts.Add(x.Narrow(-1, at, x.Size(-1) - at));
        return Tensor.Cat(parts, x.Dim - 1);
    }
}

/// <summary>Tokens given as whole numbers [n, tokens] to learned vectors [n, tokens, width].</summary>
internal sealed class TokenEmbedding : Module
{
    private readonly Tensor _table;

    public TokenEmbedding(int tokens, int width, RandomStream random) => _table = AddParameter("weight", Initializers.Normal(random, 1f / MathF.Sqrt(width), tokens, width));

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => _table.Embedding(Indices(x, _table.Size(0)));

    /// <summary>Numbers of an input as indices; what is none of them counts as the first token, which stands for all unknown ones.</summary>
    public static LongTensor Indices(Tensor x, int tokens)
    {
        ArgumentNullException.ThrowIfNull(x);
        var index = LongTensor.Zeros(x.Shape);
        for (var i = 0; i < index.Numel; i++) index.Data[i] = x.Data[i] is >= 0 and var v && v < tokens ? (long)v : 0;
        return index;
    }
}

/// <summary>Tokens given as whole numbers [n, tokens] to one-hot vectors [n, tokens, vocabulary].</summary>
internal sealed class TokenOneHot(int tokens) : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => Tensor.OneHot(TokenEmbedding.Indices(x, tokens), tokens);
}
