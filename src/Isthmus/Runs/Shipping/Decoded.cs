using System.Globalization;
using System.Text;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Writes what a receiver makes of messages: a table of answers, an array, pictures or sounds.</summary>
public static class Decoded
{
    /// <summary>Decodes a file to <c>.csv</c> (answers), <c>.npy</c> (the network's numbers), or, for images, a folder of PNGs, for sounds one of 16-bit WAVs.</summary>
    /// <returns>The number of samples.</returns>
    /// <exception cref="InputException">The file is damaged or of another model, or the ending is none of these.</exception>
    public static int Write(Run run, string from, string to, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(to);
        using var file = OpenRead(from);
        var answers = Named(from, Shipment.Of(run).Read(file, stop));
        switch (Path.GetExtension(to).ToLowerInvariant())
        {
            case ".csv": return WriteCsv(run.Model, answers, to);
            case ".npy": return WriteArray(run.Model, answers, to);
            case "" when IsImage(run.Model): return WriteFolder(answers, to, ".png", (answer, size) => PngFile.Encode(PngImage.FromPlanes(answer, size[1], size[2], size[3])));
            case "" when IsSound(run.Model): return WriteFolder(answers, to, ".wav", (answer, size) => WavFile.Encode(new WavAudio(run.Model.Schema.SampleRate, size[1], answer.ToArray())));
            case "": throw new InputException($"{to}: an ending .csv or .npy is expected", "a folder of PNGs or WAVs can be had from runs that reconstruct images or sounds");
            default: throw new InputException($"{to}: cannot write {Path.GetExtension(to)}", "endings: .csv, .npy, or none for a folder of PNGs or WAVs");
        }
    }

    // The bytes of one answer, of answers of a shape.
    private delegate byte[] FileOf(ReadOnlySpan<float> answer, ReadOnlySpan<int> shape);

    private static FileStream OpenRead(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({(e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message)})", inner: e);
        }
    }

    // Errors name the file.
    private static IEnumerable<Tensor> Named(string path, IEnumerable<Tensor> answers)
    {
        using var all = answers.GetEnumerator();
        while (true)
        {
            try
            {
                if (!all.MoveNext()) yield break;
            }
            catch (InputException e)
            {
                throw new InputException($"{path}: {e.Message}", e.Hint, e);
            }
            yield return all.Current;
        }
    }

    private static bool IsImage(Model model) => model.Task == RunTask.Reconstruction && model.Schema.Kind == DataKind.Images && model.Site.OutputShape.Count == 3;

    private static bool IsSound(Model model) => model.Task == RunTask.Reconstruction && model.Schema.Kind == DataKind.Sound && model.Site.OutputShape.Count == 2 && model.Schema.SampleRate > 0;

    private static int WriteCsv(Model model, IEnumerable<Tensor> answers, string to)
    {
        var rows = 0;
        AtomicFile.Write(to, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
            foreach (var answer in answers)
            {
                var columns = Predictor.Answers(model, answer.Reshape(answer.Size(0), -1));
                if (rows == 0) writer.WriteLine(string.Join(',', columns.Select(c => c.Name).Prepend("row")));
                for (var i = 0; i < answer.Size(0); i++)
                    writer.WriteLine(string.Join(',', columns.Select(c => c.Value(i)).Prepend((++rows).ToString(CultureInfo.InvariantCulture))));
            }
        });
        return rows;
    }

    private static int WriteArray(Model model, IEnumerable<Tensor> answers, string to)
    {
        var rows = 0;
        AtomicFile.Write(to, stream =>
        {
            var writer = new NpyWriter(stream, [.. model.Site.OutputShape]);
            foreach (var answer in answers)
            {
                writer.Write(answer.Data);
                rows += answer.Size(0);
            }
            writer.Complete();
        });
        return rows;
    }

    private static int WriteFolder(IEnumerable<Tensor> answers, string to, string ending, FileOf encode)
    {
        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any()) throw new InputException($"{to} is not empty", "name a new folder");
        var temporary = to.TrimEnd('/', '\\') + AtomicFile.TemporaryEnding;
        if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        Directory.CreateDirectory(temporary);
        var rows = 0;
        try
        {
            foreach (var answer in answers)
            {
                var (count, size) = (answer.Size(0), (int)(answer.Numel / answer.Size(0)));
                for (var i = 0; i < count; i++)
                    File.WriteAllBytes(Path.Combine(temporary, FormattableString.Invariant($"{++rows:D6}{ending}")), encode(answer.Data.Slice(i * size, size), answer.Shape));
            }
            if (Directory.Exists(to)) Directory.Delete(to);
            Directory.Move(temporary, to);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
        return rows;
    }
}
