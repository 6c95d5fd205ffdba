namespace Isthmus.Coding;

/// <summary>
/// A message kept in memory as runs of equal models, so that it can be coded forwards or backwards by any coder. One item is
/// what one step of a coder codes: an entry, a decision, or at most 16 raw bits.
/// </summary>
internal sealed class SymbolRecorder
{
    /// <summary>Items of one model: a table; else raw bits when Width is 1..16; else (Width 0) decisions.</summary>
    public readonly record struct Run(FrequencyTable? Table, int Width, int Count);

    private readonly List<Run> _runs = [];
    private int[] _items = new int[256];

    /// <summary>The number of items.</summary>
    public int Count { get; private set; }

    /// <summary>The items in queue order. Of a decision: probability · 2 + bit.</summary>
    public ReadOnlySpan<int> Items => _items.AsSpan(0, Count);

    public IReadOnlyList<Run> Runs => _runs;

    public void Add(int item, FrequencyTable? table, int width)
    {
        if (Count == _items.Length) Grow(1);
        _items[Count++] = item;
        Extend(table, width, 1);
    }

    public void Add(ReadOnlySpan<int> items, FrequencyTable table)
    {
        if (items.Length > _items.Length - Count) Grow(items.Length);
        items.CopyTo(_items.AsSpan(Count));
        Count += items.Length;
        if (items.Length > 0) Extend(table, 0, items.Length);
    }

    public void Clear()
    {
        _runs.Clear();
        Count = 0;
    }

    private void Extend(FrequencyTable? table, int width, int count)
    {
        var last = _runs.Count - 1;
        if (last >= 0 && ReferenceEquals(_runs[last].Table, table) && _runs[last].Width == width)
            _runs[last] = _runs[last] with { Count = _runs[last].Count + count };
        else _runs.Add(new Run(table, width, count));
    }

    private void Grow(int more)
    {
        if (more > MessageWriter.MaxSymbols - Count)
            throw new CodingException(CodingError.LimitExceeded, $"a message of more than {MessageWriter.MaxSymbols} symbols", "write it as several frames");
        Array.Resize(ref _items, Math.Min(MessageWriter.MaxSymbols, Math.Max(2 * _items.Length, Count + more)));
    }
}
