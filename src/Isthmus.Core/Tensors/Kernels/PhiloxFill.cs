using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>What becomes of the four words of a Philox block; the words come as bit patterns.</summary>
internal interface IWords
{
    /// <summary>Turns the words into the elements at their places.</summary>
    void Apply<T>(ref T w0, ref T w1, ref T w2, ref T w3) where T : struct, ILane<T>;
}

/// <summary>Uniform on [0, 1): the upper 24 bits.</summary>
internal readonly struct UniformWords : IWords
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T w0, ref T w1, ref T w2, ref T w3) where T : struct, ILane<T> =>
        (w0, w1, w2, w3) = (Uniform(w0), Uniform(w1), Uniform(w2), Uniform(w3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Uniform<T>(T word) where T : struct, ILane<T> =>
        T.FromIntBits(T.And(T.ShiftBitsRight(word, 8), T.Bits(0xFFFFFF))) * T.Of(1f / (1 << 24));
}

/// <summary>1 where the uniform number is below keep, else 0.</summary>
internal readonly struct BernoulliWords(float keep) : IWords
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T w0, ref T w1, ref T w2, ref T w3) where T : struct, ILane<T> => (w0, w1, w2, w3) = (Kept(w0), Kept(w1), Kept(w2), Kept(w3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T Kept<T>(T word) where T : struct, ILane<T> => T.And(T.LessThan(UniformWords.Uniform(word), T.Of(keep)), T.Of(1f));
}

/// <summary>Standard normal by Box and Muller: radius from the first word of a pair, angle from the second.</summary>
internal readonly struct NormalWords : IWords
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T w0, ref T w1, ref T w2, ref T w3) where T : struct, ILane<T>
    {
        Pair(ref w0, ref w1);
        Pair(ref w2, ref w3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair<T>(ref T u, ref T v) where T : struct, ILane<T>
    {
        // 31 bits, so that the conversion is signed; relative rounding keeps the small numbers, and with them the tails, fine.
        var uniform = T.Fma(T.FromIntBits(T.And(T.ShiftBitsRight(u, 1), T.Bits(int.MaxValue))), T.Of(1f / (1u << 31)), T.Of(0.5f / (1u << 31)));
        var radius = T.Sqrt(T.Of(-2f) * VectorMath.LogOfNormal(uniform));
        VectorMath.SinCosOfTurn(v, out var sin, out var cos);
        (u, v) = (radius * cos, radius * sin);
    }
}

/// <summary>Fills arrays from a Philox stream, as many blocks side by side as a lane has floats.</summary>
internal static unsafe class PhiloxFill
{
    /// <summary>to[i] = the element at place position + i of the stream.</summary>
    public static void Run<TWords>(in TWords words, ulong seed, ulong stream, ulong position, float* to, long n) where TWords : unmanaged, IWords
    {
        var job = new Job<TWords> { Words = words, Seed = seed, Stream = stream, Position = position, To = to, N = n };
        Workers.Run(ref job, checked((int)((n + Wide.Part - 1) / Wide.Part)));
    }

    private struct Job<TWords> : IJob where TWords : unmanaged, IWords
    {
        public TWords Words;
        public ulong Seed, Stream, Position;
        public float* To;
        public long N;

        public readonly void Execute(int part)
        {
            var at = part * Wide.Part;
            var count = Math.Min(Wide.Part, N - at);
            if (Lane16.IsAccelerated) Fill<Lane16>(Position + (ulong)at, To + at, count);
            else if (Lane8.IsAccelerated) Fill<Lane8>(Position + (ulong)at, To + at, count);
            else if (Lane4.IsAccelerated) Fill<Lane4>(Position + (ulong)at, To + at, count);
            else Fill<Lane1>(Position + (ulong)at, To + at, count);
        }

        private readonly void Fill<T>(ulong position, float* to, long n) where T : struct, ILane<T>
        {
            var group = 4 * T.Width;
            var block = position >> 2;
            var skip = (int)(position & 3);
            var offsets = stackalloc int[16];
            for (var i = 0; i < 16; i++) offsets[i] = i;
            var ramp = T.Load((float*)offsets);
            var pad = stackalloc float[64];
            while (n > 0)
            {
                var whole = skip == 0 && n >= group;
                var at = whole ? to : pad;
                // Where the lower half of the block's number runs over, blocks go one by one.
                if ((uint)block > uint.MaxValue - 16) OneByOne(block, T.Width, at);
                else Blocks(block, ramp, at);
                var count = (int)Math.Min(group - skip, n);
                if (!whole) new Span<float>(pad + skip, count).CopyTo(new Span<float>(to, count));
                to += count;
                n -= count;
                skip = 0;
                block += (ulong)T.Width;
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private readonly void OneByOne(ulong block, int count, float* to)
        {
            for (var i = 0; i < count; i++) Blocks(block + (ulong)i, Lane1.Bits(0), to + 4 * i);
        }

        /// <summary>Writes the elements of Width blocks.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Blocks<T>(ulong block, T ramp, float* to) where T : struct, ILane<T>
        {
            T c0 = T.AddBits(T.Bits((int)(uint)block), ramp), c1 = T.Bits((int)(uint)(block >> 32)), c2 = T.Bits((int)(uint)Stream), c3 = T.Bits((int)(uint)(Stream >> 32));
            Philox.Block(ref c0, ref c1, ref c2, ref c3, (uint)Seed, (uint)(Seed >> 32));
            Words.Apply(ref c0, ref c1, ref c2, ref c3);
            T.StoreByFours(c0, c1, c2, c3, to);
        }
    }
}
