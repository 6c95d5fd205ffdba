using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>An objective that recipes can name.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Summary">One line, in lower case.</param>
/// <param name="OptionsType">Its options.</param>
/// <param name="Tasks">What it can be trained for; the first objective with a task is that task's default.</param>
/// <param name="Create">Builds it from the decoder's place and its options.</param>
public sealed record ObjectiveEntry(string Name, string Summary, Type OptionsType, IReadOnlyList<RunTask> Tasks, Func<Site, object, RandomStream, Objective> Create)
    : RegistryEntry(Name, Summary, OptionsType)
{
    /// <summary>An entry whose options have a type.</summary>
    public static ObjectiveEntry Of<TOptions>(string name, string summary, IReadOnlyList<RunTask> tasks, Func<Site, TOptions, RandomStream, Objective> create) =>
        new(name, summary, typeof(TOptions), tasks, (site, options, random) => create(site, (TOptions)options, random));

    /// <summary>Whether predictions are logits of numbers in [0, 1], as a Bernoulli likelihood has them.</summary>
    public bool PredictsLogits { get; init; }
}

/// <summary>Options of the Gaussian objectives.</summary>
public sealed record GaussianObjectiveOptions
{
    /// <summary>Whether the variance is learned.</summary>
    [Option("whether the variance is learned, so that the loss is in nats")]
    public bool LearnVariance { get; init; } = true;
}

/// <summary>Objectives by name.</summary>
public static class ObjectiveRegistry
{
    private static readonly RunTask[] s_numbers = [RunTask.Regression, RunTask.Forecast];

    /// <summary>In the order in which they are listed.</summary>
    public static IReadOnlyList<ObjectiveEntry> Entries { get; } =
    [
        ObjectiveEntry.Of<NoOptions>("cross-entropy", "cross-entropy to the labels", [RunTask.Classification, RunTask.NextToken], (site, _, _) => new CrossEntropyObjective(ClassWeights(site))),
        ObjectiveEntry.Of<NoOptions>("gaussian", "Gaussian likelihood of the target with a learned variance", s_numbers, (site, _, _) => new GaussianObjective(site.OutputSize)),
        ObjectiveEntry.Of<NoOptions>("cox", "partial likelihood of events under proportional hazards (Cox 1972)", [RunTask.Survival], (_, _, _) => new CoxObjective()),
        ObjectiveEntry.Of<GaussianObjectiveOptions>("mse", "squared error of the reconstruction, as a Gaussian likelihood", [RunTask.Reconstruction], (_, o, _) => new ReconstructionObjective(o.LearnVariance)),
        ObjectiveEntry.Of<NoOptions>("bernoulli", "Bernoulli likelihood of inputs in [0, 1]", [RunTask.Reconstruction], (_, _, _) => new BernoulliObjective()) with { PredictsLogits = true },
    ];

    // n / (classes x rows of the class), as scikit-learn's "balanced".
    private static Tensor? ClassWeights(Site site) => site.ClassCounts is { } counts
        ? Tensor.From([.. counts.Select(c => (float)((double)counts.Sum() / (counts.Count * Math.Max(1, c))))]) : null;

    /// <summary>The entry with a name.</summary>
    /// <exception cref="InputException">There is none, or it is not for the task.</exception>
    public static ObjectiveEntry Find(string name, RunTask task)
    {
        var entry = Registries.Find("objective", name, Entries);
        return entry.Tasks.Contains(task) ? entry
            : throw new InputException($"objective.type is {name}, which is not for {OptionModel.Word(task.ToString())}", $"for it: {string.Join(", ", Entries.Where(e => e.Tasks.Contains(task)).Select(e => e.Name))}");
    }
}
