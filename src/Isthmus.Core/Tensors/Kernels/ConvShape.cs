namespace Isthmus.Tensors.Kernels;

/// <summary>The sizes of a two-dimensional convolution, as PyTorch's conv2d names them; one dimension is the case H = KH = 1.</summary>
internal readonly record struct ConvShape(
    int N, int C, int H, int W, int OutC, int KH, int KW,
    int StrideH, int StrideW, int PadH, int PadW, int DilationH, int DilationW, int Groups)
{
    /// <summary>Rows of the output; 0 where the kernel is larger than the padded input.</summary>
    public int OutH => Out(H, KH, StrideH, PadH, DilationH);
    /// <summary>Columns of the output; 0 where the kernel is larger than the padded input.</summary>
    public int OutW => Out(W, KW, StrideW, PadW, DilationW);

    /// <summary>Outputs of one channel of one image.</summary>
    public int Outputs => OutH * OutW;
    /// <summary>Input channels of a group.</summary>
    public int GroupC => C / Groups;
    /// <summary>Output channels of a group.</summary>
    public int GroupOutC => OutC / Groups;
    /// <summary>Elements of a kernel for one pair of channels.</summary>
    public int Taps => KH * KW;
    /// <summary>Terms of the sum that an output is.</summary>
    public int Terms => GroupC * Taps;
    /// <summary>Whether each output sees the inputs at its own place only.</summary>
    public bool IsPointwise => (KH, KW, StrideH, StrideW, PadH, PadW) == (1, 1, 1, 1, 0, 0);

    private static int Out(int size, int kernel, int stride, int pad, int dilation)
    {
        var room = size + 2 * pad - dilation * (kernel - 1) - 1;
        return room < 0 ? 0 : room / stride + 1;
    }
}
