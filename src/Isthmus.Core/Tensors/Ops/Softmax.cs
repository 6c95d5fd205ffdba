namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_softmax = Rule.Add("softmax", static (n, g) =>
    {
        var dx = Uninitialized(g._shape);
        Kernels.Softmax.Backward(n.Output.Pointer, g.Pointer, Rows(g), g.Size(-1), dx.Pointer);
        n.Give(0, dx);
    });
    private static readonly Rule s_logSoftmax = Rule.Add("log_softmax", static (n, g) =>
    {
        var dx = Uninitialized(g._shape);
        Kernels.LogSoftmax.Backward(n.Output.Pointer, g.Pointer, Rows(g), g.Size(-1), dx.Pointer);
        n.Give(0, dx);
    });
    private static readonly Rule s_crossEntropy = Rule.Add("cross_entropy", static (n, g) =>
    {
        var saved = (CrossEntropySaved)n.Saved!;
        var dx = Uninitialized(n[0]._shape);
        var scale = g.Item() / Math.Max(1, saved.Counted);
        fixed (long* labels = saved.Labels.Data)
            Kernels.CrossEntropy.Backward(n[0].Pointer, labels, Rows(dx), dx.Size(-1), saved.IgnoreIndex, saved.LogSumExp.Pointer, &scale, true, dx.Pointer);
        n.Give(0, dx);
    });

    /// <summary>exp(x) over its sum along a dimension, without overflow.</summary>
    public Tensor Softmax(int dim = -1) => AlongLast("softmax", dim, static x =>
    {
        var y = Uninitialized(x._shape);
        Kernels.Softmax.Forward(x.Pointer, Rows(x), x.Size(-1), y.Pointer);
        return Record(s_softmax, y, x);
    });

    /// <summary>The logarithm of the softmax along a dimension.</summary>
    public Tensor LogSoftmax(int dim = -1) => AlongLast("log_softmax", dim, static x =>
    {
        var y = Uninitialized(x._shape);
        Kernels.LogSoftmax.Forward(x.Pointer, Rows(x), x.Size(-1), y.Pointer);
        return Record(s_logSoftmax, y, x);
    });

    /// <summary>The mean over rows of -log softmax(x)[label], in nats (<c>torch.nn.functional.cross_entropy</c>).</summary>
    /// <param name="labels">[rows]; this is [rows, classes]. Or [rows, …] to [rows, classes, …], as for every pixel of an image.
    /// Places with the ignored label do not count.</param>
    /// <param name="ignoreIndex">The label that is ignored.</param>
    public Tensor CrossEntropy(LongTensor labels, long ignoreIndex = -100)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (Dim > 2 && labels.Shape.SequenceEqual([_shape[0], .. _shape[2..]]))
            return Permute([0, .. Enumerable.Range(2, Dim - 2), 1]).Reshape(checked((int)labels.Numel), _shape[1]).CrossEntropy(labels.Reshape(checked((int)labels.Numel)), ignoreIndex);
        if (Dim != 2 || labels.Numel != _shape[0])
            throw new ArgumentException($"cross_entropy: logits {Shapes.Text(_shape)} and labels {Shapes.Text(labels.Shape)} do not fit: [rows, classes, …] and [rows, …] are needed");
        var counted = 0;
        foreach (var label in labels.Data)
        {
            if (label == ignoreIndex) continue;
            Checked("cross_entropy", label, _shape[1]);
            counted++;
        }
        var result = Uninitialized(Shapes.Scalar);
        var logSumExp = Uninitialized([_shape[0]]);
        var losses = Uninitialized([_shape[0]]);
        fixed (long* at = labels.Data)
            Kernels.CrossEntropy.Forward(Pointer, at, _shape[0], _shape[1], ignoreIndex, losses.Pointer, logSumExp.Pointer);
        *result.Pointer = (float)Kernels.Rows.SumAll(losses.Pointer, losses.Numel) / counted;
        return Record(s_crossEntropy, result, this, NoGrad.IsRecording && NeedsGradient ? new CrossEntropySaved(labels, ignoreIndex, counted, logSumExp) : null);
    }

    private sealed record CrossEntropySaved(LongTensor Labels, long IgnoreIndex, int Counted, Tensor LogSumExp);

    // Row kernels work on the last dimension; another one is brought there and back.
    private Tensor AlongLast(string op, int dim, Func<Tensor, Tensor> body)
    {
        var d = Shapes.Dim(op, dim, Dim);
        if (Dim == 0) return body(Reshape(1)).Reshape();
        return d == Dim - 1 ? body(this) : body(Transpose(d, -1)).Transpose(d, -1);
    }
}
