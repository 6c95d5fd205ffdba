namespace Isthmus.Bottlenecks;

/// <summary>How energies are learned.</summary>
public enum EnergyLikelihood
{
    /// <summary>Exactly where concepts and class have few states together, else by pseudo-likelihood.</summary>
    Auto,

    /// <summary>By −ln p(c, y | x), every state being summed over.</summary>
    Exact,

    /// <summary>By −Σ ln p(c_j | the other concepts, x) − ln p(y | c, x), in which no sum over all states stands (Besag 1975).</summary>
    Pseudo,
}

/// <summary>What an <see cref="EnergyConceptBottleneck"/> is made of.</summary>
public sealed record EnergyOptions
{
    /// <summary>The factor of E(x, y).</summary>
    [Option("factor of E(x, y), the energy of input and class; at 0 the class follows from the concepts alone", Min = 0)]
    public float ClassEnergy { get; init; } = 1;

    /// <summary>λc, the factor of E(x, c).</summary>
    [Option("factor of the energies of input and concepts", Min = 0)]
    public float ConceptEnergy { get; init; } = 1;

    /// <summary>λg, the factor of E(c, y).</summary>
    [Option("factor of the energy of concepts and class; at 0 nothing couples them", Min = 0)]
    public float GlobalEnergy { get; init; } = 1;

    /// <summary>Hidden units of E(c, y).</summary>
    [Option("units of the energy of concepts and class that couple more than two of them; 0 for pairs alone", Min = 0, Max = 4096)]
    public int Hidden { get; init; } = 16;

    /// <summary>The weight of the concepts' loss.</summary>
    [Option("weight of the concepts' loss, −ln p(c | x) in nats, beside the class's", Min = 0)]
    public float ConceptWeight { get; init; } = 1;

    /// <summary>How energies are learned.</summary>
    [Option("how energies are learned: exact sums over all states, pseudo (one concept given the others), or auto by their number")]
    public EnergyLikelihood Likelihood { get; init; }

    /// <summary>Chains where answers are sampled.</summary>
    [Option("chains of samples a row, where concepts have more than 65,536 states together", Min = 2, Max = 100000)]
    public int Chains { get; init; } = 20;

    /// <summary>Sweeps of each chain.</summary>
    [Option("sweeps of each chain that are averaged; half as many turn on the couplings before", Min = 2, Max = 100000)]
    public int Sweeps { get; init; } = 20;
}
