using System.Numerics;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What the receiver believes of an index before it arrives.</summary>
public enum IndexPrior
{
    /// <summary>A table for each stage (or head), counted on training data; the places of a map share it.</summary>
    Static,

    /// <summary>A table for each stage at each place.</summary>
    Position,

    /// <summary>A table for each stage given the index before it: the stage before at the same place, or the first stage at the place before.</summary>
    Context,

    /// <summary>Nothing is counted before: a model of each stage, given the index before it where the codes are few, learns while it codes.</summary>
    Adaptive,

    /// <summary>Nothing is modelled: each index takes ⌈log2 codes⌉ bits.</summary>
    Packed,
}

/// <summary>Where indices stand: places (of a map or a text) times stages, all stages of a place together.</summary>
/// <param name="Alphabets">The number of possible indices of each stage, each at least 1.</param>
/// <param name="Places">How often the stages are repeated, at least 1.</param>
public sealed record IndexLayout(IReadOnlyList<long> Alphabets, int Places)
{
    /// <summary>One alphabet at a number of positions, each a stage of its own.</summary>
    public static IndexLayout Of(int positions, long alphabet) => new([.. Enumerable.Repeat(alphabet, positions)], 1);

    /// <summary>Indices of a place.</summary>
    public int Stages => Alphabets.Count;

    /// <summary>Indices of a message.</summary>
    public int Positions => Alphabets.Count * Places;

    /// <summary>log2 of the number of messages.</summary>
    public Bits Capacity => Bits.FromBits(Places * Alphabets.Sum(a => Math.Log2(a)));
}

/// <summary>
/// Writes indices under a prior that both sides have. Where the number of possible indices is too large for a table, an index is
/// written as digits to a base of 256, the lowest first, each under its own table.
/// </summary>
/// <remarks>Absent indices (-1) are not written and cost nothing; what is absent has to be known to the reader, by lengths.</remarks>
public sealed class IndexCode
{
    private const uint Magic = 0x43495349; // "ISIC"
    private const int LargestTable = 4096, LargestModel = 65536, Base = 256, ContextCells = 1 << 16;
    private readonly IndexLayout _layout;
    private readonly IndexPrior _prior;
    private readonly int[] _digits, _firstTable; // by stage
    private readonly FrequencyTable[] _tables; // Static, Position: by place, stage, digit
    private readonly CodePrior[] _priors; // Context: by stage

    private IndexCode(IndexLayout layout, IndexPrior prior, FrequencyTable[] tables, CodePrior[] priors)
    {
        (_layout, _prior, _tables, _priors) = (layout, prior, tables, priors);
        _digits = [.. layout.Alphabets.Select(DigitsOf)];
        _firstTable = new int[layout.Stages];
        for (var s = 1; s < layout.Stages; s++) _firstTable[s] = _firstTable[s - 1] + _digits[s - 1];
    }

