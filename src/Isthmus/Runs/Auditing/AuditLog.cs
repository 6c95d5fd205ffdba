using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Isthmus.Bottlenecks;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>
/// The log of a run's edits: a line of JSON each, chained by SHA-256 and bound to the run's weights. <c>edits/log.jsonl</c> holds the lines,
/// <c>edits/head.json</c> how many there are and the last hash, so that lines cut from the end are missed too. Whoever may write both files
/// can write another history: the last hash, noted down elsewhere, is what rules that out.
/// </summary>
public sealed class AuditLog
{
    private const int LongestWho = 200, LongestComment = 10_000, LongestEdit = 100_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly string _folder;
    private readonly TimeProvider _clock;

    private AuditLog(string folder, string model, TimeProvider clock) => (_folder, ModelSha256, _clock) = (folder, model, clock);

    /// <summary>SHA-256 of the run's weights, which the log's first line names.</summary>
    public string ModelSha256 { get; }

    /// <summary>The file of the lines, there or not.</summary>
    public string Path => System.IO.Path.Combine(_folder, "log.jsonl");

    private string HeadPath => System.IO.Path.Combine(_folder, "head.json");

    /// <summary>The log of a run; nothing is written before the first entry.</summary>
    /// <param name="run">The run.</param>
    /// <param name="clock">Says when; null for the system's.</param>
    public static AuditLog Of(Run run, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        using var weights = File.OpenRead(System.IO.Path.Combine(run.Folder, RunFolder.ModelName));
        return new AuditLog(System.IO.Path.Combine(run.Folder, "edits"), Convert.ToHexStringLower(SHA256.HashData(weights)), clock ?? TimeProvider.System);
    }

    /// <summary>Adds an edit at the end; it lies on the disk when this returns. One at a time, whatever threads and processes write.</summary>
    /// <param name="outcome">What the edit did.</param>
    /// <param name="edit">The edit.</param>
    /// <param name="source">The DATA argument that the rows came from; null for the run's own data.</param>
    /// <param name="data">The rows.</param>
    /// <param name="seed">Of noise.</param>
    /// <param name="remark">Who, why, at whose suggestion.</param>
    /// <returns>The entry as it was written.</returns>
    /// <exception cref="InputException">The log is damaged, cannot be written, or a remark is too long.</exception>
    public AuditEntry Append(EditOutcome outcome, Edit edit, string? source, Dataset data, ulong seed, AuditRemark remark)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(edit);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(remark);
        var who = Checked("who", remark.Who ?? Environment.UserName, LongestWho)!;
        var entry = new AuditEntry
        {
            When = _clock.GetUtcNow().UtcDateTime,
            Who = who,
            Data = source is null ? null : SourceOf(source),
            Row = outcome.Row,
            InputSha256 = DigestOf(data, outcome.Row),
            Inference = outcome.Inference,
            Seed = seed,
            Edit = Checked("the edit", edit.ToString(), LongestEdit)!,
            Changes = edit.Changes,
            Set = outcome.Entries,
            Before = LoggedAnswer.Of(outcome.Before),
            After = LoggedAnswer.Of(outcome.After),
            Changed = outcome.Changed,
            OutputMse = outcome.OutputMse,
            SuggestedBy = Checked("suggested by", remark.SuggestedBy, LongestWho),
            Cost = remark.Cost,
            Comment = Checked("the comment", remark.Comment, LongestComment),
        };
        try
        {
            Directory.CreateDirectory(_folder);
            using var gate = Gate();
            return Add(entry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{Path}: cannot be written: {Schema.OneLine(e.Message)}", inner: e);
        }
    }

    /// <summary>Goes through the chain.</summary>
    /// <param name="head">A hash that was noted down earlier, whole or its first 8 digits or more: it must be that of one of the lines. Null for none.</param>
    public AuditCheck Verify(string? head = null) => Walk(Path, checkHead: true, head, null);

    /// <summary>Goes through the chain of a copy of this run's log that lies elsewhere.</summary>
    /// <param name="path">The copy.</param>
    /// <param name="head">See <see cref="Verify"/>.</param>
    /// <exception cref="InputException">There is no such file.</exception>
    public AuditCheck VerifyCopy(string path, string? head = null) =>
        File.Exists(path) ? Walk(path, checkHead: false, head, null) : throw new InputException($"{path}: no such file");

    /// <summary>The entries in their order, as far as lines can be read: <see cref="Verify"/> says whether they are true.</summary>
    /// <param name="path">A copy that lies elsewhere; null for the run's own file.</param>
    /// <param name="take">Gets each entry; a long log is not held in memory.</param>
    public AuditCheck Read(Action<AuditEntry> take, string? path = null)
    {
        ArgumentNullException.ThrowIfNull(take);
        return Walk(path ?? Path, checkHead: path is null, null, take);
    }

    /// <summary>The entries in their order.</summary>
    public IReadOnlyList<AuditEntry> Entries()
    {
        var all = new List<AuditEntry>();
        Read(all.Add);
        return all;
    }

