using System.Globalization;

namespace Isthmus.Information;

/// <summary>The registry of tasks with known information, for <c>data make NAME --truth</c>, <c>make:NAME,key=value</c> and the calibration tables.</summary>
public static class InformationTasks
{
    private static readonly Dictionary<string, (string Usage, Func<Parameters, InformationTask> Make)> Families = new()
    {
        ["gaussian"] = ("dim=1, rho=0.8 or bits=…: pairs of correlated normal numbers", Gaussian),
        ["dense"] = ("dx=2, dy=2, off=0.5: normal columns, any two correlated alike", p => TaskFamilies.Dense(p.Integer("dx", 2), p.Integer("dy", 2), p.Number("off", 0.5))),
        ["pairs"] = ("dx=3, dy=3, rho=0.8: two correlated pairs among noise", p => TaskFamilies.Pairs(p.Integer("dx", 3), p.Integer("dy", 3), p.Number("rho", 0.8))),
        ["uniform"] = ("eps=0.1: a uniform number with uniform noise", p => TaskFamilies.Uniform(p.Number("eps", 0.1))),
        ["student"] = ("dim=1, df=1: Student's t, dependent through its scale alone", p => TaskFamilies.Student(p.Integer("dim", 1), p.Integer("df", 1))),
        ["loggamma"] = ("k=5: log-gamma and log-exponential", p => TaskFamilies.LogGammaExponential(p.Number("k", 5))),
        ["mixture"] = ("m=5: an integer and a uniform number above it", p => TaskFamilies.Mixture(p.Integer("m", 5))),
        ["zip"] = ("p=0.15: an exponential rate and a zero-inflated Poisson count", p => TaskFamilies.ZeroInflatedPoisson(p.Number("p", 0.15))),
        ["qary"] = ("m=2, p=0.2: a symbol redrawn with probability p", p => TaskFamilies.QAry(p.Integer("m", 2), p.Number("p", 0.2))),
    };

    /// <summary>Family → its parameters with defaults, and what it is.</summary>
    public static IReadOnlyDictionary<string, string> Usage { get; } = Families.ToDictionary(f => f.Key, f => f.Value.Usage);

    /// <summary>Transform → what it does; any family of continuous columns takes <c>transform=NAME</c>.</summary>
    public static IReadOnlyDictionary<string, string> TransformNames => Transforms.Descriptions;

    /// <summary>Whether a name is a family of tasks.</summary>
    public static bool Knows(string family) => Families.ContainsKey(family);

    /// <summary>A task by its family and parameters; <c>transform</c> may be among them.</summary>
    /// <exception cref="InputException">An unknown family or parameter, or a value out of range.</exception>
    public static InformationTask Make(string family, IReadOnlyDictionary<string, string>? parameters = null)
    {
        ArgumentNullException.ThrowIfNull(family);
        if (!Families.TryGetValue(family, out var entry))
            throw new InputException($"task '{family}' is not known", "known: " + string.Join(", ", Families.Keys));
        var given = new Parameters(family, parameters ?? new Dictionary<string, string>());
        var transform = given.Word("transform");
        var task = entry.Make(given);
        given.RefuseUnused(entry.Usage);
        return transform is null ? task : Transforms.Apply(task, transform);
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

    private static InformationTask Gaussian(Parameters p)
    {
        var dim = p.Integer("dim", 1);
        var wanted = p.Number("bits", double.NaN);
        var rho = p.Number("rho", 0.8);
        return TaskFamilies.Gaussian(dim, double.IsNaN(wanted) ? rho : TaskFamilies.RhoOf(Bits.FromBits(wanted).Nats, dim));
    }

    private sealed class Parameters(string family, IReadOnlyDictionary<string, string> values)
    {
        private readonly HashSet<string> _used = [];

        public string? Word(string key)
        {
            _used.Add(key);
            return values.GetValueOrDefault(key);
        }

        public double Number(string key, double otherwise)
        {
            if (Word(key) is not { } text) return otherwise;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) return number;
            throw new InputException($"task '{family}': {key}={text} is not a number");
        }

        public int Integer(string key, int otherwise)
        {
            if (Word(key) is not { } text) return otherwise;
            if (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number <= 4096) return number;
            throw new InputException($"task '{family}': {key}={text} is not a whole number up to 4096");
        }

        public void RefuseUnused(string usage)
        {
            foreach (var key in values.Keys)
                if (!_used.Contains(key)) throw new InputException($"task '{family}' has no parameter '{key}'", usage);
        }
    }
}
