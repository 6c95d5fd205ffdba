using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// What a module's forward pass depends on besides its input and parameters, as it was before that pass: the positions of random streams and the
/// buffers. With it a pass is computed again exactly, and leaves no trace.
/// </summary>
internal sealed class PassState
{
    private readonly (RandomStream Stream, ulong Position)[] _streams;
    private readonly (Tensor Value, float[] Content)[] _buffers;

    private PassState(Module module)
    {
        _streams = [.. module.NamedModules().Select(m => m.Value.Random).OfType<RandomStream>().Distinct().Select(s => (s, s.Position))];
        _buffers = [.. module.NamedBuffers().Select(b => (b.Value, b.Value.ToArray()))];
    }

    /// <summary>Remembers the state of the module as it is now.</summary>
    public static PassState Before(Module module) => new(module);

    /// <summary>Computes the module's pass again from the remembered state, and puts the present state back.</summary>
    public Tensor Again(Module module, Tensor x)
    {
        var present = new PassState(module);
        Restore();
        try
        {
            return module.Forward(x);
        }
        finally
        {
            present.Restore();
        }
    }

    private void Restore()
    {
        foreach (var (stream, position) in _streams) stream.Position = position;
        foreach (var (value, content) in _buffers) content.CopyTo(value.Data);
    }
}
