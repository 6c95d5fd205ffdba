using System.Security.Cryptography;
using System.Text;

namespace Isthmus.Runs;

/// <summary>A value put over a recipe's field: a flag of the command or one <c>--set</c>.</summary>
/// <param name="Path">The field, as in <c>bottleneck.beta</c> or <c>phases[0].epochs</c>.</param>
/// <param name="Value">The value as YAML.</param>
/// <param name="Flag">What the person typed, for errors.</param>
public sealed record Override(string Path, string Value, string Flag)
{
    /// <summary>From <c>--set path=value</c>.</summary>
    /// <exception cref="InputException">There is no '='.</exception>
    public static Override Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0) throw new InputException($"--set '{text}' is not path=value", "for example --set bottleneck.beta=1e-3");
        return new Override(text[..at].Trim(), text[(at + 1)..].Trim(), "--set " + text[..at].Trim());
    }
}

/// <summary>Reads and writes recipes.</summary>
public static class RecipeFile
{
    private const int ShownProblems = 3;

    /// <summary>Reads a file with values put over its fields.</summary>
    /// <exception cref="InputException">The file is missing, or anything in it is wrong: all of it is reported together.</exception>
    public static Recipe Read(string path, IReadOnlyList<Override>? overrides = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!File.Exists(path)) throw new InputException($"{path}: no such file");
        return Parse(InputText(path), path, overrides);
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="file">What errors call it.</param>
    /// <param name="overrides">Values put over its fields, in order.</param>
    public static Recipe Parse(string text, string file, IReadOnlyList<Override>? overrides = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Apply(YamlTree.Parse(text, file), file, new Recipe(), overrides);
    }

