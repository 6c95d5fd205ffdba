using System.Text.Json;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

/// <summary>Modules with PyTorch's weights loaded by name, and losses: outputs, gradients and buffers are PyTorch's.</summary>
public class ModuleGoldenTest
{
    private static readonly RandomStream s_random = new(1);
    private static readonly Tensor s_padding = Tensor.From([1f, 1, 1, 1, 1, 1, 1, 1, 0, 0], 2, 5);

    private static readonly Dictionary<string, Case> s_cases = new(StringComparer.Ordinal)
    {
        ["batch_norm1d"] = new(() => new BatchNorm1d(3)),
        ["batch_norm1d/length"] = new(() => new BatchNorm1d(3, momentum: 0.3f)),
        ["batch_norm2d"] = new(() => new BatchNorm2d(3)),
        ["batch_norm2d/eval"] = new(() => new BatchNorm2d(3)),
        ["group_norm"] = new(() => new GroupNorm(2, 4)),
        ["layer_norm"] = new(() => new LayerNorm(5)),
        ["rms_norm"] = new(() => new RMSNorm(5)),
        ["embedding"] = new(() => new Embedding(5, 3, s_random), (m, _) => ((Embedding)m).Forward(LongTensor.From([4L, 0, 4, 1], 4))),
        ["pools"] = new(() => new Sequential(new Conv2d(2, 3, 3, s_random, padding: 1), new MaxPool2d(3, 2, 1), new Upsample(2), new AvgPool2d(2, 1), new AdaptiveAvgPool2d(2, 3))),
        ["gru"] = new(() => new GRU(4, 3, s_random)),
        ["gru/two"] = new(() => new GRU(4, 3, s_random, 2), (m, x) => Joined(((GRU)m).Run(x[0], x[1]))),
        ["gru/step"] = new(() => new GRU(3, 5, s_random)),
        ["gru/three"] = new(() => new GRU(5, 19, s_random, 3), (m, x) => Joined(((GRU)m).Run(x[0]))),
        ["lstm"] = new(() => new LSTM(4, 3, s_random)),
        ["lstm/two"] = new(() => new LSTM(4, 3, s_random, 2), (m, x) => Joined(((LSTM)m).Run(x[0], x[1], x[2]))),
        ["lstm/three"] = new(() => new LSTM(5, 19, s_random, 3), (m, x) => Joined(((LSTM)m).Run(x[0]))),
        ["attention"] = new(() => new MultiHeadAttention(6, 2, s_random)),
        ["attention/causal"] = new(() => new MultiHeadAttention(6, 2, s_random), (m, x) => ((MultiHeadAttention)m).Forward(x[0], causal: true)),
        ["attention/masked"] = new(() => new MultiHeadAttention(6, 2, s_random), (m, x) => ((MultiHeadAttention)m).Forward(x[0], false, s_padding)),
        ["attention/both"] = new(() => new MultiHeadAttention(6, 2, s_random), (m, x) => ((MultiHeadAttention)m).Forward(x[0], true, s_padding)),
        ["attention/additive"] = new(() => new AdditiveAttention(3, 4, 6, s_random), (m, x) => ((AdditiveAttention)m).Forward(x[0], x[1], s_padding) is var (context, weights) ? Tensor.Cat([context, weights], 1) : null!),
        ["attention/decoder"] = new(() => new AttentionDecoder(2, 4, 3, 6, s_random), (m, x) => ((AttentionDecoder)m).Run(x[0], x[1], x[2], s_padding) is var (states, contexts, weights) ? Tensor.Cat([states, contexts, weights], -1) : null!),
        ["attention/cross"] = new(() => new MultiHeadAttention(6, 2, s_random), (m, x) => ((MultiHeadAttention)m).Forward(x[0], x[1], s_padding)),
        ["attention/slots"] = new(() => new SlotAttention(4, 3, 6, s_random, hidden: 5), (m, x) => Joined(((SlotAttention)m).Run(x[0], Started(m, x[1])))),
        ["encoder"] = new(() => new TransformerEncoderLayer(6, 2, s_random, 8, 0f)),
        ["encoder/first"] = new(() => new TransformerEncoderLayer(6, 2, s_random, 8, 0f, normFirst: true, gelu: true), (m, x) => ((TransformerEncoderLayer)m).Forward(x[0], true, s_padding)),
        ["decoder"] = new(() => Decoder(), (m, x) => ((TransformerDecoderLayer)m).Forward(x[0], x[1])),
        ["decoder/first"] = new(() => Decoder(true), (m, x) => ((TransformerDecoderLayer)m).Forward(x[0], x[1], false, s_padding, s_padding)),
        ["encoder/stack"] = new(() => new TransformerEncoder([new(6, 2, s_random, 8, 0f), new(6, 2, s_random, 8, 0f)], new LayerNorm(6)), (m, x) => ((TransformerEncoder)m).Forward(x[0], true, s_padding)),
        ["decoder/stack"] = new(() => new TransformerDecoder([Decoder(), Decoder()], new LayerNorm(6)), (m, x) => ((TransformerDecoder)m).Forward(x[0], x[1])),
        ["gru/bidirectional"] = new(() => new GRU(4, 3, s_random, 2, bidirectional: true), (m, x) => Joined(((GRU)m).Run(x[0], x[1]))),
        ["lstm/bidirectional"] = new(() => new LSTM(4, 3, s_random, 2, bidirectional: true), (m, x) => Joined(((LSTM)m).Run(x[0], x[1], x[2]))),
        ["embedding/padding"] = new(() => new Embedding(5, 3, s_random, paddingIdx: 4), (m, _) => ((Embedding)m).Forward(LongTensor.From([4L, 0, 4, 1], 2, 2))),
        ["conv1d"] = new(() => new Conv1d(4, 6, 3, s_random, stride: 2, padding: 2, dilation: 2, groups: 2)),
        ["conv_transpose1d"] = new(() => new ConvTranspose1d(4, 6, 4, s_random, stride: 3, padding: 1, outputPadding: 1, groups: 2)),
        ["mlp"] = new(() => new Mlp([4, 5, 6, 2], s_random, () => new Tanh())),
        ["pools1d"] = new(() => new Sequential(new Conv1d(2, 3, 3, s_random, padding: 1), new MaxPool1d(3, 2, 1), new AvgPool1d(2, 1), new AdaptiveAvgPool1d(4), new AdaptiveMaxPool1d(3))),
        ["resampling"] = new(() => new Sequential(new Conv2d(1, 8, 3, s_random, padding: 1), new PixelShuffle(2), new UpsampleBilinear(2), new PixelUnshuffle(4), new AdaptiveMaxPool2d(2, 3))),
        ["resampling/corners"] = new(() => new UpsampleBilinear(3, alignCorners: true)),
        ["positions"] = new(() => new SinusoidalPositionalEncoding(6)),
        ["positions/learned"] = new(() => new LearnedPositionalEncoding(7, 4, s_random)),
        ["separable1d"] = new(() => new SeparableConv1d(4, 3, 3, s_random, 2, 2, 2)),
        ["separable2d"] = new(() => new SeparableConv2d(4, 3, 3, s_random, 2, 2, 2)),
        ["residual"] = new(() => new ResidualBlock(new Sequential(new Linear(4, 5, s_random), new Tanh(), new Linear(5, 3, s_random)), new Linear(4, 3, s_random))),
        ["hourglass"] = new(() => new HourglassMlp(6, 2, s_random)),
        ["inverted"] = new(() => new InvertedBottleneck(2, 2, s_random, expansion: 2, squeeze: 3)),
        ["inverted/stride"] = new(() => new InvertedBottleneck(2, 3, s_random, expansion: 2, kernel: 5, stride: 2, squeeze: 3)),
        ["bce"] = new(x => Losses.BinaryCrossEntropyWithLogits(x[0], Tensor.Arange(20, 0, 1f / 19).Reshape(4, 5))),
        ["mse"] = new(x => Losses.MeanSquaredError(x[0], x[1])),
        ["mae"] = new(x => Losses.MeanAbsoluteError(x[0], x[1])),
        ["huber"] = new(x => Losses.Huber(x[0], x[1], 0.7f)),
        ["gaussian"] = new(x => Losses.GaussianNll(x[0], x[1], x[2])),
        ["gaussian_kl"] = new(x => Losses.GaussianKl(x[0], x[1])),
        ["poisson"] = new(x => Losses.PoissonNll(x[0], x[1])),
        ["multinomial"] = new(x => Losses.MultinomialNll(x[0], x[1])),
        ["info_nce"] = new(x => Losses.InfoNce(x[0], x[1], 0.2f)),
        ["triplet"] = new(x => Losses.TripletMargin(x[0], x[1], x[2], 0.3f)),
        ["distillation"] = new(x => Losses.Distillation(x[0], x[1], 3f)),
    };

