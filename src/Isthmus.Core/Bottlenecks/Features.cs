using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// What enters a bottleneck: tensors under names, in an order. Most bottlenecks take one, and a <see cref="Tensor"/> converts;
/// several levels of a hierarchy or several modalities are several parts.
/// </summary>
public sealed class Features
{
    private readonly (string Name, Tensor Value)[] _parts;

    /// <summary>Several named parts; their first dimension is the batch.</summary>
    /// <exception cref="ArgumentException">There is none, or two have one name.</exception>
    public Features(params ReadOnlySpan<(string Name, Tensor Value)> parts)
    {
        _parts = parts.ToArray();
        if (_parts.Length == 0) throw new ArgumentException("features: at least one part is needed");
        if (_parts.Select(p => p.Name).Distinct(StringComparer.Ordinal).Count() != _parts.Length)
            throw new ArgumentException($"features: a name stands twice in {string.Join(", ", _parts.Select(p => p.Name))}");
    }

    /// <summary>The parts in order.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> Parts => _parts;

    /// <summary>The size of the batch.</summary>
    public int Count => _parts[0].Value.Size(0);

    /// <summary>The part with a name.</summary>
    public Tensor this[string name]
    {
        get
        {
            foreach (var (n, value) in _parts)
                if (string.Equals(n, name, StringComparison.Ordinal)) return value;
            throw Suggest.Unknown("feature part", name, _parts.Select(p => p.Name));
        }
    }

    /// <summary>The only part.</summary>
    /// <exception cref="ArgumentException">There are several.</exception>
    public Tensor Single => _parts.Length == 1
        ? _parts[0].Value
        : throw new ArgumentException($"features: one part is needed here, and there are {_parts.Length}: {string.Join(", ", _parts.Select(p => p.Name))}");

    /// <summary>One tensor, under the name "h".</summary>
    public static implicit operator Features(Tensor h) => new(("h", h));
}
