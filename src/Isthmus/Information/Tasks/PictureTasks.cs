namespace Isthmus.Information;

/// <summary>Tasks of pairs of pictures. Drawing is one-to-one, so that pictures hold exactly the information of what they show.</summary>
internal static class PictureTasks
{
    private static readonly int[] s_levels = [3, 4, 4, 4]; // shape, size, column, row

    /// <summary>
    /// Two pictures of one shape each. Shape (3), size (4), column and row (4 each) are uniform; each factor of y is that of x unless
    /// drawn anew with probability p: the sum of four symmetric channels.
    /// </summary>
    public static InformationTask SpritePair(int side, double p)
    {
        if (side is < 12 or > 64 || p is not (>= 0 and <= 1)) throw new InputException("sprite-pair: size must be from 12 to 64, p in [0, 1]");
        var nats = s_levels.Sum(m => TaskFamilies.QAry(m, p).Truth.Nats);
        return new InformationTask(FormattableString.Invariant($"sprite-pair,size={side},p={p}"), "sprite-pair", Bits.FromNats(nats),
            FormattableString.Invariant($"two pictures of {side} x {side}; shape, size, column and row of y are those of x unless redrawn, with probability {p}: the sum of four symmetric channels"),
            (n, random) => TaskFamilies.Columns(n, side * side, side * side, random, (r, x, y) =>
            {
                Span<int> first = stackalloc int[4], second = stackalloc int[4];
                for (var f = 0; f < 4; f++)
                {
                    first[f] = r.NextInt(s_levels[f]);
                    second[f] = r.NextDouble() < p ? r.NextInt(s_levels[f]) : first[f];
                }
                DrawSprite(x, side, first);
                DrawSprite(y, side, second);
            }));
    }

    /// <summary>
    /// Two pictures of Gaussian spots. The signal's place in x and in y are normal numbers through the normal distribution function,
    /// each coordinate with correlation rho to its twin: −ln(1 − ρ²), as the maps are one-to-one. Further spots, dimmer and
    /// narrower, lie independently in both pictures and add nothing.
    /// </summary>
    public static InformationTask BlobPair(int side, double rho, int nuisance)
    {
        if (side is < 8 or > 64 || !(Math.Abs(rho) < 1) || nuisance is < 0 or > 16) throw new InputException("blob-pair: size must be from 8 to 64, |rho| below 1, nuisance from 0 to 16");
        return new InformationTask(FormattableString.Invariant($"blob-pair,size={side},rho={rho},nuisance={nuisance}"), "blob-pair", Bits.FromNats(-Math.Log(1 - rho * rho)),
            FormattableString.Invariant($"two pictures of {side} x {side} with a bright spot each, both coordinates correlated by {rho} before the normal distribution function, and {nuisance} independent spots: -log2(1 - rho^2)"),
            (n, random) => TaskFamilies.Columns(n, side * side, side * side, random, (r, x, y) =>
            {
                Array.Clear(x);
                Array.Clear(y);
                Span<double> a = stackalloc double[2], b = stackalloc double[2];
                for (var c = 0; c < 2; c++)
                {
                    a[c] = r.NextGaussian();
                    b[c] = rho * a[c] + Math.Sqrt(1 - rho * rho) * r.NextGaussian();
                }
                AddSpot(x, side, Place(a[0], side), Place(a[1], side), 0.15 * side, 1);
                AddSpot(y, side, Place(b[0], side), Place(b[1], side), 0.15 * side, 1);
                for (var s = 0; s < nuisance; s++)
                {
                    AddSpot(x, side, Place(r.NextGaussian(), side), Place(r.NextGaussian(), side), 0.08 * side, 0.5);
                    AddSpot(y, side, Place(r.NextGaussian(), side), Place(r.NextGaussian(), side), 0.08 * side, 0.5);
                }
            }));
    }

    private static double Place(double normal, int side) => side * (0.2 + 0.6 * MathNet.Numerics.Distributions.Normal.CDF(0, 1, normal));

    private static void AddSpot(double[] picture, int side, double column, double row, double width, double brightness)
    {
        for (var i = 0; i < side; i++)
            for (var j = 0; j < side; j++)
            {
                var (dy, dx) = (i + 0.5 - row, j + 0.5 - column);
                picture[i * side + j] += brightness * Math.Exp(-(dx * dx + dy * dy) / (2 * width * width));
            }
    }

    // Whole pixels: squares, crosses and triangles of four sizes at sixteen places, 192 different pictures.
    private static void DrawSprite(double[] picture, int side, ReadOnlySpan<int> factors)
    {
        Array.Clear(picture);
        var radius = 1 + factors[1];
        var room = side - 2 * 5 - 1; // from the first place to the last; the largest shape stays inside
        var (column, row) = (5 + room * factors[2] / 3, 5 + room * factors[3] / 3);
        for (var dy = -radius; dy <= radius; dy++)
            for (var dx = -radius; dx <= radius; dx++)
            {
                var inside = factors[0] switch
                {
                    0 => true,
                    1 => dx == 0 || dy == 0,
                    _ => 2 * Math.Abs(dx) <= dy + radius,
                };
                if (inside && row + dy >= 0 && row + dy < side && column + dx >= 0 && column + dx < side) picture[(row + dy) * side + column + dx] = 1;
            }
    }
}
