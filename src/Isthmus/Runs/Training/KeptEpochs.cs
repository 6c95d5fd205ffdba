using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Which epochs' weights stay in a run, and where: weights alone, a file an epoch, in the run's folder <c>epochs</c>.</summary>
public sealed class KeptEpochs
{
    private const long MostParametersUnasked = 100_000;
    private const string Folder = "epochs", Ending = ".safetensors";

    private readonly Func<int, bool>? _keeps;

    private KeptEpochs(Func<int, bool>? keeps) => _keeps = keeps;

    /// <summary>Whether there are any.</summary>
    public bool Any => _keeps is not null;

    /// <summary>Whether the weights after so many epochs stay; 0 for those before the first step.</summary>
    public bool Keeps(int epoch) => _keeps is not null && _keeps(epoch);

    /// <summary>Reads <c>training.keep</c>.</summary>
    /// <param name="text">auto, none, log, all, or epochs with commas.</param>
    /// <param name="parameters">Of the network: auto keeps those of small networks.</param>
    /// <param name="epochs">Of the whole training: log keeps the last one.</param>
    /// <exception cref="InputException">Another text.</exception>
    public static KeptEpochs Parse(string text, long parameters, int epochs)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == "auto") text = parameters <= MostParametersUnasked ? "log" : "none";
        switch (text)
        {
            case "none": return new KeptEpochs(null);
            case "all": return new KeptEpochs(_ => true);
            case "log": return new KeptEpochs(e => e == 0 || e == epochs || IsRound(e));
        }
        var list = new HashSet<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
                throw new InputException($"training.keep '{text}' is not auto, none, log, all or epochs with commas", "for example training.keep=0,1,2,5,10,20");
            list.Add(epoch);
        }
        return new KeptEpochs(list.Contains);
    }

    /// <summary>The epochs that a run has, ascending; empty where none were kept.</summary>
    public static IReadOnlyList<int> In(string run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var folder = Path.Combine(run, Folder);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder, "*" + Ending).Select(f => int.TryParse(Path.GetFileNameWithoutExtension(f), NumberStyles.None, CultureInfo.InvariantCulture, out var e) ? e : -1).Where(e => e >= 0).Order()];
    }

    /// <summary>Where an epoch's weights lie.</summary>
    public static string PathIn(string run, int epoch) => Path.Combine(run, Folder, epoch.ToString("D6", CultureInfo.InvariantCulture) + Ending);

    /// <summary>Gives a run's network the weights that it had after so many epochs.</summary>
    /// <exception cref="InputException">That epoch was not kept, or its file is damaged.</exception>
    public static void Load(Run run, int epoch)
    {
        ArgumentNullException.ThrowIfNull(run);
        var path = PathIn(run.Folder, epoch);
        if (!File.Exists(path))
            throw new InputException(FormattableString.Invariant($"{run.Folder} has no weights of epoch {epoch}"), In(run.Folder) is { Count: > 0 } kept ? $"it has those of {string.Join(", ", kept)}" : "train with --set training.keep=log");
        try
        {
            run.Model.LoadState(Safetensors.Read(path).Tensors);
        }
        catch (InputException e)
        {
            throw new InputException($"{path}: {e.Message}", e.Hint, e);
        }
    }

    // 1, 2, 5, 10, 20, 50, 100 …
    private static bool IsRound(int epoch)
    {
        while (epoch >= 10 && epoch % 10 == 0) epoch /= 10;
        return epoch is 1 or 2 or 5;
    }
}
