using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Where the vectors of a sample stand: one, or one at each place of a series [length, channels] or map [channels, height, width]
/// or [channels, depth, height, width]. Turns features into rows of vectors and back.
/// </summary>
internal sealed class CodePlaces
{
    private readonly int[] _shape; // of a sample
    private readonly bool _channelsFirst, _whole;

    public CodePlaces(IReadOnlyList<int> shape, bool perPlace, bool channelsFirst)
    {
        _shape = [.. shape];
        if (_shape.Length is < 1 or > 4 || _shape.Any(s => s < 1))
            throw new InputException($"bottleneck: features of the shape [{string.Join(", ", shape)}] are no vector, series or map of two or three dimensions");
        if (perPlace && _shape.Length == 1)
            throw new InputException(FormattableString.Invariant($"bottleneck.places: the encoder puts out {_shape[0]} numbers in a row, which have no places"), "an encoder that puts out maps or series has them: of conv, width: 0 keeps the maps");
        _whole = !perPlace || _shape.Length == 1;
        _channelsFirst = _shape.Length > 2 || channelsFirst;
        Channels = _whole ? _shape.Aggregate(1, (a, b) => checked(a * b)) : _channelsFirst ? _shape[0] : _shape[^1];
        Count = _whole ? 1 : _shape.Aggregate(1, (a, b) => checked(a * b)) / Channels;
    }

    /// <summary>Places of a sample.</summary>
    public int Count { get; }

    /// <summary>Numbers at a place.</summary>
    public int Channels { get; }

    /// <summary>Features [n, …] to [n places, channels].</summary>
    public Tensor Rows(Tensor h)
    {
        if (h.Dim != _shape.Length + 1 || !h.Shape[1..].SequenceEqual(_shape))
        {
            if (!(_whole && h.Numel == (long)h.Size(0) * Channels))
                throw new ArgumentException($"bottleneck: features [{string.Join(", ", h.Shape.ToArray())}] for samples of the shape [{string.Join(", ", _shape)}]");
        }
        if (_whole || !_channelsFirst) return h.Reshape(-1, Channels);
        return h.Reshape(h.Size(0), Channels, Count).Transpose(1, 2).Reshape(-1, Channels);
    }

    /// <summary>Rows [n places, width] to [n, …] with the width in the channels' place; one vector a sample keeps the sample's shape where its size is the same.</summary>
    public Tensor Shaped(Tensor rows)
    {
        var width = rows.Size(1);
        if (_whole) return width == Channels && _shape.Length > 1 ? rows.Reshape([-1, .. _shape]) : rows;
        if (!_channelsFirst) return rows.Reshape(-1, Count, width);
        return rows.Reshape(-1, Count, width).Transpose(1, 2).Reshape([-1, width, .. _shape[1..]]);
    }

    /// <summary>How many places of each sample a mask [batch, places] leaves: the first ones.</summary>
    /// <exception cref="ArgumentException">The mask is of another shape, or an absent place stands before a present one.</exception>
    public LongTensor? Lengths(Tensor? mask, int batch)
    {
        if (mask is null) return null;
        if (_whole || mask.Dim != 2 || mask.Size(0) != batch || mask.Size(1) != Count)
            throw new ArgumentException($"bottleneck: a mask [{string.Join(", ", mask.Shape.ToArray())}] for {batch} samples of {Count} places; masks need places: true");
        var lengths = LongTensor.Zeros(batch);
        for (var i = 0; i < mask.Numel; i++)
        {
            if (mask.Data[i] == 0) continue;
            if (lengths.Data[i / Count]++ != i % Count) throw new ArgumentException($"bottleneck: the mask of sample {i / Count} has an absent place before place {i % Count}: present ones come first");
        }
        return lengths;
    }
}
