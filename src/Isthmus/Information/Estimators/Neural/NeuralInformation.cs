using System.Globalization;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Mutual information through a trained network: a critic (or a conditional density) is fitted on 60 % of the rows, chosen by
/// early stopping on 15 %, and read on the 25 % that it has not seen, with the exact formulas of <see cref="CriticBounds"/>.
/// </summary>
/// <remarks>
/// Continuous columns enter as normal scores, which changes no information and tames heavy tails. Reads what neighbours cannot
/// in many dimensions, takes seconds, and finds less where rows are few. InfoNCE cannot read more than ln K; the others scatter
/// widely above ln n (McAllester and Stratos 2020).
/// </remarks>
public sealed class NeuralInformation : SampleEstimator
{
    private const double TrainShare = 0.6, ValidationShare = 0.15;
    private const int LargestBatch = 256, LookEvery = 100, Patience = 8, Blocks = 8, LargestBlock = 512;

    /// <inheritdoc/>
    public override string Name => Kind.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override int LeastRows => 80;

    /// <inheritdoc/>
    public override bool Retrains => true;

    /// <inheritdoc/>
    public override BoundDirection Direction => Kind switch
    {
        CriticKind.InfoNce or CriticKind.Nwj or CriticKind.Dv or CriticKind.Js or CriticKind.Tuba => BoundDirection.Lower,
        _ => BoundDirection.None,
    };

    /// <summary>Which bound.</summary>
    public CriticKind Kind { get; init; } = CriticKind.InfoNce;

    /// <summary>Rows of a batch, K; 0 takes 256 or as many as the unseen rows allow.</summary>
    public int Batch { get; init; }

    /// <summary>A network on each pair instead of a product of two; K² passes a step.</summary>
    public bool Joint { get; init; }

    /// <summary>Units of each hidden layer.</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>The most training steps.</summary>
    public int Steps { get; init; } = 2000;

