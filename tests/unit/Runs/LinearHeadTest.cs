using Isthmus.Networks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class LinearHeadTest
{
    [Fact]
    public void ALinearLayer_IsFound_AndItsContributionsAddUp()
    {
        var layer = new Linear(5, 3, new RandomStream(1));
        var head = LinearHead.Of(layer, 5)!;
        for (var k = 0; k < 3; k++)
            for (var j = 0; j < 5; j++) Assert.Equal(layer.Weight.Data[(k * 5) + j], head.Weights[k][j], 1e-5);
        float[] passed = [1, 0.5f, -2, 3, 0];
        var (parts, answer) = (head.Contributions(passed, 0, 2).Zip(head.Contributions(passed, 2, 3), (a, b) => a + b).ToArray(), layer.Forward(Tensor.From(passed, 1, 5)).ToArray());
        for (var k = 0; k < 3; k++) Assert.Equal(answer[k], parts[k] + head.Bias[k], 1e-4);
    }

    [Fact]
    public void AnotherNetwork_IsNone()
    {
        var random = new RandomStream(2);
        Assert.Null(LinearHead.Of(new Sequential(new Linear(4, 8, random), new ReLU(), new Linear(8, 2, random)), 4));
        Assert.NotNull(LinearHead.Of(new Sequential(new Linear(4, 8, random), new Linear(8, 2, random)), 4));
    }
}
