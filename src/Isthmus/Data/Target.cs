namespace Isthmus.Data;

/// <summary>What is to be predicted for each row.</summary>
public abstract record Target
{
    /// <summary>The number of rows.</summary>
    public abstract int Count { get; }

    /// <summary>The target of some of the rows.</summary>
    public abstract Target Select(ReadOnlySpan<int> rows);

    // These rows followed by others of the same kind; the source is for messages.
    internal abstract Target Concat(Target other, string source);

    private protected static InputException Unlike(string source) => new($"{source}: its target is of another kind than that of the rows before it");
}

/// <summary>One of several classes.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Labels">For each row an index into <paramref name="Classes"/>.</param>
/// <param name="Classes">The classes' names.</param>
public sealed record ClassTarget(string Name, int[] Labels, IReadOnlyList<string> Classes) : Target
{
    /// <inheritdoc/>
    public override int Count => Labels.Length;

    /// <inheritdoc/>
    public override Target Select(ReadOnlySpan<int> rows) => this with { Labels = Dataset.Pick(Labels, rows) };

    internal override Target Concat(Target other, string source)
    {
        if (other is not ClassTarget more) throw Unlike(source);
        var classes = Classes.Concat(more.Classes).Distinct(StringComparer.Ordinal).ToList();
        var place = more.Classes.Select(c => classes.IndexOf(c)).ToArray();
        return this with { Labels = [.. Labels, .. Array.ConvertAll(more.Labels, l => place[l])], Classes = classes };
    }

    /// <summary>How many of the given rows have each class.</summary>
    public int[] CountOf(ReadOnlySpan<int> rows)
    {
        var counts = new int[Classes.Count];
        foreach (var row in rows) counts[Labels[row]]++;
        return counts;
    }
}

/// <summary>One or more numbers a row, standardised for training: value = (number in units - mean) / scale.</summary>
/// <param name="Names">The columns' names, k of them.</param>
/// <param name="Values">[n, k], row-major, standardised.</param>
/// <param name="Mean">The mean of each column on the training rows, in the column's units; 0 where nothing was standardised.</param>
/// <param name="Scale">The standard deviation of each column on the training rows, in the column's units, positive; 1 where nothing
/// was standardised.</param>
public sealed record ContinuousTarget(IReadOnlyList<string> Names, float[] Values, IReadOnlyList<double> Mean, IReadOnlyList<double> Scale) : Target
{
    /// <summary>A target in its own units.</summary>
    public ContinuousTarget(IReadOnlyList<string> names, float[] values)
        : this(names, values, [.. names.Select(_ => 0.0)], [.. names.Select(_ => 1.0)])
    {
    }

    /// <summary>How many numbers a row has, k.</summary>
    public int Width => Names.Count;

    /// <inheritdoc/>
    public override int Count => Width == 0 ? 0 : Values.Length / Width;

    /// <inheritdoc/>
    public override Target Select(ReadOnlySpan<int> rows) => this with { Values = Dataset.PickRows(Values, Width, rows) };

    internal override Target Concat(Target other, string source) =>
        other is ContinuousTarget more && more.Width == Width && more.Mean.SequenceEqual(Mean) && more.Scale.SequenceEqual(Scale)
            ? this with { Values = [.. Values, .. more.Values] }
            : throw Unlike(source);

    /// <summary>A standardised value of column <paramref name="column"/> back in its units.</summary>
    public double InUnits(double value, int column = 0) => value * Scale[column] + Mean[column];
}

/// <summary>The token that follows each token of a window of text.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Labels">[n, width], row-major: for each token of each window an index into <paramref name="Classes"/>.</param>
/// <param name="Width">Tokens of a window.</param>
/// <param name="Classes">The vocabulary, the first token standing for all that are not in it.</param>
public sealed record TokenTarget(string Name, int[] Labels, int Width, IReadOnlyList<string> Classes) : Target
{
    /// <inheritdoc/>
    public override int Count => Labels.Length / Width;

    /// <inheritdoc/>
    public override Target Select(ReadOnlySpan<int> rows) => this with { Labels = Dataset.PickRows(Labels, Width, rows) };

    /// <summary>The labels of one window, [width].</summary>
    public ReadOnlySpan<int> Row(int row) => Labels.AsSpan(row * Width, Width);

    internal override Target Concat(Target other, string source) =>
        other is TokenTarget more && more.Width == Width && more.Classes.SequenceEqual(Classes) ? this with { Labels = [.. Labels, .. more.Labels] } : throw Unlike(source);
}

/// <summary>A time until an event, or until the row was last seen without it (right-censored).</summary>
/// <param name="TimeName">The time column's name.</param>
/// <param name="EventName">The event column's name.</param>
/// <param name="Times">For each row the time, not negative, in the file's units.</param>
/// <param name="Events">For each row whether the event happened at that time.</param>
public sealed record SurvivalTarget(string TimeName, string EventName, float[] Times, bool[] Events) : Target
{
    /// <inheritdoc/>
    public override int Count => Times.Length;

    /// <inheritdoc/>
    public override Target Select(ReadOnlySpan<int> rows) =>
        this with { Times = Dataset.Pick(Times, rows), Events = Dataset.Pick(Events, rows) };

    internal override Target Concat(Target other, string source) =>
        other is SurvivalTarget more ? this with { Times = [.. Times, .. more.Times], Events = [.. Events, .. more.Events] } : throw Unlike(source);
}
