using System.Globalization;
using System.Text.Json;
using Isthmus.Information;

namespace Isthmus.Tests.Information;

/// <summary>Readings of scikit-learn, SciPy and NumPy on fixed rows (Goldens/estimators.py).</summary>
public class EstimatorParityTest
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Information", "Goldens");

    private static readonly double[][] s_columns = Columns();

    private static double[][] Columns()
    {
        var rows = File.ReadLines(Path.Combine(s_folder, "estimators.csv")).Skip(1)
            .Select(line => line.Split(',').Select(v => double.Parse(v, NumberStyles.Float, CultureInfo.InvariantCulture)).ToArray()).ToArray();
        return [.. Enumerable.Range(0, 6).Select(c => rows.Select(r => r[c]).ToArray())];
    }

    private static double Golden(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(s_folder, "estimators.json")));
        return document.RootElement.GetProperty(name).GetDouble();
    }

    private static Samples X => Samples.FromColumns([s_columns[0], s_columns[1]]);

    private static Samples Y => Samples.FromColumns([s_columns[2], s_columns[3]], name: "y");

    private static Samples One(int column) => Samples.Of(s_columns[column]);

    private static double Read(SampleEstimator estimator, Samples x, Samples y, Samples? given = null) => estimator.Read(new Rows(x, y, given, 0, 2)).Nats;

    [Fact]
    public void Neighbour_estimators_equal_scipy_trees()
    {
        Assert.Equal(Golden("ksg1_k3_nats"), Read(new Ksg1(), X, Y), 9);
        Assert.Equal(Golden("ksg1_k10_nats"), Read(new Ksg1 { K = 10 }, X, Y), 9);
        Assert.Equal(Golden("cmi_k3_nats"), Read(new Ksg1(), One(0), One(2), One(4)), 9);
    }

    [Fact]
    public void Scikit_learn_reads_the_same_on_columns_of_unit_deviation()
    {
        // scikit-learn adds noise of 1e-10, which may move a neighbour across a rim: a count in 300.
        var scaled = new Ksg1 { Scaling = Standardise.Always };
        Assert.Equal(Golden("sklearn_regression_x1_y1_nats"), Read(scaled, One(0), One(2)), 2e-3);
        Assert.Equal(Golden("sklearn_regression_x2_y2_nats"), Read(scaled, One(1), One(3)), 2e-3);
        var labels = Samples.OfLabels(Array.ConvertAll(s_columns[5], v => (int)v));
        Assert.Equal(Golden("sklearn_classif_x1_label_nats"), Read(new RossInformation(), One(0), labels), 2e-3);
    }

    [Fact]
    public void Kernel_measures_equal_numpy()
    {
        var one = KernelWidth.Of(1);
        Assert.Equal(Golden("hsic_sigma1"), Read(new Hsic { WidthX = one, WidthY = one }, X, Y), 12);
        Assert.Equal(Golden("renyi_x_alpha101_bits"), MatrixRenyi.Entropy(MatrixRenyi.Gram(X, 1), 1.01), 9);
    }
}
