using System.Text;

namespace Isthmus.Reports;

/// <summary>Rows of small images with names: reconstructions under their originals, traversals of a latent dimension.</summary>
public sealed class ImageGrid(string title, string? description = null) : Figure(title, description)
{
    private const double LargestCell = 64, Gap = 3;

    private readonly List<(string Label, Picture[] Images, string[] Captions)> _rows = [];

    /// <summary>A row of images.</summary>
    /// <param name="label">Its name, at the left; may be empty.</param>
    /// <param name="images">The images, from the left; rows may differ in length.</param>
    /// <param name="captions">A word under each, or none.</param>
    /// <exception cref="ArgumentException">Captions are given and are not as many as images.</exception>
    public ImageGrid Row(string label, IReadOnlyList<Picture> images, IReadOnlyList<string>? captions = null)
    {
        ArgumentNullException.ThrowIfNull(label);
        ArgumentNullException.ThrowIfNull(images);
        if (captions is not null && captions.Count != images.Count)
            throw new ArgumentException($"{captions.Count} captions for {images.Count} images", nameof(captions));
        _rows.Add((label, [.. images], [.. captions ?? []]));
        return this;
    }

    private protected override double Draw(StringBuilder svg, double top)
    {
        var columns = _rows.Select(r => r.Images.Length).DefaultIfEmpty(0).Max();
        if (columns == 0)
        {
            svg.Append(Svg.Text(Width / 2, top + 30, "nothing to show", "t", "middle"));
            return top + 50;
        }
        var labels = _rows.Select(r => Markup.Shorten(r.Label, 18)).ToArray();
        var widest = labels.Max(l => Markup.Width(l, 15));
        var left = widest > 0 ? Math.Ceiling(widest) + 8 : 0;
        var cell = Math.Min(LargestCell, ((Width - left + Gap) / columns) - Gap);
        var y = top + 2;
        for (var r = 0; r < _rows.Count; r++)
        {
            var (_, images, captions) = _rows[r];
            var height = images.Select(i => cell * i.Height / i.Width).DefaultIfEmpty(cell).Max();
            svg.Append(Svg.Text(left - 8, y + (height / 2) + 4.5, labels[r], "t", "end"));
            for (var c = 0; c < images.Length; c++)
            {
                var x = left + (c * (cell + Gap));
                svg.Append($"<image x=\"{Markup.Px(x)}\" y=\"{Markup.Px(y)}\" width=\"{Markup.Px(cell)}\" height=\"{Markup.Px(cell * images[c].Height / images[c].Width)}\" href=\"{images[c].ToDataUri()}\"/>");
                if (captions.Length > 0) svg.Append(Svg.Text(x + (cell / 2), y + height + 14, Markup.Shorten(captions[c], Math.Max(2, (int)(cell / 8))), "t", "middle"));
            }
            y += height + Gap + (captions.Length > 0 ? 18 : 0);
        }
        return y + 4;
    }

    private protected override string Describe() =>
        "Images: " + string.Join("; ", _rows.Select(r => $"{(r.Label.Length > 0 ? r.Label : "row")}, {r.Images.Length}")) + ".";
}
