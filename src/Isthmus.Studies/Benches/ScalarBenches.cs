using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.Benches;

/// <summary>Training steps of quantisers without a codebook: values, indices, losses and gradients.</summary>
internal static class ScalarBenches
{
    /// <summary>The grid alone, as the peer has it: no projection, no normalisation.</summary>
    public static Action Fsq()
    {
        var grid = new LevelGrid([8, 5, 5, 5], 1, LevelForm.Standard);
        var z = Tensor.Randn(new RandomStream(1), 4096, 4);
        z.RequiresGrad = true;
        return () =>
        {
            using var scope = new TensorScope("bench");
            z.ZeroGrad();
            grid.Quantize(z).Values.Sum().Backward();
        };
    }

    /// <summary>Signs with the entropy over all 1,024 codes.</summary>
    public static Action Lfq() => SignStep(random => new LookupFreeQuantizer(10, new LfqOptions { Normalize = false }, random));

    /// <summary>Signs on the sphere with factorised entropies.</summary>
    public static Action Bsq() => SignStep(random => new BinarySphericalQuantizer(10, new BsqOptions { Bits = 10, Commitment = 0.25f }, random));

    private static Action SignStep(Func<RandomStream, SignQuantizer> make)
    {
        var random = new RandomStream(1);
        var quantizer = make(random);
        var x = Tensor.Randn(random, 4096, 10);
        x.RequiresGrad = true;
        var context = new PassContext(PassMode.Sample, random) { Training = true };
        return () =>
        {
            using var scope = new TensorScope("bench");
            x.ZeroGrad();
            quantizer.ZeroGrad();
            var passage = quantizer.Pass(x, context);
            var loss = passage.Output.Sum();
            foreach (var term in passage.Terms) loss += term.Value * term.Weight;
            loss.Backward();
        };
    }
}
