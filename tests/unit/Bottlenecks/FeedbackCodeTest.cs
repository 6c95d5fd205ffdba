using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class FeedbackCodeTest
{
    [Fact]
    public void Power_IsOneInABatchAndOnNewBlocksAfterCalibration()
    {
        var channel = FeedbackChannel.FromDecibels(0, 10);
        var code = new FeedbackCode(3, 5, 8, new RandomStream(1));
        using var scope = new TensorScope("test");
        Assert.Equal(1, code.Run(Messages(500, 2), channel, new RandomStream(3)).Sent.Square().Mean().Item(), 1e-4);
        code.Calibrate(channel, new RandomStream(4));
        code.Eval();
        var (logits, sent) = code.Run(Messages(4000, 5), channel, new RandomStream(6));
        Assert.Equal([4000, 8], logits.Shape.ToArray());
        Assert.Equal(1, sent.Square().Mean().Item(), 0.03);
    }

    [Fact]
    public void Evaluation_CodesEachBlockByItself()
    {
        var channel = new FeedbackChannel(1e-12, 1e-12);
        var code = new FeedbackCode(2, 4, 8, new RandomStream(1));
        code.Calibrate(channel, new RandomStream(2));
        code.Eval();
        using var scope = new TensorScope("test");
        var many = code.Run([0, 1, 2, 3], channel, new RandomStream(3)).Sent;
        var one = code.Run([2], channel, new RandomStream(4)).Sent;
        for (var use = 0; use < 4; use++) Assert.Equal(many.Data[(2 * 4) + use], one.Data[use], 1e-4f);
    }

    [Fact]
    public void Training_BeatsChanceThroughTheChannel()
    {
        var channel = FeedbackChannel.FromDecibels(6, 20);
        var code = new FeedbackCode(2, 3, 12, new RandomStream(1));
        var adam = new Adam(code.NamedParameters(), 0.02f);
        for (var step = 0; step < 120; step++)
        {
            using var scope = new TensorScope("step");
            var messages = Messages(128, (ulong)step);
            adam.ZeroGrad();
            code.Run(messages, channel, new RandomStream((ulong)step)).Logits.CrossEntropy(LongTensor.From(messages)).Backward();
            adam.Step();
        }
        code.Calibrate(channel, new RandomStream(7));
        code.Eval();
        using var test = new TensorScope("test");
        var sent = Messages(2000, 999);
        var logits = code.Run(sent, channel, new RandomStream(998)).Logits.ToArray();
        var right = Enumerable.Range(0, 2000).Count(i => Enumerable.Range(0, 4).MaxBy(m => logits[(4 * i) + m]) == sent[i]);
        Assert.True(right > 1900, $"{right} of 2000 blocks are right");
    }

    [Fact]
    public void WrongMessages_SayWhy()
    {
        var code = new FeedbackCode(2, 3, 4, new RandomStream(1));
        Assert.Contains("message 4, 0 to 3 are possible", Assert.Throws<ArgumentException>(() => code.Run([4], new FeedbackChannel(1, 1), new RandomStream(1))).Message);
        Assert.Contains("received [batch, 3] is needed", Assert.Throws<ArgumentException>(() => code.Decode(Tensor.Zeros(2, 4))).Message);
    }

    private static int[] Messages(int count, ulong seed)
    {
        var random = new RandomStream(seed).Fork("messages");
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt(4))];
    }
}
