using System.Buffers.Binary;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// How active features are written: for each feature whether it is active, under its own frequency on training data, then the levels of
/// the active ones under one table. A level is the length of what the feature adds to the sum, in steps of one width for all: so much
/// error costs the same everywhere. A feature whose level is 0 counts as not active.
/// </summary>
internal sealed class SparseCode
{
    private const float LargestLevel = 1e9f;
    private readonly float _step;
    private readonly ushort[] _active; // P(active) in units of 1/65,536
    private readonly double[] _costs; // bits of an active feature over those of an inactive one
    private readonly double _silence; // bits of a row without active features
    private readonly LevelCode _levels;

    public SparseCode(float step, ushort[] active, LevelCode levels)
    {
        (_step, _active, _levels) = (step, active, levels);
        _costs = new double[active.Length];
        for (var i = 0; i < active.Length; i++)
        {
            var (yes, no) = (16 - FixedMath.Log2(active[i]), 16 - FixedMath.Log2(65536 - active[i]));
            _costs[i] = yes - no;
            _silence += no;
        }
    }

    /// <summary>The width of a level.</summary>
    public float Step => _step;

    /// <summary>The level of a feature's size.</summary>
    public static long Level(float value, float length, float step) => (long)MathF.Round(Math.Clamp(value * length / step, 0f, LargestLevel));

    /// <summary>The message of active features.</summary>
    public Message Quantize(SparsePattern pattern, Tensor values, float[] lengths)
    {
        var levels = new List<long>();
        var places = new List<int>();
        var starts = new int[pattern.Rows + 1];
        for (var i = 0; i < pattern.Rows; i++)
        {
            for (var p = pattern.Starts[i]; p < pattern.Starts[i + 1]; p++)
            {
                var level = Level(values.Data[p], lengths[pattern.Places[p]], _step);
                if (level < 1) continue;
                levels.Add(level);
                places.Add(pattern.Places[p]);
            }
            starts[i + 1] = places.Count;
        }
        return new Message([Part(starts, places, levels)]);
    }

    /// <summary>What the receiver takes a message for.</summary>
    /// <exception cref="ArgumentException">Features are not in rising order.</exception>
    public (SparsePattern Pattern, Tensor Values) Dequantize(Sparse part, float[] lengths)
    {
        var (rows, width) = (part.Support.Shape[0], part.Support.Shape[1]);
        var starts = new int[rows + 1];
        var (places, values) = (new List<int>(), new List<float>());
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < width; j++)
            {
                var place = part.Support.Data[(i * width) + j];
                if (place < 0) continue;
                if (place >= lengths.Length) throw new ArgumentException($"sparse message: feature {place} of {lengths.Length}");
                places.Add((int)place);
                values.Add(lengths[place] > 0 ? part.Levels.Data[(i * width) + j] * _step / lengths[place] : 0);
            }
            starts[i + 1] = places.Count;
        }
        return (new SparsePattern(lengths.Length, starts, [.. places]), Tensor.From([.. values], values.Count));
    }

    /// <summary>What each row costs, in nats, [rows].</summary>
    public Tensor Cost(Sparse part)
    {
        var (rows, width) = (part.Support.Shape[0], part.Support.Shape[1]);
        var cost = Tensor.Zeros(rows);
        var sizes = new CostMeter();
        var before = 0.0;
        for (var i = 0; i < rows; i++)
        {
            var bits = _silence;
            for (var j = 0; j < width && part.Support.Data[(i * width) + j] >= 0; j++)
            {
                bits += _costs[part.Support.Data[(i * width) + j]];
                _levels.Write(LongTensor.Over([part.Levels.Data[(i * width) + j]], 1, 1), sizes);
            }
            cost.Data[i] = (float)Bits.FromBits(bits + sizes.Cost.Value - before).Nats;
            before = sizes.Cost.Value;
        }
        return cost;
    }

    /// <summary>Writes rows one after the other.</summary>
    public void Write(Sparse part, ISymbolWriter to)
    {
        var (rows, width) = (part.Support.Shape[0], part.Support.Shape[1]);
        for (var i = 0; i < rows; i++)
        {
            var j = 0;
            for (var f = 0; f < _active.Length; f++)
            {
                var active = j < width && part.Support.Data[(i * width) + j] == f;
                to.WriteBit(active, _active[f]);
                if (active) j++;
            }
            if (j < width && part.Support.Data[(i * width) + j] >= 0) throw new ArgumentException($"sparse message: the features of row {i} are not in rising order within 0..{_active.Length - 1}");
            _levels.Write(LongTensor.From(part.Levels.Data.Slice(i * width, j), j, 1), to);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public Sparse Read(ISymbolReader from, int rows)
    {
        var starts = new int[rows + 1];
        var (places, levels) = (new List<int>(), new List<long>());
        for (var i = 0; i < rows; i++)
        {
            for (var f = 0; f < _active.Length; f++)
                if (from.ReadBit(_active[f])) places.Add(f);
            starts[i + 1] = places.Count;
            foreach (var level in _levels.Read(from, starts[i + 1] - starts[i]).Data)
                levels.Add(level >= 1 ? level : throw new CodingException(CodingError.InvalidSymbol, $"the level {level} of an active feature; at least 1 is expected"));
        }
        return Part(starts, places, levels);
    }

    /// <summary>The step, int32 features, a uint16 for each, then a <see cref="TableSet"/>; little-endian.</summary>
    public byte[] ToBytes()
    {
        var tables = _levels.ToBytes();
        var bytes = new byte[8 + (2 * _active.Length) + tables.Length];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, _step);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), _active.Length);
        for (var i = 0; i < _active.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8 + (2 * i)), _active[i]);
        tables.CopyTo(bytes, 8 + (2 * _active.Length));
        return bytes;
    }

    /// <summary>What <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InputException">The bytes are damaged or for another number of features.</exception>
    public static SparseCode Parse(ReadOnlySpan<byte> bytes, int features)
    {
        if (bytes.Length < 8 + (2L * features)) throw new InputException($"tables: {bytes.Length} bytes are too few for {features} features");
        var (step, count) = (BinaryPrimitives.ReadSingleLittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
        if (!float.IsFinite(step) || step <= 0) throw new InputException("tables: the width of a level is not a positive number");
        if (count != features) throw new InputException($"tables: they are for {count} features, expected {features}");
        var active = new ushort[features];
        for (var i = 0; i < features; i++)
        {
            active[i] = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(8 + (2 * i))..]);
            if (active[i] == 0) throw new InputException($"tables: feature {i} has the frequency 0");
        }
        return new SparseCode(step, active, LevelCode.Parse(bytes[(8 + (2 * features))..], 1));
    }

    private Sparse Part(int[] starts, List<int> places, List<long> levels)
    {
        var rows = starts.Length - 1;
        var width = 0;
        for (var i = 0; i < rows; i++) width = Math.Max(width, starts[i + 1] - starts[i]);
        var (support, sizes) = (LongTensor.Zeros(rows, width), LongTensor.Zeros(rows, width));
        support.Data.Fill(-1);
        for (var i = 0; i < rows; i++)
            for (var p = starts[i]; p < starts[i + 1]; p++)
                (support.Data[(i * width) + p - starts[i]], sizes.Data[(i * width) + p - starts[i]]) = (places[p], levels[p]);
        return new Sparse("features", support, sizes, _active.Length);
    }
}

