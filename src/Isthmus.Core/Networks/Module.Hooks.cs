using Isthmus.Tensors;

namespace Isthmus.Networks;

public abstract partial class Module
{
    // A new array with every change, so that a hook may take itself out while the hooks run; null costs nothing.
    private Hook[]? _hooks;

    /// <summary>Calls an action with every output of this part, whatever calls it; dispose the result to end that.</summary>
    /// <param name="observe">Gets the output as it goes on; it dies with the caller's scope, so copy what is to stay.</param>
    public IDisposable OnOutput(Action<Tensor> observe)
    {
        ArgumentNullException.ThrowIfNull(observe);
        return ReplaceOutput(y =>
        {
            observe(y);
            return y;
        });
    }

    /// <summary>Lets a function replace every output of this part, after the hooks set before; dispose the result to end that.</summary>
    /// <param name="replace">From the output to what goes on in its place; gradients pass through what it computes.</param>
    public IDisposable ReplaceOutput(Func<Tensor, Tensor> replace)
    {
        ArgumentNullException.ThrowIfNull(replace);
        var hook = new Hook(this, replace);
        _hooks = [.. _hooks ?? [], hook];
        return hook;
    }

    /// <summary>
    /// What goes on in place of an output: the hooks in the order in which they were set. <see cref="Forward"/> calls it; modules with
    /// other inputs than one tensor call it on what they return.
    /// </summary>
    protected internal Tensor Emit(Tensor output)
    {
        if (_hooks is not { } hooks) return output;
        foreach (var hook in hooks) output = hook.Replace(output);
        return output;
    }

    /// <summary>
    /// What passes beside a part on its way through this module, in words; null where all of the module's output comes through the
    /// part. A module with skips says so here: a bottleneck in one branch does not bound what the other carries.
    /// </summary>
    /// <param name="part">The name of a child.</param>
    protected internal virtual string? Bypass(string part) => null;

    private sealed class Hook(Module owner, Func<Tensor, Tensor> replace) : IDisposable
    {
        public Func<Tensor, Tensor> Replace { get; } = replace;

        public void Dispose()
        {
            var rest = (owner._hooks ?? []).Where(h => !ReferenceEquals(h, this)).ToArray();
            owner._hooks = rest.Length == 0 ? null : rest;
        }
    }
}
