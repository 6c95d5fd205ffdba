using System.Numerics;
using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Two-dimensional convolutions of NCHW images, and their gradients; BackwardInput is the transposed convolution too. They are
/// products whose one factor, the inputs under each tap, exists for some outputs at a time only. The order in which an element
/// is summed depends on the shape alone, and for y and dx not on the number of images either.
/// </summary>
internal static unsafe class Conv2d
{
    /// <summary>Outputs per channel in a piece: patches of 256 inputs-and-taps by these fill a quarter of a second-level cache.</summary>
    private const int PieceColumns = 256;

    /// <summary>Patches, or sums for patches, made at a time.</summary>
    private const int PatchesAtOnce = 256;

    /// <summary>y[N,OutC,OutH,OutW] = w * x + bias; x[N,C,H,W], w[OutC,C/Groups,KH,KW], bias[OutC] or null.</summary>
    public static void Forward(in ConvShape s, float* x, float* w, float* bias, float* y)
    {
        if (s.Outputs == 0 || s.N == 0 || s.OutC == 0) return;
        if (s.Terms == 0)
            for (long i = 0; i < (long)s.N * s.OutC * s.Outputs; i++) y[i] = bias == null ? 0f : bias[i / s.Outputs % s.OutC];
        else if (DepthwiseConv.Suits(s)) DepthwiseConv.Forward(s, x, w, bias, y);
        else if (Lane16.IsAccelerated) Forward<Lane16>(s, x, w, bias, y);
        else if (Lane8.IsAccelerated) Forward<Lane8>(s, x, w, bias, y);
        else if (Lane4.IsAccelerated) Forward<Lane4>(s, x, w, bias, y);
        else Forward<Lane1>(s, x, w, bias, y);
    }

    /// <summary>dx[N,C,H,W] from dy[N,OutC,OutH,OutW]; every element of dx is written.</summary>
    public static void BackwardInput(in ConvShape s, float* w, float* dy, float* dx)
    {
        if (s.Outputs == 0 || s.OutC == 0 || s.Taps == 0) Clear(dx, (long)s.N * s.C * s.H * s.W);
        else if (s.N == 0 || s.C == 0) return;
        else if (DepthwiseConv.Suits(s)) DepthwiseConv.BackwardInput(s, w, dy, dx);
        else if (Lane16.IsAccelerated) BackwardInput<Lane16>(s, w, dy, dx);
        else if (Lane8.IsAccelerated) BackwardInput<Lane8>(s, w, dy, dx);
        else if (Lane4.IsAccelerated) BackwardInput<Lane4>(s, w, dy, dx);
        else BackwardInput<Lane1>(s, w, dy, dx);
    }

    /// <summary>dw[OutC,C/Groups,KH,KW] from x and dy; every element of dw is written.</summary>
    public static void BackwardWeight(in ConvShape s, float* x, float* dy, float* dw)
    {
        if (s.OutC == 0 || s.Terms == 0) return;
        if (s.Outputs == 0 || s.N == 0) Clear(dw, (long)s.OutC * s.Terms);
        else if (DepthwiseConv.Suits(s)) DepthwiseConv.BackwardWeight(s, x, dy, dw);
        else if (Lane16.IsAccelerated) BackwardWeight<Lane16>(s, x, dy, dw);
        else if (Lane8.IsAccelerated) BackwardWeight<Lane8>(s, x, dy, dw);
        else if (Lane4.IsAccelerated) BackwardWeight<Lane4>(s, x, dy, dw);
        else BackwardWeight<Lane1>(s, x, dy, dw);
    }

    private static void Forward<T>(in ConvShape s, float* x, float* w, float* bias, float* y) where T : struct, ILane<T>
    {
        var block = Gemm.BlockLength(s.Terms);
        var job = new ForwardJob<T>
        {
            S = s,
            Cut = new ConvCut(s, Columns(s)),
            Block = block,
            X = x,
            W = PackWeights<T>(s, w, true, s.GroupOutC, s.Terms, block),
            Bias = bias,
            Y = y,
        };
        Workers.Run(ref job, job.Cut.Count * s.Groups, IsSmall(s));
    }