    public static TheoryData<string> Names => [.. s_cases.Keys];

    [Fact]
    public void EveryGolden_IsChecked() =>
        Assert.Equal(NetworkGoldens.Root.GetProperty("modules").EnumerateObject().Select(o => o.Name).Order(), s_cases.Keys.Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void OutputsAndGradients_AreThoseOfPyTorch(string name)
    {
        var golden = NetworkGoldens.Root.GetProperty("modules").GetProperty(name);
        var module = s_cases[name].Make();
        module.LoadStateDict(golden.GetProperty("state").EnumerateObject().ToDictionary(p => p.Name, p => NetworkGoldens.Tensor(p.Value)));
        module.Train(!name.EndsWith("/eval", StringComparison.Ordinal));
        var inputs = golden.GetProperty("inputs").EnumerateArray().Select(NetworkGoldens.Tensor).ToArray();
        foreach (var x in inputs) x.RequiresGrad = true;
        var y = s_cases[name].Call(module, inputs);
        NetworkGoldens.AssertClose(golden.GetProperty("output"), y, name);
        var weights = Tensor.Zeros(y.Shape);
        for (var i = 0; i < weights.Numel; i++) weights.Data[i] = MathF.Cos(i);
        y.Backward(weights);
        foreach (var (x, expected) in inputs.Zip(golden.GetProperty("input_grads").EnumerateArray()))
        {
            if (expected.ValueKind == JsonValueKind.Null) Assert.Null(x.Grad);
            else NetworkGoldens.AssertClose(expected, x.Grad, $"{name}, gradient of an input");
        }
        foreach (var (parameter, value) in module.NamedParameters()) NetworkGoldens.AssertClose(golden.GetProperty("grads").GetProperty(parameter), value.Grad, $"{name}, gradient of {parameter}");
        foreach (var (buffer, value) in module.NamedBuffers()) NetworkGoldens.AssertClose(golden.GetProperty("buffers").GetProperty(buffer), value, $"{name}, {buffer}");
    }

    [Fact]
    public void Dropout_KeepsTheMean_AndItsStreamDecides()
    {
        var dropout = new Dropout(0.25f, new RandomStream(3));
        var x = Tensor.Ones(200, 100);
        var first = dropout.Forward(x).ToArray();
        Assert.All(first, v => Assert.True(v is 0f or 4 / 3f));
        Assert.InRange(first.Average(), 0.98, 1.02); // six standard deviations are 0.025
        Assert.Equal(20000ul, dropout.Random.Position);
        var second = dropout.Forward(x).ToArray();
        Assert.NotEqual(first, second);
        dropout.Random.Position = 0;
        Assert.Equal(first, dropout.Forward(x).ToArray());
        dropout.Eval();
        Assert.Same(x, dropout.Forward(x));
    }

    [Fact]
    public void BatchNorm_OfOneValueAChannel_IsRefused() => Assert.Throws<ArgumentException>(() => new BatchNorm1d(3).Forward(Tensor.Ones(1, 3)));

    [Fact]
    public void AnEmbedding_PadsWithZeros_AndTakesGivenRows()
    {
        var padded = new Embedding(4, 3, new RandomStream(1), paddingIdx: 2);
        Assert.Equal([0f, 0, 0], padded.Weight.Select(0, 2).ToArray());
        Assert.All(padded.Weight.Select(0, 1).ToArray(), v => Assert.NotEqual(0f, v));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Embedding(4, 3, new RandomStream(1), paddingIdx: 4));

        var rows = Tensor.From([1f, 2, 3, 4, 5, 6], 3, 2);
        var given = Embedding.FromPretrained(rows);
        rows.Data[0] = 9;
        Assert.Equal([1f, 2, 5, 6], given.Forward(LongTensor.From([0L, 2], 2)).ToArray());
        Assert.Throws<InvalidOperationException>(() => given.Forward(LongTensor.From([0L], 1)).Sum().Backward()); // frozen
        var free = Embedding.FromPretrained(rows, freeze: false);
        free.Forward(LongTensor.From([0L], 1)).Sum().Backward();
        Assert.Equal([1f, 1, 0, 0, 0, 0], free.Weight.Grad!.ToArray());
    }