    /// <summary>A recipe with values put over its fields.</summary>
    public static Recipe With(Recipe recipe, IReadOnlyList<Override> overrides)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return Apply(YamlTree.Parse(Text(recipe), "recipe"), "", new Recipe(), overrides);
    }

    /// <summary>Every field of a recipe as YAML, in a fixed order and form: what a run stores.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="comments">Whether meaning, unit and range stand beside each field.</param>
    public static string Text(Recipe recipe, bool comments = false)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return new RecipeWriter(comments).Write(recipe);
    }

    /// <summary>SHA-256 of <see cref="Text"/> without comments, in lower-case hexadecimal.</summary>
    public static string Sha256(Recipe recipe) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text(recipe))));

    private static string InputText(string path)
    {
        using var stream = File.OpenRead(path);
        if (stream.Length > 4 << 20) throw new InputException($"{path}: too long for a recipe");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static Recipe Apply(YamlNode root, string file, Recipe start, IReadOnlyList<Override>? overrides)
    {
        var problems = new List<string>();
        if (root is YamlMap map)
            foreach (var change in overrides ?? []) Put(map, change, problems);
        var binder = new OptionBinder();
        var recipe = (Recipe)binder.Bind(root, start, "");
        problems.AddRange(binder.Problems);
        problems.AddRange(Check(recipe));
        if (problems.Count > 0) throw Error(file, problems);
        return recipe;
    }

    // What no single field's range can say.
    private static IEnumerable<string> Check(Recipe recipe)
    {
        if (Inference.TryParse(recipe.Inference) is null) yield return $"inference is '{recipe.Inference}', expected mean, sample, average:k with k from 1 to 1000, or ship";
        if (recipe.Data.Folds == 1) yield return "data.folds is 1, expected 0 (no folds) or at least 2";
        if (recipe.Data.Folds > 0 && recipe.Data.Fold >= recipe.Data.Folds) yield return FormattableString.Invariant($"data.fold is {recipe.Data.Fold}, expected 0 to {recipe.Data.Folds - 1}");
        if ((recipe.Data.Split is null ? 0 : 1) + (recipe.Data.Test is null ? 0 : 1) + (recipe.Data.Folds > 0 ? 1 : 0) > 1) yield return "data.split, data.test and data.folds exclude each other";
        if (recipe.Phases.Count == 0)
            foreach (var problem in TrainingSettings.Problems(recipe.Training)) yield return $"training.{problem}";
        for (var p = 0; p < recipe.Phases.Count; p++)
        {
            foreach (var problem in TrainingSettings.Problems(TrainingSettings.Of(recipe.Training, recipe.Phases[p]))) yield return FormattableString.Invariant($"phases[{p}]: {problem}");
            if (recipe.Phases[p].Train.Intersect(recipe.Phases[p].Freeze).FirstOrDefault() is { } both) yield return FormattableString.Invariant($"phases[{p}]: {both} stands under train and under freeze");
        }
    }

    private static void Put(YamlMap root, Override change, List<string> problems)
    {
        YamlNode value;
        try
        {
            value = YamlTree.Parse(change.Value, change.Flag, change.Flag);
        }
        catch (InputException e)
        {
            problems.Add(e.Message);
            return;
        }
        if (change.Value.Length == 0) value = new YamlScalar(change.Flag, "");
        var steps = change.Path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.');
        YamlNode at = root;
        for (var i = 0; i < steps.Length; i++)
        {
            var last = i == steps.Length - 1;
            if (at is YamlList list)
            {
                if (!int.TryParse(steps[i], System.Globalization.CultureInfo.InvariantCulture, out var index) || index < 0 || index >= list.Items.Count)
                {
                    problems.Add(FormattableString.Invariant($"{change.Flag}: '{steps[i]}' is no place in a list of {list.Items.Count}"));
                    return;
                }
                if (last) list.Items[index] = value;
                at = list.Items[index];
                continue;
            }
            var map = (YamlMap)at;
            if (last) PutInto(map, steps[i], value);
            else
            {
                // `bottleneck: vib` becomes {type: vib} when a field of it is set
                if (map[steps[i]] is YamlScalar { IsNull: false } word) map[steps[i]] = new YamlMap(word.Where) { ["type"] = word };
                if (map[steps[i]] is null or YamlScalar) map[steps[i]] = new YamlMap(change.Flag);
                at = map[steps[i]]!;
            }
        }
    }

    // Another type keeps only the options that it knows too, so that `--bottleneck identity` works on any recipe.
    private static void PutInto(YamlMap map, string key, YamlNode value)
    {
        if (Enum.TryParse<RegistryKind>(key, ignoreCase: true, out var kind) && value is YamlScalar && map[key] is YamlMap old)
        {
            old["type"] = value;
            KeepKnown(old, kind, value);
            return;
        }
        map[key] = value;
        if (key == "type" && value is YamlScalar)
            foreach (var candidate in Enum.GetValues<RegistryKind>()) KeepKnown(map, candidate, value);
    }

    private static void KeepKnown(YamlMap map, RegistryKind kind, YamlNode type)
    {
        if (type is not YamlScalar { Text: var name } || Registries.Of(kind).FirstOrDefault(e => e.Name == name) is not { } entry) return;
        var known = OptionModel.Fields(entry.OptionsType).Select(f => f.Name).Append("type").ToHashSet(StringComparer.Ordinal);
        map.Entries.RemoveAll(e => !known.Contains(e.Key) && !e.Where.StartsWith('-'));
    }

    private static InputException Error(string file, List<string> problems)
    {
        var prefix = file.Length > 0 ? file + ": " : "";
        if (problems.Count == 1) return new InputException(prefix + problems[0]);
        var shown = string.Join("; ", problems.Take(ShownProblems));
        var rest = problems.Count > ShownProblems ? FormattableString.Invariant($"; and {problems.Count - ShownProblems} more") : "";
        return new InputException(FormattableString.Invariant($"{prefix}{problems.Count} problems: {shown}{rest}"), problems.Count > ShownProblems ? "--verbose lists them all" : null, new ProblemList(problems));
    }

    // What --verbose prints below the error.
    private sealed class ProblemList(IReadOnlyList<string> problems) : Exception
    {
        public override string ToString() => string.Join(Environment.NewLine, problems.Select(p => "  " + p));
    }
}
