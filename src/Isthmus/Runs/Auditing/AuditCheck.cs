namespace Isthmus.Runs;

/// <summary>Something wrong with a log.</summary>
/// <param name="Line">The line, from 1; null where it is about the whole file.</param>
/// <param name="What">What is wrong, in words.</param>
public sealed record AuditFault(int? Line, string What);

/// <summary>Whether a log is as it was written.</summary>
/// <param name="Entries">Lines after the first.</param>
/// <param name="Head">The hash of the last line: noted down elsewhere, it proves later that nothing before it was touched. Null of an empty log.</param>
/// <param name="Faults">What is wrong, the first hundred; empty of a log that is as it was written.</param>
public sealed record AuditCheck(int Entries, string? Head, IReadOnlyList<AuditFault> Faults)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool Holds => Faults.Count == 0;
}

/// <summary>Walks along a log's chain.</summary>
internal sealed class AuditChain(string? model)
{
    private const int MostFaults = 100;
    private readonly List<AuditFault> _faults = [];
    private string? _stated, _true; // the hash that the line before states, and the one that its bytes have
    private int _line, _last;

    public int Line => _line;

    public int Entries => Math.Max(0, _line - 1);

    public string? Head => _stated ?? _true;

    public IReadOnlyList<AuditFault> Faults => _faults;

    /// <summary>Takes the next line; its entry where its hash is right.</summary>
    public AuditEntry? Next(AuditBytes line)
    {
        _line++;
        if (line.Bytes is not { } bytes)
        {
            Fault(FormattableString.Invariant($"it is longer than {AuditLine.Longest} bytes, which no entry is"));
            (_stated, _true) = (null, null);
            return null;
        }
        if (!line.Ended) Fault("it is cut off before its end");
        var (stated, actual) = (AuditLine.HashOf(bytes), AuditLine.TrueHashOf(bytes));
        var whole = stated is not null && stated == actual;
        if (!whole && line.Ended) Fault(stated is null ? "it was altered: it does not end in its hash" : "it was altered: its hash is not that of its bytes");
        if (_line == 1 && whole && model is not null) First(bytes);
        var entry = _line > 1 && whole ? Entry(bytes) : null;
        if (_line > 1 && !whole) _last++;
        (_stated, _true) = (stated, actual);
        return entry;
    }

    public void Fault(string what, bool ofLine = true)
    {
        if (_faults.Count < MostFaults) _faults.Add(new AuditFault(ofLine ? _line : null, what));
    }

    private void First(byte[] bytes)
    {
        if (bytes.AsSpan().SequenceEqual(AuditLine.Header(model!))) return;
        Fault(AuditLine.ModelOf(bytes) is { } other && other != model ? $"it is the log of another model, {Short(other)}…; the run's is {Short(model!)}…" : "it is not the first line of a log of edits");
    }

    private AuditEntry? Entry(byte[] bytes)
    {
        if (AuditLine.Read(bytes, out var fault) is not { } entry)
        {
            Fault(fault!);
            _last++;
            return null;
        }
        if (entry.Number != _last + 1)
            Fault(entry.Number > _last + 1 ? FormattableString.Invariant($"entry {entry.Number} follows entry {_last}: {(long)entry.Number - _last - 1} between them removed") : FormattableString.Invariant($"entry {entry.Number} follows entry {_last}: inserted, or out of order"));
        else if (entry.Previous != _stated && entry.Previous != _true) Fault(FormattableString.Invariant($"it does not continue line {_line - 1}: one of both was replaced"));
        _last = entry.Number;
        return entry;
    }

    private static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;
}
