using System.Diagnostics;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>How far a training is.</summary>
/// <param name="What">The epoch, as in <c>epoch 3/20</c>.</param>
/// <param name="Done">Steps done.</param>
/// <param name="Total">Steps of the whole training.</param>
/// <param name="SamplesPerSecond">Training rows a second.</param>
/// <param name="Loss">Mean loss of the epoch so far, nats.</param>
/// <param name="RateBits">Mean rate of the epoch so far, bits a sample; null without a rate.</param>
public sealed record TrainingProgress(string What, long Done, long Total, double SamplesPerSecond, double Loss, double? RateBits);

/// <summary>
/// Trains a model by minibatches. Everything random is a function of the recipe's seed and the number of the step, so that a training
/// continued from a checkpoint ends with the same bits as one that was never interrupted, whatever the number of threads.
/// </summary>
internal sealed class Trainer
{
    private const string LossName = "loss", RateName = "rate_bits", PhaseObjective = "phase/", Inserted = "insert";
    private const int EvaluationRows = 512;

    private readonly Model _model;
    private readonly Dataset _data;
    private readonly Split _split;
    private readonly string _folder;
    private readonly string _recipeHash;
    private readonly PhaseRecipe[] _phases;
    private readonly TrainingRecipe[] _settings;
    private readonly RandomStream _order, _noise;
    private readonly Dropout[] _dropouts;
    private readonly KeptEpochs _kept;
    private readonly bool _normsBatches;
    private readonly Stopwatch _clock = new();
    private TrainingState _state = new();
    private IReadOnlyDictionary<string, float[]>? _best;
    private Optimizer? _optimizer;
    private WeightAverage? _average;
    private PlateauSchedule? _plateau;
    private Schedule _schedule = new ConstantSchedule();
    private Objective _objective;
    private double _secondsBefore, _lastCheckpoint;
    private long _samplesBefore;

    public Trainer(Model model, LoadedData loaded, string folder)
    {
        (_model, _data, _split, _folder) = (model, loaded.Data, loaded.Split, folder);
        _recipeHash = RecipeFile.Sha256(model.Recipe);
        _objective = model.Objective;
        _phases = model.Recipe.Phases.Count > 0 ? [.. model.Recipe.Phases] : [new PhaseRecipe()];
        _settings = [.. _phases.Select(p => TrainingSettings.Of(model.Recipe.Training, p))];
        var random = new RandomStream(model.Recipe.Seed);
        (_order, _noise) = (random.Fork("order"), random.Fork("noise"));
        _normsBatches = model.Network.NamedModules().Any(m => m.Value is BatchNorm);
        if (_normsBatches && _settings.Any(t => t.Batch == 1)) throw new InputException("training.batch is 1, batch norms need at least 2 rows in a step");
        _kept = KeptEpochs.Parse(model.Recipe.Training.Keep, model.Network.ParameterCount(), _settings.Sum(s => s.Epochs));
        _dropouts = [.. model.Network.NamedModules().Select(m => m.Value).OfType<Dropout>()];
    }

    private TrainingRecipe Training => _settings[_state.Phase];

    private int StepsInEpoch => StepsIn(Training);

    // A last batch of one row has no spread for a batch norm: it is left out, another row in each epoch.
    private int StepsIn(TrainingRecipe settings) => (_split.Train.Length + settings.Batch - (_normsBatches && _split.Train.Length % settings.Batch == 1 ? 2 : 1)) / settings.Batch;

    /// <summary>Trains to the end, or until stop is asked for; a checkpoint is written in both cases.</summary>
    /// <returns>Where training stands; not done where it was stopped.</returns>
    /// <exception cref="InputException">The loss is no longer a number.</exception>
    public TrainingState Run(Action<TrainingProgress>? progress, CancellationToken stop)
    {
        Start();
        _clock.Start();
        for (; _state.Phase < _phases.Length && !_state.Done; NextPhase())
        {
            while (_state.Epoch < Training.Epochs && _state.EndedEarly.Length == 0 && (Training.Patience == 0 || _state.BadEpochs < Training.Patience))
            {
                if (!RunEpoch(progress, stop)) return Stopped();
                EndEpoch();
            }
            TakeWeights();
            if (_state.EndedEarly.Length > 0) break;
        }
        if (_kept.Any && !File.Exists(KeptEpochs.PathIn(_folder, _state.EpochsDone))) Keep(); // training that ended early ends with an epoch too
        _state.Done = true;
        _model.Judge();
        Write();
        return _state;
    }

