using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Puts the bottlenecks of <c>insert:</c> into a network.</summary>
internal static class InsertedBottlenecks
{
    /// <summary>Each on the output of its layer, with a linear layer back where its code has another width.</summary>
    /// <param name="network">In evaluation mode afterwards.</param>
    /// <param name="recipes">What is to be inserted.</param>
    /// <param name="start">What enters the network.</param>
    /// <param name="random">Where initial weights come from.</param>
    /// <exception cref="InputException">No such layer, one that something passes beside, or one that has no vectors.</exception>
    public static IReadOnlyList<Insertion> Build(BottleneckNetwork network, IReadOnlyList<InsertRecipe> recipes, Site start, RandomStream random)
    {
        var insertions = new List<Insertion>();
        for (var i = 0; i < recipes.Count; i++)
        {
            var field = FormattableString.Invariant($"insert[{i}]");
            var (layer, own) = (recipes[i].Layer, random.Fork((ulong)i));
            if (layer.Length == 0) throw new InputException($"{field}.layer is missing", "for example encoder.layers.0");
            if (recipes[i].Bottleneck is not { } choice) throw new InputException($"{field}.bottleneck is missing", "for example bottleneck: codebook");
            if (insertions.Any(p => p.Layer == layer)) throw new InputException($"{field}.layer is '{layer}', which has a bottleneck already");
            var features = Features(network, layer, start, field);
            var bottleneck = BottleneckRegistry.Find(choice.Type).Create(start with { Shape = [features] }, choice.Options, own.Fork("bottleneck"));
            bottleneck.Eval();
            var width = Model.ShapeAfter([features], h => bottleneck.Pass(h, new PassContext(PassMode.Mean, new RandomStream(0))).Output);
            var decoder = width is [var w] && w == features ? null : new Linear(width.Aggregate(1, (a, b) => a * b), features, own.Fork("decoder"));
            insertions.Add(network.Insert(layer, bottleneck, decoder, own.Fork("noise"), recipes[i].Bypass));
        }
        return insertions;
    }

    // The features of a position of what a layer gives.
    private static int Features(BottleneckNetwork network, string layer, Site start, string field)
    {
        int[]? shape = null;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("insert");
        using (network.GetSubmodule(layer).OnOutput(y => shape = y.Shape.ToArray()))
        {
            network.Eval();
            network.Forward(Tensor.Zeros([2, .. start.Shape]));
        }
        return shape switch
        {
            null => throw new InputException($"{field}.layer is '{layer}', which is not called by itself", "name a layer that has an output"),
            { Length: 2 or 3 } => shape[^1],
            { Length: 4 } => shape[1],
            _ => throw new InputException($"{field}.layer is '{layer}', whose output has {shape.Length} dimensions, expected vectors, sequences or maps"),
        };
    }
}
