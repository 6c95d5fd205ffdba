using System.Globalization;

namespace Isthmus.Data;

/// <summary>The promise that no file makes us allocate more than was allowed: sizes are computed in 64 bits and compared first.</summary>
internal sealed class MemoryBudget(long limit, string file)
{
    private long _used;

    /// <summary>The file that error messages name.</summary>
    public string File => file;

    /// <summary>Sets bytes aside.</summary>
    /// <exception cref="InputException">The limit would be passed, or an array would be longer than .NET allows.</exception>
    public void Take(long elements, int elementSize, string what)
    {
        var bytes = (Int128)elements * elementSize;
        if (elements < 0 || elements > Array.MaxLength || _used + bytes > limit)
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{file}: {what} would take {Size(_used + bytes)}, the limit is {Size(limit)}"),
                "raise it with --max-memory, or use a part of the data");
        _used += (long)bytes;
    }

    /// <summary>What is left.</summary>
    public long Left => limit - _used;

    /// <summary>Gives bytes back that are needed no more.</summary>
    public void Return(long bytes) => _used -= bytes;

    /// <summary>A count of bytes for people.</summary>
    public static string Size(Int128 bytes)
    {
        string[] units = ["bytes", "kB", "MB", "GB", "TB"];
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1000 && unit < units.Length - 1) (value, unit) = (value / 1000, unit + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }
}
