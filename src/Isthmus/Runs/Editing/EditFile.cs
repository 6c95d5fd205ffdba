using System.Globalization;
using System.Text;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Reports;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Writes what came out before and after an edit: a table of answers, or of images a picture.</summary>
public static class EditFile
{
    private const int MostPictures = 64, RowsAtOnce = 500;

    /// <summary>Writes <c>.csv</c> (a line before and a line after for each row, with the answer's columns) or, of runs that reconstruct images,
    /// <c>.png</c> (a line a row: the input, before, after).</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Rows through its schema.</param>
    /// <param name="row">Which row, from 0; null for all (a picture shows the first 64).</param>
    /// <param name="edit">The edit.</param>
    /// <param name="path">The file.</param>
    /// <param name="inference">Which message; null for the run's.</param>
    /// <param name="seed">Of noise.</param>
    /// <exception cref="InputException">Another ending, or a picture of what is none.</exception>
    public static void Write(Run run, Dataset data, int? row, Edit edit, string path, string? inference = null, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(path);
        if (run.Model.Units > 1) throw new InputException($"{path}: edited texts are not written", "--json has the answers");
        int[] rows = row is { } one ? [one] : [.. Enumerable.Range(0, data.Count)];
        var isImage = run.Model.Task == RunTask.Reconstruction && data is { Kind: DataKind.Images, FeatureShape: [1 or 3, _, _] };
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".csv": AtomicFile.Write(path, stream => WriteCsv(stream, run, data, rows, edit, inference, seed)); break;
            case ".png" when isImage: AtomicFile.Write(path, stream => stream.Write(PictureOf(run, data, rows[..Math.Min(rows.Length, MostPictures)], edit, inference, seed).ToPng())); break;
            case ".png": throw new InputException($"{path}: this run reconstructs no images", "an ending .csv writes its answers");
            default: throw new InputException($"{path}: cannot write '{Path.GetExtension(path)}'", isImage ? "endings: .png, .csv" : "ending: .csv");
        }
    }

    private static void WriteCsv(Stream stream, Run run, Dataset data, int[] rows, Edit edit, string? inference, ulong seed)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        var header = true;
        foreach (var part in Batches.Split(rows, RowsAtOnce))
        {
            using var scope = new TensorScope("edit");
            var (before, after) = EditRun.Answers(run, data, part, edit, inference, seed);
            var (a, b) = (Predictor.Answers(run.Model, before.Reshape(part.Length, -1)), Predictor.Answers(run.Model, after.Reshape(part.Length, -1)));
            if (header) writer.WriteLine(string.Join(',', a.Select(c => c.Name).Prepend("message").Prepend("row")));
            header = false;
            for (var i = 0; i < part.Length; i++)
            {
                writer.WriteLine(string.Join(',', a.Select(c => c.Value(i)).Prepend("before").Prepend(part[i].ToString(CultureInfo.InvariantCulture))));
                writer.WriteLine(string.Join(',', b.Select(c => c.Value(i)).Prepend("after").Prepend(part[i].ToString(CultureInfo.InvariantCulture))));
            }
        }
    }

    // A line a row, with a white column and line between the images.
    private static Picture PictureOf(Run run, Dataset data, int[] rows, Edit edit, string? inference, ulong seed)
    {
        using var scope = new TensorScope("edit");
        var (before, after) = EditRun.Answers(run, data, rows, edit, inference, seed);
        var (channels, height, width) = (data.FeatureShape[0], data.FeatureShape[1], data.FeatureShape[2]);
        var (tall, wide) = ((rows.Length * (height + 1)) - 1, (3 * (width + 1)) - 1);
        var planes = new float[channels * tall * wide];
        Array.Fill(planes, 1f);
        for (var i = 0; i < rows.Length; i++)
        {
            Put(data.Row(rows[i]), i, 0);
            Put(before.Data.Slice(i * data.FeatureSize, data.FeatureSize), i, 1);
            Put(after.Data.Slice(i * data.FeatureSize, data.FeatureSize), i, 2);
        }
        return Picture.FromPlanes(planes, channels, tall, wide);

        void Put(ReadOnlySpan<float> image, int line, int column)
        {
            for (var c = 0; c < channels; c++)
                for (var y = 0; y < height; y++)
                    image.Slice(((c * height) + y) * width, width).CopyTo(planes.AsSpan((((c * tall) + (line * (height + 1)) + y) * wide) + (column * (width + 1))));
        }
    }
}
