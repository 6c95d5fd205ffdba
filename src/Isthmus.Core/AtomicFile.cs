namespace Isthmus;

/// <summary>Files that are whole or not there: written under another name in the same folder, flushed to the disk, renamed.</summary>
public static class AtomicFile
{
    /// <summary>What the name of a file that is being written ends with; one that is left over after a kill may be deleted.</summary>
    public const string TemporaryEnding = ".part";

    /// <summary>Writes a file; an old one of that name is replaced at the end, in one step. Missing folders are made.</summary>
    /// <param name="path">The file's final name.</param>
    /// <param name="write">Writes the content; when it throws, nothing changes.</param>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{TemporaryEnding}");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes text as UTF-8 without a byte-order mark.</summary>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
    }
}
