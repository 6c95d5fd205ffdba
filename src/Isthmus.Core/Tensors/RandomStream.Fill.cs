namespace Isthmus.Tensors;

public sealed partial class RandomStream
{
    /// <summary>Fills with NextSingle.</summary>
    public void FillUniform(Span<float> values)
    {
        foreach (ref var v in values) v = NextSingle();
    }

    /// <summary>Fills with standard normal numbers.</summary>
    public void FillNormal(Span<float> values)
    {
        foreach (ref var v in values) v = (float)NextGaussian();
    }
}
