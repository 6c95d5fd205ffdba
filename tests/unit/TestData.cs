namespace Isthmus.Tests;

/// <summary>Real data that lies outside the repository: under ISTHMUS_DATA, or in <c>shared/data</c> beside a parent folder.</summary>
public static class TestData
{
    /// <summary>The full path of a file or folder of the data, or null where it is absent.</summary>
    public static string? Find(string relative)
    {
        if (Environment.GetEnvironmentVariable("ISTHMUS_DATA") is { Length: > 0 } root)
            return Existing(Path.Combine(root, relative));
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Existing(Path.Combine(folder.FullName, "shared", "data", relative)) is { } found) return found;
        return null;
    }

    /// <summary>As <see cref="Find"/>, for tests behind <see cref="DataFactAttribute"/>, where the data are known to be there.</summary>
    public static string Require(string relative) =>
        Find(relative) ?? throw new FileNotFoundException($"test data '{relative}' not found");

    private static string? Existing(string path) => File.Exists(path) || Directory.Exists(path) ? path : null;
}

/// <summary>A fact that needs real data and is skipped, with a message, where they are absent.</summary>
public sealed class DataFactAttribute : FactAttribute
{
    public DataFactAttribute(string relative)
    {
        if (TestData.Find(relative) is null) Skip = $"needs {relative}: set ISTHMUS_DATA to the folder of the test data";
    }
}

/// <summary>A theory that needs real data and is skipped, with a message, where they are absent.</summary>
public sealed class DataTheoryAttribute : TheoryAttribute
{
    public DataTheoryAttribute(string relative)
    {
        if (TestData.Find(relative) is null) Skip = $"needs {relative}: set ISTHMUS_DATA to the folder of the test data";
    }
}
