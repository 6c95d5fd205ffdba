namespace Isthmus.Data;

/// <summary>Opening and reading files so that whatever is wrong with them becomes one clear line.</summary>
internal static class InputFile
{
    // The most that a byte of deflate can stand for (RFC 1951: 258 bytes by two one-bit codes), so that a promise can be checked
    // against a file's size before memory is set aside for it.
    private const int DeflateRatio = 1032;

    /// <summary>Opens a file for reading.</summary>
    public static FileStream Open(string path)
    {
        try
        {
            if (Directory.Exists(path)) throw new InputException($"'{path}' is a folder, expected a file");
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException($"'{path}' cannot be read: {Schema.OneLine(e.Message)}", inner: e);
        }
    }

    /// <summary>The error for a path that is not there, with the nearest name beside it.</summary>
    public static InputException Missing(string path)
    {
        string? near = null;
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path));
            if (folder is not null && Directory.Exists(folder))
                near = Suggest.Nearest(Path.GetFileName(path), Directory.EnumerateFileSystemEntries(folder).Take(10_000).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // The suggestion is a courtesy; the error itself stands without it.
        }
        return new InputException($"there is no file or folder '{path}'", near is null ? null : $"did you mean '{Path.Combine(Path.GetDirectoryName(path) ?? "", near)}'?");
    }

    /// <summary>Opens a file that may be compressed by gzip (by its first two bytes), and says how many bytes it can hold at most.</summary>
    public static Stream OpenMaybeGzip(string path, out long atMost)
    {
        var file = Open(path);
        var (first, second) = (file.ReadByte(), file.ReadByte());
        file.Position = 0;
        var zipped = first == 0x1F && second == 0x8B;
        atMost = zipped ? file.Length * DeflateRatio : file.Length;
        return zipped ? new GzipInput(file) : file;
    }

    /// <summary>Runs a reader and turns every kind of damage into an error that names the file.</summary>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or IOException or NotSupportedException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: damaged or cut off: {Schema.OneLine(e.Message)}", inner: e);
        }
    }

    /// <summary>Fails where a stream holds more than it promised.</summary>
    public static void ExpectEnd(Stream stream, string path)
    {
        if (stream.ReadByte() >= 0) throw new InputException($"{path}: holds more bytes than its header promises");
    }
}
