using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>
/// What to train on what: data, encoder, bottleneck, decoder, objective, training. Parts that are null are chosen by the data
/// (<see cref="RecipeDefaults"/>); a run stores the recipe with everything chosen.
/// </summary>
public sealed record Recipe
{
    /// <summary>The run's name, part of its folder's.</summary>
    [Option("name of the run, part of its folder's name")]
    public string Name { get; init; } = "";

    /// <summary>Everything random comes from it.</summary>
    [Option("seed of everything random: split, initial weights, order of rows, noise")]
    public ulong Seed { get; init; }

    /// <summary>Which rows.</summary>
    [Option("which rows and columns")]
    public DataRecipe Data { get; init; } = new();

    /// <summary>Data to features.</summary>
    [Option("turns a row into features"), ChosenFrom(RegistryKind.Encoder)]
    public Choice? Encoder { get; init; }

    /// <summary>The narrow place.</summary>
    [Option("the narrow place"), ChosenFrom(RegistryKind.Bottleneck)]
    public Choice? Bottleneck { get; init; }

    /// <summary>Further bottlenecks inside encoder or decoder.</summary>
    [Option("further bottlenecks, each on the output of a layer of encoder or decoder")]
    public IReadOnlyList<InsertRecipe> Insert { get; init; } = [];

    /// <summary>What passed to the answer.</summary>
    [Option("turns what passed into the answer"), ChosenFrom(RegistryKind.Decoder)]
    public Choice? Decoder { get; init; }

    /// <summary>What is minimised beside the bottleneck's own terms.</summary>
    [Option("what is minimised beside the bottleneck's own terms"), ChosenFrom(RegistryKind.Objective)]
    public Choice? Objective { get; init; }

    /// <summary>How.</summary>
    [Option("how it is trained")]
    public TrainingRecipe Training { get; init; } = new();

    /// <summary>Several trainings one after another; empty for one that trains everything.</summary>
    [Option("trainings one after another, each with what it trains; empty for one that trains everything")]
    public IReadOnlyList<PhaseRecipe> Phases { get; init; } = [];

    /// <summary>The message whose quality and rate are reported: mean, sample, or average:k.</summary>
    [Option("message whose quality and rate are reported: mean, sample, average:k (k samples) or ship")]
    public string Inference { get; init; } = "mean";
}

/// <summary>Which rows and columns, and how they are split; see <see cref="DataOptions"/> for the meaning of each.</summary>
public sealed record DataRecipe
{
    /// <summary>A DATA argument.</summary>
    [Option("file, folder or generator (make:NAME,key=value,…)")]
    public string Source { get; init; } = "";

    /// <summary>Target columns.</summary>
    [Option("target columns, by name or number")]
    public string? Target { get; init; }

    /// <summary>Concept columns.</summary>
    [Option("concept columns")]
    public string? Concepts { get; init; }

    /// <summary>What asking for each concept costs; those not named cost 1.</summary>
    [Option("what asking a person or a laboratory for each concept costs, as in {fever: 1, biopsy: 20}; 1 where nothing is said", Min = 0)]
    public IReadOnlyDictionary<string, double> Costs { get; init; } = new SortedDictionary<string, double>();

    /// <summary>Training rows in which each concept has to be annotated.</summary>
    [Option("training rows in which each concept has to be annotated for a model of concepts", Unit = "rows", Min = 1)]
    public int LeastAnnotated { get; init; } = 10;

    /// <summary>Feature columns; null for all others.</summary>
    [Option("feature columns; null for all that have no other role")]
    public string? Features { get; init; }

    /// <summary>Columns to leave out.</summary>
    [Option("columns to leave out")]
    public string? Ignore { get; init; }

    /// <summary>The column whose equal values a split keeps together.</summary>
    [Option("column whose equal values a split keeps together")]
    public string? Groups { get; init; }

    /// <summary>The column that orders a series.</summary>
    [Option("column that orders a series")]
    public string? Time { get; init; }

    /// <summary>Later steps of a series that are its target.</summary>
    [Option("later steps of a series that are its target", Unit = "steps", Min = 1)]
    public int Horizon { get; init; } = 1;

    /// <summary>Steps in a window.</summary>
    [Option("steps in a window of a series", Unit = "steps", Min = 1)]
    public int? Window { get; init; }

    /// <summary>Side of the square patches that pictures are cut into.</summary>
    [Option("side of the square patches that pictures are cut into; null for whole pictures", Unit = "pixels", Min = 1)]
    public int? Patch { get; init; }

    /// <summary>What a text's tokens are.</summary>
    [Option("what a text's tokens are")]
    public TextUnit TextUnit { get; init; }

