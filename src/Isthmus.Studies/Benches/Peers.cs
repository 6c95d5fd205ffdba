using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Isthmus.Studies.Benches;

/// <summary>
/// Runs the peers' scripts at their best: without the variables that make OpenBLAS choose old kernels, with an allocator that
/// gives no memory back between steps, and with OpenMP's threads once spinning and once sleeping; the faster counts.
/// </summary>
internal static class Peers
{
    private static readonly string[] s_pythons = ["/usr/bin/python3", "python3"];

    /// <summary>The folder of the scripts: <c>benchmarks/peers</c> of the checkout that this program was built in.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Directory.Exists(Path.Combine(folder.FullName, "benchmarks", "peers"))) return Path.Combine(folder.FullName, "benchmarks", "peers");
        throw new InputException("bench --peers: the folder benchmarks/peers is not beside this program", "run it from a checkout of the repository");
    }

    /// <summary>One round of a script over some benches.</summary>
    /// <returns>By bench: the peer's name, and its median in milliseconds.</returns>
    public static Dictionary<string, (string Peer, double Ms)> Run(string script, IEnumerable<string> benches, int threads, bool spinning)
    {
        foreach (var python in s_pythons)
        {
            var start = new ProcessStartInfo(python) { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in (string[])[Path.Combine(Folder(), script), "--threads", threads.ToString(CultureInfo.InvariantCulture), "--benches", string.Join(',', benches)])
                start.ArgumentList.Add(argument);
            foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("OPENBLAS_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
            start.Environment["MALLOC_MMAP_THRESHOLD_"] = start.Environment["MALLOC_TRIM_THRESHOLD_"] = "4294967296";
            start.Environment["MALLOC_TOP_PAD_"] = "268435456";
            start.Environment["OMP_NUM_THREADS"] = start.Environment["OPENBLAS_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
            start.Environment["OMP_WAIT_POLICY"] = spinning ? "ACTIVE" : "PASSIVE";
            try
            {
                using var process = Process.Start(start)!;
                var errors = process.StandardError.ReadToEndAsync();
                var output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode == 0) return Parse(output);
                if (!errors.Result.Contains("ModuleNotFoundError", StringComparison.Ordinal))
                    throw new InvalidOperationException($"{script} ended with {process.ExitCode}: {errors.Result}");
            }
            catch (Win32Exception)
            {
                // this interpreter is not installed; try the next
            }
        }
        throw new InputException($"bench --peers: {script} needs Python with the peer's package", "on Debian: apt-get install python3-torch libopenblas0-pthread");
    }

    private static Dictionary<string, (string, double)> Parse(string output)
    {
        var result = new Dictionary<string, (string, double)>(StringComparer.Ordinal);
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var row = JsonDocument.Parse(line);
            result[row.RootElement.GetProperty("name").GetString()!] = (row.RootElement.GetProperty("peer").GetString()!, row.RootElement.GetProperty("ms").GetDouble());
        }
        return result;
    }
}
