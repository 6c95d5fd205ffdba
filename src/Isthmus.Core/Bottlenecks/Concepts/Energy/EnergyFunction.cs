namespace Isthmus.Bottlenecks;

/// <summary>
/// An energy over discrete variables: p(state) is proportional to exp(−energy). What is enumerated where there are few states
/// (<see cref="ConceptJoint.Enumerate"/>) and sampled where there are many (<see cref="AnnealedSampler"/>).
/// </summary>
public abstract class EnergyFunction(IReadOnlyList<ConceptVariable> variables)
{
    /// <summary>The variables, in the order of a state's entries.</summary>
    public IReadOnlyList<ConceptVariable> Variables { get; } = ConceptVariable.Check(variables);

    /// <summary>The energy of one state, in nats; plus infinity where it is impossible.</summary>
    /// <param name="state">One index for each variable.</param>
    public abstract double Energy(ReadOnlySpan<int> state);

    /// <summary>The part of the energy that is a sum over single variables, of one of them; sampling begins from it. Zero where nobody says otherwise.</summary>
    /// <param name="variable">Which.</param>
    /// <param name="state">In which of its states.</param>
    public virtual double Unary(int variable, int state) => 0;

    /// <summary>The energies of a state with one variable changed to each of its values, up to a constant that is the same for all of them.</summary>
    /// <param name="state">One index for each variable; the same afterwards.</param>
    /// <param name="variable">Which one changes.</param>
    /// <param name="energies">One for each of its values.</param>
    public virtual void Conditional(Span<int> state, int variable, Span<double> energies)
    {
        var before = state[variable];
        for (var v = 0; v < Variables[variable].States.Count; v++)
        {
            state[variable] = v;
            energies[v] = Energy(state);
        }
        state[variable] = before;
    }
}
