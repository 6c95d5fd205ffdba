using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

public class HooksTest
{
    [Fact]
    public void A_hook_sees_every_output_of_a_named_part_until_it_is_disposed()
    {
        var network = Mlp();
        var seen = new List<float[]>();
        var x = Tensor.Randn(new RandomStream(1), 3, 4);
        using (network.GetSubmodule("0").OnOutput(y => seen.Add(y.ToArray())))
        {
            network.Forward(x);
            network.Forward(x);
        }
        network.Forward(x);
        Assert.Equal(2, seen.Count);
        var linear = (Linear)network.GetSubmodule("0");
        Assert.Equal(x.Linear(linear.Weight, linear.Bias).ToArray(), seen[0]);
    }

    [Fact]
    public void A_replacement_changes_what_goes_on_and_carries_gradients()
    {
        var network = Mlp();
        var x = Tensor.Randn(new RandomStream(1), 3, 4);
        var plain = network.Forward(x).ToArray();
        using (network.GetSubmodule("1").ReplaceOutput(y => y * 2f))
        using (network.GetSubmodule("1").ReplaceOutput(y => y + 1f))
        {
            var last = (Linear)network.GetSubmodule("2");
            var first = (Linear)network.GetSubmodule("0");
            var expected = ((x.Linear(first.Weight, first.Bias).Relu() * 2f) + 1f).Linear(last.Weight, last.Bias);
            var output = network.Forward(x);
            Assert.Equal(expected.ToArray(), output.ToArray());
            output.Sum().Backward();
            Assert.Contains(first.Weight.Grad!.ToArray(), g => g != 0);
        }
        Assert.Equal(plain, network.Forward(x).ToArray());
    }

    [Fact]
    public void A_hook_may_take_itself_out_while_it_runs()
    {
        var network = Mlp();
        var calls = 0;
        IDisposable? hook = null;
        hook = network.OnOutput(_ =>
        {
            calls++;
            hook!.Dispose();
        });
        network.Forward(Tensor.Ones(1, 4));
        network.Forward(Tensor.Ones(1, 4));
        Assert.Equal(1, calls);
    }

    [Fact]
    public void Modules_with_other_inputs_are_hooked_once_a_call()
    {
        var random = new RandomStream(3);
        var x = Tensor.Randn(random, 2, 5, 8);
        var attention = new MultiHeadAttention(8, 2, random);
        Once(attention, () => attention.Forward(x));
        Once(attention, () => attention.Forward(x, causal: true));
        Once(attention, () => attention.Forward(x, x));
        var layer = new TransformerEncoderLayer(8, 2, random, 16, dropout: 0);
        Once(layer, () => layer.Forward(x));
        Once(layer, () => layer.Forward(x, causal: true));
        Once(layer.GetSubmodule("self_attn.out_proj"), () => layer.Forward(x, causal: true));
        var gru = new GRU(8, 6, random);
        Once(gru, () => gru.Forward(x));
        Once(gru, () => gru.Run(x).Output);
        var lstm = new LSTM(8, 6, random);
        Once(lstm, () => lstm.Forward(x));
        Once(lstm, () => lstm.Run(x).Output);
        var embedding = new Embedding(4, 3, random);
        Once(embedding, () => embedding.Forward(LongTensor.Over([1, 2], 2)));

        static void Once(Module module, Func<Tensor> call)
        {
            var count = 0;
            using (module.OnOutput(_ => count++)) call();
            Assert.Equal(1, count);
            using (module.ReplaceOutput(y => y * 0f)) Assert.All(call().ToArray(), v => Assert.True(float.IsFinite(v)));
        }
    }

    [Fact]
    public void An_unknown_layer_suggests_the_nearest()
    {
        var layer = new TransformerEncoderLayer(8, 2, new RandomStream(3), 16);
        var error = Assert.Throws<InputException>(() => layer.GetSubmodule("self_atn.out_proj"));
        Assert.Equal("did you mean 'self_attn.out_proj'?", error.Hint);
    }

    private static Sequential Mlp()
    {
        var random = new RandomStream(7);
        return new Sequential(new Linear(4, 6, random), new ReLU(), new Linear(6, 2, random));
    }
}
