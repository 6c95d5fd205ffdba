using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

/// <summary>The discrete key-value bottleneck and codebook features.</summary>
public class KeyedCodesTest
{
    private static readonly RandomStream s_random = new(39);

    private static PassContext Train(ulong seed = 1) => new(PassMode.Sample, new RandomStream(seed)) { Training = true };

    private static PassContext Mean() => new(PassMode.Mean, new RandomStream(1));

    private static long[] IndicesOf(Passage p) => p.Message().Single<Symbols>().Values.ToArray();

    private static DiscreteKeyValue Dkvb(Tensor data, DkvbOptions? options = null)
    {
        var dkvb = new DiscreteKeyValue(data.Size(1), options ?? new DkvbOptions { Heads = 4, Keys = 16, KeyWidth = 3, Latent = 5 }, new RandomStream(3));
        dkvb.Prepare([data]);
        return dkvb;
    }

    // Two clusters share no key of any head: training on one leaves the other's outputs bit for bit.
    [Fact]
    public void Dkvb_TrainingOnSomeInputs_LeavesThoseThatShareNoKeyBitForBit()
    {
        var (near, far) = (Tensor.Randn(s_random, 60, 6), Tensor.Randn(s_random, 60, 6) * 0.5f + 30f);
        var dkvb = Dkvb(Tensor.Cat([near, far]));
        var (first, second) = (IndicesOf(dkvb.Pass(near, Mean())), IndicesOf(dkvb.Pass(far, Mean())));
        var shared = Enumerable.Range(0, 4).Sum(h => first.Where((_, i) => i % 4 == h).Intersect(second.Where((_, i) => i % 4 == h)).Count());
        Assert.Equal(0, shared);
        var (beforeNear, beforeFar) = (dkvb.Pass(near, Mean()).Output.ToArray(), dkvb.Pass(far, Mean()).Output.ToArray());
        var keys = dkvb.Keys.ToArray();
        var adam = new Adam(dkvb.NamedParameters(), 0.05f);
        for (var step = 0; step < 20; step++)
        {
            adam.ZeroGrad();
            (dkvb.Pass(near, Train()).Output - 3f).Square().Sum(1).Mean().Backward();
            adam.Step();
        }
        Assert.Equal(beforeFar, dkvb.Pass(far, Mean()).Output.ToArray());
        Assert.NotEqual(beforeNear, dkvb.Pass(near, Mean()).Output.ToArray());
        Assert.Equal(keys, dkvb.Keys.ToArray());
    }

    [Fact]
    public void Dkvb_GradientIsOnFetchedValuesOnly_AndNotOnTheEncoder()
    {
        var data = Tensor.Randn(s_random, 300, 6);
        var dkvb = Dkvb(data);
        var h = Tensor.Randn(s_random, 2, 6);
        h.RequiresGrad = true;
        var passage = dkvb.Pass(h, Train());
        var indices = IndicesOf(passage);
        var g = Tensor.Randn(s_random, 2, 5);
        (passage.Output * g).Sum().Backward();
        Assert.Null(h.Grad);
        var expected = new float[4 * 16 * 5];
        for (var i = 0; i < 8; i++)
            for (var d = 0; d < 5; d++) expected[((((i % 4) * 16) + (int)indices[i]) * 5) + d] += g.Data[(i / 4 * 5) + d] / 4;
        for (var k = 0; k < expected.Length; k++) Assert.Equal(expected[k], dkvb.Values.Grad!.Data[k], 1e-6f);
        // The output is the mean of the fetched values.
        for (var d = 0; d < 5; d++)
            Assert.Equal(Enumerable.Range(0, 4).Average(hd => dkvb.Values.Data[(((hd * 16) + (int)indices[hd]) * 5) + d]), passage.Output.Data[d], 1e-6f);
    }

    [Fact]
    public void Dkvb_KeyPhase_SpreadsKeysOverTheData_TheSameEveryTime()
    {
        var data = Tensor.Randn(s_random, 600, 6);
        var (one, two) = (Dkvb(data), Dkvb(data));
        Assert.Equal(one.Keys.ToArray(), two.Keys.ToArray());
        one.Prepare([data.Narrow(0, 0, 300), data.Narrow(0, 300, 300)]);
        Assert.Equal(one.Keys.ToArray(), two.Keys.ToArray());
        var indices = IndicesOf(one.Pass(data, Mean()));
        for (var head = 0; head < 4; head++) Assert.InRange(indices.Where((_, i) => i % 4 == head).Distinct().Count(), 14, 16);
        Assert.Throws<InvalidOperationException>(() => new DiscreteKeyValue(6, new DkvbOptions(), new RandomStream(1)).Pass(data, Train()));
    }

