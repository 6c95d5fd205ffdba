using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class TemporalConceptsTest
{
    private const int K = 4, T = 6;

    [Fact]
    public void A_concepts_channel_has_the_same_bits_whatever_the_others_do()
    {
        var head = Head(new TemporalOptions());
        var x = Tensor.Rand(new RandomStream(1), 3, T, K);
        var changed = x.Clone();
        for (var i = 0; i < 3 * T; i++) changed.Data[(i * K) + 2] = 1 - changed.Data[(i * K) + 2];
        var (a, b) = (head.Run(x), head.Run(changed));
        for (var j = 0; j < K; j++)
        {
            var same = a.Activations.Select(2, j).ToArray().SequenceEqual(b.Activations.Select(2, j).ToArray()) && a.Attention.Select(1, j).ToArray().SequenceEqual(b.Attention.Select(1, j).ToArray());
            Assert.Equal(j != 2, same);
        }
        // The control with attention across concepts is told apart by the same test.
        var mixing = Head(new TemporalOptions { Across = true });
        Assert.NotEqual(mixing.Run(x).Activations.Select(2, 0).ToArray(), mixing.Run(changed).Activations.Select(2, 0).ToArray());
    }

    [Fact]
    public void It_computes_the_papers_formulas()
    {
        var head = Head(new TemporalOptions { Hidden = 2, Reach = 2, Pooling = 1.7f });
        var x = Tensor.Rand(new RandomStream(2), 1, T, K);
        var pass = head.Run(x);
        var w = head.NamedParameters().ToDictionary(p => p.Name, p => p.Value.ToArray());
        var z = new double[T][];
        for (var t = 0; t < T; t++) z[t] = [.. w["reading.bias"].Select(b => (double)b)];
        for (var j = 0; j < K; j++)
            for (var t = 0; t < T; t++)
            {
                var fit = Enumerable.Range(0, T).Select(s => Math.Exp(w["log_temperature"][j]) * ((((w["query"][j] * X(t)) + w["query_bias"][j]) * w["key"][j] * X(s)) + w["distance"][(j * 5) + Math.Clamp(s - t, -2, 2) + 2])).ToArray();
                var sum = fit.Sum(Math.Exp);
                var course = X(t) + Enumerable.Range(0, T).Sum(s => Math.Exp(fit[s]) / sum * w["value"][j] * X(s));
                course += Enumerable.Range(0, 2).Sum(h => Math.Max(0, (course * w["hidden_weight"][(j * 2) + h]) + w["hidden_bias"][(j * 2) + h]) * w["hidden_out"][(j * 2) + h]);
                var activation = Math.Max(0, Math.Log(1 + Math.Exp((course * w["scale"][j]) + w["shift"][j])) - Math.Log(2));
                Assert.Equal(activation, pass.Activations.Data[(t * K) + j], 1e-5);
                for (var y = 0; y < 3; y++) z[t][y] += w["reading.weight"][(y * K) + j] * activation;
                double X(int at) => x.Data[(at * K) + j];
            }
        for (var y = 0; y < 3; y++) Assert.Equal(Math.Log(z.Sum(row => Math.Exp(1.7 * row[y]))) / 1.7, pass.Logits.Data[y], 1e-5);
    }

    [Fact]
    public void Contributions_are_what_the_pooling_makes_of_them()
    {
        var head = Head(new TemporalOptions { Pooling = 2.5f });
        var pass = head.Run(Tensor.Rand(new RandomStream(3), 5, T, K));
        var explained = TemporalExplanation.Of(head, pass, 1);
        var bias = head.NamedParameters().First(p => p.Name == "reading.bias").Value.Data[1];
        for (var i = 0; i < 5; i++)
        {
            var (weights, sum, entropy) = (explained.Temporal.Data.Slice(i * T, T).ToArray(), (double)bias, 0.0);
            foreach (var v in explained.Windows.Data.Slice(i * T * K, T * K)) sum += v;
            foreach (var p in weights) entropy -= p * Math.Log(p);
            Assert.Equal(1, weights.Sum(), 1e-5);
            // ln-sum-exp = mean under softmax + entropy / tau.
            Assert.Equal(pass.Logits.Data[(i * 3) + 1], sum + (entropy / 2.5), 1e-4);
            Assert.Equal(explained.Windows.Select(0, i).Sum(0).ToArray(), explained.Global.Select(0, i).ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
        }
        // The weights are the derivative of the pooled logit by the window's.
        var windows = pass.WindowLogits.Detach().Clone();
        windows.RequiresGrad = true;
        ((windows * 2.5f).LogSumExp(1) * (1 / 2.5f)).Select(1, 1).Sum().Backward();
        Assert.Equal(explained.Temporal.ToArray(), windows.Grad!.Select(2, 1).ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void Attention_is_edited_as_it_says()
    {
        var head = Head(new TemporalOptions());
        var x = Tensor.Rand(new RandomStream(4), 2, T, K);
        var plain = head.Run(x).Attention;
        Assert.All(plain.Sum(3).ToArray(), s => Assert.Equal(1, s, 1e-5));
        var identity = head.Run(x, AttentionEdit.Identity).Attention;
        for (var t = 0; t < T; t++) Assert.Equal(1, identity.Data[(t * T) + t]);
        Assert.All(head.Run(x, AttentionEdit.Uniform).Attention.ToArray(), a => Assert.Equal(1f / T, a));
        Assert.Equal(plain.Data[..T].ToArray().Reverse(), head.Run(x, AttentionEdit.Reverse).Attention.Data[..T].ToArray());
        Assert.Equal(plain.Data[..T].ToArray().Order(), head.Run(x, AttentionEdit.Shuffle, new RandomStream(9)).Attention.Data[..T].ToArray().Order());
        Assert.NotEqual(plain.ToArray(), head.Run(x, AttentionEdit.Shuffle, new RandomStream(9)).Attention.ToArray());
    }

    [Fact]
    public void One_concept_in_one_window_is_put_by_its_name()
    {
        var head = Head(new TemporalOptions());
        var x = Tensor.Rand(new RandomStream(5), 2, T, K);
        var model = new TemporalConcepts(head, x, ["ramp", "spike", "wave", "step"]);
        Assert.Equal(["ramp@0", "spike@0"], model.Space.Axes.Take(2).Select(a => a.Name));
        var at = model.Space.Find("spike@3");
        var put = new ConceptValues(Tensor.Zeros(2, T * K), Tensor.Zeros(2, T * K));
        put.Values.Data[at] = 1.5f;
        put.Known.Data[at] = 1; // in the first row only
        var edited = x.Clone();
        edited.Data[at] = 1.5f;
        Assert.Equal(head.Run(edited).Logits.Softmax(-1).ToArray(), model.Answers(put).ToArray());
        Assert.Equal(head.Run(x).Logits.Softmax(-1).ToArray(), model.Answers(null).ToArray());
        Assert.NotEqual(model.Answers(null).ToArray(), model.Answers(put).ToArray());
        Assert.Equal(edited.ToArray(), model.Beliefs(put).ToArray());
        put.Values.RequiresGrad = true;
        model.Answers(put).Select(1, 0).Sum().Backward();
        Assert.NotEqual(0, put.Values.Grad!.Data[at]);
        Assert.Equal(0, put.Values.Grad.Data[at + 1]);
    }

    [Fact]
    public void Clips_of_any_length_pass_and_classes_may_be_spoken_for_only()
    {
        var head = Head(new TemporalOptions { NonNegative = true });
        foreach (var windows in (int[])[1, 3, 40]) Assert.All(head.Forward(Tensor.Rand(new RandomStream(6), 2, windows, K)).ToArray(), v => Assert.True(float.IsFinite(v)));
        Assert.All(head.ClassWeights.ToArray(), w => Assert.True(w >= 0));
        Assert.Throws<ArgumentException>(() => head.Forward(Tensor.Zeros(2, 3, K + 1)));
    }

    [Fact]
    public void Columns_of_a_table_are_put_in_the_order_of_time()
    {
        var reading = new TemporalReading(["a_1", "b_0", "b_1", "a_0"], 2, new TemporalOptions(), new RandomStream(1));
        Assert.Equal([4f, 2, 1, 3], reading.Arrange(Tensor.From([1, 2, 3, 4], 1, 4)).ToArray()); // a_0 b_0, a_1 b_1
        var x = Tensor.Rand(new RandomStream(2), 3, 4);
        Assert.Equal(reading.Head.Forward(reading.Arrange(x)).ToArray(), reading.Forward(x).ToArray());
        Assert.Contains("has no window 1", Assert.Throws<InputException>(() => new TemporalReading(["a@0", "a@1", "b@0"], 2, new TemporalOptions(), new RandomStream(1))).Message, StringComparison.Ordinal);
        Assert.Contains("names no window", Assert.Throws<InputException>(() => new TemporalReading(["fever", "a_1"], 2, new TemporalOptions(), new RandomStream(1))).Message, StringComparison.Ordinal);
        Assert.Contains("stands twice", Assert.Throws<InputException>(() => new TemporalReading(["a@0", "a_0"], 2, new TemporalOptions(), new RandomStream(1))).Message, StringComparison.Ordinal);
    }

    private static TemporalConceptHead Head(TemporalOptions options)
    {
        var head = new TemporalConceptHead(K, 3, options, new RandomStream(7));
        var random = new RandomStream(8);
        foreach (var (_, value) in head.NamedParameters())
            for (var i = 0; i < value.Numel; i++) value.Data[i] += (float)random.NextGaussian() * 0.4f;
        return head;
    }
}
