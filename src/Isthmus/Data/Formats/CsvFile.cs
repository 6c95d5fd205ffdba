using System.Text;
using CsvHelper;

namespace Isthmus.Data;

/// <summary>
/// Tables in text: .csv, .tsv, .data. Separator and header are found out, types are inferred from all rows. The file is read twice,
/// once to learn what it holds and once to fill arrays of exactly that size, so that memory is known before it is taken.
/// </summary>
public static class CsvFile
{
    private const int MostColumns = 100_000;
    private const int LongestRecord = 1 << 26;
    private const int HeadRows = 200;

    /// <summary>Reads a table.</summary>
    /// <param name="path">The file, UTF-8 or with a byte order mark; CRLF or LF.</param>
    /// <param name="header">Whether the first row names the columns.</param>
    /// <param name="maxMemory">How many bytes the table may take.</param>
    /// <param name="types">Columns that must have a given type, by name; null to infer all.</param>
    /// <exception cref="InputException">No such file, not a table, rows of different lengths, or a cell that is not of its
    /// column's type; the message names the line.</exception>
    public static Table Read(string path, HeaderMode header = HeaderMode.Detect, long maxMemory = long.MaxValue, IReadOnlyDictionary<string, ColumnType>? types = null) =>
        Read(path, header, new MemoryBudget(maxMemory, path), types);

    internal static Table Read(string path, HeaderMode header, MemoryBudget budget, IReadOnlyDictionary<string, ColumnType>? types) =>
        InputFile.Guard(path, () =>
        {
            var layout = Layout.Of(path, header);
            var scans = Scan(path, layout, out var rows);
            if (rows == 0) throw new InputException($"{path}: {(layout.HasHeader ? "a header, but no rows" : "no rows")}");
            for (var c = 0; c < scans.Length; c++) scans[c].Decide(path, types?.GetValueOrDefault(layout.Names[c], (ColumnType)(-1)));
            return Fill(path, layout, scans, rows, budget);
        });

    private static ColumnScan[] Scan(string path, Layout layout, out long rows)
    {
        var scans = new ColumnScan[layout.Names.Length];
        for (var c = 0; c < scans.Length; c++) scans[c] = new ColumnScan(layout.Names[c], layout.Delimiter);
        rows = 0;
        foreach (var (cells, line) in Records(path, layout))
        {
            for (var c = 0; c < scans.Length; c++) scans[c].See(cells[c], line);
            rows++;
        }
        return scans;
    }

    private static Table Fill(string path, Layout layout, ColumnScan[] scans, long rows, MemoryBudget budget)
    {
        budget.Take(rows, sizeof(int), "the line numbers");
        foreach (var scan in scans) budget.Take(rows, scan.Type == ColumnType.Text ? sizeof(int) : sizeof(double), $"column '{scan.Name}'");
        var lines = new int[rows];
        foreach (var scan in scans) scan.Begin((int)rows);
        var row = 0;
        foreach (var (cells, line) in Records(path, layout))
        {
            if (row == lines.Length) throw new InputException($"{path}: changed while it was read");
            for (var c = 0; c < scans.Length; c++) scans[c].Put(row, cells[c], line, budget);
            lines[row++] = line;
        }
        if (row != lines.Length) throw new InputException($"{path}: changed while it was read");
        return new Table(path, [.. scans.Select(s => s.Finish())]) { HasHeader = layout.HasHeader, Delimiter = layout.Names.Length > 1 ? layout.Delimiter : null, Lines = lines };
    }

    // The rows below the header; every row has as many cells as there are columns.
    private static IEnumerable<(string[] Cells, int Line)> Records(string path, Layout layout)
    {
        var first = true;
        foreach (var record in RawRecords(path, layout.Delimiter))
        {
            if (record.Cells.Length != layout.Names.Length)
                throw new InputException(FormattableString.Invariant($"{path} line {record.Line}: {record.Cells.Length} cells, the first row has {layout.Names.Length}"),
                    layout.Names.Length == 1 ? "is the separator one of comma, semicolon, tab, bar or space?" : "a cell that contains the separator must stand in double quotes");
            if (!first || !layout.HasHeader) yield return record;
            first = false;
        }
    }