    private void Start()
    {
        var path = Checkpoint.PathIn(_folder);
        _state = new TrainingState { Recipe = _recipeHash };
        if (!File.Exists(path))
        {
            BeginPhase();
            MetricsLog.Cut(MetricsLog.PathIn(_folder), 0);
            if (_kept.Keeps(0)) Keep();
            Write();
            return;
        }
        var (state, content) = Checkpoint.Read(path);
        if (state.Recipe != _recipeHash) throw new InputException($"{path}: it belongs to another recipe than {Path.Combine(_folder, "recipe.yaml")}", "the recipe of a run must not be edited; start a new run with it");
        if (state.Phase < 0 || state.Phase > _phases.Length || (state.Phase < _phases.Length && state.StepInEpoch > StepsIn(_settings[state.Phase]))) throw new InputException($"{path}: its state is damaged");
        (_state, _best) = (state, content.Best);
        _model.LoadState(Under("", content.Model));
        if (!state.Done && state.Phase < _phases.Length)
        {
            BeginPhase();
            if (!ReferenceEquals(_objective, _model.Objective)) _objective.LoadStateDict(Under(PhaseObjective, content.Model));
            _optimizer!.LoadStateDict(content.Optimizer);
            _average?.LoadStateDict(content.Average);
            _optimizer.Steps = state.OptimizerSteps;
            if (_plateau is not null) (_plateau.Factor, _plateau.Best, _plateau.Waited) = (state.PlateauFactor, state.PlateauBest ?? double.PositiveInfinity, state.PlateauWaited);
        }
        MetricsLog.Cut(MetricsLog.PathIn(_folder), state.MetricsBytes);
        (_secondsBefore, _samplesBefore) = (state.Seconds, state.Samples);
    }

    private void BeginPhase()
    {
        var phase = _phases[_state.Phase];
        foreach (var (name, part) in _model.Network.Children) part.RequiresGrad(Moves(phase, name));
        foreach (var insertion in _model.Insertions)
        {
            insertion.Bottleneck.RequiresGrad(Moves(phase, Inserted));
            insertion.Decoder?.RequiresGrad(Moves(phase, Inserted));
        }
        _objective = phase.Objective is { } own
            ? ObjectiveRegistry.Find(own.Type, _model.Task).Create(_model.Site, own.Options, new RandomStream(_model.Recipe.Seed).Fork("objective"))
            : _model.Objective;
        if (phase.Train.Count + phase.Freeze.Count > 0 && !_model.Parameters().Any(p => p.Value.RequiresGrad))
            throw new InputException(FormattableString.Invariant($"phases[{_state.Phase}] has nothing to learn in this recipe: no part that it trains has weights"));
        var parameters = _model.Parameters().Concat(_objective.NamedParameters().Select(p => ("objective." + p.Name, p.Value))).ToArray();
        _optimizer = TrainingSettings.Optimizer(Training, parameters);
        _average = Training.Ema > 0 ? new WeightAverage(parameters, (float)Training.Ema) : null;
        _schedule = TrainingSettings.Schedule(Training, StepsInEpoch);
        _plateau = Training.Schedule == "plateau" ? new PlateauSchedule(Training.StepFactor, Training.PlateauEpochs) : null;
    }

    private static bool Moves(PhaseRecipe phase, string part) => (phase.Train.Count == 0 || phase.Train.Contains(part)) && !phase.Freeze.Contains(part);

