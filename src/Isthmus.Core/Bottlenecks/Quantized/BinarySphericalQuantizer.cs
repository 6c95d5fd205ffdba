using System.Runtime.CompilerServices;
using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="BinarySphericalQuantizer"/> is made of.</summary>
public sealed record BsqOptions
{
    /// <summary>Bits of a group, each the sign of a number.</summary>
    [Option("bits of a group, each the sign of a number", Min = 1, Max = 62)]
    public int Bits { get; init; } = 16;

    /// <summary>Groups of bits, each an index and a sphere of its own.</summary>
    [Option("groups of bits, each an index and a sphere of its own", Min = 1, Max = 65536)]
    public int Groups { get; init; } = 1;

    /// <summary>Weight of the entropy loss; at least 0.</summary>
    [Option("weight of the entropy loss", Min = 0)]
    public float Entropy { get; init; } = 0.1f;

    /// <summary>Weight of the batch's entropy within the entropy loss; at least 0.</summary>
    [Option("weight of the batch's entropy within the entropy loss", Min = 0)]
    public float Diversity { get; init; } = 1f;

    /// <summary>τ of the soft assignment p(c|u) ∝ exp(2τ u·c), above 0.</summary>
    [Option("inverse temperature of the soft assignment in the entropy loss", Min = 0, AboveMin = true)]
    public float InverseTemperature { get; init; } = 10f;

    /// <summary>Whether the batch's entropy takes the bits as independent: an upper bound, for any number of bits.</summary>
    [Option("whether the batch's entropy takes the bits as independent")]
    public bool Factorized { get; init; } = true;

    /// <summary>Whether training draws each bit with its probability under the soft assignment.</summary>
    [Option("whether training draws the bits with their soft probabilities")]
    public bool Stochastic { get; init; }

    /// <summary>Weight of the squared distance of the unit vector to its code; at least 0.</summary>
    [Option("weight of the commitment loss", Min = 0)]
    public float Commitment { get; init; }
}

/// <summary>
/// Binary spherical quantisation: the vector is brought to the unit sphere, u = x/|x|, and its code is sign(u)/√d there, a corner
/// of the cube inside the sphere; the index is Σ 2^i [u_i > 0], the first number least significant. Zhao, Xiong, Krähenbühl: "Image
/// and video tokenization with binary spherical quantization", ICLR 2025, sections 4.1 and 4.2.
/// </summary>
/// <remarks>
/// A row's entropy under p(c|u) ∝ exp(2τ u·c) is Σ_j h(σ(4τ u_j/√d)), exactly. The batch's entropy is not such a sum: the
/// factorised value is an upper bound of it (two opposite codes in 2 bits have 1 bit together and 2 bits factorised), and the exact
/// one is there for up to 20 bits. No commitment loss is needed, because |u - code|² is at most 2 - 2/√d. The gradient of the code is
/// straight through to u.
/// </remarks>
public sealed class BinarySphericalQuantizer : SignQuantizer
{
    private readonly bool _stochastic;

    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range, or the exact entropy is asked for over too many codes.</exception>
    public BinarySphericalQuantizer(int features, BsqOptions options, RandomStream random)
        : base(features, (options ?? throw new ArgumentNullException(nameof(options))).Bits, options.Groups, 1f / MathF.Sqrt(Math.Max(1, options.Bits)), options.Factorized, options.InverseTemperature, options.Entropy, options.Diversity, options.Commitment, random)
    {
        _stochastic = options.Stochastic;
    }

    private protected override Tensor Numbers(Features h, bool training)
    {
        var x = Projection.Forward(h.Single);
        return OnSphere(x);
    }

    // Each group of bits by its norm; the gradient is (g - u (u·g))/|x|.
    private unsafe Tensor OnSphere(Tensor x)
    {
        var groups = x.Numel / Bits;
        Tensor unit = Tensor.Uninitialized([.. x.Shape]), inverse = Tensor.Uninitialized([(int)groups]);
        Rows.EachRow(new ToSphere { X = x.Pointer, Unit = unit.Pointer, Inverse = inverse.Pointer, Width = Bits }, groups, Bits);
        GC.KeepAlive(x);
        return Tensor.WithGradient(unit, [x], g =>
        {
            var (slope, dx) = (g.Numel == unit.Numel ? g : g.Expand(unit.Shape), Tensor.Uninitialized([.. unit.Shape]));
            Rows.EachRow(new FromSphere { Slope = slope.Pointer, Unit = unit.Pointer, Inverse = inverse.Pointer, Dx = dx.Pointer, Width = Bits }, groups, Bits);
            GC.KeepAlive(slope);
            return [dx];
        });
    }

    private unsafe struct ToSphere : IRowBody
    {
        private const float Least = 1e-6f;
        public float* X, Unit, Inverse;
        public int Width;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* from = X + (row * Width), to = Unit + (row * Width);
            var square = T.Of(0f);
            for (var j = 0; j < Width; j += T.Width)
            {
                var v = T.LoadPart(from + j, Width - j, 0f);
                square = T.Fma(v, v, square);
            }
            Inverse[row] = 1f / MathF.Max(Least, MathF.Sqrt(T.Sum(square)));
            var scale = T.Of(Inverse[row]);
            for (var j = 0; j < Width; j += T.Width) T.StorePart(T.LoadPart(from + j, Width - j, 0f) * scale, to + j, Width - j);
        }
    }

    private unsafe struct FromSphere : IRowBody
    {
        public float* Slope, Unit, Inverse, Dx;
        public int Width;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var at = row * Width;
            var sum = T.Of(0f);
            for (var j = 0; j < Width; j += T.Width) sum = T.Fma(T.LoadPart(Slope + at + j, Width - j, 0f), T.LoadPart(Unit + at + j, Width - j, 0f), sum);
            var (dot, scale) = (T.Of(T.Sum(sum)), T.Of(Inverse[row]));
            for (var j = 0; j < Width; j += T.Width)
            {
                var along = T.LoadPart(Unit + at + j, Width - j, 0f) * dot;
                T.StorePart((T.LoadPart(Slope + at + j, Width - j, 0f) - along) * scale, Dx + at + j, Width - j);
            }
        }
    }

    private protected override LongTensor Chosen(Tensor x, RandomStream random)
    {
        if (!_stochastic) return Signs(x);
        using var noGrad = new NoGrad();
        var set = (x.Detach() * (4 * InverseTemperature * Magnitude)).Sigmoid();
        return Signs(set - Tensor.Rand(random, x.Shape));
    }
}
