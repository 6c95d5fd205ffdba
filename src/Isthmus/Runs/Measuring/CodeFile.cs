using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>A file of codes that somebody else's program wrote: <c>.npz</c> with arrays by name, or one <c>.npy</c> of symbols.</summary>
public static class CodeFile
{
    private static readonly string[] s_codes = ["codes", "indices", "index", "ids", "arr_0"];

    /// <summary>Reads and audits it: Gaussian codes where means and deviations are named, symbols otherwise.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mean">The array of means [n, k]; null for symbols.</param>
    /// <param name="std">The array of standard deviations [n, k].</param>
    /// <param name="labels">The array of classes [n]; null for none.</param>
    /// <param name="codebook">How many symbols a place may hold; null to take it from the codes.</param>
    /// <param name="seed">The seed of the samples.</param>
    /// <param name="maxMemory">How many bytes each decoded array may take.</param>
    /// <exception cref="InputException">Whatever is wrong with the file, in one line.</exception>
    public static CodeAudit Audit(string path, string? mean = null, string? std = null, string? labels = null, int? codebook = null, ulong seed = 0, long maxMemory = 4L << 30)
    {
        ArgumentNullException.ThrowIfNull(path);
        if ((mean is null) != (std is null)) throw new InputException("--mu and --sigma go together", "name both arrays");
        if (Path.GetExtension(path).Equals(".npy", StringComparison.OrdinalIgnoreCase))
        {
            if ((mean ?? labels) is not null) throw new InputException($"{path} holds a single array", "put several into one .npz (numpy.savez)");
            var only = NpyFile.Read<double>(path, maxMemory);
            return Symbols(path, only, codebook, []);
        }
        using var file = new NpzFile(path);
        var classes = labels is null ? [] : Integers(path, labels, file.Read<double>(labels, maxMemory).Values);
        if (mean is null)
        {
            var name = s_codes.FirstOrDefault(file.Names.Contains) ?? (file.Names.Count == 1 ? file.Names.First()
                : throw new InputException($"{path}: none of its arrays ({string.Join(", ", file.Names.Take(10))}) is named 'codes' or 'indices'", "name Gaussian codes with --mu and --sigma"));
            return Symbols($"{path}[{name}]", file.Read<double>(name, maxMemory), codebook, classes);
        }
        var (m, s) = (file.Read<float>(mean, maxMemory), file.Read<float>(std!, maxMemory));
        var (n, k) = Rows(path, m.Shape);
        return CodeAudit.OfGaussians(m.Values, s.Values, n, k, seed, classes);
    }

    private static CodeAudit Symbols(string where, NumericArray<double> codes, int? codebook, int[] labels)
    {
        var (n, k) = Rows(where, codes.Shape);
        return CodeAudit.OfSymbols(Integers(where, "codes", codes.Values), n, k, codebook, labels);
    }

    // [n] is one place a row; further axes are places too.
    private static (int N, int K) Rows(string where, int[] shape) => shape is [> 0, ..] && Array.TrueForAll(shape, d => d > 0)
        ? (shape[0], shape[1..].Aggregate(1, (a, b) => checked(a * b))) : throw new InputException($"{where}: the shape ({string.Join(", ", shape)}) holds no rows");

    private static int[] Integers(string where, string name, double[] values) =>
        Array.FindIndex(values, v => v != Math.Floor(v) || v < 0 || v >= 1 << 16) is >= 0 and var bad
            ? throw new InputException(FormattableString.Invariant($"{where}: {name}: {values[bad]} is not a whole number from 0 to 65535"), "name real-valued codes with --mu and --sigma")
            : Array.ConvertAll(values, v => (int)v);
}
