namespace Isthmus.Tests;

/// <summary>Texts that must not change unnoticed. With ISTHMUS_UPDATE_GOLDENS=1 a test writes them anew: read the difference.</summary>
internal static class Golden
{
    /// <summary>Compares a text with the file of that path below <c>tests/unit</c>.</summary>
    public static void Check(string path, string text)
    {
        if (Environment.GetEnvironmentVariable("ISTHMUS_UPDATE_GOLDENS") == "1")
        {
            var source = Path.Combine(Root(), "tests", "unit", path);
            Directory.CreateDirectory(Path.GetDirectoryName(source)!);
            File.WriteAllText(source, text);
            return;
        }
        var golden = Path.Combine(AppContext.BaseDirectory, path);
        Assert.True(File.Exists(golden), $"{path} is missing: ISTHMUS_UPDATE_GOLDENS=1 makes it");
        Assert.Equal(File.ReadAllText(golden).ReplaceLineEndings("\n"), text);
    }

    /// <summary>The repository that the tests were built from.</summary>
    public static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Isthmus.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException("the tests do not run inside the repository");
    }
}
