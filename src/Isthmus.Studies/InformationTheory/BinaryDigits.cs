using Isthmus.Data;

namespace Isthmus.Studies.InformationTheory;

/// <summary>MNIST's test digits at 14 x 14 pixels of two levels, as rows of symbols for circuits.</summary>
internal static class BinaryDigits
{
    /// <summary>Pixels on a side.</summary>
    public const int Side = 14;

    /// <summary>Two symbols for each pixel.</summary>
    public static int[] Alphabets { get; } = [.. Enumerable.Repeat(2, Side * Side)];

    /// <summary>The digits of a part, halved by means of 2 x 2 pixels and cut at 1/2.</summary>
    /// <exception cref="InputException">The images are not of one channel and 28 x 28.</exception>
    public static int[][] Rows(Dataset data)
    {
        if (!data.FeatureShape.SequenceEqual([1, 2 * Side, 2 * Side]))
            throw new InputException(FormattableString.Invariant($"{data.Name}: images [{string.Join(", ", data.FeatureShape)}], expected [1, {2 * Side}, {2 * Side}]"));
        return [.. Enumerable.Range(0, data.Count).Select(i => Halved(data.Rows(i, 1)))];
    }

    private static int[] Halved(ReadOnlySpan<float> pixels)
    {
        var row = new int[Side * Side];
        for (var i = 0; i < row.Length; i++)
        {
            var at = (4 * Side * (i / Side)) + (2 * (i % Side));
            row[i] = pixels[at] + pixels[at + 1] + pixels[at + (2 * Side)] + pixels[at + (2 * Side) + 1] > 2 ? 1 : 0;
        }
        return row;
    }
}
