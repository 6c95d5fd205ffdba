using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.Benches;

/// <summary>Training steps of single layers: forward, backward from the mean square of the output, Adam.</summary>
internal static class LayerBenches
{
    /// <summary>An encoder layer without dropout over [batch, tokens, width].</summary>
    public static Action Transformer(int batch, int tokens, int width, int heads, int feedForward)
    {
        var random = new RandomStream(1);
        return Step(new TransformerEncoderLayer(width, heads, random, feedForward, dropout: 0), Tensor.Randn(random, batch, tokens, width));
    }

    /// <summary>Gated recurrent units over [batch, steps, inputs].</summary>
    public static Action Gru(int batch, int steps, int inputs, int hidden)
    {
        var random = new RandomStream(1);
        return Step(new GRU(inputs, hidden, random), Tensor.Randn(random, batch, steps, inputs));
    }

    /// <summary>Long short-term memory over [batch, steps, inputs].</summary>
    public static Action Lstm(int batch, int steps, int inputs, int hidden)
    {
        var random = new RandomStream(1);
        return Step(new LSTM(inputs, hidden, random), Tensor.Randn(random, batch, steps, inputs));
    }

    /// <summary>A depthwise 3x3 and a pointwise convolution, batch norm and ReLU over [batch, channels, size, size].</summary>
    public static Action Separable(int batch, int channels, int size, int outChannels)
    {
        var random = new RandomStream(1);
        var block = new Sequential(new Conv2d(channels, channels, 3, random, padding: 1, groups: channels, bias: false),
            new Conv2d(channels, outChannels, 1, random, bias: false), new BatchNorm2d(outChannels), new ReLU());
        return Step(block, Tensor.Randn(random, batch, channels, size, size));
    }

    private static Action Step(Module layer, Tensor x)
    {
        layer.Train();
        var adam = new Adam(layer.NamedParameters());
        return () =>
        {
            using var scope = new TensorScope("bench");
            adam.ZeroGrad();
            layer.Forward(x).Square().Mean().Backward();
            adam.Step();
        };
    }
}
