using System.Numerics;
using System.Runtime.InteropServices;

namespace Isthmus.Coding;

/// <summary>
/// A message kept in memory as runs of equal models, so that it can be coded forwards or backwards by any coder. One item is
/// what one step of a coder codes: an entry, a decision, or at most 16 raw bits.
/// </summary>
internal sealed class SymbolRecorder
{
    /// <summary>The width of runs of decisions that are true, and of those that are false.</summary>
    public const int True = -1, False = -2;

    /// <summary>Items of one model: a table; else raw bits when Width is 1..16; else decisions.</summary>
    public readonly record struct Run(FrequencyTable? Table, int Width, int Count);

    private readonly List<Run> _runs = [];
    private ushort[] _items = new ushort[256];

    /// <summary>The number of items.</summary>
    public int Count { get; private set; }

    /// <summary>The items in queue order: an entry, raw bits, or what the decision taken had for probability.</summary>
    public ReadOnlySpan<ushort> Items => _items.AsSpan(0, Count);

    public IReadOnlyList<Run> Runs => _runs;

    public void Add(int item, FrequencyTable? table, int width)
    {
        if (Count == _items.Length) Grow(1);
        _items[Count++] = (ushort)item;
        Extend(table, width, 1);
    }

    public void Add(ReadOnlySpan<int> items, FrequencyTable table)
    {
        if (items.Length > _items.Length - Count) Grow(items.Length);
        Narrow(MemoryMarshal.Cast<int, uint>(items), _items.AsSpan(Count));
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

    private static void Narrow(ReadOnlySpan<uint> from, Span<ushort> to)
    {
        var (i, n) = (0, Vector<uint>.Count);
        for (; i <= from.Length - 2 * n; i += 2 * n) Vector.Narrow(new Vector<uint>(from[i..]), new Vector<uint>(from[(i + n)..])).CopyTo(to[i..]);
        for (; i < from.Length; i++) to[i] = (ushort)from[i];
    }

    private void Grow(int more)
    {
        if (more > MessageWriter.MaxSymbols - Count)
            throw new CodingException(CodingError.LimitExceeded, $"a message of more than {MessageWriter.MaxSymbols} symbols", "write it as several frames");
        Array.Resize(ref _items, Math.Min(MessageWriter.MaxSymbols, Math.Max(2 * _items.Length, Count + more)));
    }
}
