namespace Isthmus.Tensors.Kernels;

/// <summary>Convolutions whose groups have one input channel and few outputs: too narrow to be products, so each row directly.</summary>
internal static unsafe class DepthwiseConv
{
    /// <summary>Whether a shape is better off here.</summary>
    public static bool Suits(in ConvShape s) => s.GroupC == 1 && s.GroupOutC < 4;

    /// <summary>As <see cref="Conv2d.Forward"/>.</summary>
    public static void Forward(in ConvShape s, float* x, float* w, float* bias, float* y) => Run(new Job { S = s, What = Pass.Forward, X = x, W = w, Bias = bias, Y = y });

    /// <summary>As <see cref="Conv2d.BackwardInput"/>.</summary>
    public static void BackwardInput(in ConvShape s, float* w, float* dy, float* dx) => Run(new Job { S = s, What = Pass.Input, X = dx, W = w, Y = dy });

    /// <summary>As <see cref="Conv2d.BackwardWeight"/>.</summary>
    public static void BackwardWeight(in ConvShape s, float* x, float* dy, float* dw) => Run(new Job { S = s, What = Pass.Weight, X = x, W = dw, Y = dy });

    private static void Run(Job job)
    {
        var s = job.S;
        Workers.Run(ref job, job.What == Pass.Weight ? s.C : s.N * s.C, (long)s.N * s.OutC * s.Outputs * s.Taps < Gemm.WorthSharing / 8);
    }

    private enum Pass { Forward, Input, Weight }

    /// <summary>A channel of an image; for the weights, of all images.</summary>
    private struct Job : IJob
    {
        public ConvShape S;
        public Pass What;
        public float* X, W, Bias, Y;

        public readonly void Execute(int part)
        {
            var plane = new ConvPlane(S);
            var buffer = Scratch.Get(Scratch.Use.Plane, plane.Size + 16);
            switch (What)
            {
                case Pass.Forward: Forward(part, plane, buffer); break;
                case Pass.Input: Input(part, plane, buffer); break;
                default: Weight(part, plane, buffer); break;
            }
        }

        private readonly void Forward(int part, in ConvPlane plane, float* buffer)
        {
            plane.Fill(X + (nint)part * S.H * S.W, buffer);
            var taps = (int*)Scratch.Get(Scratch.Use.Patches, S.Taps);
            for (var t = 0; t < S.Taps; t++) taps[t] = plane.Tap(t / S.KW, t % S.KW);
            for (var o = 0; o < S.GroupOutC; o++)
            {
                var channel = part % S.C * S.GroupOutC + o;
                ConvRows.Filter(S.OutH, S.OutW, buffer, plane.OutputRow, S.Taps, taps, W + (nint)channel * S.Taps, Bias == null ? 0f : Bias[channel],
                    Y + ((nint)part * S.GroupOutC + o) * S.Outputs);
            }
        }

        private readonly void Input(int part, in ConvPlane plane, float* buffer)
        {
            new Span<float>(buffer, plane.Size).Clear();
            for (var o = 0; o < S.GroupOutC; o++)
                for (var t = S.Taps - 1; t >= 0; t--)
                    ConvRows.Add(S.OutH, S.OutW, W[((nint)(part % S.C) * S.GroupOutC + o) * S.Taps + t], Y + ((nint)part * S.GroupOutC + o) * S.Outputs, S.OutW,
                        buffer + plane.Tap(t / S.KW, t % S.KW), plane.OutputRow);
            plane.Spread(buffer, X + (nint)part * S.H * S.W);
        }

        private readonly void Weight(int channel, in ConvPlane plane, float* buffer)
        {
            const int Lanes = ConvRows.DotSums;
            var sums = Scratch.Get(Scratch.Use.Patches, (long)S.GroupOutC * S.Taps * Lanes);
            new Span<float>(sums, S.GroupOutC * S.Taps * Lanes).Clear();
            for (var i = 0; i < S.N; i++)
            {
                plane.Fill(X + ((nint)i * S.C + channel) * S.H * S.W, buffer);
                for (var o = 0; o < S.GroupOutC; o++)
                    for (var t = 0; t < S.Taps; t++)
                        ConvRows.Dot(S.OutH, S.OutW, buffer + plane.Tap(t / S.KW, t % S.KW), plane.OutputRow,
                            Y + (((nint)i * S.C + channel) * S.GroupOutC + o) * S.Outputs, sums + (o * S.Taps + t) * Lanes);
            }
            for (var t = 0; t < S.GroupOutC * S.Taps; t++)
            {
                var sum = sums + t * Lanes;
                for (var half = Lanes / 2; half > 0; half /= 2)
                    for (var i = 0; i < half; i++) sum[i] += sum[i + half];
                W[(nint)channel * S.GroupOutC * S.Taps + t] = sum[0];
            }
        }
    }
}
