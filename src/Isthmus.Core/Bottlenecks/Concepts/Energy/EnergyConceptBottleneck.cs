using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Beliefs and class probabilities under what was put by hand.</summary>
/// <param name="Beliefs">[rows, width].</param>
/// <param name="Classes">[rows, classes], summing to 1.</param>
/// <param name="BeliefErrors">[rows, width]: standard errors; null where all states were summed.</param>
/// <param name="ClassErrors">[rows, classes]: standard errors; null where all states were summed.</param>
public sealed record EnergyMarginals(Tensor Beliefs, Tensor Classes, Tensor? BeliefErrors = null, Tensor? ClassErrors = null);

/// <summary>
/// Concepts and class as one distribution given the input, p(c, y | x) ∝ exp(−E(x, y) − λc Σ E(x, c_j) − λg E(c, y)) (Xu, Qin, Mi, Wang, Li:
/// "Energy-Based Concept Bottleneck Models", ICLR 2024, equations 1 to 7). What goes on is ln p(y | x, what was put), so the decoder has nothing to
/// add; a concept that is put by hand moves the others and the class through the conditional distribution (their proposition 3.1). Sums run
/// over all states of the concepts where there are at most 65,536; above, chains of annealed samples answer, with an error.
/// </summary>
/// <remarks>
/// In training the loss is −ln p(c, y | x), exactly or by pseudo-likelihood, where the paper trains three energies apart: the bottleneck adds
/// −ln p(c | x), and what goes on is ln p(y | x, c) of the annotated concepts, whose cross-entropy is the rest. Unknown concepts are summed over
/// (exact), or stand at their most probable state (pseudo). The energy E(c, y) couples pairs and, by hidden units, any number of concepts.
/// </remarks>
public sealed class EnergyConceptBottleneck : ConceptBottleneck
{
    private const int MostStates = 1 << 16, MostTrained = 1 << 15, MostNumbers = 1 << 22;
    private const float Excluded = 1e4f;
    private readonly EnergyOptions _options;
    private readonly StateGrid? _grid;
    private readonly GlobalEnergy _global;
    private readonly Linear _concepts;
    private readonly Linear? _class;
    private readonly Tensor _candidates, _others; // every state of every concept as columns, and 0 at the columns it replaces
    private readonly int[] _starts;

