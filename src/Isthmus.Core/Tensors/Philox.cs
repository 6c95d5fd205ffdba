using System.Runtime.CompilerServices;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

/// <summary>
/// The block function Philox4x32-10: four 32-bit counters and two 32-bit keys to four random words.
/// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
/// </summary>
internal static class Philox
{
    private const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;

    /// <summary>Ten rounds, in place, on the counter (c0, c1, c2, c3) under the key (k0, k1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block(ref uint c0, ref uint c1, ref uint c2, ref uint c3, uint k0, uint k1)
    {
        for (var round = 0; round < 10; round++)
        {
            var p0 = (ulong)M0 * c0;
            var p1 = (ulong)M1 * c2;
            c0 = (uint)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint)p1;
            c2 = (uint)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint)p0;
            k0 += W0;
            k1 += W1;
        }
    }

    /// <summary>The same on as many counters side by side as a lane has elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block<T>(ref T c0, ref T c1, ref T c2, ref T c3, uint k0, uint k1) where T : struct, ILane<T>
    {
        for (var round = 0; round < 10; round++)
        {
            T.MultiplyBits(c0, M0, out var high0, out var low0);
            T.MultiplyBits(c2, M1, out var high1, out var low1);
            c0 = T.Xor(T.Xor(high1, c1), T.Bits((int)k0));
            c1 = low1;
            c2 = T.Xor(T.Xor(high0, c3), T.Bits((int)k1));
            c3 = low0;
            k0 += W0;
            k1 += W1;
        }
    }
}
