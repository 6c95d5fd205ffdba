using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>Training of classifiers by any optimiser at a constant step size, looked at between steps.</summary>
internal static class WatchedTraining
{
    /// <summary>Minimises the cross-entropy; batches by the trial's seed, all rows at once where the batch is as large.</summary>
    /// <param name="trial">Seed and stop.</param>
    /// <param name="network">What is trained.</param>
    /// <param name="data">Rows with classes.</param>
    /// <param name="optimizer">Of the network's parameters.</param>
    /// <param name="batch">Rows of a step.</param>
    /// <param name="steps">How many.</param>
    /// <param name="watch">Called before every step and after the last with the number of steps done; false ends the training.</param>
    public static void Run(Trial trial, Module network, Dataset data, Optimizer optimizer, int batch, int steps, Func<int, bool> watch)
    {
        var whole = StudyData.Whole(data);
        var random = trial.Random("batches");
        var (order, at) = (Array.Empty<int>(), 0);
        for (var step = 0; step < steps; step++)
        {
            trial.Stop.ThrowIfCancellationRequested();
            if (!watch(step)) return;
            using var scope = new TensorScope("step");
            optimizer.ZeroGrad();
            if (batch < data.Count && at + batch > order.Length) (order, at) = (random.Permutation(data.Count), 0);
            var rows = batch < data.Count ? StudyData.Batch(data, order.AsSpan(at, batch)) : whole;
            at += batch;
            network.Forward(rows.Inputs).CrossEntropy(rows.Labels!).Backward();
            optimizer.Step();
        }
        watch(steps);
    }

    /// <summary>The share of rows whose class the network names.</summary>
    public static double Accuracy(Module network, Dataset data) => MiniTrainer.Correct(MiniTrainer.Predict(network, data), data).Average();

    /// <summary>About so many numbers of steps from 0 to the last, evenly on a logarithmic scale.</summary>
    public static HashSet<int> Logarithmic(int last, int count) => [0, last, .. Enumerable.Range(0, count).Select(i => (int)Math.Round(Math.Pow(last, (double)i / (count - 1))))];
}