    /// <summary>A layer from a number of features.</summary>
    /// <param name="features">How many numbers enter.</param>
    /// <param name="space">The concepts; none of them continuous.</param>
    /// <param name="classes">How many classes there are, or their names.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="random">For the initial weights.</param>
    /// <param name="target">What queries call the class.</param>
    /// <exception cref="InputException">A setting is outside its range, or a concept is a number.</exception>
    public EnergyConceptBottleneck(int features, ConceptSpace space, IReadOnlyList<string> classes, EnergyOptions options, RandomStream random, string target = "y")
        : base(space, options?.ConceptWeight ?? throw new ArgumentNullException(nameof(options)), 1, null)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(random);
        Setting.Require(options.ClassEnergy >= 0 && float.IsFinite(options.ClassEnergy), "class_energy", "a number of at least 0", options.ClassEnergy);
        Setting.Require(options.ConceptEnergy >= 0 && float.IsFinite(options.ConceptEnergy), "concept_energy", "a number of at least 0", options.ConceptEnergy);
        Setting.Require(options.GlobalEnergy >= 0 && float.IsFinite(options.GlobalEnergy), "global_energy", "a number of at least 0", options.GlobalEnergy);
        Setting.Require(options.Hidden >= 0, "hidden", "at least 0", options.Hidden);
        Setting.Require(options.Chains >= 2, "chains", "at least 2", options.Chains);
        Setting.Require(options.Sweeps >= 2, "sweeps", "at least 2", options.Sweeps);
        if (space.Axes.FirstOrDefault(a => a.Type == ConceptType.Continuous) is { } number)
            throw new InputException($"bottleneck.type ecbm: concept '{number.Name}' is a number, and an energy sums over states", "give it levels (low, middle, high), or take --bottleneck concept");
        if (classes.Count < 2) throw new InputException($"bottleneck.type ecbm: an energy needs at least 2 classes, the target has {classes.Count}");
        _options = options;
        var name = space.Axes.Any(a => a.Name == target) ? "class" : target;
        Variables = [.. space.Axes.Select(a => new ConceptVariable(a.Name, a.Categories)), new ConceptVariable(name, classes)];
        if (StateGrid.Size(space) <= MostStates) _grid = new StateGrid(space);
        Setting.Refuse(options.Likelihood == EnergyLikelihood.Exact && _grid is null, FormattableString.Invariant($"likelihood: {StateGrid.Size(space):G4} states of the concepts are more than the {MostStates} that can be summed"), "take likelihood: auto");
        _concepts = AddModule("concepts", new Linear(features, space.Width, random.Fork("concepts")));
        if (options.ClassEnergy > 0) _class = AddModule("class", new Linear(features, classes.Count, random.Fork("class"), bias: false));
        _global = AddModule("global", new GlobalEnergy(space, classes.Count, options.Hidden, random.Fork("global")));
        (_candidates, _others, _starts) = Candidates(space);
    }

    /// <summary>The concepts, then the class: what queries name.</summary>
    public IReadOnlyList<ConceptVariable> Variables { get; }

    /// <summary>Whether answers are exact sums over all states; else they are sampled.</summary>
    public bool IsExact => _grid is not null;

    /// <inheritdoc/>
    public override int OutputWidth => Variables[^1].States.Count;

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(32.0 * OutputWidth);

    /// <inheritdoc/>
    public override IReadOnlyList<string>? NamesOf(Part part) => part is Floats ? [.. Variables[^1].States.Select(s => $"ln p({Variables[^1].Name}={s})")] : null;

    /// <summary>−λc E(x, c) of each column, [rows, width]; beliefs take in the other energies too.</summary>
    public override Tensor Scores(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return _concepts.Forward(h.Single) * _options.ConceptEnergy;
    }

    /// <summary>p(c_j | x, what was put), exactly or by samples.</summary>
    /// <inheritdoc/>
    public override Tensor Beliefs(Features h, Tensor scores, ConceptValues? put)
    {
        var beliefs = Marginals(h, scores, put).Beliefs;
        return put is null ? beliefs : Space.Put(beliefs, put);
    }

    /// <summary>ln p(y | x, what was put), [rows, classes], exactly or by samples.</summary>
    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put) => Marginals(h, scores, put).Classes.Clamp(1e-30f).Log();

    /// <summary>Beliefs and class probabilities together.</summary>
    /// <param name="h">The features.</param>
    /// <param name="scores">Their scores.</param>
    /// <param name="put">Concepts put by hand, each as a state or as a distribution over its states (numbers outside 0..1 count as the nearest
    /// of both); null for none.</param>
    /// <returns>Differentiable in the features where nothing is put, in <paramref name="put"/> where something is; where answers are sampled,
    /// the class in what was put only as far as it acts on the class itself.</returns>
    public EnergyMarginals Marginals(Features h, Tensor scores, ConceptValues? put)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(scores);
        var classScores = ClassScores(h);
        if (_grid is null) return Sampled(scores, classScores, put);
        var grid = Grid();
        var rows = scores.Size(0);
        var chunk = Math.Max(1, MostNumbers / (_grid.Count * OutputWidth));
        var parts = new List<Tensor>();
        for (var start = 0; start < rows; start += chunk)
        {
            var n = Math.Min(chunk, rows - start);
            var own = n == rows ? put : put is null ? null : new ConceptValues(put.Values.Narrow(0, start, n), put.Known.Narrow(0, start, n));
            parts.Add(Exact(grid, scores.Narrow(0, start, n), classScores?.Narrow(0, start, n), own));
        }
        var all = parts.Count == 1 ? parts[0] : Tensor.Cat(parts);
        return new(all.Narrow(1, 0, Space.Width), all.Narrow(1, Space.Width, OutputWidth));
    }

    /// <summary>The joint distribution of concepts and class over some rows, the mean of p(c, y | x): what conditional queries are asked of.</summary>
    /// <param name="rows">Features, batch by batch; at least one row.</param>
    /// <exception cref="InputException">Concepts and class have more than <see cref="ConceptJoint.MostStates"/> states, or concepts more than 65,536.</exception>
    public ConceptJoint Joint(IEnumerable<Features> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (_grid is null || (double)_grid.Count * OutputWidth > ConceptJoint.MostStates)
            throw new InputException(FormattableString.Invariant($"{Space.Count} concepts and the class have too many states for a table"), "ask of single rows, by samples (EnergyOf, AnnealedSampler)");
        using var quiet = new NoGrad();
        using var scope = new TensorScope("joint");
        var (grid, sum, count) = (Grid(), new double[_grid.Count * OutputWidth], 0L);
        foreach (var h in rows)
        {
            var (scores, classScores) = (Scores(h), ClassScores(h));
            for (var i = 0; i < h.Count; i++, count++)
            {
                using var one = new TensorScope("row");
                var joint = Table(grid, scores.Narrow(0, i, 1), classScores?.Narrow(0, i, 1)).Reshape(1, -1).Softmax(-1);
                for (var s = 0; s < sum.Length; s++) sum[s] += joint.Data[s];
            }
        }
        if (count == 0) throw new ArgumentException("joint: at least one row is needed");
        var total = sum.Sum();
        return ConceptJoint.FromProbabilities(Variables, [.. sum.Select(p => p / total)]);
    }

    /// <summary>The energy of concepts and class of one row, for queries by <see cref="AnnealedSampler"/> or <see cref="ConceptJoint.Enumerate"/>.</summary>
    /// <param name="h">Features.</param>
    /// <param name="row">Which row of them.</param>
    public EnergyFunction EnergyOf(Features h, int row)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var quiet = new NoGrad();
        var (scores, classScores) = (Scores(h), ClassScores(h));
        return new RowEnergy(Space, Variables, new RowEnergy.Tables(_global, Space, _options.GlobalEnergy), scores.Data.Slice(row * Space.Width, Space.Width),
            classScores is null ? [] : classScores.Data.Slice(row * OutputWidth, OutputWidth));
    }

    /// <inheritdoc/>
    protected override Passage Passed(Features h, Tensor scores, ConceptValues? put, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        // Where answers would have to be sampled, a validation pass is judged by what is trained too.
        if (c.TrueConcepts is not { } values || c.Edit is not null || (!c.Training && IsExact)) return base.Passed(h, scores, put, c);
        var (truth, classScores) = (Space.Known(values), ClassScores(h));
        var exact = _options.Likelihood switch
        {
            EnergyLikelihood.Exact => true,
            EnergyLikelihood.Pseudo => false,
            _ => _grid is not null && _grid.Count * OutputWidth <= MostTrained,
        };
        var (output, loss) = exact ? Learned(scores, classScores, truth) : PseudoLearned(scores, classScores, truth, c.Random.Fork("concepts"));
        return new Passage(output, null, [new Term("concepts", loss, ConceptWeight)], () => new Message([new Floats("concepts", output)])) { NoRate = "probabilities of classes are real numbers, which have no finite rate before they are quantised" };
    }

    /// <inheritdoc/>
    protected override IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        // What a validation pass reads; a training pass comes by Passed.
        if (c.TrueConcepts is { } values && c.Edit is null && IsExact) yield return new Term("concepts", Learned(scores, ClassScores(h), Space.Known(values)).Loss, ConceptWeight);
    }

    // -E(x, y); null where it counts for nothing.
    private Tensor? ClassScores(Features h) => _class is null ? null : _class.Forward(h.Single) * _options.ClassEnergy;

    private (Tensor Concepts, Tensor Classes) Grid() => (_global.OfConcepts(_grid!.Columns) * _options.GlobalEnergy, _global.OfClasses(_grid.Columns) * _options.GlobalEnergy);

    // -E(x, c, y), [rows, states, classes].
    private Tensor Table((Tensor Concepts, Tensor Classes) grid, Tensor scores, Tensor? classScores)
    {
        var (rows, states) = (scores.Size(0), _grid!.Count);
        var concepts = (scores.MatMul(_grid.Columns, transposeOther: true) + grid.Concepts).Reshape(rows, states, 1);
        return concepts + Classes(grid, classScores);
    }

    private Tensor Classes((Tensor Concepts, Tensor Classes) grid, Tensor? classScores)
    {
        var classes = grid.Classes.Reshape(1, _grid!.Count, OutputWidth);
        return classScores is null ? classes : classes + classScores.Reshape(-1, 1, OutputWidth);
    }

    private Tensor Exact((Tensor Concepts, Tensor Classes) grid, Tensor scores, Tensor? classScores, ConceptValues? put)
    {
        var table = Table(grid, scores, classScores);
        var log = table.LogSumExp(2);
        if (put is not null) return _grid!.Mix(log, Classes(grid, classScores).Softmax(-1), put);
        var classes = (table.LogSumExp(1)).Softmax(-1);
        return Tensor.Cat([log.Softmax(-1).MatMul(_grid!.Columns), classes], 1);
    }

    // ln p(y | x, c), and the mean of -ln p(c | x), over what is annotated.
    private (Tensor Output, Tensor Loss) Learned(Tensor scores, Tensor? classScores, ConceptValues truth)
    {
        var table = Table(Grid(), scores, classScores);
        var all = table.Reshape(scores.Size(0), -1).LogSumExp(1);
        if (truth.Known.Data.IndexOf(0f) >= 0)
        {
            var agreeing = table + (_grid!.Disagreement(truth).Clamp(0, 1) * -Excluded).Reshape(scores.Size(0), _grid.Count, 1);
            var byClass = agreeing.LogSumExp(1);
            return (byClass.LogSoftmax(-1), (all - byClass.LogSumExp(1)).Mean());
        }
        var classes = ClassesOf(truth.Values, classScores);
        return (classes.LogSoftmax(-1), (all - ConceptsOf(truth.Values, scores) - classes.LogSumExp(1)).Mean());
    }

    private (Tensor Output, Tensor Loss) PseudoLearned(Tensor scores, Tensor? classScores, ConceptValues truth, RandomStream random)
    {
        var (rows, width) = (scores.Size(0), Space.Width);
        var states = Tensor.Where(Space.Columns(truth.Known), truth.Values, Space.Harden(Space.Activate(scores.Detach()))).Detach();
        // As many concepts as memory allows, drawn anew each time, stand for all.
        var room = MostNumbers / Math.Max(1, rows * OutputWidth * Math.Max(1, _options.Hidden));
        var drawn = new List<int>();
        foreach (var j in random.Permutation(Space.Count))
            if (drawn.Count == 0 || (room -= Space.Axes[j].States) >= 0) drawn.Add(j);
        var numbers = LongTensor.From([.. drawn.SelectMany(j => Enumerable.Range(_starts[j], Space.Axes[j].States)).Select(i => (long)i)]);
        var (candidates, others) = (_candidates.IndexSelect(0, numbers), _others.IndexSelect(0, numbers));
        var changed = ((states.Reshape(rows, 1, width) * others) + candidates).Reshape(-1, width);
        var classes = (_global.OfClasses(changed) * _options.GlobalEnergy).Reshape(rows, candidates.Size(0), OutputWidth);
        if (classScores is not null) classes += classScores.Reshape(rows, 1, OutputWidth);
        // The columns of a concept do not couple with each other, so that the field at them is that of the other concepts.
        var log = (scores + (_global.Field(states) * _options.GlobalEnergy)).MatMul(candidates, transposeOther: true) + classes.LogSumExp(2);
        var (loss, at) = (Tensor.Scalar(0f), 0);
        foreach (var j in drawn)
        {
            loss -= (log.Narrow(1, at, Space.Axes[j].States).LogSoftmax(-1) * StatesOf(j, truth)).Sum();
            at += Space.Axes[j].States;
        }
        return (ClassesOf(states, classScores).LogSoftmax(-1), loss * ((float)Space.Count / (drawn.Count * rows)));
    }

    // 1 at the annotated state of a concept, [rows, states]; 0 all along where it is unknown.
    private Tensor StatesOf(int concept, ConceptValues truth)
    {
        var (rows, axis) = (truth.Values.Size(0), Space.Axes[concept]);
        var one = Tensor.Zeros(rows, axis.States);
        for (var i = 0; i < rows; i++)
        {
            if (truth.Known.Data[(i * Space.Count) + concept] == 0) continue;
            var p = StateGrid.Distribution(Space, concept, truth.Values.Data.Slice((i * Space.Width) + Space.Offset(concept), axis.Width))!;
            for (var s = 0; s < p.Length; s++) one.Data[(i * axis.States) + s] = (float)p[s];
        }
        return one;
    }

    private Tensor ConceptsOf(Tensor columns, Tensor scores) => (columns * scores).Sum(1) + (_global.OfConcepts(columns) * _options.GlobalEnergy);

    private Tensor ClassesOf(Tensor columns, Tensor? classScores)
    {
        var own = _global.OfClasses(columns) * _options.GlobalEnergy;
        return classScores is null ? own : own + classScores;
    }

    // Rows are sampled apart, each by the same stream, so that what differs between two edits is not the noise.
    private EnergyMarginals Sampled(Tensor scores, Tensor? classScores, ConceptValues? put)
    {
        var (rows, width, classes) = (scores.Size(0), Space.Width, OutputWidth);
        var (beliefs, answers, beliefErrors, errors) = (Tensor.Zeros(rows, width), Tensor.Zeros(rows, classes), Tensor.Zeros(rows, width), Tensor.Zeros(rows, classes));
        RowEnergy.Tables tables;
        using (new NoGrad()) tables = new RowEnergy.Tables(_global, Space, _options.GlobalEnergy);
        var (options, own, ownClasses) = (new SamplingOptions { Chains = _options.Chains, Sweeps = _options.Sweeps, Annealing = Math.Max(1, _options.Sweeps / 2) }, scores.ToArray(), classScores?.ToArray());
        var given = Enumerable.Range(0, rows).Select(i => put is null ? [] : Fixed(put, i)).ToArray();
        var found = new (double[][] Probabilities, double[][] Errors, double LogPartition)[rows];
        Parallel.For(0, rows, new ParallelOptions { MaxDegreeOfParallelism = Threads.Count }, i =>
        {
            var energy = new RowEnergy(Space, Variables, tables, own.AsSpan(i * width, width), ownClasses is null ? [] : ownClasses.AsSpan(i * classes, classes));
            found[i] = AnnealedSampler.Marginals(energy, given[i], new RandomStream(0).Fork("energy"), options);
        });
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < Space.Count; j++) Columns(j, found[i].Probabilities[j], found[i].Errors[j], beliefs.Data.Slice((i * width) + Space.Offset(j), Space.Axes[j].Width), beliefErrors.Data.Slice((i * width) + Space.Offset(j), Space.Axes[j].Width));
            for (var y = 0; y < classes; y++) (answers.Data[(i * classes) + y], errors.Data[(i * classes) + y]) = ((float)found[i].Probabilities[^1][y], (float)found[i].Errors[^1][y]);
        }
        var classAnswers = put is null ? answers : Direct(answers, beliefs, classScores, put);
        return new(beliefs, classAnswers, beliefErrors, errors);
    }

    // The sampled answer, with the gradient of p(y | c) at the believed concepts: how what was put acts on the class by itself.
    private Tensor Direct(Tensor answers, Tensor beliefs, Tensor? classScores, ConceptValues put)
    {
        var concepts = Space.Put(beliefs.Detach(), put);
        var relaxed = ClassesOf(concepts, classScores?.Detach()).Softmax(-1);
        return relaxed + (answers - relaxed.Detach());
    }

    private List<(int Variable, int State)> Fixed(ConceptValues put, int row)
    {
        var given = new List<(int, int)>();
        for (var j = 0; j < Space.Count; j++)
        {
            if (put.Known.Data[(row * Space.Count) + j] == 0) continue;
            if (StateGrid.Distribution(Space, j, put.Values.Data.Slice((row * Space.Width) + Space.Offset(j), Space.Axes[j].Width)) is { } p) given.Add((j, Array.IndexOf(p, p.Max())));
        }
        return given;
    }

    private void Columns(int concept, double[] p, double[] error, Span<float> columns, Span<float> errors)
    {
        for (var s = 0; s < p.Length; s++)
        {
            var own = Space.Encode(concept, s);
            for (var c = 0; c < own.Length; c++)
            {
                columns[c] += own[c] * (float)p[s];
                errors[c] = Math.Max(errors[c], own[c] * (float)error[s]);
            }
        }
    }

    private static (Tensor Candidates, Tensor Others, int[] Starts) Candidates(ConceptSpace space)
    {
        var starts = new int[space.Count];
        for (var j = 1; j < space.Count; j++) starts[j] = starts[j - 1] + space.Axes[j - 1].States;
        var total = starts[^1] + space.Axes[^1].States;
        var (candidates, others) = (Tensor.Zeros(total, space.Width), Tensor.Ones(total, space.Width));
        for (var j = 0; j < space.Count; j++)
            for (var s = 0; s < space.Axes[j].States; s++)
            {
                var at = ((starts[j] + s) * space.Width) + space.Offset(j);
                space.Encode(j, s).CopyTo(candidates.Data[at..]);
                others.Data.Slice(at, space.Axes[j].Width).Clear();
            }
        return (candidates, others, starts);
    }
}
