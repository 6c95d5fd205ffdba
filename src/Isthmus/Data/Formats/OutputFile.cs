namespace Isthmus.Data;

/// <summary>Writing so that a file is either whole or not there.</summary>
internal static class OutputFile
{
    /// <summary>Writes all bytes under a temporary name beside the file and renames it.</summary>
    /// <exception cref="InputException">The folder is not there or not writable.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var temporary = path + ".partial";
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{path}' cannot be written: {Schema.OneLine(e.Message)}", inner: e);
        }
    }
}
