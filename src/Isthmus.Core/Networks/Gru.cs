using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Gated recurrent units over sequences (Cho et al. 2014; the form of <c>torch.nn.GRU</c> with batch_first, gates in the order reset, update, new):
/// n = tanh(W x + b + r (U h + c)), h = (1 - z) n + z h.
/// </summary>
public sealed class GRU : Recurrent
{
    /// <summary>Layers with PyTorch's initial weights and names, weight_ih_l0 and so on.</summary>
    /// <param name="inputSize">Features of a step.</param>
    /// <param name="hiddenSize">Features of the state.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="layers">One above another, at least 1.</param>
    public GRU(int inputSize, int hiddenSize, RandomStream random, int layers = 1) : base(3, inputSize, hiddenSize, layers, random) { }

    /// <summary>All states of the last layer and the last states of all.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="initial">[layers, batch, hidden], or null for zeros.</param>
    /// <returns>[batch, steps, hidden] and [layers, batch, hidden].</returns>
    public (Tensor Output, Tensor Hidden) Run(Tensor x, Tensor? initial = null)
    {
        var all = Walk(x, initial);
        return (Emit(all.Output), all.Hidden);
    }

    /// <summary>[batch, steps, features] to the states [batch, steps, hidden], from a state of zeros.</summary>
    protected override Tensor Compute(Tensor x) => Walk(x, null).Output;

    private (Tensor Output, Tensor Hidden) Walk(Tensor x, Tensor? initial)
    {
        var states = States(x, initial);
        var output = EachLayer(x, (layer, projected) => Steps(layer, projected, states));
        return (output, Tensor.Stack(states));
    }

    private List<Tensor> Steps(Layer layer, Tensor projected, Tensor[] states)
    {
        var h = states[layer.Index];
        var outputs = new List<Tensor>();
        for (var t = 0; t < projected.Size(0); t++)
        {
            var a = projected.Select(0, t).Chunk(3, -1);
            var b = h.Linear(layer.WeightHh, layer.BiasHh).Chunk(3, -1);
            var update = (a[1] + b[1]).Sigmoid();
            var fresh = (a[2] + ((a[0] + b[0]).Sigmoid() * b[2])).Tanh();
            h = fresh + (update * (h - fresh));
            outputs.Add(h);
        }
        states[layer.Index] = h;
        return outputs;
    }
}
