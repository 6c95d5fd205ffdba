using System.Globalization;
using System.Text;
using Isthmus.Information;

namespace Isthmus.Tests.Information;

/// <summary>
/// docs/information-coverage.md: bias, spread and coverage over 100 seeds, by dimension and number of rows. Written anew with
/// <c>ISTHMUS_UPDATE_CALIBRATION=1</c> (a quarter of an hour on two cores); otherwise a sample of its rows is computed again.
/// </summary>
public class CalibrationTableTest
{
    private const int Seeds = 100;
    private const string Page = "docs/information-coverage.md";
    private static readonly string[] s_estimators = ["ksg1", "ksg2", "mixed", "ross", "binning", "kde", "gaussian", "lossy"];
    private static readonly int[] s_sizes = [500, 2000];
    private static readonly string[] s_tasks =
    [
        "gaussian,dim=1,rho=0", "gaussian,dim=1,rho=0.6", "gaussian,dim=1,rho=0.95", "gaussian,dim=2,rho=0.6", "gaussian,dim=3,rho=0.6", "gaussian,dim=5,rho=0.6", "gaussian,dim=10,rho=0.6",
        "gaussian,dim=1,rho=0.75,transform=wiggly", "dense,dx=2,dy=2,off=0.5", "pairs,dx=3,dy=3,rho=0.8", "uniform,eps=0.1", "student,dim=1,df=2", "student,dim=2,df=2,transform=asinh",
        "loggamma,k=5", "mixture,m=5", "zip,p=0.15", "qary,m=4,p=0.3",
    ];

    [Fact]
    [Trait("Category", "Slow")]
    public void ThePage_IsWhatTheLibraryComputes()
    {
        var path = Path.Combine(Golden.Root(), Page);
        if (Environment.GetEnvironmentVariable("ISTHMUS_UPDATE_CALIBRATION") == "1")
        {
            File.WriteAllText(path, Text(Calibration.Run(s_estimators, [.. s_tasks.Select(InformationTasks.Parse)], s_sizes, Seeds, alarms: false)));
            return;
        }
        var lines = File.ReadAllLines(path).ToHashSet(StringComparer.Ordinal);
        foreach (var row in Calibration.Run(["ksg1", "gaussian"], [.. new[] { "gaussian,dim=2,rho=0.6", "mixture,m=5" }.Select(InformationTasks.Parse)], [500], Seeds, alarms: false))
            Assert.Contains(Line(row), lines);
    }

    [Fact]
    public void ThePage_HasARowForEveryTask()
    {
        var lines = File.ReadAllLines(Path.Combine(Golden.Root(), Page));
        foreach (var task in s_tasks.Select(InformationTasks.Parse))
            foreach (var n in s_sizes)
                Assert.Contains(lines, l => l.StartsWith(string.Create(CultureInfo.InvariantCulture, $"| {task.Name} | {n} | mixed | {task.Truth.Value:0.000} |"), StringComparison.Ordinal));
    }

    private static string Line(CalibrationRow r) =>
        string.Create(CultureInfo.InvariantCulture, $"| {r.Task} | {r.Rows} | {r.Estimator} | {r.Truth:0.000} | {r.Bias:+0.000;-0.000} | {r.Spread:0.000} | {r.Coverage:0.00} |");

    private static string Text(IReadOnlyList<CalibrationRow> rows)
    {
        var text = new StringBuilder($"""
            # Bias, spread and coverage of the estimators, {Seeds} seeds

            Mutual information in bits on tasks with known truth, by dimension and number of rows n. Bias is the mean reading minus the truth,
            spread the standard deviation over seeds, coverage the share of 95 % intervals that hold the truth. Intervals describe sampling
            spread and know nothing of bias: an estimator whose bias exceeds its spread cannot cover, and should not be read without its
            alarms, which [the other table](information-calibration.md) judges. Estimators that a task does not suit are left out. Written by CalibrationTableTest with
            `ISTHMUS_UPDATE_CALIBRATION=1`.

            | task | n | estimator | truth | bias | spread | coverage |
            |---|---|---|---|---|---|---|

            """);
        foreach (var row in rows.Where(r => !double.IsNaN(r.Bias))) text.Append(Line(row)).Append('\n');
        return text.ToString();
    }
}
