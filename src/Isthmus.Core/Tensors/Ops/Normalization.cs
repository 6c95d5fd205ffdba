namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_layerNorm = Rule.Add("layer_norm", static (n, g) =>
    {
        var (mean, rstd) = ((Tensor, Tensor))n.Saved!;
        var (x, gamma) = (n[0], n.Count > 1 ? n[1] : null);
        var dx = Uninitialized(x._shape);
        var dGamma = gamma is null ? null : Uninitialized(gamma._shape);
        var dBeta = gamma is null ? null : Uninitialized(gamma._shape);
        Kernels.LayerNorm.Backward(g.Pointer, x.Pointer, Rows(x), x.Size(-1), gamma is null ? null : gamma.Pointer, mean.Pointer, rstd.Pointer,
            dx.Pointer, dGamma is null ? null : dGamma.Pointer, dBeta is null ? null : dBeta.Pointer);
        n.Give(0, dx);
        if (dGamma is null) return;
        n.Give(1, dGamma);
        n.Give(2, dBeta!);
    });

    /// <summary>Each row brought to mean 0 and variance 1, then scaled and shifted (Ba, Kiros, Hinton 2016).</summary>
    /// <param name="gamma">[last dimension], with beta; or null for neither.</param>
    /// <param name="beta">[last dimension].</param>
    /// <param name="eps">Added to the variance.</param>
    public Tensor LayerNorm(Tensor? gamma = null, Tensor? beta = null, float eps = 1e-5f)
    {
        if ((gamma is null) != (beta is null)) throw new ArgumentException("layer_norm: gamma and beta are given together or not at all");
        if (Dim == 0 || (gamma is not null && (gamma.Numel != _shape[^1] || beta!.Numel != _shape[^1])))
            throw new ArgumentException($"layer_norm: gamma and beta need {(Dim == 0 ? 1 : _shape[^1])} elements for an input {Shapes.Text(_shape)}");
        var result = Uninitialized(_shape);
        var (mean, rstd) = (Uninitialized([Rows(this)]), Uninitialized([Rows(this)]));
        Kernels.LayerNorm.Forward(Pointer, Rows(this), _shape[^1], gamma is null ? null : gamma.Pointer, beta is null ? null : beta.Pointer, eps,
            result.Pointer, mean.Pointer, rstd.Pointer);
        return Record(s_layerNorm, result, gamma is null ? [this] : [this, gamma, beta!], (mean, rstd));
    }
}