    /// <summary>Writes a copy: <c>.jsonl</c> byte for byte, which <see cref="VerifyCopy"/> takes; <c>.csv</c> as a table for people.</summary>
    /// <exception cref="InputException">Another ending.</exception>
    public void Export(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (System.IO.Path.GetFullPath(path) == System.IO.Path.GetFullPath(Path)) throw new InputException($"{path} is the log itself", "name another file");
        switch (System.IO.Path.GetExtension(path).ToUpperInvariant())
        {
            case ".JSONL":
                AtomicFile.Write(path, stream =>
                {
                    if (!File.Exists(Path)) return;
                    using var log = Open();
                    log.CopyTo(stream);
                });
                break;
            case ".CSV": AtomicFile.Write(path, WriteTable); break;
            default: throw new InputException($"{path}: cannot write '{System.IO.Path.GetExtension(path)}'", "endings: .jsonl (which can be verified), .csv");
        }
    }

    /// <summary>A DATA argument as entries name it: an absolute path, or a generator as it is.</summary>
    public static string SourceOf(string source) => RecipeData.Absolute(source);

    /// <summary>SHA-256 of the numbers of a row as the network gets them (features, then indices; little-endian), or of all rows.</summary>
    internal static string DigestOf(Dataset data, int? row)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (from, count) = data.Kind == DataKind.Text || row is null ? (0, data.Count) : (row.Value, 1);
        hash.AppendData(MemoryMarshal.AsBytes(data.Rows(from, count)));
        if (data.Indices is { } indices) hash.AppendData(MemoryMarshal.AsBytes(indices.Values.AsSpan(from * indices.Columns, count * indices.Columns)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private AuditEntry Add(AuditEntry entry)
    {
        var head = ReadHead();
        using var log = new FileStream(Path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 1);
        if (log.Length == 0 && head is null)
        {
            var first = AuditLine.Header(ModelSha256);
            log.Write([.. first, (byte)'\n']);
            head = new Head(0, log.Length, AuditLine.HashOf(first)!);
        }
        head = Continue(log, head);
        var written = entry with { Number = head.Entries + 1, Previous = head.Hash };
        var line = AuditLine.Of(written);
        log.Position = head.Bytes;
        log.Write([.. line, (byte)'\n']);
        log.Flush(flushToDisk: true);
        WriteHead(new Head(written.Number, log.Length, AuditLine.HashOf(line)!));
        return written;
    }

    // Where the next line goes. A kill may have left a line that the head does not know: a whole one is kept, a torn one was never answered for.
    private Head Continue(FileStream log, Head? head)
    {
        if (head is null)
        {
            log.Position = 0;
            var lines = AuditBytes.Of(log, AuditLine.Longest).Take(2).ToArray();
            if (lines is [{ Bytes: { } only, Ended: true }] && only.AsSpan().SequenceEqual(AuditLine.Header(ModelSha256))) return new Head(0, log.Length, AuditLine.HashOf(only)!);
            if (lines is [{ Bytes: { } torn, Ended: false }] && AuditLine.Header(ModelSha256).AsSpan().StartsWith(torn))
            {
                log.SetLength(0);
                var first = AuditLine.Header(ModelSha256);
                log.Write([.. first, (byte)'\n']);
                return new Head(0, log.Length, AuditLine.HashOf(first)!);
            }
            if (lines is not [{ Bytes: { } header }, _] || !header.AsSpan().SequenceEqual(AuditLine.Header(ModelSha256))) throw Damaged();
            head = new Head(0, header.Length + 1, AuditLine.HashOf(header)!); // killed before the first head
        }
        else if (log.Length < head.Bytes || head.Bytes < head.Hash.Length + 4 || LastHash(log, head.Bytes) != head.Hash) throw Damaged();
        if (log.Length == head.Bytes) return head;
        log.Position = head.Bytes;
        var rest = AuditBytes.Of(log, AuditLine.Longest).Take(2).ToArray();
        if (rest is [{ Bytes: { } line, Ended: true }] && AuditLine.HashOf(line) is { } hash && hash == AuditLine.TrueHashOf(line)
            && AuditLine.Read(line, out _) is { } entry && entry.Previous == head.Hash && entry.Number == head.Entries + 1) return new Head(entry.Number, log.Length, hash);
        if (rest is not [{ Bytes: not null, Ended: false }]) throw Damaged();
        log.SetLength(head.Bytes);
        return head;
    }

    // The hash with which the line that ends at a position ends.
    private static string? LastHash(FileStream log, long end)
    {
        Span<byte> tail = stackalloc byte[67]; // 64 digits, "} and the line end
        log.Position = end - tail.Length;
        log.ReadExactly(tail);
        return tail[64..].SequenceEqual("\"}\n"u8) ? Encoding.ASCII.GetString(tail[..64]) : null;
    }

    private InputException Damaged() => new($"{Path}: the log is not as it was written, nothing can be added to it", "isthmus log RUN --verify says where; put the damaged folder 'edits' elsewhere to begin a new one");

    private AuditCheck Walk(string path, bool checkHead, string? noted, Action<AuditEntry>? take)
    {
        if (noted is not null && (noted.Length is < 8 or > 64 || !noted.All(char.IsAsciiHexDigitLower))) throw new InputException($"'{Schema.Shown(noted)}' is not a hash, 8 to 64 digits of 0-9 a-f");
        var chain = new AuditChain(ModelSha256);
        var found = noted is null;
        var (length, atHead) = Snapshot(path, checkHead, chain);
        string? hashAtHead = null;
        if (length is { } most)
        {
            using var log = Open(path);
            foreach (var line in AuditBytes.Of(log, AuditLine.Longest, most))
            {
                if (chain.Next(line) is { } entry) take?.Invoke(entry);
                if (atHead?.Bytes == line.End) hashAtHead = line.Bytes is { } own ? AuditLine.HashOf(own) : null;
                found |= noted is not null && chain.Head?.StartsWith(noted, StringComparison.Ordinal) == true;
            }
            if (chain.Line == 0) chain.Fault("the file is empty", ofLine: false);
        }
        if (atHead is not null && chain.Entries < atHead.Entries) chain.Fault(FormattableString.Invariant($"{atHead.Entries} entries were written and {chain.Entries} are there: lines are missing, at the end where no other line is named"), ofLine: false);
        else if (atHead is not null && chain.Entries > atHead.Entries + 1) chain.Fault(FormattableString.Invariant($"{atHead.Entries} entries were written and {chain.Entries} are there: lines were added"), ofLine: false);
        else if (atHead is not null && chain.Faults.Count == 0 && hashAtHead != atHead.Hash) chain.Fault("head.json does not name the last line's hash: the last lines, or that file, were replaced", ofLine: false);
        if (checkHead && chain.Entries > 1 && !File.Exists(HeadPath)) chain.Fault("head.json is missing: lines may have been cut from the end", ofLine: false);
        if (!found) chain.Fault($"no line has the hash {noted}: the log was rewritten since it was noted down, or it is another run's", ofLine: false);
        return new AuditCheck(chain.Entries, chain.Head, chain.Faults);
    }

    // How much of the file there is, and its head, at one moment, whoever goes on writing.
    private (long? Length, Head? Head) Snapshot(string path, bool checkHead, AuditChain chain)
    {
        if (!checkHead || !Directory.Exists(_folder)) return (LengthOf(path), null);
        FileStream? gate = null;
        try
        {
            gate = Gate();
        }
        catch (UnauthorizedAccessException)
        {
            // a folder that may only be read is not being written by this account either
        }
        using (gate) return (LengthOf(path), TryReadHead(chain));
    }

    private static long? LengthOf(string path) => File.Exists(path) ? new FileInfo(path).Length : null;

    private FileStream Open(string? path = null) => new(path ?? Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);

    private void WriteTable(Stream stream)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine("entry,when,who,data,row,edit,before,after,changed,suggested_by,cost,comment");
        Read(e => writer.WriteLine(string.Join(',', ((string?[])[Text(e.Number), e.When.ToString("O", CultureInfo.InvariantCulture), e.Who, e.Data, Text(e.Row), e.Edit, Answer(e.Before), Answer(e.After),
            e.Changed ? "yes" : "no", e.SuggestedBy, e.Cost?.ToString("R", CultureInfo.InvariantCulture), e.Comment]).Select(Quoted))));
        static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);
        static string Answer(LoggedAnswer answer) => answer.Class ?? (answer.Numbers is { } numbers ? string.Join(' ', numbers.Select(n => n.ToString("R", CultureInfo.InvariantCulture))) : answer.NumbersSha256 ?? "");
        // What a spreadsheet would run as a formula is made text.
        static string Quoted(string? given)
        {
            if (given is not { Length: > 0 }) return "";
            var text = given[0] is ('=' or '+' or '-' or '@') && !double.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? "'" + given : given;
            return text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
        }
    }

