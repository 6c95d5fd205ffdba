using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

[Collection("alone")]
public class ReversibleTest
{
    [Fact]
    public void EnableGrad_RecordsInsideNoGrad_AndGoesBack()
    {
        var w = Parameter(3);
        using (new NoGrad())
        {
            using (new EnableGrad()) (w * 2f).Sum().Backward();
            Assert.Throws<InvalidOperationException>(() => (w * 2f).Sum().Backward());
        }
        Assert.Equal([2f, 2f, 2f], w.Grad!.ToArray());
    }

    [Fact]
    public void ABackwardPassInsideAGradient_LeavesTheOuterWalkWhole()
    {
        var (x, w, v) = (Parameter(4), Parameter(4), Parameter(4));
        // y = w x^2 in a custom gradient that computes and walks its own graph; before and after it are recorded operations.
        var inside = x * v;
        var y = Tensor.WithGradient((w * inside.Square()).Detach(), [inside, w], g =>
        {
            using var recording = new EnableGrad();
            var leaf = inside.Detach();
            leaf.RequiresGrad = true;
            (w * leaf.Square()).Backward(g);
            return [leaf.Grad, null];
        });
        (y.Exp() + (x * w)).Sum().Backward();
        var (dx, dw, dv) = (x.Grad!.ToArray(), w.Grad!.ToArray(), v.Grad!.ToArray());
        foreach (var p in new[] { x, w, v }) p.ZeroGrad();
        ((w * (x * v).Square()).Exp() + (x * w)).Sum().Backward();
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(x.Grad!.Data[i], dx[i], 5);
            Assert.Equal(w.Grad!.Data[i], dw[i], 5);
            Assert.Equal(v.Grad!.Data[i], dv[i], 5);
        }
    }

    [Fact]
    public void OneBlock_GivesTheBitsOfThePassThatKeepsActivations()
    {
        var block = new ReversibleBlock(Half(1), Half(2), -1);
        var (kept, again) = (Gradients(block, Input(), Kept), Gradients(block, Input(), block.Forward));
        Assert.Equal(kept, again);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SixBlocks_HaveTheGradientsOfThePassThatKeepsActivations(bool training)
    {
        var sequence = new ReversibleSequence([.. Enumerable.Range(0, 6).Select(i => new ReversibleBlock(Half(2 * i), Half((2 * i) + 1), -1))]);
        sequence.Train(training);
        var buffers = sequence.NamedBuffers().Select(b => b.Value.ToArray()).ToArray();
        var streams = sequence.NamedModules().Select(m => m.Value.Random).OfType<RandomStream>().ToArray();
        Assert.Equal(12, streams.Length);
        var kept = Gradients(sequence, Input(), x => sequence.Children.Aggregate(x, (y, b) => Kept((ReversibleBlock)b.Value, y)));
        var (after, positions) = (sequence.NamedBuffers().Select(b => b.Value.ToArray()).ToArray(), streams.Select(s => s.Position).ToArray());

        foreach (var ((_, value), before) in sequence.NamedBuffers().Zip(buffers)) before.CopyTo(value.Data);
        foreach (var stream in streams) stream.Position = 0;
        var again = Gradients(sequence, Input(), sequence.Forward);
        Assert.Equal(kept.Length, again.Length);
        foreach (var (a, b) in kept.Zip(again)) Close(a, b);
        // Batch norm's running statistics and dropout's streams have moved once, not twice.
        Assert.Equal(after, sequence.NamedBuffers().Select(b => b.Value.ToArray()));
        Assert.Equal(positions, streams.Select(s => s.Position));
        Assert.Equal(training, positions[0] > 0);
    }

    [Fact]
    public void ImagesInConvolutionBlocks_HaveTheGradientsOfThePassThatKeepsActivations()
    {
        var random = new RandomStream(5);
        Module Conv() => new Sequential(new BatchNorm2d(4), new SiLU(), new Conv2d(4, 4, 3, random, padding: 1));
        var sequence = new ReversibleSequence(new ReversibleBlock(Conv(), Conv()), new ReversibleBlock(Conv(), Conv()), new ReversibleBlock(Conv(), Conv()));
        var x = Tensor.Randn(new RandomStream(3), 2, 8, 5, 6);
        var kept = Gradients(sequence, x.Clone(), y => sequence.Children.Aggregate(y, (z, b) => Kept((ReversibleBlock)b.Value, z, 1)));
        var again = Gradients(sequence, x.Clone(), sequence.Forward);
        foreach (var (a, b) in kept.Zip(again)) Close(a, b);
    }

    [Fact]
    public void ParametersLearn_WhereTheInputWantsNoGradient()
    {
        var block = new ReversibleBlock(Half(1), Half(2), -1);
        block.Forward(Tensor.Ones(3, 8)).Sum().Backward();
        Assert.All(block.Parameters(), p => Assert.NotNull(p.Grad));
        block.ZeroGrad();
        block.G.RequiresGrad(false);
        block.Forward(Tensor.Ones(3, 8)).Sum().Backward();
        Assert.All(block.F.Parameters(), p => Assert.NotNull(p.Grad));
        Assert.All(block.G.Parameters(), p => Assert.Null(p.Grad));
    }

    [Fact]
    public void TheInverse_GivesTheInput()
    {
        var sequence = new ReversibleSequence([.. Enumerable.Range(0, 5).Select(i => new ReversibleBlock(Half(2 * i), Half((2 * i) + 1), -1))]);
        sequence.Eval();
        var x = Input();
        Close(x.ToArray(), sequence.Inverse(sequence.Forward(x)).ToArray());
    }

    [Fact]
    public void MemoryOfAStep_IsTheSameForFourBlocksAndForSixteen()
    {
        var (four, sixteen) = (Bytes(4, true), Bytes(16, true));
        Assert.True(sixteen <= four * 1.02, $"{four} bytes for 4 blocks, {sixteen} for 16");
        Assert.True(Bytes(16, false) > 3 * sixteen, "the pass that keeps activations needs no more");
    }

    [Fact]
    public void WrongShapes_AreNamed()
    {
        var random = new RandomStream(1);
        Assert.Contains("even size", Assert.Throws<ArgumentException>(() => new ReversibleBlock(Half(1), Half(2), -1).Forward(Tensor.Ones(2, 7))).Message);
        Assert.Contains("shape must stay", Assert.Throws<ArgumentException>(() => new ReversibleBlock(new Linear(4, 3, random), Half(2), -1).Forward(Tensor.Ones(2, 8))).Message);
        Assert.Throws<ArgumentException>(() => new ReversibleSequence());
    }

    // The most tensor memory a step has needed at once, its parameters and their gradients, which are small, included.
    private static long Bytes(int depth, bool reversible)
    {
        var random = new RandomStream(1);
        var sequence = new ReversibleSequence([.. Enumerable.Range(0, depth).Select(_ => new ReversibleBlock(Mlp(), Mlp(), -1))]);
        TensorPool.Trim();
        var before = TensorPool.BytesHeld;
        using (new TensorScope("step"))
        {
            var x = Tensor.Ones(8192, 16);
            (reversible ? sequence.Forward(x) : sequence.Children.Aggregate(x, (y, b) => Kept((ReversibleBlock)b.Value, y))).Square().Mean().Backward();
        }
        Assert.All(sequence.Parameters(), p => Assert.NotNull(p.Grad));
        return TensorPool.BytesHeld - before;

        Module Mlp() => new Sequential(new Linear(8, 8, random), new Tanh(), new Linear(8, 8, random));
    }

    private static Tensor Input() => Tensor.Randn(new RandomStream(9), 6, 8);

    private static Module Half(int seed)
    {
        var random = new RandomStream((ulong)seed + 100);
        return new Sequential(new BatchNorm1d(4), new Linear(4, 10, random), new GELU(), new Dropout(0.3f, random.Fork("dropout")), new Linear(10, 4, random));
    }

    private static Tensor Kept(ReversibleBlock block, Tensor x) => Kept(block, x, -1);

    private static Tensor Kept(ReversibleBlock block, Tensor x, int dim)
    {
        var half = x.Chunk(2, dim);
        var y1 = half[0] + block.F.Forward(half[1]);
        return Tensor.Cat([y1, half[1] + block.G.Forward(y1)], dim);
    }

    // The output and the gradients of input and parameters.
    private static float[][] Gradients(Module module, Tensor x, Func<Tensor, Tensor> forward)
    {
        foreach (var stream in module.NamedModules().Select(m => m.Value.Random).OfType<RandomStream>()) stream.Position = 0;
        module.ZeroGrad();
        x.RequiresGrad = true;
        var y = forward(x);
        (y * Tensor.Arange((int)y.Numel).Cos().Reshape(y.Shape)).Sum().Backward();
        return [y.ToArray(), x.Grad!.ToArray(), .. module.Parameters().Select(p => p.Grad!.ToArray())];
    }

    private static float[][] Gradients(ReversibleBlock block, Tensor x, Func<ReversibleBlock, Tensor, Tensor> forward) => Gradients(block, x, y => forward(block, y));

    private static void Close(float[] expected, float[] actual)
    {
        var scale = expected.Select(Math.Abs).Append(1f).Max();
        for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - (1e-5f * scale), expected[i] + (1e-5f * scale));
    }

    private static Tensor Parameter(int n)
    {
        var p = Tensor.Arange(n, 0.5f, 0.1f);
        p.RequiresGrad = true;
        return p;
    }
}
