using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

/// <summary>How many threads the whole engine uses. It changes the time that things take and never a result.</summary>
public static class Threads
{
    /// <summary>From 1 to 256, the caller's thread included; all cores unless set. Values outside are moved to the nearest bound.</summary>
    public static int Count
    {
        get => Workers.Threads;
        set => Workers.Threads = value;
    }
}
