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
    /// <param name="bidirectional">Each layer walks backward too, with weights of its own (weight_ih_l0_reverse and so on); its states stand after the others.</param>
    public GRU(int inputSize, int hiddenSize, RandomStream random, int layers = 1, bool bidirectional = false) : base(3, inputSize, hiddenSize, layers, bidirectional, random) { }

    /// <summary>All states of the last layer and the last states of all.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="initial">[layers directions, batch, hidden], or null for zeros.</param>
    /// <returns>[batch, steps, directions hidden] and [layers directions, batch, hidden].</returns>
    public (Tensor Output, Tensor Hidden) Run(Tensor x, Tensor? initial = null)
    {
        var all = Walk(x, initial);
        return (Emit(all.Output), all.Hidden);
    }

    /// <summary>[batch, steps, features] to the states [batch, steps, directions hidden], from a state of zeros.</summary>
    protected override Tensor Compute(Tensor x) => Walk(x, null).Output;

    private (Tensor Output, Tensor Hidden) Walk(Tensor x, Tensor? initial)
    {
        var states = States(x, initial);
        var output = Upwards(x, (layer, y) =>
        {
            y = Tensor.GruStates(y.Linear(layer.WeightIh, layer.BiasIh), states[layer.Index], layer.WeightHh, layer.BiasHh);
            states[layer.Index] = y.Select(1, -1);
            return y;
        });
        return (output, Tensor.Stack(states));
    }
}
