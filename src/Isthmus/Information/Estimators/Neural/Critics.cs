using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>A network that scores every x of a batch with every y of it: K rows each to K × K scores.</summary>
internal abstract class Critic : Module
{
    /// <summary>T(x_i, y_j) as [K, K].</summary>
    public abstract Tensor Score(Tensor x, Tensor y);

    /// <summary>A network of two hidden layers.</summary>
    protected static Sequential Layers(int inputs, int hidden, int outputs, RandomStream random) => new(
        new Linear(inputs, hidden, random.Fork("first")), new ReLU(),
        new Linear(hidden, hidden, random.Fork("second")), new ReLU(),
        new Linear(hidden, outputs, random.Fork("third")));
}

/// <summary>T(x, y) = f(x) · g(y) / √width: K forward passes for K² scores.</summary>
internal sealed class SeparableCritic : Critic
{
    private const int Width = 32;
    private readonly Sequential _f, _g;

    public SeparableCritic(int dx, int dy, int hidden, RandomStream random)
    {
        _f = AddModule("f", Layers(dx, hidden, Width, random.Fork("f")));
        _g = AddModule("g", Layers(dy, hidden, Width, random.Fork("g")));
    }

    public override Tensor Score(Tensor x, Tensor y) => _f.Forward(x).MatMul(_g.Forward(y), transposeOther: true) * (1 / MathF.Sqrt(Width));
}

/// <summary>T(x, y) = network(x, y) on all pairs; the first layer is linear in each, so it is applied K times and added K² times.</summary>
internal sealed class JointCritic : Critic
{
    private readonly Linear _ofX, _ofY, _second, _third;
    private readonly int _hidden;

    public JointCritic(int dx, int dy, int hidden, RandomStream random)
    {
        _hidden = hidden;
        _ofX = AddModule("x", new Linear(dx, hidden, random.Fork("x")));
        _ofY = AddModule("y", new Linear(dy, hidden, random.Fork("y"), bias: false));
        _second = AddModule("second", new Linear(hidden, hidden, random.Fork("second")));
        _third = AddModule("third", new Linear(hidden, 1, random.Fork("third")));
    }

    public override Tensor Score(Tensor x, Tensor y)
    {
        var k = x.Size(0);
        var first = (_ofX.Forward(x).Unsqueeze(1) + _ofY.Forward(y).Unsqueeze(0)).Relu().Reshape(k * k, _hidden);
        return _third.Forward(_second.Forward(first).Relu()).Reshape(k, k);
    }
}

/// <summary>q(y|x) = N(mean(x), diag e^(log variance(x))): what CLUB and the leave-one-out bound need in place of a critic.</summary>
internal sealed class GaussianConditional : Critic
{
    private const float Least = -12, Most = 6; // of a log variance
    private readonly Sequential _network;
    private readonly int _dy;

    public GaussianConditional(int dx, int dy, int hidden, RandomStream random)
    {
        _dy = dy;
        _network = AddModule("network", Layers(dx, hidden, 2 * dy, random));
    }

    /// <summary>ln q(y_j | x_i) as [K, K], without the constant ln 2π / 2 a column of y.</summary>
    public override Tensor Score(Tensor x, Tensor y)
    {
        var output = _network.Forward(x);
        var mean = output.Narrow(1, 0, _dy).Unsqueeze(1);
        var logVariance = output.Narrow(1, _dy, _dy).Clamp(Least, Most).Unsqueeze(1);
        var squares = (y.Unsqueeze(0) - mean).Square() * (-logVariance).Exp();
        return (squares + logVariance).Sum(2) * -0.5f;
    }
}

/// <summary>A critic with a learned baseline: T(x, y) − ln a(y), so that TUBA is NWJ's form on it.</summary>
internal sealed class BaselineCritic : Critic
{
    private readonly Critic _critic;
    private readonly Sequential _logBaseline;

    public BaselineCritic(Critic critic, int dy, int hidden, RandomStream random)
    {
        _critic = AddModule("critic", critic);
        _logBaseline = AddModule("baseline", Layers(dy, hidden, 1, random));
    }

    public override Tensor Score(Tensor x, Tensor y) => _critic.Score(x, y) - _logBaseline.Forward(y).Transpose(0, 1);
}
