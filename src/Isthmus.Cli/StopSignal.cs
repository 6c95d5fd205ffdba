using System.Runtime.InteropServices;

namespace Isthmus.Cli;

/// <summary>
/// Ctrl-C and SIGTERM as a cancellation token: the first asks the verb to finish its step and write what it has, the second ends
/// the process at once.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _signals = [];

    public CancellationToken Token => _source.Token;

    public static StopSignal Listen(TextWriter errors)
    {
        var stop = new StopSignal();
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM])
            stop._signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                if (stop.Token.IsCancellationRequested) return; // not cancelled: the process ends
                context.Cancel = true;
                errors.WriteLine("\nfinishing the step (once more to stop at once)");
                stop._source.Cancel();
            }));
        return stop;
    }

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _source.Dispose();
    }
}
