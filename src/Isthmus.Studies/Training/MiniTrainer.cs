using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies;

/// <summary>How a network of a study is trained.</summary>
public sealed record MiniOptions
{
    /// <summary>How many steps, at least 1.</summary>
    public required int Steps { get; init; }

    /// <summary>Rows of a step; fewer where there are fewer.</summary>
    public int Batch { get; init; } = 128;

    /// <summary>The largest step size.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>AdamW's decay; 0 is plain Adam.</summary>
    public double WeightDecay { get; init; }

    /// <summary>The gradient's largest norm; 0 for no clipping.</summary>
    public double ClipNorm { get; init; }

    /// <summary>What the step size is multiplied by; a cosine down to 0 over all steps where it is null.</summary>
    public Schedule? Schedule { get; init; }
}

/// <summary>
/// Trains a module for a number of steps by Adam, without early stopping. The order of rows comes from the trial's seed alone, so
/// that both arms see the same batches.
/// </summary>
public static class MiniTrainer
{
    private const int Chunk = 512;

    /// <summary>Trains parameters by any loss.</summary>
    /// <param name="trial">Seed, progress, stop.</param>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them; those that get no gradient stay as they are.</param>
    /// <param name="rows">How many rows there are to draw batches from.</param>
    /// <param name="options">Steps, batch, step size.</param>
    /// <param name="loss">
    /// The loss of a step, a scalar, given the numbers of the rows of the batch and a stream of noise that is the same in both
    /// arms; called inside a <see cref="TensorScope"/>.
    /// </param>
    /// <returns>The loss of every step.</returns>
    /// <exception cref="OperationCanceledException">The trial was stopped.</exception>
    public static double[] Train(Trial trial, IEnumerable<(string Name, Tensor Value)> parameters, int rows, MiniOptions options, Func<int[], RandomStream, Tensor> loss)
    {
        ArgumentNullException.ThrowIfNull(trial);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        (string Name, Tensor Value)[] trained = [.. parameters];
        var adam = new Adam(trained, (float)options.LearningRate, weightDecay: options.WeightDecay, decoupled: true);
        var schedule = options.Schedule ?? new CosineSchedule(options.Steps);
        var (order, noise) = (Batches(trial.Random("batches"), rows, options.Batch).GetEnumerator(), trial.Random("noise"));
        var losses = new double[options.Steps];
        for (var step = 0; step < losses.Length; step++)
        {
            trial.Stop.ThrowIfCancellationRequested();
            trial.Progress?.Report((double)step / losses.Length);
            order.MoveNext();
            using var scope = new TensorScope("step");
            adam.ZeroGrad();
            adam.LearningRate = (float)(options.LearningRate * schedule.Factor(step));
            var value = loss(order.Current, noise);
            value.Backward();
            if (options.ClipNorm > 0) GradientClipping.ClipNorm(trained.Select(p => p.Value), options.ClipNorm);
            adam.Step();
            losses[step] = value.Item();
        }
        return losses;
    }

