using System.Buffers.Binary;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Writes indices under static integer tables, one for each position of a sample, fitted to training data. Where the number
/// of possible indices is too large for a table, an index is written as digits to a base of 256, each under its own table.
/// </summary>
public sealed class IndexCode
{
    private const int LargestTable = 4096, Base = 256;
    private readonly int _positions, _digits;
    private readonly long _alphabet;
    private readonly FrequencyTable[] _tables; // by position, then by digit, least significant first

    private IndexCode(int positions, long alphabet, FrequencyTable[] tables)
    {
        (_positions, _alphabet, _digits) = (positions, alphabet, DigitsOf(alphabet));
        _tables = tables;
    }

    /// <summary>Fits tables.</summary>
    /// <param name="indices">[n, positions], each in 0..alphabet-1.</param>
    /// <param name="alphabet">The number of possible indices, at least 1.</param>
    public static IndexCode Fit(LongTensor indices, long alphabet)
    {
        ArgumentNullException.ThrowIfNull(indices);
        if (indices.Dim != 2 || indices.Numel == 0 || alphabet < 1)
            throw new ArgumentException($"index code: indices [n, positions] of an alphabet are needed, not [{string.Join(", ", indices.Shape.ToArray())}] of {alphabet}");
        var positions = indices.Shape[1];
        var digits = DigitsOf(alphabet);
        var tables = new FrequencyTable[positions * digits];
        for (var p = 0; p < positions; p++)
            for (var d = 0; d < digits; d++)
            {
                var size = digits == 1 ? (int)alphabet : Base;
                var weights = new double[size];
                Array.Fill(weights, 0.5); // Krichevsky and Trofimov: every index stays possible
                for (var i = p; i < indices.Numel; i += positions) weights[Digit(indices.Data[i], d, digits)]++;
                tables[(p * digits) + d] = FrequencyTable.FromPmf(weights, precision: 16, everySymbol: true);
            }
        return new IndexCode(positions, alphabet, tables);
    }

    /// <summary>What each sample costs, in nats, [batch].</summary>
    public Tensor Cost(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var cost = Tensor.Zeros(indices.Shape[0]);
        for (var i = 0; i < indices.Numel; i++)
            for (var d = 0; d < _digits; d++)
                cost.Data[i / _positions] += (float)Bits.FromBits(TableOf(i, d).Bits(Digit(indices.Data[i], d, _digits))).Nats;
        return cost;
    }

    /// <summary>Writes indices [batch, positions].</summary>
    public void Write(LongTensor indices, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(to);
        for (var i = 0; i < indices.Numel; i++)
            for (var d = 0; d < _digits; d++) to.Write(Digit(indices.Data[i], d, _digits), TableOf(i, d));
    }

    /// <summary>Reads the indices of a number of samples.</summary>
    /// <exception cref="CodingException">The bytes lead to an index outside the alphabet.</exception>
    public LongTensor Read(ISymbolReader from, int samples)
    {
        ArgumentNullException.ThrowIfNull(from);
        var indices = LongTensor.Zeros(samples, _positions);
        for (var i = 0; i < indices.Numel; i++)
        {
            long index = 0;
            for (var d = 0; d < _digits; d++) index |= (long)from.Read(TableOf(i, d)) << (8 * d);
            if (index >= _alphabet) throw new CodingException(CodingError.InvalidSymbol, $"index {index} is outside 0..{_alphabet - 1}");
            indices.Data[i] = index;
        }
        return indices;
    }

    /// <summary>The tables for the model file: int32 positions, int64 alphabet, then a <see cref="TableSet"/>; little-endian.</summary>
    public byte[] ToBytes()
    {
        var tables = new TableSet(_tables).ToBytes();
        var bytes = new byte[12 + tables.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, _positions);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), _alphabet);
        tables.CopyTo(bytes, 12);
        return bytes;
    }

    /// <summary>What <see cref="ToBytes"/> wrote, for a known number of positions and alphabet.</summary>
    /// <exception cref="InputException">The bytes are damaged or belong to another bottleneck.</exception>
    public static IndexCode Parse(ReadOnlySpan<byte> bytes, int positions, long alphabet)
    {
        if (bytes.Length < 12) throw new InputException($"tables: {bytes.Length} bytes are too few");
        var (p, a) = (BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]));
        if (p != positions || a != alphabet) throw new InputException($"tables: they are for {p} positions of {a} indices, expected {positions} of {alphabet}");
        var tables = TableSet.Parse(bytes[12..]);
        var digits = DigitsOf(alphabet);
        if (tables.Count != positions * digits || tables.Any(t => t.First != 0 || t.HasEscape || t.Entries != (digits == 1 ? alphabet : Base)))
            throw new InputException($"tables: {tables.Count} tables do not fit {positions} positions of {alphabet} indices");
        return new IndexCode(positions, alphabet, [.. tables]);
    }

    private FrequencyTable TableOf(int i, int digit) => _tables[(i % _positions * _digits) + digit];

    private static int DigitsOf(long alphabet)
    {
        if (alphabet <= LargestTable) return 1;
        var digits = 0;
        for (var rest = (ulong)(alphabet - 1); rest > 0; rest >>= 8) digits++;
        return digits;
    }

    private static int Digit(long index, int digit, int digits) => digits == 1 ? (int)index : (int)((index >> (8 * digit)) & (Base - 1));
}
