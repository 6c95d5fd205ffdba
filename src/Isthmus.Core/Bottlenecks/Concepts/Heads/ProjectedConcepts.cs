using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Concepts as projections of features that do not change: a linear layer that is fitted before training, not learned by gradients.
/// What passes are the projections; what a person puts by hand takes the place that rows with, or without, a concept have along it.
/// </summary>
public abstract class ProjectedConcepts : ConceptBottleneck, IFitted
{
    private readonly string _name;

    /// <summary>A layer without a projection yet.</summary>
    /// <param name="features">How many numbers enter.</param>
    /// <param name="space">The concepts.</param>
    /// <param name="name">As recipes call it.</param>
    protected ProjectedConcepts(int features, ConceptSpace space, string name) : base(space, 0, 0, null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        _name = name;
        Weight = AddBuffer("weight", Tensor.Zeros(Space.Width, features));
        Bias = AddBuffer("bias", Tensor.Zeros(Space.Width));
        Slope = AddBuffer("slope", Tensor.Ones(Space.Width));
        Offset = AddBuffer("offset", Tensor.Zeros(Space.Width));
        Low = AddBuffer("low", Tensor.Zeros(Space.Width));
        High = AddBuffer("high", Tensor.Ones(Space.Width));
    }

    /// <summary>[width, features]: the projection.</summary>
    public Tensor Weight { get; }

    /// <summary>[width]: added to it.</summary>
    public Tensor Bias { get; }

    /// <summary>[width]: what a projection is multiplied by to be a logit.</summary>
    public Tensor Slope { get; }

    /// <summary>[width]: added then.</summary>
    public Tensor Offset { get; }

    /// <summary>[width]: what stands for an absent concept.</summary>
    public Tensor Low { get; }

    /// <summary>[width]: what stands for a present one.</summary>
    public Tensor High { get; }

    /// <inheritdoc/>
    public override int OutputWidth => Space.Width;

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(32.0 * OutputWidth);

    /// <summary>The projections of features, [rows, width].</summary>
    public Tensor Project(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return h.Single.Linear(Weight, Bias);
    }

    /// <inheritdoc/>
    public override Tensor Scores(Features h) => (Project(h) * Slope) + Offset;

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put)
    {
        var own = Project(h);
        return put is null ? own : Space.Put(own, put with { Values = (put.Values * (High - Low)) + Low });
    }

    /// <inheritdoc/>
    public override void Attach(Module encoder)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        if (encoder.ParameterCount() > 0)
            throw new InputException($"bottleneck.type is {_name}, whose concepts are fitted before training: the encoder must have no weights", "encoder.type: identity; of another network's features: predict with its codes, and train on those");
    }

    /// <inheritdoc/>
    public abstract void Fit(FittingRows rows);

    /// <inheritdoc/>
    protected override IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c) => []; // nothing here learns by gradients

    // Logits and the places of present and absent concepts, from the projections of training rows and their annotations.
    private protected void Calibrate(Tensor projections, Tensor? columns)
    {
        var n = projections.Size(0);
        for (var c = 0; c < Space.Width; c++)
        {
            if (Space.Axes[Space.ConceptOf(c)].Type == ConceptType.Continuous && columns is not null)
            {
                (Slope.Data[c], Offset.Data[c], Low.Data[c], High.Data[c]) = (1, 0, 0, 1);
                continue;
            }
            var all = new float[n];
            List<float> with = [], without = [];
            for (var i = 0; i < n; i++)
            {
                all[i] = projections.Data[(i * Space.Width) + c];
                if (columns is null || float.IsNaN(columns.Data[(i * Space.Width) + c])) continue;
                (columns.Data[(i * Space.Width) + c] > 0.5f ? with : without).Add(all[i]);
            }
            var known = with.Count > 0 && without.Count > 0;
            (Low.Data[c], High.Data[c]) = known ? ((float)without.Average(v => (double)v), (float)with.Average(v => (double)v)) : (At(all, 0.05), At(all, 0.95));
            (Slope.Data[c], Offset.Data[c]) = known ? Logit(with, without) : Standard(all);
        }
    }

    // Platt's logistic curve, held back by a little square penalty where the two sides do not meet.
    private static (float Slope, float Offset) Logit(List<float> with, List<float> without)
    {
        using var scope = new TensorScope("calibrate");
        var x = new StandardColumns(Tensor.From([.. with, .. without], with.Count + without.Count, 1));
        var newton = new MultinomialNewton(x, [.. Enumerable.Repeat(1, with.Count), .. Enumerable.Repeat(0, without.Count)], 2, 1e-9);
        newton.Solve(1e-2, 1e-2, 1e-4, 200);
        var slope = newton.Weights[0] / x.Scale[0];
        return ((float)slope, (float)(newton.Weights[1] - (slope * x.Mean[0])));
    }

    private static (float Slope, float Offset) Standard(float[] all)
    {
        var mean = all.Average(v => (double)v);
        var deviation = Math.Sqrt(all.Average(v => (v - mean) * (v - mean)));
        return deviation > 1e-12 ? ((float)(1 / deviation), (float)(-mean / deviation)) : (0f, 0f);
    }

    private static float At(float[] values, double share)
    {
        float[] sorted = [.. values.Order()];
        return sorted[(int)Math.Round(share * (sorted.Length - 1))];
    }
}
