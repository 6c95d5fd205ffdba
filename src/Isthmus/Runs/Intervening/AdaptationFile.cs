using System.Text.Json;
using System.Text.Json.Serialization;
using Isthmus.Bottlenecks;

namespace Isthmus.Runs;

/// <summary>An adjustment with names in place of numbers.</summary>
/// <param name="Predicted">The class that rows are taken for.</param>
/// <param name="True">The class that they were found to be of.</param>
/// <param name="Mask">Concepts that are put at nothing.</param>
/// <param name="Amplify">Concepts whose belief is multiplied.</param>
/// <param name="Factor">By what.</param>
public sealed record NamedAdjustment(string Predicted, string True, IReadOnlyList<string> Mask, IReadOnlyList<string> Amplify, double Factor);

/// <summary>Adjustments of a run's concepts, kept beside it: <c>adaptation.json</c>. The run itself stays as it is.</summary>
public sealed record AdaptationFile
{
    /// <summary>The file's name in a run's folder.</summary>
    public const string Name = "adaptation.json";

    private const int Version = 1;

    /// <summary>Of the format.</summary>
    public int Format { get; init; } = Version;

    /// <summary>Of the weights that the adjustments were found for, in hexadecimal.</summary>
    [JsonPropertyName("model_sha256")]
    public required string ModelSha256 { get; init; }

    /// <summary>The adjustments.</summary>
    public required IReadOnlyList<NamedAdjustment> Edits { get; init; }

    /// <summary>Adjustments under the run's names.</summary>
    public static AdaptationFile Of(Run run, ConceptAdaptation adaptation)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(adaptation);
        var (classes, space) = (run.Model.Schema.Target!.Classes, Space(run));
        return new AdaptationFile
        {
            ModelSha256 = Hash(run),
            Edits = [.. adaptation.Adjustments.Select(a => new NamedAdjustment(classes[a.Predicted], classes[a.True], [.. a.Mask.Select(j => space.Axes[j].Name)], [.. a.Amplify.Select(j => space.Axes[j].Name)], adaptation.Factor))],
        };
    }

    /// <summary>Writes the file, whole or not at all.</summary>
    public void Save(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, RunFolder.Json) + "\n");

    /// <summary>Reads a file for a run.</summary>
    /// <exception cref="InputException">Not there, damaged, of other weights, or with names that the run does not have.</exception>
    public static ConceptAdaptation Load(Run run, string path)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (!File.Exists(path)) throw new InputException($"{path}: there is no such file", $"isthmus adapt {run.Folder} --shots DATA writes it");
        AdaptationFile file;
        try
        {
            file = JsonSerializer.Deserialize<AdaptationFile>(File.ReadAllText(path), RunFolder.Json) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new InputException($"{path}: not a file of adjustments: {e.Message.Split('\n')[0]}", null, e);
        }
        if (file.Format != Version) throw new InputException(FormattableString.Invariant($"{path}: format {file.Format}, {Version} is expected"));
        if (file.Edits is null || file.Edits.Any(e => e is not { Mask: not null, Amplify: not null, Predicted: not null, True: not null }) || file.Edits.Any(e => !double.IsFinite(e.Factor)))
            throw new InputException($"{path}: an adjustment is not whole: predicted, true, mask, amplify and factor are expected");
        if (file.ModelSha256 != Hash(run)) throw new InputException($"{path}: was made for other weights than those of {run.Folder}", "run isthmus adapt again");
        if (file.Edits.Select(e => e.Factor).Distinct().Count() > 1) throw new InputException($"{path}: one factor for all adjustments is expected");
        var space = Space(run);
        return new ConceptAdaptation([.. file.Edits.Select(e => new ConceptAdjustment(Class(run, e.Predicted), Class(run, e.True), [.. e.Mask.Select(space.Find)], [.. e.Amplify.Select(space.Find)]))],
            file.Edits.Count == 0 ? 1 : file.Edits[0].Factor, 0, 0, 0, 0, 0);
    }

    private static ConceptSpace Space(Run run) => (run.Model.Network.Bottleneck as ConceptBottleneck)?.Space ?? throw new InputException($"{run.Folder}: no concepts pass its bottleneck");

    private static int Class(Run run, string name) => run.Model.Schema.Target!.Classes.ToList().IndexOf(name) is >= 0 and var place ? place : throw Suggest.Unknown("class", name, run.Model.Schema.Target!.Classes);

    private static string Hash(Run run) => TrainJob.Sha256(Path.Combine(run.Folder, RunFolder.ModelName));
}