    private static void BackwardInput<T>(in ConvShape s, float* w, float* dy, float* dx) where T : struct, ILane<T>
    {
        var block = Gemm.BlockLength(s.GroupOutC);
        var job = new BackwardInputJob<T>
        {
            S = s,
            Cut = new ConvCut(s, Columns(s)),
            Block = block,
            W = PackWeights<T>(s, w, false, s.Terms, s.GroupOutC, block),
            Dy = dy,
            Dx = dx,
        };
        // A range of channels begins at a strip of the weights.
        var unit = Tile.Rows<T>() / (int)BigInteger.GreatestCommonDivisor(Tile.Rows<T>(), s.Taps);
        job.Sub = unit * Math.Max(1, PatchesAtOnce / 2 / (unit * s.Taps));
        var sets = job.Cut.ImageSets * s.Groups;
        var wanted = Math.Max(1, 4 * Workers.Threads / sets);
        job.Range = Math.Max(unit, (s.GroupC / wanted + unit - 1) / unit * unit);
        job.Ranges = (s.GroupC + job.Range - 1) / job.Range;
        Workers.Run(ref job, sets * job.Ranges, IsSmall(s));
    }

    private static void BackwardWeight<T>(in ConvShape s, float* x, float* dy, float* dw) where T : struct, ILane<T>
    {
        var cut = new ConvCut(s, PieceColumns);
        long size = (long)s.OutC * s.Terms;
        // Sums of several ranges of images run side by side if they are small; how many depends on the shape alone.
        var sums = (int)Math.Clamp((1 << 21) / size, 1, Math.Min(8, cut.ImageSets));
        var perSum = (cut.ImageSets + sums - 1) / sums;
        sums = (cut.ImageSets + perSum - 1) / perSum;
        var ranges = Math.Clamp(8 / (sums * s.Groups), 1, s.GroupC);
        var job = new BackwardWeightJob<T>
        {
            S = s,
            Cut = cut,
            SetsPerSum = perSum,
            Range = (s.GroupC + ranges - 1) / ranges,
            X = x,
            Dy = dy,
            Sums = Scratch.Get(Scratch.Use.Weights, sums * size + 16),
        };
        job.Ranges = (s.GroupC + job.Range - 1) / job.Range;
        Workers.Run(ref job, sums * s.Groups * job.Ranges, IsSmall(s));
        for (var i = 1; i < sums; i++) ShortRows.Add(1, (int)size, 1f, job.Sums + i * size, 0, job.Sums, 0);
        for (var g = 0; g < s.Groups; g++)
        {
            var at = (nint)g * s.GroupOutC * s.Terms;
            Lanes.Transpose(s.Terms, s.GroupOutC, job.Sums + at, s.GroupOutC, dw + at, s.Terms);
        }
    }

    /// <summary>Columns of a piece where the cut cannot change a result: fewer, if that gives every thread something to do.</summary>
    private static int Columns(in ConvShape s) =>
        (int)Math.Clamp((long)s.N * s.Outputs * s.Groups / (4 * Workers.Threads), PieceColumns / 4, PieceColumns);

    private static bool IsSmall(in ConvShape s) => (long)s.N * s.OutC * s.Outputs * s.Terms < Gemm.WorthSharing;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Clear(float* x, long n)
    {
        for (long i = 0; i < n; i++) x[i] = 0f;
    }

    /// <summary>All groups' weights in strips, group after group: as [count, k] if k runs along the rows, else as [k, count].</summary>
    private static float* PackWeights<T>(in ConvShape s, float* w, bool alongK, int count, int k, int block) where T : struct, ILane<T>
    {
        var job = new PackJob { AlongK = alongK, Ld = s.Terms, Count = count, Width = Tile.Rows<T>(), Until = k, Block = block };
        var packed = Scratch.Get(Scratch.Use.Weights, job.Size * s.Groups);
        for (var g = 0; g < s.Groups; g++)
        {
            job.X = w + (nint)g * s.GroupOutC * s.Terms;
            job.To = packed + g * (nint)job.Size;
            Workers.Run(ref job, job.Parts, job.Size < Gemm.WorthSharing / 8);
        }
        return packed;
    }

    /// <summary>The row stride of a block of patches: room for a lane behind the rows, and rows that fall into different cache sets.</summary>
    private static int Stride(in ConvPiece piece) => (((piece.Count + 30) / 16) | 1) * 16;

    /// <summary>Columns that are computed: the last lane is filled with what lies in the stride's room.</summary>
    private static int Rounded<T>(int count) where T : struct, ILane<T> => (count + T.Width - 1) / T.Width * T.Width;

