namespace Isthmus.Tensors;

/// <summary>Derivatives of functions with respect to their inputs; parameters inside keep the gradients they have.</summary>
public static class Jacobian
{
    /// <summary>The derivatives of each sample's outputs with respect to its own inputs.</summary>
    /// <remarks>One pass forward and one backward for each output, whatever the number of samples: that works because samples do
    /// not mix. A function in which they do (batch normalisation in training) has no per-sample Jacobian, and what is returned
    /// is then the derivative of the sum over samples.</remarks>
    /// <param name="f">From [n, …] to [n, …]; called once, recorded.</param>
    /// <param name="x">[n, …]: n samples.</param>
    /// <returns>[n, outputs, inputs], both counted in row-major order; without a history.</returns>
    /// <exception cref="ArgumentException">x has no dimension, or f does not keep the number of samples.</exception>
    public static Tensor PerSample(Func<Tensor, Tensor> f, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim == 0) throw new ArgumentException("jacobian: samples [n, ...] are needed, not a scalar");
        using var scope = new TensorScope("jacobian");
        var input = x.Detach();
        input.RequiresGrad = true;
        var y = f(input) ?? throw new ArgumentException("jacobian: the function returned null");
        var n = x.Size(0);
        if (y.Dim == 0 || y.Size(0) != n)
            throw new ArgumentException($"jacobian: the function made {Shapes.Text(y.Shape)} of {Shapes.Text(x.Shape)}: the number of samples must stay");
        var inputs = Columns(x.Shape);
        var outputs = Columns(y.Shape);
        var result = scope.Keep(Tensor.Zeros(n, outputs, inputs));
        if (!y.NeedsGradient || n == 0) return result; // y does not depend on x
        var parameters = OtherLeaves(y, input);
        try
        {
            foreach (var p in parameters) p.RequiresGrad = false;
            for (var o = 0; o < outputs; o++)
            {
                using var pass = new TensorScope("jacobian output");
                var seed = Tensor.Zeros(y.Shape);
                for (var i = 0; i < n; i++) seed.Data[(i * outputs) + o] = 1;
                y.Backward(seed);
                if (input.Grad is not { } grad) break; // y depends on parameters alone
                for (var i = 0; i < n; i++) grad.Data.Slice(i * inputs, inputs).CopyTo(result.Data[(((i * outputs) + o) * inputs)..]);
                input.ZeroGrad();
            }
        }
        finally
        {
            foreach (var p in parameters) p.RequiresGrad = true;
        }
        return result;
    }

    private static int Columns(ReadOnlySpan<int> shape) => checked((int)Shapes.Count(shape[1..]));

    private static List<Tensor> OtherLeaves(Tensor y, Tensor input)
    {
        var found = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        var seen = new HashSet<Node>(ReferenceEqualityComparer.Instance);
        var open = new Stack<Tensor>([y]);
        while (open.TryPop(out var tensor))
        {
            if (tensor.Node is not { } node)
            {
                if (tensor.RequiresGrad && !ReferenceEquals(tensor, input)) found.Add(tensor);
                continue;
            }
            if (!seen.Add(node)) continue;
            for (var i = 0; i < node.Count; i++) open.Push(node[i]);
        }
        return [.. found];
    }
}
