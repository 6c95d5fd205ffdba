using System.Diagnostics;
using System.Text.Json;
using Isthmus.Tensors;

namespace Isthmus.Tests.Product;

/// <summary>A run that is killed or stopped at any moment, in the middle of a checkpoint too, ends with the bits of one that was not.</summary>
public class InterruptionTest : IDisposable
{
    // A checkpoint after every step: most kills fall into the writing of one.
    private const string Recipe = """
        name: killed
        seed: 7
        data: {source: "make:moons,n=400"}
        encoder: {type: mlp, widths: [64, 64]}
        bottleneck: {type: vib, latent: 4, beta: 1e-3, prior: mixture, components: 5}
        decoder: linear
        training: {epochs: 60, batch: 32, patience: 50, schedule: cosine, checkpoint_seconds: 0}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Whole()
    {
        var (code, output, errors) = Command.Run("train", _folder.Write("r.yaml", Recipe), "--out", Path.Combine(_folder.Path, "whole"), "--json");
        Assert.True(code == 0, errors);
        return JsonDocument.Parse(output).RootElement.GetProperty("model_sha256").GetString()!;
    }

    private Process Begin(string run) => Directory.Exists(run)
        ? Command.Start(_folder.Path, "train", "--resume", run, "--json", "--quiet")
        : Command.Start(_folder.Path, "train", "r.yaml", "--out", run, "--json", "--quiet");

    [Fact]
    public Task Killed4Times_ItEndsWithTheSameBits() => Killed(4);

    [Fact]
    [Trait("Category", "Slow")]
    public Task Killed20Times_ItEndsWithTheSameBits() => Killed(20);

    private async Task Killed(int times)
    {
        var whole = Whole();
        var run = Path.Combine(_folder.Path, "run");
        var random = new RandomStream((ulong)times);
        for (var kill = 0; kill < times; kill++)
        {
            using var process = Begin(run);
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            var checkpoint = Path.Combine(run, "state", "checkpoint.safetensors");
            // the first kills fall anywhere, start-up included; later ones into the training
            if (kill > 1)
            {
                var before = File.Exists(checkpoint) ? File.GetLastWriteTimeUtc(checkpoint) : default;
                while (!process.HasExited && (!File.Exists(checkpoint) || File.GetLastWriteTimeUtc(checkpoint) == before)) await Task.Delay(5, limit.Token);
            }
            await Task.Delay(random.NextInt(kill > 1 ? 150 : 700), limit.Token);
            process.Kill();
            await process.WaitForExitAsync(limit.Token);
        }
        var (code, output, errors) = await Command.RunProcess(_folder.Path, Directory.Exists(run) ? ["train", "--resume", run, "--json"] : ["train", "r.yaml", "--out", run, "--json"]);
        Assert.True(code == 0, errors);
        Assert.Equal(whole, JsonDocument.Parse(output).RootElement.GetProperty("model_sha256").GetString());
        Assert.Equal(Metrics(Path.Combine(_folder.Path, "whole")), Metrics(run));
        Assert.Empty(Directory.GetFiles(run, "*.part", SearchOption.AllDirectories));
    }

    // Everything but the time.
    private static string[] Metrics(string run) => [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line =>
    {
        var root = JsonDocument.Parse(line).RootElement;
        return $"{root.GetProperty("epoch")} {root.GetProperty("step")} {root.GetProperty("learning_rate")} {root.GetProperty("train")} {root.GetProperty("validation")}";
    })];

    [Fact]
    public async Task CtrlC_FinishesTheStepAndSaysHowToResume()
    {
        if (OperatingSystem.IsWindows()) return; // signals of the terminal cannot be sent to a process there
        var whole = Whole();
        var run = Path.Combine(_folder.Path, "run");
        using var process = Command.Start(_folder.Path, "train", "r.yaml", "--out", run);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!File.Exists(Path.Combine(run, "metrics.jsonl"))) await Task.Delay(5, limit.Token);
        using (var signal = Process.Start("kill", [InterruptIsIgnored() ? "-TERM" : "-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await signal.WaitForExitAsync(limit.Token);
        var errors = await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal(130, process.ExitCode);
        Assert.Contains($"isthmus train --resume {run}", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(run, "summary.json")));
        var (code, output, _) = await Command.RunProcess(_folder.Path, "train", "--resume", run, "--json");
        Assert.Equal(0, code);
        Assert.Equal(whole, JsonDocument.Parse(output).RootElement.GetProperty("model_sha256").GetString());
    }

    // A shell starts jobs in its background deaf to Ctrl-C, and their children inherit that: SIGTERM goes the same way then.
    private static bool InterruptIsIgnored()
    {
        const string field = "SigIgn:";
        if (!File.Exists("/proc/self/status")) return false;
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
        return line is not null && (Convert.ToUInt64(line[field.Length..].Trim(), 16) & 2) != 0; // bit 1 is signal 2
    }
}