    // What is frozen judges as it does after training: its norms' statistics stand still and nothing is dropped.
    private void TrainMode()
    {
        foreach (var (name, part) in _model.Network.Children) part.Train(Moves(_phases[_state.Phase], name));
        foreach (var insertion in _model.Insertions) (insertion.Training, insertion.Active) = (Moves(_phases[_state.Phase], Inserted), InForce);
    }

    // What is inserted is in force from the first phase that trains it, so that a network can be trained before.
    private bool InForce => _phases.Take(_state.Phase + 1).Any(p => Moves(p, Inserted)) || !_phases.Any(p => Moves(p, Inserted));

    private void NextPhase()
    {
        _state.Phase++;
        (_state.Epoch, _state.StepInEpoch, _state.BestLoss, _state.BadEpochs, _best) = (0, 0, null, 0, null);
        (_state.PlateauFactor, _state.PlateauBest, _state.PlateauWaited) = (1, null, 0);
        if (_state.Phase >= _phases.Length) return;
        // What is fitted to a layer's outputs is fitted to those of the network that was trained meanwhile.
        if (Moves(_phases[_state.Phase], Inserted) && !_phases.Take(_state.Phase).Any(p => Moves(p, Inserted))) TrainJob.PrepareInsertions(_model, _data, _split);
        BeginPhase();
    }

    // False where stop was asked for.
    private bool RunEpoch(Action<TrainingProgress>? progress, CancellationToken stop)
    {
        var order = (int[])_split.Train.Clone();
        _order.Fork((ulong)_state.Phase).Fork((ulong)_state.Epoch).Shuffle<int>(order);
        TrainMode();
        while (_state.StepInEpoch < StepsInEpoch)
        {
            if (stop.IsCancellationRequested) return false;
            if (Training.MaxMinutes > 0 && Seconds > Training.MaxMinutes * 60)
            {
                _state.EndedEarly = FormattableString.Invariant($"training ended after {Training.MaxMinutes} minutes, in epoch {_state.EpochsDone + 1}");
                break;
            }
            var from = _state.StepInEpoch * Training.Batch;
            Step(order.AsSpan(from, Math.Min(Training.Batch, order.Length - from)));
            progress?.Invoke(Progress());
            if (Seconds - _lastCheckpoint >= Training.CheckpointSeconds && _state.StepInEpoch < StepsInEpoch) Write();
        }
        return true;
    }

    private void Step(ReadOnlySpan<int> rows)
    {
        var phase = _phases[_state.Phase];
        var stepOfPhase = ((long)_state.Epoch * StepsInEpoch) + _state.StepInEpoch;
        _optimizer!.LearningRate = (float)(Training.LearningRate * _schedule.Factor(stepOfPhase) * (_plateau?.Factor ?? 1));
        using (var scope = new TensorScope("training step"))
        {
            var batch = Batches.Of(_data, rows);
            // What a layer drops is a function of seed and step too, so that a resumed run drops the same.
            foreach (var layer in _dropouts) layer.Random.Position = (ulong)_state.Step << 32;
            var context = new PassContext(PassMode.Sample, _noise.Fork((ulong)_state.Step)) { Training = Moves(phase, "encoder") || Moves(phase, "bottleneck"), Step = _state.Step, TrueConcepts = batch.Concepts, UseTrueConcepts = phase.TrueConcepts, Labels = batch.Labels };
            foreach (var insertion in _model.Insertions) (insertion.Random, insertion.Step) = (_noise.Fork((ulong)_state.Step).Fork(insertion.Layer), _state.Step);
            var (prediction, passage) = _model.Network.Run(batch.Inputs, context);
            var loss = Loss(_objective.Terms(batch, passage, prediction).Concat(passage.Terms).Concat(InsertedTerms()), passage, phase.Weights, rows.Length, _state.Sums);
            if (!float.IsFinite(loss.Item()))
                throw new InputException(FormattableString.Invariant($"training diverged: the loss is {loss.Item()} at step {_state.Step + 1}"), "lower training.learning_rate, or set training.clip_norm=1");
            loss.Backward();
            Clip();
            _optimizer.Step();
            _optimizer.ZeroGrad();
            _average?.Update();
        }
        _state.StepInEpoch++;
        _state.Step++;
        _state.SummedRows += rows.Length;
        _state.Samples += rows.Length;
    }

