using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Rows of many batches in one tensor.</summary>
internal static class Collected
{
    /// <summary>What a function makes of each batch, one below the other; the batches' tensors may die afterwards.</summary>
    /// <exception cref="ArgumentException">There are no rows.</exception>
    public static Tensor Rows(IEnumerable<Features> training, Func<Features, Tensor> of)
    {
        var all = new List<float>();
        var width = 0;
        foreach (var h in training)
        {
            var rows = of(h);
            width = rows.Size(1);
            all.AddRange(rows.Data);
        }
        if (all.Count == 0) throw new ArgumentException("no training features were given");
        return Tensor.From(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(all), all.Count / width, width);
    }
}