    /// <summary>Writes the inputs that terms [from, to) of a piece's outputs meet, one row a term.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather(in ConvShape s, in ConvPiece piece, float* x, int group, int from, int until, float* to, int stride)
    {
        var plane = new ConvPlane(s, piece);
        var buffer = Scratch.Get(Scratch.Use.Plane, plane.Size + 16);
        var taps = plane.Taps();
        for (var i = 0; i < piece.Images; i++, to += piece.PerImage)
            for (var c = from / s.Taps; c * s.Taps < until; c++)
            {
                plane.Fill(x + ((nint)(piece.Image + i) * s.C + group * s.GroupC + c) * s.H * s.W, buffer);
                for (var k = Math.Max(from, c * s.Taps); k < Math.Min(until, (c + 1) * s.Taps); k++)
                    ShortRows.Pour(piece.Rows, piece.Columns, buffer + taps[k - c * s.Taps], plane.OutputRow, to + (nint)(k - from) * stride);
            }
    }

    /// <summary>A piece of a group's output channels, one row a channel: where it lies if it is of one image, else gathered.</summary>
    private static float* Outputs(in ConvShape s, in ConvPiece piece, float* y, int group, out nint stride)
    {
        y += ((nint)piece.Image * s.OutC + group * s.GroupOutC) * s.Outputs + piece.Row * s.OutW + piece.Column;
        stride = s.Outputs;
        if (piece.Images == 1) return y;
        stride = Stride(piece);
        var rows = Scratch.Get(Scratch.Use.Private, (long)s.GroupOutC * stride);
        for (var o = 0; o < s.GroupOutC; o++)
            ShortRows.Copy(piece.Images, s.Outputs, y + (nint)o * s.Outputs, (nint)s.OutC * s.Outputs, rows + o * stride, s.Outputs);
        return rows;
    }

    /// <summary>One piece of y of one group.</summary>
    private struct ForwardJob<T> : IJob where T : struct, ILane<T>
    {
        public ConvShape S;
        public ConvCut Cut;
        public int Block;
        public float* X, W, Bias, Y;

        public readonly void Execute(int part)
        {
            var group = part % S.Groups;
            var piece = Cut[part / S.Groups];
            int stride = Stride(piece), columns = Tile.Columns<T>(), count = S.GroupOutC;
            var result = Scratch.Get(Scratch.Use.Result, (long)count * stride);
            var padded = Strips.PaddedCount(count, Tile.Rows<T>());
            var weights = W + (nint)group * padded * S.Terms;
            var inPlace = S.IsPointwise && piece.Images == 1;
            for (var k = 0; k < S.Terms; k += Block)
            {
                var terms = Math.Min(Block, S.Terms - k);
                var a = Strips.Packed(weights + (nint)padded * k, terms, Tile.Rows<T>());
                if (inPlace)
                {
                    var x = X + ((nint)piece.Image * S.C + group * S.GroupC + k) * S.Outputs + piece.Row * S.OutW + piece.Column;
                    Gemm.Block<T>(count, piece.Count, terms, a, Strips.Of(x, S.Outputs, false, columns), false, result, stride, k > 0);
                }
                else
                {
                    var patches = Scratch.Get(Scratch.Use.Patches, (long)Block * stride);
                    Gather(S, piece, X, group, k, k + terms, patches, stride);
                    Gemm.Block<T>(count, Rounded<T>(piece.Count), terms, a, Strips.Of(patches, stride, false, columns), true, result, stride, k > 0);
                }
            }
            for (var i = 0; i < piece.Images; i++)
                for (var o = 0; o < count; o++)
                {
                    var channel = group * count + o;
                    var y = Y + ((nint)(piece.Image + i) * S.OutC + channel) * S.Outputs + piece.Row * S.OutW + piece.Column;
                    ShortRows.Bias<T>(piece.PerImage, result + (nint)o * stride + i * piece.PerImage, Bias == null ? 0f : Bias[channel], y);
                }
        }
    }

    /// <summary>
    /// A range of a group's channels of dx of some images. What each output gives to each input is a product; an input adds up
    /// what it gets in ascending order of the outputs.
    /// </summary>
    private struct BackwardInputJob<T> : IJob where T : struct, ILane<T>
    {
        public ConvShape S;
        public ConvCut Cut;
        public int Block, Range, Ranges, Sub;
        public float* W, Dy, Dx;