    /// <summary>Trains a network whose output the objective judges: <see cref="CrossEntropyObjective"/> for labels, <see cref="GaussianObjective"/> for
    /// continuous targets, <see cref="ReconstructionObjective"/> for the inputs. A <see cref="BottleneckNetwork"/> is
    /// trained through its bottleneck, by samples, with the bottleneck's own terms.</summary>
    /// <param name="trial">Seed, progress, stop.</param>
    /// <param name="network">What is trained; left in evaluation mode.</param>
    /// <param name="objective">What for; its own parameters are trained too.</param>
    /// <param name="data">The training rows.</param>
    /// <param name="options">Steps, batch, step size.</param>
    /// <returns>The loss of every step.</returns>
    public static double[] Train(Trial trial, Module network, Objective objective, Dataset data, MiniOptions options)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(data);
        network.Train();
        var step = 0L;
        var losses = Train(trial, network.NamedParameters().Concat(objective.NamedParameters().Select(p => ("objective." + p.Name, p.Value))), data.Count, options, (rows, noise) =>
        {
            var batch = StudyData.Batch(data, rows);
            var (prediction, passage) = network is BottleneckNetwork narrow
                ? narrow.Run(batch.Inputs, new PassContext(PassMode.Sample, noise) { Training = true, TrueConcepts = batch.Concepts, Labels = batch.Labels, Step = step++ })
                : (network.Forward(batch.Inputs), s_nothing);
            return objective.Terms(batch, passage, prediction).Concat(passage.Terms).Select(t => t.Value * t.Weight).Aggregate((a, b) => a + b);
        });
        network.Eval();
        return losses;
    }

    /// <summary>The outputs of a network for all rows, without gradients, in parts; [rows, …], in nobody's scope unless one is open.</summary>
    /// <param name="network">Used in the mode it is in: <see cref="Module.Eval"/> first.</param>
    /// <param name="data">The rows.</param>
    public static Tensor Predict(Module network, Dataset data)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(data);
        return Predict(data, network.Forward);
    }

    /// <summary>As <see cref="Predict(Module, Dataset)"/> for any function of the inputs.</summary>
    public static Tensor Predict(Dataset data, Func<Tensor, Tensor> forward)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(forward);
        using var quiet = new NoGrad();
        Tensor? all = null;
        for (var start = 0; start < data.Count; start += Chunk)
        {
            var rows = Math.Min(Chunk, data.Count - start);
            float[] part;
            int[] shape;
            using (new TensorScope("predict"))
            {
                var output = forward(Tensor.From(data.Rows(start, rows), [rows, .. data.FeatureShape]));
                (part, shape) = (output.ToArray(), output.Shape.ToArray());
            }
            all ??= Tensor.Zeros([data.Count, .. shape[1..]]);
            part.CopyTo(all.Data[(start * (part.Length / rows))..]);
        }
        return all ?? throw new ArgumentException("predict: there are no rows");
    }

    /// <summary>For each row 1 where the largest output is that of the label, else 0; their mean is the accuracy.</summary>
    /// <param name="logits">[rows, classes].</param>
    /// <param name="data">Rows with a class target.</param>
    public static double[] Correct(Tensor logits, Dataset data)
    {
        ArgumentNullException.ThrowIfNull(logits);
        var labels = (data?.Target as ClassTarget ?? throw new ArgumentException("correct: the data have no classes")).Labels;
        var classes = logits.Size(1);
        return [.. labels.Select((label, i) => Largest(logits.Data.Slice(i * classes, classes)) == label ? 1.0 : 0.0)];
    }

    /// <summary>For each row the mean squared error of an output against numbers of the same count.</summary>
    /// <param name="output">[rows, …].</param>
    /// <param name="target">As many numbers, row-major.</param>
    public static double[] SquaredErrors(Tensor output, ReadOnlySpan<float> target)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (output.Numel != target.Length) throw new ArgumentException($"squared_errors: {output.Numel} outputs and {target.Length} targets, equal numbers are needed");
        var values = output.Data;
        var rows = output.Size(0);
        var size = values.Length / rows;
        var errors = new double[rows];
        for (var i = 0; i < values.Length; i++) errors[i / size] += Math.Pow((double)values[i] - target[i], 2) / size;
        return errors;
    }

    // Epoch after epoch, each in a new order; the rows that do not fill a batch are left out of their epoch.
    private static IEnumerable<int[]> Batches(RandomStream random, int rows, int size)
    {
        size = Math.Clamp(size, 1, rows);
        while (true)
        {
            var order = random.Permutation(rows);
            for (var start = 0; start + size <= rows; start += size) yield return order[start..(start + size)];
        }
    }

    private static int Largest(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return best;
    }

    private static readonly Passage s_nothing = new(Tensor.Zeros(1), null, [], () => throw new InvalidOperationException("a network without a bottleneck sends nothing"));
}
