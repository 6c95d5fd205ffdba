using System.CommandLine;

namespace Isthmus.Cli;

/// <summary>
/// One verb: what may be written after it, examples, and a body that calls the library and prints. <c>Verbs/DataListVerb.cs</c>
/// is the example to copy. No verb computes anything itself.
/// </summary>
internal abstract class Verb
{
    /// <summary>Arguments (in their order) and options, in the order in which the help lists them.</summary>
    public virtual IReadOnlyList<Symbol> Symbols => [];

    /// <summary>Complete command lines for the help, each beginning with <c>isthmus</c>; a test parses each.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>A paragraph for the help, below the usage; null where the summary says it all.</summary>
    public virtual string? Details => null;

    /// <summary>
    /// Does the work and prints by <see cref="Call.Result"/>. Wrong input is thrown as <see cref="InputException"/>.
    /// </summary>
    /// <returns>Whether every check or claim that the verb makes held: exit code 0, or 1.</returns>
    public abstract bool Run(Call call);
}

/// <summary>A verb's line in the index; the verb itself is made only when it is used, which keeps <c>--help</c> fast.</summary>
/// <param name="Name">As typed: <c>train</c>, or <c>data list</c> for one of a group.</param>
/// <param name="Summary">One line, in lower case, without a full stop.</param>
/// <param name="Create">Makes the verb.</param>
internal sealed record VerbEntry(string Name, string Summary, Func<Verb> Create)
{
    /// <summary>The word that the command line begins with.</summary>
    public string Head => Name.Split(' ')[0];

    /// <summary>The last word.</summary>
    public string Leaf => Name.Split(' ')[^1];

    /// <summary>Whether it belongs to a group of verbs, as <c>data list</c> does.</summary>
    public bool IsGrouped => Name.Contains(' ', StringComparison.Ordinal);
}