    private static IEnumerable<(string[] Cells, int Line)> RawRecords(string path, char delimiter)
    {
        var options = new CsvReaderOptions
        {
            Separator = delimiter,
            HasHeader = false,
            TrimWhitespace = true,
            TrimInsideQuotes = true,
            TrackLineNumbers = true,
            MalformedData = CsvMalformedDataHandling.Throw,
            MaxRecordSize = LongestRecord,
            PoolStrings = true,
        };
        using var reader = CsvReader.Create(InputFile.Open(path), options, leaveOpen: false);
        while (true)
        {
            try
            {
                if (!reader.Read()) yield break;
            }
            catch (CsvFormatException e)
            {
                throw new InputException($"{path}{(e.LineNumber > 0 ? FormattableString.Invariant($" line {e.LineNumber}") : "")}: {Schema.OneLine(e.Message)}",
                    "put a cell that has quotes in double quotes and write its own quotes twice", e);
            }
            if (reader.FieldCount > MostColumns) throw new InputException(FormattableString.Invariant($"{path} line {reader.LineNumber}: {reader.FieldCount} cells, at most {MostColumns} are read"));
            var cells = new string[reader.FieldCount];
            for (var c = 0; c < cells.Length; c++) cells[c] = reader.GetString(c);
            if (cells.Length == 1 && cells[0].Length == 0) continue; // a line of nothing but spaces
            yield return (cells, checked((int)reader.LineNumber));
        }
    }

    private static StreamReader OpenText(string path) => new(InputFile.Open(path), Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16);

    // What the first rows tell: the separator, whether there is a header, and the columns' names.
    private sealed record Layout(char Delimiter, bool HasHeader, string[] Names)
    {
        private static readonly char[] Candidates = ['\t', ';', '|', ','];

        public static Layout Of(string path, HeaderMode mode)
        {
            var delimiter = path.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : FindDelimiter(path);
            var head = RawRecords(path, delimiter).Take(HeadRows).Select(r => r.Cells).ToArray();
            if (head.Length == 0) throw new InputException($"{path}: empty");
            var first = head[0];
            var hasHeader = mode == HeaderMode.Detect ? LooksLikeHeader(first, head[1..]) : mode == HeaderMode.Row;
            if (!hasHeader) return new Layout(delimiter, false, [.. first.Select((_, c) => FormattableString.Invariant($"c{c + 1}"))]);
            string[] names = [.. first.Select((name, c) => name.Length == 0 ? FormattableString.Invariant($"c{c + 1}") : Schema.OneLine(name))];
            if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw new InputException($"{path} line 1: two columns are named '{twice.Key}'", "rename one, or say --header none if the first row is data");
            return new Layout(delimiter, true, names);
        }

        // A header has no numbers and stands over numbers; over words, it says what is not said below it.
        // A single row of different words is a header without rows.
        private static bool LooksLikeHeader(string[] first, string[][] others)
        {
            if (first.Any(cell => ColumnScan.TryNumber(cell, out _)) || first.All(cell => cell.Length == 0)) return false;
            if (others.Length == 0) return first.Length > 1 && first.All(cell => cell.Length > 0) && first.Distinct(StringComparer.Ordinal).Count() == first.Length;
            others = [.. others.Where(r => r.Length == first.Length)];
            var columns = Enumerable.Range(0, first.Length).ToArray();
            if (columns.Any(c => others.Count(r => ColumnScan.TryNumber(r[c], out _)) > others.Length / 2)) return true;
            return first.Distinct(StringComparer.Ordinal).Count() == first.Length && columns.Count(c => others.All(r => r[c] != first[c])) > first.Length / 2;
        }

        // The separator that most lines have equally often; a space only where there is no other.
        private static char FindDelimiter(string path)
        {
            using var reader = OpenText(path);
            var buffer = new char[1 << 16];
            var text = buffer.AsSpan(0, reader.ReadBlock(buffer));
            if (text.Contains('\0')) throw new InputException($"{path}: not a text file");
            var counts = CountPerLine(text, whole: text.Length < buffer.Length);
            var best = (Share: 0.0, Delimiter: '\0');
            foreach (var candidate in Candidates)
                if (Agreement(counts, candidate) is var share && share > best.Share + 1e-9) best = (share, candidate);
            if (best.Share >= 0.5) return best.Delimiter;
            return Agreement(counts, ' ') >= 0.9 ? ' ' : ',';
        }

        private static double Agreement(List<Dictionary<char, int>> counts, char delimiter)
        {
            var modal = counts.GroupBy(c => c.GetValueOrDefault(delimiter)).Where(g => g.Key > 0).OrderByDescending(g => g.Count()).FirstOrDefault();
            return modal is null ? 0 : (double)modal.Count() / counts.Count;
        }

        private static List<Dictionary<char, int>> CountPerLine(ReadOnlySpan<char> text, bool whole)
        {
            var lines = new List<Dictionary<char, int>>();
            var line = new Dictionary<char, int>();
            var (quoted, empty) = (false, true);
            foreach (var c in text)
            {
                if (c == '"') quoted = !quoted;
                if (c is '\n' or '\r' && !quoted)
                {
                    if (!empty) lines.Add(line);
                    if (lines.Count == HeadRows) return lines;
                    (line, empty) = (new Dictionary<char, int>(), true);
                }
                else
                {
                    empty = false;
                    if (!quoted && (c == ' ' || Candidates.Contains(c))) line[c] = line.GetValueOrDefault(c) + 1;
                }
            }
            if (!empty && (whole || lines.Count == 0)) lines.Add(line);
            return lines;
        }
    }
}
