using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// A part of a network: parameters, buffers and parts of its own, each under a name, as <c>torch.nn.Module</c> has them. The
/// names of a tree are joined by dots, so that weights written by PyTorch load by name.
/// </summary>
public abstract partial class Module
{
    private readonly List<(string Name, Tensor Value)> _parameters = [];
    private readonly List<(string Name, Tensor Value)> _buffers = [];
    private readonly List<(string Name, Module Value)> _children = [];

    /// <summary>Whether the module is in training mode (dropout drops, batch statistics are used); true at first.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>The stream that this module's own forward pass draws from, or null; a pass that is computed again draws the same numbers again.</summary>
    public virtual RandomStream? Random => null;

    /// <summary>The parts directly below, in the order in which they were added.</summary>
    public IReadOnlyList<(string Name, Module Value)> Children => _children;

    /// <summary>The network's function of one tensor: what <see cref="Compute"/> makes, seen or replaced by whoever hooked the output.</summary>
    /// <exception cref="NotSupportedException">The module takes other inputs than one tensor.</exception>
    public Tensor Forward(Tensor x) => Emit(Compute(x));

    /// <summary>What a kind of module does with one tensor; others call <see cref="Forward"/>, which lets hooks see the result.</summary>
    protected virtual Tensor Compute(Tensor x) => throw new NotSupportedException($"{GetType().Name} has no forward pass of one tensor");

    /// <summary>All parameters of the tree with their dotted names, in a fixed order.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedParameters()
    {
        foreach (var item in _parameters) yield return item;
        foreach (var (name, child) in _children)
            foreach (var (inner, value) in child.NamedParameters())
                yield return ($"{name}.{inner}", value);
    }

    /// <summary>All buffers (state without a gradient) of the tree with their dotted names, in a fixed order.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedBuffers()
    {
        foreach (var item in _buffers) yield return item;
        foreach (var (name, child) in _children)
            foreach (var (inner, value) in child.NamedBuffers())
                yield return ($"{name}.{inner}", value);
    }

    /// <summary>The tree below with dotted names, this module first under the empty name.</summary>
    public IEnumerable<(string Name, Module Value)> NamedModules()
    {
        yield return ("", this);
        foreach (var (name, child) in _children)
            foreach (var (inner, value) in child.NamedModules())
                yield return (inner.Length == 0 ? name : $"{name}.{inner}", value);
    }

    /// <summary>The part with a dotted name, as <see cref="NamedModules"/> lists them; the module itself under the empty name.</summary>
    /// <exception cref="InputException">There is no part of that name.</exception>
    public Module GetSubmodule(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (var (known, module) in NamedModules())
            if (string.Equals(known, name, StringComparison.Ordinal)) return module;
        throw Suggest.Unknown("layer", name, NamedModules().Select(m => m.Name).Where(n => n.Length > 0));
    }

    /// <summary>All parameters of the tree.</summary>
    public IReadOnlyList<Tensor> Parameters() => [.. NamedParameters().Select(p => p.Value)];

    /// <summary>The number of trainable numbers.</summary>
    public long ParameterCount() => NamedParameters().Sum(p => p.Value.Numel);

    /// <summary>Parameters and buffers by name: what a model file holds.</summary>
    public IReadOnlyDictionary<string, Tensor> StateDict() =>
        NamedParameters().Concat(NamedBuffers()).ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);

    /// <summary>Copies values by name into the parameters and buffers.</summary>
    /// <exception cref="InputException">A name is missing or unknown, or a shape differs; nothing is copied then.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var own = StateDict();
        foreach (var (name, tensor) in own)
        {
            if (!state.TryGetValue(name, out var given)) throw new InputException($"model: tensor '{name}' {Text(tensor)} is missing");
            if (!given.Shape.SequenceEqual(tensor.Shape)) throw new InputException($"model: tensor '{name}' has the shape {Text(given)}, expected {Text(tensor)}");
        }
        foreach (var name in state.Keys)
            if (!own.ContainsKey(name)) throw Suggest.Unknown("model tensor", name, own.Keys);
        foreach (var (name, tensor) in own) state[name].Data.CopyTo(tensor.Data);
    }

    /// <summary>Sets training mode in the whole tree.</summary>
    public void Train(bool on = true)
    {
        Training = on;
        foreach (var (_, child) in _children) child.Train(on);
    }

    /// <summary>Sets evaluation mode in the whole tree.</summary>
    public void Eval() => Train(false);

    /// <summary>Forgets all gradients of the tree.</summary>
    public void ZeroGrad()
    {
        foreach (var (_, parameter) in NamedParameters()) parameter.ZeroGrad();
    }

    /// <summary>Freezes the tree, or makes it trainable again: frozen parameters get no gradient.</summary>
    public void RequiresGrad(bool on)
    {
        foreach (var (_, parameter) in NamedParameters()) parameter.RequiresGrad = on;
    }

    /// <summary>Adds a trainable tensor under a name; make it outside any scope, since it outlives them.</summary>
    protected Tensor AddParameter(string name, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        value.RequiresGrad = true;
        _parameters.Add((Free(name), value));
        return value;
    }

    /// <summary>Adds state that is saved but not trained, under a name.</summary>
    protected Tensor AddBuffer(string name, Tensor value)
    {
        _buffers.Add((Free(name), value));
        return value;
    }

    /// <summary>Adds a part under a name.</summary>
    protected T AddModule<T>(string name, T module) where T : Module
    {
        _children.Add((Free(name), module));
        return module;
    }

    private string Free(string name)
    {
        if (name.Length == 0 || name.Contains('.')) throw new ArgumentException($"a part's name is not empty and has no dot: '{name}'");
        if (_parameters.Exists(p => p.Name == name) || _buffers.Exists(p => p.Name == name) || _children.Exists(p => p.Name == name))
            throw new ArgumentException($"{GetType().Name} has a part named '{name}' already");
        return name;
    }

    private static string Text(Tensor t) => $"{Shapes.Text(t.Shape)}";
}
