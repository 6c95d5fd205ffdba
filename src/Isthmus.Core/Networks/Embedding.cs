using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// A table whose rows are learned vectors (<c>torch.nn.Embedding</c>). PyTorch's max_norm, which changes weights in the forward pass, is left out.
/// </summary>
public sealed class Embedding : Module
{
    private readonly int? _padding;

    /// <summary>A table of standard normal numbers, as PyTorch begins.</summary>
    /// <param name="entries">Rows.</param>
    /// <param name="width">Length of a row.</param>
    /// <param name="random">Where the initial rows come from.</param>
    /// <param name="paddingIdx">A row that starts as zeros and gets no gradient, in 0..entries-1; or null.</param>
    public Embedding(int entries, int width, RandomStream random, int? paddingIdx = null)
        : this(Initializers.Normal(random, 1f, Positive(entries, nameof(entries)), Positive(width, nameof(width))), paddingIdx)
    {
        if (paddingIdx is { } row) Weight.Data.Slice(row * width, width).Clear();
    }

    private Embedding(Tensor weight, int? paddingIdx)
    {
        if (weight.Dim != 2) throw new ArgumentException($"embedding: a table [entries, width] is needed, not {Shapes.Text(weight.Shape)}");
        if (paddingIdx is { } row && (row < 0 || row >= weight.Size(0)))
            throw new ArgumentOutOfRangeException(nameof(paddingIdx), paddingIdx, $"the padding's row lies in 0..{weight.Size(0) - 1}");
        (Weight, _padding) = (AddParameter("weight", weight), paddingIdx);
    }

    /// <summary>[entries, width].</summary>
    public Tensor Weight { get; }

    /// <summary>A table of given rows (<c>torch.nn.Embedding.from_pretrained</c>).</summary>
    /// <param name="weight">[entries, width]; copied.</param>
    /// <param name="freeze">Whether the rows stay as they are; <see cref="Module.RequiresGrad"/> makes them learn again.</param>
    /// <param name="paddingIdx">A row that gets no gradient; or null.</param>
    public static Embedding FromPretrained(Tensor weight, bool freeze = true, int? paddingIdx = null)
    {
        ArgumentNullException.ThrowIfNull(weight);
        using var noGrad = new NoGrad();
        var table = new Embedding(weight.Clone().Unscoped(), paddingIdx);
        table.RequiresGrad(!freeze);
        return table;
    }

    /// <summary>Indices […] in 0..entries-1 to […, width].</summary>
    public Tensor Forward(LongTensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        var rows = Weight.Embedding(index);
        return Emit(_padding is { } padding ? Tensor.WithGradient(rows, [rows], g => [g * Others(index, padding)]) : rows);
    }

    // 1 where the index is another than the padding's, [..., 1].
    private static Tensor Others(LongTensor index, int padding)
    {
        var keep = Tensor.Zeros([.. index.Shape, 1]);
        for (var i = 0; i < keep.Numel; i++) keep.Data[i] = index.Data[i] == padding ? 0 : 1;
        return keep;
    }

    private static int Positive(int n, string name) => n >= 1 ? n : throw new ArgumentOutOfRangeException(name, n, "a table has at least one row and column");
}
