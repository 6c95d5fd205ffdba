namespace Isthmus.Coding;

/// <summary>What the table of a code index depends on.</summary>
public enum CodeContext
{
    /// <summary>Nothing: one table (order 0).</summary>
    None = 0,
    /// <summary>The place in the message: a table each.</summary>
    Position = 1,
    /// <summary>The index before it (order 1): a table for each frequent index, one for the rest, one for the first place.</summary>
    Previous = 2,
}

/// <summary>
/// A static prior of code indices, counted on training messages and frozen as integer tables. Counts are smoothed towards the
/// order-0 distribution, and that towards the uniform one, by a Dirichlet prior whose strength minimises the leave-one-out code
/// length of the counts themselves; so every index can be coded and rare contexts do no harm.
/// </summary>
/// <remarks>It differs from <see cref="AdaptiveIndex"/> in that it learns nothing while coding and is many times faster. The
/// tables must be counted on other data than is billed.</remarks>
public sealed class CodePrior
{
    private const uint Magic = 0x50435349; // "ISCP"
    private const int MostContexts = 1024, MostCells = 1 << 22;
    private static readonly double[] Strengths = [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private readonly int[] _contextOf; // Previous: the context of each index; empty otherwise

    private CodePrior(CodeContext context, int alphabet, int[] contextOf, TableSet tables) =>
        (Context, Alphabet, _contextOf, Tables) = (context, alphabet, contextOf, tables);

    /// <summary>What a table depends on.</summary>
    public CodeContext Context { get; }

    /// <summary>K: indices are 0..K−1.</summary>
    public int Alphabet { get; }

    /// <summary>The frozen tables; their digest goes into frames.</summary>
    public TableSet Tables { get; }

    /// <summary>Counts messages.</summary>
    /// <param name="codes">Messages one after the other, each of <paramref name="length"/> indices in 0..alphabet−1.</param>
    /// <param name="length">Indices a message, at least 1.</param>
    /// <param name="alphabet">K, 1..65,536.</param>
    /// <param name="context">What tables depend on.</param>
    /// <exception cref="ArgumentException">An index or a size is out of range, or the tables would hold more than 2^22 cells.</exception>
    public static CodePrior Fit(ReadOnlySpan<int> codes, int length, int alphabet, CodeContext context)
    {
        if (alphabet is < 1 or > FrequencyTable.MaxEntries || length < 1 || codes.Length % length != 0)
            throw new ArgumentException($"CodePrior.Fit: {codes.Length} codes in messages of {length} over {alphabet} indices; whole messages and 1 to {FrequencyTable.MaxEntries} indices are required");
        var counts = new double[alphabet];
        foreach (var code in codes)
        {
            if ((uint)code >= (uint)alphabet) throw new ArgumentException($"CodePrior.Fit: index {code} is not in 0..{alphabet - 1}");
            counts[code]++;
        }
        int[] contextOf = context == CodeContext.Previous ? GroupRare(counts) : [];
        var contexts = context switch { CodeContext.None => 1, CodeContext.Position => length, _ => contextOf.Max() + 2 };
        if ((long)contexts * alphabet > MostCells && contexts > 1) throw new ArgumentException($"CodePrior.Fit: {contexts} tables of {alphabet} indices are more than 2^22 cells; use CodeContext.None");
        if (contexts == 1) return new CodePrior(context, alphabet, contextOf, new TableSet([Table(Order0(counts))]));

        var cells = new double[contexts][];
        for (var c = 0; c < contexts; c++) cells[c] = new double[alphabet];
        var prior = new CodePrior(context, alphabet, contextOf, new TableSet([]));
        for (var i = 0; i < codes.Length; i++) cells[prior.TableOf(i % length, i % length == 0 ? -1 : codes[i - 1], contexts)][codes[i]]++;
        return new CodePrior(context, alphabet, contextOf, new TableSet(SmoothedTables(cells, counts)));
    }

    /// <summary>Counts codes after what they follow, for messages whose order is not one chain: <see cref="TableAfter"/> gives the tables.</summary>
    /// <param name="previous">What each code follows, in 0..alphabet−1, or −1 for the first of a message.</param>
    /// <param name="codes">The codes, in 0..alphabet−1.</param>
    /// <param name="alphabet">K, 1..65,536.</param>
    /// <exception cref="ArgumentException">An index or a size is out of range.</exception>
    public static CodePrior FitAfter(ReadOnlySpan<int> previous, ReadOnlySpan<int> codes, int alphabet)
    {
        if (alphabet is < 1 or > FrequencyTable.MaxEntries || previous.Length != codes.Length)
            throw new ArgumentException($"CodePrior.FitAfter: {codes.Length} codes after {previous.Length} over {alphabet} indices; as many of both and 1 to {FrequencyTable.MaxEntries} indices are required");
        var (counts, followed) = (new double[alphabet], new double[alphabet]);
        for (var i = 0; i < codes.Length; i++)
        {
            if ((uint)codes[i] >= (uint)alphabet || previous[i] < -1 || previous[i] >= alphabet)
                throw new ArgumentException($"CodePrior.FitAfter: index {codes[i]} after {previous[i]} is not in 0..{alphabet - 1}");
            counts[codes[i]]++;
            if (previous[i] >= 0) followed[previous[i]]++;
        }
        var prior = new CodePrior(CodeContext.Previous, alphabet, GroupRare(followed), new TableSet([]));
        var cells = new double[prior._contextOf.Max() + 2][];
        for (var c = 0; c < cells.Length; c++) cells[c] = new double[alphabet];
        for (var i = 0; i < codes.Length; i++) cells[prior.TableOf(0, previous[i], cells.Length)][codes[i]]++;
        return new CodePrior(CodeContext.Previous, alphabet, prior._contextOf, new TableSet(SmoothedTables(cells, counts)));
    }

    /// <summary>The table of a code that follows another, of a prior with <see cref="CodeContext.Previous"/>.</summary>
    /// <param name="previous">What it follows, or −1 for the first of a message.</param>
    public FrequencyTable TableAfter(int previous) => Context == CodeContext.Previous
        ? Tables[TableOf(0, previous, Tables.Count)]
        : throw new InvalidOperationException($"CodePrior: a prior given {Context} has no table after an index");

    /// <summary>Writes one message.</summary>
    /// <exception cref="CodingException">An index is outside the alphabet, or the message is longer than the positions counted
    /// (InvalidSymbol).</exception>
    public void Write(ISymbolWriter writer, ReadOnlySpan<int> codes)
    {
        if (Context == CodeContext.None) { writer.Write(codes, Tables[0]); return; }
        CheckLength(codes.Length);
        for (var i = 0; i < codes.Length; i++) writer.Write(codes[i], Tables[TableOf(i, i == 0 ? -1 : codes[i - 1], Tables.Count)]);
    }

    /// <summary>Reads one message of the span's length.</summary>
    /// <exception cref="CodingException">As the reader's, or the message is longer than the positions counted.</exception>
    public void Read(ISymbolReader reader, Span<int> codes)
    {
        if (Context == CodeContext.None) { reader.Read(codes, Tables[0]); return; }
        CheckLength(codes.Length);
        for (var i = 0; i < codes.Length; i++) codes[i] = reader.Read(Tables[TableOf(i, i == 0 ? -1 : codes[i - 1], Tables.Count)]);
    }

    /// <summary>The bytes for a model file: context kind, alphabet, the contexts of indices, then the tables.</summary>
    public byte[] ToBytes()
    {
        var to = new ByteSink();
        to.U32(Magic);
        to.U8((byte)Context);
        to.U32((uint)Alphabet);
        foreach (var context in _contextOf) to.U16((ushort)context);
        to.Bytes(Tables.ToBytes());
        to.U32(Crc32C.Of(to.Written));
        return to.Written.ToArray();
    }

    /// <summary>The prior that <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="CodingException">The bytes are not such a prior or were damaged.</exception>
    public static CodePrior Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 13) throw Wrong(CodingError.Truncated, $"{bytes.Length} bytes");
        var from = new ByteCursor(bytes[..^4]);
        if (from.U32() != Magic) throw Wrong(CodingError.BadMagic, "they do not begin with ISCP");
        if (Crc32C.Of(bytes[..^4]) != new ByteCursor(bytes[^4..]).U32()) throw Wrong(CodingError.ChecksumMismatch, "the checksum does not agree");
        var (context, alphabet) = ((CodeContext)from.U8(), from.U32());
        if (context > CodeContext.Previous || alphabet is < 1 or > FrequencyTable.MaxEntries) throw Wrong(CodingError.InvalidHeader, $"context {(int)context} over {alphabet} indices");
        var contextOf = new int[context == CodeContext.Previous && from.Left >= 2 * alphabet ? alphabet : 0];
        for (var i = 0; i < contextOf.Length; i++) contextOf[i] = from.U16();
        var tables = TableSet.Parse(from.Bytes((uint)from.Left));
        var needed = context switch { CodeContext.None => 1, CodeContext.Position => Math.Max(1, tables.Count), _ => contextOf.DefaultIfEmpty(int.MaxValue - 2).Max() + 2 };
        if (tables.Count != needed || tables.Any(t => t.Entries != alphabet || t.HasEscape || t.HasHoles)) throw Wrong(CodingError.InvalidHeader, $"{tables.Count} tables do not fit {alphabet} indices");
        return new CodePrior(context, (int)alphabet, contextOf, tables);
    }

    private static CodingException Wrong(CodingError code, string what) => new(code, $"bytes of a code prior: {what}");

    private int TableOf(int position, int previous, int tables) =>
        Context == CodeContext.Position ? position : previous < 0 ? tables - 1 : _contextOf[previous];

    private void CheckLength(int length)
    {
        if (Context == CodeContext.Position && length > Tables.Count)
            throw new CodingException(CodingError.InvalidSymbol, $"a message of {length} codes under a prior of {Tables.Count} positions");
    }

    // The most frequent indices get contexts of their own, as many as the cells allow; the others, unseen ones too, share one.
    private static int[] GroupRare(double[] counts)
    {
        var own = Math.Min(Math.Min(MostContexts, MostCells / counts.Length) - 2, counts.Count(n => n > 0));
        var contextOf = new int[counts.Length];
        var byCount = Enumerable.Range(0, counts.Length).OrderByDescending(i => counts[i]).ThenBy(i => i).ToArray();
        for (var rank = 0; rank < byCount.Length; rank++) contextOf[byCount[rank]] = Math.Max(0, Math.Min(rank, own));
        return contextOf;
    }

    private static double[] Order0(double[] counts)
    {
        var uniform = new double[counts.Length];
        Array.Fill(uniform, 1.0 / counts.Length);
        return Smooth(counts, uniform, BestStrength([counts], uniform));
    }

    private static IEnumerable<FrequencyTable> SmoothedTables(double[][] cells, double[] counts)
    {
        var order0 = Order0(counts);
        var strength = BestStrength(cells, order0);
        return cells.Select(n => Table(Smooth(n, order0, strength)));
    }

    private static double[] Smooth(double[] counts, double[] towards, double strength)
    {
        var total = counts.Sum() + strength;
        var pmf = new double[counts.Length];
        for (var i = 0; i < pmf.Length; i++) pmf[i] = (counts[i] + strength * towards[i]) / total;
        return pmf;
    }

    private static double BestStrength(double[][] cells, double[] towards)
    {
        var (best, least) = (Strengths[0], double.PositiveInfinity);
        foreach (var strength in Strengths)
        {
            var nats = 0.0;
            foreach (var counts in cells)
            {
                var n = counts.Sum();
                for (var i = 0; i < counts.Length; i++)
                    if (counts[i] > 0) nats -= counts[i] * FixedMath.Log((counts[i] - 1 + strength * towards[i]) / (n - 1 + strength));
            }
            if (nats < least) (best, least) = (strength, nats);
        }
        return best;
    }

    private static FrequencyTable Table(double[] pmf) => FrequencyTable.FromPmf(pmf, precision: pmf.Length > 4096 ? 16 : 14, everySymbol: true);
}
