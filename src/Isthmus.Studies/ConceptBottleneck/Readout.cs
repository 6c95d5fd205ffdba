using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>What a linear classifier makes of a few labelled rows: softmax regression on standardised columns under a squared penalty, all rows a step.</summary>
internal sealed class Readout
{
    private const int Steps = 200;
    private readonly Linear _head;
    private readonly Tensor _mean, _scale;

    private Readout(Linear head, Tensor mean, Tensor scale) => (_head, _mean, _scale) = (head, mean, scale);

    /// <summary>The weights on standardised columns, [classes, columns].</summary>
    public Tensor Weight => _head.Weight;

    /// <summary>Fits a classifier.</summary>
    public static Readout Fit(Trial trial, Tensor features, int[] labels, int classes, double penalty)
    {
        using var quiet = new NoGrad();
        var mean = features.Mean(0, keepdim: true);
        var scale = ((features - mean).Square().Mean(0, keepdim: true) + 1e-8f).Rsqrt();
        var x = (features - mean) * scale;
        var y = LongTensor.From(labels, labels.Length);
        var head = new Linear(features.Size(1), classes, trial.Random("head"));
        foreach (var (_, value) in head.NamedParameters()) value.Data.Clear();
        using (new EnableGrad())
            MiniTrainer.Train(trial with { Progress = null }, head.NamedParameters(), labels.Length, new MiniOptions { Steps = trial.Pick(3, Steps, Steps), Batch = labels.Length, LearningRate = 0.05 },
                (_, _) => head.Forward(x).CrossEntropy(y) + (head.Weight.Square().Sum() * (float)penalty));
        return new Readout(head, mean, scale);
    }

    /// <summary>Features as the weights take them.</summary>
    public Tensor Standardised(Tensor features) => (features - _mean) * _scale;

    /// <summary>1 where the largest logit is the label's, else 0.</summary>
    public double[] Correct(Tensor features, int[] labels)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("correct");
        return Correct(_head.Forward(Standardised(features)).ArgMax(1), labels);
    }

    /// <summary>1 where an answer is the label, else 0.</summary>
    public static double[] Correct(LongTensor answers, int[] labels) => [.. labels.Select((label, i) => answers.Data[i] == label ? 1.0 : 0.0)];
}
