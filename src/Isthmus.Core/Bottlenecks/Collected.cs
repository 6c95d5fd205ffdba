using System.Runtime.InteropServices;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Rows of many batches in one tensor.</summary>
internal static class Collected
{
    /// <summary>What a function makes of each batch, one below the other; the batches' tensors may die afterwards.</summary>
    /// <exception cref="ArgumentException">There are no rows.</exception>
    public static Tensor Rows(IEnumerable<Features> training, Func<Features, Tensor> of) => Rows(training, [of])[0];

    /// <summary>What each of some functions makes of each batch, in one run through the batches.</summary>
    /// <exception cref="ArgumentException">There are no rows.</exception>
    public static Tensor[] Rows(IEnumerable<Features> training, params Func<Features, Tensor>[] of)
    {
        var all = of.Select(_ => new List<float>()).ToArray();
        var widths = new int[of.Length];
        foreach (var h in training)
        {
            for (var i = 0; i < of.Length; i++)
            {
                var rows = of[i](h);
                widths[i] = rows.Size(1);
                all[i].AddRange(rows.Data);
            }
        }
        if (all[0].Count == 0) throw new ArgumentException("no training features were given");
        return [.. all.Select((values, i) => Tensor.From(CollectionsMarshal.AsSpan(values), values.Count / widths[i], widths[i]))];
    }

    /// <summary>The first batches that together have a number of rows; the last is whole.</summary>
    public static IEnumerable<Features> First(IEnumerable<Features> training, int rows)
    {
        foreach (var h in training)
        {
            if (rows <= 0) yield break;
            rows -= h.Count;
            yield return h;
        }
    }
}
