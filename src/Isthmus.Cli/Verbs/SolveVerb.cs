using System.CommandLine;
using Isthmus.Information;
using Isthmus.Reports;

namespace Isthmus.Cli.Verbs;

/// <summary><c>solve</c>: exact answers on distributions that are given as numbers, not as samples.</summary>
internal sealed class SolveVerb : Verb
{
    private const int MostCells = 40; // of a coupling, for people

    private static readonly Dictionary<string, Action<SolveVerb, Call>> s_problems = new()
    {
        ["ib"] = (verb, call) => verb.Bottleneck(call, alpha: 1),
        ["dib"] = (verb, call) => verb.Bottleneck(call, alpha: 0),
        ["gaussian-ib"] = (verb, call) => verb.Gaussian(call),
        ["capacity"] = (verb, call) => verb.Capacity(call),
        ["rate-distortion"] = (verb, call) => verb.Distortion(call),
        ["coupling"] = (verb, call) => verb.Coupling(call),
        ["ebim"] = (verb, call) => verb.EntropyBounded(call),
    };

    private readonly Argument<string> _problem = new("PROBLEM") { Description = $"one of: {string.Join(", ", s_problems.Keys)}" };
    private readonly Option<string?> _joint = new("--joint") { HelpName = "FILE", Description = "ib, dib: p(x,y) as CSV: a matrix, rows x, or one row an outcome with its probability or count" };
    private readonly Option<string?> _channel = new("--channel") { HelpName = "FILE", Description = "capacity: p(y|x) as CSV, rows x" };
    private readonly Option<string?> _p = new("--p") { HelpName = "LIST", Description = "rate-distortion, ebim: the source; coupling: the first marginal" };
    private readonly Option<string[]> _q = new("--q") { HelpName = "LIST", Description = "coupling: another marginal; may be repeated" };
    private readonly Option<string?> _rho = new("--rho") { HelpName = "LIST", Description = "gaussian-ib: the canonical correlations" };
    private readonly Option<string?> _beta = new("--beta") { HelpName = "LIST", Description = "trade-offs, with commas; for rate-distortion the slopes in nats (default 1,2,5,10,20,50,100)" };
    private readonly Option<string> _distortion = new("--distortion") { HelpName = "hamming|squared|FILE", Description = "rate-distortion: squared is between the symbols' numbers 0, 1, 2, …", DefaultValueFactory = _ => "hamming" };
    private readonly Option<double?> _budget = new("--budget") { HelpName = "BITS", Description = "ebim: the most that H(T) may be" };
    private readonly Option<int?> _clusters = new("--clusters") { HelpName = "N", Description = "ib, dib: the largest number of values of T" };
    private readonly Option<int?> _restarts = new("--restarts") { HelpName = "N", Description = "ib, dib: seeded random starts for each beta (default 8)" };

    public override IReadOnlyList<Symbol> Symbols => [_problem, _joint, _channel, _p, _q, _rho, _beta, _distortion, _budget, _clusters, _restarts];

