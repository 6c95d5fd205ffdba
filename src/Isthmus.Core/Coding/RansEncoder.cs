using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

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
    private static int TopBits => T.LowBits + 8 * T.UnitBytes; // states are below 2^TopBits

    /// <summary>How large a buffer any message of a number of items may need.</summary>
    public static int BufferFor(int items, int lanes) =>
        // An item costs at most 16 bits and what one lane holds back; sixteen bytes in front admit a round of four words always.
        checked(2 * items + items / 32 + lanes * 16 + 32);

    /// <summary>The bytes of a recorded message, laid down at the end of a buffer of <see cref="BufferFor"/> or more.</summary>
    public static ReadOnlySpan<byte> Encode(SymbolRecorder message, int lanes, Span<byte> buffer)
    {
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
            if (T.StateBytes == 8) BinaryPrimitives.WriteUInt64LittleEndian(buffer[at..], states[lane]);
            else BinaryPrimitives.WriteUInt32LittleEndian(buffer[at..], (uint)states[lane]);
        }
        return buffer[at..];
    }

    private static void EncodeTable(FrequencyTable table, ReadOnlySpan<ushort> items, int first, Span<ulong> states, int lanes, Span<byte> buffer, ref int at)
    {
        var entries = table.Encoding;
        var i = items.Length;
        if (lanes > 1 && T.UnitBytes == 4 && i >= 2 * lanes)
        {
            for (; ((first + i) & (lanes - 1)) != 0; i--) Step(ref states[(first + i - 1) & (lanes - 1)], in entries[items[i - 1]], buffer, ref at);
            if (lanes == 4) EncodeByFour(entries, items, ref i, states, buffer, ref at);
            else EncodeByTwo(entries, items, ref i, states, buffer, ref at);
        }
        for (; i > 0; i--) Step(ref states[(first + i - 1) & (lanes - 1)], in entries[items[i - 1]], buffer, ref at);
    }

    // The states live in registers; lane 0 begins at items[i - 4]. One check admits the at most four words of a round.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EncodeByFour(EncodeEntry[] entries, ReadOnlySpan<ushort> items, ref int rest, Span<ulong> states, Span<byte> buffer, ref int at)
    {
        var (s0, s1, s2, s3) = (states[0], states[1], states[2], states[3]);
        var to = at;
        var i = rest;
        for (; i >= 4; i -= 4)
        {
            var four = items.Slice(i - 4, 4);
            ref var end = ref MemoryMarshal.GetReference(buffer.Slice(to - 16, 16));
            nint used = 16;
            s3 = FastStep(s3, in entries[four[3]], ref end, ref used);
            s2 = FastStep(s2, in entries[four[2]], ref end, ref used);
            s1 = FastStep(s1, in entries[four[1]], ref end, ref used);
            s0 = FastStep(s0, in entries[four[0]], ref end, ref used);
            to += (int)used - 16;
        }
        (states[0], states[1], states[2], states[3]) = (s0, s1, s2, s3);
        at = to;
        rest = i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EncodeByTwo(EncodeEntry[] entries, ReadOnlySpan<ushort> items, ref int rest, Span<ulong> states, Span<byte> buffer, ref int at)
    {
        var (s0, s1) = (states[0], states[1]);
        var to = at;
        var i = rest;
        for (; i >= 2; i -= 2)
        {
            var two = items.Slice(i - 2, 2);
            ref var end = ref MemoryMarshal.GetReference(buffer.Slice(to - 8, 8));
            nint used = 8;
            s1 = FastStep(s1, in entries[two[1]], ref end, ref used);
            s0 = FastStep(s0, in entries[two[0]], ref end, ref used);
            to += (int)used - 8;
        }
        (states[0], states[1]) = (s0, s1);
        at = to;
        rest = i;
    }

    // Rans64 only. A word is written below window + used in any case and kept only when needed: whether is unpredictable.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FastStep(ulong x, in EncodeEntry entry, ref byte window, ref nint used)
    {
        var word = BitConverter.IsLittleEndian ? (uint)x : BinaryPrimitives.ReverseEndianness((uint)x);
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref window, used - 4), word);
        var over = (nint)((long)(entry.Limit - x) >> 63); // -1 where x is above the limit, else 0: both are below 2^63
        used += over * 4;
        return Push(x >> (int)(over & 32), in entry);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Push(ulong x, in EncodeEntry entry)
    {
        var high = Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(x, entry.Reciprocal) : Math.BigMul(x, entry.Reciprocal, out _);
        return x + entry.Bias + (high >> entry.Shift) * entry.Complement;
    }

    private static void Step(ref ulong state, in EncodeEntry entry, Span<byte> buffer, ref int at) =>
        state = Push(Renormalize(state, entry.Limit >> (63 - TopBits), buffer, ref at), in entry);

    // Raw bits are entries of frequency one among 2^width; decisions divide, for their tables have no reciprocals.
    private static void EncodeUnmodelled(int width, ReadOnlySpan<ushort> items, int first, Span<ulong> states, int lanes, Span<byte> buffer, ref int at)
    {
        for (var i = items.Length - 1; i >= 0; i--)
        {
            ref var state = ref states[(first + i) & (lanes - 1)];
            if (width > 0)
            {
                state = (Renormalize(state, (1UL << (TopBits - width)) - 1, buffer, ref at) << width) | (uint)items[i];
                continue;
            }
            // A decision's item is its own probability: true owns the slots from 0, false those up to 65,536.
            uint f = items[i];
            var start = width == SymbolRecorder.True ? 0 : 65536 - f;
            var x = Renormalize(state, ((ulong)f << (TopBits - 16)) - 1, buffer, ref at);
            state = (x / f << 16) + x % f + start;
        }
    }

    // Moves whole units out of the state until it is at most the limit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Renormalize(ulong x, ulong limit, Span<byte> buffer, ref int at)
    {
        if (T.UnitBytes == 4)
        {
            if (x <= limit) return x;
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.Slice(at -= 4), (uint)x);
            return x >> 32;
        }
        while (x > limit)
        {
            buffer[--at] = (byte)x;
            x >>= 8;
        }
        return x;
    }
}
