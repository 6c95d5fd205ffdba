using System.Numerics;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>Puts a circuit together from the leaves up, checking that products are decomposable, sums smooth, and every variable is used once.</summary>
public sealed class CircuitBuilder
{
    private readonly int[] _alphabets;
    private readonly RandomStream _random;
    private readonly List<Circuit.Region> _regions = [];
    private readonly List<ulong[]> _scopes = []; // bit sets of variables
    private readonly List<bool> _used = [];

    /// <summary>A builder for variables with the given numbers of symbols.</summary>
    /// <param name="alphabets">At least one variable, each with at least one symbol.</param>
    /// <param name="seed">The key of the random parameters that units start with, drawn from a flat Dirichlet distribution.</param>
    public CircuitBuilder(IReadOnlyList<int> alphabets, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(alphabets);
        if (alphabets.Count == 0 || alphabets.Any(a => a < 1))
            throw new ArgumentException($"CircuitBuilder: alphabets of {string.Join(", ", alphabets)} symbols; expected at least one variable and at least one symbol each", nameof(alphabets));
        _alphabets = [.. alphabets];
        _random = new RandomStream(seed).Fork("circuit");
    }

    /// <summary>Units over one variable, each with a categorical table.</summary>
    /// <param name="variable">Its number.</param>
    /// <param name="units">At least 1.</param>
    /// <param name="table">[unit, symbol], rows summing to one; null for random ones.</param>
    /// <returns>The region's number.</returns>
    public int Input(int variable, int units, double[]? table = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)variable, (uint)_alphabets.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        return Add(new Circuit.Region(Circuit.Kind.Input, units, variable, [], Rows(table, units, _alphabets[variable]), Fixed: false), Only(variable));
    }

    /// <summary>One unit for each symbol of a variable, which is 1 for that symbol and 0 for others; learning leaves it alone.</summary>
    /// <param name="variable">Its number.</param>
    /// <returns>The region's number.</returns>
    public int Indicators(int variable)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)variable, (uint)_alphabets.Length);
        var n = _alphabets[variable];
        var identity = new double[n * n];
        for (var i = 0; i < n; i++) identity[(i * n) + i] = 1;
        return Add(new Circuit.Region(Circuit.Kind.Input, n, variable, [], identity, Fixed: true), Only(variable));
    }

    /// <summary>Unit by unit products of regions over disjoint variables.</summary>
    /// <param name="regions">At least one region, all with the same number of units; not used elsewhere.</param>
    /// <returns>The region's number.</returns>
    /// <exception cref="ArgumentException">Units differ, variables overlap, or a region is used already.</exception>
    public int Product(params int[] regions)
    {
        ArgumentNullException.ThrowIfNull(regions);
        if (regions.Length == 0) throw new ArgumentException("Product: no regions given, at least one required", nameof(regions));
        var scope = new ulong[(_alphabets.Length + 63) / 64];
        foreach (var r in regions)
        {
            Use(r, "Product");
            if (_regions[r].Units != _regions[regions[0]].Units)
                throw new ArgumentException($"Product: region {r} has {_regions[r].Units} units, region {regions[0]} has {_regions[regions[0]].Units}; equal numbers required", nameof(regions));
            for (var w = 0; w < scope.Length; w++)
            {
                if ((scope[w] & _scopes[r][w]) != 0) throw new ArgumentException($"Product: region {r} shares a variable with another; disjoint variables required (decomposability)", nameof(regions));
                scope[w] |= _scopes[r][w];
            }
        }
        return Add(new Circuit.Region(Circuit.Kind.Product, _regions[regions[0]].Units, -1, [.. regions], [], Fixed: true), scope);
    }

    /// <summary>Mixtures of a region's units.</summary>
    /// <param name="region">The region that is mixed; not used elsewhere.</param>
    /// <param name="units">How many mixtures, at least 1.</param>
    /// <param name="weights">[unit, the region's unit], rows summing to one; null for random ones.</param>
    /// <returns>The region's number.</returns>
    /// <exception cref="ArgumentException">The region is used already or the weights do not fit.</exception>
    public int Sum(int region, int units, double[]? weights = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        Use(region, "Sum");
        return Add(new Circuit.Region(Circuit.Kind.Sum, units, -1, [region], Rows(weights, units, _regions[region].Units), Fixed: false), _scopes[region]);
    }

    /// <summary>The circuit whose root is the region made last: it has one unit and covers every variable.</summary>
    /// <exception cref="InvalidOperationException">The root has several units, a variable is missing, or a region is not used.</exception>
    public Circuit Build()
    {
        if (_regions.Count == 0 || _regions[^1].Units != 1) throw new InvalidOperationException("Build: the last region must be a root with one unit");
        var covered = _scopes[^1].Sum(w => BitOperations.PopCount(w));
        if (covered != _alphabets.Length) throw new InvalidOperationException($"Build: the root covers {covered} of {_alphabets.Length} variables");
        var loose = _used.FindIndex(u => !u);
        if (loose != _used.Count - 1) throw new InvalidOperationException($"Build: region {loose} is not used by any other");
        return new Circuit(_alphabets, _regions);
    }

    private ulong[] Only(int variable)
    {
        var scope = new ulong[(_alphabets.Length + 63) / 64];
        scope[variable >> 6] = 1UL << (variable & 63);
        return scope;
    }

    private void Use(int region, string what)
    {
        if (region < 0 || region >= _regions.Count) throw new ArgumentException($"{what}: no region {region}; there are {_regions.Count}", nameof(region));
        if (_used[region]) throw new ArgumentException($"{what}: region {region} is used already; each region has one parent", nameof(region));
        _used[region] = true;
    }

    private int Add(Circuit.Region region, ulong[] scope)
    {
        _regions.Add(region);
        _scopes.Add(scope);
        _used.Add(false);
        return _regions.Count - 1;
    }

    private double[] Rows(double[]? given, int units, int width)
    {
        if (given is not null && given.Length != units * width)
            throw new ArgumentException($"{given.Length} parameters for {units} units of {width}; {units * width} required", nameof(given));
        var rows = given is null ? new double[units * width] : [.. given];
        for (var u = 0; u < units; u++)
        {
            var row = rows.AsSpan(u * width, width);
            if (given is null)
                foreach (ref var v in row) v = 0.05 - Math.Log(1 - _random.NextDouble());
            var sum = 0.0;
            foreach (var v in row) sum += v >= 0 ? v : double.NaN;
            if (!(sum > 0) || !double.IsFinite(sum)) throw new ArgumentException($"the parameters of unit {u} sum to {sum}; non-negative numbers with a positive sum required", nameof(given));
            foreach (ref var v in row) v /= sum;
        }
        return rows;
    }
}
