using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>The negative log softmax of the labelled column, row by row, in nats.</summary>
internal static unsafe class CrossEntropy
{
    /// <summary>
    /// loss[r] = logSumExp[r] - logits[r, labels[r]], and 0 where the label is ignoreIndex; logSumExp is kept for the backward pass.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A label is neither a column nor ignoreIndex.</exception>
    public static void Forward(float* logits, long* labels, long rows, long cols, long ignoreIndex, float* loss, float* logSumExp)
    {
        for (long r = 0; r < rows; r++)
            if (labels[r] != ignoreIndex && (ulong)labels[r] >= (ulong)cols)
                throw new ArgumentOutOfRangeException(nameof(labels), labels[r], FormattableString.Invariant($"cross entropy: the label of row {r} must be in 0..{cols - 1} or {ignoreIndex} (ignored)"));
        Rows.EachRow(new ForwardRow { X = logits, Labels = labels, Cols = cols, Ignore = ignoreIndex, Loss = loss, LogSumExp = logSumExp }, rows, cols);
    }

    /// <summary>
    /// dx[r, c] = scale[r] (softmax(logits)[r, c] - 1 if c is the label), 0 in ignored rows; dx may be logits. The scale is the
    /// derivative of the objective by each row's loss, one number for all rows if it repeats.
    /// </summary>
    public static void Backward(float* logits, long* labels, long rows, long cols, long ignoreIndex, float* logSumExp, float* scale, bool scaleRepeats, float* dx) =>
        Rows.EachRow(new BackwardRow { X = logits, Labels = labels, Cols = cols, Ignore = ignoreIndex, LogSumExp = logSumExp, Scale = scale, ScaleRepeats = scaleRepeats, Dx = dx }, rows, cols);

    private struct ForwardRow : IRowBody
    {
        public float* X, Loss, LogSumExp;
        public long* Labels;
        public long Cols, Ignore;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var x = X + row * Cols;
            var max = Softmax.RowMax<T>(x, Cols);
            var log = Kernels.LogSumExp.Log<T>(Softmax.SumOfExp<T>(x, Cols, max));
            LogSumExp[row] = max + log;
            // Around the maximum rather than through the sum, which is rounded coarsely where logits are large.
            Loss[row] = Labels[row] == Ignore ? 0 : log - (x[Labels[row]] - max);
        }
    }

    private struct BackwardRow : IRowBody
    {
        public float* X, LogSumExp, Scale, Dx;
        public long* Labels;
        public long Cols, Ignore;
        public bool ScaleRepeats;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* x = X + row * Cols, dx = Dx + row * Cols;
            if (Labels[row] == Ignore)
            {
                new Span<float>(dx, checked((int)Cols)).Clear();
                return;
            }
            var scale = Scale[ScaleRepeats ? 0 : row];
            T by = T.Of(LogSumExp[row]), times = T.Of(scale);
            for (long i = 0; i < Cols; i += 16)
            {
                var count = (int)Math.Min(16, Cols - i);
                T.StorePart(VectorMath.Exp(T.LoadPart(x + i, count, 0f) - by) * times, dx + i, count);
            }
            dx[Labels[row]] -= scale;
        }
    }
}
