using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>How the vectors of <see cref="MemoryVectors"/> are searched for.</summary>
public sealed record MemoryOptions
{
    /// <summary>Steps of Adam, at least 1.</summary>
    public int Steps { get; init; } = 500;

    /// <summary>The largest step size; it falls to 0 by a cosine.</summary>
    public double LearningRate { get; init; } = 0.05;
}

/// <summary>What was found for each text.</summary>
/// <param name="Vectors">[texts, vectors, width].</param>
/// <param name="Tokens">Tokens of each text.</param>
/// <param name="NatsBefore">Of each text: what the model charges for it from the start vectors, Σ -ln p.</param>
/// <param name="NatsAfter">The same from the vectors found.</param>
/// <param name="Right">Tokens of each text whose probability is the largest given the vectors and the tokens before: where that is all of
/// them, the model writes the text from the vectors alone.</param>
public sealed record MemoryFit(Tensor Vectors, IReadOnlyList<int> Tokens, IReadOnlyList<double> NatsBefore, IReadOnlyList<double> NatsAfter, IReadOnlyList<int> Right)
{
    /// <summary>What the vectors know of a text, in bits: what it cost less than before. 0 where the search made it no cheaper.</summary>
    public double RecoveredBits(int text) => (NatsBefore[text] - NatsAfter[text]) / Math.Log(2);
}

/// <summary>
/// Input vectors of a frozen language model, found by gradients for each text by itself, from which the model writes the text: Kuratov et al.,
/// "Cramming 1568 tokens into a single vector and back again", ACL 2025, section 3 (the mem vectors and the information gain of
/// equation 3).
/// </summary>
public static class MemoryVectors
{
    /// <summary>Finds vectors for some texts, all at once and each by itself: their number changes no result but for rounding.</summary>
    /// <param name="model">From vectors [texts, vectors, width] and tokens [texts, length] to logits [texts, length, vocabulary], entry t being
    /// read off the vectors and the tokens before t. Its own weights should be frozen (<see cref="Module.RequiresGrad"/>); they are not changed.</param>
    /// <param name="texts">[texts, length] of tokens from 0; a text ends at the first negative number.</param>
    /// <param name="start">[vectors, width]: where the search begins, as a model's own vector for the beginning of a text.</param>
    /// <param name="options">Steps and step size; null for the defaults.</param>
    /// <param name="stop">Ends the work.</param>
    /// <returns>Of each text the vectors with the least cost that were met.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or a text is empty.</exception>
    public static MemoryFit Fit(Func<Tensor, LongTensor, Tensor> model, LongTensor texts, Tensor start, MemoryOptions? options = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(start);
        options ??= new MemoryOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Steps, 1);
        if (texts.Dim != 2 || start.Dim != 2) throw new ArgumentException($"memory_vectors: texts {Text(texts.Shape)} and start vectors {Text(start.Shape)}; [texts, length] and [vectors, width] are needed");
        var (count, length) = (texts.Shape[0], texts.Shape[1]);
        var lengths = Enumerable.Range(0, count).Select(i => LengthOf(texts, i)).ToArray();
        if (lengths.Contains(0)) throw new ArgumentException($"memory_vectors: text {Array.IndexOf(lengths, 0)} is empty");
        // Behind a text's end the model is given token 0, and what it says there does not count.
        var (tokens, labels) = (LongTensor.Zeros(count, length), LongTensor.Zeros(count * length));
        for (var i = 0; i < count * length; i++)
            (tokens.Data[i], labels.Data[i]) = i % length < lengths[i / length] ? (texts.Data[i], texts.Data[i]) : (0, -1);
        var size = start.Numel;
        var vectors = Tensor.Zeros(count, start.Size(0), start.Size(1));
        for (var i = 0; i < count; i++) start.Data.CopyTo(vectors.Data[(i * (int)size)..]);
        vectors.RequiresGrad = true;
        var best = vectors.Detach().Clone();
        var adam = new Adam([("vectors", vectors)], (float)options.LearningRate);
        var schedule = new CosineSchedule(options.Steps);
        double[]? before = null;
        var (after, right) = (new double[count], new int[count]);
        Array.Fill(after, double.PositiveInfinity);
        for (var step = 0; step <= options.Steps; step++)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("memory vectors");
            var logits = model(vectors, tokens);
            if (logits.Dim != 3 || logits.Size(0) != count || logits.Size(1) != length) throw new ArgumentException($"memory_vectors: the model gives {Text(logits.Shape)} for texts {Text(texts.Shape)}; [texts, length, vocabulary] is needed");
            logits = logits.Reshape(count * length, logits.Size(2));
            var (nats, hits) = Read(logits, labels, count, length);
            before ??= nats;
            for (var i = 0; i < count; i++)
            {
                if (!(nats[i] < after[i])) continue;
                (after[i], right[i]) = (nats[i], hits[i]);
                vectors.Data.Slice(i * (int)size, (int)size).CopyTo(best.Data[(i * (int)size)..]);
            }
            if (step == options.Steps) break;
            adam.ZeroGrad();
            adam.LearningRate = (float)(options.LearningRate * schedule.Factor(step));
            (logits.CrossEntropy(labels, ignoreIndex: -1) * (lengths.Sum() / (float)count)).Backward();
            adam.Step();
        }
        return new MemoryFit(best, lengths, before!, after, right);
    }

    // What each text costs, and how many of its tokens are the likeliest.
    private static (double[] Nats, int[] Right) Read(Tensor logits, LongTensor labels, int count, int length)
    {
        using var noGrad = new NoGrad();
        var (log, classes) = (logits.Detach().LogSoftmax(), logits.Size(1));
        var (nats, right) = (new double[count], new int[count]);
        for (var r = 0; r < count * length; r++)
        {
            if (labels.Data[r] is not (>= 0 and var label)) continue;
            var row = log.Data.Slice(r * classes, classes);
            nats[r / length] -= row[(int)label];
            var largest = 0;
            for (var c = 1; c < classes; c++)
                if (row[c] > row[largest]) largest = c;
            right[r / length] += largest == label ? 1 : 0;
        }
        return (nats, right);
    }

    private static int LengthOf(LongTensor texts, int text)
    {
        var row = texts.Data.Slice(text * texts.Shape[1], texts.Shape[1]);
        var end = row.IndexOfAnyInRange(long.MinValue, -1);
        return end < 0 ? row.Length : end;
    }

    private static string Text(ReadOnlySpan<int> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
