namespace Isthmus.Information;

/// <summary>
/// A look at several columns through one number a side: how far each row lies from the middle. What two such numbers share is at
/// most I(X;Y) by data processing, and it is what neighbours in many dimensions and straight lines both miss in Student's t.
/// </summary>
internal static class Radii
{
    /// <summary>Whether the look makes sense: continuous columns, more than one on some side.</summary>
    public static bool Fits(Rows rows) => rows.Given is null && rows.X.Dimensions + rows.Y.Dimensions > 2
        && !rows.X.AnyDiscrete && !rows.Y.AnyDiscrete && rows.Count >= 100;

    /// <summary>I between the distances of x and of y from their medians, read by KSG on normal scores, in nats.</summary>
    public static double Nats(Rows rows) => new Ksg1().Read(rows with
    {
        X = Conditioning.NormalScores(Distances(rows.X)),
        Y = Conditioning.NormalScores(Distances(rows.Y)),
    }).Nats;

    private static Samples Distances(Samples samples)
    {
        var squares = new double[samples.Count];
        for (var c = 0; c < samples.Dimensions; c++)
        {
            var column = samples.Column(c);
            var sorted = (double[])column.Clone();
            Array.Sort(sorted);
            var median = sorted[sorted.Length / 2];
            var spread = sorted[3 * sorted.Length / 4] - sorted[sorted.Length / 4];
            if (!(spread > 0)) continue;
            for (var i = 0; i < squares.Length; i++) squares[i] += (column[i] - median) / spread * ((column[i] - median) / spread);
        }
        return Samples.Of(squares, samples.Name);
    }
}