    /// <summary>Columns user,item[,rating].</summary>
    [Option("columns user,item[,rating]")]
    public string? Ratings { get; init; }

    /// <summary>Columns time,event.</summary>
    [Option("columns time,event of a survival target")]
    public string? Survival { get; init; }

    /// <summary>Whether the first row names the columns.</summary>
    [Option("whether the first row names the columns")]
    public HeaderMode Header { get; init; }

    /// <summary>What is asked of the target.</summary>
    [Option("what is asked of the target; auto decides by its type")]
    public TaskKind Task { get; init; }

    /// <summary>Shares of the split.</summary>
    [Option("shares for training, validation, test, as in 0.8,0.1,0.1; null for the data's own split")]
    public string? Split { get; init; }

    /// <summary>Another DATA argument whose rows are the test part.</summary>
    [Option("data whose rows are the test part")]
    public string? Test { get; init; }

    /// <summary>The number of folds.</summary>
    [Option("number of folds; 0 for none", Min = 0)]
    public int Folds { get; init; }

    /// <summary>Which fold is the test part; null for each in turn.</summary>
    [Option("which fold is the test part, from 0; null for each in turn", Min = 0)]
    public int? Fold { get; init; }

    /// <summary>The share of the training part that becomes validation where the test part is given.</summary>
    [Option("share of the training part for validation where the test part is given", Min = 0, Max = 0.9)]
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>Whether numeric columns are standardised by the training rows.</summary>
    [Option("whether numbers are standardised by the training rows")]
    public bool Standardise { get; init; } = true;

    /// <summary>What the decoded data may take.</summary>
    [Option("what the decoded data may take, compared before it is taken", Unit = "MB", Min = 1, Max = 1e9)]
    public double MaxMemory { get; init; } = 4096;
}

/// <summary>A bottleneck on the output of a layer.</summary>
public sealed record InsertRecipe
{
    /// <summary>The layer's dotted name.</summary>
    [Option("name of the layer, as in encoder.layers.0")]
    public string Layer { get; init; } = "";

    /// <summary>What sits there; a position of a sequence or a map at a time.</summary>
    [Option("what its output passes through, a position at a time"), ChosenFrom(RegistryKind.Bottleneck)]
    public Choice? Bottleneck { get; init; }

    /// <summary>Whether something may pass beside it.</summary>
    [Option("whether a skip may carry information past the layer, so that the bits do not bound what passes")]
    public bool Bypass { get; init; }
}

/// <summary>How a network is trained.</summary>
public sealed record TrainingRecipe
{
    internal const string Optimizers = "adam|adamw|sgd|rmsprop|adagrad|lamb", Schedules = "constant|step|exponential|cosine|one-cycle|plateau";

    /// <summary>Passes over the training rows.</summary>
    [Option("passes over the training rows", Min = 0, Max = 1_000_000)]
    public int Epochs { get; init; } = 20;

    /// <summary>Rows in a step.</summary>
    [Option("rows in a step", Unit = "rows", Min = 1, Max = 1_000_000)]
    public int Batch { get; init; } = 128;

    /// <summary>How parameters are moved.</summary>
    [Option("how parameters are moved", Choices = Optimizers)]
    public string Optimizer { get; init; } = "adam";

    /// <summary>The share of the last move that is kept; null for the optimiser's usual one.</summary>
    [Option("sgd, rmsprop: share of the last move that is kept; null for 0.9 (sgd) or 0 (rmsprop)", Min = 0, Max = 0.9999)]
    public double? Momentum { get; init; }

    /// <summary>Whether momentum looks ahead.</summary>
    [Option("sgd: Nesterov's form of momentum")]
    public bool Nesterov { get; init; }

    /// <summary>The first step size.</summary>
    [Option("step size at the beginning; one-cycle: the largest", Min = 0, AboveMin = true, Max = 100)]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How strongly weights are drawn to zero.</summary>
    [Option("how strongly weights are drawn to zero: by themselves (adamw, lamb) or through the gradient (all others)", Min = 0, Max = 10)]
    public double WeightDecay { get; init; }

    /// <summary>Whether biases and the scales of norms decay too.</summary>
    [Option("whether biases and norms (parameters of one dimension) decay too")]
    public bool DecayBiases { get; init; } = true;

    /// <summary>How the step size changes.</summary>
    [Option("how the step size changes", Choices = Schedules)]
    public string Schedule { get; init; } = "constant";

    /// <summary>The last step size of a cosine schedule as a share of the first.</summary>
    [Option("cosine: last step size as a share of the first", Min = 0, Max = 1)]
    public double FinalShare { get; init; } = 0.01;