    // Each inserted bottleneck by itself: its own loss says nothing about how far the network may move.
    private void Clip()
    {
        var groups = _model.Insertions.Select(i => i.NamedParameters().Select(p => p.Value)).Prepend(_model.Network.Parameters().Concat(_objective.Parameters()));
        foreach (var group in groups.Select(g => g.ToArray()))
        {
            if (Training.ClipValue > 0) GradientClipping.ClipValue(group, (float)Training.ClipValue);
            if (Training.ClipNorm > 0) GradientClipping.ClipNorm(group, Training.ClipNorm);
        }
    }

    private IEnumerable<Term> InsertedTerms() => _model.Insertions.SelectMany(i => i.Terms.Select(t => t with { Name = $"{i.Layer}.{t.Name}" }));

    // The weighted sum of the terms; their values times the number of rows are added to the sums.
    private static Tensor Loss(IEnumerable<Term> terms, Passage passage, IReadOnlyDictionary<string, double> weights, int rows, SortedDictionary<string, double> sums)
    {
        Tensor? loss = null;
        foreach (var term in terms)
        {
            var weight = term.Weight * (float)(weights.TryGetValue(term.Name, out var factor) ? factor : 1);
            Add(sums, term.Name, (double)term.Value.Item() * rows);
            if (weight == 0) continue;
            var part = term.Value.Reshape() * weight;
            loss = loss is null ? part : loss + part;
        }
        if (loss is null) throw new InputException("the loss has no terms: every weight is 0");
        Add(sums, LossName, (double)loss.Item() * rows);
        if (passage.Rate is { } rate) Add(sums, RateName, Bits.FromNats(rate.Nats.Mean().Item()).Value * rows);
        return loss;
    }

    private static void Add(SortedDictionary<string, double> sums, string name, double value) => sums[name] = sums.GetValueOrDefault(name) + value;

    private void EndEpoch()
    {
        SortedDictionary<string, double>? validation = null;
        if (_split.Validation.Length > 0)
        {
            _average?.Swap();
            validation = Validate();
            if (Training.Patience > 0) Remember(validation[LossName]);
            _average?.Swap();
        }
        if (_plateau is not null) Observe((validation ?? Means(_state.Sums, _state.SummedRows)).GetValueOrDefault(LossName));
        _state.Epoch++;
        _state.EpochsDone++;
        _state.StepInEpoch = 0;
        if (_kept.Keeps(_state.EpochsDone)) Keep();
        var metrics = new EpochMetrics
        {
            Phase = _state.Phase,
            Epoch = _state.EpochsDone,
            Step = _state.Step,
            Seconds = Math.Round(Seconds, 3),
            LearningRate = _optimizer!.LearningRate,
            Train = Means(_state.Sums, _state.SummedRows),
            Validation = validation,
        };
        (_state.Sums, _state.SummedRows) = (new(StringComparer.Ordinal), 0);
        _state.MetricsBytes = MetricsLog.Append(MetricsLog.PathIn(_folder), metrics);
        if (Seconds - _lastCheckpoint >= Training.CheckpointSeconds) Write();
    }

    // The loss on the validation rows with the mean code, and the share of right answers.
    private SortedDictionary<string, double> Validate()
    {
        var sums = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var noise = _noise.Fork("validation");
        _model.Judge();
        foreach (var insertion in _model.Insertions) insertion.Active = InForce;
        using var noGrad = new NoGrad();
        foreach (var rows in Batches.Split(_split.Validation, Batches.Most(_model, EvaluationRows)))
        {
            using var scope = new TensorScope("validation");
            var batch = Batches.Of(_data, rows);
            var (prediction, passage) = _model.Network.Run(batch.Inputs, new PassContext(PassMode.Mean, noise) { Step = _state.Step, TrueConcepts = batch.Concepts, UseTrueConcepts = _phases[_state.Phase].TrueConcepts });
            _ = Loss(_objective.Terms(batch, passage, prediction).Concat(passage.Terms).Concat(InsertedTerms()), passage, _phases[_state.Phase].Weights, rows.Length, sums);
            if (batch.Labels is not { } labels || prediction.Dim != 2) continue;
            var answers = prediction.ArgMax(1);
            var right = 0;
            for (var i = 0; i < labels.Numel; i++) right += answers.Data[i] == labels.Data[i] ? 1 : 0;
            Add(sums, "accuracy", (double)right / _model.Units);
        }
        return Means(sums, _split.Validation.Length);
    }