    /// <summary>The learning rate of Adam.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>SMILE's clip of the log ratio.</summary>
    public double Tau { get; init; } = 5;

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        var conditional = Kind is CriticKind.Club or CriticKind.L1Out;
        if (conditional && rows.Y.AnyDiscrete)
            throw new InputException($"{Name}: y has discrete columns, which a Gaussian conditional cannot describe", "use infonce, or exchange x and y");
        var (x, dx) = NeuralInputs.Encode(rows.X);
        var (y, dy) = NeuralInputs.Encode(rows.Y);
        var order = new RandomStream(rows.Seed).Fork("split").Permutation(rows.Count);
        var (train, validation) = ((int)(TrainShare * rows.Count), (int)(ValidationShare * rows.Count));
        var parts = new Split(order[..train], order[train..(train + validation)], order[(train + validation)..]);
        var batch = BatchFor(parts);
        var random = new RandomStream(rows.Seed).Fork(Name);
        Critic critic = conditional ? new GaussianConditional(dx, dy, Hidden, random) : Joint ? new JointCritic(dx, dy, Hidden, random) : new SeparableCritic(dx, dy, Hidden, random);
        if (Kind == CriticKind.Tuba) critic = new BaselineCritic(critic, dy, Hidden, random.Fork("baseline"));
        var data = new Data(x, dx, y, dy);
        var steps = Train(critic, data, parts, batch, random);
        return Judge(critic, data, parts, batch, steps);
    }

    /// <inheritdoc/>
    protected override IEnumerable<Variant> Variants(Rows rows, Reading value)
    {
        if (rows.X.Dimensions + rows.Y.Dimensions <= 6)
            yield return new Variant("mixed", new MixedInformation().Read(rows).Nats, "in so few dimensions neighbours read better; take more rows for the network", Slack: 1.5);
        if (rows.X.AnyDiscrete || rows.Y.AnyDiscrete) yield break;
        var scores = rows with { X = Conditioning.NormalScores(rows.X), Y = Conditioning.NormalScores(rows.Y) };
        yield return new Variant("the Gaussian baseline on normal scores", Math.Max(value.Nats, GaussianInformation.Nats(scores)),
            "the network has not even found linear dependence; take more rows or steps", Slack: 1.5);
    }

    private int BatchFor(Split parts)
    {
        var most = Math.Min(parts.Train.Length, parts.Test.Length);
        if (Batch == 0) return Math.Min(LargestBatch, most);
        if (Batch < 2 || Batch > most)
            throw new InputException(FormattableString.Invariant($"{Name}: a batch of {Batch} rows; {parts.Test.Length} rows are left unseen, so it must be from 2 to {most}"), "take more rows or a smaller batch");
        return Batch;
    }

    private int Train(Critic critic, Data data, Split parts, int batch, RandomStream random)
    {
        var adam = new Adam(critic.NamedParameters(), LearningRate);
        var objective = new CriticObjective(Kind, Tau);
        var eye = Tensor.Eye(batch);
        var draws = random.Fork("batches");
        var (best, bestLoss, bestStep) = (Copy(critic), double.PositiveInfinity, 0);
        var queue = new List<int>();
        var step = 0;
        while (step < Steps && step - bestStep < Patience * LookEvery)
        {
            if (queue.Count < batch) queue = [.. Array.ConvertAll(draws.Permutation(parts.Train.Length), i => parts.Train[i])];
            using (var scope = new TensorScope("critic step"))
            {
                var chosen = queue.GetRange(queue.Count - batch, batch);
                queue.RemoveRange(queue.Count - batch, batch);
                adam.ZeroGrad();
                var loss = objective.Loss(critic.Score(data.X(chosen), data.Y(chosen)), eye);
                loss.Backward();
                adam.Step();
            }
            step++;
            if (step % LookEvery != 0) continue;
            var now = ValidationLoss(critic, data, parts.Validation, batch);
            if (!(now < bestLoss)) continue;
            (best, bestLoss, bestStep) = (Copy(critic), now, step);
        }
        var at = 0;
        foreach (var (_, parameter) in critic.NamedParameters()) best[at++].CopyTo(parameter.Data);
        return bestStep;
    }

    // The training loss itself on unseen rows: comparable between looks, unlike DV's moving average, which starts anew.
    private double ValidationLoss(Critic critic, Data data, int[] rows, int batch)
    {
        var size = Math.Min(batch, rows.Length);
        var (sum, count) = (0.0, 0);
        var eye = Tensor.Eye(size);
        for (var from = 0; from + size <= rows.Length; from += size, count++)
        {
            using var scope = new TensorScope("critic validation");
            using var frozen = new NoGrad();
            var scores = critic.Score(data.X(rows[from..(from + size)]), data.Y(rows[from..(from + size)]));
            sum += Kind == CriticKind.Dv ? -CriticBounds.DonskerVaradhan(Doubles(scores)) : new CriticObjective(Kind, Tau).Loss(scores, eye).Item();
        }
        return sum / count;
    }

    private Reading Judge(Critic critic, Data data, Split parts, int batch, int steps)
    {
        var objective = new CriticObjective(Kind, Tau);
        double[] Values(int[] rows, int size)
        {
            var values = new double[rows.Length / size];
            for (var b = 0; b < values.Length; b++)
            {
                using var scope = new TensorScope("critic value");
                using var frozen = new NoGrad();
                var block = rows[(b * size)..((b + 1) * size)];
                values[b] = objective.Value(Doubles(critic.Score(data.X(block), data.Y(block))));
            }
            return values;
        }
        // InfoNCE is a bound for batches of its K; the others want as many pairs as there are, in blocks whose spread tells the error.
        var size = Kind == CriticKind.InfoNce ? batch : Math.Clamp(parts.Test.Length / Blocks, 2, LargestBlock);
        var values = Values(parts.Test, size);
        var (value, error) = Statistics.MeanAndError(values);
        if (values.Length < Blocks / 2 && parts.Test.Length >= 2 * Blocks) // too few batches of K to scatter: smaller ones tell the error
            error = Statistics.MeanAndError(Values(parts.Test, parts.Test.Length / Blocks)).Error;
        var seen = Statistics.Mean(Values(parts.Train, size));
        var notes = new List<string> { string.Create(CultureInfo.InvariantCulture, $"read on {parts.Test.Length} unseen rows after {steps} steps; {seen / Math.Log(2):0.000} bits on the training rows") };
        if (Kind is CriticKind.Club or CriticKind.L1Out) notes.Add("an upper bound only if the learned Gaussian conditional is the true one");
        return new Reading(value)
        {
            StandardError = error,
            CeilingNats = Kind is CriticKind.Club or CriticKind.L1Out ? null : Math.Log(Kind == CriticKind.InfoNce ? batch : parts.Test.Length),
            Verdict = steps == 0 ? Verdict.Unreliable : Verdict.NoAlarm,
            Notes = notes,
        };
    }

    private static double[,] Doubles(Tensor scores)
    {
        var k = scores.Size(0);
        var values = new double[k, k];
        var from = scores.Data;
        for (var i = 0; i < k; i++)
            for (var j = 0; j < k; j++) values[i, j] = from[i * k + j];
        return values;
    }

    private static float[][] Copy(Critic critic) => [.. critic.NamedParameters().Select(p => p.Value.ToArray())];

    private sealed record Split(int[] Train, int[] Validation, int[] Test);

    private sealed record Data(float[] RowsX, int WidthX, float[] RowsY, int WidthY)
    {
        public Tensor X(IReadOnlyList<int> rows) => Pick(RowsX, WidthX, rows);

        public Tensor Y(IReadOnlyList<int> rows) => Pick(RowsY, WidthY, rows);

        private static Tensor Pick(float[] from, int width, IReadOnlyList<int> rows)
        {
            var picked = new float[rows.Count * width];
            for (var i = 0; i < rows.Count; i++) from.AsSpan(rows[i] * width, width).CopyTo(picked.AsSpan(i * width));
            return Tensor.From(picked, rows.Count, width);
        }
    }
}