    /// <summary>Epochs between two falls of a step schedule.</summary>
    [Option("step: epochs between two falls", Unit = "epochs", Min = 1)]
    public int StepEpochs { get; init; } = 10;

    /// <summary>What the step size is multiplied by at each fall.</summary>
    [Option("step, plateau: factor of each fall", Min = 0, AboveMin = true, Max = 1)]
    public double StepFactor { get; init; } = 0.5;

    /// <summary>What an exponential schedule multiplies by in an epoch.</summary>
    [Option("exponential: factor of each epoch", Min = 0, AboveMin = true, Max = 1)]
    public double EpochFactor { get; init; } = 0.95;

    /// <summary>The share of steps in which a one-cycle schedule rises.</summary>
    [Option("one-cycle: share of the steps that rise", Min = 0.01, Max = 0.99)]
    public double RiseShare { get; init; } = 0.3;

    /// <summary>Epochs without a better loss before a plateau schedule falls.</summary>
    [Option("plateau: epochs without a better validation loss (training loss without validation rows) before it falls", Unit = "epochs", Min = 0)]
    public int PlateauEpochs { get; init; } = 3;

    /// <summary>Steps in which the step size rises from zero.</summary>
    [Option("steps in which the step size rises from zero", Unit = "steps", Min = 0)]
    public int Warmup { get; init; }

    /// <summary>The largest norm of the whole gradient; 0 for any.</summary>
    [Option("largest norm of the whole gradient, of each inserted bottleneck by itself; 0 for any", Min = 0)]
    public double ClipNorm { get; init; }

    /// <summary>The largest element of the gradient; 0 for any.</summary>
    [Option("largest element of the gradient; 0 for any", Min = 0)]
    public double ClipValue { get; init; }

    /// <summary>The decay of an exponential moving average of the weights; 0 for none.</summary>
    [Option("decay of a moving average of the weights, which is what is judged and saved; 0 for none", Min = 0, Max = 0.999999)]
    public double Ema { get; init; }

    /// <summary>Epochs without a better validation loss before training ends; 0 never ends early.</summary>
    [Option("epochs without a better validation loss before training ends with the best weights; 0 for never", Unit = "epochs", Min = 0)]
    public int Patience { get; init; }

    /// <summary>Wall time after which training ends; 0 for no limit.</summary>
    [Option("wall time after which training ends; 0 for no limit", Unit = "minutes", Min = 0)]
    public double MaxMinutes { get; init; }

    /// <summary>Whether rare classes weigh more.</summary>
    [Option("whether classes weigh the inverse of their frequency")]
    public bool ClassWeights { get; init; }

    /// <summary>Seconds between two checkpoints.</summary>
    [Option("time between two checkpoints; 0 for one after every step", Unit = "seconds", Min = 0)]
    public double CheckpointSeconds { get; init; } = 15;

    /// <summary>Which epochs' weights stay in the run, for <c>plane</c>: auto, none, log, all, or epochs as in 0,1,2,5,10.</summary>
    [Option("epochs whose weights stay in the run, for 'isthmus plane': auto (log for up to 100,000 parameters, else none), none, log (0,1,2,5,10,20,50 … and the last), all, or a list of epochs")]
    public string Keep { get; init; } = "auto";
}

/// <summary>One of several trainings; what is null is as in <see cref="Recipe.Training"/>.</summary>
public sealed record PhaseRecipe
{
    private const string Parts = "encoder|bottleneck|decoder|insert";

    /// <summary>What progress and reports call it.</summary>
    [Option("what progress and reports call it")]
    public string Name { get; init; } = "";

    /// <summary>Which parts move, others are frozen; empty for all.</summary>
    [Option("parts that are trained, the others frozen; empty for all; inserted bottlenecks (insert) are in force from the first phase that trains them", Choices = Parts)]
    public IReadOnlyList<string> Train { get; init; } = [];

    /// <summary>Which parts do not move.</summary>
    [Option("parts that are frozen: their weights, norms' statistics and dropout", Choices = Parts)]
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>Whether annotated concepts stand in for predicted ones.</summary>
    [Option("whether annotated concepts go on to the decoder in place of predicted ones, where they are known")]
    public bool TrueConcepts { get; init; }

    /// <summary>What is minimised beside the bottleneck's own terms.</summary>
    [Option("what is minimised beside the bottleneck's own terms"), ChosenFrom(RegistryKind.Objective)]
    public Choice? Objective { get; init; }

