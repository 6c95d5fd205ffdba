namespace Isthmus.Tensors.Kernels;

/// <summary>Two-dimensional convolutions of NCHW images, with gradients; BackwardInput is the transposed convolution too.</summary>
internal static unsafe class Conv2d
{
    /// <summary>y[N,OutC,OutH,OutW] = w * x + bias; x[N,C,H,W], w[OutC,C/Groups,KH,KW], bias[OutC] or null.</summary>
    public static void Forward(in ConvShape s, float* x, float* w, float* bias, float* y)
    {
        int oh = s.OutH, ow = s.OutW;
        for (long o = 0; o < (long)s.N * s.OutC * oh * ow; o++) y[o] = 0;
        Walk(s, (xi, wi, yi) => y[yi] = MathF.FusedMultiplyAdd(x[xi], w[wi], y[yi]));
        if (bias == null) return;
        for (long o = 0; o < (long)s.N * s.OutC * oh * ow; o++) y[o] += bias[o / (oh * ow) % s.OutC];
    }

    /// <summary>dx[N,C,H,W] from dy[N,OutC,OutH,OutW]; every element of dx is written.</summary>
    public static void BackwardInput(in ConvShape s, float* w, float* dy, float* dx)
    {
        for (long i = 0; i < (long)s.N * s.C * s.H * s.W; i++) dx[i] = 0;
        Walk(s, (xi, wi, yi) => dx[xi] = MathF.FusedMultiplyAdd(dy[yi], w[wi], dx[xi]));
    }

    /// <summary>dw[OutC,C/Groups,KH,KW] from x and dy; every element of dw is written.</summary>
    public static void BackwardWeight(in ConvShape s, float* x, float* dy, float* dw)
    {
        for (long i = 0; i < (long)s.OutC * (s.C / s.Groups) * s.KH * s.KW; i++) dw[i] = 0;
        Walk(s, (xi, wi, yi) => dw[wi] = MathF.FusedMultiplyAdd(x[xi], dy[yi], dw[wi]));
    }

    private static void Walk(ConvShape s, Action<long, long, long> at)
    {
        int oh = s.OutH, ow = s.OutW, gc = s.C / s.Groups, goc = s.OutC / s.Groups;
        for (var n = 0; n < s.N; n++)
            for (var o = 0; o < s.OutC; o++)
                for (var c = 0; c < gc; c++)
                    for (var kh = 0; kh < s.KH; kh++)
                        for (var kw = 0; kw < s.KW; kw++)
                            for (var p = 0; p < oh * ow; p++)
                            {
                                int h = p / ow * s.StrideH - s.PadH + kh * s.DilationH, v = p % ow * s.StrideW - s.PadW + kw * s.DilationW;
                                if (h < 0 || h >= s.H || v < 0 || v >= s.W) continue;
                                at((((long)n * s.C + o / goc * gc + c) * s.H + h) * s.W + v,
                                    (((long)o * gc + c) * s.KH + kh) * s.KW + kw, ((long)n * s.OutC + o) * oh * ow + p);
                            }
    }
}
