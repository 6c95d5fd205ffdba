using Isthmus.Tensors.Kernels;

namespace Isthmus.Tests.Tensors.Kernels;

public unsafe class KernelFingerprintTest
{
    [Fact]
    public void Products_HaveTheSameBits_OnEveryInstructionSet() => InstructionSets.AssertSameBits("products");

    [Fact]
    public void Convolutions_HaveTheSameBits_OnEveryInstructionSet() => InstructionSets.AssertSameBits("convolutions");

    [Fact]
    public void Maps_HaveTheSameBits_OnEveryInstructionSet() => InstructionSets.AssertSameBits("maps");

    [Fact]
    public void Attention_HasTheSameBits_OnEveryInstructionSet() => InstructionSets.AssertSameBits("attention");

    [FingerprintOf("attention")]
    private static Fingerprint Attentions()
    {
        var pool = GemmTest.Random(60_000);
        var print = new Fingerprint();
        foreach (var s in new AttentionShape[] { new(2, 130, 261, 7, 5, 1, false, 0.4f), new(3, 40, 40, 4, 17, 3, true, 0.5f) })
        {
            float[] o = new float[s.Count * s.Queries * s.Values], log = new float[s.Count * s.Queries], dq = new float[s.Count * s.Queries * s.Width];
            float[] dk = new float[s.Count * s.Keys * s.Width], dv = new float[s.Count * s.Keys * s.Values];
            fixed (float* p = pool, a = o, l = log, x = dq, y = dk, z = dv)
            {
                Attention.Forward(s, p, p + 10_000, p + 20_000, null, a, l);
                var saved = new Attention.Saved(p, p + 10_000, p + 20_000, null, l, p + 30_000, p + 40_000);
                Attention.BackwardQueries(s, saved, x);
                Attention.BackwardKeys(s, saved, y, z);
            }
            print.Add(o).Add(log).Add(dq).Add(dk).Add(dv);
        }
        return print;
    }

    [FingerprintOf("products")]
    private static Fingerprint Products()
    {
        var print = new Fingerprint();
        foreach (var transA in new[] { false, true })
            foreach (var transB in new[] { false, true })
                foreach (var (m, n, k) in new[] { (1, 1, 1), (1, 40, 300), (13, 33, 7), (25, 70, 40), (48, 300, 12), (100, 17, 30) })
                    print.Add(new GemmTest.Case(m, n, k, transA, transB, n % 3, m % 2 == 1, n % 2 == 0, k % 2 == 1).Run());
        return print;
    }

    [FingerprintOf("convolutions")]
    private static Fingerprint Convolutions()
    {
        var pool = GemmTest.Random(20_000);
        var print = new Fingerprint();
        foreach (var s in new ConvShape[]
        {
            new(3, 2, 9, 10, 13, 4, 4, 2, 2, 1, 1, 1, 1, 1), new(1, 3, 1, 700, 2, 1, 5, 1, 2, 0, 2, 1, 1, 1), new(2, 4, 8, 21, 4, 3, 3, 1, 1, 1, 1, 1, 2, 4),
        })
        {
            float[] y = new float[s.N * s.OutC * s.Outputs], dx = new float[s.N * s.C * s.H * s.W], dw = new float[s.OutC * s.Terms];
            fixed (float* p = pool, q = y, r = dx, t = dw)
            {
                Conv2d.Forward(s, p, p + 7000, p + 9000, q);
                Conv2d.BackwardInput(s, p + 7000, p, r);
                Conv2d.BackwardWeight(s, p, p + 10_000, t);
            }
            print.Add(y).Add(dx).Add(dw);
        }
        return print;
    }

    [FingerprintOf("maps")]
    private static Fingerprint Maps()
    {
        var pool = GemmTest.Random(1003);
        var print = new Fingerprint();
        Add(new ExpOp());
        Add(new TanhOp());
        Add(new SoftplusOp());
        Add(new GeluErfOp());
        Add(new SinOp());
        Add(new RoundOp());
        return print;

        void Add<TOp>(TOp op) where TOp : unmanaged, IMap
        {
            foreach (var n in new[] { 0, 1, 5, 16, 1003 })
            {
                var y = new float[n];
                fixed (float* p = pool, q = y) Map.Run(op, p, q, n);
                print.Add(y);
            }
        }
    }
}
