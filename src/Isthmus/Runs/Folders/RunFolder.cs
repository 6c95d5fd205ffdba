using System.Globalization;
using System.Text.Json;

namespace Isthmus.Runs;

/// <summary>What a run's folder says about itself: run.json.</summary>
public sealed record RunHeader
{
    /// <summary>The version of the folder's layout that this version reads and writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The version of the folder's layout.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>When it was begun, UTC.</summary>
    public DateTime Created { get; init; }

    /// <summary>The version of Isthmus.</summary>
    public string Isthmus { get; init; } = "";

    /// <summary>Where the data lay, as an absolute path; the generator where they were made.</summary>
    public string Data { get; init; } = "";

    /// <summary>Where the test data lay; null where they were part of the data.</summary>
    public string? Test { get; init; }
}

/// <summary>The files of a run's folder. Each is whole or not there; summary.json is written last.</summary>
public static class RunFolder
{
    /// <summary>The folder that new runs are made in.</summary>
    public const string Root = "runs";

    internal const string HeaderName = "run.json", RecipeName = "recipe.yaml", SchemaName = "schema.json", ModelName = "model.safetensors",
        SummaryName = "summary.json", ReportName = "report.html", BaselineName = "baseline";

    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether a folder holds a run, finished or not.</summary>
    public static bool IsRun(string folder) => File.Exists(Path.Combine(folder, HeaderName)) && File.Exists(Path.Combine(folder, RecipeName));

    /// <summary>Makes a run's folder with its header, recipe and schema: all of them or, after a kill, no folder.</summary>
    /// <param name="path">The folder, which must be new or empty; null for a new one under <see cref="Root"/>.</param>
    /// <param name="recipe">With every part chosen.</param>
    /// <param name="schema">Of the data.</param>
    /// <param name="header">What the folder says about itself.</param>
    /// <exception cref="InputException">The folder holds something.</exception>
    public static string Create(string? path, Recipe recipe, Data.Schema schema, RunHeader header)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(header);
        var folder = path ?? NewName(recipe, header);
        CheckFree(folder);
        var parent = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        Directory.CreateDirectory(parent);
        var temporary = Path.Combine(parent, $".{Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))}.{Guid.NewGuid():N}{AtomicFile.TemporaryEnding}");
        Directory.CreateDirectory(temporary);
        AtomicFile.WriteText(Path.Combine(temporary, HeaderName), JsonSerializer.Serialize(header, Json) + "\n");
        AtomicFile.WriteText(Path.Combine(temporary, RecipeName), RecipeFile.Text(recipe, comments: true));
        AtomicFile.WriteText(Path.Combine(temporary, SchemaName), schema.ToJson() + "\n");
        if (Directory.Exists(folder)) Directory.Delete(folder); // empty
        Directory.Move(temporary, folder);
        return folder;
    }

    /// <summary>Whether something could be written to a folder.</summary>
    /// <exception cref="InputException">It holds something, or is a file.</exception>
    public static void CheckFree(string folder)
    {
        if (File.Exists(folder)) throw new InputException($"--out {folder} is a file, expected a new folder");
        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any()) return;
        throw new InputException($"--out {folder} holds files already", IsRun(folder) ? $"--resume {folder} continues that run" : "name a new folder");
    }

    /// <summary>Reads the header of a run.</summary>
    /// <exception cref="InputException">There is none, or it is of another version.</exception>
    public static RunHeader Header(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder)) throw new InputException($"{folder}: no such run", $"'isthmus runs list' shows those under {Root}/");
        var path = Path.Combine(folder, HeaderName);
        if (!File.Exists(path)) throw new InputException($"{folder} is not a run: it has no {HeaderName}");
        var header = ReadJson<RunHeader>(path);
        return header.Format == RunHeader.CurrentFormat ? header
            : throw new InputException(FormattableString.Invariant($"{path}: a run of format {header.Format}, this version reads {RunHeader.CurrentFormat}"));
    }

    /// <summary>The recipe of a run.</summary>
    public static Recipe Recipe(string folder) => RecipeFile.Read(Path.Combine(folder, RecipeName));

    /// <summary>The schema of a run.</summary>
    public static Data.Schema Schema(string folder) => Data.Schema.FromJson(ReadText(Path.Combine(folder, SchemaName)), Path.Combine(folder, SchemaName));

    /// <summary>The summary of a run; null where it is not finished.</summary>
    public static RunSummary? Summary(string folder)
    {
        var path = Path.Combine(folder, SummaryName);
        return File.Exists(path) ? ReadJson<RunSummary>(path) : null;
    }

    internal static void WriteSummary(string folder, RunSummary summary) =>
        AtomicFile.WriteText(Path.Combine(folder, SummaryName), JsonSerializer.Serialize(summary, Json) + "\n");

    // What a kill left half-written.
    internal static void DeleteTemporaries(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, ".*" + AtomicFile.TemporaryEnding, SearchOption.AllDirectories).ToArray()) File.Delete(file);
    }

    private static T ReadJson<T>(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(ReadText(path), Json) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new InputException($"{path}: damaged: {e.Message.ReplaceLineEndings(" ")}", inner: e);
        }
    }

    private static string ReadText(string path)
    {
        if (!File.Exists(path)) throw new InputException($"{path}: no such file");
        if (new FileInfo(path).Length > 64 << 20) throw new InputException($"{path}: too long");
        return File.ReadAllText(path);
    }

    private static string NewName(Recipe recipe, RunHeader header)
    {
        var name = Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"{header.Created:yyyyMMdd-HHmmss}-{recipe.Name}"));
        var free = name;
        for (var i = 2; Directory.Exists(free); i++) free = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
        return free;
    }
}
