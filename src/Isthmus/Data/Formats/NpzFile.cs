using System.IO.Compression;
using System.Numerics;

namespace Isthmus.Data;

/// <summary>Several arrays by name in one zip file, as numpy.savez writes them.</summary>
public sealed class NpzFile : IDisposable
{
    private readonly string _path;
    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Opens a file and reads its list of arrays.</summary>
    /// <exception cref="InputException">Not a zip file, or it holds no arrays.</exception>
    public NpzFile(string path)
    {
        _path = path;
        var file = InputFile.Open(path);
        try
        {
            _zip = InputFile.Guard(path, () => new ZipArchive(file, ZipArchiveMode.Read));
            InputFile.Guard(path, () => _zip.Entries.Count);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        foreach (var entry in _zip.Entries)
            if (entry.FullName.EndsWith(".npy", StringComparison.Ordinal) && !_entries.TryAdd(entry.FullName[..^4], entry))
                throw new InputException($"{path}: two arrays are named '{Schema.Shown(entry.FullName[..^4])}'");
        if (_entries.Count == 0) throw new InputException($"{path}: holds no .npy arrays");
    }

    /// <summary>The arrays' names, in the order of the file.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>The dimensions that an array's header promises.</summary>
    public int[] Shape(string name) => Reading(name, (stream, where, _) => NpyFile.Header(stream, where).Shape);

    /// <summary>Reads one array; its CRC is checked.</summary>
    /// <exception cref="InputException">No such array, damaged, or larger than allowed.</exception>
    public NumericArray<T> Read<T>(string name, long maxMemory = long.MaxValue) where T : struct, IBinaryFloatingPointIeee754<T> =>
        Read<T>(name, new MemoryBudget(maxMemory, _path));

    internal NumericArray<T> Read<T>(string name, MemoryBudget budget) where T : struct, IBinaryFloatingPointIeee754<T> => Reading(name, (stream, where, entry) =>
    {
        using var check = new CrcStream(stream);
        var array = NpyFile.ReadArray<T>(check, where, entry.Length, budget);
        InputFile.ExpectEnd(check, where);
        if (check.Crc != entry.Crc32) throw new InputException($"{where}: damaged: the check sum of the zip file does not fit");
        return array;
    });

    /// <inheritdoc/>
    public void Dispose() => _zip.Dispose();

    private TResult Reading<TResult>(string name, Func<Stream, string, ZipArchiveEntry, TResult> read)
    {
        if (!_entries.TryGetValue(name, out var entry)) throw Suggest.Unknown($"array of {_path}", name, Names);
        var where = $"{_path}[{Schema.Shown(name)}]";
        return InputFile.Guard(where, () =>
        {
            using var stream = entry.Open();
            return read(stream, where, entry);
        });
    }
}
