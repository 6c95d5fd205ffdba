using System.Buffers.Binary;
using System.Text;

namespace Isthmus.Data;

/// <summary>Writes NumPy's array format (version 1.0): float32 or float64, little-endian, C order.</summary>
public sealed class NpyWriter
{
    private readonly Stream _stream;
    private readonly long _start;
    private readonly int[] _rowShape;
    private long _rows;
    private bool _double;

    /// <summary>Begins an array whose rows come later.</summary>
    /// <param name="stream">Where to; it must be able to seek, because the number of rows stands in front.</param>
    /// <param name="rowShape">The shape of one row.</param>
    public NpyWriter(Stream stream, params ReadOnlySpan<int> rowShape)
    {
        ArgumentNullException.ThrowIfNull(stream);
        (_stream, _start, _rowShape) = (stream, stream.Position, rowShape.ToArray());
        stream.Write(Header());
    }

    /// <summary>Adds whole rows.</summary>
    public void Write(ReadOnlySpan<float> values)
    {
        var size = _rowShape.Aggregate(1L, (n, d) => n * d);
        if (size == 0 || values.Length % size != 0) throw new ArgumentException($"npy: {values.Length} numbers are not rows of {size}");
        Span<byte> bytes = stackalloc byte[4];
        foreach (var v in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, v);
            _stream.Write(bytes);
        }
        _rows += values.Length / size;
    }

    /// <summary>Writes a whole array of float64.</summary>
    /// <param name="stream">Where to; it must be able to seek.</param>
    /// <param name="values">All numbers, row-major.</param>
    /// <param name="columns">Numbers in a row.</param>
    public static void WriteDoubles(Stream stream, ReadOnlySpan<double> values, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var writer = new NpyWriter(stream, columns) { _double = true };
        Span<byte> bytes = stackalloc byte[8];
        foreach (var v in values)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, v);
            stream.Write(bytes);
        }
        writer._rows = values.Length / columns;
        writer.Complete();
    }

    /// <summary>Puts the number of rows into the header.</summary>
    public void Complete()
    {
        var end = _stream.Position;
        _stream.Position = _start;
        _stream.Write(Header());
        _stream.Position = end;
    }

    // Always 256 bytes, so that the number of rows can grow in place.
    private byte[] Header()
    {
        var shape = string.Concat(_rowShape.Select(d => FormattableString.Invariant($" {d},")));
        var text = FormattableString.Invariant($"{{'descr': '{(_double ? "<f8" : "<f4")}', 'fortran_order': False, 'shape': ({_rows},{shape}), }}");
        var header = new byte[256];
        header.AsSpan().Fill((byte)' ');
        header[0] = 0x93;
        "NUMPY"u8.CopyTo(header.AsSpan(1));
        (header[6], header[7]) = (1, 0); // version
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), 246);
        Encoding.ASCII.GetBytes(text).CopyTo(header, 10);
        header[255] = (byte)'\n';
        return header;
    }
}
