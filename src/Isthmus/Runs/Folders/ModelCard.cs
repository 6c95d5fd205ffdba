using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Isthmus.Bottlenecks;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>What whoever relies on a concept of a model has to know of it.</summary>
/// <param name="Name">The concept.</param>
/// <param name="Type">binary, categorical, ordinal or continuous.</param>
/// <param name="States">Its states' names, levels in rising order; empty for a continuous one.</param>
/// <param name="Threshold">The probability from which a state or level is decided for; null where the most probable one is, or the concept is a number.</param>
/// <param name="Cost">What asking for it costs.</param>
/// <param name="Annotated">Training rows in which it is annotated.</param>
public sealed record ConceptFact(string Name, string Type, IReadOnlyList<string> States, double? Threshold, double Cost, int Annotated)
{
    private const double Half = 0.5;

    internal static IReadOnlyList<ConceptFact>? Of(Model model, LoadedData loaded) => model.Network.Bottleneck is not ConceptBottleneck layer || loaded.Data.Concepts is not { } table ? null
        : [.. layer.Space.Axes.Select((a, j) => new ConceptFact(a.Name, OptionModel.Word(a.Type.ToString()), a.Categories,
            a.Type is ConceptType.Binary or ConceptType.Ordinal ? Half : null, a.Cost, loaded.Split.Train.Count(row => !table.IsMissing(row, j))))];
}

/// <summary>A digest of the rows that a model learned from, so that it can be shown later which they were.</summary>
internal static class TrainingDigest
{
    /// <summary>SHA-256 over features, indices, concepts and target of the training rows, in their order, as the network got them.</summary>
    public static string Of(LoadedData loaded)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var data = loaded.Data;
        foreach (var row in loaded.Split.Train)
        {
            hash.AppendData(MemoryMarshal.AsBytes(data.Row(row)));
            if (data.Indices is { } indices) hash.AppendData(MemoryMarshal.AsBytes(indices.Row(row)));
            if (data.Concepts is { Columns.Count: > 0 } concepts)
                for (var c = 0; c < concepts.Columns.Count; c++) Add(concepts.IsMissing(row, c) ? float.NaN : concepts.Row(row)[c]);
            switch (data.Target)
            {
                case ClassTarget classes: Add(classes.Labels[row]); break;
                case SurvivalTarget survival: Add(survival.Times[row]); Add(survival.Events[row] ? 1 : 0); break;
                case ContinuousTarget numbers: hash.AppendData(MemoryMarshal.AsBytes(numbers.Values.AsSpan(row * numbers.Width, numbers.Width))); break;
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
        void Add(float value) => hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<float>(in value)));
    }
}
