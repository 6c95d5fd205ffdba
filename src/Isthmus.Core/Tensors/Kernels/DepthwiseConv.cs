namespace Isthmus.Tensors.Kernels;

/// <summary>Convolutions whose groups have one input channel and few outputs: too narrow to be products, so each row directly.</summary>
internal static unsafe class DepthwiseConv
{
    /// <summary>Whether a shape is better off here.</summary>
    public static bool Suits(in ConvShape s) => s.GroupC == 1 && s.GroupOutC < 4;

    /// <summary>As <see cref="Conv2d.Forward"/>.</summary>
    public static void Forward(in ConvShape s, float* x, float* w, float* bias, float* y)
    {
        var job = new ForwardJob { S = s, X = x, W = w, Bias = bias, Y = y };
        Workers.Run(ref job, s.N * s.C, IsSmall(s));
    }

    /// <summary>As <see cref="Conv2d.BackwardInput"/>.</summary>
    public static void BackwardInput(in ConvShape s, float* w, float* dy, float* dx)
    {
        var job = new InputJob { S = s, W = w, Dy = dy, Dx = dx };
        Workers.Run(ref job, s.N * job.Parts, IsSmall(s));
    }

    /// <summary>As <see cref="Conv2d.BackwardWeight"/>.</summary>
    public static void BackwardWeight(in ConvShape s, float* x, float* dy, float* dw)
    {
        var job = new WeightJob { S = s, X = x, Dy = dy, Dw = dw };
        Workers.Run(ref job, s.C, IsSmall(s));
    }

    private static bool IsSmall(in ConvShape s) => (long)s.N * s.OutC * s.Outputs * s.Taps < Gemm.WorthSharing / 8;

    /// <summary>A channel of an image.</summary>
    private struct ForwardJob : IJob
    {
        public ConvShape S;
        public float* X, W, Bias, Y;

        public readonly void Execute(int part)
        {
            var plane = new ConvPlane(S);
            var buffer = Scratch.Get(Scratch.Use.Plane, plane.Size + 16);
            var taps = plane.Taps();
            plane.Fill(X + (nint)part * S.H * S.W, buffer);
            for (var o = 0; o < S.GroupOutC; o++)
            {
                var channel = part % S.C * S.GroupOutC + o;
                ShortRows.Filter(S.OutH, S.OutW, buffer, plane.OutputRow, S.Taps, taps, W + (nint)channel * S.Taps, Bias == null ? 0f : Bias[channel],
                    Y + ((nint)part * S.GroupOutC + o) * S.Outputs);
            }
        }
    }

    /// <summary>Some channels of an image, taking turns tap by tap, so that no sum waits for the one before it.</summary>
    private struct InputJob : IJob
    {
        private const int ChannelsAtOnce = 8;

        public ConvShape S;
        public float* W, Dy, Dx;

        public readonly int Parts => (S.C + ChannelsAtOnce - 1) / ChannelsAtOnce;

        public readonly void Execute(int part)
        {
            var plane = new ConvPlane(S);
            int first = part % Parts * ChannelsAtOnce, channels = Math.Min(ChannelsAtOnce, S.C - first), image = part / Parts;
            var size = channels * plane.Size;
            var planes = Scratch.Get(Scratch.Use.Plane, size + 16);
            new Span<float>(planes, size).Clear();
            var taps = plane.Taps();
            for (var o = 0; o < S.GroupOutC; o++)
            {
                var dy = Scratch.Get(Scratch.Use.Result, (long)channels * S.Outputs + 16);
                for (var c = 0; c < channels; c++)
                    ShortRows.Copy(1, S.Outputs, Dy + (((nint)image * S.C + first + c) * S.GroupOutC + o) * S.Outputs, 0, dy + (nint)c * S.Outputs, 0);
                for (var t = S.Taps - 1; t >= 0; t--)
                    for (var c = 0; c < channels; c++)
                        ShortRows.Add(S.OutH, S.OutW, W[((nint)(first + c) * S.GroupOutC + o) * S.Taps + t], dy + (nint)c * S.Outputs, S.OutW,
                            planes + (nint)c * plane.Size + taps[t], plane.OutputRow);
            }
            for (var c = 0; c < channels; c++) plane.Spread(planes + (nint)c * plane.Size, Dx + ((nint)image * S.C + first + c) * S.H * S.W);
        }
    }

    /// <summary>A channel's kernels, over all images.</summary>
    private struct WeightJob : IJob
    {
        public ConvShape S;
        public float* X, Dy, Dw;

        public readonly void Execute(int part)
        {
            const int Sums = ShortRows.DotSums;
            var plane = new ConvPlane(S);
            var buffer = Scratch.Get(Scratch.Use.Plane, plane.Size + Sums);
            var dy = Scratch.Get(Scratch.Use.Result, S.Outputs + Sums);
            int count = S.GroupOutC * S.Taps;
            var sums = Scratch.Get(Scratch.Use.Patches, (long)count * Sums);
            new Span<float>(sums, count * Sums).Clear();
            var taps = plane.Taps();
            for (var i = 0; i < S.N; i++)
            {
                plane.Fill(X + ((nint)i * S.C + part) * S.H * S.W, buffer);
                for (var o = 0; o < S.GroupOutC; o++)
                {
                    ShortRows.Copy(1, S.Outputs, Dy + (((nint)i * S.C + part) * S.GroupOutC + o) * S.Outputs, 0, dy, 0);
                    for (var t = 0; t < S.Taps; t++)
                        ShortRows.Dot(S.OutH, S.OutW, buffer + taps[t], plane.OutputRow, dy, sums + (o * S.Taps + t) * Sums);
                }
            }
            for (var t = 0; t < count; t++)
            {
                var sum = sums + t * Sums;
                for (var half = Sums / 2; half > 0; half /= 2)
                    for (var i = 0; i < half; i++) sum[i] += sum[i + half];
                Dw[(nint)part * count + t] = sum[0];
            }
        }
    }
}
