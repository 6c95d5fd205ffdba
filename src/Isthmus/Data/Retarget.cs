namespace Isthmus.Data;

/// <summary>Another target or a choice of concepts for arrays whose known factors have names (generators, sound, arrays).</summary>
internal static class Retarget
{
    /// <summary>As a person asks: <c>--target</c> names a concept or the target, <c>--concepts</c> some of the concepts,
    /// <c>--task reconstruction</c> drops the target.</summary>
    public static Dataset Apply(Dataset data, DataOptions options)
    {
        if (data.Kind == DataKind.Text)
            return options.Task is TaskKind.Auto or TaskKind.Classification ? data
                : throw new InputException($"--task {options.Task.ToString().ToLowerInvariant()}: of {data.Name}, a text, the next token is predicted", "leave --task out");
        var named = Names(data);
        if (options.Target is { } target && data.Kind != DataKind.Ratings && !named.Contains(target))
            throw Suggest.Unknown($"target of {data.Name}", target, named);
        var chosen = options.Target is { } name && data.Target is var old && !(old is not null && TargetName(old) == name) ? FromConcept(data, name) : data.Target;
        if (options.Task == TaskKind.Reconstruction) chosen = null;
        if (options.Task == TaskKind.Classification && chosen is not ClassTarget) throw new InputException($"{data.Name} has no classes to tell apart");
        if (options.Task == TaskKind.Regression && chosen is not ContinuousTarget) throw new InputException($"{data.Name} has no numbers to predict");
        return Rebuild(data, chosen, options.Concepts is null ? data.Concepts : Choose(data, options.Concepts), options.Groups is null ? data.Groups : GroupsOf(data, options.Groups));
    }

    /// <summary>As a run was trained: its target and concepts by name.</summary>
    public static Dataset Apply(Dataset data, Schema schema, bool withTarget)
    {
        if (!withTarget || schema.Target is null) return data;
        var name = schema.Target.Names[0];
        var target = data.Target is not null && TargetName(data.Target) == name ? data.Target : data.Concepts?.Columns.Any(c => c.Name == name) == true ? FromConcept(data, name) : data.Target;
        var concepts = schema.Concepts.Count > 0 && data.Concepts is not null ? Choose(data, string.Join(',', schema.Concepts.Select(c => c.Name))) : data.Concepts;
        return Rebuild(data, target, concepts, data.Groups);
    }

    private static Groups GroupsOf(Dataset data, string name)
    {
        var known = data.Concepts?.Columns.Select(c => c.Name).ToList() ?? [];
        var at = known.IndexOf(name);
        if (at < 0 || data.Concepts!.Columns[at].Categories.Count == 0) throw Suggest.Unknown($"group of {data.Name}", name, known);
        return new Groups(name, [.. Enumerable.Range(0, data.Count).Select(row => (int)data.Concepts.Row(row)[at])], data.Concepts.Columns[at].Categories);
    }

    private static string TargetName(Target target) => target switch { ClassTarget t => t.Name, ContinuousTarget { Width: 1 } t => t.Names[0], _ => "" };

    private static List<string> Names(Dataset data)
    {
        var names = data.Concepts?.Columns.Select(c => c.Name).ToList() ?? [];
        if (data.Target is not null && TargetName(data.Target) is { Length: > 0 } target) names.Insert(0, target);
        return names;
    }

    private static Target FromConcept(Dataset data, string name)
    {
        var table = data.Concepts!;
        var at = table.Columns.ToList().FindIndex(c => c.Name == name);
        var values = new float[data.Count];
        for (var row = 0; row < values.Length; row++) values[row] = table.Row(row)[at];
        return table.Columns[at].Kind == ConceptKind.Continuous
            ? new ContinuousTarget([name], values)
            : new ClassTarget(name, [.. values.Select(v => (int)v)], table.Columns[at].Categories);
    }

    private static ConceptTable Choose(Dataset data, string selectors)
    {
        var known = data.Concepts?.Columns.Select(c => c.Name).ToList() ?? throw new InputException($"{data.Name} has no concepts");
        int[] chosen = [.. selectors.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(s => known.IndexOf(s) is var i && i >= 0 ? i : throw Suggest.Unknown($"concept of {data.Name}", s, known))];
        var values = new float[data.Count * chosen.Length];
        for (var row = 0; row < data.Count; row++)
            for (var c = 0; c < chosen.Length; c++) values[row * chosen.Length + c] = data.Concepts!.Row(row)[chosen[c]];
        return new ConceptTable([.. chosen.Select(c => data.Concepts!.Columns[c])], values);
    }

    private static Dataset Rebuild(Dataset data, Target? target, ConceptTable? concepts, Groups? groups) => new(data.Name, data.Kind, data.Count, data.Features, data.FeatureShape)
    {
        FeatureNames = data.FeatureNames,
        Indices = data.Indices,
        Target = target,
        Concepts = concepts,
        Groups = groups,
        RowNames = data.RowNames,
        SampleRate = data.SampleRate,
        Notes = data.Notes,
        Truth = data.Truth,
    };
}
