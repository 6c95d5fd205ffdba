using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Isthmus.Coding;

/// <summary>
/// Range variant of asymmetric numeral systems (J. Duda, "Asymmetric numeral systems", arXiv:1311.2540, 2013; interleaving
/// after F. Giesen, "Interleaved entropy coders", arXiv:1402.3392, 2014). Item i belongs to lane i mod lanes. The last item
/// is coded first and the bytes are laid down from the end, so the decoder runs forwards. The stream begins with the states,
/// lane 0 first; everything is little-endian.
/// </summary>
/// <remarks>Bits ≤ ideal + N·log2(1 + 2^p / L) + the states.</remarks>
internal static class RansEncoder<T> where T : struct, IRansVariant
{
    /// <summary>The bytes of a recorded message, in a new array.</summary>
    public static byte[] Encode(SymbolRecorder message, int lanes)
    {
        // An item costs at most 16 bits and what one lane holds back; four bytes in front let a word be written always.
        var bound = checked(2 * message.Count + message.Count / 32 + lanes * 16 + 16);
        var buffer = ArrayPool<byte>.Shared.Rent(bound);
        var states = (stackalloc ulong[4]);
        states.Fill(1UL << T.LowBits);
        var at = buffer.Length;
        var end = message.Count;
        for (var r = message.Runs.Count - 1; r >= 0; r--)
        {
            var run = message.Runs[r];
            var items = message.Items.Slice(end - run.Count, run.Count);
            end -= run.Count;
            if (run.Table is null) EncodeUnmodelled(run.Width, items, end, states, lanes, buffer, ref at);
            else EncodeTable(run.Table, items, end, states, lanes, buffer, ref at);
        }
        for (var lane = lanes - 1; lane >= 0; lane--)
        {
            at -= T.StateBytes;
            if (T.StateBytes == 8) BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(at), states[lane]);
            else BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(at), (uint)states[lane]);
        }
        var result = buffer.AsSpan(at).ToArray();
        ArrayPool<byte>.Shared.Return(buffer);
        return result;
    }

    private static void EncodeTable(FrequencyTable table, ReadOnlySpan<int> items, int first, Span<ulong> states, int lanes, byte[] buffer, ref int at)
    {
        var entries = table.Encoding;
        var p = table.Precision;
        var i = items.Length;
        if (lanes > 1 && i >= 2 * lanes)
        {
            for (; ((first + i) & (lanes - 1)) != 0; i--) Step(ref states[(first + i - 1) & (lanes - 1)], in entries[items[i - 1]], p, buffer, ref at);
            if (lanes == 4) EncodeByFour(entries, p, items, ref i, states, buffer, ref at);
            else EncodeByTwo(entries, p, items, ref i, states, buffer, ref at);
        }
        for (; i > 0; i--) Step(ref states[(first + i - 1) & (lanes - 1)], in entries[items[i - 1]], p, buffer, ref at);
    }

    // Lane 0 begins at items[i - 4]; the states live in registers.
    private static void EncodeByFour(EncodeEntry[] entries, int p, ReadOnlySpan<int> items, ref int i, Span<ulong> states, byte[] buffer, ref int at)
    {
        var (s0, s1, s2, s3) = (states[0], states[1], states[2], states[3]);
        var to = at;
        for (; i >= 4; i -= 4)
        {
            var four = items.Slice(i - 4, 4);
            Step(ref s3, in entries[four[3]], p, buffer, ref to);
            Step(ref s2, in entries[four[2]], p, buffer, ref to);
            Step(ref s1, in entries[four[1]], p, buffer, ref to);
            Step(ref s0, in entries[four[0]], p, buffer, ref to);
        }
        (states[0], states[1], states[2], states[3]) = (s0, s1, s2, s3);
        at = to;
    }

    private static void EncodeByTwo(EncodeEntry[] entries, int p, ReadOnlySpan<int> items, ref int i, Span<ulong> states, byte[] buffer, ref int at)
    {
        var (s0, s1) = (states[0], states[1]);
        var to = at;
        for (; i >= 2; i -= 2)
        {
            var two = items.Slice(i - 2, 2);
            Step(ref s1, in entries[two[1]], p, buffer, ref to);
            Step(ref s0, in entries[two[0]], p, buffer, ref to);
        }
        (states[0], states[1]) = (s0, s1);
        at = to;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(ref ulong state, in EncodeEntry entry, int p, byte[] buffer, ref int at)
    {
        var x = Renormalize(state, (ulong)entry.Frequency << (T.LowBits + 8 * T.UnitBytes - p), buffer, ref at);
        var q = Math.BigMul(x, entry.Reciprocal, out _) >> entry.Shift;
        state = x + entry.Bias + q * entry.Complement;
    }

    // Raw bits are entries of frequency one among 2^width; decisions divide, for their tables have no reciprocals.
    private static void EncodeUnmodelled(int width, ReadOnlySpan<int> items, int first, Span<ulong> states, int lanes, byte[] buffer, ref int at)
    {
        for (var i = items.Length - 1; i >= 0; i--)
        {
            ref var state = ref states[(first + i) & (lanes - 1)];
            if (width > 0)
            {
                state = (Renormalize(state, 1UL << (T.LowBits + 8 * T.UnitBytes - width), buffer, ref at) << width) | (uint)items[i];
                continue;
            }
            var probability = (uint)items[i] >> 1;
            var (start, f) = (items[i] & 1) == 1 ? (0u, probability) : (probability, 65536 - probability);
            var x = Renormalize(state, (ulong)f << (T.LowBits + 8 * T.UnitBytes - 16), buffer, ref at);
            state = (x / f << 16) + x % f + start;
        }
    }

    // Moves whole units out of the state until it is below the limit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Renormalize(ulong x, ulong limit, byte[] buffer, ref int at)
    {
        if (T.UnitBytes == 4)
        {
            // Written in any case and kept only when needed: whether is unpredictable, and both numbers are below 2^63 + 1.
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(at - 4), (uint)x);
            var over = (int)((limit - 1 - x) >> 63);
            at -= over * 4;
            return x >> (over * 32);
        }
        while (x >= limit)
        {
            buffer[--at] = (byte)x;
            x >>= 8;
        }
        return x;
    }
}
