using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Gated recurrent units over whole sequences (Cho et al. 2014, in PyTorch's form): with a the input's part of the gates and b = U h + c the state's,
/// r = sigmoid(a_r + b_r), z = sigmoid(a_z + b_z), n = tanh(a_n + r b_n), h = n + z (h - n). Arrays are [batch, steps, ...].
/// </summary>
internal unsafe struct Gru
{
    /// <summary>Sizes.</summary>
    public int Batch, Steps, Hidden;
    /// <summary>The input's parts, [batch, steps, 3 hidden]; weight [3 hidden, hidden] and bias [3 hidden] of the state's parts.</summary>
    public float* Projected, Weight, Bias;
    /// <summary>The states before the first step, [batch, hidden], after each, and before each (null if no gradient is wanted).</summary>
    public float* Initial, Output, Before;
    /// <summary>r, z, n and b_n side by side, [batch, steps, 4 hidden]; null if no gradient is wanted.</summary>
    public float* Gates;

    private readonly long Work => (long)Batch * Steps * 3 * Hidden * Hidden;

    /// <summary>Writes the states, and what the backward pass wants.</summary>
    public readonly void Forward() =>
        Recurrence.Run(new ForwardWalk { Of = this, Factor = new PackedFactor(Scratch.Use.Weights, true, 3 * Hidden, Hidden, Weight, Hidden) }, Batch, Work);

    /// <summary>From the derivative by the states, those by the input's and the state's parts (both as Projected) and by the first states.</summary>
    public readonly void Backward(float* dy, float* dProjected, float* dState, float* dInitial) =>
        Recurrence.Run(new BackwardWalk
        {
            Of = this,
            Factor = new PackedFactor(Scratch.Use.Weights, false, Hidden, 3 * Hidden, Weight, Hidden),
            Dy = dy,
            DProjected = dProjected,
            DState = dState,
            DInitial = dInitial,
        }, Batch, Work);

    private struct ForwardWalk : IRecurrence
    {
        public Gru Of;
        public PackedFactor Factor;

        public readonly void Walk<T>(int first, int count) where T : struct, ILane<T>
        {
            int hidden = Of.Hidden, size = count * hidden;
            var h = Scratch.Get(Scratch.Use.Result, (long)size * 4 + 4 * hidden);
            float* state = h + size, spare = state + 3 * size;
            Recurrence.Copy(Of.Initial + (nint)first * hidden, h, size);
            for (var t = 0; t < Of.Steps; t++)
            {
                Factor.Multiply<T>(count, h, hidden, state, 3 * hidden, bias: Of.Bias);
                for (var i = 0; i < count; i++)
                {
                    var at = (nint)(first + i) * Of.Steps + t;
                    if (Of.Before != null) Recurrence.Copy(h + i * hidden, Of.Before + at * hidden, hidden);
                    Cell<T>(hidden, Of.Projected + at * 3 * hidden, state + i * 3 * hidden, h + i * hidden, Of.Gates == null ? spare : Of.Gates + at * 4 * hidden, Of.Output + at * hidden);
                }
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Cell<T>(int hidden, float* a, float* b, float* h, float* gates, float* to) where T : struct, ILane<T>
        {
            Recurrence.Gate<SigmoidOp, T>(2 * hidden, a, b, gates);
            float* z = gates + hidden, fresh = z + hidden, kept = fresh + hidden;
            a += 2 * hidden;
            b += 2 * hidden;
            for (var i = 0; i < hidden; i += T.Width)
            {
                var left = hidden - i;
                var state = T.LoadPart(b + i, left, 0f);
                var n = VectorMath.Tanh(T.Fma(T.LoadPart(gates + i, left, 0f), state, T.LoadPart(a + i, left, 0f)));
                var next = T.Fma(T.LoadPart(z + i, left, 0f), T.LoadPart(h + i, left, 0f) - n, n);
                T.StorePart(n, fresh + i, left);
                T.StorePart(state, kept + i, left);
                T.StorePart(next, h + i, left);
                T.StorePart(next, to + i, left);
            }
        }
    }

    private struct BackwardWalk : IRecurrence
    {
        public Gru Of;
        public PackedFactor Factor;
        public float* Dy, DProjected, DState, DInitial;

        public readonly void Walk<T>(int first, int count) where T : struct, ILane<T>
        {
            int hidden = Of.Hidden, size = count * hidden;
            var dh = Scratch.Get(Scratch.Use.Result, (long)size * 4);
            var state = dh + size;
            new Span<float>(dh, size).Clear();
            for (var t = Of.Steps - 1; t >= 0; t--)
            {
                for (var i = 0; i < count; i++)
                {
                    var at = (nint)(first + i) * Of.Steps + t;
                    Cell<T>(hidden, Of.Gates + at * 4 * hidden, Of.Before + at * hidden, Dy + at * hidden, dh + i * hidden, DProjected + at * 3 * hidden, state + i * 3 * hidden);
                    Recurrence.Copy(state + i * 3 * hidden, DState + at * 3 * hidden, 3 * hidden);
                }
                Factor.Multiply<T>(count, state, 3 * hidden, dh, hidden, accumulate: true);
            }
            Recurrence.Copy(dh, DInitial + (nint)first * hidden, size);
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Cell<T>(int hidden, float* gates, float* before, float* dy, float* dh, float* da, float* db) where T : struct, ILane<T>
        {
            var one = T.Of(1f);
            for (var i = 0; i < hidden; i += T.Width)
            {
                var left = hidden - i;
                T r = T.LoadPart(gates + i, left, 0f), z = T.LoadPart(gates + hidden + i, left, 0f), n = T.LoadPart(gates + 2 * hidden + i, left, 0f);
                var g = T.LoadPart(dh + i, left, 0f) + T.LoadPart(dy + i, left, 0f);
                var dn = g * (one - z) * T.Fma(-n, n, one);
                var dr = dn * T.LoadPart(gates + 3 * hidden + i, left, 0f) * (r * (one - r));
                var dz = g * (T.LoadPart(before + i, left, 0f) - n) * (z * (one - z));
                T.StorePart(dr, da + i, left);
                T.StorePart(dr, db + i, left);
                T.StorePart(dz, da + hidden + i, left);
                T.StorePart(dz, db + hidden + i, left);
                T.StorePart(dn, da + 2 * hidden + i, left);
                T.StorePart(dn * r, db + 2 * hidden + i, left);
                T.StorePart(g * z, dh + i, left);
            }
        }
    }
}
