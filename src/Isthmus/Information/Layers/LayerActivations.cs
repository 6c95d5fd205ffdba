using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>The outputs of named layers of any network, as samples that every estimator of this room takes.</summary>
public static class LayerActivations
{
    private const long MostNumbers = 1L << 28; // two gigabytes of doubles

    /// <summary>Runs a network over batches and keeps what the layers give, one row of flattened numbers for each row of a batch.</summary>
    /// <param name="network">In the mode in which it stands; <c>Eval()</c> first makes rows independent.</param>
    /// <param name="layers">Dotted names as <see cref="Module.NamedModules"/> lists them.</param>
    /// <param name="batches">Inputs, each [batch, …].</param>
    /// <returns>For each layer [rows, numbers of a row].</returns>
    /// <exception cref="InputException">No such layer; a layer that is not called once in a pass; an output without one row for each row of the
    /// batch, or with numbers that are not finite.</exception>
    public static IReadOnlyDictionary<string, Samples> Record(Module network, IReadOnlyList<string> layers, IEnumerable<Tensor> batches)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(batches);
        string[] names = [.. layers.Distinct(StringComparer.Ordinal)];
        var (kept, widths, calls) = (names.Select(_ => new List<double>()).ToArray(), new int[names.Length], new int[names.Length]);
        var hooks = new List<IDisposable>();
        var rows = 0;
        try
        {
            for (var l = 0; l < names.Length; l++)
            {
                var at = l;
                hooks.Add(network.GetSubmodule(names[l]).OnOutput(y => Keep(at, y)));
            }
            using var noGrad = new NoGrad();
            foreach (var x in batches)
            {
                Array.Clear(calls);
                var batch = x.Size(0);
                using (new TensorScope("activations")) network.Forward(x);
                for (var l = 0; l < names.Length; l++)
                {
                    if (calls[l] != 1)
                        throw new InputException(FormattableString.Invariant($"layer '{names[l]}' is called {calls[l]} times in a pass: its output is no single variable"), calls[l] == 0 ? "name a layer inside it" : null);
                    if (kept[l].Count != (long)(rows + batch) * widths[l])
                        throw new InputException(FormattableString.Invariant($"layer '{names[l]}' does not give one row for each of the {batch} rows of a batch"), "name a layer before rows are split or joined");
                }
                rows += batch;
            }
        }
        finally
        {
            foreach (var hook in hooks) hook.Dispose();
        }
        if (rows == 0) throw new InputException("activations: there are no rows");
        return names.Select((name, l) => (name, Samples: new Samples([.. kept[l]], rows, widths[l], null, name))).ToDictionary(p => p.name, p => p.Samples, StringComparer.Ordinal);

        void Keep(int l, Tensor y)
        {
            calls[l]++;
            widths[l] = y.Size(0) == 0 ? 0 : checked((int)(y.Numel / y.Size(0)));
            if (kept[l].Count + y.Numel > MostNumbers)
                throw new InputException(FormattableString.Invariant($"layer '{names[l]}' gives {widths[l]} numbers a row: more than {MostNumbers} in all"), "take fewer rows");
            foreach (var v in y.Data) kept[l].Add(v);
        }
    }
}
