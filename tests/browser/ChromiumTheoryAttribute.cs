namespace Isthmus.Tests.Browser;

/// <summary>A theory that needs Debian's Chromium and is skipped, with a message, where it is absent.</summary>
public sealed class ChromiumTheoryAttribute : TheoryAttribute
{
    public const string Path = "/usr/bin/chromium";

    public ChromiumTheoryAttribute()
    {
        if (!File.Exists(Path)) Skip = $"needs Chromium at {Path} (Debian: apt-get install chromium)";
    }
}
