namespace Isthmus.Tensors;

/// <summary>
/// While one is open on this thread, operations are recorded, even inside <see cref="NoGrad"/> or in a custom gradient, which is called
/// without recording: that is how a backward pass computes something again and walks back through it (<c>torch.enable_grad</c>).
/// </summary>
public sealed class EnableGrad : IDisposable
{
    private readonly int _outside = NoGrad.Exchange(0);
    private bool _open = true;

    /// <summary>Records, or does not, as before.</summary>
    public void Dispose()
    {
        if (_open) NoGrad.Exchange(_outside);
        _open = false;
    }
}
