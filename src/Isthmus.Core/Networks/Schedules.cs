namespace Isthmus.Networks;

/// <summary>What the learning rate is multiplied by at each step: a pure function of the step, so that a resumed run needs no state.</summary>
public abstract record Schedule
{
    /// <summary>The factor at a step.</summary>
    /// <param name="step">Steps (or epochs, whichever the schedule's lengths count) made before; at least 0.</param>
    public abstract double Factor(long step);
}

/// <summary>Always 1.</summary>
public sealed record ConstantSchedule : Schedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => 1;
}

/// <summary>Multiplied by gamma once every so many steps (<c>StepLR</c>).</summary>
/// <param name="Every">At least 1.</param>
/// <param name="Gamma">Above 0.</param>
public sealed record StepSchedule(long Every, double Gamma = 0.1) : Schedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => Math.Pow(Gamma, step / Math.Max(1, Every));
}

/// <summary>Multiplied by gamma at every step (<c>ExponentialLR</c>).</summary>
/// <param name="Gamma">Above 0.</param>
public sealed record ExponentialSchedule(double Gamma) : Schedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => Math.Pow(Gamma, step);
}

/// <summary>
/// Half a period of the cosine from 1 to the floor, then the floor (Loshchilov, Hutter 2017, equation 5, without restarts; <c>CosineAnnealingLR</c>).
/// </summary>
/// <param name="Total">Steps until the floor, at least 1.</param>
/// <param name="Floor">The last factor, at least 0.</param>
public sealed record CosineSchedule(long Total, double Floor = 0) : Schedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => Floor + ((1 - Floor) * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, step / (double)Math.Max(1, Total)))));
}

/// <summary>Rises in equal steps, 1/n, 2/n … 1 (Goyal et al. 2017, section 2.2), and then follows another schedule from its beginning.</summary>
/// <param name="Steps">How many steps n the rise takes; 0 for none.</param>
/// <param name="Then">What follows.</param>
public sealed record WarmUpSchedule(long Steps, Schedule Then) : Schedule
{
    /// <inheritdoc/>
    public override double Factor(long step) => step < Steps ? Then.Factor(0) * (step + 1) / Steps : Then.Factor(step - Steps);
}

/// <summary>
/// One cycle (Smith, Topin 2018; <c>OneCycleLR</c> with cosine arcs): from 1 / start up to 1, which is the largest rate, and
/// down to 1 / (start end).
/// </summary>
/// <param name="Total">Steps of the whole cycle, at least 2; the last factor holds after it.</param>
/// <param name="Rise">The share of steps that go up, in (0, 1).</param>
/// <param name="Start">The largest rate over the first, at least 1.</param>
/// <param name="End">The first rate over the last, at least 1.</param>
public sealed record OneCycleSchedule(long Total, double Rise = 0.3, double Start = 25, double End = 1e4) : Schedule
{
    /// <inheritdoc/>
    public override double Factor(long step)
    {
        var (first, top, last) = (1 / Start, (Rise * Total) - 1, (double)Total - 1);
        return step <= top
            ? Arc(first, 1, top > 0 ? step / top : 1)
            : Arc(1, first / End, last > top ? Math.Min(1, (step - top) / (last - top)) : 1);
    }

    private static double Arc(double from, double to, double share) => to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * share)));
}

/// <summary>
/// Lowers the rate when a figure has stopped to fall (<c>ReduceLROnPlateau</c>, relative threshold): not a function of the step, so its three
/// fields go to the checkpoint.
/// </summary>
/// <param name="gamma">What the factor is multiplied by, in (0, 1).</param>
/// <param name="patience">How many figures in a row may fail to improve before it is.</param>
/// <param name="threshold">A figure improves if it is below best - threshold |best|.</param>
public sealed class PlateauSchedule(double gamma = 0.1, int patience = 10, double threshold = 1e-4)
{
    /// <summary>What the learning rate is multiplied by now.</summary>
    public double Factor { get; set; } = 1;

    /// <summary>The best figure so far; infinite before the first.</summary>
    public double Best { get; set; } = double.PositiveInfinity;

    /// <summary>How many figures in a row have not improved.</summary>
    public int Waited { get; set; }

    /// <summary>Takes the next figure to be made small; NaN does not improve.</summary>
    /// <returns>The factor from now on.</returns>
    public double Observe(double figure)
    {
        if (double.IsPositiveInfinity(Best) ? figure < Best : figure < Best - (threshold * Math.Abs(Best))) (Best, Waited) = (figure, 0);
        else if (++Waited > patience) (Factor, Waited) = (Factor * gamma, 0);
        return Factor;
    }
}
