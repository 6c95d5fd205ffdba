using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors;

public class TensorTest
{
    [Fact]
    public void Broadcasting_And_Gradients()
    {
        var a = Tensor.Randn(new RandomStream(1), 3, 1, 4);
        var b = Tensor.Randn(new RandomStream(2), 5, 1);
        a.RequiresGrad = b.RequiresGrad = true;
        var y = a * b;
        Assert.Equal([3, 5, 4], y.Shape.ToArray());
        for (var i = 0; i < 3; i++)
            for (var j = 0; j < 5; j++)
                for (var k = 0; k < 4; k++)
                    Assert.Equal(a.Data[i * 4 + k] * b.Data[j], y.Data[(i * 5 + j) * 4 + k]);
        y.Sum().Backward();
        var sb = b.ToArray().Sum();
        Assert.All(a.Grad!.ToArray(), v => Assert.Equal(sb, v, 1e-5f));
        var sa = a.ToArray().Sum();
        Assert.All(b.Grad!.ToArray(), v => Assert.Equal(sa, v, 1e-5f));
    }

    [Fact]
    public void Permute_MatchesIndices()
    {
        var random = new RandomStream(3);
        int[] shape = [2, 3, 4, 5];
        var x = Tensor.Randn(random, shape);
        int[][] orders = [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [1, 0, 3, 2], [2, 3, 0, 1], [0, 3, 1, 2]];
        foreach (var order in orders)
        {
            var y = x.Permute(order);
            for (var at = 0; at < x.Numel; at++)
            {
                int[] i = [at / 60, at / 20 % 3, at / 5 % 4, at % 5];
                var to = ((((i[order[0]] * shape[order[1]]) + i[order[1]]) * shape[order[2]]) + i[order[2]]) * shape[order[3]];
                Assert.Equal(x.Data[at], y.Data[to + i[order[3]]]);
            }
        }
    }

    [Fact]
    public void Linear_Gradients_MatchFiniteDifferences()
    {
        var random = new RandomStream(4);
        var x = Tensor.Randn(random, 2, 3, 4);
        var w = Tensor.Randn(random, 5, 4);
        var b = Tensor.Randn(random, 5);
        foreach (var t in new[] { x, w, b }) t.RequiresGrad = true;
        Loss().Backward();
        foreach (var t in new[] { x, w, b })
            for (var i = 0; i < t.Numel; i++)
            {
                var v = t.Data[i];
                t.Data[i] = v + 1e-2f;
                var up = Loss().Item();
                t.Data[i] = v - 1e-2f;
                var down = Loss().Item();
                t.Data[i] = v;
                Assert.Equal((up - down) / 2e-2f, t.Grad!.Data[i], 2e-3f * (1 + Math.Abs(t.Grad.Data[i])));
            }

        Tensor Loss() => x.Linear(w, b).Tanh().Square().Sum();
    }
}
