using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A concept model bound to some rows: what interventions edit and policies ask, whatever the model is made of.</summary>
public interface IConceptModel
{
    /// <summary>The concepts.</summary>
    ConceptSpace Space { get; }

    /// <summary>How many rows.</summary>
    int Rows { get; }

    /// <summary>What the model believes of each concept.</summary>
    /// <param name="put">Concepts put by hand; null for none.</param>
    /// <returns>[rows, width]: what is put stands in its place, and has moved the others where the model knows how concepts hang together.</returns>
    Tensor Beliefs(ConceptValues? put);

    /// <summary>What the model answers.</summary>
    /// <param name="put">Concepts put by hand; null for none.</param>
    /// <returns>[rows, classes]: probabilities; or [rows, outputs]: numbers. Differentiable in <see cref="ConceptValues.Values"/>.</returns>
    Tensor Answers(ConceptValues? put);
}

/// <summary>A network with a concept layer, bound to some rows; what the encoder makes of them is computed once.</summary>
public sealed class NetworkConcepts : IConceptModel, ILearntPolicy
{
    private readonly BottleneckNetwork _network;
    private readonly ConceptBottleneck _layer;
    private readonly Func<Tensor, Tensor> _readable;
    private readonly Features _features;
    private readonly Tensor _scores;

    /// <summary>Binds a network, in evaluation mode, to rows. What it keeps belongs to the scope that is open here.</summary>
    /// <param name="network">With a <see cref="ConceptBottleneck"/>.</param>
    /// <param name="inputs">[rows, …].</param>
    /// <param name="readable">The decoder's output to probabilities or numbers; null for softmax.</param>
    /// <exception cref="ArgumentException">The network's bottleneck is not one of concepts.</exception>
    public NetworkConcepts(BottleneckNetwork network, Tensor inputs, Func<Tensor, Tensor>? readable = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(inputs);
        _network = network;
        _layer = network.Bottleneck as ConceptBottleneck ?? throw new ArgumentException($"network concepts: {network.Bottleneck.GetType().Name} is not a bottleneck of concepts");
        _readable = readable ?? (static logits => logits.Softmax(-1));
        using var noGrad = new NoGrad();
        _features = network.Encoder.Forward(inputs);
        _scores = _layer.Scores(_features);
    }

    /// <inheritdoc/>
    public ConceptSpace Space => _layer.Space;

    /// <inheritdoc/>
    public int Rows => _scores.Size(0);

    /// <inheritdoc/>
    public Tensor Beliefs(ConceptValues? put) => _layer.Beliefs(_features, _scores, put);

    /// <inheritdoc/>
    public Tensor Answers(ConceptValues? put) => _readable(_network.Decoder.Forward(_layer.Emit(_features, _scores, put)));

    /// <inheritdoc/>
    public Tensor? AskNext(ConceptValues? put) => (_layer as InterventionAwareEmbedding)?.AskNext(_features, _scores, put);
}