    [Fact]
    public void Codebook_SendsTheMostSimilarCodes_AndTheirSum()
    {
        var codebook = new CodebookFeatures(5, new CodebookFeaturesOptions { Codes = 30, Active = 3 }, new RandomStream(3));
        codebook.Pass(Tensor.Randn(s_random, 40, 5), Train());
        var x = Tensor.Randn(s_random, 25, 5) * 3f + 2f;
        var passage = codebook.Pass(x, Mean());
        var (indices, book, output) = (IndicesOf(passage), codebook.Codebook.ToArray(), passage.Output.ToArray());
        for (var i = 0; i < 25; i++)
        {
            var row = x.ToArray()[(5 * i)..((5 * i) + 5)];
            var mean = row.Average();
            double Cosine(int k)
            {
                double dot = 0, norm = 0;
                for (var d = 0; d < 5; d++)
                {
                    dot += (row[d] - mean) * (double)book[(5 * k) + d];
                    norm += book[(5 * k) + d] * (double)book[(5 * k) + d];
                }
                return dot / Math.Sqrt(norm);
            }
            var best = Enumerable.Range(0, 30).OrderByDescending(Cosine).Take(3).Order().Select(k => (long)k);
            Assert.Equal(best, indices[(3 * i)..((3 * i) + 3)]);
            for (var d = 0; d < 5; d++) Assert.Equal(best.Sum(k => book[(int)((5 * k) + d)]), output[(5 * i) + d], 1e-5f);
        }
        Assert.Equal(Math.Log2(30.0 * 29 * 28 / 6), codebook.Capacity!.Value.Value, 1e-9);
    }

    [Fact]
    public void Codebook_GradientPassesToTheActivation_AndCodesLearnTheReconstruction()
    {
        var codebook = new CodebookFeatures(4, new CodebookFeaturesOptions { Codes = 12, Active = 2 }, new RandomStream(3));
        var x = Tensor.Randn(s_random, 6, 4);
        codebook.Pass(x, Train());
        x.RequiresGrad = true;
        var passage = codebook.Pass(x, Train());
        var g = Tensor.Randn(s_random, 6, 4);
        (passage.Output * g).Sum().Backward();
        Assert.Equal(g.ToArray(), x.Grad!.ToArray());
        Assert.Null(codebook.Codebook.Grad);
        x.ZeroGrad();
        passage.Terms[0].Value.Backward();
        Assert.Null(x.Grad);
        var (indices, output) = (IndicesOf(passage), passage.Output.ToArray());
        var expected = new float[12 * 4];
        for (var i = 0; i < 12; i++)
            for (var d = 0; d < 4; d++) expected[(int)((4 * indices[i]) + d)] += 2 * (output[(i / 2 * 4) + d] - x.Data[(i / 2 * 4) + d]) / 6;
        for (var k = 0; k < expected.Length; k++) Assert.Equal(expected[k], codebook.Codebook.Grad!.Data[k], 1e-5f);
    }

    [Fact]
    public void Codebook_Commitment_PullsTheActivationToItsCodes_AndMovesNoCode()
    {
        var codebook = new CodebookFeatures(4, new CodebookFeaturesOptions { Codes = 12, Active = 2, Commitment = 0.5f }, new RandomStream(3));
        var x = Tensor.Randn(s_random, 6, 4);
        codebook.Pass(x, Train());
        x.RequiresGrad = true;
        var passage = codebook.Pass(x, Train());
        var term = Assert.Single(passage.Terms, t => t.Name == "commitment");
        Assert.Equal(0.5f, term.Weight);
        var (given, sum) = (x.ToArray(), passage.Output.ToArray());
        Assert.Equal(given.Zip(sum, (a, b) => (a - b) * (a - b)).Sum() / 6, term.Value.Item(), 1e-5f);
        term.Value.Backward();
        Assert.Null(codebook.Codebook.Grad);
        for (var i = 0; i < given.Length; i++) Assert.Equal(2 * (given[i] - sum[i]) / 6, x.Grad!.Data[i], 1e-6f);
        var without = new CodebookFeatures(4, new CodebookFeaturesOptions { Codes = 12, Active = 2, Commitment = 0 }, new RandomStream(3));
        Assert.Equal("reconstruction", Assert.Single(without.Pass(x, Train()).Terms).Name);
    }

