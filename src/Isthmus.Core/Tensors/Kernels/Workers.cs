namespace Isthmus.Tensors.Kernels;

/// <summary>A piece of work cut into parts that may run in any order on any thread; it holds pointers and numbers only.</summary>
internal interface IJob
{
    /// <summary>Runs one part; parts write to disjoint places.</summary>
    void Execute(int part);
}

/// <summary>
/// The threads that kernels share. A job's parts are cut by its shape alone, never by the number of threads, wherever the cut
/// could change a result. Workers spin for some microseconds after a job, since a training step sends the next one at once,
/// and then sleep. A call from inside a job, or while another thread uses the workers, runs on the caller.
/// </summary>
internal static unsafe class Workers
{
    private static readonly Lock s_gate = new();
    private static Worker[] s_workers = [];
    private static int s_threads = Environment.ProcessorCount;

    private static delegate*<void*, int, void> s_body;
    private static void* s_job;
    private static int s_parts, s_next;

    [ThreadStatic] private static bool t_inside;

    /// <summary>How many threads kernels may use, the caller included; at least 1.</summary>
    public static int Threads
    {
        get => s_threads;
        set => s_threads = Math.Clamp(value, 1, 256);
    }

    /// <summary>Runs parts 0..parts-1 of a job, on the caller alone if it is too small to share, and returns when all are done.</summary>
    public static void Run<TJob>(ref TJob job, int parts, bool alone = false) where TJob : unmanaged, IJob
    {
        if (alone || parts <= 1 || s_threads == 1 || t_inside || !s_gate.TryEnter())
        {
            for (var i = 0; i < parts; i++) job.Execute(i);
            return;
        }
        try
        {
            t_inside = true;
            var helpers = Math.Min(s_threads, parts) - 1;
            while (s_workers.Length < helpers) s_workers = [.. s_workers, new Worker(s_workers.Length)];
            fixed (TJob* pointer = &job)
            {
                s_body = &Call<TJob>;
                s_job = pointer;
                s_parts = parts;
                s_next = 0;
                for (var i = 0; i < helpers; i++) s_workers[i].Invite();
                Drain();
                for (var i = 0; i < helpers; i++) s_workers[i].Dismiss();
            }
        }
        finally
        {
            t_inside = false;
            s_gate.Exit();
        }
    }

    private static void Call<TJob>(void* job, int part) where TJob : unmanaged, IJob => ((TJob*)job)->Execute(part);

    private static void Drain()
    {
        int part;
        while ((part = Interlocked.Increment(ref s_next) - 1) < s_parts) s_body(s_job, part);
    }

    /// <summary>One thread and its invitation.</summary>
    private sealed class Worker
    {
        private const int Idle = 0, Invited = 1, Working = 2;
        private const int SpinsBeforeSleep = 4000;
        private readonly SemaphoreSlim _bell = new(0);
        private int _state, _asleep;

        public Worker(int index) =>
            new Thread(Loop) { IsBackground = true, Name = $"isthmus-worker-{index}" }.Start();

        public void Invite()
        {
            Interlocked.Exchange(ref _state, Invited);
            if (Interlocked.CompareExchange(ref _asleep, 0, 1) == 1) _bell.Release();
        }

        /// <summary>Takes an unanswered invitation back, or waits until the worker has let go of the job.</summary>
        public void Dismiss()
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Invited) == Invited) return;
            var spin = new SpinWait();
            while (Volatile.Read(ref _state) == Working) spin.SpinOnce(sleep1Threshold: -1);
        }

        private void Loop()
        {
            t_inside = true;
            while (true)
            {
                for (var spins = 0; Volatile.Read(ref _state) != Invited; spins++)
                {
                    if (spins < SpinsBeforeSleep) Thread.SpinWait(4);
                    else Sleep();
                }
                if (Interlocked.CompareExchange(ref _state, Working, Invited) != Invited) continue;
                Drain();
                Volatile.Write(ref _state, Idle);
            }
        }

        private void Sleep()
        {
            Interlocked.Exchange(ref _asleep, 1);
            // Either the invitation is seen here, or the inviter sees the flag and rings.
            if (Volatile.Read(ref _state) == Invited && Interlocked.CompareExchange(ref _asleep, 0, 1) == 1) return;
            _bell.Wait();
        }
    }
}
