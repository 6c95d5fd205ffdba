using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_conv2d = Rule.Add("conv2d", static (n, g) =>
    {
        var s = (ConvShape)n.Saved!;
        if (n.Needs(0))
        {
            var dx = Uninitialized(n[0]._shape);
            Kernels.Conv2d.BackwardInput(s, n[1].Pointer, g.Pointer, dx.Pointer);
            n.Give(0, dx);
        }
        if (n.Needs(1))
        {
            var dw = Uninitialized(n[1]._shape);
            Kernels.Conv2d.BackwardWeight(s, n[0].Pointer, g.Pointer, dw.Pointer);
            n.Give(1, dw);
        }
        if (n.Count > 2 && n.Needs(2)) n.Give(2, ChannelSums(g));
    });
    private static readonly Rule s_convTranspose2d = Rule.Add("conv_transpose2d", static (n, g) =>
    {
        // The transpose of a convolution whose input is this output: forward and backward change places.
        var s = (ConvShape)n.Saved!;
        if (n.Needs(0))
        {
            var dx = Uninitialized(n[0]._shape);
            Kernels.Conv2d.Forward(s, g.Pointer, n[1].Pointer, null, dx.Pointer);
            n.Give(0, dx);
        }
        if (n.Needs(1))
        {
            var dw = Uninitialized(n[1]._shape);
            Kernels.Conv2d.BackwardWeight(s, g.Pointer, n[0].Pointer, dw.Pointer);
            n.Give(1, dw);
        }
        if (n.Count > 2 && n.Needs(2)) n.Give(2, ChannelSums(g));
    });

    /// <summary>The two-dimensional convolution (cross-correlation) of images.</summary>
    /// <param name="weight">[out, channels / groups, kernel height, kernel width].</param>
    /// <param name="bias">[out], or null.</param>
    /// <param name="stride">Steps, at least 1.</param>
    /// <param name="padding">Zeros on each side, at least 0.</param>
    /// <param name="dilation">Distance between taps, at least 1.</param>
    /// <param name="groups">Divides channels and out.</param>
    /// <returns>[N, out, H', W'] for this of shape [N, channels, H, W].</returns>
    public Tensor Conv2d(Tensor weight, Tensor? bias = null, (int H, int W)? stride = null, (int H, int W)? padding = null, (int H, int W)? dilation = null, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (Dim != 4 || weight.Dim != 4 || groups < 1 || _shape[1] != weight._shape[1] * groups || weight._shape[0] % groups != 0)
            throw new ArgumentException($"conv2d: input {Shapes.Text(_shape)}, weight {Shapes.Text(weight._shape)} and {groups} groups do not fit: [N, C, H, W] and [out, C / groups, kh, kw] are needed");
        var s = Shape2d("conv2d", _shape, weight._shape[0], weight, bias, weight._shape[0], stride, padding, dilation, groups);
        var result = Uninitialized([s.N, s.OutC, s.OutH, s.OutW]);
        Kernels.Conv2d.Forward(s, Pointer, weight.Pointer, bias is null ? null : bias.Pointer, result.Pointer);
        return Record(s_conv2d, result, bias is null ? [this, weight] : [this, weight, bias], s);
    }

    /// <summary>The transposed two-dimensional convolution: the gradient of <see cref="Conv2d"/> with respect to its input.</summary>
    /// <param name="weight">[channels, out / groups, kernel height, kernel width].</param>
    /// <param name="bias">[out], or null.</param>
    /// <param name="stride">Steps, at least 1.</param>
    /// <param name="padding">Zeros taken away on each side, at least 0.</param>
    /// <param name="outputPadding">Rows and columns added at one end, less than stride or dilation.</param>
    /// <param name="dilation">Distance between taps, at least 1.</param>
    /// <param name="groups">Divides channels and out.</param>
    /// <returns>[N, out, (H - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1, …].</returns>
    public Tensor ConvTranspose2d(Tensor weight, Tensor? bias = null, (int H, int W)? stride = null, (int H, int W)? padding = null, (int H, int W)? outputPadding = null, (int H, int W)? dilation = null, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (Dim != 4 || weight.Dim != 4 || groups < 1 || _shape[1] != weight._shape[0] || _shape[1] % groups != 0)
            throw new ArgumentException($"conv_transpose2d: input {Shapes.Text(_shape)}, weight {Shapes.Text(weight._shape)} and {groups} groups do not fit: [N, C, H, W] and [C, out / groups, kh, kw] are needed");
        var (st, pa, op, di) = (stride ?? (1, 1), padding ?? (0, 0), outputPadding ?? (0, 0), dilation ?? (1, 1));
        var h = ((_shape[2] - 1) * st.H) - (2 * pa.H) + (di.H * (weight._shape[2] - 1)) + op.H + 1;
        var w = ((_shape[3] - 1) * st.W) - (2 * pa.W) + (di.W * (weight._shape[3] - 1)) + op.W + 1;
        var channels = weight._shape[1] * groups;
        var s = Shape2d("conv_transpose2d", [_shape[0], channels, h, w], _shape[1], weight, bias, channels, stride, padding, dilation, groups);
        if (s.OutH != _shape[2] || s.OutW != _shape[3])
            throw new ArgumentException($"conv_transpose2d: output padding ({op.H}, {op.W}) must be smaller than stride ({st.H}, {st.W}) or dilation ({di.H}, {di.W})");
        var result = Uninitialized([s.N, channels, h, w]);
        Kernels.Conv2d.BackwardInput(s, weight.Pointer, Pointer, result.Pointer);
        if (bias is not null) AddToChannels(result, bias);
        return Record(s_convTranspose2d, result, bias is null ? [this, weight] : [this, weight, bias], s);
    }

    /// <summary>The one-dimensional convolution of [N, C, L] with [out, C / groups, k].</summary>
    public Tensor Conv1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (Dim != 3 || weight.Dim != 3)
            throw new ArgumentException($"conv1d: input {Shapes.Text(_shape)} and weight {Shapes.Text(weight._shape)} do not fit: [N, C, L] and [out, C / groups, k] are needed");
        return Unsqueeze(2).Conv2d(weight.Unsqueeze(2), bias, (1, stride), (0, padding), (1, dilation), groups).Squeeze(2);
    }

    /// <summary>The transposed one-dimensional convolution of [N, C, L] with [C, out / groups, k].</summary>
    public Tensor ConvTranspose1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int outputPadding = 0, int dilation = 1, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (Dim != 3 || weight.Dim != 3)
            throw new ArgumentException($"conv_transpose1d: input {Shapes.Text(_shape)} and weight {Shapes.Text(weight._shape)} do not fit: [N, C, L] and [C, out / groups, k] are needed");
        return Unsqueeze(2).ConvTranspose2d(weight.Unsqueeze(2), bias, (1, stride), (0, padding), (0, outputPadding), (1, dilation), groups).Squeeze(2);
    }

    private static ConvShape Shape2d(string op, int[] x, int outC, Tensor weight, Tensor? bias, int biasSize, (int H, int W)? stride, (int H, int W)? padding, (int H, int W)? dilation, int groups)
    {
        var (st, pa, di) = (stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1));
        if (st.H < 1 || st.W < 1 || di.H < 1 || di.W < 1 || pa.H < 0 || pa.W < 0)
            throw new ArgumentException($"{op}: stride ({st.H}, {st.W}) and dilation ({di.H}, {di.W}) must be at least 1 and padding ({pa.H}, {pa.W}) at least 0");
        if (bias is not null && (bias.Dim != 1 || bias._shape[0] != biasSize))
            throw new ArgumentException($"{op}: the bias has the shape {Shapes.Text(bias._shape)}, and [{biasSize}] is needed");
        var s = new ConvShape(x[0], x[1], x[2], x[3], outC, weight._shape[2], weight._shape[3], st.H, st.W, pa.H, pa.W, di.H, di.W, groups);
        if (s.OutH < 1 || s.OutW < 1)
            throw new ArgumentException($"{op}: the kernel {Shapes.Text(weight._shape.AsSpan()[2..])} is larger than the padded input {Shapes.Text(x)}");
        return s;
    }

    private static Tensor ChannelSums(Tensor g) => g.SumTo([1, g._shape[1], 1, 1]).Alias([g._shape[1]]);

    private static void AddToChannels(Tensor y, Tensor bias)
    {
        var (n, channels, plane) = (y._shape[0], y._shape[1], (long)y._shape[2] * y._shape[3]);
        for (var i = 0; i < n * channels; i++)
        {
            var at = y.Pointer + (i * plane);
            Map.Serial(default(AddOp), at, false, bias.Pointer + (i % channels), true, at, plane);
        }
    }
}
