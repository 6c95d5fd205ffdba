using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// The narrow place of a network. It lets something pass, says what that costs, and can write it down: <c>Pass</c> is called
/// in training and evaluation, <c>Write</c> and <c>Read</c> turn the message into symbols and back, <c>Restore</c> gives the
/// decoder's input again.
/// </summary>
/// <remarks>
/// The contract that tests hold for every bottleneck: <c>Restore(message)</c> has the same bits as the output of a pass in
/// <see cref="PassMode.Ship"/>; <c>Read</c> returns the message that <c>Write</c> wrote; a pass with
/// <see cref="PassContext.Training"/> off changes no state; equal random streams give equal passes.
/// </remarks>
public abstract class Bottleneck : Module
{
    /// <summary>Lets a batch pass.</summary>
    /// <param name="h">What the encoder made, its first dimension the batch.</param>
    /// <param name="c">The circumstances.</param>
    /// <exception cref="InvalidOperationException">The mode is Ship and <see cref="Freeze"/> has not been called.</exception>
    public abstract Passage Pass(Features h, PassContext c);

    /// <summary>The decoder's input, from a message: bit-equal to the output of a pass in mode Ship.</summary>
    public abstract Tensor Restore(Message m);

    /// <summary>Writes a message symbol by symbol; the model of a later part may use the parts before it.</summary>
    public abstract void Write(Message m, ISymbolWriter to);

    /// <summary>Reads what <see cref="Write"/> wrote, in the same order with the same models.</summary>
    public abstract Message Read(ISymbolReader from, MessageShape s);

    /// <summary>What one sample's message consists of, in a word: index, rounded, dithered, sample, mean or floats.</summary>
    public abstract string MessageName(PassMode mode);

    /// <summary>log2 of the number of possible messages of one sample; null where there is no such number.</summary>
    public virtual Bits? Capacity => null;

    /// <summary>Whether a pass applies <see cref="PassContext.Edit"/> itself; else <see cref="MessageEditor"/> applies it to what passed.</summary>
    public virtual bool AppliesEdits => false;

    /// <summary>What people call the entries of a part of a message (its concepts); null where they are numbered.</summary>
    /// <param name="part">Of one of this bottleneck's messages.</param>
    public virtual IReadOnlyList<string>? NamesOf(Part part) => null;

    /// <summary>
    /// Fits what is not learned by gradients; called once before training, and again to the same end before an interrupted
    /// training goes on. Most bottlenecks do nothing.
    /// </summary>
    /// <param name="training">Features of training data under the encoder's first weights, batch by batch; may be gone through more than once.</param>
    public virtual void Prepare(IEnumerable<Features> training)
    {
    }

    /// <summary>
    /// Fits what writing needs (steps, integer tables) to messages of training data; called once after training, and again
    /// after every change of weights. Bottlenecks that need nothing do nothing.
    /// </summary>
    /// <param name="training">Features of training data, batch by batch; test data must not be among them.</param>
    public virtual void Freeze(IEnumerable<Features> training)
    {
    }

    /// <summary>What <see cref="Freeze"/> fitted, as bytes for the model file; null where there is nothing.</summary>
    public virtual byte[]? FrozenTables => null;

    /// <summary>Takes back what <see cref="FrozenTables"/> gave.</summary>
    /// <exception cref="InputException">The bytes are damaged or belong to another bottleneck.</exception>
    public virtual void LoadTables(ReadOnlySpan<byte> tables)
    {
    }

    /// <summary>Tells the bottleneck which module makes its features; needed by priors that are made of encoded inputs.</summary>
    public virtual void Attach(Module encoder)
    {
    }

    /// <summary>Tells the bottleneck which module reads what passes; needed by layers that learn what a change would do to the answer.</summary>
    public virtual void AttachDecoder(Module decoder)
    {
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => Pass(x, new PassContext(PassMode.Mean, new RandomStream(0))).Output;
}
