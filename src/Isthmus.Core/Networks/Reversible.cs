using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// A residual block that can be run backward: the input in two halves x1 and x2, y1 = x1 + f(x2), y2 = x2 + g(y1) (Gomez, Ren, Urtasun,
/// Grosse 2017, equations 6 and 7). No activation inside is kept for the backward pass; f and g are computed once more instead. The parts are
/// named f and g; dropout draws the same numbers again, and batch norms and other buffers are as they were at the first time.
/// </summary>
/// <remarks>In a <see cref="ReversibleSequence"/> the blocks' inputs are not kept either. Between a forward and its backward pass neither the mode
/// (<see cref="Module.Train"/>) nor the weights may be changed.</remarks>
public sealed class ReversibleBlock : Module
{
    /// <summary>A block of two modules, each of which keeps the shape of its input.</summary>
    /// <param name="f">What is added to the first half, a function of the second.</param>
    /// <param name="g">What is added to the second half, a function of the new first.</param>
    /// <param name="dim">The dimension that is halved: 1 for channels of images, -1 for features of tokens.</param>
    public ReversibleBlock(Module f, Module g, int dim = 1)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(g);
        (F, G, SplitDim) = (AddModule("f", f), AddModule("g", g), dim);
    }

    /// <summary>f.</summary>
    public Module F { get; }

    /// <summary>g.</summary>
    public Module G { get; }

    /// <summary>The dimension that is halved; it may be negative to count from the end.</summary>
    public int SplitDim { get; }

    /// <summary>Any shape whose halved dimension has an even size, to the same.</summary>
    protected override Tensor Compute(Tensor x) => ReversibleSequence.Run([this], x);

    /// <inheritdoc/>
    protected internal override string? Bypass(string part) => "the half that is not its input, to which its output is added";

    /// <summary>The input of a given output. Exact up to rounding where f and g give the same again, as in evaluation mode.</summary>
    /// <param name="y">What <see cref="Module.Forward"/> gave.</param>
    public Tensor Inverse(Tensor y)
    {
        var (y1, y2) = ReversibleSequence.Halves(y, SplitDim);
        var x2 = y2 - G.Forward(y1);
        return Tensor.Cat([y1 - F.Forward(x2), x2], SplitDim);
    }
}

/// <summary>
/// Reversible blocks one after another; the memory of a forward and backward pass does not depend on how many there are, since the
/// backward pass computes each block's input from its output (Gomez, Ren, Urtasun, Grosse 2017, algorithm 1). The first block's input is at hand,
/// so that one block gives the very bits of the pass that keeps everything; below others rounding differs. Named 0, 1, 2 ….
/// </summary>
public sealed class ReversibleSequence : Module
{
    private readonly ReversibleBlock[] _blocks;

    /// <summary>A chain of blocks, at least one, that all halve the same dimension.</summary>
    public ReversibleSequence(params ReadOnlySpan<ReversibleBlock> blocks)
    {
        if (blocks.Length == 0) throw new ArgumentException("reversible sequence: at least one block is needed");
        foreach (var block in blocks)
            if (block.SplitDim != blocks[0].SplitDim) throw new ArgumentException($"reversible sequence: blocks halve dimensions {blocks[0].SplitDim} and {block.SplitDim}, and one for all is needed");
        _blocks = blocks.ToArray();
        for (var i = 0; i < blocks.Length; i++) AddModule(i.ToString(CultureInfo.InvariantCulture), blocks[i]);
    }

    /// <summary>Any shape whose halved dimension has an even size, to the same.</summary>
    protected override Tensor Compute(Tensor x) => Run(_blocks, x);

    /// <inheritdoc/>
    protected internal override string? Bypass(string part) => "the sequence itself: it never calls its blocks, only the parts inside them, so that a block has no output to replace";

    /// <summary>The input of a given output; as <see cref="ReversibleBlock.Inverse"/> says.</summary>
    /// <param name="y">What <see cref="Module.Forward"/> gave.</param>
    public Tensor Inverse(Tensor y)
    {
        for (var i = _blocks.Length - 1; i >= 0; i--) y = _blocks[i].Inverse(y);
        return y;
    }

