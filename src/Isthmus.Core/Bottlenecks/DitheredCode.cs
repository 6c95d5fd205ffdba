using System.Buffers.Binary;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Writes vectors of real numbers as integers by subtractive dither: k = round(x / step + u), and the receiver takes
/// (k - u) step, where both know the offset u, one of 16 on a grid, from the place of the number. The error is as that of
/// adding uniform noise of one step's width, whatever x is, so that a code trained under noise of that width ships at the
/// rate it was trained at. Each dimension has its own step, and each dimension and offset its own integer table.
/// </summary>
/// <remarks>Ziv, "On universal quantization", IEEE Trans. Inf. Theory 1985; Theis and Agustsson, "On the advantages of
/// stochastic encoders", 2021, section 3.</remarks>
public sealed class DitheredCode
{
    private const ulong DitherSeed = 0x6973_7468_6D75_7300; // shared by every sender and receiver; part of the format
    private readonly float[] _steps;
    private readonly FrequencyTable[] _tables; // by dimension, then by offset

    private DitheredCode(float[] steps, FrequencyTable[] tables)
    {
        _steps = steps;
        _tables = tables;
    }

    /// <summary>The number of dimensions.</summary>
    public int Size => _steps.Length;

    /// <summary>The width of one level of each dimension.</summary>
    public ReadOnlySpan<float> Steps => _steps;

    /// <summary>Fits tables to vectors of training data.</summary>
    /// <param name="codes">[n, size] row-major.</param>
    /// <param name="steps">The width of one level of each dimension; 0 or not finite is taken as 1.</param>
    public static DitheredCode Fit(ReadOnlySpan<float> codes, ReadOnlySpan<float> steps)
    {
        var size = steps.Length;
        var n = size == 0 ? 0 : codes.Length / size;
        if (size == 0 || n == 0 || n * size != codes.Length)
            throw new ArgumentException($"dithered code: {codes.Length} numbers are not rows of {size}");
        var widths = new float[size];
        var tables = new FrequencyTable[size * Dither.Offsets];
        var levels = new int[n];
        for (var j = 0; j < size; j++)
        {
            widths[j] = float.IsFinite(steps[j]) && steps[j] > 0 ? steps[j] : 1f;
            for (var g = 0; g < Dither.Offsets; g++)
            {
                for (var i = 0; i < n; i++) levels[i] = Dither.Quantize(codes[(i * size) + j] / widths[j], g);
                tables[(j * Dither.Offsets) + g] = LevelCode.Fit(levels);
            }
        }
        return new DitheredCode(widths, tables);
    }

    /// <summary>The integers of a batch of vectors.</summary>
    /// <param name="codes">[batch, size].</param>
    public LongTensor Quantize(Tensor codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        Check(codes.Shape);
        var levels = LongTensor.Zeros(codes.Shape);
        var dither = new Dither(new RandomStream(DitherSeed));
        for (var i = 0; i < levels.Numel; i++) levels.Data[i] = Dither.Quantize(codes.Data[i] / _steps[i % Size], dither.Next());
        return levels;
    }

    /// <summary>What the receiver takes the integers for.</summary>
    /// <param name="levels">[batch, size].</param>
    public Tensor Dequantize(LongTensor levels)
    {
        ArgumentNullException.ThrowIfNull(levels);
        Check(levels.Shape);
        var values = Tensor.Zeros(levels.Shape);
        var dither = new Dither(new RandomStream(DitherSeed));
        for (var i = 0; i < levels.Numel; i++) values.Data[i] = (float)Dither.Dequantize((int)levels.Data[i], dither.Next()) * _steps[i % Size];
        return values;
    }

    /// <summary>What each row costs under the tables, in nats, [batch]; escapes are counted as they are written.</summary>
    public Tensor Cost(LongTensor levels)
    {
        ArgumentNullException.ThrowIfNull(levels);
        var cost = Tensor.Zeros(levels.Shape[0]);
        var dither = new Dither(new RandomStream(DitherSeed));
        for (var i = 0; i < cost.Numel; i++)
        {
            var meter = new CostMeter();
            for (var j = 0; j < Size; j++) meter.WriteInteger((int)levels.Data[(i * Size) + j], _tables[(j * Dither.Offsets) + dither.Next()]);
            cost.Data[i] = (float)meter.Cost.Nats;
        }
        return cost;
    }

    /// <summary>Writes the integers.</summary>
    public void Write(LongTensor levels, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(levels);
        Check(levels.Shape);
        var dither = new Dither(new RandomStream(DitherSeed));
        for (var i = 0; i < levels.Numel; i++) to.WriteInteger((int)levels.Data[i], _tables[((i % Size) * Dither.Offsets) + dither.Next()]);
    }

    /// <summary>Reads the integers of a number of rows.</summary>
    public LongTensor Read(ISymbolReader from, int rows)
    {
        var levels = LongTensor.Zeros(rows, Size);
        var dither = new Dither(new RandomStream(DitherSeed));
        for (var i = 0; i < levels.Numel; i++) levels.Data[i] = from.ReadInteger(_tables[((i % Size) * Dither.Offsets) + dither.Next()]);
        return levels;
    }

    /// <summary>Steps and tables for the model file: int32 size, size floats, then a <see cref="TableSet"/>; little-endian.</summary>
    public byte[] ToBytes()
    {
        var tables = new TableSet(_tables).ToBytes();
        var bytes = new byte[4 + (4 * Size) + tables.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Size);
        for (var j = 0; j < Size; j++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 + (4 * j)), _steps[j]);
        tables.CopyTo(bytes, 4 + (4 * Size));
        return bytes;
    }

    /// <summary>What <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InputException">The bytes are damaged.</exception>
    public static DitheredCode Parse(ReadOnlySpan<byte> bytes)
    {
        var size = bytes.Length < 4 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (size < 1 || size > (bytes.Length - 4) / 4) throw new InputException($"tables: {bytes.Length} bytes do not hold steps for {size} dimensions");
        var steps = new float[size];
        for (var j = 0; j < size; j++)
        {
            steps[j] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 + (4 * j))..]);
            if (!float.IsFinite(steps[j]) || steps[j] <= 0) throw new InputException($"tables: the step of dimension {j} is not a positive number");
        }
        var tables = TableSet.Parse(bytes[(4 + (4 * size))..]);
        if (tables.Count != size * Dither.Offsets) throw new InputException($"tables: {tables.Count} tables, expected {size * Dither.Offsets} for {size} dimensions");
        return new DitheredCode(steps, [.. tables]);
    }

    private void Check(ReadOnlySpan<int> shape)
    {
        if (shape.Length != 2 || shape[1] != Size)
            throw new ArgumentException($"dithered code: rows of {Size} numbers are needed, not [{string.Join(", ", shape.ToArray())}]");
    }
}
