using System.Text;
using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class BytesFingerprintTest
{
    [Fact]
    public void WhatBottlenecksWrite_HasTheSameBytes_OnEveryInstructionSet() => InstructionSets.AssertSameBits("bottleneck bytes");

    /// <summary>Tables, bytes and what is restored, of every bottleneck with a code, under weights from a seed.</summary>
    [FingerprintOf("bottleneck bytes")]
    private static Fingerprint Compute()
    {
        var print = new Fingerprint();
        var random = new RandomStream(71);
        foreach (var make in (Func<RandomStream, Bottleneck>[])
        [
            r => new VariationalBottleneck(24, new VibOptions { Latent = 6 }, r),
            r => new LinearBottleneck(24, 6, r),
            r => new VectorQuantizer(24, new VqOptions { Codes = 32, Width = 8, Heads = 2 }, r),
            r => new ResidualQuantizer([24], new RvqOptions { Codes = [32], Stages = 3, Width = 8, Beam = 2, Prior = IndexPrior.Context }, r),
            r => new MultiCodebookTokenizer([24], new UniTokOptions { Codes = 16, Chunks = 3, Prior = IndexPrior.Adaptive }, r),
            r => new FiniteScalarQuantizer(24, new FsqOptions { Levels = [8, 5, 5] }, r),
            r => new ResidualFsq(24, new ResidualFsqOptions { Levels = [8, 5], Stages = 3 }, r),
            r => new LookupFreeQuantizer(24, new LfqOptions { Bits = 14 }, r),
            r => new BinarySphericalQuantizer(24, new BsqOptions { Bits = 9, Groups = 2 }, r),
            r => new SimVq(24, new SimVqOptions { Codes = 32 }, r),
            r => new IndexBackpropagation(24, new IbqOptions { Codes = 32 }, r),
            r => new LatentQuantizer(24, new LatentQuantizerOptions(), r),
            r => new FiniteScalarPerturbation(24, new FspOptions(), r),
            r => new VectorPerturbation(24, new VpVaeOptions { Codes = 16, Queue = 64 }, r),
            r => new CodebookFeatures(24, new CodebookFeaturesOptions { Codes = 40, Active = 4 }, r),
            r => new TopKAutoencoder(24, new TopKOptions { Features = 60, Active = 5 }, r),
            r => new L1Autoencoder(24, new L1Options { Features = 60 }, r),
            r => new BatchTopKAutoencoder(24, new BatchTopKOptions { Features = 60, Active = 5 }, r),
            r => new JumpReluAutoencoder(24, new JumpReluOptions { Features = 60 }, r),
            r => new GatedAutoencoder(24, new GatedOptions { Features = 60 }, r),
            r => new EntropicBottleneck(24, new EntropicOptions { Latent = 7 }, r),
            r => new ScaleHyperprior(24, new HyperpriorOptions { Latent = 9, Hyper = 3, Hidden = 17 }, r),
            r => new PcaBottleneck(24, new PcaOptions { Latent = 6, Step = 0.5f }),
        ])
        {
            var bottleneck = make(new RandomStream(5));
            bottleneck.Pass(Tensor.Randn(random, 64, 24), new PassContext(PassMode.Sample, new RandomStream(2)) { Training = true });
            bottleneck.Eval();
            bottleneck.Freeze([Tensor.Randn(random, 300, 24) * 3f]);
            var passage = bottleneck.Pass(Tensor.Randn(random, 101, 24) * 3f, new PassContext(PassMode.Ship, new RandomStream(3)));
            var writer = new MessageWriter();
            bottleneck.Write(passage.Message(), writer);
            var payload = writer.Finish();
            var reader = payload.Open();
            var restored = bottleneck.Restore(bottleneck.Read(reader, new MessageShape(101)));
            reader.Finish();
            print.Add(Encoding.UTF8.GetBytes(bottleneck.GetType().Name)).Add(bottleneck.FrozenTables!).Add(payload.Bytes.ToArray()).Add(restored.ToArray());
        }
        return print;
    }
}
