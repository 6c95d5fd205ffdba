using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Long short-term memory over sequences (Hochreiter, Schmidhuber 1997, with the forget gate of Gers, Schmidhuber, Cummins 2000; the form of
/// <c>torch.nn.LSTM</c> with batch_first, gates in the order input, forget, cell, output).
/// </summary>
public sealed class LSTM : Recurrent
{
    /// <summary>Layers with PyTorch's initial weights and names, weight_ih_l0 and so on.</summary>
    /// <param name="inputSize">Features of a step.</param>
    /// <param name="hiddenSize">Features of the state.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="layers">One above another, at least 1.</param>
    /// <param name="bidirectional">Each layer walks backward too, with weights of its own (weight_ih_l0_reverse and so on); its states stand after the others.</param>
    public LSTM(int inputSize, int hiddenSize, RandomStream random, int layers = 1, bool bidirectional = false) : base(4, inputSize, hiddenSize, layers, bidirectional, random) { }

    /// <summary>All states of the last layer, and the last states and cells of all.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="initial">States, [layers directions, batch, hidden], or null for zeros.</param>
    /// <param name="initialCells">Cells of that shape, or null for zeros.</param>
    /// <returns>[batch, steps, directions hidden], and twice [layers directions, batch, hidden].</returns>
    public (Tensor Output, Tensor Hidden, Tensor Cells) Run(Tensor x, Tensor? initial = null, Tensor? initialCells = null)
    {
        var all = Walk(x, initial, initialCells);
        return (Emit(all.Output), all.Hidden, all.Cells);
    }

    /// <summary>[batch, steps, features] to the states [batch, steps, directions hidden], from states of zeros.</summary>
    protected override Tensor Compute(Tensor x) => Walk(x, null, null).Output;

    private (Tensor Output, Tensor Hidden, Tensor Cells) Walk(Tensor x, Tensor? initial, Tensor? initialCells)
    {
        var (states, cells) = (States(x, initial), States(x, initialCells));
        var output = Upwards(x, (layer, y) =>
        {
            (y, cells[layer.Index]) = Tensor.LstmStates(y.Linear(layer.WeightIh, layer.BiasIh), states[layer.Index], cells[layer.Index], layer.WeightHh, layer.BiasHh);
            states[layer.Index] = y.Select(1, -1);
            return y;
        });
        return (output, Tensor.Stack(states), Tensor.Stack(cells));
    }
}
