namespace Isthmus.Tensors;

/// <summary>
/// The lifetime of intermediate tensors: every tensor made on this thread while a scope is open dies with it, and its memory
/// is used again. Scopes nest. Tensors made outside any scope live as long as they are referenced, like any object.
/// </summary>
/// <example><code>
/// using (var scope = new TensorScope("step"))
/// {
///     var loss = network.Forward(x).Square().Mean();
///     loss.Backward();           // gradients of parameters outlive the scope
/// }
/// </code></example>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic] private static TensorScope? t_current;
    [ThreadStatic] private static Stack<List<Tensor>>? t_lists;

    private readonly TensorScope? _outer;
    private List<Tensor>? _tensors;

    /// <summary>Opens a scope; its name stands in the error of a tensor that is used after it.</summary>
    public TensorScope(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
        _outer = t_current;
        _tensors = (t_lists ??= new()).TryPop(out var list) ? list : new List<Tensor>(64);
        t_current = this;
    }

    /// <summary>The name given.</summary>
    public string Name { get; }

    /// <summary>The innermost open scope of this thread, or null.</summary>
    internal static TensorScope? Current => t_current;

    /// <summary>Lets a tensor outlive this scope: it moves to the enclosing scope, or to none.</summary>
    /// <returns>The same tensor.</returns>
    public Tensor Keep(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!ReferenceEquals(tensor.Scope, this)) return tensor;
        tensor.Scope = _outer;
        _outer?.Adopt(tensor);
        return tensor;
    }

    /// <summary>Ends the scope; its tensors can no longer be used.</summary>
    public void Dispose()
    {
        if (_tensors is null) return;
        if (!ReferenceEquals(t_current, this))
            throw new InvalidOperationException($"scope '{Name}' is closed while '{t_current?.Name ?? "no scope"}' is the innermost: close scopes in reverse order on the thread that opened them");
        t_current = _outer;
        foreach (var tensor in _tensors)
            if (ReferenceEquals(tensor.Scope, this)) tensor.Free();
        _tensors.Clear();
        t_lists!.Push(_tensors);
        _tensors = null;
    }

    internal void Adopt(Tensor tensor) => _tensors!.Add(tensor);
}
