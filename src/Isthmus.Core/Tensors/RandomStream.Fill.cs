using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

// Filling whole arrays. Each method takes one word for each element and moves Position on by the length, whatever the method, so
// that element i is a pure function of (seed, stream, Position + i): filling in pieces gives the same numbers as at once.
public sealed unsafe partial class RandomStream
{
    /// <summary>The numbers that as many calls of <see cref="NextSingle"/> would give: uniform on [0, 1), multiples of 2^-24.</summary>
    public void FillUniform(Span<float> values) => Fill(new UniformWords(), values);

    /// <summary>
    /// Standard normal numbers in single precision, one word each. Words 2j and 2j+1 of the stream, u and v, make the two elements that
    /// stand at these positions: r cos(a) and r sin(a), with r = sqrt(-2 log((floor(u/2) + 1/2) / 2^31)) and a = 2 pi v / 2^32.
    /// No element is beyond 6.8 in magnitude.
    /// </summary>
    /// <remarks>Box and Muller, "A note on the generation of random normal deviates", 1958. Not the numbers of
    /// <see cref="NextGaussian"/>, which are of double precision and take four words each.</remarks>
    public void FillNormal(Span<float> values) => Fill(new NormalWords(), values);

    /// <summary>1 with the given probability, else 0: element i is 1 where NextSingle() would be below it.</summary>
    /// <param name="mask">Is written.</param>
    /// <param name="keep">The probability of 1, in 0..1; it is met to 2^-24.</param>
    /// <exception cref="ArgumentOutOfRangeException">keep is outside 0..1.</exception>
    public void FillBernoulli(Span<float> mask, float keep)
    {
        if (!(keep >= 0 && keep <= 1)) throw new ArgumentOutOfRangeException(nameof(keep), keep, "the probability of 1 must be in 0..1");
        Fill(new BernoulliWords(keep), mask);
    }

    private void Fill<TWords>(in TWords words, Span<float> values) where TWords : unmanaged, IWords
    {
        fixed (float* to = values) PhiloxFill.Run(words, Seed, Stream, Position, to, values.Length);
        Position += (ulong)values.Length;
    }
}
