using System.Runtime.InteropServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Working memory of a thread's kernels: one growing block per purpose, kept from call to call, aligned to cache lines, freed
/// with the thread. What a block holds is undefined, but finite or old.
/// </summary>
internal sealed unsafe class Scratch
{
    /// <summary>What a block is for; two uses that overlap in time have different names.</summary>
    public enum Use
    {
        /// <summary>The operand that all parts of a product read.</summary>
        Shared,
        /// <summary>The operand of one part.</summary>
        Private,
        /// <summary>A strip and a tile at the edge.</summary>
        Edge,
        /// <summary>A convolution's patches.</summary>
        Patches,
        /// <summary>One channel, padded and cut by stride.</summary>
        Plane,
        /// <summary>Where a kernel's taps begin.</summary>
        Taps,
        /// <summary>A convolution's result before it is spread.</summary>
        Result,
        /// <summary>A convolution's sums of parts, and its weights.</summary>
        Weights,
        /// <summary>Scores of an attention and what goes with them.</summary>
        Tiles,
        /// <summary>A line of a Fourier transform, twice.</summary>
        Transform,
    }

    [ThreadStatic] private static Scratch? t_scratch;

    private readonly nint[] _block = new nint[10];
    private readonly long[] _size = new long[10];

    /// <summary>The block for a use on this thread, at least so many floats long; its old content is lost when it grows.</summary>
    public static float* Get(Use use, long floats) => (t_scratch ??= new Scratch()).Grown((int)use, floats);

    private float* Grown(int use, long floats)
    {
        if (_size[use] < floats)
        {
            NativeMemory.AlignedFree((void*)_block[use]);
            _size[use] = 0;
            var bytes = (nuint)floats * sizeof(float);
            _block[use] = (nint)NativeMemory.AlignedAlloc(bytes, 64);
            NativeMemory.Clear((void*)_block[use], bytes);
            _size[use] = floats;
        }
        return (float*)_block[use];
    }

    ~Scratch()
    {
        foreach (var block in _block) NativeMemory.AlignedFree((void*)block);
    }
}
