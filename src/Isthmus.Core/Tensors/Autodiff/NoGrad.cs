namespace Isthmus.Tensors;

/// <summary>While one is open on this thread, operations are not recorded: <c>using (new NoGrad()) …</c>.</summary>
public sealed class NoGrad : IDisposable
{
    [ThreadStatic] private static int t_depth;
    private bool _open = true;

    /// <summary>Stops recording until disposed; nests.</summary>
    public NoGrad() => t_depth++;

    /// <summary>Whether operations on this thread are recorded now.</summary>
    internal static bool IsRecording => t_depth == 0;

    /// <summary>Records again as before.</summary>
    public void Dispose()
    {
        if (_open) t_depth--;
        _open = false;
    }

    /// <summary>Sets how many are open, for <see cref="EnableGrad"/>.</summary>
    /// <returns>How many there were.</returns>
    internal static int Exchange(int depth)
    {
        var before = t_depth;
        t_depth = depth;
        return before;
    }
}
