using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// The symmetric contrastive loss of pairs with a learned temperature: cosines of every left row with every right row, times
/// exp(<see cref="LogitScale"/>), and half the cross-entropy of each side to its partners (Radford, Kim, Hallacy et al., "Learning transferable visual
/// models from natural language supervision", 2021, figure 3). The scale never exceeds 100, as there.
/// </summary>
public sealed class ContrastiveLoss : Module
{
    private static readonly float s_largest = MathF.Log(100f);

    /// <summary>A loss whose temperature starts somewhere.</summary>
    /// <param name="temperature">At first, 0.01 or more.</param>
    /// <param name="learned">Whether the temperature is a parameter; else it stays.</param>
    public ContrastiveLoss(float temperature = 0.07f, bool learned = true)
    {
        if (!(temperature >= 0.01f) || !float.IsFinite(temperature)) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature of at least 0.01 is needed");
        var scale = Tensor.Full([1], -MathF.Log(temperature));
        LogitScale = learned ? AddParameter("logit_scale", scale) : AddBuffer("logit_scale", scale);
        LogitScale.Constraint = static value => value.Data[0] = Math.Min(value.Data[0], s_largest);
    }

    /// <summary>The logarithm of one over the temperature, [1].</summary>
    public Tensor LogitScale { get; }

    /// <summary>The temperature now.</summary>
    public double Temperature => Math.Exp(-LogitScale.Data[0]);

    /// <summary>The loss of pairs, in nats: row i of one side belongs to row i of the other.</summary>
    /// <param name="left">[rows, width], of any length.</param>
    /// <param name="right">Of that shape.</param>
    public Tensor Of(Tensor left, Tensor right) => Symmetric(Scores(left, right), null);

    /// <summary>The loss of rows that may have several partners, or none.</summary>
    /// <param name="left">[rows, width].</param>
    /// <param name="right">[keys, width].</param>
    /// <param name="positives">[rows, keys], above 0 where they belong together.</param>
    public Tensor Of(Tensor left, Tensor right, Tensor positives)
    {
        ArgumentNullException.ThrowIfNull(positives);
        return Symmetric(Scores(left, right), positives);
    }

    /// <summary>
    /// Half of -Σ_j w_ij log softmax_j(s_ij), the mean over rows, and half of the same down the columns, in nats. The weights of a row (of a column)
    /// are its positives over their sum; rows and columns without any are left out. With one positive a row and column it is CLIP's loss, with several the
    /// supervised contrastive one (Khosla et al. 2020, equation 2, the sum outside the logarithm).
    /// </summary>
    /// <param name="scores">[rows, keys], in nats.</param>
    /// <param name="positives">Of that shape, at least 0; null where row i belongs to key i alone and the scores are square.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or nothing belongs together.</exception>
    public static Tensor Symmetric(Tensor scores, Tensor? positives)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (scores.Dim != 2 || (positives is null ? scores.Size(0) != scores.Size(1) : !scores.Shape.SequenceEqual(positives.Shape)))
            throw new ArgumentException($"contrastive: scores {Shapes.Text(scores.Shape)} and positives {(positives is null ? "on the diagonal" : Shapes.Text(positives.Shape))}; equal shapes [rows, keys], or square scores, are needed");
        positives ??= Tensor.Eye(scores.Size(0));
        return (Rows(scores, positives) + Rows(scores.Transpose(), positives.Transpose())) * 0.5f;
    }

    private static Tensor Rows(Tensor scores, Tensor positives)
    {
        Tensor weights;
        using (new NoGrad())
        {
            var (rows, keys, used) = (positives.Size(0), positives.Size(1), 0);
            weights = positives.Clone();
            var data = weights.Data;
            for (var i = 0; i < rows; i++)
            {
                var row = data.Slice(i * keys, keys);
                double sum = 0;
                foreach (var w in row) sum += w >= 0 ? w : throw new ArgumentException($"contrastive: the positive {w} of row {i}; at least 0 is needed");
                if (!(sum > 0)) continue;
                used++;
                foreach (ref var w in row) w = (float)(w / sum);
            }
            if (used == 0) throw new ArgumentException("contrastive: no row belongs to any key");
            weights *= 1f / used;
        }
        return -(scores.LogSoftmax() * weights).Sum();
    }

    private Tensor Scores(Tensor left, Tensor right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        if (left.Dim != 2 || right.Dim != 2 || left.Size(1) != right.Size(1))
            throw new ArgumentException($"contrastive: {Shapes.Text(left.Shape)} and {Shapes.Text(right.Shape)}; two matrices of one width are needed");
        return Unit(left).MatMul(Unit(right), transposeOther: true) * LogitScale.Exp();
    }

    private static Tensor Unit(Tensor x) => x * (x.Square().Sum(-1, keepdim: true) + 1e-16f).Rsqrt();
}
