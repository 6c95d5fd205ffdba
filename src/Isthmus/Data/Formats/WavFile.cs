using System.Buffers.Binary;

namespace Isthmus.Data;

/// <summary>Sound as a WAV file holds it.</summary>
/// <param name="SampleRate">Samples a second, positive.</param>
/// <param name="Channels">1 or more.</param>
/// <param name="Samples">[channels, length], row-major; integers are scaled to [-1, 1).</param>
public sealed record WavAudio(int SampleRate, int Channels, float[] Samples)
{
    /// <summary>Samples in each channel.</summary>
    public int Length => Samples.Length / Channels;
}

/// <summary>
/// Reads and writes WAV: PCM of 8, 16, 24 and 32 bits and floating point of 32 and 64 bits, plain or "extensible" (Microsoft, IBM:
/// "Multimedia Programming Interface and Data Specifications 1.0", 1991, and its later formats).
/// </summary>
public static class WavFile
{
    private const int Chunk = 1 << 16;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxMemory">How many bytes the decoded sound may take.</param>
    /// <exception cref="InputException">Not a WAV file, of another encoding, cut off, or larger than allowed.</exception>
    public static WavAudio Read(string path, long maxMemory = long.MaxValue) => InputFile.Guard(path, () =>
    {
        using var stream = InputFile.Open(path);
        var layout = Layout.Of(stream, path);
        var length = layout.DataBytes / layout.FrameBytes;
        new MemoryBudget(maxMemory, path).Take(length * layout.Channels, sizeof(float), $"{length} samples of sound");
        var samples = new float[length * layout.Channels];
        layout.Decode(stream, samples, (int)length, (int)length);
        return new WavAudio(layout.SampleRate, layout.Channels, samples);
    });

    /// <summary>Rate, channels and length that a file promises.</summary>
    internal static (int SampleRate, int Channels, long Length) Size(string path) => InputFile.Guard(path, () =>
    {
        using var stream = InputFile.Open(path);
        var layout = Layout.Of(stream, path);
        return (layout.SampleRate, layout.Channels, layout.DataBytes / layout.FrameBytes);
    });

    /// <summary>The first samples of each channel into planes of a fixed length, silence after them.</summary>
    internal static void ReadInto(string path, float[] to, int offset, int planeLength) => InputFile.Guard(path, () =>
    {
        using var stream = InputFile.Open(path);
        var layout = Layout.Of(stream, path);
        var length = (int)Math.Min(planeLength, layout.DataBytes / layout.FrameBytes);
        layout.Decode(stream, to.AsSpan(offset), length, planeLength);
        return true;
    });