    /// <summary>What named terms of the loss are multiplied by; 0 leaves one out.</summary>
    [Option("what terms of the loss are multiplied by, as in {task: 0}")]
    public IReadOnlyDictionary<string, double> Weights { get; init; } = new SortedDictionary<string, double>();

    /// <summary>As <see cref="TrainingRecipe.Epochs"/>.</summary>
    [Option("passes over the training rows", Min = 0, Max = 1_000_000)]
    public int? Epochs { get; init; }

    /// <summary>As <see cref="TrainingRecipe.Batch"/>.</summary>
    [Option("rows in a step", Unit = "rows", Min = 1, Max = 1_000_000)]
    public int? Batch { get; init; }

    /// <summary>As <see cref="TrainingRecipe.Optimizer"/>.</summary>
    [Option("how parameters are moved", Choices = TrainingRecipe.Optimizers)]
    public string? Optimizer { get; init; }

    /// <summary>As <see cref="TrainingRecipe.Momentum"/>.</summary>
    [Option("sgd, rmsprop: share of the last move that is kept; null for 0.9 (sgd) or 0 (rmsprop)", Min = 0, Max = 0.9999)]
    public double? Momentum { get; init; }

    /// <summary>As <see cref="TrainingRecipe.Nesterov"/>.</summary>
    [Option("sgd: Nesterov's form of momentum")]
    public bool? Nesterov { get; init; }

    /// <summary>As <see cref="TrainingRecipe.LearningRate"/>.</summary>
    [Option("step size at the beginning; one-cycle: the largest", Min = 0, AboveMin = true, Max = 100)]
    public double? LearningRate { get; init; }

    /// <summary>As <see cref="TrainingRecipe.WeightDecay"/>.</summary>
    [Option("how strongly weights are drawn to zero: by themselves (adamw, lamb) or through the gradient (all others)", Min = 0, Max = 10)]
    public double? WeightDecay { get; init; }

    /// <summary>As <see cref="TrainingRecipe.DecayBiases"/>.</summary>
    [Option("whether biases and norms (parameters of one dimension) decay too")]
    public bool? DecayBiases { get; init; }

    /// <summary>As <see cref="TrainingRecipe.Schedule"/>.</summary>
    [Option("how the step size changes", Choices = TrainingRecipe.Schedules)]
    public string? Schedule { get; init; }

    /// <summary>As <see cref="TrainingRecipe.FinalShare"/>.</summary>
    [Option("cosine: last step size as a share of the first", Min = 0, Max = 1)]
    public double? FinalShare { get; init; }

    /// <summary>As <see cref="TrainingRecipe.StepEpochs"/>.</summary>
    [Option("step: epochs between two falls", Unit = "epochs", Min = 1)]
    public int? StepEpochs { get; init; }

    /// <summary>As <see cref="TrainingRecipe.StepFactor"/>.</summary>
    [Option("step, plateau: factor of each fall", Min = 0, AboveMin = true, Max = 1)]
    public double? StepFactor { get; init; }

    /// <summary>As <see cref="TrainingRecipe.EpochFactor"/>.</summary>
    [Option("exponential: factor of each epoch", Min = 0, AboveMin = true, Max = 1)]
    public double? EpochFactor { get; init; }

    /// <summary>As <see cref="TrainingRecipe.RiseShare"/>.</summary>
    [Option("one-cycle: share of the steps that rise", Min = 0.01, Max = 0.99)]
    public double? RiseShare { get; init; }

    /// <summary>As <see cref="TrainingRecipe.PlateauEpochs"/>.</summary>
    [Option("plateau: epochs without a better validation loss (training loss without validation rows) before it falls", Unit = "epochs", Min = 0)]
    public int? PlateauEpochs { get; init; }

    /// <summary>As <see cref="TrainingRecipe.Warmup"/>.</summary>
    [Option("steps in which the step size rises from zero", Unit = "steps", Min = 0)]
    public int? Warmup { get; init; }

    /// <summary>As <see cref="TrainingRecipe.ClipNorm"/>.</summary>
    [Option("largest norm of the whole gradient, of each inserted bottleneck by itself; 0 for any", Min = 0)]
    public double? ClipNorm { get; init; }

    /// <summary>As <see cref="TrainingRecipe.ClipValue"/>.</summary>
    [Option("largest element of the gradient; 0 for any", Min = 0)]
    public double? ClipValue { get; init; }

    /// <summary>As <see cref="TrainingRecipe.Ema"/>.</summary>
    [Option("decay of a moving average of the weights, which is what is judged and saved; 0 for none", Min = 0, Max = 0.999999)]
    public double? Ema { get; init; }
}
