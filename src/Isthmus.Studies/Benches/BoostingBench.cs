using Isthmus.Data;
using Isthmus.Data.Baselines;

namespace Isthmus.Studies.Benches;

/// <summary>A fit of boosted trees to California Housing, which is timed only where ISTHMUS_DATA names a folder that has it.</summary>
internal static class BoostingBench
{
    /// <summary>The bench, or nothing.</summary>
    public static IEnumerable<Bench> WhereDataAre()
    {
        if (Environment.GetEnvironmentVariable("ISTHMUS_DATA") is not { Length: > 0 } folder) yield break;
        var file = Path.Combine(folder, "tabular", "cal_housing.data");
        if (File.Exists(file))
            yield return new Bench("boosting-housing", "California Housing, 20,640 x 8, 100 trees of 31 leaves, 255 bins", () => Fit(file)) { PeerScript = "sklearn_peer.py" };
    }

    private static Action Fit(string file)
    {
        var table = CsvFile.Read(file);
        var x = new float[table.Count * 8];
        for (var c = 0; c < 8; c++)
            for (var row = 0; row < table.Count; row++) x[row * 8 + c] = (float)table.Columns[c].Numbers[row];
        float[] y = [.. table.Columns[8].Numbers.Select(v => (float)(v / 1e5))];
        var rows = new Matrix(x, table.Count, 8);
        return () => HistogramGradientBoosting.FitRegression(rows, y);
    }
}
