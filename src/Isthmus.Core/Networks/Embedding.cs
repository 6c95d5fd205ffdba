using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>A table whose rows are learned vectors (<c>torch.nn.Embedding</c>).</summary>
public sealed class Embedding : Module
{
    /// <summary>A table of standard normal numbers, as PyTorch begins.</summary>
    /// <param name="entries">Rows.</param>
    /// <param name="width">Length of a row.</param>
    /// <param name="random">Where the initial rows come from.</param>
    public Embedding(int entries, int width, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(entries, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Weight = AddParameter("weight", Initializers.Normal(random, 1f, entries, width));
    }

    /// <summary>[entries, width].</summary>
    public Tensor Weight { get; }

    /// <summary>Indices […] in 0..entries-1 to […, width].</summary>
    public Tensor Forward(LongTensor index) => Emit(Weight.Embedding(index));
}
