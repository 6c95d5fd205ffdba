namespace Isthmus.Information;

/// <summary>Samples as a network takes them: normal scores of continuous columns, one column a symbol for small discrete ones.</summary>
internal static class NeuralInputs
{
    private const int MostSymbols = 64;

    /// <summary>n rows of floats, row-major, and their width.</summary>
    public static (float[] Rows, int Width) Encode(Samples samples)
    {
        var scores = Conditioning.NormalScores(samples);
        var columns = new List<float[]>();
        for (var c = 0; c < samples.Dimensions; c++)
        {
            if (!samples.IsDiscrete(c))
            {
                columns.Add(Array.ConvertAll(scores.Column(c), v => (float)v));
                continue;
            }
            var symbols = Samples.Of(samples.Column(c)).RowSymbols(out var distinct);
            if (distinct > MostSymbols)
                throw new InputException(FormattableString.Invariant($"{samples.Name}: column {c + 1} has {distinct} symbols; a network takes up to {MostSymbols}"), "use binning or mixed");
            for (var s = 0; s < distinct; s++)
            {
                var symbol = s;
                columns.Add(Array.ConvertAll(symbols, v => v == symbol ? 1f : 0f));
            }
        }
        var rows = new float[(long)samples.Count * columns.Count];
        for (var i = 0; i < samples.Count; i++)
            for (var c = 0; c < columns.Count; c++) rows[i * columns.Count + c] = columns[c][i];
        return (rows, columns.Count);
    }
}
