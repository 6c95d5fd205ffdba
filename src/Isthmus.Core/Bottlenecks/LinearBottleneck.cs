using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A narrow linear layer: width is its only limit, so its numbers have no finite rate until they are quantised. It ships at a
/// sixteenth of each dimension's standard deviation.
/// </summary>
public sealed class LinearBottleneck : ContinuousBottleneck
{
    /// <summary>A layer from a number of features to a width.</summary>
    public LinearBottleneck(int features, int latent, RandomStream random) : base(latent) =>
        Projection = AddModule("projection", new Linear(features, latent, random));

    /// <summary>The layer.</summary>
    public Linear Projection { get; }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        var code = Code(h).Mean;
        if (c.Mode == PassMode.Ship) return Ship(code);
        return new Passage(code, null, [], () => AsFloats(code)) { NoRate = "a vector of real numbers has no finite rate before it is quantised" };
    }

    /// <inheritdoc/>
    protected override (Tensor Mean, Tensor? Std) Code(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return (Projection.Forward(h.Single), null);
    }
}