    internal static Tensor Run(ReversibleBlock[] blocks, Tensor x)
    {
        var dim = blocks[0].SplitDim;
        var states = new List<(PassState F, PassState G)>();
        var (a, b) = Halves(x, dim);
        using (new NoGrad())
            foreach (var block in blocks)
            {
                using var scope = new TensorScope("reversible");
                var f = PassState.Before(block.F);
                var y1 = a + Checked(block.F.Forward(b), b, "f");
                states.Add((f, PassState.Before(block.G)));
                var y2 = b + Checked(block.G.Forward(y1), b, "g");
                Replace(ref a, y1, scope);
                Replace(ref b, y2, scope);
            }
        var y = Tensor.Cat([a, b], dim);
        a.Free();
        b.Free();
        // The parameters are inputs so that the gradient comes here though x may want none; the walks inside give them theirs.
        Tensor[] inputs = [x, .. blocks.SelectMany(m => m.Parameters())];
        return Tensor.WithGradient(y, inputs, d => [BackThrough(blocks, states, x, y, d), .. new Tensor?[inputs.Length - 1]]);
    }

    internal static (Tensor First, Tensor Second) Halves(Tensor x, int dim)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim == 0 || dim >= x.Dim || dim < -x.Dim || x.Size(dim) % 2 != 0)
            throw new ArgumentException($"reversible block: dimension {dim} of an input {Shapes.Text(x.Shape)} cannot be halved: an even size is needed");
        using var noGrad = new NoGrad();
        var half = x.Size(dim) / 2;
        return (x.Narrow(dim, 0, half), x.Narrow(dim, half, half));
    }

    private static Tensor BackThrough(ReversibleBlock[] blocks, List<(PassState F, PassState G)> states, Tensor x, Tensor y, Tensor d)
    {
        var dim = blocks[0].SplitDim;
        var (a, b) = Halves(y, dim);
        var (da, db) = Halves(d, dim);
        for (var i = blocks.Length - 1; i >= 0; i--)
        {
            using (var scope = new TensorScope("reversible backward"))
            {
                var (passed, value) = BackThrough(blocks[i].G, states[i].G, a, db);
                if (passed is not null) Replace(ref da, da + passed, scope);
                Replace(ref b, b - value, scope);
            }
            if (i == 0)
            {
                b.Free();
                b = Halves(x, dim).Second;
            }
            using (var scope = new TensorScope("reversible backward"))
            {
                var (passed, value) = BackThrough(blocks[i].F, states[i].F, b, da);
                if (passed is not null) Replace(ref db, db + passed, scope);
                Replace(ref a, a - value, scope);
            }
        }
        return Tensor.Cat([da, db], dim);
    }

    /// <summary>Computes one module again, gives its parameters their gradients, and returns that of its input and its value.</summary>
    private static (Tensor? Gradient, Tensor Value) BackThrough(Module module, PassState state, Tensor input, Tensor gradient)
    {
        using var recording = new EnableGrad();
        var leaf = input.Detach();
        leaf.RequiresGrad = true;
        var value = state.Again(module, leaf);
        if (value.NeedsGradient) value.Backward(gradient);
        var passed = leaf.Grad?.Detach();
        leaf.ZeroGrad(); // its memory lives on in what was taken of it
        return (passed, value.Detach());
    }

    // The old half dies at once, not with the step, or there would be one a block.
    private static void Replace(ref Tensor half, Tensor by, TensorScope scope)
    {
        half.Free();
        half = scope.Keep(by);
    }

    private static Tensor Checked(Tensor output, Tensor half, string name) => output.Shape.SequenceEqual(half.Shape)
        ? output
        : throw new ArgumentException($"reversible block: {name} turns {Shapes.Text(half.Shape)} into {Shapes.Text(output.Shape)}, and the shape must stay");
}
