using System.CommandLine;
using Isthmus.Information;
using Isthmus.Reports;

namespace Isthmus.Cli.Verbs;

/// <summary><c>solve</c>: exact answers on distributions that are given as numbers, not as samples.</summary>
internal sealed class SolveVerb : Verb
{
    private readonly Argument<string> _problem = new("PROBLEM") { Description = $"one of: {string.Join(", ", s_problems.Keys)}" };
    private readonly Option<string?> _joint = new("--joint") { HelpName = "FILE", Description = "p(x,y) as CSV: a matrix, rows x, or one row an outcome with its probability or count" };
    private readonly Option<string?> _beta = new("--beta") { HelpName = "LIST", Description = "trade-offs, with commas (default 1,2,5,10,20,50,100)" };
    private readonly Option<int?> _clusters = new("--clusters") { HelpName = "N", Description = "ib, dib: the largest number of values of T" };
    private readonly Option<int?> _restarts = new("--restarts") { HelpName = "N", Description = "ib, dib: seeded random starts for each beta (default 8)" };

    private static readonly Dictionary<string, Action<SolveVerb, Call>> s_problems = new()
    {
        ["ib"] = (verb, call) => verb.Bottleneck(call, alpha: 1),
        ["dib"] = (verb, call) => verb.Bottleneck(call, alpha: 0),
    };

    public override IReadOnlyList<Symbol> Symbols => [_problem, _joint, _beta, _clusters, _restarts];

    public override string Details =>
        "ib minimises I(X;T) - beta I(T;Y) over encoders q(t|x), dib minimises H(T) - beta I(T;Y). A network that is trained on task + " +
        "weight * rate has the same optimum at weight = train_beta = 1/beta.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus solve ib --joint joint.csv --beta 2,5",
        "isthmus solve dib --joint counts.csv --beta 10 --json",
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
        var options = new BottleneckOptions { Betas = Betas(call), Alpha = alpha, Clusters = call.Get(_clusters), Restarts = call.Get(_restarts) ?? 8, Seed = call.Seed };
        var result = InformationBottleneck.Solve(Joint(call), options);
        call.Result(() => result, output =>
        {
            var table = new TextTable("beta", "train beta", "I(X;T) bits", "I(T;Y) bits", "values of T", "starts agreeing");
            foreach (var p in result.Points)
                table.Add(p.Beta, p.TrainBeta, p.IxtBits, p.ItyBits, p.Encoder[0].Length, $"{CellText.Of(p.Certificate.StartsAgreeing)} of {CellText.Of(p.Certificate.Starts)}");
            call.Write(table);
            output.WriteLine();
            output.WriteLine($"I(X;Y) {CellText.Number(result.IxyBits)} bits, H(X) {CellText.Number(result.HxBits)} bits"
                + (result.CriticalBetas.Count > 0 ? $"; T begins to say something at beta {CellText.Number(result.CriticalBetas[0])}" : ""));
        });
    }

    private double[,] Joint(Call call)
    {
        var path = call.Get(_joint) ?? throw new InputException($"{call.Get(_problem)} needs --joint FILE", "a CSV file of probabilities or counts, as in --joint joint.csv");
        var joint = ProbabilityTable.ReadJoint(path);
        if (joint.Variables.Count != 2) throw new InputException($"{path}: has {CellText.Of(joint.Variables.Count)} variables, expected 2");
        return joint.Matrix(joint.Variables[0].Name, joint.Variables[1].Name);
    }

    private double[] Betas(Call call) => NumberList.Parse("--beta", call.Get(_beta) ?? "1,2,5,10,20,50,100");
}
