using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

public class JacobianTest
{
    private static readonly Tensor s_x = Tensor.From([0.5f, -1, 2, 0.25f, 1.5f, -0.75f], 2, 3);

    [Fact]
    public void PerSample_IsTheOneOfPyTorch()
    {
        // torch.autograd.functional.jacobian(lambda v: torch.stack([(v * v).sum(), v[0] * v[1] * v[2], v.sin().prod(), v[1].exp()]), x) for each row x, in double
        var jacobian = Jacobian.PerSample(F, s_x);
        Assert.Equal([2, 4, 3], jacobian.Shape.ToArray());
        float[] expected =
        [
            1.0f, -2.0f, 4.0f, -2.0f, 1.0f, -0.5f,
            -0.67148002f, 0.23553961f, 0.16788307f, 0.0f, 0.36787944f, 0.0f,
            0.5f, 3.0f, -1.5f, -1.125f, -0.1875f, 0.375f,
            -0.65879383f, -0.011929131f, 0.18056926f, 0.0f, 4.4816891f, 0.0f,
        ];
        foreach (var (want, got) in expected.Zip(jacobian.ToArray())) Assert.Equal(want, got, 2e-6f);
    }

    [Fact]
    public void PerSample_IsThatOfDifferences_ForANetwork_WhoseParametersKeepTheirGradients()
    {
        var random = new RandomStream(1);
        var (w1, w2) = (Tensor.Randn(random, 8, 6), Tensor.Randn(random, 4, 8));
        w1.RequiresGrad = w2.RequiresGrad = true;
        w1.Sum().Backward();
        var before = w1.Grad!.ToArray();
        Tensor Network(Tensor x) => x.Flatten(1).Linear(w1).Tanh().Linear(w2).Reshape(-1, 2, 2);
        var x = Tensor.Randn(random, 5, 2, 3);
        var jacobian = Jacobian.PerSample(Network, x);
        Assert.Equal([5, 4, 6], jacobian.Shape.ToArray());
        Assert.Equal(before, w1.Grad!.ToArray());
        Assert.Null(w2.Grad);
        Assert.True(w1.RequiresGrad && w2.RequiresGrad);
        Assert.False(jacobian.RequiresGrad);
        using var noGrad = new NoGrad();
        const float h = 1e-2f;
        for (var i = 0; i < 6; i++)
        {
            Tensor Moved(float by)
            {
                var moved = x.Clone();
                for (var s = 0; s < 5; s++) moved.Data[(s * 6) + i] += by;
                return Network(moved);
            }
            var differences = ((8f * (Moved(h) - Moved(-h))) - (Moved(2 * h) - Moved(-2 * h))) / (12 * h);
            for (var s = 0; s < 5; s++)
                for (var o = 0; o < 4; o++) Assert.Equal(differences.Data[(s * 4) + o], jacobian.Data[(((s * 4) + o) * 6) + i], 2e-3f);
        }
    }

    [Fact]
    public void GradientsOfInputs_AreThoseOfLeavesThatAskForThem()
    {
        var x = s_x.Clone();
        x.RequiresGrad = true;
        x.Square().Sum().Backward();
        Assert.Equal(s_x.ToArray().Select(v => 2 * v).ToArray(), x.Grad!.ToArray());
    }

    [Fact]
    public void WhatDoesNotDependOnTheInput_HasAJacobianOfZeros()
    {
        var w = Tensor.Ones(2, 1);
        w.RequiresGrad = true;
        Assert.All(Jacobian.PerSample(_ => w * 2f, s_x).ToArray(), v => Assert.Equal(0f, v));
        Assert.All(Jacobian.PerSample(_ => Tensor.Ones(2, 2), s_x).ToArray(), v => Assert.Equal(0f, v));
        Assert.Null(w.Grad);
        Assert.Equal([0, 1, 3], Jacobian.PerSample(x => x.Sum(1, keepdim: true), Tensor.Zeros(0, 3)).Shape.ToArray());
    }

    [Fact]
    public void AFunctionThatMixesUpSamples_IsRefused_WhereItShows()
    {
        Assert.Contains("jacobian: the function made [] of [2, 3]", Assert.Throws<ArgumentException>(() => Jacobian.PerSample(x => x.Sum(), s_x)).Message);
        Assert.Throws<ArgumentException>(() => Jacobian.PerSample(x => x, Tensor.Scalar(1)));
    }

    [Fact]
    public void InsideAScope_TheResultLives_AndParametersAreRestoredAfterAnError()
    {
        var w = Tensor.Ones(3, 3);
        w.RequiresGrad = true;
        using var scope = new TensorScope("outer");
        var jacobian = Jacobian.PerSample(x => x.Linear(w), s_x);
        Assert.Equal(1f, jacobian.Data[0]);
        Assert.Throws<InvalidOperationException>(() => Jacobian.PerSample(x => Tensor.WithGradient(x.Linear(w), [x, w], _ => []), s_x));
        Assert.True(w.RequiresGrad);
    }

    private static Tensor F(Tensor v)
    {
        var (a, b, c) = (v.Narrow(1, 0, 1), v.Narrow(1, 1, 1), v.Narrow(1, 2, 1));
        return Tensor.Cat([v.Square().Sum(1, keepdim: true), a * b * c, v.Sin().Prod(1, keepdim: true), b.Exp()], 1);
    }
}