    // One writer, of all processes.
    private FileStream Gate()
    {
        var path = System.IO.Path.Combine(_folder, "lock");
        var began = _clock.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (_clock.GetElapsedTime(began) < s_patience)
            {
                Thread.Sleep(2);
            }
        }
    }

    private static string? Checked(string what, string? text, int longest) => text is null || text.Length <= longest ? text
        : throw new InputException(FormattableString.Invariant($"{what} has {text.Length} characters, at most {longest} are logged"));

    private sealed record Head(int Entries, long Bytes, string Hash);

    private Head? ReadHead()
    {
        if (!File.Exists(HeadPath)) return null;
        try
        {
            if (new FileInfo(HeadPath).Length < 1000 && JsonSerializer.Deserialize<Head>(File.ReadAllBytes(HeadPath), RunFolder.Json) is { Hash.Length: 64, Entries: >= 0, Bytes: >= 0 } head) return head;
        }
        catch (JsonException)
        {
        }
        throw Damaged();
    }

    private Head? TryReadHead(AuditChain chain)
    {
        try
        {
            return ReadHead();
        }
        catch (InputException)
        {
            chain.Fault("head.json is damaged", ofLine: false);
            return null;
        }
    }

    private void WriteHead(Head head) => AtomicFile.WriteText(HeadPath, JsonSerializer.Serialize(head, new JsonSerializerOptions(RunFolder.Json) { WriteIndented = false }) + "\n");
}
