using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Long short-term memory over whole sequences (Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000, in PyTorch's form): with s = a + U h + d,
/// i = sigmoid(s_i), f = sigmoid(s_f), g = tanh(s_g), o = sigmoid(s_o), c = f c + i g, h = o tanh(c). Arrays are [batch, steps, ...].
/// </summary>
internal unsafe struct Lstm
{
    /// <summary>Sizes.</summary>
    public int Batch, Steps, Hidden;
    /// <summary>The input's parts, [batch, steps, 4 hidden]; weight [4 hidden, hidden] and bias [4 hidden] of the state's parts.</summary>
    public float* Projected, Weight, Bias;
    /// <summary>States and cells before the first step, [batch, hidden]; the states after each step, and the cells after the last.</summary>
    public float* Initial, InitialCells, Output, LastCells;
    /// <summary>States and cells before each step, and i, f, g and o side by side, [batch, steps, 4 hidden]; null if no gradient is wanted.</summary>
    public float* Before, CellsBefore, Gates;

    private readonly long Work => (long)Batch * Steps * 4 * Hidden * Hidden;

    /// <summary>Writes states and last cells, and what the backward pass wants.</summary>
    public readonly void Forward() =>
        Recurrence.Run(new ForwardWalk { Of = this, Factor = new PackedFactor(Scratch.Use.Weights, true, 4 * Hidden, Hidden, Weight, Hidden) }, Batch, Work);

    /// <summary>From the derivatives by the states and the last cells, those by the gates' sums (as Projected) and by the first states and cells.</summary>
    public readonly void Backward(float* dy, float* dLastCells, float* dProjected, float* dInitial, float* dInitialCells) =>
        Recurrence.Run(new BackwardWalk
        {
            Of = this,
            Factor = new PackedFactor(Scratch.Use.Weights, false, Hidden, 4 * Hidden, Weight, Hidden),
            Dy = dy,
            DLastCells = dLastCells,
            DProjected = dProjected,
            DInitial = dInitial,
            DInitialCells = dInitialCells,
        }, Batch, Work);

    private struct ForwardWalk : IRecurrence
    {
        public Lstm Of;
        public PackedFactor Factor;

        public readonly void Walk<T>(int first, int count) where T : struct, ILane<T>
        {
            int hidden = Of.Hidden, size = count * hidden;
            var h = Scratch.Get(Scratch.Use.Result, (long)size * 6 + 4 * hidden);
            float* c = h + size, state = c + size, spare = state + 4 * size;
            Recurrence.Copy(Of.Initial + (nint)first * hidden, h, size);
            Recurrence.Copy(Of.InitialCells + (nint)first * hidden, c, size);
            for (var t = 0; t < Of.Steps; t++)
            {
                Factor.Multiply<T>(count, h, hidden, state, 4 * hidden, bias: Of.Bias);
                for (var i = 0; i < count; i++)
                {
                    var at = (nint)(first + i) * Of.Steps + t;
                    if (Of.Before != null)
                    {
                        Recurrence.Copy(h + i * hidden, Of.Before + at * hidden, hidden);
                        Recurrence.Copy(c + i * hidden, Of.CellsBefore + at * hidden, hidden);
                    }
                    float* a = Of.Projected + at * 4 * hidden, b = state + i * 4 * hidden, gates = Of.Gates == null ? spare : Of.Gates + at * 4 * hidden;
                    Recurrence.Gate<SigmoidOp, T>(2 * hidden, a, b, gates);
                    Recurrence.Gate<TanhOp, T>(hidden, a + 2 * hidden, b + 2 * hidden, gates + 2 * hidden);
                    Recurrence.Gate<SigmoidOp, T>(hidden, a + 3 * hidden, b + 3 * hidden, gates + 3 * hidden);
                    Cell<T>(hidden, gates, c + i * hidden, h + i * hidden, Of.Output + at * hidden);
                }
            }
            Recurrence.Copy(c, Of.LastCells + (nint)first * hidden, size);
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Cell<T>(int hidden, float* gates, float* c, float* h, float* to) where T : struct, ILane<T>
        {
            for (var i = 0; i < hidden; i += T.Width)
            {
                var left = hidden - i;
                var next = T.Fma(T.LoadPart(gates + hidden + i, left, 0f), T.LoadPart(c + i, left, 0f), T.LoadPart(gates + i, left, 0f) * T.LoadPart(gates + 2 * hidden + i, left, 0f));
                var y = T.LoadPart(gates + 3 * hidden + i, left, 0f) * VectorMath.Tanh(next);
                T.StorePart(next, c + i, left);
                T.StorePart(y, h + i, left);
                T.StorePart(y, to + i, left);
            }
        }
    }

    private struct BackwardWalk : IRecurrence
    {
        public Lstm Of;
        public PackedFactor Factor;
        public float* Dy, DLastCells, DProjected, DInitial, DInitialCells;

        public readonly void Walk<T>(int first, int count) where T : struct, ILane<T>
        {
            int hidden = Of.Hidden, size = count * hidden;
            var dh = Scratch.Get(Scratch.Use.Result, (long)size * 6);
            float* dc = dh + size, state = dc + size;
            new Span<float>(dh, size).Clear();
            Recurrence.Copy(DLastCells + (nint)first * hidden, dc, size);
            for (var t = Of.Steps - 1; t >= 0; t--)
            {
                for (var i = 0; i < count; i++)
                {
                    var at = (nint)(first + i) * Of.Steps + t;
                    Cell<T>(hidden, Of.Gates + at * 4 * hidden, Of.CellsBefore + at * hidden, Dy + at * hidden, dh + i * hidden, dc + i * hidden, state + i * 4 * hidden);
                    Recurrence.Copy(state + i * 4 * hidden, DProjected + at * 4 * hidden, 4 * hidden);
                }
                Factor.Multiply<T>(count, state, 4 * hidden, dh, hidden);
            }
            Recurrence.Copy(dh, DInitial + (nint)first * hidden, size);
            Recurrence.Copy(dc, DInitialCells + (nint)first * hidden, size);
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Cell<T>(int hidden, float* gates, float* before, float* dy, float* dh, float* dc, float* to) where T : struct, ILane<T>
        {
            var one = T.Of(1f);
            for (var j = 0; j < hidden; j += T.Width)
            {
                var left = hidden - j;
                T i = T.LoadPart(gates + j, left, 0f), f = T.LoadPart(gates + hidden + j, left, 0f), g = T.LoadPart(gates + 2 * hidden + j, left, 0f), o = T.LoadPart(gates + 3 * hidden + j, left, 0f);
                var c = T.LoadPart(before + j, left, 0f);
                var tanh = VectorMath.Tanh(T.Fma(f, c, i * g));
                var dOut = T.LoadPart(dh + j, left, 0f) + T.LoadPart(dy + j, left, 0f);
                var dCell = T.Fma(dOut * o, T.Fma(-tanh, tanh, one), T.LoadPart(dc + j, left, 0f));
                T.StorePart(dCell * g * (i * (one - i)), to + j, left);
                T.StorePart(dCell * c * (f * (one - f)), to + hidden + j, left);
                T.StorePart(dCell * i * T.Fma(-g, g, one), to + 2 * hidden + j, left);
                T.StorePart(dOut * tanh * (o * (one - o)), to + 3 * hidden + j, left);
                T.StorePart(dCell * f, dc + j, left);
            }
        }
    }
}
