using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

/// <summary>Element-wise operations on two tensors of shapes that broadcast, and their inverse, the sum to a smaller shape.</summary>
internal static unsafe class Broadcasting
{
    /// <summary>op(a, b) under NumPy's broadcasting.</summary>
    public static Tensor Zip<TOp>(string name, Tensor a, Tensor b, TOp op = default) where TOp : unmanaged, IZip
    {
        if (a.Sizes.AsSpan().SequenceEqual(b.Sizes))
        {
            var same = Tensor.Uninitialized(a.Sizes);
            Map.Run(op, a.Pointer, false, b.Pointer, false, same.Pointer, same.Numel);
            return same;
        }
        var result = Tensor.Uninitialized(Shapes.Broadcast(name, a.Sizes, b.Sizes));
        if (result.Numel == 0) return result;
        if (b.Numel == 1) Map.Run(op, a.Pointer, a.Numel == 1, b.Pointer, true, result.Pointer, result.Numel);
        else if (a.Numel == 1) Map.Run(op, a.Pointer, true, b.Pointer, false, result.Pointer, result.Numel);
        else
        {
            var plan = new Plan(result.Sizes, a.Sizes, b.Sizes);
            var job = new Job<TOp> { Op = op, A = a.Pointer, B = b.Pointer, Y = result.Pointer, Plan = plan };
            if (result.Numel < 32768) for (var i = 0; i < plan.Parts; i++) job.Execute(i);
            else Workers.Run(ref job, plan.Parts);
        }
        return result;
    }

    /// <summary>The result as rows of its last merged dimension; each operand either runs along it or repeats one element.</summary>
    private unsafe struct Plan
    {
        private const int MaxRank = 8;
        private fixed long _size[MaxRank];
        private fixed long _stepA[MaxRank];
        private fixed long _stepB[MaxRank];
        private readonly int _rank;
        private readonly long _rows;
        private readonly long _rowsPerPart;

        public Plan(int[] y, int[] a, int[] b)
        {
            // Neighbouring dimensions in which neither operand changes from moving to repeating are merged into one.
            var rank = y.Length;
            long runA = 1, runB = 1;
            var last = (MovesA: false, MovesB: false);
            for (var d = rank - 1; d >= 0; d--)
            {
                if (y[d] == 1) continue;
                var ia = d - (rank - a.Length);
                var ib = d - (rank - b.Length);
                var moves = (MovesA: ia >= 0 && a[ia] != 1, MovesB: ib >= 0 && b[ib] != 1);
                if (_rank > 0 && moves == last) _size[_rank - 1] *= y[d];
                else
                {
                    if (_rank == MaxRank) throw new ArgumentException($"broadcast: shapes {Shapes.Text(a)} and {Shapes.Text(b)} alternate more than {MaxRank} times");
                    _size[_rank] = y[d];
                    _stepA[_rank] = moves.MovesA ? runA : 0;
                    _stepB[_rank] = moves.MovesB ? runB : 0;
                    _rank++;
                }
                last = moves;
                if (moves.MovesA) runA *= y[d];
                if (moves.MovesB) runB *= y[d];
            }
            Length = _size[0];
            RepeatsA = _stepA[0] == 0;
            RepeatsB = _stepB[0] == 0;
            _rows = 1;
            for (var d = 1; d < _rank; d++) _rows *= _size[d];
            _rowsPerPart = Math.Max(1, 16384 / Length);
            Parts = (int)((_rows + _rowsPerPart - 1) / _rowsPerPart);
        }

        public long Length { get; }
        public bool RepeatsA { get; }
        public bool RepeatsB { get; }
        public int Parts { get; }

        public readonly (long From, long To) RowsOf(int part) => (part * _rowsPerPart, Math.Min(_rows, (part + 1) * _rowsPerPart));

        public readonly (long A, long B) Offsets(long row)
        {
            long a = 0, b = 0;
            for (var d = 1; d < _rank; d++)
            {
                var i = row % _size[d];
                row /= _size[d];
                a += i * _stepA[d];
                b += i * _stepB[d];
            }
            return (a, b);
        }
    }

    private struct Job<TOp> : IJob where TOp : unmanaged, IZip
    {
        public TOp Op;
        public float* A, B, Y;
        public Plan Plan;

        public readonly void Execute(int part)
        {
            var (from, to) = Plan.RowsOf(part);
            for (var row = from; row < to; row++)
            {
                var (a, b) = Plan.Offsets(row);
                Map.Serial(Op, A + a, Plan.RepeatsA, B + b, Plan.RepeatsB, Y + (row * Plan.Length), Plan.Length);
            }
        }
    }
}