    [Fact]
    public void AnMlp_HasDropoutAfterEachActivation_AndKindsOfItsOwn()
    {
        var mlp = new Mlp([4, 5, 6, 2], new RandomStream(1), dropout: 0.5f);
        Assert.Equal([typeof(Linear), typeof(ReLU), typeof(Dropout), typeof(Linear), typeof(ReLU), typeof(Dropout), typeof(Linear)], mlp.Children.Select(c => c.Value.GetType()));
        Assert.Throws<ArgumentException>(() => new Mlp([4], new RandomStream(1)));
    }

    private static TransformerDecoderLayer Decoder(bool first = false) => new(6, 2, s_random, 8, 0f, first, first);

    // Drawn slots, their noise given.
    private static Tensor Started(Module slots, Tensor noise)
    {
        var start = slots.NamedParameters().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);
        return start["slots_mu"] + (start["slots_log_sigma"].Exp() * noise);
    }

    private static Tensor Joined((Tensor A, Tensor B) pair) => Tensor.Cat([pair.A.Reshape(-1), pair.B.Reshape(-1)]);

    private static Tensor Joined((Tensor A, Tensor B, Tensor C) three) => Tensor.Cat([three.A.Reshape(-1), three.B.Reshape(-1), three.C.Reshape(-1)]);

    private sealed class Nothing : Module;

    private sealed record Case(Func<Module> Make, Func<Module, Tensor[], Tensor> Call)
    {
        public Case(Func<Module> make) : this(make, (m, x) => m.Forward(x[0])) { }

        public Case(Func<Tensor[], Tensor> loss) : this(() => new Nothing(), (_, x) => loss(x)) { }
    }
}
