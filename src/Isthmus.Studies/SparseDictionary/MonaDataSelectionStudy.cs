using System.Collections.Concurrent;
using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.SparseDictionary;

/// <summary>
/// "Task-specific data selection for instruction tuning via monosemantic neuronal activations" (MONA, 2025): whether training texts that are
/// chosen by the features of a sparse autoencoder are more often of the wanted task than those chosen by raw activations or n-grams.
/// </summary>
public sealed class MonaDataSelectionStudy : Study
{
    private const int Symbols = 8, Part = 6, Length = 4 * Part, Width = 48, Layers = 3, Place = 1, Examples = 16;
    private const double Chosen = 0.05;

    // The rule of a task: which symbol of the string comes at each place of its answer. All are permutations, so that all n-grams are equally likely.
    private static readonly int[][] s_rules =
    [
        [0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [1, 2, 3, 4, 5, 0], [3, 4, 5, 0, 1, 2],
        [1, 0, 3, 2, 5, 4], [0, 2, 4, 1, 3, 5], [2, 1, 0, 5, 4, 3], [4, 5, 2, 3, 0, 1],
    ];

    private static readonly ConcurrentDictionary<(int Seed, Budget Budget), Lazy<Mixture>> s_mixtures = new();

    /// <inheritdoc/>
    public override string Slug => "mona-data-selection";

    /// <inheritdoc/>
    public override string Claim => "Of the 5 % of texts that are nearest to 16 examples of a task by features of a sparse autoencoder, a larger share is of that task than of those chosen by raw activations or by n-grams, where tasks share their n-grams and differ in a latent rule.";

    /// <inheritdoc/>
    public override string Procedure =>
        "A text is a random string of 6 of 8 symbols, its answer by the task's rule, another string and its answer; the eight rules are permutations of places, so that all tasks have the same n-grams. A causal transformer (3 layers, width 48, 4 heads) is trained for 2,500 batches of 32 fresh texts of all tasks, " +
        "without being told which; both arms of a seed have the same one. Of 1,600 other texts, 200 a task, each arm chooses 80 for each task by 16 further examples of it; the primary measure is the share of these that are of the task, a mean over the eight tasks (chance: 0.125). " +
        "Activations are the residual stream behind the second layer. Method: TopKAutoencoder trained on the activations of the 1,600 texts (600 batches of 256 tokens, Adam, step size 0.003), features summed over a text, MonosemanticSelection; tuned over {128 features, 4 active}, {256, 8}, {512, 8}. " +
        "Baseline: the mean cosine similarity to the examples of, tuned, mean raw activations, mean raw activations standardised over the texts, or counts of 1- to 3-grams. Secondary: the loss on 64 fresh texts of the task after 40 steps (batches of 32, step size 0.001) of training the transformer on the chosen texts, a mean over the first four tasks.";

    /// <inheritdoc/>
    public override string Differs =>
        "Eight procedural tasks and a transformer of 3 layers and width 48 in place of instruction data and language models of billions of parameters, as the catalogue proposes. Its proposal left open how the tasks differ: here, by its stronger check, only in a latent rule. " +
        "The similarity is the generalised Jaccard index of feature sizes. The baseline is the better, on other seeds, of two similarities of raw activations and one of n-grams; influence functions are left out. Changed once, after a preview with one seed and 500 batches in which the transformer had not learned the rules (2.24 bits a symbol, both arms at chance): 2,500 batches in place of 1,500.";

    /// <inheritdoc/>
    public override string Data => "generated: strings of 8 symbols and their answers under eight permutations of places";

    /// <inheritdoc/>
    public override Measure Primary => new("share of the task", "share", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
        [new("loss after training on them", "bits a symbol", Better.Lower), new("worst task", "share", Better.Higher), new("model's loss", "bits a symbol", Better.Lower)];

    /// <inheritdoc/>
    public override string Baseline => "cosine similarity of raw activations, of standardised ones, or of n-gram counts";

    /// <inheritdoc/>
    public override string Method => "similarity of the features of a sparse autoencoder";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("view", 0)), Configuration.Of(("view", 1)), Configuration.Of(("view", 2))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations =>
        [Configuration.Of(("features", 128), ("active", 4)), Configuration.Of(("features", 256), ("active", 8)), Configuration.Of(("features", 512), ("active", 8))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("mona-data-selection makes its own texts: it takes no --data");
        var mixture = s_mixtures.GetOrAdd((trial.Seed, trial.Budget), _ => new Lazy<Mixture>(() => Mixture.Make(trial))).Value;
        var (texts, tasks, examples) = (mixture.Pool, mixture.Tasks, mixture.Examples);
        var (pool, wanted) = arm == Arm.Method ? Features(mixture, configuration, trial) : Views(mixture, configuration.Int("view"));
        var count = Math.Max(1, (int)(Chosen * tasks.Length));
        int[][] chosen = [.. Enumerable.Range(0, s_rules.Length).Select(task =>
        {
            var of = wanted.Narrow(0, task * Examples, Examples).Clone();
            return arm == Arm.Method ? MonosemanticSelection.Select(pool, of, count) : Nearest(pool, of, count);
        })];
        double[] shares = [.. chosen.Select((rows, task) => rows.Average(r => tasks[r] == task ? 1.0 : 0))];
        if (trial.Tuning) return new Outcome { Tuning = shares.Average() };
        return new Outcome
        {
            ["share of the task"] = shares.Average(),
            ["loss after training on them"] = Enumerable.Range(0, trial.Pick(1, 4, 4)).Average(task => mixture.LossAfter(texts, chosen[task], task, trial)),
            ["worst task"] = shares.Min(),
            ["model's loss"] = mixture.Loss,
            Tuning = shares.Average(),
        };

        (Tensor, Tensor) Features(Mixture m, Configuration c, Trial t)
        {
            var autoencoder = new TopKAutoencoder(Width, new TopKOptions { Features = c.Int("features"), Active = c.Int("active") }, t.Random("dictionary"));
            var tokens = m.PoolActivations.Reshape(-1, Width);
            autoencoder.Prepare([tokens]);
            autoencoder.Train();
            var step = 0L;
            MiniTrainer.Train(t, autoencoder.NamedParameters(), tokens.Size(0), new MiniOptions { Steps = t.Pick(3, 200, 600), Batch = 256, LearningRate = 3e-3 }, (rows, noise) =>
                autoencoder.Pass(tokens.IndexSelect(0, LongTensor.From(rows, rows.Length)), new PassContext(PassMode.Sample, noise) { Training = true, Step = step++ }).Terms.Select(x => x.Value * x.Weight).Aggregate((a, b) => a + b));
            autoencoder.Eval();
            Tensor Summed(Tensor activations)
            {
                using var quiet = new NoGrad();
                var (pattern, values) = autoencoder.Encode(activations.Reshape(-1, Width));
                return pattern.ToDense(values).Reshape(activations.Size(0), Length, autoencoder.Features).Sum(1);
            }
            return (Summed(m.PoolActivations), Summed(m.ExampleActivations));
        }

        (Tensor, Tensor) Views(Mixture m, int view)
        {
            if (view == 2) return (Grams(texts), Grams(examples));
            var (a, b) = (m.PoolActivations.Mean(1), m.ExampleActivations.Mean(1));
            if (view == 0) return (a, b);
            var mean = a.Mean(0, keepdim: true);
            var scale = ((a - mean).Square().Mean(0, keepdim: true) + 1e-12f).Rsqrt();
            return ((a - mean) * scale, (b - mean) * scale);
        }
    }

    private static int[] Nearest(Tensor pool, Tensor wanted, int count)
    {
        using var scope = new TensorScope("similarities");
        var similarities = GradientEstimators.UnitRows(pool).MatMul(GradientEstimators.UnitRows(wanted), transposeOther: true).Mean(1).ToArray();
        return [.. Enumerable.Range(0, similarities.Length).OrderByDescending(i => similarities[i]).Take(count)];
    }

    // Counts of one, two and three symbols in a row.
    private static Tensor Grams(LongTensor texts)
    {
        var counts = Tensor.Zeros(texts.Shape[0], Symbols + (Symbols * Symbols) + (Symbols * Symbols * Symbols));
        for (var i = 0; i < texts.Shape[0]; i++)
        {
            var text = texts.Data.Slice(i * Length, Length);
            var row = counts.Data.Slice(i * counts.Size(1), counts.Size(1));
            for (var t = 0; t < Length; t++)
            {
                row[(int)text[t]]++;
                if (t > 0) row[Symbols + (int)((text[t - 1] * Symbols) + text[t])]++;
                if (t > 1) row[Symbols + (Symbols * Symbols) + (int)((((text[t - 2] * Symbols) + text[t - 1]) * Symbols) + text[t])]++;
            }
        }
        return counts;
    }

    private static LongTensor Texts(RandomStream random, IReadOnlyList<int> tasks)
    {
        var texts = LongTensor.Zeros(tasks.Count, Length);
        for (var i = 0; i < tasks.Count; i++)
        {
            var text = texts.Data.Slice(i * Length, Length);
            for (var half = 0; half < Length; half += 2 * Part)
                for (var t = 0; t < Part; t++) text[half + t] = random.NextInt(Symbols);
            for (var half = 0; half < Length; half += 2 * Part)
                for (var t = 0; t < Part; t++) text[half + Part + t] = text[half + s_rules[tasks[i]][t]];
        }
        return texts;
    }

    // The model, the texts to choose from, and the examples of each task.
    private sealed record Mixture(TextModel Model, LongTensor Pool, int[] Tasks, LongTensor Examples, Tensor PoolActivations, Tensor ExampleActivations, double Loss)
    {
        public static Mixture Make(Trial trial)
        {
            var model = new TextModel(trial.Random("weights"));
            var training = trial.Random("training texts");
            MiniTrainer.Train(trial, model.NamedParameters(), 32, new MiniOptions { Steps = trial.Pick(3, 500, 2500), LearningRate = 3e-3, ClipNorm = 1 }, (_, _) =>
                Cost(model, Texts(training, [.. Enumerable.Range(0, 32).Select(_ => training.NextInt(s_rules.Length))])));
            model.Eval();
            var each = trial.Pick(20, 200, 200);
            int[] tasks = [.. Enumerable.Range(0, each * s_rules.Length).Select(i => i % s_rules.Length)];
            var pool = Texts(trial.Random("pool"), tasks);
            var examples = Texts(trial.Random("examples"), [.. Enumerable.Range(0, MonaDataSelectionStudy.Examples * s_rules.Length).Select(i => i / MonaDataSelectionStudy.Examples)]);
            using var quiet = new NoGrad();
            return new Mixture(model, pool, tasks, examples, Read(model, pool), Read(model, examples), Cost(model, pool).Item() / Math.Log(2));
        }

        // Trains the model on some texts, reads its loss on the task, and puts it back.
        public double LossAfter(LongTensor texts, int[] rows, int task, Trial trial)
        {
            var kept = Model.StateDict().ToDictionary(p => p.Key, p => p.Value.ToArray(), StringComparer.Ordinal);
            Model.Train();
            MiniTrainer.Train(trial, Model.NamedParameters(), rows.Length, new MiniOptions { Steps = trial.Pick(2, 40, 40), Batch = 32, LearningRate = 1e-3, ClipNorm = 1 }, (some, _) =>
            {
                var batch = LongTensor.Zeros(some.Length, Length);
                for (var i = 0; i < some.Length; i++) texts.Data.Slice(rows[some[i]] * Length, Length).CopyTo(batch.Data[(i * Length)..]);
                return Cost(Model, batch);
            });
            Model.Eval();
            using var quiet = new NoGrad();
            using var scope = new TensorScope("judge");
            var loss = Cost(Model, Texts(trial.Random($"judged {task}"), [.. Enumerable.Repeat(task, 64)])).Item() / Math.Log(2);
            foreach (var (name, tensor) in Model.StateDict()) kept[name].CopyTo(tensor.Data);
            return loss;
        }

        private static Tensor Cost(TextModel model, LongTensor texts)
        {
            var next = LongTensor.Zeros(texts.Shape[0] * (Length - 1));
            for (var i = 0; i < next.Numel; i++) next.Data[i] = texts.Data[(i / (Length - 1) * Length) + (i % (Length - 1)) + 1];
            return model.Forward(texts).Narrow(1, 0, Length - 1).Reshape(-1, Symbols).CrossEntropy(next);
        }

        private static Tensor Read(TextModel model, LongTensor texts)
        {
            Tensor? seen = null;
            using var watch = model.GetSubmodule($"layers.{Place}").OnOutput(y => seen = y);
            model.Forward(texts);
            return seen!.Clone();
        }
    }

    private sealed class TextModel : Module
    {
        private readonly Embedding _tokens;
        private readonly LearnedPositionalEncoding _positions;
        private readonly TransformerEncoderLayer[] _layers;
        private readonly LayerNorm _norm;
        private readonly Linear _head;

        public TextModel(RandomStream random)
        {
            _tokens = AddModule("tokens", new Embedding(Symbols, Width, random));
            _positions = AddModule("positions", new LearnedPositionalEncoding(Length, Width, random, 0.1f));
            _layers = [.. Enumerable.Range(0, Layers).Select(_ => new TransformerEncoderLayer(Width, 4, random, 3 * Width, 0f, normFirst: true, gelu: true))];
            AddModule("layers", new ModuleList(_layers));
            _norm = AddModule("norm", new LayerNorm(Width));
            _head = AddModule("head", new Linear(Width, Symbols, random));
        }

        public Tensor Forward(LongTensor tokens)
        {
            var x = _positions.Forward(_tokens.Forward(tokens));
            foreach (var layer in _layers) x = layer.Forward(x, causal: true);
            return Emit(_head.Forward(_norm.Forward(x)));
        }
    }
}