/// <summary>Gathers training data for a <see cref="SparseCode"/>.</summary>
internal sealed class SparseCodeFit(int features)
{
    private const double AddedError = 0.05;
    private readonly List<int> _places = [];
    private readonly List<float> _lengths = []; // of what each active feature adds to the sum
    private double _error;
    private long _rows;

    /// <summary>One batch: its active features and the summed squared error that they leave.</summary>
    public void Add(SparsePattern pattern, Tensor values, float[] lengths, double error)
    {
        for (var p = 0; p < pattern.Count; p++)
        {
            _places.Add(pattern.Places[p]);
            _lengths.Add(values.Data[p] * lengths[pattern.Places[p]]);
        }
        _error += error;
        _rows += pattern.Rows;
    }

    /// <summary>The code: rounding to a step Δ adds Δ²/12 for each active feature.</summary>
    public SparseCode Finish()
    {
        if (_rows == 0) throw new ArgumentException("freeze: no training features were given");
        double squares = 0;
        foreach (var v in _lengths) squares += v * (double)v;
        var entries = Math.Max(1, _lengths.Count);
        // What is rebuilt almost exactly still gets no finer levels than a 256th of a feature's size.
        var step = (float)Math.Sqrt(Math.Max(12 * AddedError * _error / entries, squares / entries / 65536));
        if (!(step > 0) || !float.IsFinite(step)) step = 1f;
        var counts = new long[features];
        var levels = new List<int>();
        for (var p = 0; p < _lengths.Count; p++)
        {
            var level = SparseCode.Level(_lengths[p], 1f, step);
            if (level < 1) continue;
            counts[_places[p]]++;
            levels.Add((int)level);
        }
        if (levels.Count == 0) levels.Add(1);
        var active = new ushort[features];
        for (var i = 0; i < features; i++) active[i] = (ushort)Math.Clamp((long)Math.Round(65536 * (counts[i] + 0.5) / (_rows + 1)), 1, 65535);
        return new SparseCode(step, active, new LevelCode([LevelCode.Fit(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(levels))]));
    }
}
