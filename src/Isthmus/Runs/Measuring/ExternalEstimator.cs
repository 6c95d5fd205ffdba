using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Isthmus.Data;
using Isthmus.Information;

namespace Isthmus.Runs;

/// <summary>
/// Somebody else's estimator beside ours: a command that is given two files of samples and prints its reading. It is run by the
/// shell as <c>CMD x.npy y.npy</c>, both files float64 of n rows. The last line it prints is a number of bits, a number with its unit
/// (<c>0.51 nats</c>), or an object with <c>bits</c> or <c>nats</c>, and <c>low_bits</c>, <c>high_bits</c> if it has them.
/// </summary>
public static class ExternalEstimator
{
    private const int MostOutput = 1 << 20;
    private static readonly TimeSpan s_afterItsEnd = TimeSpan.FromSeconds(5);

    /// <summary>Runs the command once on the samples.</summary>
    /// <param name="command">What the shell runs; the two paths are added to it.</param>
    /// <param name="x">n samples of X.</param>
    /// <param name="y">n samples of Y.</param>
    /// <param name="limit">When the command is ended and refused.</param>
    /// <exception cref="InputException">It cannot be started, fails, takes too long or prints no reading.</exception>
    public static Estimate Measure(string command, Samples x, Samples y, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (string.IsNullOrWhiteSpace(command)) throw new InputException("--external names no command", "as in --external \"python3 mine.py\"");
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var folder = Directory.CreateTempSubdirectory("isthmus-external-");
        try
        {
            var (first, second) = (Path.Combine(folder.FullName, "x.npy"), Path.Combine(folder.FullName, "y.npy"));
            Write(first, x);
            Write(second, y);
            var clock = Stopwatch.StartNew();
            var output = Run(command, first, second, limit);
            return Read(command, output) with { Seconds = clock.Elapsed.TotalSeconds };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Write(string path, Samples samples)
    {
        using var stream = File.Create(path);
        NpyWriter.WriteDoubles(stream, samples.Values, samples.Dimensions);
    }

    private static string Run(string command, string x, string y, TimeSpan limit)
    {
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo("cmd.exe") { Arguments = $"/c {command} \"{x}\" \"{y}\"" }
            : new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", command + " \"$1\" \"$2\"", "sh", x, y } };
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        using var process = Process.Start(start) ?? throw new InputException($"--external '{command}' cannot be started");
        process.StandardInput.Close();
        var (output, errors) = (Tail(process.StandardOutput), Tail(process.StandardError));
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"--external '{command}' took longer than {limit.TotalSeconds:0} seconds"));
        }
        if (!Task.WaitAll([output, errors], s_afterItsEnd)) throw new InputException($"--external '{command}' ended, but something that it started still holds its output");
        if (process.ExitCode != 0)
            throw new InputException(FormattableString.Invariant($"--external '{command}' ended with exit code {process.ExitCode}"), LastLine(errors.Result) is { Length: > 0 } why ? $"its last words: {why}" : null);
        return output.Result;
    }

    // All of it is read, so that the command never waits for us; the end is kept.
    private static async Task<string> Tail(StreamReader reader)
    {
        var (kept, buffer) = ("", new char[4096]);
        int read;
        while ((read = await reader.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            kept += new string(buffer, 0, read);
            if (kept.Length > MostOutput) kept = kept[^(MostOutput / 2)..];
        }
        return kept;
    }

    private static string LastLine(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() is { } line
        ? new string([.. line.Take(200).Select(c => char.IsControl(c) ? '?' : c)]) : "";

    private static Estimate Read(string command, string output)
    {
        var line = LastLine(output);
        var name = "external: " + command;
        if (line.StartsWith('{') && FromJson(line) is { } read) return read with { Estimator = name };
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is 1 or 2 && double.TryParse(words[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            && (words.Length == 1 || words[1] is "bits" or "nats"))
            return new Estimate(name, words is [_, "nats"] ? Bits.FromNats(number) : Bits.FromBits(number));
        throw new InputException($"--external '{command}' printed '{line}'", "expected as its last line a number of bits, a number with 'bits' or 'nats', or {\"bits\":…}");
    }

    private static Estimate? FromJson(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            Bits? Of(string stem) => Number(json.RootElement, stem + "bits") is { } bits ? Bits.FromBits(bits) : Number(json.RootElement, stem + "nats") is { } nats ? Bits.FromNats(nats) : null;
            return Of("") is { } value ? new Estimate("", value) { Low = Of("low_"), High = Of("high_") } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static double? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()) ? value.GetDouble() : null;
}
