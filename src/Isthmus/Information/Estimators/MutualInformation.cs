using System.Globalization;

namespace Isthmus.Information;

/// <summary>The estimators by name, the choice that suits the data, and their readings side by side.</summary>
public static class MutualInformation
{
    private static readonly Dictionary<string, Func<int, int, SampleEstimator>> Makers = new()
    {
        ["ksg1"] = (k, _) => new Ksg1 { K = k },
        ["ksg2"] = (k, _) => new Ksg2 { K = k },
        ["mixed"] = (k, _) => new MixedInformation { K = k },
        ["ross"] = (k, _) => new RossInformation { K = k },
        ["binning"] = (_, _) => new BinnedInformation(),
        ["kde"] = (_, _) => new KernelDensityInformation(),
        ["gaussian"] = (_, _) => new GaussianInformation(),
        ["lossy"] = (k, c) => new LossyInformation { K = Math.Max(5, k), Components = c },
        ["lossy-autoencoder"] = (k, c) => new LossyInformation { K = Math.Max(5, k), Components = c, Autoencoder = true },
        ["cs"] = (_, _) => new CauchySchwarzInformation(),
        ["hsic"] = (_, _) => new Hsic { Kind = HsicKind.Normalised },
        ["renyi"] = (_, _) => new MatrixRenyi(),
        ["sliced"] = (k, _) => new SlicedInformation { K = k },
        ["infonce"] = (_, _) => new NeuralInformation(),
        ["nwj"] = (_, _) => new NeuralInformation { Kind = CriticKind.Nwj },
        ["dv"] = (_, _) => new NeuralInformation { Kind = CriticKind.Dv },
        ["smile"] = (_, _) => new NeuralInformation { Kind = CriticKind.Smile },
        ["js"] = (_, _) => new NeuralInformation { Kind = CriticKind.Js },
        ["tuba"] = (_, _) => new NeuralInformation { Kind = CriticKind.Tuba },
        ["club"] = (_, _) => new NeuralInformation { Kind = CriticKind.Club },
        ["l1out"] = (_, _) => new NeuralInformation { Kind = CriticKind.L1Out },
    };

    /// <summary>The names that <see cref="Make"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Makers.Keys];

    /// <summary>An estimator by name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="k">Number of neighbours, where it counts neighbours.</param>
    /// <param name="components">How many numbers a side is compressed to, where it is.</param>
    /// <exception cref="InputException">An unknown name, or k or components below 1.</exception>
    public static SampleEstimator Make(string name, int k = 3, int components = 4)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (k < 1) throw new InputException(FormattableString.Invariant($"k = {k}: at least 1 neighbour is needed"));
        if (components < 1) throw new InputException(FormattableString.Invariant($"components = {components}: at least 1 is needed"));
        if (Makers.TryGetValue(name, out var maker)) return maker(k, components);
        throw new InputException($"estimator '{name}' is not known", "known: all, " + string.Join(", ", Names));
    }

    /// <summary>The names that suit the samples: what <c>--estimator all</c> means.</summary>
    public static IReadOnlyList<string> Suited(Samples x, Samples y, bool given = false)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var (labelX, labelY) = (x.AllDiscrete, y.AllDiscrete);
        var names = new List<string>();
        if (labelX && labelY) names.AddRange(["binning", "mixed"]);
        else if (given) names.AddRange(["mixed", "ksg1", "binning", "gaussian"]);
        else if (labelX || labelY) names.AddRange(["ross", "mixed", "binning", "kde"]);
        else if (x.AnyDiscrete || y.AnyDiscrete) names.AddRange(["mixed", "binning"]);
        else names.AddRange(["ksg1", "ksg2", "mixed", "binning", "kde", "gaussian"]);
        if (!given && !(labelX && labelY) && Math.Max(x.Dimensions, y.Dimensions) > 4) names.Add("lossy");
        return names;
    }

    /// <summary>
    /// Reads with several estimators. Readings of Shannon information without alarm that still differ by more than a fifth and a
    /// twentieth of a bit all lose their no-alarm, each with a note naming the other.
    /// </summary>
    /// <param name="x">n samples of X.</param>
    /// <param name="y">n samples of Y.</param>
    /// <param name="names">Which estimators; null or a single <c>all</c> for <see cref="Suited"/>.</param>
    /// <param name="k">Number of neighbours.</param>
    /// <param name="options">What to compute beside the values.</param>
    /// <param name="components">How many numbers a side is compressed to, where it is.</param>
    /// <exception cref="InputException">No name, or an unknown one; samples that an estimator cannot read.</exception>
    public static IReadOnlyList<Estimate> Measure(Samples x, Samples y, IReadOnlyList<string>? names = null, int k = 3, MeasureOptions? options = null, int components = 4)
    {
        options ??= new MeasureOptions();
        if (names is null || names is ["all"]) names = Suited(x, y, options.Given is not null);
        if (names.Count == 0) throw new InputException("no estimator is named", "known: all, " + string.Join(", ", Names));
        var readings = names.Select(name => Make(name, k, components).Estimate(x, y, options)).ToArray();
        return options.Checks ? Compared(readings) : readings;
    }

    private static Estimate[] Compared(Estimate[] readings)
    {
        var sound = readings.Where(r => r.Verdict == Verdict.NoAlarm && r.Bits is not null).ToArray();
        return Array.ConvertAll(readings, reading =>
        {
            if (!sound.Contains(reading)) return reading;
            var far = sound.MaxBy(other => Math.Abs(other.Bits!.Value.Value - reading.Bits!.Value.Value))!;
            var (own, its) = (reading.Bits!.Value.Value, far.Bits!.Value.Value);
            if (Math.Abs(own - its) <= Math.Max(0.05, 0.2 * Math.Max(Math.Abs(own), Math.Abs(its)))) return reading;
            return reading with
            {
                Verdict = Verdict.Unreliable,
                Notes = [.. reading.Notes, string.Create(CultureInfo.InvariantCulture, $"{far.Estimator} reads {its:0.000} bits on the same rows: {Why(reading.Estimator, far.Estimator)}")],
            };
        });
    }

    private static string Why(string own, string other) => (own, other) switch
    {
        ("gaussian", _) => "gaussian sees straight lines only",
        (_, "gaussian") => "gaussian sees straight lines only; if the columns are Gaussian it is the better one",
        ("binning", _) or (_, "binning") => "bins blur what lies within them",
        ("kde", _) or (_, "kde") => "kernels blur edges and narrow humps",
        ("lossy", _) or (_, "lossy") => "compression drops directions of small variance",
        _ => "take more rows before trusting either",
    };
}
