using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// In training each element is 0 with probability p and otherwise over 1 - p (Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014;
/// <c>torch.nn.Dropout</c>); in evaluation the input itself.
/// </summary>
public sealed class Dropout : Module
{
    private readonly float _p;

    /// <summary>A layer with a stream of its own.</summary>
    /// <param name="p">In [0, 1).</param>
    /// <param name="random">Decides what is dropped: an element of a pass takes one number.</param>
    public Dropout(float p, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (p is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "the probability of dropping lies in [0, 1)");
        (_p, Random) = (p, random);
    }

    /// <summary>The stream; a resumed run sets its position to go on with the same masks.</summary>
    public override RandomStream Random { get; }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!Training || _p == 0) return x;
        var mask = Tensor.Zeros(x.Shape);
        Random.FillBernoulli(mask.Data, 1 - _p);
        foreach (ref var m in mask.Data) m *= 1 / (1 - _p);
        return x * mask;
    }
}
