using System.Globalization;
using Isthmus.Bottlenecks;

namespace Isthmus.Runs;

/// <summary>Training under a budget of bits.</summary>
public static class BitBudget
{
    private const double Aim = 0.97; // the multiplier swings around its target; the cost has to stay below it
    private const double Enough = 0.85; // a search ends where so much of the budget is used
    private const int MostTrainings = 7;

    /// <summary>
    /// The best model whose bound stays under a number of bits. A variational code is held a little below it by a Lagrange multiplier (Rezende
    /// and Viola, "Taming VAEs", 2018), lower where the bound on the judged rows is still above; codebooks and levels get the sizes whose capacity fits; for
    /// all others whose rate has a weight (or a quantiser's step) it is searched for, by a few trainings.
    /// </summary>
    /// <param name="plan">What to train.</param>
    /// <param name="bits">The budget, above 0, bits a unit.</param>
    /// <param name="options">See there.</param>
    /// <exception cref="InputException">The bottleneck has nothing that its rate could be held by.</exception>
    public static RunSummary Train(Plan plan, double bits, TrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        if (!(bits > 0) || !double.IsFinite(bits)) throw new InputException(FormattableString.Invariant($"--bits {bits}: expected a number of bits above 0"));
        var type = plan.Recipe.Bottleneck?.Type ?? "";
        return plan.Recipe.Bottleneck?.Options switch
        {
            VibOptions vib => Held(plan, vib, bits, options),
            VqOptions vq => Start(plan, "codes", Codes(bits, vq.Heads), options),
            FsqOptions fsq => Start(plan, "levels", string.Join(", ", Levels(bits / fsq.Heads)), options),
            ResidualFsqOptions rfsq => Start(plan, "levels", string.Join(", ", Levels(bits / rfsq.Stages)), options),
            LfqOptions lfq => Start(plan, "bits", Signs(bits, lfq.Groups), options),
            BsqOptions bsq => Start(plan, "bits", Signs(bits, bsq.Groups), options),
            PcaOptions => Searched(plan, "step", bits, options),
            { } o when OptionModel.Fields(o.GetType()).Any(f => f.Name == "beta") => Searched(plan, "beta", bits, options),
            _ => throw new InputException($"--bits: {Reason(type)}", "--bottleneck vib can be held at a rate; for others set what their rate depends on"),
        };
    }

    private static string Reason(string type) => type switch
    {
        "identity" => "through identity everything passes",
        "linear" => "through linear pass real-valued numbers, whose rate has no bound",
        _ => $"bottleneck {type} has no weight of the rate that could hold it",
    };

    private static RunSummary Held(Plan plan, VibOptions vib, double bits, TrainOptions options)
    {
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

    // As many codes as so many bits can name.
    private static string Codes(double bits, int heads)
    {
        var each = bits / heads;
        if (each < 1) throw new InputException(FormattableString.Invariant($"--bits {bits}: {heads} indices take at least {heads} bits"), "bottleneck.heads: fewer indices");
        return Math.Min(65536, (long)Math.Floor(Math.Pow(2, Math.Min(each, 16)) + 1e-9)).ToString(CultureInfo.InvariantCulture);
    }

    private static string Signs(double bits, int groups) => bits >= groups ? Math.Min(62, (int)(bits / groups)).ToString(CultureInfo.InvariantCulture)
        : throw new InputException(FormattableString.Invariant($"--bits {bits}: {groups} groups take at least {groups} bits"), "bottleneck.groups: fewer groups");

    /// <summary>Levels of each dimension whose product is at most 2^bits and close to it: as many dimensions as have about five levels each
    /// (Mentzer, Minnen, Agustsson, Tschannen 2024, section 4.2).</summary>
    internal static int[] Levels(double bits)
    {
        if (bits < 1) throw new InputException(FormattableString.Invariant($"--bits: {bits:0.##} bits an index are fewer than the two levels of one dimension take (1 bit)"));
        var most = Math.Pow(2, bits) * (1 + 1e-9);
        var levels = new int[Math.Max(1, (int)Math.Floor(bits / Math.Log2(5)))];
        Array.Fill(levels, 2);
        for (var grown = true; grown;)
        {
            grown = false;
            // The dimension with the fewest levels grows first, as long as the product allows.
            foreach (var d in Enumerable.Range(0, levels.Length).OrderBy(i => levels[i]))
            {
                if (levels[d] >= 65536 || levels.Aggregate(1.0, (a, b) => a * b) / levels[d] * (levels[d] + 1) > most) continue;
                levels[d]++;
                grown = true;
                break;
            }
        }
        return [.. levels.OrderDescending()];
    }

    private static RunSummary Start(Plan plan, string field, string value, TrainOptions options)
    {
        options.Note?.Invoke($"bottleneck.{field} = {value}");
        return TrainJob.Start(With(plan.Recipe, field, value), plan.Loaded, options);
    }

    // Larger values of the field cost fewer bits: bracketed by factors of eight, then halved in the logarithm.
    private static RunSummary Searched(Plan plan, string field, double bits, TrainOptions options)
    {
        double? above = null, below = null, best = null;
        var value = Convert.ToDouble(OptionModel.Fields(plan.Recipe.Bottleneck!.Options.GetType()).First(f => f.Name == field).Property.GetValue(plan.Recipe.Bottleneck.Options), CultureInfo.InvariantCulture);
        if (!(value > 0)) value = 1e-2;
        for (var attempt = 1; ; attempt++)
        {
            var summary = Start(plan, field, Text(value), options);
            var bound = summary.Rate.BoundBits ?? throw new InputException($"--bits: bottleneck {plan.Recipe.Bottleneck.Type} states no rate here", "--bottleneck vib can be held at a rate");
            options.Note?.Invoke(FormattableString.Invariant($"{bound:0.00} bits at bottleneck.{field} = {Text(value)}"));
            if (bound <= bits) (below, best) = (value, value);
            else above = value;
            if (bound <= bits && (bound >= Enough * bits || attempt == MostTrainings)) return summary;
            Directory.Delete(summary.Run, recursive: true);
            if (attempt >= MostTrainings)
            {
                if (best is null) throw new InputException(FormattableString.Invariant($"--bits {bits}: after {attempt} trainings the cheapest still costs {bound:0.00} bits"), "more bits, or a smaller bottleneck.latent");
                return Start(plan, field, Text(best.Value), options);
            }
            value = (above, below) switch
            {
                ({ } a, { } b) => Math.Sqrt(a * b),
                (not null, null) => value * 8,
                _ => value / 8,
            };
        }
    }

    private static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static Recipe With(Recipe recipe, string field, string value) => RecipeFile.With(recipe, [new Override($"bottleneck.{field}", field == "levels" ? $"[{value}]" : value, "--bits")]);
}