        public readonly void Execute(int part)
        {
            int range = part % Ranges, group = part / Ranges % S.Groups, set = part / Ranges / S.Groups;
            int until = Math.Min(S.GroupC, (range + 1) * Range), perImages = Cut.PerImages;
            var plane = new ConvPlane(S);
            float* dy = null;
            nint strideOfDy = 0;
            for (var from = range * Range; from < until; from += Sub)
            {
                var channels = Math.Min(Sub, until - from);
                var images = Cut[set * perImages].Images;
                var planes = Scratch.Get(Scratch.Use.Plane, (long)images * channels * plane.Size + 16);
                Clear(planes, (long)images * channels * plane.Size);
                for (var p = 0; p < perImages; p++)
                {
                    var piece = Cut[set * perImages + p];
                    if (perImages > 1 || from == range * Range) dy = Outputs(S, piece, Dy, group, out strideOfDy);
                    Add(piece, group, from, channels, dy, strideOfDy, plane, planes);
                }
                for (var i = 0; i < images; i++)
                    for (var c = 0; c < channels; c++)
                        plane.Spread(planes + ((nint)i * channels + c) * plane.Size,
                            Dx + ((nint)(Cut[set * perImages].Image + i) * S.C + group * S.GroupC + from + c) * S.H * S.W);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Add(in ConvPiece piece, int group, int from, int channels, float* dy, nint strideOfDy, in ConvPlane plane, float* planes)
        {
            int stride = Stride(piece), terms = channels * S.Taps, padded = Strips.PaddedCount(S.Terms, Tile.Rows<T>());
            var result = Scratch.Get(Scratch.Use.Result, (long)terms * stride);
            for (var o = 0; o < S.GroupOutC; o += Block)
            {
                var k = Math.Min(Block, S.GroupOutC - o);
                var a = Strips.Packed(W + (nint)padded * (group * S.GroupOutC + o) + (nint)from * S.Taps * k, k, Tile.Rows<T>());
                var b = Strips.Of(dy + o * strideOfDy, strideOfDy, false, Tile.Columns<T>());
                var gathered = piece.Images > 1;
                Gemm.Block<T>(terms, gathered ? Rounded<T>(piece.Count) : piece.Count, k, a, b, gathered, result, stride, o > 0);
            }
            var taps = plane.Taps();
            // The last tap meets an input in the first output. Channels take turns, so that no sum waits for the one before it.
            for (var i = 0; i < piece.Images; i++)
                for (var tap = S.Taps - 1; tap >= 0; tap--)
                    for (var c = 0; c < channels; c++)
                        ShortRows.Add(piece.Rows, piece.Columns, 1f, result + (nint)(c * S.Taps + tap) * stride + i * piece.PerImage, piece.Columns,
                            planes + ((nint)i * channels + c) * plane.Size + piece.Row * plane.OutputRow + piece.Column + taps[tap], plane.OutputRow);
        }
    }

    /// <summary>A range of a group's channels of dw, transposed, summed over a range of images, piece by piece.</summary>
    private struct BackwardWeightJob<T> : IJob where T : struct, ILane<T>
    {
        public ConvShape S;
        public ConvCut Cut;
        public int SetsPerSum, Range, Ranges;
        public float* X, Dy, Sums;

        public readonly void Execute(int part)
        {
            int range = part % Ranges, group = part / Ranges % S.Groups, sum = part / Ranges / S.Groups;
            int first = sum * SetsPerSum * Cut.PerImages, last = Math.Min(Cut.Count, (sum + 1) * SetsPerSum * Cut.PerImages);
            int from = range * Range * S.Taps, until = Math.Min(S.Terms, (range + 1) * Range * S.Taps), width = Tile.Columns<T>();
            var sums = Sums + ((nint)sum * S.Groups + group) * S.GroupOutC * S.Terms;
            for (var p = first; p < last; p++)
            {
                var piece = Cut[p];
                var stride = Stride(piece);
                var dy = Outputs(S, piece, Dy, group, out var strideOfDy);
                var packed = Scratch.Get(Scratch.Use.Shared, (long)Strips.PaddedCount(S.GroupOutC, width) * piece.Count);
                Strips.Pack(dy, strideOfDy, true, piece.Count, S.GroupOutC, width, packed);
                var b = Strips.Packed(packed, piece.Count, width);
                for (var k = from; k < until; k += PatchesAtOnce)
                {
                    var terms = Math.Min(PatchesAtOnce, until - k);
                    var patches = Scratch.Get(Scratch.Use.Patches, (long)PatchesAtOnce * stride);
                    Gather(S, piece, X, group, k, k + terms, patches, stride);
                    Gemm.Block<T>(terms, S.GroupOutC, piece.Count, Strips.Of(patches, stride, true, Tile.Rows<T>()), b, true,
                        sums + (nint)k * S.GroupOutC, S.GroupOutC, p > first);
                }
            }
        }
    }
}
