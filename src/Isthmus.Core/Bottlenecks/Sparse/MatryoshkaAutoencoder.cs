using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="MatryoshkaAutoencoder"/> is made of.</summary>
public sealed record MatryoshkaOptions : BatchChoiceOptions
{
    /// <summary>How many features each nested dictionary has, rising; empty for a sixteenth, an eighth, a quarter, a half and all.</summary>
    [Option("features of each nested dictionary, rising; empty for 1/16, 1/8, 1/4, 1/2 and all", Min = 1, Max = 1 << 20)]
    public IReadOnlyList<int> Prefixes { get; init; } = [];
}

/// <summary>
/// A dictionary whose first features alone have to rebuild the row, and so those of every longer prefix: general features come first and
/// are not absorbed by special ones. Bussmann, Nabeshima, Karvonen, Nanda, "Learning multi-level features with Matryoshka sparse
/// autoencoders", 2025, equation 3. The loss is the sum over prefixes; features are chosen as in <see cref="BatchTopKAutoencoder"/>.
/// </summary>
public sealed class MatryoshkaAutoencoder : BatchTopKAutoencoder
{
    private readonly int[] _prefixes;

    /// <summary>An autoencoder of a number of inputs.</summary>
    /// <exception cref="InputException">A setting is out of its range, or prefixes do not rise to at most the number of features.</exception>
    public MatryoshkaAutoencoder(int inputs, MatryoshkaOptions options, RandomStream random) : base(inputs, options, random)
    {
        _prefixes = options.Prefixes.Count > 0 ? [.. options.Prefixes] : [.. new[] { 16, 8, 4, 2, 1 }.Select(n => Features / n).Where(n => n > 0).Distinct()];
        for (var i = 0; i < _prefixes.Length; i++)
            Setting.Require(_prefixes[i] > (i == 0 ? 0 : _prefixes[i - 1]) && _prefixes[i] <= Features, "prefixes", FormattableString.Invariant($"rising numbers in 1..{Features}"), _prefixes[i]);
        if (_prefixes[^1] < Features) _prefixes = [.. _prefixes, Features];
    }

    /// <summary>How many features each nested dictionary has; the last has all.</summary>
    public IReadOnlyList<int> Prefixes => _prefixes;

    private protected override Tensor Error(Activations a, Tensor sum, Tensor target)
    {
        var loss = SquaredError(sum, target);
        Tensor? rebuilt = null;
        for (var i = 0; i + 1 < _prefixes.Length; i++)
        {
            var (band, entries) = a.Pattern.Band(i == 0 ? 0 : _prefixes[i - 1], _prefixes[i]);
            var part = band.Multiply(a.Values.IndexSelect(0, entries), Decoder, UnitRows);
            rebuilt = rebuilt is null ? part : rebuilt + part;
            loss += SquaredError(rebuilt, target);
        }
        return loss;
    }
}
