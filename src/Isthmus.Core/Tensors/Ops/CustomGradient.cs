using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_custom = Rule.Add("custom", static (n, g) =>
    {
        var gradients = ((Func<Tensor, IReadOnlyList<Tensor?>>)n.Saved!)(g);
        if (gradients.Count != n.Count)
            throw new InvalidOperationException($"custom gradient: {gradients.Count} gradients were returned for {n.Count} inputs");
        for (var i = 0; i < n.Count; i++)
            if (n.Needs(i) && gradients[i] is { } gradient) n.Give(i, gradient);
    });
    private static readonly Rule s_lowerBound = Rule.Add("lower_bound", static (n, g) => n.Give(0, Zip(g, n[0], new LowerBoundGrad { Bound = (float)n.Saved! })));

    /// <summary>
    /// A value with a gradient of one's own: what is computed and what the gradient pretends need not agree, as for estimators
    /// that pass through rounding. Name such an estimator, cite its paper and say what it is biased by.
    /// </summary>
    /// <param name="value">The result; its own history is cut off.</param>
    /// <param name="inputs">What the gradient goes to.</param>
    /// <param name="vectorJacobian">From the gradient of the result to that of each input: fresh tensors of the inputs' shapes
    /// (or ones that broadcast from them), the gradient given, or null for none. Called without recording.</param>
    public static Tensor WithGradient(Tensor value, IReadOnlyList<Tensor> inputs, Func<Tensor, IReadOnlyList<Tensor?>> vectorJacobian)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Count == 0) throw new ArgumentException("custom gradient: at least one input is needed");
        return Record(s_custom, value.Detach(), [.. inputs], vectorJacobian);
    }

    /// <summary>
    /// The nearest integers, with the gradient of the identity (straight through; Bengio, Léonard, Courville 2013). Biased: the
    /// true gradient is 0 almost everywhere.
    /// </summary>
    public Tensor RoundStraightThrough() => WithGradient(Round(), [this], static g => [g]);

    /// <summary>
    /// max(x, bound), whose gradient also passes below the bound where it would raise x: keeps likelihoods from zero without
    /// stopping their learning (Ballé, Minnen, Singh, Hwang, Johnston 2018, appendix 6.1).
    /// </summary>
    public Tensor LowerBound(float bound) => Record(s_lowerBound, Apply(this, new ClampMap { Min = bound, Max = float.PositiveInfinity }), this, bound);

    private struct LowerBoundGrad : IZip
    {
        public float Bound;
        public readonly T Apply<T>(T g, T x) where T : struct, ILane<T> =>
            T.And(g, T.Or(T.LessThanOrEqual(T.Of(Bound), x), T.LessThan(g, T.Of(0f))));
    }
}
