namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static long s_walks;
    [ThreadStatic] private static List<Node>? t_order;
    [ThreadStatic] private static Stack<Node>? t_open;

    private Tensor? _grad, _pending;
    private int _holders; // how many places hold this tensor as a gradient: a leaf, or nodes still to be walked
    private string? _origin;

    /// <summary>The operation that made this tensor; null for a leaf.</summary>
    internal Node? Node { get; private set; }

    /// <summary>Whether a leaf's gradient is wanted; set on parameters and on inputs whose gradient is asked for.</summary>
    public bool RequiresGrad { get; set; }

    /// <summary>
    /// What brings a parameter back to where it is kept, as rows to the unit sphere: every optimiser calls it on the parameter right
    /// after it has moved it. Null for nothing.
    /// </summary>
    public Action<Tensor>? Constraint { get; set; }

    /// <summary>Whether a gradient has to pass here.</summary>
    internal bool NeedsGradient => RequiresGrad || Node is not null;

    /// <summary>The gradient of a leaf after <see cref="Backward()"/>, of the leaf's shape; null before. Backward adds to it.</summary>
    public Tensor? Grad => _grad;

    /// <summary>Forgets the gradient.</summary>
    public void ZeroGrad()
    {
        _grad?.Free();
        _grad = null;
    }

    /// <summary>This tensor's values with its history cut off. Memory is shared.</summary>
    public Tensor Detach() => Alias(_shape);

    /// <summary>Computes the gradient of this scalar with respect to every leaf that requires one.</summary>
    /// <exception cref="InvalidOperationException">This is not a scalar, or nothing in its history requires a gradient.</exception>
    public void Backward()
    {
        if (Numel != 1)
            throw new InvalidOperationException($"backward: a gradient starts from one number, and this tensor has the shape {Shapes.Text(_shape)}: sum it, or pass the gradient to start from");
        Backward(Full(_shape, 1f));
    }

    /// <summary>
    /// Computes the product of a given gradient with the Jacobian of this tensor, for every leaf that requires one. A custom gradient may
    /// call it too, on a graph that it has made inside <see cref="EnableGrad"/>.
    /// </summary>
    /// <param name="gradient">The gradient with respect to this tensor, of its shape.</param>
    public void Backward(Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        if (!gradient.Sizes.AsSpan().SequenceEqual(_shape))
            throw new ArgumentException($"backward: the gradient has the shape {Shapes.Text(gradient._shape)} and the tensor {Shapes.Text(_shape)}");
        if (!NeedsGradient)
            throw new InvalidOperationException("backward: nothing in this tensor's history requires a gradient");
        using var noGrad = new NoGrad();
        gradient._holders++; // the caller's: not ours to free
        Accumulate(Node is null ? gradient.Clone() : gradient);
        if (Node is null) return;
        var order = t_order ?? [];
        t_order = null; // a rule may itself walk backward, over a list of its own
        Sort(Node, order);
        foreach (var node in order)
        {
            var output = node.Output;
            if (output._pending is not { } g) continue;
            output._pending = null;
            g._holders--;
            node.Rule.Product(node, g);
            GC.KeepAlive(node);
            if (g._holders == 0) g.Free(); // early, while its memory is still in the cache
        }
        order.Clear();
        t_order = order;
    }

    /// <summary>Records an operation on one input; called last, so that the input lives until the kernel is done.</summary>
    internal static Tensor Record(Rule rule, Tensor output, Tensor input, object? saved = null)
    {
        output._origin = rule.Name;
        if (input.NeedsGradient && NoGrad.IsRecording) output.Node = new Node(rule, output, input, null, null, saved);
        return output;
    }

    /// <summary>Records an operation on two inputs.</summary>
    internal static Tensor Record(Rule rule, Tensor output, Tensor first, Tensor second, object? saved = null)
    {
        output._origin = rule.Name;
        if (NoGrad.IsRecording && (first.NeedsGradient || second.NeedsGradient)) output.Node = new Node(rule, output, first, second, null, saved);
        GC.KeepAlive(first);
        GC.KeepAlive(second);
        return output;
    }

    /// <summary>Records an operation on several inputs.</summary>
    internal static Tensor Record(Rule rule, Tensor output, Tensor[] inputs, object? saved = null)
    {
        output._origin = rule.Name;
        if (NoGrad.IsRecording)
            foreach (var input in inputs)
                if (input.NeedsGradient)
                {
                    output.Node = new Node(rule, output, inputs[0], null, inputs, saved);
                    break;
                }
        GC.KeepAlive(inputs);
        return output;
    }

    /// <summary>
    /// Adds to the gradient that waits here; a leaf keeps it, out of every scope. The gradient must be a fresh tensor or the
    /// one a rule was given, never a tensor of the forward pass, because the walk frees it.
    /// </summary>
    internal void Accumulate(Tensor gradient)
    {
        if (Node is not null)
        {
            _pending = _pending is null ? gradient : _pending + gradient;
            _pending._holders++;
            return;
        }
        if (_grad is null) _grad = gradient.OwnedCopy();
        else
        {
            var sum = (_grad + gradient).Unscoped();
            _grad.Free();
            _grad = sum;
        }
    }

    // A fresh gradient is taken as it is; one that waits elsewhere too, or shares its memory, is copied.
    private Tensor OwnedCopy()
    {
        if (_holders > 0 || _storage is not { References: 1 }) return Clone().Unscoped();
        _holders++;
        return Unscoped();
    }

    private static void Sort(Node root, List<Node> order)
    {
        var walk = Interlocked.Increment(ref s_walks);
        var open = t_open ??= new Stack<Node>();
        root.Walk = walk;
        open.Push(root);
        while (open.TryPop(out var node))
        {
            order.Add(node);
            for (var i = 0; i < node.Count; i++)
                if (node[i].Node is { } next && next.Walk != walk)
                {
                    next.Walk = walk;
                    open.Push(next);
                }
        }
        order.Sort(static (a, b) => b.Order.CompareTo(a.Order));
    }
}
