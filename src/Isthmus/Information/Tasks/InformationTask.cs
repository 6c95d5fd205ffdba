using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>A sampler whose mutual information is known exactly: what estimators are judged on.</summary>
public sealed class InformationTask
{
    private readonly Func<int, RandomStream, (Samples X, Samples Y)> _draw;

    internal InformationTask(string name, string family, Bits truth, string description, Func<int, RandomStream, (Samples X, Samples Y)> draw) =>
        (Name, Family, Truth, Description, _draw) = (name, family, truth, description, draw);

    /// <summary>The name with its parameters, as <c>make:</c> takes it: <c>gaussian,dim=5,rho=0.8</c>.</summary>
    public string Name { get; }

    /// <summary>The family: the name without parameters and transforms.</summary>
    public string Family { get; }

    /// <summary>I(X;Y), exact to at least nine digits.</summary>
    public Bits Truth { get; }

    /// <summary>What is sampled, and why its information is what it is, in one sentence.</summary>
    public string Description { get; }

    /// <summary>n independent rows; equal seeds give equal rows.</summary>
    public (Samples X, Samples Y) Sample(int n, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return _draw(n, new RandomStream(seed).Fork("task"));
    }

    /// <summary>The same task seen through one-to-one maps of x and of y, which change no information.</summary>
    internal InformationTask Through(string suffix, string description, Func<Samples, Samples> ofX, Func<Samples, Samples> ofY) =>
        new($"{Name},{suffix}", Family, Truth, $"{Description}; {description}", (n, random) =>
        {
            var (x, y) = _draw(n, random);
            return (ofX(x), ofY(y));
        });
}
