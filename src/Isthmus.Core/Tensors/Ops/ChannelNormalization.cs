namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_batchNorm = Rule.Add("batch_norm", static (n, g) =>
    {
        var (mean, rstd, batch) = ((Tensor, Tensor, bool))n.Saved!;
        var (x, gamma) = (n[0], n.Count > 1 ? n[1] : null);
        var (samples, channels, places) = Channels("batch_norm", x);
        var dx = Uninitialized(x._shape);
        var (dGamma, dBeta) = (Uninitialized([channels]), Uninitialized([channels]));
        Kernels.BatchNorm.Backward(g.Pointer, x.Pointer, samples, channels, places, gamma is null ? null : gamma.Pointer, mean.Pointer, rstd.Pointer, batch,
            dx.Pointer, dGamma.Pointer, dBeta.Pointer);
        GiveNorm(n, dx, dGamma, dBeta);
    });
    private static readonly Rule s_groupNorm = Rule.Add("group_norm", static (n, g) =>
    {
        var (mean, rstd, groups) = ((Tensor, Tensor, int))n.Saved!;
        var (x, gamma) = (n[0], n.Count > 1 ? n[1] : null);
        var (samples, channels, places) = Channels("group_norm", x);
        var dx = Uninitialized(x._shape);
        var (dGamma, dBeta) = (Uninitialized([channels]), Uninitialized([channels]));
        Kernels.GroupNorm.Backward(g.Pointer, x.Pointer, samples, channels, places, groups, gamma is null ? null : gamma.Pointer, mean.Pointer, rstd.Pointer,
            dx.Pointer, dGamma.Pointer, dBeta.Pointer);
        GiveNorm(n, dx, dGamma, dBeta);
    });
    private static readonly Rule s_rmsNorm = Rule.Add("rms_norm", static (n, g) =>
    {
        var rstd = (Tensor)n.Saved!;
        var (x, gamma) = (n[0], n.Count > 1 ? n[1] : null);
        var dx = Uninitialized(x._shape);
        var dGamma = gamma is null ? null : Uninitialized(gamma._shape);
        Kernels.RmsNorm.Backward(g.Pointer, x.Pointer, Rows(x), x.Size(-1), gamma is null ? null : gamma.Pointer, rstd.Pointer, dx.Pointer, dGamma is null ? null : dGamma.Pointer);
        n.Give(0, dx);
        if (dGamma is not null) n.Give(1, dGamma);
    });

    /// <summary>
    /// Each channel of [N, C, …] brought to mean 0 and variance 1 over the batch and all places, then scaled and shifted (Ioffe, Szegedy 2015,
    /// algorithm 1; <c>torch.nn.functional.batch_norm</c>).
    /// </summary>
    /// <param name="runningMean">[C], or null; in training it moves towards the batch's mean.</param>
    /// <param name="runningVar">[C], or null; in training it moves towards the batch's unbiased variance.</param>
    /// <param name="gamma">[C], with beta; or null for neither.</param>
    /// <param name="beta">[C].</param>
    /// <param name="training">Uses the batch's own statistics; otherwise the running ones, which are then needed.</param>
    /// <param name="momentum">How far the running statistics move, in [0, 1].</param>
    /// <param name="eps">Added to the variance.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or there is one value a channel to take statistics of.</exception>
    public Tensor BatchNorm(Tensor? runningMean, Tensor? runningVar, Tensor? gamma = null, Tensor? beta = null, bool training = true, float momentum = 0.1f, float eps = 1e-5f)
    {
        var (n, c, l) = Channels("batch_norm", this, gamma, beta, runningMean, runningVar);
        if (!training && (runningMean is null || runningVar is null)) throw new ArgumentException("batch_norm: running statistics are needed outside training");
        if (training && n * l == 1) throw new ArgumentException($"batch_norm: more than one value a channel is needed in training, not an input {Shapes.Text(_shape)}");
        var result = Uninitialized(_shape);
        var (mean, rstd) = (Uninitialized([c]), Uninitialized([c]));
        float* scale = gamma is null ? null : gamma.Pointer, shift = beta is null ? null : beta.Pointer;
        if (training)
            Kernels.BatchNorm.Forward(Pointer, n, c, l, scale, shift, eps, momentum, runningMean is null ? null : runningMean.Pointer, runningVar is null ? null : runningVar.Pointer,
                result.Pointer, mean.Pointer, rstd.Pointer);
        else
        {
            Kernels.BatchNorm.Evaluate(Pointer, n, c, l, scale, shift, eps, runningMean!.Pointer, runningVar!.Pointer, result.Pointer, rstd.Pointer);
            runningMean.Data.CopyTo(mean.Data); // as it was: it may move before the backward pass
        }
        return Record(s_batchNorm, result, gamma is null ? [this] : [this, gamma, beta!], (mean, rstd, training));
    }

    /// <summary>
    /// In each sample of [N, C, …] runs of C / groups channels brought to mean 0 and variance 1, then each channel scaled and shifted (Wu, He 2018;
    /// <c>torch.nn.functional.group_norm</c>).
    /// </summary>
    /// <param name="groups">Divides C; C itself is instance normalisation.</param>
    /// <param name="gamma">[C], with beta; or null for neither.</param>
    /// <param name="beta">[C].</param>
    /// <param name="eps">Added to the variance.</param>
    public Tensor GroupNorm(int groups, Tensor? gamma = null, Tensor? beta = null, float eps = 1e-5f)
    {
        var (n, c, l) = Channels("group_norm", this, gamma, beta);
        if (groups < 1 || c % groups != 0) throw new ArgumentException($"group_norm: {groups} groups do not divide {c} channels");
        var result = Uninitialized(_shape);
        var (mean, rstd) = (Uninitialized([checked((int)n), groups]), Uninitialized([checked((int)n), groups]));
        Kernels.GroupNorm.Forward(Pointer, n, c, l, groups, gamma is null ? null : gamma.Pointer, beta is null ? null : beta.Pointer, eps, result.Pointer, mean.Pointer, rstd.Pointer);
        return Record(s_groupNorm, result, gamma is null ? [this] : [this, gamma, beta!], (mean, rstd, groups));
    }

    /// <summary>Each row over the root of its mean square (Zhang, Sennrich 2019, equation 4), times gamma.</summary>
    /// <param name="gamma">[last dimension], or null.</param>
    /// <param name="eps">Added to the mean square.</param>
    public Tensor RmsNorm(Tensor? gamma = null, float eps = 1e-5f)
    {
        if (Dim == 0 || (gamma is not null && gamma.Numel != _shape[^1]))
            throw new ArgumentException($"rms_norm: gamma needs {(Dim == 0 ? 1 : _shape[^1])} elements for an input {Shapes.Text(_shape)}");
        var result = Uninitialized(_shape);
        var rstd = Uninitialized([Rows(this)]);
        Kernels.RmsNorm.Forward(Pointer, Rows(this), _shape[^1], gamma is null ? null : gamma.Pointer, eps, result.Pointer, rstd.Pointer);
        return Record(s_rmsNorm, result, gamma is null ? [this] : [this, gamma], rstd);
    }

    /// <summary>[N, C, …] as samples, channels and places; every tensor given has C elements, and gamma comes with beta.</summary>
    private static (long N, int C, long L) Channels(string op, Tensor x, Tensor? gamma = null, Tensor? beta = null, Tensor? mean = null, Tensor? variance = null)
    {
        if (x.Dim < 2) throw new ArgumentException($"{op}: an input [N, C, ...] is needed, not {Shapes.Text(x._shape)}");
        if ((gamma is null) != (beta is null)) throw new ArgumentException($"{op}: gamma and beta are given together or not at all");
        var c = x._shape[1];
        foreach (var t in (ReadOnlySpan<Tensor?>)[gamma, beta, mean, variance])
            if (t is not null && t.Numel != c) throw new ArgumentException($"{op}: {c} elements are needed for each of {c} channels, not {Shapes.Text(t._shape)}");
        return (x._shape[0], c, Shapes.Count(x._shape.AsSpan(2)));
    }

    private static void GiveNorm(Node n, Tensor dx, Tensor dGamma, Tensor dBeta)
    {
        n.Give(0, dx);
        if (n.Count == 1) return;
        n.Give(1, dGamma);
        n.Give(2, dBeta);
    }
}
