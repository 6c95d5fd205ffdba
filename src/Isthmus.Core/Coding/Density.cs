namespace Isthmus.Coding;

/// <summary>A symmetric density whose integer tables <see cref="PriorTables"/> builds. Scales are those of the formula.</summary>
public enum Density
{
    /// <summary>exp(−x²/2σ²) / (σ√2π).</summary>
    Gaussian = 0,
    /// <summary>exp(−|x|/b) / 2b.</summary>
    Laplace = 1,
    /// <summary>e^(−x/s) / (s·(1 + e^(−x/s))²).</summary>
    Logistic = 2,
}
