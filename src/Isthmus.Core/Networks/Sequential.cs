using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>Modules one after another; named 0, 1, 2 … as in <c>torch.nn.Sequential</c>.</summary>
public sealed class Sequential : Module
{
    /// <summary>A chain of modules.</summary>
    public Sequential(params ReadOnlySpan<Module> modules)
    {
        for (var i = 0; i < modules.Length; i++) AddModule(i.ToString(CultureInfo.InvariantCulture), modules[i]);
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        foreach (var (_, module) in Children) x = module.Forward(x);
        return x;
    }
}