    private static SortedDictionary<string, double> Means(SortedDictionary<string, double> sums, long rows) =>
        new(sums.ToDictionary(p => p.Key, p => rows > 0 ? p.Value / rows : 0), StringComparer.Ordinal);

    private void Remember(double loss)
    {
        if (_state.BestLoss is { } best && !(loss < best))
        {
            _state.BadEpochs++;
            return;
        }
        (_state.BestLoss, _state.BadEpochs) = (loss, 0);
        _best = _model.State().ToDictionary(p => p.Key, p => p.Value.ToArray(), StringComparer.Ordinal);
    }

    private void Observe(double loss)
    {
        _plateau!.Observe(loss);
        (_state.PlateauFactor, _state.PlateauBest, _state.PlateauWaited) = (_plateau.Factor, double.IsFinite(_plateau.Best) ? _plateau.Best : null, _plateau.Waited);
    }

    // What a phase ends with: the best weights where they were kept, else the averaged ones, else the last.
    private void TakeWeights()
    {
        if (_best is not null)
            foreach (var (name, tensor) in _model.State()) _best[name].CopyTo(tensor.Data);
        else _average?.Swap();
        _average = null;
    }

    private double Seconds => _secondsBefore + _clock.Elapsed.TotalSeconds;

    private TrainingProgress Progress()
    {
        var total = 0L;
        foreach (var settings in _settings) total += (long)settings.Epochs * StepsIn(settings);
        var name = _phases[_state.Phase].Name is { Length: > 0 } given ? given + ", " : "";
        return new TrainingProgress(
            FormattableString.Invariant($"{name}epoch {_state.Epoch + 1}/{Training.Epochs}"), _state.Step, total,
            (_state.Samples - _samplesBefore) / Math.Max(1e-9, _clock.Elapsed.TotalSeconds), _state.Sums.GetValueOrDefault(LossName) / Math.Max(1, _state.SummedRows),
            _state.Sums.TryGetValue(RateName, out var rate) ? rate / _state.SummedRows : null);
    }

    // What a phase's own objective has learnt is needed to continue, but is no part of the model.
    private Dictionary<string, Tensor> Weights() => ReferenceEquals(_objective, _model.Objective) ? _model.State()
        : _model.State().Concat(_objective.StateDict().Select(p => KeyValuePair.Create(PhaseObjective + p.Key, p.Value))).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);

    private static Dictionary<string, Tensor> Under(string prefix, IReadOnlyDictionary<string, Tensor> weights) => weights
        .Where(p => p.Key.StartsWith(PhaseObjective, StringComparison.Ordinal) == (prefix.Length > 0)).ToDictionary(p => p.Key[prefix.Length..], p => p.Value, StringComparer.Ordinal);

    private void Keep() => Safetensors.Write(KeptEpochs.PathIn(_folder, _state.EpochsDone), _model.State());

    private TrainingState Stopped()
    {
        Write();
        return _state;
    }

    private void Write()
    {
        (_state.Seconds, _state.OptimizerSteps) = (Seconds, _optimizer?.Steps ?? 0);
        var none = new Dictionary<string, Tensor>();
        Checkpoint.Write(Checkpoint.PathIn(_folder), _state, new CheckpointTensors(Weights(), _optimizer?.StateDict() ?? none, _average?.StateDict() ?? none, _best));
        _lastCheckpoint = Seconds;
    }
}