    public override string Details =>
        "ib minimises I(X;T) - beta I(T;Y) over encoders q(t|x); dib minimises H(T) - beta I(T;Y); gaussian-ib is ib in closed form; " +
        "coupling looks for the joint of least entropy with given marginals; ebim for the T of most information with H(T) at most " +
        "--budget. A network trained on task + weight * rate has the optimum of ib at weight = train_beta = 1/beta.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus solve ib --joint joint.csv --beta 2,5",
        "isthmus solve capacity --channel channel.csv --json",
        "isthmus solve rate-distortion --p 0.6,0.4 --distortion hamming --beta 3",
        "isthmus solve coupling --p 0.5,0.3,0.2 --q 0.6,0.4",
        "isthmus solve gaussian-ib --rho 0.9,0.5 --beta 2,5,10",
        "isthmus solve ebim --p 0.4,0.3,0.2,0.1 --budget 1",
    ];

    public override bool Run(Call call)
    {
        var problem = call.Get(_problem)!;
        if (!s_problems.TryGetValue(problem, out var solve)) throw Suggest.Unknown("problem", problem, s_problems.Keys);
        solve(this, call);
        return true;
    }

    private void Bottleneck(Call call, double alpha)
    {
        var path = Need(call, call.Get(_joint), "--joint FILE", "a CSV file of probabilities or counts, as in --joint joint.csv");
        var joint = ProbabilityTable.ReadJoint(path);
        if (joint.Variables.Count != 2) throw new InputException($"{path}: has {CellText.Of(joint.Variables.Count)} variables, expected 2");
        var options = new BottleneckOptions { Betas = Betas(call), Alpha = alpha, Clusters = call.Get(_clusters), Restarts = call.Get(_restarts) ?? 8, Seed = call.Seed };
        var result = InformationBottleneck.Solve(joint.Matrix(joint.Variables[0].Name, joint.Variables[1].Name), options);
        new Answer($"Information bottleneck of {path}", result, ["beta", "train beta", "I(X;T) bits", "I(T;Y) bits", "values of T", "starts agreeing"],
            [.. result.Points.Select(p => (object?[])[p.Beta, p.TrainBeta, p.IxtBits, p.ItyBits, p.Encoder[0].Length, $"{CellText.Of(p.Certificate.StartsAgreeing)} of {CellText.Of(p.Certificate.Starts)}"])])
        {
            Remarks = [$"I(X;Y) {CellText.Number(result.IxyBits)} bits, H(X) {CellText.Number(result.HxBits)} bits"
                + (result.CriticalBetas.Count > 0 ? $"; T begins to say something at beta {CellText.Number(result.CriticalBetas[0])}" : "")],
            Plot = Curve([.. result.Points.Select(p => (p.IxtBits, p.ItyBits))]).HorizontalRule(result.IxyBits, "I(X;Y)"),
            Explanation = Details,
        }.Print(call);
    }

    private void Gaussian(Call call)
    {
        var rho = NumberList.Parse("--rho", Need(call, call.Get(_rho), "--rho LIST", "canonical correlations, as in --rho 0.9,0.5"));
        var result = GaussianBottleneck.Solve(rho, Betas(call));
        new Answer("Gaussian information bottleneck", result, ["beta", "train beta", "I(X;T) bits", "I(T;Y) bits", "directions"],
            [.. result.Points.Select(p => (object?[])[p.Beta, p.TrainBeta, p.IxtBits, p.ItyBits, p.Encoder.Length])])
        {
            Remarks = [$"I(X;Y) {CellText.Number(result.IxyBits)} bits; directions come into use at beta {string.Join(", ", result.CriticalBetas.Select(b => CellText.Number(b)))}"],
            Plot = Curve([.. result.Points.Select(p => (p.IxtBits, p.ItyBits))]).HorizontalRule(result.IxyBits, "I(X;Y)"),
            Explanation = Details,
        }.Print(call);
    }

    private void Capacity(Call call)
    {
        var channel = ProbabilityTable.ReadChannel(Need(call, call.Get(_channel), "--channel FILE", "a CSV file of p(y|x), one row for each x"));
        var result = ChannelCapacity.Solve(channel.Values);
        new Answer("Channel capacity", result, ["input", "p", "D(p(y|x) || p(y)) bits"],
            [.. result.Input.Select((p, x) => (object?[])[channel.Rows[x], p, result.DivergenceBits[x]])])
        {
            Lead = $"capacity {CellText.Number(result.Bits, 7)} bits a use (the true value is at most {CellText.Number(result.GapBits, 2)} bits above)",
        }.Print(call);
    }

    private void Distortion(Call call)
    {
        var p = NumberList.Parse("--p", Need(call, call.Get(_p), "--p LIST", "the source's probabilities, as in --p 0.6,0.4"));
        var distortion = call.Get(_distortion) switch
        {
            "hamming" => RateDistortion.Hamming(p.Length),
            "squared" => RateDistortion.Squared([.. Enumerable.Range(0, p.Length).Select(i => (double)i)]),
            var file => ProbabilityTable.ReadMatrix(file!).Values,
        };
        var result = RateDistortion.Solve(p, distortion, Betas(call));
        new Answer("Rate and distortion", result, ["beta", "rate, bits", "distortion", "gap, bits"],
            [.. result.Points.Select(point => (object?[])[point.Beta, point.RateBits, point.Distortion, point.GapBits])])
        {
            Plot = new SvgPlot("Rate and distortion", new Axis("distortion"), new Axis("bits"))
                .Line("", [.. result.Points.Select(point => point.Distortion)], [.. result.Points.Select(point => point.RateBits)]),
        }.Print(call);
    }

    private void Coupling(Call call)
    {
        var first = NumberList.Parse("--p", Need(call, call.Get(_p), "--p LIST", "the first marginal, as in --p 0.5,0.5"));
        var others = call.Get(_q) is { Length: > 0 } q ? q : throw new InputException("coupling needs --q LIST", "another marginal, as in --q 0.6,0.4");
        var result = MinimumEntropyCoupling.Solve([first, .. others.Select(m => NumberList.Parse("--q", m))]);
        new Answer("Coupling of least entropy", result, ["cell", "probability"],
            [.. result.Cells.Take(MostCells).Select(cell => (object?[])[string.Join(", ", cell.Index.Select(i => CellText.Of(i))), cell.Mass])])
        {
            Lead = $"joint entropy {CellText.Number(result.EntropyBits, 7)} bits, no coupling has less than {CellText.Number(result.LowerBoundBits, 7)} ({(result.Optimal ? "optimal" : result.Method)})",
            Remarks = result.Cells.Count > MostCells ? [$"… and {CellText.Of(result.Cells.Count - MostCells)} more (--json lists all)"] : [],
        }.Print(call);
    }

    private void EntropyBounded(Call call)
    {
        var p = NumberList.Parse("--p", Need(call, call.Get(_p), "--p LIST", "the source's probabilities, as in --p 0.6,0.4"));
        var budget = call.Get(_budget) ?? throw new InputException("ebim needs --budget BITS", "the most that H(T) may be, as in --budget 1");
        var result = EntropyBoundedBottleneck.Solve(p, Bits.FromBits(budget));
        new Answer("Most information within an entropy", result, ["I(X;T) bits", "H(T) bits", "budget", "nothing has more than", "T is a function of X"],
            [[result.IxtBits, result.HtBits, result.BudgetBits, result.UpperBoundBits, result.Deterministic]]).Print(call);
    }

    private static SvgPlot Curve((double Ixt, double Ity)[] points)
    {
        var sorted = points.OrderBy(p => p.Ixt).ToArray();
        return new SvgPlot("What T keeps and what it is worth", new Axis("I(X;T), bits"), new Axis("I(T;Y), bits", Min: 0)).Line("", [.. sorted.Select(p => p.Ixt)], [.. sorted.Select(p => p.Ity)]);
    }

    private string Need(Call call, string? value, string what, string hint) => value ?? throw new InputException($"{call.Get(_problem)} needs {what}", hint);

    private double[] Betas(Call call) => NumberList.Parse("--beta", call.Get(_beta) ?? "1,2,5,10,20,50,100");
}
