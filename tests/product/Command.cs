using System.Diagnostics;
using Isthmus.Cli;
using Isthmus.Cli.Verbs;

namespace Isthmus.Tests.Product;

/// <summary>The command as tests call it: in this process, which is fast, or as a process of its own.</summary>
internal static class Command
{
    /// <summary>Runs a command line in this process, with neither stdout nor stderr a terminal.</summary>
    public static (int Code, string Output, string Errors) Run(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = new Shell(output, errors, default, VerbIndex.Entries, CancellationToken.None).Run(args);
        return (code, output.ToString(), errors.ToString());
    }

    /// <summary>Starts the built command; the caller waits for it or ends it.</summary>
    public static Process Start(string folder, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(Shell).Assembly.Location);
        foreach (var arg in args) start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }

    /// <summary>Runs the built command to its end; fails when that takes longer than a minute.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunProcess(string folder, params string[] args)
    {
        using var process = Start(folder, args);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}

/// <summary>A folder that goes away with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("isthmus-test");

    public string Path => _folder.FullName;

    /// <summary>Writes a file into it and returns its full path.</summary>
    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
