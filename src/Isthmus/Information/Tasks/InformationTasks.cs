namespace Isthmus.Information;

/// <summary>The registry of tasks with known information, for <c>data make NAME --truth</c>, <c>make:NAME,key=value</c> and the calibration tables.</summary>
public static class InformationTasks
{
    private static readonly TaskFamily[] s_families =
    [
        new("gaussian", "pairs of correlated normal numbers",
            [new("dim", 1, "pairs", Whole: true), new("rho", 0.8, "correlation of a pair")],
            k => TaskFamilies.Gaussian((int)k["dim"], k["rho"]), new("rho", 0, 1 - 1e-12)),
        new("dense", "normal columns, any two correlated alike",
            [new("dx", 2, "columns of x", Whole: true), new("dy", 2, "columns of y", Whole: true), new("off", 0.5, "correlation of any two columns")],
            k => TaskFamilies.Dense((int)k["dx"], (int)k["dy"], k["off"]), new("off", 0, 1 - 1e-12)),
        new("pairs", "two correlated pairs among noise",
            [new("dx", 3, "columns of x", Whole: true), new("dy", 3, "columns of y", Whole: true), new("rho", 0.8, "correlation of a pair")],
            k => TaskFamilies.Pairs((int)k["dx"], (int)k["dy"], k["rho"]), new("rho", 0, 1 - 1e-12)),
        new("uniform", "a uniform number with uniform noise", [new("eps", 0.1, "half the width of the noise")],
            k => TaskFamilies.Uniform(k["eps"]), new("eps", 1e-9, 1e9)),
        new("student", "Student's t, dependent through its scale alone",
            [new("dim", 1, "columns of x and of y", Whole: true), new("df", 1, "degrees of freedom")],
            k => TaskFamilies.Student((int)k["dim"], k["df"]), new("df", 0.05, 1e6)),
        new("loggamma", "log-gamma and log-exponential", [new("k", 5, "one over the shape")],
            k => TaskFamilies.LogGammaExponential(k["k"]), new("k", 1e-3, 1e9)),
        new("mixture", "an integer and a uniform number above it",
            [new("m", 5, "integers", Whole: true), new("p", 0, "probability that y is drawn anew")],
            k => TaskFamilies.Mixture((int)k["m"], k["p"]), new("p", 0, 1)),
        new("zip", "an exponential rate and a zero-inflated Poisson count", [new("p", 0.15, "probability of an added zero")],
            k => TaskFamilies.ZeroInflatedPoisson(k["p"]), new("p", 0, 1 - 1e-9)),
        new("qary", "a symbol redrawn with probability p", [new("m", 2, "symbols", Whole: true), new("p", 0.2, "probability that y is drawn anew")],
            k => TaskFamilies.QAry((int)k["m"], k["p"]), new("p", 0, 1)),
        new("sprite-pair", "two pictures whose shape, size and place agree unless redrawn",
            [new("size", 16, "pixels on a side", Whole: true), new("p", 0.2, "probability that a factor of y is drawn anew")],
            k => PictureTasks.SpritePair((int)k["size"], k["p"]), new("p", 0, 1)),
        new("blob-pair", "two pictures of a bright spot each, their places correlated, beside spots that say nothing",
            [new("size", 16, "pixels on a side", Whole: true), new("rho", 0.8, "correlation of the places"), new("nuisance", 0, "independent spots in each picture", Whole: true)],
            k => PictureTasks.BlobPair((int)k["size"], k["rho"], (int)k["nuisance"]), new("rho", 0, 1 - 1e-12)),
    ];

    /// <summary>The families of tasks, in the order they are listed.</summary>
    public static IReadOnlyList<TaskFamily> Families => s_families;

    /// <summary>Transform → what it does; any family of continuous columns takes <c>transform=NAME</c>.</summary>
    public static IReadOnlyDictionary<string, string> TransformNames => Transforms.Descriptions;

    /// <summary>Whether a name is a family of tasks.</summary>
    public static bool Knows(string family) => s_families.Any(f => f.Name == family);

