using System.Reflection;
using System.Text;
using System.Text.Json;

namespace Isthmus.Studies;

/// <summary>Full results that were recorded: those that this program was built with, or those of a folder.</summary>
public static class StudyRecords
{
    private const string Prefix = "recorded/";
    private static readonly Lazy<IReadOnlyList<StudyResult>> s_embedded = new(ReadEmbedded);

    /// <summary>Those of <c>docs/studies</c> at the time of the build, in the order of slugs.</summary>
    public static IReadOnlyList<StudyResult> Embedded => s_embedded.Value;

    /// <summary>Those of a folder, one file a study, in the order of slugs.</summary>
    /// <exception cref="InputException">The folder is not there, or a file is no result.</exception>
    public static IReadOnlyList<StudyResult> Read(string folder)
    {
        if (!Directory.Exists(folder)) throw new InputException($"{folder}: there is no such folder of results", "'isthmus study run --budget full --record FOLDER' makes one");
        return [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(file => Parse(File.ReadAllText(file), file))];
    }

    /// <summary>Writes a result as <c>FOLDER/SLUG.json</c>.</summary>
    /// <returns>The file's path.</returns>
    /// <exception cref="InputException">The result is a preview: only full results are recorded.</exception>
    public static string Write(string folder, StudyResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Verdict == StudyVerdict.Preview) throw new InputException($"{result.Slug}: a preview is not recorded", "--budget full, with at least five seeds");
        var path = Path.Combine(folder, result.Slug + ".json");
        AtomicFile.WriteText(path, JsonSerializer.Serialize(result, StudyJson.Options) + "\n");
        return path;
    }

    /// <summary>Why a recorded result no longer speaks of the present code; null where it does.</summary>
    public static string? Stale(StudyResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (StudyIndex.Find(result.Slug) is not { } study) return "no such study";
        var now = StudyCode.Hash(study);
        return now == result.Code ? null : $"recorded with code {result.Code}, which is {now} now";
    }

    private static StudyResult[] ReadEmbedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            return Parse(reader.ReadToEnd(), name);
        })];
    }

    private static StudyResult Parse(string text, string file)
    {
        try
        {
            return JsonSerializer.Deserialize<StudyResult>(text, StudyJson.Options) ?? throw new InputException($"{file}: expected a study's result, found null");
        }
        catch (JsonException e)
        {
            throw new InputException($"{file}: not a study's result as 'isthmus study run --record' writes it", null, e);
        }
    }
}
