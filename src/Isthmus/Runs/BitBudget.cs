using Isthmus.Bottlenecks;

namespace Isthmus.Runs;

/// <summary>Training under a budget of bits.</summary>
public static class BitBudget
{
    private const double Aim = 0.97; // the multiplier swings around its target; the cost has to stay below it

    /// <summary>
    /// The best model whose bound stays under a number of bits: the rate is held a little below it by a Lagrange multiplier (Rezende
    /// and Viola, "Taming VAEs", 2018), and held lower until the bound on the judged rows is inside the budget.
    /// </summary>
    /// <param name="plan">What to train; its bottleneck has to hold a target rate.</param>
    /// <param name="bits">The budget, above 0, bits a unit.</param>
    /// <param name="options">See there.</param>
    /// <exception cref="InputException">The bottleneck holds no target rate.</exception>
    public static RunSummary Train(Plan plan, double bits, TrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        if (!(bits > 0) || !double.IsFinite(bits)) throw new InputException(FormattableString.Invariant($"--bits {bits}: expected a number of bits above 0"));
        if (plan.Recipe.Bottleneck?.Options is not VibOptions vib)
            throw new InputException($"--bits: bottleneck {plan.Recipe.Bottleneck?.Type} cannot hold a rate", "--bottleneck vib can; for others set what their rate depends on");
        var target = bits * Aim;
        for (var attempt = 1; ; attempt++)
        {
            var last = attempt == 3;
            var recipe = plan.Recipe with { Bottleneck = new Choice("vib", vib with { Schedule = BetaMode.Target, TargetBits = target }) };
            var summary = TrainJob.Start(recipe, plan.Loaded, options);
            if (last || summary.Rate.BoundBits is not { } bound || bound <= bits) return summary;
            options.Note?.Invoke(FormattableString.Invariant($"{bound:0.00} bits are above the budget of {bits}: once more with a lower target"));
            target *= bits / bound * Aim;
            Directory.Delete(summary.Run, recursive: true);
        }
    }
}
