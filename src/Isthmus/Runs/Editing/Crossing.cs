using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>One of a model's bottlenecks that is looked into: the one between encoder and decoder, or one inserted at a layer.</summary>
internal sealed class Crossing
{
    private readonly Model _model;
    private readonly Insertion? _insertion;

    private Crossing(Model model, Insertion? insertion, string type) => (_model, _insertion, Type) = (model, insertion, type);

    /// <summary>Of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layer">The layer of an insertion; null for the bottleneck between encoder and decoder.</param>
    /// <exception cref="InputException">Nothing is inserted there.</exception>
    public static Crossing Of(Model model, string? layer)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (layer is null) return new Crossing(model, null, model.Recipe.Bottleneck!.Type);
        var at = model.Insertions.ToList().FindIndex(i => i.Layer == layer);
        if (at >= 0) return new Crossing(model, model.Insertions[at], model.Recipe.Insert[at].Bottleneck!.Type);
        if (model.Insertions.Count == 0) throw new InputException($"--layer {layer}: nothing is inserted into this network", "a recipe's insert: puts bottlenecks at layers");
        throw Suggest.Unknown("layer with a bottleneck", layer, model.Insertions.Select(i => i.Layer), $"with bottlenecks: {string.Join(", ", model.Insertions.Select(i => i.Layer))}");
    }

    /// <summary>The bottleneck's name in recipes.</summary>
    public string Type { get; }

    /// <summary>The layer that it is inserted at; null between encoder and decoder.</summary>
    public string? Layer => _insertion?.Layer;

    /// <summary>What passes are made by.</summary>
    public Bottleneck Bottleneck => _insertion?.Bottleneck ?? _model.Network.Bottleneck;

    /// <summary>Rows that are about to pass, in evaluation mode.</summary>
    public Entered Enter(Tensor inputs)
    {
        _model.Judge();
        return new Entered(this, inputs, _insertion is null ? (Features)_model.Network.Encoder.Forward(inputs) : null);
    }

    private Crossed PassInserted(Tensor inputs, PassMode mode, RandomStream random, Edit? edit, RandomStream? editRandom)
    {
        var insertion = _insertion!;
        try
        {
            (insertion.Mode, insertion.Random, insertion.Edit, insertion.EditRandom) = (mode, random, edit, editRandom);
            var (prediction, _) = _model.Network.Run(inputs, new PassContext(PassMode.Mean, random));
            if (insertion.Passages is not [var passage]) throw new InputException(FormattableString.Invariant($"--layer {insertion.Layer}: the network calls it {insertion.Passages.Count} times, and one message a row is needed here"));
            var (messages, units) = (passage.Output.Size(0), inputs.Size(0) * _model.Units);
            if (messages != units) throw new InputException(FormattableString.Invariant($"--layer {insertion.Layer}: it sends {messages / inputs.Size(0)} messages a row, and one for each {(_model.Units > 1 ? "token" : "row")} is needed here"));
            return new Crossed(passage, insertion.Inputs[0], () => prediction);
        }
        finally
        {
            (insertion.Mode, insertion.Edit, insertion.EditRandom) = (null, null, null);
        }
    }

    /// <summary>Rows before a bottleneck.</summary>
    internal sealed class Entered(Crossing at, Tensor inputs, Features? features)
    {
        /// <summary>Lets them pass.</summary>
        /// <param name="mode">Which message.</param>
        /// <param name="random">The noise of the pass.</param>
        /// <param name="edit">What is changed in the message; null for nothing.</param>
        /// <param name="editRandom">The noise of the edit.</param>
        public Crossed Pass(PassMode mode, RandomStream random, Edit? edit = null, RandomStream? editRandom = null)
        {
            if (features is null) return at.PassInserted(inputs, mode, random, edit, editRandom);
            var bottleneck = at.Bottleneck;
            var passage = bottleneck.Pass(features, new PassContext(mode, random) { Edit = bottleneck.AppliesEdits ? edit : null });
            if (edit is not null && !bottleneck.AppliesEdits) passage = MessageEditor.Apply(bottleneck, passage, edit, editRandom!, features);
            return new Crossed(passage, features, () => at._model.Network.Decoder.Forward(passage.Output));
        }
    }
}

/// <summary>What has passed.</summary>
/// <param name="Passage">The message and what it stands for.</param>
/// <param name="Features">What entered.</param>
/// <param name="Prediction">The network's answer, made on demand.</param>
internal sealed record Crossed(Passage Passage, Features Features, Func<Tensor> Prediction);