    /// <summary>A task by its family and parameters; <c>transform=NAME</c> and <c>bits=WANTED</c> may be among them.</summary>
    /// <exception cref="InputException">An unknown family or parameter, a value out of range, or bits that the family cannot reach.</exception>
    public static InformationTask Make(string family, IReadOnlyDictionary<string, string>? parameters = null)
    {
        ArgumentNullException.ThrowIfNull(family);
        var entry = Array.Find(s_families, f => f.Name == family) ?? throw Suggest.Unknown("task", family, s_families.Select(f => f.Name));
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        string? transform = null;
        double? bits = null;
        foreach (var (key, text) in parameters ?? new Dictionary<string, string>())
        {
            if (key == "transform") transform = text;
            else if (key == "bits") bits = TaskFamily.Number(family, key, text, whole: false);
            else numbers[key] = TaskFamily.Number(family, key, text, entry.Key(key).Whole);
        }
        return entry.Make(numbers, bits, transform);
    }

    /// <summary>A task by its name as printed: <c>gaussian,dim=5,rho=0.8,transform=cdf</c>.</summary>
    /// <exception cref="InputException">As <see cref="Make"/>, or a part without <c>=</c>.</exception>
    public static InformationTask Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var parts = name.Split(',', StringSplitOptions.TrimEntries);
        var parameters = new Dictionary<string, string>();
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new InputException($"task '{name}': '{part}' is not key=value");
            parameters[part[..equals]] = part[(equals + 1)..];
        }
        return Make(parts[0], parameters);
    }

    /// <summary>The tasks on which the alarms were set.</summary>
    public static IReadOnlyList<InformationTask> Benchmark { get; } = [.. new[]
    {
        "gaussian,dim=1,rho=0.5", "gaussian,dim=1,rho=0.8", "gaussian,dim=2,rho=0.8", "gaussian,dim=5,rho=0.8", "gaussian,dim=10,rho=0.5",
        "gaussian,dim=1,rho=0.75,transform=cdf", "gaussian,dim=1,rho=0.75,transform=half-cube", "gaussian,dim=1,rho=0.75,transform=wiggly",
        "gaussian,dim=1,rho=0.75,transform=bimodal", "gaussian,dim=1,rho=0.75,transform=swiss-roll",
        "dense,dx=2,dy=2", "dense,dx=3,dy=3", "dense,dx=5,dy=5", "dense,dx=25,dy=25",
        "pairs,dx=3,dy=3", "pairs,dx=5,dy=5", "pairs,dx=25,dy=25", "pairs,dx=5,dy=5,transform=cdf", "pairs,dx=5,dy=5,transform=half-cube", "pairs,dx=3,dy=3,transform=spiral",
        "uniform,eps=0.1", "uniform,eps=0.75",
        "student,dim=1,df=1", "student,dim=2,df=2", "student,dim=3,df=3", "student,dim=1,df=1,transform=asinh", "student,dim=2,df=1,transform=asinh",
        "loggamma,k=1", "loggamma,k=5", "loggamma,k=10",
        "mixture,m=5", "mixture,m=10", "zip,p=0.15", "qary,m=2,p=0.2", "qary,m=10,p=0.1",
        "gaussian,dim=1,rho=0.9,transform=scrambled", "gaussian,dim=1,rho=0.75,transform=heavy",
    }.Select(Parse)];

    /// <summary>Tasks that no alarm was set on: what the calibration table reports.</summary>
    public static IReadOnlyList<InformationTask> HeldOut { get; } = [.. new[]
    {
        "gaussian,dim=1,rho=0.65,transform=asinh", "gaussian,dim=2,rho=0.6,transform=wiggly", "gaussian,dim=3,rho=0.7", "gaussian,dim=8,rho=0.7", "gaussian,dim=1,rho=0.95",
        "gaussian,dim=1,rho=0.9,transform=swiss-roll", "gaussian,dim=2,rho=0.7,transform=spiral", "gaussian,dim=1,rho=0.8,transform=scrambled", "gaussian,dim=1,rho=0.9,transform=heavy",
        "dense,dx=1,dy=4,off=0.6", "dense,dx=4,dy=4,off=0.3,transform=cdf", "dense,dx=15,dy=15,off=0.4", "pairs,dx=4,dy=4,rho=0.9,transform=half-cube", "pairs,dx=10,dy=10,rho=0.9",
        "uniform,eps=0.3", "uniform,eps=0.02", "student,dim=5,df=2", "student,dim=2,df=2,transform=asinh", "loggamma,k=3", "loggamma,k=200",
        "mixture,m=3", "mixture,m=20", "zip,p=0", "qary,m=4,p=0.3", "qary,m=30,p=0.2",
    }.Select(Parse)];
}
