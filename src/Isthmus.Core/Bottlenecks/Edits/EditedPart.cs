using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A part of a message while it is edited: a table of samples and entries, whatever the part holds.</summary>
internal abstract class EditedPart(int rows, int width)
{
    public int Rows { get; } = rows;

    public int Width { get; } = width;

    /// <summary>An entry; NaN where it is absent, which no edit changes.</summary>
    public abstract double this[int row, int index] { get; set; }

    /// <summary>Whether values are names of codes, so that neighbours of a number mean nothing.</summary>
    public virtual bool Categorical => false;

    /// <summary>Whether values are whole numbers.</summary>
    public virtual bool Whole => true;

    /// <summary>The least and the largest value that an entry may have.</summary>
    public virtual (double Low, double High) Range(int index) => (double.NegativeInfinity, double.PositiveInfinity);

    public abstract Part Build();

    public static EditedPart Of(Part part, Bottleneck bottleneck) => part switch
    {
        Symbols { Alphabet: > 0 } s => new Codes(s, bottleneck),
        Symbols s => new Levels(s),
        Flags f => new Decisions(f),
        Floats f => new Numbers(f),
        Sparse s => new Activations(s),
        _ => throw new ArgumentException($"edit: a part of {part.GetType().Name} cannot be edited"),
    };

    private static int WidthOf(LongTensor values) => values.Shape[0] == 0 ? 0 : values.Numel / values.Shape[0];

    private abstract class Integers(LongTensor values) : EditedPart(values.Shape[0], WidthOf(values))
    {
        protected LongTensor Values { get; } = LongTensor.From(values.Data, values.Shape);

        public override double this[int row, int index]
        {
            get => Values.Data[(row * Width) + index];
            set => Values.Data[(row * Width) + index] = (long)value;
        }
    }

    private sealed class Codes(Symbols part, Bottleneck bottleneck) : Integers(part.Values)
    {
        public override bool Categorical => true;

        public override double this[int row, int index]
        {
            get => base[row, index] is >= 0 and var code ? code : double.NaN;
            set => base[row, index] = value;
        }

        public override (double Low, double High) Range(int index) => (0, MessageNames.AlphabetOf(bottleneck, part, index) - 1);

        public override Part Build()
        {
            if (bottleneck is IndexBottleneck { Unordered: true })
                for (var i = 0; i < Rows; i++) Values.Data.Slice(i * Width, Width).Sort();
            return part with { Values = Values };
        }
    }

    private sealed class Levels(Symbols part) : Integers(part.Values)
    {
        public override (double Low, double High) Range(int index) => (-1e9, 1e9); // what an escape can write

        public override Part Build() => part with { Values = Values };
    }

    private sealed class Decisions(Flags part) : Integers(part.Values)
    {
        public override (double Low, double High) Range(int index) => (0, 1);

        public override Part Build() => part with { Values = Values };
    }

    private sealed class Numbers(Floats part) : EditedPart(part.Values.Size(0), part.Values.Size(0) == 0 ? 0 : (int)(part.Values.Numel / part.Values.Size(0)))
    {
        private readonly float[] _values = part.Values.ToArray();

        public override bool Whole => false;

        public override double this[int row, int index]
        {
            get => _values[(row * Width) + index];
            set => _values[(row * Width) + index] = (float)value;
        }

        public override Part Build() => part with { Values = Tensor.From(_values, part.Values.Shape) };
    }

    // Features of a dictionary: one that is not active has the level 0.
    private sealed class Activations : EditedPart
    {
        private readonly Sparse _part;
        private readonly SortedDictionary<long, long>[] _active;

        public Activations(Sparse part) : base(part.Support.Shape[0], part.Size)
        {
            _part = part;
            _active = [.. Enumerable.Range(0, Rows).Select(_ => new SortedDictionary<long, long>())];
            var k = WidthOf(part.Support);
            for (var i = 0; i < part.Support.Numel; i++)
                if (part.Support.Data[i] >= 0) _active[i / k][part.Support.Data[i]] = part.Levels.Data[i];
        }

        public override double this[int row, int index]
        {
            get => _active[row].GetValueOrDefault(index);
            set
            {
                if (value == 0) _active[row].Remove(index);
                else _active[row][index] = (long)value;
            }
        }

        public override Part Build()
        {
            // As many places as before, more where an edit has switched on more features than that.
            var k = Math.Max(WidthOf(_part.Support), _active.Max(a => (int?)a.Count) ?? 0);
            var (support, levels) = (LongTensor.Zeros(Rows, k), LongTensor.Zeros(Rows, k));
            support.Data.Fill(-1);
            for (var i = 0; i < Rows; i++)
            {
                var at = i * k;
                foreach (var (feature, level) in _active[i]) (support.Data[at], levels.Data[at++]) = (feature, level);
            }
            return _part with { Support = support, Levels = levels };
        }
    }
}
