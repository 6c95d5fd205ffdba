using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// x + f(x), or p(x) + f(x) where shapes change (He, Zhang, Ren, Sun 2016, equations 1 and 2); the parts are named body and shortcut.
/// </summary>
public sealed class ResidualBlock : Module
{
    private readonly Module _body;
    private readonly Module? _shortcut;

    /// <summary>A block of any body.</summary>
    /// <param name="body">f.</param>
    /// <param name="shortcut">p, or null where f keeps the shape.</param>
    public ResidualBlock(Module body, Module? shortcut = null)
    {
        _body = AddModule("body", body);
        if (shortcut is not null) _shortcut = AddModule("shortcut", shortcut);
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => (_shortcut is null ? x : _shortcut.Forward(x)) + _body.Forward(x);

    /// <inheritdoc/>
    protected internal override string? Bypass(string part) => part == "body"
        ? _shortcut is null ? "the input, which is added to the body's output" : "the shortcut, which is added to the body's output"
        : "the body, whose output is added to the shortcut's";
}
