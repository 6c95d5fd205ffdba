using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Isthmus.Studies;

/// <summary>
/// Which code a result comes from: a hash of the study's own source files, which are embedded in this assembly, and of the
/// verdict rule's version. The library below is not part of it.
/// </summary>
public static class StudyCode
{
    private const string Prefix = "source/";

    /// <summary>The hash, 16 hexadecimal digits; the same for both styles of line ends.</summary>
    /// <exception cref="InvalidOperationException">No file is named as the study's class, or one of <see cref="Study.Sources"/> is missing.</exception>
    public static string Hash(Study study)
    {
        ArgumentNullException.ThrowIfNull(study);
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"verdict rule {VerdictRule.Version}\n"));
        foreach (var name in study.Sources.Prepend(study.GetType().Name + ".cs"))
            text.Append(name).Append('\n').Append(Read(study.GetType().Assembly, name).ReplaceLineEndings("\n"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }

    private static string Read(Assembly assembly, string name)
    {
        var found = assembly.GetManifestResourceNames().Where(r => r.StartsWith(Prefix, StringComparison.Ordinal) && r.EndsWith("/" + name, StringComparison.Ordinal)).ToArray();
        if (found.Length != 1) throw new InvalidOperationException($"{found.Length} embedded source files are named '{name}', one is needed: a study's file is named as its class");
        using var reader = new StreamReader(assembly.GetManifestResourceStream(found[0])!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
