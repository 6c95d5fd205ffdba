using Isthmus.Tensors;

namespace Isthmus.Studies;

/// <summary>How much time a study may take.</summary>
public enum Budget
{
    /// <summary>About a second: whether everything runs. Its numbers mean nothing.</summary>
    Smoke,
    /// <summary>About half a minute for the whole study; the verdict is a preview.</summary>
    Quick,
    /// <summary>Some minutes for the whole study; the only budget whose results are recorded.</summary>
    Full,
}

/// <summary>The two sides of a study.</summary>
public enum Arm
{
    /// <summary>What the paper's method is held against, tuned as carefully.</summary>
    Baseline,
    /// <summary>The paper's method.</summary>
    Method,
}

/// <summary>
/// What both arms are given alike: all that is random comes from <see cref="Random"/>, so that arms of one seed see the same data,
/// the same order of batches and, where shapes allow, the same initial weights.
/// </summary>
/// <param name="Seed">0, 1, … for results; 100 to 102 for tuning.</param>
/// <param name="Budget">How much time there is.</param>
/// <param name="Data">A DATA argument in place of the study's own data; null for its own.</param>
/// <param name="Tuning">Whether only <see cref="Outcome.Tuning"/> is read: test data stay untouched then, and measures may be left out.</param>
/// <param name="Progress">Takes the share of the arm that is done, 0 to 1; null where nobody looks.</param>
/// <param name="Stop">Asked for by Ctrl-C; long loops throw on it.</param>
public sealed record Trial(int Seed, Budget Budget, string? Data = null, bool Tuning = false, IProgress<double>? Progress = null, CancellationToken Stop = default)
{
    /// <summary>A stream of random numbers under the trial's seed: equal words give equal streams, in both arms.</summary>
    /// <param name="purpose">As in <c>weights</c>, <c>noise</c>.</param>
    public RandomStream Random(string purpose) => new RandomStream((ulong)Seed).Fork(purpose);

    /// <summary>One of three values by the budget, as in <c>trial.Pick(2, 200, 1500)</c> steps.</summary>
    public T Pick<T>(T smoke, T quick, T full) => Budget switch { Budget.Smoke => smoke, Budget.Quick => quick, _ => full };
}
