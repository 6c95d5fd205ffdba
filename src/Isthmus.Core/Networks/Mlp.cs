using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Linear layers with an activation between each two; parts are named 0, 1, 2 … as in <c>torch.nn.Sequential</c> of the same
/// layers, so that its weights load by name.
/// </summary>
public sealed class Mlp : Module
{
    /// <summary>A network with PyTorch's initial weights.</summary>
    /// <param name="widths">Features from the input to the output, at least two numbers.</param>
    /// <param name="random">Where the initial weights and the dropout come from.</param>
    /// <param name="activation">Makes the activation; ReLU where null.</param>
    /// <param name="dropout">After each activation, in [0, 1); 0 adds no part.</param>
    public Mlp(ReadOnlySpan<int> widths, RandomStream random, Func<Module>? activation = null, float dropout = 0f)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (widths.Length < 2) throw new ArgumentException($"mlp: at least the widths of input and output are needed, not [{string.Join(", ", widths.ToArray())}]");
        for (var i = 1; i < widths.Length; i++)
        {
            Next(new Linear(widths[i - 1], widths[i], random));
            if (i == widths.Length - 1) break;
            Next(activation?.Invoke() ?? new ReLU());
            if (dropout != 0) Next(new Dropout(dropout, random.Fork(string.Create(CultureInfo.InvariantCulture, $"dropout{i}"))));
        }
    }

    /// <summary>[…, first width] to […, last width].</summary>
    protected override Tensor Compute(Tensor x)
    {
        foreach (var (_, module) in Children) x = module.Forward(x);
        return x;
    }

    private void Next(Module module) => AddModule(Children.Count.ToString(CultureInfo.InvariantCulture), module);
}
