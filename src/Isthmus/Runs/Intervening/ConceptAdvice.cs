using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What to ask next about a case.</summary>
/// <param name="Policy">Who says so.</param>
/// <param name="Suggestions">The open questions, the most wanted first.</param>
public sealed record NextQuestions(string Policy, IReadOnlyList<Suggestion> Suggestions);

/// <summary>A concept put at a state, as people say it.</summary>
/// <param name="Name">The concept's.</param>
/// <param name="Value">The state's.</param>
/// <param name="Change">As <c>edit --set</c> takes it.</param>
public sealed record NamedEdit(string Name, string Value, string Change);

/// <summary>The smallest set of edits that turns a decision.</summary>
/// <param name="Found">Whether there is one.</param>
/// <param name="Exact">Whether every smaller set was tried; else it was looked for step by step, and a smaller one may exist.</param>
/// <param name="Before">The decision now.</param>
/// <param name="After">The decision with the edits.</param>
/// <param name="Edits">The edits, beside those in force.</param>
/// <param name="Tried">How many sets were tried.</param>
public sealed record NamedFlip(bool Found, bool Exact, string Before, string After, IReadOnlyList<NamedEdit> Edits, int Tried);

/// <summary>Advice for a person who works on one case of a run of concepts.</summary>
public static class ConceptAdvice
{
    private const int Copies = 64;

    /// <summary>What to ask next.</summary>
    /// <param name="run">A run of concepts.</param>
    /// <param name="data">Rows through its schema.</param>
    /// <param name="row">Which of them.</param>
    /// <param name="edit">What has been put already.</param>
    /// <param name="policy">By name; null for ucp, which needs no more than the beliefs.</param>
    /// <param name="groups">As <see cref="InterventionQuestions.Parse"/> reads them; null for single concepts.</param>
    /// <param name="costs">As <see cref="InterventionQuestions.Parse"/> reads them; null for the run's own.</param>
    /// <param name="seed">Of the random policy.</param>
    /// <exception cref="InputException">No concepts, an unknown policy or one that needs the truth.</exception>
    public static NextQuestions Next(Run run, Dataset data, int row, Edit edit, string? policy = null, string? groups = null, string? costs = null, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(edit);
        using var scope = new TensorScope("advice");
        var model = ConceptRows.Bound(run, data, [row]);
        var chosen = InterventionPolicy.Create(policy ?? "ucp");
        return new(chosen.Name, InterventionAdvisor.Next(model, 0, InterventionQuestions.Parse(model.Space, groups, costs), chosen, Put(model, edit, row), run.Model.Task == RunTask.Classification, seed));
    }

    /// <summary>The smallest set of further edits that turns the decision.</summary>
    /// <param name="run">A run of concepts that decides between classes.</param>
    /// <param name="data">Rows through its schema.</param>
    /// <param name="row">Which of them.</param>
    /// <param name="edit">What has been put already, and stays.</param>
    /// <param name="wanted">The class that is wanted, by its name; null for any other than the present.</param>
    /// <exception cref="InputException">No concepts, no classes, or an unknown one.</exception>
    public static NamedFlip Flip(Run run, Dataset data, int row, Edit edit, string? wanted = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(edit);
        if (run.Model.Task != RunTask.Classification) throw new InputException($"{run.Folder}: it answers with numbers, and there is no decision to turn");
        var classes = run.Model.Schema.Target!.Classes;
        var to = wanted is null ? (int?)null : classes.ToList().IndexOf(wanted);
        if (to < 0) throw Suggest.Unknown("class", wanted!, classes);
        using var scope = new TensorScope("advice");
        var model = ConceptRows.Bound(run, data, [.. Enumerable.Repeat(row, Copies)]);
        var flip = SmallestFlip.Find(model, Put(model, edit, row), to);
        return new(flip.Found, flip.Exact, classes[flip.Before], classes[flip.After], [.. flip.Edits.Select(e => Named(model.Space, e))], flip.Tried);
    }

    private static NamedEdit Named(ConceptSpace space, ConceptEdit edit)
    {
        var (name, value) = (space.Axes[edit.Concept].Name, space.Text(edit.Concept, edit.State));
        return new(name, value, new Change(name, EditKind.Set, 0) { Word = value }.ToString());
    }

    // All rows are the same case: a change names it by its number in the data.
    private static ConceptValues? Put(NetworkConcepts model, Edit edit, int row)
    {
        var own = new Edit([.. edit.Changes.Where(c => c.Row is null || c.Row == row).Select(c => c with { Row = null })]);
        using var noGrad = new NoGrad();
        return own.Changes.Count == 0 ? null : ConceptEdits.Put(model.Space, model.Beliefs(null), own, null, new RandomStream(0));
    }
}
