namespace Isthmus.Cli.Verbs;

/// <summary>Every verb, in the order of the help. A verb that is not here is not listed and cannot be called.</summary>
internal static class VerbIndex
{
    /// <summary>One line a verb.</summary>
    public static readonly VerbEntry[] Entries =
    [
        new("train", "trains and writes a run; with no argument: the embedded sprites recipe, under a minute", () => new TrainVerb()),
        new("predict", "a run applied to new rows, as CSV", () => new PredictVerb()),
        new("evaluate", "a run judged on other rows", () => new EvaluateVerb()),
        new("sweep", "trains along one recipe field and draws the rate-quality curve", () => new SweepVerb()),
        new("compare", "many bottlenecks in one recipe, at the same bill", () => new CompareVerb()),
        new("recipe", "the resolved, editable recipe of data or a run", () => new RecipeVerb()),
        new("runs list", "the runs of a folder", () => new RunsListVerb()),
        new("runs show", "one run", () => new RunsShowVerb()),
        new("runs compare", "runs side by side, with the fields in which they differ", () => new RunsCompareVerb()),
        new("data list", "the generators and their keys", () => new DataListVerb()),
        new("data describe", "what a file, a folder or a generator looks like to Isthmus", () => new DataDescribeVerb()),
        new("data make", "writes generated data as files, or prints what is true of them", () => new DataMakeVerb()),
        new("measure", "how much information one set of columns has about another; or passes a layer of a run", () => new MeasureVerb()),
        new("plane", "the layers of a run in the information plane, over training", () => new PlaneVerb()),
        new("solve", "exact answers on distributions: information bottleneck and its kin", () => new SolveVerb()),
        new("audit", "anybody's codes: what they cost, how they are used, what is suspicious", () => new AuditVerb()),
        new("study list", "the catalogue of published systems, and which have a study that runs", () => new StudyListVerb()),
        new("study show", "a system: what it is, its study, its recorded result", () => new StudyShowVerb()),
        new("study search", "systems by words", () => new StudySearchVerb()),
        new("study run", "studies to their verdicts", () => new StudyRunVerb()),
        new("study table", "the page of recorded results, and whether they are of the present code", () => new StudyTableVerb()),
        new("bench", "the project's own speed figures, and peers'", () => new BenchVerb()),
        new("explain", "what passes the bottleneck, and what it stands for", () => new ExplainVerb()),
        new("edit", "changes what passes, and shows what that does to the answer", () => new EditVerb()),
        new("serve", "a page on this machine: see what passes in each case, change it, watch the answer", () => new ServeVerb()),
        new("log", "the log of a run's edits: verified, computed again, exported", () => new LogVerb()),
        new("intervene", "asks an expert about concepts, one after another, and watches the answers", () => new InterveneVerb()),
        new("adapt", "adapts a run of concepts to a new domain from few labelled rows, without training", () => new AdaptVerb()),
        new("encode", "what passes, written to real bytes", () => new EncodeVerb()),
        new("decode", "bytes read back, and the decoder's answers", () => new DecodeVerb()),
        new("relative", "research: samples sent at about their divergence to the prior", () => new RelativeVerb()),
    ];

    /// <summary>What a word stands for that several verbs begin with.</summary>
    public static readonly Dictionary<string, string> GroupSummaries = new()
    {
        ["data"] = "what a file looks like to Isthmus; the generators",
        ["runs"] = "the runs of a folder",
        ["study"] = "the catalogue's systems in miniature",
    };
}
