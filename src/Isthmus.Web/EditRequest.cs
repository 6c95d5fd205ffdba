using System.Globalization;
using Isthmus.Bottlenecks;

namespace Isthmus.Web;

/// <summary>A change as the page sends it.</summary>
public sealed record ChangeRequest
{
    /// <summary>The entry or concept; null where <see cref="Text"/> says all.</summary>
    public string? Name { get; init; }

    /// <summary>The number that is put.</summary>
    public double? Value { get; init; }

    /// <summary>The state of a concept that is put, by its name.</summary>
    public string? Word { get; init; }

    /// <summary>A change as it is typed for <c>edit --set</c>.</summary>
    public string? Text { get; init; }
}

/// <summary>What the page asks about a case under some changes.</summary>
public sealed record EditRequest
{
    private const int MostChanges = 1000;

    /// <summary>The row, from 0 in the order of the data.</summary>
    public int? Row { get; init; }

    /// <summary>The changes in force, in their order.</summary>
    public IReadOnlyList<ChangeRequest?>? Changes { get; init; }

    /// <summary>Whether this is an edit to be logged; else it is only looked at.</summary>
    public bool Log { get; init; }

    /// <summary>Who edits; null for the account's name.</summary>
    public string? Who { get; init; }

    /// <summary>Why.</summary>
    public string? Comment { get; init; }

    /// <summary>The policy that asked for it.</summary>
    public string? SuggestedBy { get; init; }

    /// <summary>The policy that is asked; or the class that a decision is to be turned to.</summary>
    public string? Wanted { get; init; }

    /// <summary>The changes as an edit.</summary>
    /// <exception cref="InputException">A change is not whole.</exception>
    internal Edit ToEdit()
    {
        if (Changes is not { Count: > 0 } changes) return Isthmus.Bottlenecks.Edit.None;
        if (changes.Count > MostChanges) throw new InputException(FormattableString.Invariant($"{changes.Count} changes, at most {MostChanges} are taken"));
        var all = new List<Change>();
        foreach (var change in changes)
            switch (change)
            {
                case { Text: { } text }: all.AddRange(Isthmus.Bottlenecks.Edit.Parse(text).Changes); break;
                case { Name: { } name, Word: { } word }: all.Add(Worded(name, word)); break;
                case { Name: { } name, Value: { } value } when double.IsFinite(value): all.Add(new Change(name, EditKind.Set, value)); break;
                default: throw new InputException("a change has a name and a value or a word, or a text");
            }
        return new Edit(all);
    }

    // As it would be typed: a word that is a number is one.
    private static Change Worded(string name, string word) => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
        ? new Change(name, EditKind.Set, number) : new Change(name, EditKind.Set, double.NaN) { Word = word };
}
