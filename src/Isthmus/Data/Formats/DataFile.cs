using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Isthmus.Data;

/// <summary>Writes data, whatever they come from, as a file that every other tool reads and that loads back as the same rows.</summary>
public static class DataFile
{
    /// <summary>Which ending suits a source: <c>.csv</c> for what has columns, <c>.npz</c> for images, sound and windows.</summary>
    /// <exception cref="InputException">Whatever is wrong with the argument or its files.</exception>
    public static string Ending(string data, DataOptions options) => HasColumns(Open(data, options)) ? ".csv" : ".npz";

    /// <summary>
    /// Writes a source: <c>.csv</c> with a header, features first, then target and concepts; <c>.npz</c> with the arrays x, y and c.
    /// The file is whole or not there; missing folders are made.
    /// </summary>
    /// <param name="data">A path or a generator.</param>
    /// <param name="path">Where to; its ending is the format.</param>
    /// <param name="options">How to read the source.</param>
    /// <returns>The number of rows.</returns>
    /// <exception cref="InputException">Whatever is wrong with the argument or its files, or a format that cannot hold them.</exception>
    public static int Write(string data, string path, DataOptions options)
    {
        ArgumentNullException.ThrowIfNull(path);
        var raw = Open(data, options);
        Action<Stream> write = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".csv" => stream => WriteCsv(raw.Table ?? DatasetColumns.Of(raw.Data!), stream),
            ".npz" when raw.Data is { } arrays => stream => WriteNpz(arrays, stream),
            ".npz" => throw new InputException($"'{path}': {data} is a table", "write it as .csv"),
            var ending => throw new InputException($"'{path}': files ending in '{ending}' are not written", "end it in .csv or .npz"),
        };
        try
        {
            AtomicFile.Write(path, write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{path}' cannot be written: {Schema.OneLine(e.Message)}", inner: e);
        }
        return raw.Table?.Count ?? raw.Data!.Count;
    }

    private static RawData Open(string data, DataOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return RawSource.Open(data, options, new MemoryBudget(options.MaxMemory, data));
    }

    private static bool HasColumns(RawData raw) => raw.Table is not null || raw.Data!.Kind is DataKind.Vectors or DataKind.Table;

    private static void WriteCsv(Table table, Stream stream)
    {
        using var text = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        text.WriteLine(string.Join(',', table.Columns.Select(c => Quoted(c.Name))));
        for (var row = 0; row < table.Count; row++)
        {
            for (var c = 0; c < table.Columns.Count; c++)
            {
                if (c > 0) text.Write(',');
                text.Write(Cell(table.Columns[c], row));
            }
            text.WriteLine();
        }
    }

    // A number that is a float is written with a float's digits: as short as reads back the same.
    private static string Cell(TableColumn column, int row) => column.Type == ColumnType.Text || column.IsMissing(row) ? Quoted(column.Cell(row) ?? "")
        : column.Type == ColumnType.Date ? DateTimeOffset.FromUnixTimeMilliseconds((long)(column.Numbers[row] * 1000)).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFZ", CultureInfo.InvariantCulture)
        : (float)column.Numbers[row] is var single && single == column.Numbers[row] ? (single + 0f).ToString("R", CultureInfo.InvariantCulture) : column.Cell(row)!;

    private static string Quoted(string text) =>
        text.AsSpan().ContainsAny(",;\"\r\n") || text != text.Trim() ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static void WriteNpz(Dataset data, Stream stream)
    {
        if (data.Indices is not null) throw new InputException($"{data.Name}: index columns are not written as .npz", "write it as .csv");
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        Add(zip, "x", "<f4", [data.Count, .. data.FeatureShape], MemoryMarshal.AsBytes<float>(data.Features));
        switch (data.Target)
        {
            case ClassTarget t: Add(zip, "y", "<i4", [t.Count], MemoryMarshal.AsBytes<int>(t.Labels)); break;
            case ContinuousTarget t: Add(zip, "y", "<f4", [t.Count, t.Width], MemoryMarshal.AsBytes<float>(t.Values)); break;
        }
        if (data.Concepts is { } c) Add(zip, "c", "<f4", [c.Count, c.Columns.Count], MemoryMarshal.AsBytes<float>(c.Values));
    }

    // numpy.lib.format, version 1.0: the header is padded so that the numbers begin at a multiple of 64 bytes.
    private static void Add(ZipArchive zip, string name, string type, int[] shape, ReadOnlySpan<byte> values)
    {
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("arrays are written on little-endian machines only");
        var dictionary = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}{(shape.Length == 1 ? "," : "")}), }}";
        var header = Encoding.ASCII.GetBytes(dictionary.PadRight((((dictionary.Length + 11 + 63) / 64) * 64) - 11) + "\n");
        var entry = zip.CreateEntry(name + ".npy", CompressionLevel.Fastest);
        entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero); // the same rows, the same bytes
        using var stream = entry.Open();
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, .. length]);
        stream.Write(header);
        stream.Write(values);
    }
}