    /// <summary>The bytes of a WAV file: 16-bit PCM, rounded and cut to its range, or 32-bit floating point.</summary>
    public static byte[] Encode(WavAudio audio, bool floatingPoint = false)
    {
        ArgumentNullException.ThrowIfNull(audio);
        var size = floatingPoint ? 4 : 2;
        var dataBytes = checked(audio.Samples.Length * size);
        var bytes = new byte[44 + dataBytes];
        var b = bytes.AsSpan();
        "RIFF"u8.CopyTo(b);
        BinaryPrimitives.WriteInt32LittleEndian(b[4..], 36 + dataBytes);
        "WAVEfmt "u8.CopyTo(b[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(b[16..], 16);
        BinaryPrimitives.WriteInt16LittleEndian(b[20..], (short)(floatingPoint ? 3 : 1));
        BinaryPrimitives.WriteInt16LittleEndian(b[22..], checked((short)audio.Channels));
        BinaryPrimitives.WriteInt32LittleEndian(b[24..], audio.SampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(b[28..], checked(audio.SampleRate * audio.Channels * size));
        BinaryPrimitives.WriteInt16LittleEndian(b[32..], checked((short)(audio.Channels * size)));
        BinaryPrimitives.WriteInt16LittleEndian(b[34..], (short)(8 * size));
        "data"u8.CopyTo(b[36..]);
        BinaryPrimitives.WriteInt32LittleEndian(b[40..], dataBytes);
        for (var t = 0; t < audio.Length; t++)
            for (var c = 0; c < audio.Channels; c++)
            {
                var value = audio.Samples[c * audio.Length + t];
                var to = b[(44 + (t * audio.Channels + c) * size)..];
                if (floatingPoint) BinaryPrimitives.WriteSingleLittleEndian(to, value);
                else BinaryPrimitives.WriteInt16LittleEndian(to, (short)Math.Clamp(MathF.Round(value * 32768), short.MinValue, short.MaxValue));
            }
        return bytes;
    }

    /// <summary>Writes a file, whole or not at all.</summary>
    public static void Write(string path, WavAudio audio, bool floatingPoint = false) => AtomicFile.Write(path, stream => stream.Write(Encode(audio, floatingPoint)));

    // What the chunks before the samples say; the stream stands at the first sample.
    private readonly record struct Layout(int SampleRate, int Channels, int Bits, bool Float, long DataBytes)
    {
        public int FrameBytes => Channels * Bits / 8;

        public static Layout Of(Stream stream, string path)
        {
            var head = new byte[12];
            stream.ReadExactly(head);
            if (!head.AsSpan(0, 4).SequenceEqual("RIFF"u8) || !head.AsSpan(8, 4).SequenceEqual("WAVE"u8)) throw new InputException($"{path}: not a WAV file: it does not begin with RIFF and WAVE");
            Layout? format = null;
            while (true)
            {
                stream.ReadExactly(head, 0, 8);
                var length = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
                if (length > stream.Length - stream.Position) throw new InputException($"{path}: damaged or cut off: a chunk is longer than the file");
                if (head.AsSpan(0, 4).SequenceEqual("data"u8))
                {
                    if (format is not { } f) throw new InputException($"{path}: damaged WAV: samples before their format");
                    if (length % f.FrameBytes != 0) throw new InputException($"{path}: damaged WAV: {length} bytes are not a whole number of samples");
                    return f with { DataBytes = length };
                }
                var end = stream.Position + length + (length & 1);
                if (head.AsSpan(0, 4).SequenceEqual("fmt "u8)) format = Format(stream, length, path);
                stream.Position = Math.Min(end, stream.Length);
            }
        }

        private static Layout Format(Stream stream, uint length, string path)
        {
            if (length is < 16 or > 1024) throw new InputException($"{path}: damaged WAV: a format of {length} bytes");
            var b = new byte[length];
            stream.ReadExactly(b);
            var tag = BinaryPrimitives.ReadUInt16LittleEndian(b);
            if (tag == 0xFFFE && length >= 26) tag = BinaryPrimitives.ReadUInt16LittleEndian(b.AsSpan(24)); // the extensible form says it further down
            var format = new Layout(BinaryPrimitives.ReadInt32LittleEndian(b.AsSpan(4)), BinaryPrimitives.ReadUInt16LittleEndian(b.AsSpan(2)), BinaryPrimitives.ReadUInt16LittleEndian(b.AsSpan(14)), tag == 3, 0);
            if (tag is not (1 or 3)) throw new InputException(FormattableString.Invariant($"{path}: WAV encoding {tag} is not read"), "PCM and floating point are: convert the file");
            if (!(tag == 1 ? format.Bits is 8 or 16 or 24 or 32 : format.Bits is 32 or 64) || format.SampleRate <= 0 || format.Channels is < 1 or > 256
                || BinaryPrimitives.ReadUInt16LittleEndian(b.AsSpan(12)) != format.FrameBytes)
                throw new InputException(FormattableString.Invariant($"{path}: damaged WAV: {format.Channels} channels of {format.Bits} bits at {format.SampleRate} samples a second"));
            return format;
        }

        public void Decode(Stream stream, Span<float> to, int length, int planeLength)
        {
            var (frame, bytes) = (FrameBytes, Bits / 8);
            var buffer = new byte[Math.Max(1, Chunk / frame) * frame];
            for (var t = 0; t < length;)
            {
                var count = Math.Min(length - t, buffer.Length / frame);
                stream.ReadExactly(buffer, 0, count * frame);
                for (var i = 0; i < count; i++)
                    for (var c = 0; c < Channels; c++)
                        to[c * planeLength + t + i] = One(buffer.AsSpan(i * frame + c * bytes, bytes));
                t += count;
            }
        }

        private float One(ReadOnlySpan<byte> b)
        {
            if (Float)
            {
                var value = Bits == 32 ? BinaryPrimitives.ReadSingleLittleEndian(b) : (float)BinaryPrimitives.ReadDoubleLittleEndian(b);
                return float.IsFinite(value) ? value : throw new InvalidDataException("a sample is not a finite number");
            }
            return Bits switch
            {
                8 => (b[0] - 128) / 128f,
                16 => BinaryPrimitives.ReadInt16LittleEndian(b) / 32768f,
                24 => (b[0] | b[1] << 8 | (sbyte)b[2] << 16) / 8388608f,
                _ => BinaryPrimitives.ReadInt32LittleEndian(b) / 2147483648f,
            };
        }
    }
}
