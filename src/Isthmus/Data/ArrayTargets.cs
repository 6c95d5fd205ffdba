namespace Isthmus.Data;

/// <summary>Targets from plain arrays of numbers.</summary>
internal static class ArrayTargets
{
    /// <summary>Classes numbered by the ascending order of the numbers that stand for them.</summary>
    public static ClassTarget Classes(string name, double[] values, string source)
    {
        if (values.FirstOrDefault(v => !double.IsFinite(v) || v != Math.Floor(v), 0) is var odd && odd != 0)
            throw new InputException($"{source}: a label is {TableColumn.NumberText(odd)}, expected whole numbers");
        double[] distinct = [.. values.Distinct().Order()];
        if (distinct.Length > 10_000) throw new InputException(FormattableString.Invariant($"{source}: {distinct.Length} different labels, at most 10000 can be classes"));
        var index = new Dictionary<double, int>();
        foreach (var v in distinct) index[v] = index.Count;
        return new ClassTarget(name, [.. values.Select(v => index[v])], [.. distinct.Select(TableColumn.NumberText)]);
    }

    /// <summary>A target of the kind that the task asks for; without a task, few integers are classes.</summary>
    public static Target Of(string name, double[] values, int width, TaskKind task, string source)
    {
        if (Array.FindIndex(values, v => !double.IsFinite(v)) is var bad && bad >= 0)
            throw new InputException(FormattableString.Invariant($"{source}: row {bad / width + 1} of '{name}' is not a finite number"));
        var few = width == 1 && TableColumn.Numeric(name, values).IsFewIntegers(Math.Clamp(values.Length / 2, 2, Schema.MostIntegerClasses));
        if (task == TaskKind.Classification || (task == TaskKind.Auto && few))
            return width == 1 ? Classes(name, values, source) : throw new InputException($"{source}: '{name}' has {width} columns, a class target has one");
        return new ContinuousTarget(width == 1 ? [name] : GaussianPair.Names(name, width), [.. values.Select(v => (float)v)]);
    }
}
