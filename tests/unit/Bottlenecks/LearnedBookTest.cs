using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

/// <summary>Quantisers whose codes are learned otherwise than as a table of averages.</summary>
public class LearnedBookTest
{
    private static readonly RandomStream s_random = new(37);

    private static PassContext Train(ulong seed = 1) => new(PassMode.Sample, new RandomStream(seed)) { Training = true };

    private static PassContext Mean() => new(PassMode.Mean, new RandomStream(1));

    private static void Identity(Linear layer)
    {
        layer.Weight.Data.Clear();
        layer.Bias?.Data.Clear();
        for (var i = 0; i < Math.Min(layer.Weight.Size(0), layer.Weight.Size(1)); i++) layer.Weight.Data[(i * layer.Weight.Size(1)) + i] = 1;
    }

    private static long[] IndicesOf(Passage p) => p.Message().Single<Symbols>().Values.ToArray();

    private static Tensor Loss(Passage p)
    {
        var loss = p.Output.Square().Sum(1).Mean();
        foreach (var term in p.Terms) loss += term.Value * term.Weight;
        return loss;
    }

    [Fact]
    public void SimVq_AStepMovesCodesThatNobodyUsed_AndNotTheTable()
    {
        var simvq = new SimVq(4, new SimVqOptions { Codes = 50, Width = 4 }, new RandomStream(3));
        var (before, table) = (simvq.Codebook.ToArray(), simvq.Table.ToArray());
        var h = Tensor.Randn(s_random, 10, 4);
        var passage = simvq.Pass(h, Train());
        var used = IndicesOf(passage).Distinct().ToHashSet();
        Assert.InRange(used.Count, 1, 10);
        Loss(passage).Backward();
        new Sgd(simvq.NamedParameters(), 0.1f).Step();
        var after = simvq.Codebook.ToArray();
        Assert.Equal(table, simvq.Table.ToArray());
        for (var k = 0; k < 50; k++) Assert.NotEqual(before[(4 * k)..((4 * k) + 4)], after[(4 * k)..((4 * k) + 4)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void SimVq_SendsTheNearestCodeOfTheMappedTable_AndIndicesDecodeToIt(int heads)
    {
        var simvq = new SimVq(6, new SimVqOptions { Codes = 40, Width = 2, Heads = heads }, new RandomStream(3));
        var h = Tensor.Randn(s_random, 30, 6);
        var passage = simvq.Pass(h, Train());
        var (x, book, indices) = (simvq.Projection.Forward(h).ToArray(), simvq.Codebook.ToArray(), IndicesOf(passage));
        for (var i = 0; i < indices.Length; i++)
        {
            double Distance(long k) => Math.Pow(x[2 * i] - book[2 * k], 2) + Math.Pow(x[(2 * i) + 1] - book[(2 * k) + 1], 2);
            Assert.True(Distance(indices[i]) <= Enumerable.Range(0, 40).Min(k => Distance(k)) + 1e-6);
            Assert.Equal(book[(int)(2 * indices[i])], passage.Output.ToArray()[2 * i]);
        }
        Assert.Equal(passage.Output.ToArray(), simvq.Restore(passage.Message()).ToArray());
    }

    // x = (1,2),(3,4) and codes (0,0),(3,3): |x - q|² is 5 and 1, as in the closed form of vector quantisation.
    [Fact]
    public void SimVq_LossesAreMeansOfSums_WithTheCommitmentOnTheVector()
    {
        var simvq = new SimVq(2, new SimVqOptions { Codes = 2, Width = 2 }, new RandomStream(3));
        Identity(simvq.Projection);
        Identity(simvq.Map);
        float[] table = [0, 0, 3, 3];
        table.CopyTo(simvq.Table.Data);
        var x = Tensor.From([1f, 2, 3, 4], 2, 2);
        x.RequiresGrad = true;
        var terms = simvq.Pass(x, Train()).Terms;
        Assert.Equal([("codebook", 3f, 1f), ("commitment", 3f, 0.25f)], terms.Select(t => (t.Name, t.Value.Item(), t.Weight)));
        (terms[1].Value * terms[1].Weight).Backward();
        Assert.Equal([0.25f, 0.5f, 0f, 0.25f], x.Grad!.ToArray());
        x.ZeroGrad();
        simvq.ZeroGrad();
        terms[0].Value.Backward();
        Assert.Null(x.Grad);
        // dL/dW = mean of 2 (q - x) c^T: only the second row has c = (3,3), q - x = (0,-1).
        Assert.Equal([0f, 0f, -3f, -3f], simvq.Map.Weight.Grad!.ToArray());
    }

    [Fact]
    public void VqganLc_FreezesCentresOfFeatures_AndTrainsTheProjector()
    {
        VqganLc Make() => new(3, new VqganLcOptions { Codes = 4, Width = 2 }, new RandomStream(3));
        var lc = Make();
        Assert.Throws<InvalidOperationException>(() => lc.Pass(Tensor.Zeros(2, 3), Train()));
        // Four clusters far apart: k-means++ finds their means.
        var rows = Tensor.Randn(s_random, 400, 3) * 0.05f;
        for (var i = 0; i < 400; i++) rows.Data[(3 * i) + (i % 4 < 3 ? i % 4 : 0)] += i % 4 < 3 ? 10 : -10;
        lc.Prepare([rows.Narrow(0, 0, 200), rows.Narrow(0, 200, 200)]);
        foreach (var (axis, sign) in ((int, int)[])[(0, 1), (1, 1), (2, 1), (0, -1)])
            Assert.Contains(Enumerable.Range(0, 4), k => Math.Abs(lc.Table.Data[(3 * k) + axis] - (sign * 10)) < 0.05);
        var again = Make();
        again.Prepare([rows]);
        Assert.Equal(lc.Table.ToArray(), again.Table.ToArray());
        var table = lc.Table.ToArray();
        Loss(lc.Pass(rows, Train())).Backward();
        Assert.NotNull(lc.Map.Weight.Grad);
        Assert.Equal(table, lc.Table.ToArray());
        Assert.DoesNotContain("table", lc.NamedParameters().Select(p => p.Name));
    }

    [Fact]
    public void Ibq_GivesEveryCodeAGradient_ThatOfTheSoftChoice()
    {
        var ibq = new IndexBackpropagation(3, new IbqOptions { Codes = 7, Width = 3, Entropy = 0, Commitment = 0 }, new RandomStream(3));
        Identity(ibq.Projection);
        var x = Tensor.Randn(s_random, 1, 3);
        x.RequiresGrad = true;
        var passage = ibq.Pass(x, Train());
        var g = Tensor.From([1f, -2f, 0.5f], 1, 3);
        (passage.Output * g).Sum().Backward();
        // By hand: p = softmax(E x), s = E g, ds = p (s - p·s); dx = E^T ds, dE = ds x^T + onehot g^T.
        var e = ibq.Codebook.ToArray();
        double Dot(int k, ReadOnlySpan<float> v) => (e[3 * k] * v[0]) + (e[(3 * k) + 1] * (double)v[1]) + (e[(3 * k) + 2] * v[2]);
        var logits = Enumerable.Range(0, 7).Select(k => Dot(k, x.Data)).ToArray();
        var p = logits.Select(l => Math.Exp(l) / logits.Sum(Math.Exp)).ToArray();
        var s = Enumerable.Range(0, 7).Select(k => Dot(k, g.Data)).ToArray();
        var mean = p.Zip(s, (a, b) => a * b).Sum();
        var best = Array.IndexOf(logits, logits.Max());
        Assert.Equal([best], IndicesOf(passage));
        Assert.Equal(e[(3 * best)..((3 * best) + 3)], passage.Output.ToArray());
        for (var d = 0; d < 3; d++)
        {
            Assert.Equal(Enumerable.Range(0, 7).Sum(k => p[k] * (s[k] - mean) * e[(3 * k) + d]), x.Grad!.Data[d], 1e-5);
            for (var k = 0; k < 7; k++)
                Assert.Equal((p[k] * (s[k] - mean) * x.Data[d]) + (k == best ? g.Data[d] : 0), ibq.Codebook.Grad!.Data[(3 * k) + d], 1e-5);
        }
    }

    [Fact]
    public void Ibq_EntropyLoss_IsThatOfItsDefinition()
    {
        var ibq = new IndexBackpropagation(3, new IbqOptions { Codes = 5, Width = 3 }, new RandomStream(3));
        var h = Tensor.Randn(s_random, 20, 3);
        var value = ibq.Pass(h, Train()).Terms.Single(t => t.Name == "entropy").Value.Item();
        var p = ibq.Projection.Forward(h).MatMul(ibq.Codebook, transposeOther: true).Softmax();
        double rows = 0, all = 0;
        for (var i = 0; i < p.Numel; i++) rows -= p.Data[i] * Math.Log(p.Data[i]) / 20;
        var mean = p.Mean(0);
        for (var k = 0; k < 5; k++) all -= mean.Data[k] * Math.Log(mean.Data[k]);
        Assert.Equal(rows - all, value, 1e-5);
    }

    [Fact]
    public void Latent_IndicesAreOfTheNearestLearnedValue_AfterTrainingToo()
    {
        var latent = new LatentQuantizer(3, new LatentQuantizerOptions { Latent = 3, Levels = 4 }, new RandomStream(3));
        Identity(latent.Projection);
        Assert.Equal([-0.5f, -1f / 6, 1f / 6, 0.5f], latent.Values.Data[..4].ToArray().Select(v => MathF.Round(v, 6)).Select(v => v == -0.166667f ? -1f / 6 : v == 0.166667f ? 1f / 6 : v));
        // Values in no order and not evenly spaced, as training leaves them.
        float[] values = [5, -1, 0.3f, 0.2f, 0, 1, 2, 3, 1, 0, -7, 1];
        values.CopyTo(latent.Values.Data);
        var z = Tensor.From([0.24f, 2.6f, 1f, -9f, -9f, -3.4f], 2, 3);
        var passage = latent.Pass(z, Train());
        Assert.Equal([3L, 3, 0, 1, 0, 1], IndicesOf(passage)); // of two equal values the lower place
        Assert.Equal([0.2f, 3f, 1f, -1f, 0f, 0f], passage.Output.ToArray());
        // d/dv of the mean over rows of |sg z - v|².
        passage.Terms.Single(t => t.Name == "quantization").Value.Backward();
        var expected = new float[12];
        (expected[3], expected[1], expected[7], expected[4], expected[9]) = (0.2f - 0.24f, -1 + 9, 3 - 2.6f, 9, 3.4f);
        for (var k = 0; k < 12; k++) Assert.Equal(expected[k], latent.Values.Grad!.Data[k], 1e-5f);
    }

    [Fact]
    public void Fsp_CutsTheUnitIntervalIntoEqualCells_AndSendsTheirMiddles()
    {
        foreach (var l in (int[])[2, 3, 5, 8, 100])
        {
            var fsp = new FiniteScalarPerturbation(1, new FspOptions { Levels = [l], Quantized = 1 }, new RandomStream(3));
            Identity(fsp.Projection);
            var a = Tensor.Randn(s_random, 300, 1) * 2f;
            a.Data[0] = 50; // squashed to the very end
            a.RequiresGrad = true;
            var passage = fsp.Pass(a, Train());
            var (indices, output) = (IndicesOf(passage), passage.Output.ToArray());
            for (var i = 0; i < 300; i++)
            {
                var u = (Math.Tanh(a.Data[i]) + 1) / 2 * l;
                if (Math.Abs(u - Math.Round(u)) < 1e-4 && i > 0) continue;
                Assert.Equal(Math.Min(l - 1, (long)Math.Floor(u)), indices[i]);
                Assert.Equal((2 * (indices[i] + 0.5) / l) - 1, output[i], 1e-6);
            }
            passage.Output.Sum().Backward();
            for (var i = 0; i < 300; i++) Assert.Equal(1 - Math.Pow(Math.Tanh(a.Data[i]), 2), a.Grad!.Data[i], 1e-5);
        }
    }

    [Fact]
    public void Fsp_PerturbsWithinACell_AndNeverLeavesTheInterval()
    {
        var fsp = new FiniteScalarPerturbation(2, new FspOptions { Levels = [4, 8], Quantized = 0.5f }, new RandomStream(3));
        Identity(fsp.Projection);
        var a = Tensor.Randn(s_random, 4000, 2) * 1.5f;
        var passage = fsp.Pass(a, Train());
        var (output, codes) = (passage.Output.ToArray(), fsp.Restore(passage.Message()).ToArray());
        int quantized = 0, still = 0;
        for (var i = 0; i < 4000; i++)
        {
            var squashed = new[] { Math.Tanh(a.Data[2 * i]), Math.Tanh(a.Data[(2 * i) + 1]) };
            if (output[2 * i] == codes[2 * i] && output[(2 * i) + 1] == codes[(2 * i) + 1]) { quantized++; continue; }
            for (var d = 0; d < 2; d++)
            {
                Assert.InRange(output[(2 * i) + d] - squashed[d], (-1.0 / (d == 0 ? 4 : 8)) - 1e-5, (1.0 / (d == 0 ? 4 : 8)) + 1e-5);
                Assert.InRange(output[(2 * i) + d], -1f, 1f);
            }
            if (Math.Abs(output[2 * i] - squashed[0]) < 1e-6) still++;
        }
        Assert.InRange(quantized, 1850, 2150);
        Assert.InRange(still, 50, 1000); // proposals that left the interval
        Assert.Equal((Math.PI * Math.PI / 12), 0.8225, 1e-4);
    }

    [Fact]
    public void VpVae_KeepsTheDistributionOfItsVectors_AndMovesThemByACell()
    {
        var vp = new VectorPerturbation(2, new VpVaeOptions { Width = 2, Codes = 16, Queue = 1024, Neighbours = 8 }, new RandomStream(3));
        Identity(vp.Projection);
        vp.Pass(Tensor.Randn(s_random, 1024, 2), Train());
        var z = Tensor.Randn(s_random, 1000, 2);
        var moved = vp.Pass(z, Train(5)).Output;
        double shift = 0, change = 0, variance = 0;
        for (var i = 0; i < 1000; i++)
        {
            var (dx, dy) = (moved.Data[2 * i] - z.Data[2 * i], moved.Data[(2 * i) + 1] - z.Data[(2 * i) + 1]);
            if (dx != 0 || dy != 0) change++;
            shift += Math.Sqrt((dx * dx) + (dy * dy)) / 1000;
            variance += ((moved.Data[2 * i] * moved.Data[2 * i]) + (moved.Data[(2 * i) + 1] * moved.Data[(2 * i) + 1])) / 2000;
        }
        Assert.InRange(change, 400, 980); // accepted proposals
        // 16 cells of a normal plane have radii of about 0.4.
        Assert.InRange(shift, 0.1, 0.6);
        Assert.InRange(variance, 0.8, 1.2);
    }

    [Fact]
    public void VpVae_HasACodebookAfterFreezing_ThatComesBackFromItsBytes()
    {
        VectorPerturbation Make() => new(3, new VpVaeOptions { Width = 2, Codes = 8, Queue = 64 }, new RandomStream(3));
        var vp = Make();
        var h = Tensor.Randn(s_random, 200, 3);
        for (var i = 0; i < 3; i++) vp.Pass(h, Train());
        var free = vp.Pass(h, Mean());
        Assert.Null(free.Rate);
        Assert.Equal(vp.Projection.Forward(h).ToArray(), free.Output.ToArray());
        Assert.Equal(free.Output.ToArray(), vp.Restore(free.Message()).ToArray());
        Assert.Throws<InvalidOperationException>(() => vp.Pass(h, RoundTrip.Ship()));
        vp.Freeze([h]);
        RoundTrip.Check(vp, Tensor.Randn(s_random, 50, 3));
        var again = Make();
        again.LoadStateDict(vp.StateDict());
        again.LoadTables(vp.FrozenTables);
        Assert.Equal(vp.Pass(h, Mean()).Output.ToArray(), again.Pass(h, Mean()).Output.ToArray());
        for (var cut = 0; cut < vp.FrozenTables!.Length; cut += 7)
        {
            var damaged = Make();
            Assert.Throws<InputException>(() => damaged.LoadTables(vp.FrozenTables.AsSpan(0, cut)));
        }
    }

    [Fact]
    public void ImpossibleSettings_AreRefusedByName()
    {
        void Refused(string field, Func<object> make) => Assert.Contains("bottleneck." + field, Assert.Throws<InputException>(make).Message, StringComparison.Ordinal);
        Refused("codes", () => new SimVq(2, new SimVqOptions { Codes = 0 }, s_random));
        Refused("width", () => new SimVq(2, new SimVqOptions { Width = 0 }, s_random));
        Refused("heads", () => new VqganLc(2, new VqganLcOptions { Heads = 0 }, s_random));
        Refused("commitment", () => new IndexBackpropagation(2, new IbqOptions { Commitment = -1 }, s_random));
        Refused("levels", () => new LatentQuantizer(2, new LatentQuantizerOptions { Levels = 1 }, s_random));
        Refused("queue", () => new VectorPerturbation(2, new VpVaeOptions { Codes = 300, Queue = 200 }, s_random));
        Refused("quantized", () => new FiniteScalarPerturbation(2, new FspOptions { Quantized = 2 }, s_random));
        Refused("levels", () => new FiniteScalarPerturbation(2, new FspOptions { Levels = [1] }, s_random));
    }
}
