using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

// Whole sequences in one operation: a step's own operations would each be too small for its bookkeeping.
public sealed unsafe partial class Tensor
{
    private static readonly Rule s_gru = Rule.Add("gru", static (n, g) =>
    {
        var (before, gates) = ((Tensor, Tensor))n.Saved!;
        var (projected, initial, weight) = (n[0], n[1], n[2]);
        var (dProjected, dState, dInitial) = (Uninitialized(projected._shape), Uninitialized(projected._shape), Uninitialized(initial._shape));
        new Gru
        {
            Batch = projected._shape[0],
            Steps = projected._shape[1],
            Hidden = initial._shape[1],
            Weight = weight.Pointer,
            Before = before.Pointer,
            Gates = gates.Pointer,
        }.Backward(g.Pointer, dProjected.Pointer, dState.Pointer, dInitial.Pointer);
        n.Give(0, dProjected);
        n.Give(1, dInitial);
        GiveRecurrent(n, 2, dState, before);
        GC.KeepAlive(gates);
    });
    private static readonly Rule s_lstm = Rule.Add("lstm", static (n, g) =>
    {
        var (before, cells, gates) = ((Tensor, Tensor, Tensor))n.Saved!;
        var (projected, initial, weight) = (n[0], n[1], n[3]);
        var (dProjected, dInitial, dCells) = (Uninitialized(projected._shape), Uninitialized(initial._shape), Uninitialized(initial._shape));
        new Lstm
        {
            Batch = projected._shape[0],
            Steps = projected._shape[1],
            Hidden = initial._shape[1],
            Weight = weight.Pointer,
            Before = before.Pointer,
            CellsBefore = cells.Pointer,
            Gates = gates.Pointer,
        }.Backward(g.Pointer, g.Pointer + before.Numel, dProjected.Pointer, dInitial.Pointer, dCells.Pointer);
        n.Give(1, dInitial);
        n.Give(2, dCells);
        GiveRecurrent(n, 3, dProjected, before);
        n.Give(0, dProjected);
        GC.KeepAlive(cells);
        GC.KeepAlive(gates);
    });

    /// <summary>The states of gated recurrent units after each step, as <see cref="Kernels.Gru"/> says.</summary>
    /// <param name="projected">What the inputs give to the gates reset, update and new, [batch, steps, 3 hidden].</param>
    /// <param name="initial">The states before the first step, [batch, hidden].</param>
    /// <param name="weight">[3 hidden, hidden].</param>
    /// <param name="bias">[3 hidden].</param>
    /// <returns>[batch, steps, hidden].</returns>
    internal static Tensor GruStates(Tensor projected, Tensor initial, Tensor weight, Tensor bias)
    {
        var (batch, steps, hidden) = Sequence("gru", 3, projected, initial, weight, bias);
        var output = Uninitialized([batch, steps, hidden]);
        var keep = NoGrad.IsRecording && (projected.NeedsGradient || initial.NeedsGradient || weight.NeedsGradient || bias.NeedsGradient);
        var (before, gates) = keep ? (Uninitialized(output._shape), Uninitialized([batch, steps, 4 * hidden])) : (null, null);
        new Gru
        {
            Batch = batch,
            Steps = steps,
            Hidden = hidden,
            Projected = projected.Pointer,
            Weight = weight.Pointer,
            Bias = bias.Pointer,
            Initial = initial.Pointer,
            Output = output.Pointer,
            Before = keep ? before!.Pointer : null,
            Gates = keep ? gates!.Pointer : null,
        }.Forward();
        return Record(s_gru, output, [projected, initial, weight, bias], keep ? (before!, gates!) : null);
    }

    /// <summary>The states after each step and the last cells of long short-term memory, as <see cref="Kernels.Lstm"/> says.</summary>
    /// <param name="projected">What the inputs give to the gates input, forget, cell and output, [batch, steps, 4 hidden].</param>
    /// <param name="initial">The states before the first step, [batch, hidden].</param>
    /// <param name="initialCells">The cells before the first step, [batch, hidden].</param>
    /// <param name="weight">[4 hidden, hidden].</param>
    /// <param name="bias">[4 hidden].</param>
    /// <returns>[batch, steps, hidden] and [batch, hidden].</returns>
    internal static (Tensor States, Tensor Cells) LstmStates(Tensor projected, Tensor initial, Tensor initialCells, Tensor weight, Tensor bias)
    {
        var (batch, steps, hidden) = Sequence("lstm", 4, projected, initial, weight, bias);
        var output = Uninitialized([checked(batch * (steps + 1)), hidden]); // an operation has one result: the cells stand behind the states
        var keep = NoGrad.IsRecording && (projected.NeedsGradient || initial.NeedsGradient || initialCells.NeedsGradient || weight.NeedsGradient || bias.NeedsGradient);
        int[] shape = [batch, steps, hidden];
        var (before, cells, gates) = keep ? (Uninitialized(shape), Uninitialized(shape), Uninitialized([batch, steps, 4 * hidden])) : (null, null, null);
        new Lstm
        {
            Batch = batch,
            Steps = steps,
            Hidden = hidden,
            Projected = projected.Pointer,
            Weight = weight.Pointer,
            Bias = bias.Pointer,
            Initial = initial.Pointer,
            InitialCells = initialCells.Pointer,
            Output = output.Pointer,
            LastCells = output.Pointer + Shapes.Count(shape),
            Before = keep ? before!.Pointer : null,
            CellsBefore = keep ? cells!.Pointer : null,
            Gates = keep ? gates!.Pointer : null,
        }.Forward();
        Record(s_lstm, output, [projected, initial, initialCells, weight, bias], keep ? (before!, cells!, gates!) : null);
        return (output.Narrow(0, 0, batch * steps).Reshape(batch, steps, hidden), output.Narrow(0, batch * steps, batch));
    }

    private static (int Batch, int Steps, int Hidden) Sequence(string op, int gates, Tensor projected, Tensor initial, Tensor weight, Tensor bias)
    {
        var hidden = initial._shape[^1];
        if (projected.Dim != 3 || projected._shape[2] != gates * hidden || initial.Dim != 2 || initial._shape[0] != projected._shape[0] || !weight.Shape.SequenceEqual([gates * hidden, hidden]) || !bias.Shape.SequenceEqual([gates * hidden]))
            throw new ArgumentException($"{op}: gates {Shapes.Text(projected._shape)}, states {Shapes.Text(initial._shape)}, weight {Shapes.Text(weight._shape)} and bias {Shapes.Text(bias._shape)} do not fit: [N, T, {gates} H], [N, H], [{gates} H, H] and [{gates} H] are needed");
        return (projected._shape[0], projected._shape[1], hidden);
    }

    // U's gradient is one product over all steps of all sequences.
    private static void GiveRecurrent(Node n, int weight, Tensor dState, Tensor before)
    {
        int[] rows = [dState._shape[0] * dState._shape[1], dState._shape[2]];
        var flat = dState.Alias(rows);
        if (n.Needs(weight)) n.Give(weight, Product(flat, before.Alias([rows[0], before._shape[2]]), true, false));
        if (n.Needs(weight + 1)) n.Give(weight + 1, flat.SumTo(n[weight + 1]._shape));
    }
}
