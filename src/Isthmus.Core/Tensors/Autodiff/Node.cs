namespace Isthmus.Tensors;

/// <summary>One recorded operation: its rule, its inputs, its output and whatever else its rule wants to remember.</summary>
internal sealed class Node
{
    private static long s_clock;
    private readonly Tensor _first;
    private readonly Tensor? _second;
    private readonly Tensor[]? _all;

    public Node(Rule rule, Tensor output, Tensor first, Tensor? second, Tensor[]? all, object? saved)
    {
        Rule = rule;
        Output = output;
        _first = first;
        _second = second;
        _all = all;
        Saved = saved;
        Order = Interlocked.Increment(ref s_clock);
    }

    public Rule Rule { get; }

    /// <summary>Later operations have greater numbers, so that falling order is a topological one.</summary>
    public long Order { get; }

    /// <summary>The last walk that has met this node.</summary>
    public long Walk { get; set; }

    public Tensor Output { get; }

    public object? Saved { get; }

    public int Count => _all?.Length ?? (_second is null ? 1 : 2);

    /// <summary>Input i.</summary>
    public Tensor this[int i] => _all is not null ? _all[i] : i == 0 ? _first : _second!;

    /// <summary>Whether input i wants a gradient.</summary>
    public bool Needs(int i) => this[i].NeedsGradient;

    /// <summary>Adds to the gradient of input i; dimensions that were broadcast are summed here, in this one place.</summary>
    public void Give(int i, Tensor gradient)
    {
        var input = this[i];
        if (!input.NeedsGradient) return;
        input.Accumulate(gradient.Sizes.AsSpan().SequenceEqual(input.Sizes) ? gradient : gradient.SumTo(input.Sizes));
    }
}