    /// <summary>Fits a prior.</summary>
    /// <param name="indices">[n, positions], each in its stage's alphabet, -1 where absent.</param>
    /// <param name="layout">What the positions are.</param>
    /// <param name="prior">Which prior.</param>
    /// <exception cref="InputException">The prior is not possible for so many codes.</exception>
    public static IndexCode Fit(LongTensor indices, IndexLayout layout, IndexPrior prior = IndexPrior.Static)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(layout);
        if (indices.Dim != 2 || indices.Numel == 0 || indices.Shape[1] != layout.Positions || layout.Alphabets.Any(a => a < 1))
            throw new ArgumentException($"index code: indices [n, {layout.Positions}] of alphabets of at least 1 are needed, not [{string.Join(", ", indices.Shape.ToArray())}] of {string.Join(", ", layout.Alphabets)}");
        for (var i = 0; i < indices.Numel; i++)
            if (indices.Data[i] < -1 || indices.Data[i] >= layout.Alphabets[i % layout.Stages])
                throw new ArgumentException($"index code: index {indices.Data[i]} is not in 0..{layout.Alphabets[i % layout.Stages] - 1}");
        Check(layout, prior);
        return prior switch
        {
            IndexPrior.Static => new IndexCode(layout, prior, Count(indices, layout, places: 1), []),
            IndexPrior.Position => new IndexCode(layout, prior, Count(indices, layout, layout.Places), []),
            IndexPrior.Context => new IndexCode(layout, prior, [], [.. Enumerable.Range(0, layout.Stages).Select(s => CountPairs(indices, layout, s))]),
            _ => new IndexCode(layout, prior, [], []),
        };
    }

    /// <summary>What each sample costs, in nats, [batch]; an adaptive prior learns from sample to sample as it does when they are written.</summary>
    public Tensor Cost(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var cost = Tensor.Zeros(indices.Shape[0]);
        var models = Models();
        for (var i = 0; i < indices.Shape[0]; i++)
        {
            var meter = new CostMeter();
            Write(indices.Data.Slice(i * _layout.Positions, _layout.Positions), models, meter);
            cost.Data[i] = (float)meter.Cost.Nats;
        }
        return cost;
    }

    /// <summary>Writes indices [batch, positions].</summary>
    public void Write(LongTensor indices, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(to);
        var models = Models();
        for (var i = 0; i < indices.Shape[0]; i++) Write(indices.Data.Slice(i * _layout.Positions, _layout.Positions), models, to);
    }

    /// <summary>Reads the indices of a number of samples.</summary>
    /// <param name="from">Where they were written.</param>
    /// <param name="samples">How many.</param>
    /// <param name="lengths">Places of each sample that are present, the first ones; null for all.</param>
    /// <exception cref="CodingException">The bytes lead to an index outside the alphabet.</exception>
    public LongTensor Read(ISymbolReader from, int samples, LongTensor? lengths = null)
    {
        ArgumentNullException.ThrowIfNull(from);
        var indices = LongTensor.Zeros(samples, _layout.Positions);
        var models = Models();
        for (var i = 0; i < samples; i++)
        {
            var row = indices.Data.Slice(i * _layout.Positions, _layout.Positions);
            var present = (int)(lengths?.Data[i] ?? _layout.Places) * _layout.Stages;
            for (var p = 0; p < present; p++)
            {
                row[p] = ReadOne(from, p, Previous(row, p), models);
                if (row[p] >= _layout.Alphabets[p % _layout.Stages])
                    throw new CodingException(CodingError.InvalidSymbol, $"index {row[p]} is outside 0..{_layout.Alphabets[p % _layout.Stages] - 1}");
            }
            row[present..].Fill(-1);
        }
        return indices;
    }

    /// <summary>The prior for the model file: magic, kind, places, alphabets, then the frozen tables of that kind; little-endian.</summary>
    public byte[] ToBytes()
    {
        using var memory = new MemoryStream();
        using var to = new BinaryWriter(memory);
        to.Write(Magic);
        to.Write((byte)_prior);
        to.Write(_layout.Places);
        to.Write(_layout.Stages);
        foreach (var alphabet in _layout.Alphabets) to.Write(alphabet);
        foreach (var bytes in _tables.Length > 0 ? [new TableSet(_tables).ToBytes()] : _priors.Select(p => p.ToBytes()))
        {
            to.Write(bytes.Length);
            to.Write(bytes);
        }
        return memory.ToArray();
    }

    /// <summary>What <see cref="ToBytes"/> wrote, for a known layout and prior.</summary>
    /// <exception cref="InputException">The bytes are damaged or belong to another bottleneck.</exception>
    public static IndexCode Parse(ReadOnlySpan<byte> bytes, IndexLayout layout, IndexPrior prior = IndexPrior.Static)
    {
        ArgumentNullException.ThrowIfNull(layout);
        try
        {
            using var from = new BinaryReader(new MemoryStream(bytes.ToArray()));
            if (from.ReadUInt32() != Magic) throw new InputException("tables: they do not begin with ISIC");
            var (kind, places, stages) = ((IndexPrior)from.ReadByte(), from.ReadInt32(), from.ReadInt32());
            if (kind != prior || places != layout.Places || stages != layout.Stages || layout.Alphabets.Any(a => from.ReadInt64() != a))
                throw new InputException($"tables: they are for another message; expected {layout.Places} places of {string.Join(", ", layout.Alphabets)} codes, prior {prior}");
            Check(layout, prior);
            var code = prior switch
            {
                IndexPrior.Static or IndexPrior.Position => new IndexCode(layout, prior, ParseTables(Block(from), layout, prior == IndexPrior.Static ? 1 : places), []),
                IndexPrior.Context => new IndexCode(layout, prior, [], [.. Enumerable.Range(0, stages).Select(s => ParsePrior(Block(from), layout, s))]),
                _ => new IndexCode(layout, prior, [], []),
            };
            return from.BaseStream.Position == from.BaseStream.Length ? code : throw new InputException("tables: bytes follow the last one");
        }
        catch (EndOfStreamException e)
        {
            throw new InputException($"tables: {bytes.Length} bytes are too few", inner: e);
        }
    }

    private void Write(ReadOnlySpan<long> row, AdaptiveIndex[] models, ISymbolWriter to)
    {
        for (var p = 0; p < row.Length; p++)
            if (row[p] >= 0) WriteOne(to, p, row[p], Previous(row, p), models);
    }

    private void WriteOne(ISymbolWriter to, int position, long index, long previous, AdaptiveIndex[] models)
    {
        var stage = position % _layout.Stages;
        switch (_prior)
        {
            case IndexPrior.Context:
                to.Write((int)index, _priors[stage].TableAfter((int)previous));
                break;
            case IndexPrior.Adaptive:
                models[stage].Write(to, (int)index, ContextOf(models[stage], previous));
                break;
            case IndexPrior.Packed:
                var width = WidthOf(stage);
                to.WriteBits((uint)index, Math.Min(32, width));
                if (width > 32) to.WriteBits((uint)(index >> 32), width - 32);
                break;
            default:
                for (var d = 0; d < _digits[stage]; d++) to.Write(Digit(index, d, _digits[stage]), TableOf(position, d));
                break;
        }
    }

    private long ReadOne(ISymbolReader from, int position, long previous, AdaptiveIndex[] models)
    {
        var stage = position % _layout.Stages;
        switch (_prior)
        {
            case IndexPrior.Context:
                return from.Read(_priors[stage].TableAfter((int)previous));
            case IndexPrior.Adaptive:
                return models[stage].Read(from, ContextOf(models[stage], previous));
            case IndexPrior.Packed:
                var width = WidthOf(stage);
                long low = from.ReadBits(Math.Min(32, width));
                return width > 32 ? low | ((long)from.ReadBits(width - 32) << 32) : low;
            default:
                long index = 0;
                for (var d = 0; d < _digits[stage]; d++) index |= (long)from.Read(TableOf(position, d)) << (8 * d);
                return index;
        }
    }

    // The index before: of the stage before, or of the first stage at the place before; -1 at the beginning.
    private long Previous(ReadOnlySpan<long> row, int position) =>
        position % _layout.Stages > 0 ? row[position - 1] : position > 0 ? row[position - _layout.Stages] : -1;

    private static int ContextOf(AdaptiveIndex model, long previous) => model.Contexts == 1 ? 0 : (int)previous + 1;

    private AdaptiveIndex[] Models()
    {
        if (_prior != IndexPrior.Adaptive) return [];
        var models = new AdaptiveIndex[_layout.Stages];
        for (var s = 0; s < models.Length; s++)
        {
            var (codes, before) = (_layout.Alphabets[s], _layout.Alphabets[Math.Max(0, s - 1)]);
            models[s] = new AdaptiveIndex((int)codes, codes * (before + 1) <= ContextCells ? (int)before + 1 : 1);
        }
        return models;
    }

    private int WidthOf(int stage) => 64 - BitOperations.LeadingZeroCount((ulong)_layout.Alphabets[stage] - 1);

    private FrequencyTable TableOf(int position, int digit)
    {
        var (place, stage) = (_prior == IndexPrior.Position ? position / _layout.Stages : 0, position % _layout.Stages);
        return _tables[(place * (_firstTable[^1] + _digits[^1])) + _firstTable[stage] + digit];
    }

    private static void Check(IndexLayout layout, IndexPrior prior)
    {
        if (prior is IndexPrior.Context or IndexPrior.Adaptive && layout.Alphabets.Any(a => a > LargestModel))
            throw new InputException(FormattableString.Invariant($"bottleneck.prior: {(prior == IndexPrior.Context ? "context" : "adaptive")} is for at most {LargestModel} codes, and there are {layout.Alphabets.Max()}"), "prior: static writes any number");
    }

    private static FrequencyTable[] Count(LongTensor indices, IndexLayout layout, int places)
    {
        var tables = new List<FrequencyTable>();
        for (var place = 0; place < places; place++)
            for (var s = 0; s < layout.Stages; s++)
            {
                var digits = DigitsOf(layout.Alphabets[s]);
                for (var d = 0; d < digits; d++)
                {
                    var weights = new double[digits == 1 ? (int)layout.Alphabets[s] : Base];
                    Array.Fill(weights, 0.5); // Krichevsky and Trofimov: every index stays possible
                    for (var i = (place * layout.Stages) + s; i < indices.Numel; i += places == 1 ? layout.Stages : layout.Positions)
                        if (indices.Data[i] >= 0) weights[Digit(indices.Data[i], d, digits)]++;
                    tables.Add(FrequencyTable.FromPmf(weights, precision: 16, everySymbol: true));
                }
            }
        return [.. tables];
    }

    private static CodePrior CountPairs(LongTensor indices, IndexLayout layout, int stage)
    {
        var (codes, previous) = (new List<int>(), new List<int>());
        for (var i = stage; i < indices.Numel; i += layout.Stages)
        {
            var p = i % layout.Positions;
            if (indices.Data[i] < 0) continue;
            codes.Add((int)indices.Data[i]);
            previous.Add(stage > 0 ? (int)indices.Data[i - 1] : p > 0 ? (int)indices.Data[i - layout.Stages] : -1);
        }
        return CodePrior.FitAfter([.. previous], [.. codes], AlphabetOf(layout, stage));
    }

    // Codes and what they follow share an alphabet.
    private static int AlphabetOf(IndexLayout layout, int stage) => (int)Math.Max(layout.Alphabets[stage], layout.Alphabets[Math.Max(0, stage - 1)]);

    private static byte[] Block(BinaryReader from)
    {
        var length = from.ReadInt32();
        if (length < 0 || length > from.BaseStream.Length - from.BaseStream.Position) throw new InputException($"tables: a block of {length} bytes is not there");
        return from.ReadBytes(length);
    }

    private static FrequencyTable[] ParseTables(byte[] bytes, IndexLayout layout, int places)
    {
        var tables = TableSet.Parse(bytes);
        int[] sizes = [.. layout.Alphabets.SelectMany(a => Enumerable.Repeat(DigitsOf(a) == 1 ? (int)a : Base, DigitsOf(a)))];
        if (tables.Count != (long)sizes.Length * places || tables.Index().Any(t => t.Item.First != 0 || t.Item.HasEscape || t.Item.HasHoles || t.Item.Entries != sizes[t.Index % sizes.Length]))
            throw new InputException($"tables: {tables.Count} tables do not fit {places} places of {string.Join(", ", layout.Alphabets)} codes");
        return [.. tables];
    }

    private static CodePrior ParsePrior(byte[] bytes, IndexLayout layout, int stage)
    {
        var prior = CodePrior.Parse(bytes);
        return prior.Context == CodeContext.Previous && prior.Alphabet == AlphabetOf(layout, stage) ? prior
            : throw new InputException($"tables: a prior of {prior.Alphabet} codes stands where one of {AlphabetOf(layout, stage)} is expected");
    }

    private static int DigitsOf(long alphabet)
    {
        if (alphabet <= LargestTable) return 1;
        var digits = 0;
        for (var rest = (ulong)(alphabet - 1); rest > 0; rest >>= 8) digits++;
        return digits;
    }

    private static int Digit(long index, int digit, int digits) => digits == 1 ? (int)index : (int)((index >> (8 * digit)) & (Base - 1));
}
