namespace Isthmus.Coding;

/// <summary>
/// Adaptive coding of images of two levels: each pixel, row by row, is a decision whose context is the pattern of the nearest pixels
/// that were coded before it. With 10 neighbours the template is the three-line one of JBIG (ITU-T T.82, 1993, figure 4): two to
/// the left, five in the row above, three in the row above that. Pixels outside of the image count as 0.
/// </summary>
/// <remarks>An instance learns from every image that it writes or reads, so one each is needed for the two sides, and both must have
/// seen the same images in the same order; <see cref="Learn"/> prepares both with images that are not sent.</remarks>
public sealed class NeighbourImageCoder
{
    private readonly (int Up, int Left)[] _template;
    private readonly AdaptiveBit[] _models;

    /// <summary>A coder that has seen nothing.</summary>
    /// <param name="neighbours">How many pixels make the context, 1 to 22: there are 2^neighbours contexts.</param>
    public NeighbourImageCoder(int neighbours = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(neighbours, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(neighbours, 22);
        // Nearest first; of equally near ones those of nearer rows first, and in a row the left one.
        _template = [.. Enumerable.Range(0, 8).SelectMany(up => Enumerable.Range(-8, 17).Select(right => (Up: up, Left: -right)))
            .Where(o => o.Up > 0 || o.Left > 0).OrderBy(o => (o.Up * o.Up) + (o.Left * o.Left)).ThenBy(o => o.Up).ThenByDescending(o => o.Left).Take(neighbours)];
        _models = new AdaptiveBit[1 << neighbours];
        Array.Fill(_models, new AdaptiveBit());
    }

    /// <summary>The neighbours: how many rows above and how many columns to the left (negative: to the right) each is.</summary>
    public IReadOnlyList<(int Up, int Left)> Template => _template;

    /// <summary>Writes an image and learns from it.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="pixels">Row by row; 0 or 1.</param>
    /// <param name="width">Pixels of a row; divides the number of pixels.</param>
    /// <exception cref="ArgumentException">The width does not divide the number of pixels.</exception>
    /// <exception cref="InputException">A pixel is neither 0 nor 1.</exception>
    public void Write(ISymbolWriter writer, ReadOnlySpan<int> pixels, int width)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Check(pixels.Length, width);
        for (var i = 0; i < pixels.Length; i++)
            if (pixels[i] is < 0 or > 1) throw new InputException(FormattableString.Invariant($"pixel {i + 1} is {pixels[i]}, expected 0 or 1"));
        for (var i = 0; i < pixels.Length; i++) _models[Context(pixels, i, width)].Write(writer, pixels[i] == 1);
    }

    /// <summary>Reads an image that was written with an equal coder, and learns from it.</summary>
    /// <param name="reader">Where from.</param>
    /// <param name="pixels">Takes the pixels, row by row.</param>
    /// <param name="width">Pixels of a row; divides the number of pixels.</param>
    /// <exception cref="ArgumentException">The width does not divide the number of pixels.</exception>
    /// <exception cref="CodingException">The bytes end early or are not the coder's.</exception>
    public void Read(ISymbolReader reader, Span<int> pixels, int width)
    {
        ArgumentNullException.ThrowIfNull(reader);
        Check(pixels.Length, width);
        for (var i = 0; i < pixels.Length; i++) pixels[i] = _models[Context(pixels, i, width)].Read(reader) ? 1 : 0;
    }

    /// <summary>Learns from an image that is not sent.</summary>
    /// <inheritdoc cref="Write" path="/param[@name='pixels']|/param[@name='width']|/exception"/>
    public void Learn(ReadOnlySpan<int> pixels, int width) => Write(new CostMeter(), pixels, width);

    private int Context(ReadOnlySpan<int> pixels, int at, int width)
    {
        var (row, column, context) = (at / width, at % width, 0);
        foreach (var (up, left) in _template)
        {
            var inside = up <= row && left <= column && column - left < width;
            context = (context << 1) | (inside ? pixels[at - (up * width) - left] : 0);
        }
        return context;
    }

    private static void Check(int pixels, int width)
    {
        if (width < 1 || pixels % width != 0) throw new ArgumentException(FormattableString.Invariant($"{pixels} pixels in rows of {width}: whole rows are needed"), nameof(width));
    }
}
