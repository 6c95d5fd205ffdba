using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a model's answers are held against, row by row: classes or numbers.</summary>
public sealed class InterventionTarget
{
    private readonly long[]? _labels;
    private readonly float[]? _numbers;
    private readonly int _width;

    private InterventionTarget(long[]? labels, float[]? numbers, int rows, int width)
    {
        (_labels, _numbers, Rows, _width) = (labels, numbers, rows, width);
    }

    /// <summary>How many rows.</summary>
    public int Rows { get; }

    /// <summary>Whether the answers are probabilities of classes.</summary>
    public bool IsClasses => _labels is not null;

    /// <summary>What <see cref="Quality"/> is: accuracy, or squared error (the lower the better).</summary>
    public string Metric => IsClasses ? "accuracy" : "squared-error";

    /// <summary>True classes, [rows], from 0.</summary>
    public static InterventionTarget Classes(LongTensor labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return new(labels.ToArray(), null, labels.Numel, 0);
    }

    /// <summary>True numbers, [rows, outputs].</summary>
    public static InterventionTarget Numbers(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Dim != 2) throw new ArgumentException($"intervention target: [rows, outputs] is expected, not {values}", nameof(values));
        return new(null, values.ToArray(), values.Size(0), values.Size(1));
    }

    /// <summary>The true class of a row.</summary>
    /// <exception cref="InvalidOperationException">The target is numbers.</exception>
    public int Label(int row) => (int)(_labels ?? throw new InvalidOperationException("intervention target: numbers have no classes"))[row];

    /// <summary>
    /// A row's answers as doubles: probabilities of all classes (a single column p becomes 1 − p and p), or numbers as they are.
    /// </summary>
    public double[] Row(Tensor answers, int row) => Row(answers, row, IsClasses);

    /// <summary>1 where the most probable class is the true one, else 0; the mean squared error of numbers.</summary>
    public double Quality(ReadOnlySpan<double> answer, int row) => IsClasses ? Best(answer) == Label(row) ? 1 : 0 : SquaredError(answer, row);

    /// <summary>−ln of the true class's probability in nats; the mean squared error of numbers.</summary>
    public double Loss(ReadOnlySpan<double> answer, int row)
    {
        if (!IsClasses) return SquaredError(answer, row);
        var label = Label(row);
        if (label < 0 || label >= answer.Length) throw new ArgumentException($"intervention target: class {label} of a model with {answer.Length} classes");
        return -Math.Log(Math.Max(answer[label], 1e-30));
    }

    /// <summary>The position of the greatest entry, the first of equal ones.</summary>
    internal static int Best(ReadOnlySpan<double> answer)
    {
        var best = 0;
        for (var i = 1; i < answer.Length; i++)
            if (answer[i] > answer[best]) best = i;
        return best;
    }

    internal static double[] Row(Tensor answers, int row, bool classes)
    {
        var width = answers.Size(1);
        var data = answers.Data.Slice(row * width, width);
        if (classes && width == 1) return [1d - data[0], data[0]];
        var result = new double[width];
        for (var i = 0; i < width; i++) result[i] = data[i];
        return result;
    }

    private double SquaredError(ReadOnlySpan<double> answer, int row)
    {
        if (answer.Length != _width) throw new ArgumentException($"intervention target: {_width} numbers a row are expected, not {answer.Length}");
        var sum = 0d;
        for (var i = 0; i < _width; i++) sum += (answer[i] - _numbers![(row * _width) + i]) * (answer[i] - _numbers[(row * _width) + i]);
        return sum / _width;
    }
}