    [Fact]
    public void Codebook_CodesThatNobodyChose_BecomeRowsOfTheBatch_AndStandInTheirOwnStep()
    {
        var codebook = new CodebookFeatures(4, new CodebookFeaturesOptions { Codes = 6, Active = 1, DeadThreshold = 0.5f }, new RandomStream(3));
        codebook.Pass(Tensor.Randn(s_random, 60, 4), Train());
        for (var k = 0; k < 2; k++)
        {
            codebook.Counts.Data[k] = 0;
            codebook.Codebook.Data.Slice(4 * k, 4).Fill(-1e-3f); // parallel to what the layer norm takes away: nothing is similar to it
        }
        var alive = codebook.Codebook.ToArray()[8..];
        var x = Tensor.Randn(s_random, 60, 4);
        var passage = codebook.Pass(x, Train());
        var rows = Enumerable.Range(0, 60).Select(i => string.Join(' ', x.Data.Slice(4 * i, 4).ToArray())).ToHashSet();
        for (var k = 0; k < 2; k++)
        {
            Assert.Contains(string.Join(' ', codebook.Codebook.Data.Slice(4 * k, 4).ToArray()), rows);
            Assert.True(codebook.Counts.Data[k] > 9, "the even share, 10 rows, less one step's forgetting");
        }
        Assert.Equal(alive, codebook.Codebook.ToArray()[8..]);
        // What the pass returned is what its indices stand for now, the replaced codes among them.
        Assert.Contains(IndicesOf(passage), i => i < 2);
        Assert.Equal(codebook.Restore(passage.Message()).ToArray(), passage.Output.ToArray());
        // Evaluation counts and replaces nothing.
        codebook.Counts.Data.Clear();
        var book = codebook.Codebook.ToArray();
        codebook.Pass(x, Mean());
        Assert.Equal(book, codebook.Codebook.ToArray());
        Assert.All(codebook.Counts.ToArray(), n => Assert.Equal(0, n));
        // 0 never replaces.
        var lasting = new CodebookFeatures(4, new CodebookFeaturesOptions { Codes = 6, Active = 1, DeadThreshold = 0 }, new RandomStream(3));
        lasting.Pass(x, Train());
        lasting.Counts.Data.Clear();
        book = lasting.Codebook.ToArray();
        lasting.Pass(x, Train());
        Assert.Equal(book, lasting.Codebook.ToArray());
    }

    [Fact]
    public void Codebook_WorksAtANamedLayer_PositionByPosition_AndLearnsToRebuildIt()
    {
        var network = new Sequential(new Linear(6, 8, new RandomStream(1)), new ReLU(), new Linear(8, 3, new RandomStream(2)));
        network.Eval();
        network.RequiresGrad(false);
        var x = Tensor.Randn(s_random, 20, 7, 6); // 20 texts of 7 positions
        var original = network.Forward(x).ToArray();
        var codebook = new CodebookFeatures(8, new CodebookFeaturesOptions { Codes = 64, Active = 4 }, new RandomStream(3));
        using (var insertion = network.Insert("0", codebook))
        {
            insertion.Training = true;
            var adam = new Adam(codebook.NamedParameters(), 0.005f);
            var losses = new List<float>();
            for (var step = 0; step < 80; step++)
            {
                adam.ZeroGrad();
                network.Forward(x);
                losses.Add(insertion.Terms[0].Value.Item());
                insertion.Terms[0].Value.Backward();
                adam.Step();
            }
            Assert.True(losses[^1] < 0.9f * losses[0], $"{losses[0]} to {losses[^1]}");
            insertion.Training = false;
            insertion.Freeze([x]);
            Assert.NotEqual(original, network.Forward(x).ToArray());
            Assert.Equal([140, 4], insertion.Passages[0].Message().Single<Symbols>().Values.Shape.ToArray());
        }
        Assert.Equal(original, network.Forward(x).ToArray());
    }

    [Fact]
    public void ImpossibleSettings_AreRefusedByName()
    {
        void Refused(string field, Func<object> make) => Assert.Contains("bottleneck." + field, Assert.Throws<InputException>(make).Message, StringComparison.Ordinal);
        Refused("heads", () => new DiscreteKeyValue(2, new DkvbOptions { Heads = 0 }, s_random));
        Refused("decay", () => new DiscreteKeyValue(2, new DkvbOptions { Decay = 1 }, s_random));
        Refused("active", () => new CodebookFeatures(4, new CodebookFeaturesOptions { Codes = 3, Active = 4 }, s_random));
        Refused("commitment", () => new CodebookFeatures(4, new CodebookFeaturesOptions { Commitment = -1 }, s_random));
        Refused("dead_threshold", () => new CodebookFeatures(4, new CodebookFeaturesOptions { DeadThreshold = float.NaN }, s_random));
        Refused("type", () => new CodebookFeatures(1, new CodebookFeaturesOptions(), s_random));
    }
}
