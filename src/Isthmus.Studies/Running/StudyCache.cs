using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Isthmus.Studies;

/// <summary>One finished run of an arm.</summary>
/// <param name="Key">What it was a run of.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Outcome">What it measured.</param>
internal sealed record FinishedRun(string Key, double Seconds, Outcome Outcome);

/// <summary>Finished runs in a folder, one file each, so that an interrupted study goes on where it was.</summary>
internal sealed class StudyCache(string folder)
{
    /// <summary>What a run depends on, in words.</summary>
    public static string Key(string code, Arm arm, Configuration configuration, Trial trial) => string.Create(CultureInfo.InvariantCulture,
        $"code {code}, {trial.Budget}, {arm}, {configuration}, seed {trial.Seed}{(trial.Tuning ? ", tuning" : "")}, data {trial.Data ?? "its own"}");

    /// <summary>The run of that key; null where it is not there or its file is not whole.</summary>
    public FinishedRun? Find(string slug, string key)
    {
        var path = PathOf(slug, key);
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<FinishedRun>(File.ReadAllText(path), StudyJson.Options) is { Outcome: not null } run && run.Key == key ? run : null;
        }
        catch (JsonException)
        {
            return null; // not ours, or damaged: it is run again and the file replaced
        }
    }

    /// <summary>Keeps a run.</summary>
    public void Add(string slug, FinishedRun run) => AtomicFile.WriteText(PathOf(slug, run.Key), JsonSerializer.Serialize(run, StudyJson.Options));

    /// <summary>Forgets all runs of a study.</summary>
    public void Clear(string slug)
    {
        var runs = Path.Combine(folder, slug);
        if (!Directory.Exists(runs)) return;
        foreach (var file in Directory.EnumerateFiles(runs, "run-*.json")) File.Delete(file);
    }

    private string PathOf(string slug, string key) =>
        Path.Combine(folder, slug, $"run-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..20]}.json");
}
