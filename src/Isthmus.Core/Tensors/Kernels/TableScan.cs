namespace Isthmus.Tensors.Kernels;

/// <summary>What a <see cref="TableScan"/> keeps of the products of some rows; each part works on a copy of its own.</summary>
internal unsafe interface ITableReader
{
    /// <summary>Floats of working memory for a row; a lane of T is T.Width.</summary>
    long FloatsPerRow<T>() where T : struct, ILane<T>;
    /// <summary>Takes the memory of <see cref="TableScan.RowsPerPart"/> rows, of which so many are used.</summary>
    void Start<T>(float* memory, int rows) where T : struct, ILane<T>;
    /// <summary>Reads the products of some rows, from a row of the part on, with as many entries as a tile has columns, from an entry on.</summary>
    /// <param name="row">The first row, counted from the part's first.</param>
    /// <param name="rows">How many.</param>
    /// <param name="entry">The first entry.</param>
    /// <param name="columns">How many, a multiple of T.Width; those beyond the last have a product of 0 and the term for padding.</param>
    /// <param name="products">[rows, columns]; may be written over.</param>
    /// <param name="terms">Those of the entries.</param>
    void Read<T>(int row, int rows, int entry, int columns, float* products, float* terms) where T : struct, ILane<T>;
    /// <summary>Writes the results of the part's rows, whose first is at a place of x.</summary>
    void Finish<T>(int first, int rows) where T : struct, ILane<T>;
}

/// <summary>
/// The products of the rows of a matrix with all entries of a table, without the matrix of products: tiles of them stay in the first-level cache
/// and are read there. Memory is the table packed once, and per thread what the reader keeps for <see cref="RowsPerPart"/> rows.
/// </summary>
/// <remarks>
/// Products are summed by fma in ascending k within the blocks of <see cref="Gemm"/>: their bits do not depend on the tile, the number of
/// threads or the registers. A row meets the entries in ascending order.
/// </remarks>
internal unsafe struct TableScan
{
    /// <summary>Rows of one part: whole tiles, whose x stays in the second-level cache.</summary>
    public const int RowsPerPart = 96;

    /// <summary>n rows of k floats, each <see cref="Ldx"/> after the one before.</summary>
    public float* X;
    /// <summary>From row to row of x.</summary>
    public nint Ldx;
    /// <summary>Rows of x; floats of a row and of an entry, at least 1; entries, at least 1.</summary>
    public int N, K, Entries;
    /// <summary>Entries one after the other, and a term of each.</summary>
    public float* Table, Terms;
    /// <summary>The term of what fills the last tile: an entry that the reader never takes.</summary>
    public float Padding;

    /// <summary>Gives every tile to the reader.</summary>
    public readonly void Run<TReader>(in TReader reader) where TReader : unmanaged, ITableReader
    {
        if (Lane16.IsAccelerated) Run<TReader, Lane16>(reader);
        else if (Lane8.IsAccelerated) Run<TReader, Lane8>(reader);
        else if (Lane4.IsAccelerated) Run<TReader, Lane4>(reader);
        else Run<TReader, Lane1>(reader);
    }

    private readonly void Run<TReader, T>(in TReader reader) where TReader : unmanaged, ITableReader where T : struct, ILane<T>
    {
        if (N == 0) return;
        var alone = (long)N * Entries * K < Gemm.WorthSharing;
        var columns = Tile.Columns<T>();
        var block = Gemm.BlockLength(K);
        var packing = new PackJob { X = Table, Ld = K, AlongK = true, Count = Entries, Width = columns, From = 0, Until = K, Block = block };
        var padded = Strips.PaddedCount(Entries, columns);
        packing.To = Scratch.Get(Scratch.Use.Shared, packing.Size + padded);
        Workers.Run(ref packing, packing.Parts, alone);
        var terms = packing.To + packing.Size;
        for (var j = 0; j < padded; j++) terms[j] = j < Entries ? Terms[j] : Padding;
        var job = new Job<TReader, T> { Of = this, Reader = reader, Packed = packing.To, Terms = terms, Padded = padded, Block = block };
        Workers.Run(ref job, (N + RowsPerPart - 1) / RowsPerPart, alone);
    }

    private struct Job<TReader, T> : IJob where TReader : unmanaged, ITableReader where T : struct, ILane<T>
    {
        public TableScan Of;
        public TReader Reader;
        public float* Packed, Terms;
        public int Padded, Block;

        public readonly void Execute(int part)
        {
            var reader = Reader;
            int columns = Tile.Columns<T>(), high = Tile.Rows<T>();
            int first = part * RowsPerPart, rows = Math.Min(RowsPerPart, Of.N - first);
            var tile = Scratch.Get(Scratch.Use.Private, (high * columns) + (RowsPerPart * reader.FloatsPerRow<T>()));
            reader.Start<T>(tile + (high * columns), rows);
            for (var j = 0; j < Padded; j += columns)
                for (var i = 0; i < rows; i += high)
                {
                    var have = Math.Min(high, rows - i);
                    for (var p = 0; p < Of.K; p += Block)
                    {
                        var k = Math.Min(Block, Of.K - p);
                        var strip = Packed + ((nint)Padded * p) + ((nint)j * k);
                        Tile.Run<T>(have, columns, k, Of.X + ((first + i) * Of.Ldx) + p, Of.Ldx, 1, strip, columns, tile, columns, p > 0);
                    }
                    reader.Read<T>(i, have, j, columns, tile, Terms + j);
                }
            reader.Finish<T>(first, rows);
        }
    }
}
