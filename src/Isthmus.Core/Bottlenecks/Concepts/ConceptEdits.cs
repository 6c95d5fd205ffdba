using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Edits of concepts as concepts put by hand.</summary>
public static class ConceptEdits
{
    /// <summary>What an edit puts into beliefs.</summary>
    /// <param name="space">The concepts.</param>
    /// <param name="beliefs">[rows, width], before the edit.</param>
    /// <param name="edit">The changes, applied in their order.</param>
    /// <param name="before">What was put already; null for nothing.</param>
    /// <param name="random">For noise.</param>
    /// <exception cref="InputException">An unknown concept, row or value, or a change that concepts do not know.</exception>
    public static ConceptValues Put(ConceptSpace space, Tensor beliefs, Edit edit, ConceptValues? before, RandomStream random)
    {
        var rows = beliefs.Size(0);
        var values = beliefs.Detach().Clone();
        var known = before?.Known.Detach().Clone() ?? Tensor.Zeros(rows, space.Count);
        for (var i = 0; i < edit.Changes.Count; i++)
        {
            var change = edit.Changes[i];
            if (change.Row is { } row && (row < 0 || row >= rows)) throw new InputException(FormattableString.Invariant($"{change}: row {row} is outside 0..{rows - 1}"));
            var noise = random.Fork((ulong)i);
            foreach (var concept in Named(space, change.Name))
                for (var r = change.Row ?? 0; r < (change.Row + 1 ?? rows); r++)
                {
                    Apply(space, change, concept, values.Data.Slice(r * space.Width, space.Width), noise);
                    known.Data[(r * space.Count) + concept] = 1;
                    if (change.Kind == EditKind.Swap) known.Data[(r * space.Count) + space.Find(change.Other!)] = 1;
                }
        }
        return new ConceptValues(values, known);
    }

    private static IEnumerable<int> Named(ConceptSpace space, string name) => name == "*" ? Enumerable.Range(0, space.Count) : [space.Find(name)];

    private static void Apply(ConceptSpace space, Change change, int concept, Span<float> row, RandomStream noise)
    {
        var axis = space.Axes[concept];
        var own = row.Slice(space.Offset(concept), axis.Width);
        switch (change.Kind)
        {
            case EditKind.Set:
                Value(space, change, concept).CopyTo(own);
                break;
            case EditKind.Block when double.IsNaN(change.Value):
                own.Clear();
                break;
            case EditKind.Block:
                Forbid(space, change, concept, own);
                break;
            case EditKind.Scale when axis.Type == ConceptType.Continuous:
                own[0] = (float)(((((own[0] * axis.Scale) + axis.Mean) * change.Value) - axis.Mean) / axis.Scale);
                break;
            case EditKind.Scale:
                foreach (ref var v in own) v *= (float)change.Value;
                break;
            case EditKind.Noise when axis.Type == ConceptType.Continuous:
                own[0] += (float)(change.Value / axis.Scale * noise.NextGaussian());
                break;
            case EditKind.Noise:
                if (change.Value > 1) throw new InputException($"{change}: the noise of a state is the probability of another one, from 0 to 1");
                if (noise.NextDouble() < change.Value) space.Encode(concept, noise.NextInt(axis.States)).CopyTo(own);
                break;
            case EditKind.Clamp when axis.Type == ConceptType.Continuous:
                own[0] = (float)Math.Clamp(own[0], (change.Value - axis.Mean) / axis.Scale, ((change.Upper ?? double.PositiveInfinity) - axis.Mean) / axis.Scale);
                break;
            case EditKind.Clamp when axis.Type == ConceptType.Binary:
                own[0] = (float)Math.Clamp(own[0], change.Value, change.Upper ?? double.PositiveInfinity);
                break;
            case EditKind.Clamp:
                throw new InputException($"{change}: '{axis.Name}' has states, which are set: {axis.Name}={axis.Categories[0]}");
            case EditKind.Swap when change.Other is { } name && space.Find(name) is var other && space.Axes[other].Width == axis.Width:
                var theirs = row.Slice(space.Offset(other), axis.Width);
                for (var c = 0; c < axis.Width; c++) (own[c], theirs[c]) = (theirs[c], own[c]);
                break;
            default:
                throw new InputException($"{change}: concepts of one width change places, as in swap \"fever\":\"cough\"");
        }
    }

    // The most probable state that is left, where the forbidden one is decided for.
    private static void Forbid(ConceptSpace space, Change change, int concept, Span<float> own)
    {
        if (space.Axes[concept].Type == ConceptType.Continuous) throw new InputException($"{change}: '{space.Axes[concept].Name}' is a number, which has no states to forbid");
        var forbidden = (int)space.Parse(concept, change.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture));
        var p = space.StateProbabilities(concept, own);
        var decided = space.Axes[concept].Type == ConceptType.Categorical ? Array.IndexOf(p, p.Max()) : own.ToArray().Count(v => v > 0.5f);
        if (decided != forbidden) return;
        p[forbidden] = double.NegativeInfinity;
        space.Encode(concept, Array.IndexOf(p, p.Max())).CopyTo(own);
    }

    // A state's name, a number in the concept's own unit, or of a binary concept a probability.
    private static float[] Value(ConceptSpace space, Change change, int concept)
    {
        if (change.Word is { } word) return space.Encode(concept, space.Parse(concept, word));
        var axis = space.Axes[concept];
        if (axis.Type == ConceptType.Binary && change.Value is > 0 and < 1) return [(float)change.Value];
        return space.Encode(concept, space.Parse(concept, change.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
    }
}
