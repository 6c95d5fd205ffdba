using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a gate says, and what a decoder that it conditions is given.</summary>
/// <param name="Scores">[n, width]: logits of the concepts' columns.</param>
/// <param name="Beliefs">[n, width]: what is believed, with what was put by hand.</param>
/// <param name="Tokens">[n, width, channels]: a token of each column, between its token for no and its token for yes.</param>
/// <param name="Memory">[n, places + width, channels]: the places of the map, then the tokens: what a decoder attends to.</param>
/// <param name="Start">[n, channels]: the mean of the tokens, for a recurrent decoder's first state.</param>
public sealed record GatePass(Tensor Scores, Tensor Beliefs, Tensor Tokens, Tensor Memory, Tensor Start);

/// <summary>
/// A bottleneck of a few explicit concepts, as of safety, on the visual side of a network that writes: they are read from the feature map, can be put by hand, and
/// condition the decoder as tokens beside the map. After Liu, Wang, and others: "Enhancing vision-language model safety through progressive
/// concept-bottleneck-driven alignment" (PSA-VLM, 2024), which trains in two stages: first the concepts on frozen features, then the decoder under them.
/// </summary>
public sealed class ConceptGate : Module
{
    private readonly int _channels;
    private readonly Sequential _projector;
    private readonly SpatialConcepts _concepts;
    private readonly Tensor _no, _yes;

    /// <summary>A gate with initial weights.</summary>
    /// <param name="channels">C of the features [n, C, h, w], and the width of a token.</param>
    /// <param name="space">The concepts.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="hidden">Channels between the features, which are often frozen, and the concepts' maps.</param>
    public ConceptGate(int channels, ConceptSpace space, RandomStream random, int hidden = 32)
    {
        ArgumentNullException.ThrowIfNull(space);
        (Space, _channels) = (space, channels);
        _projector = AddModule("projector", new Sequential(new Conv2d(channels, hidden, 3, random, padding: 1), new GELU()));
        _concepts = AddModule("concepts", new SpatialConcepts(hidden, space.Width, random));
        _no = AddParameter("no", Initializers.Normal(random, 1f, space.Width, channels));
        _yes = AddParameter("yes", Initializers.Normal(random, 1f, space.Width, channels));
    }

    /// <summary>The concepts.</summary>
    public ConceptSpace Space { get; }

    /// <summary>The concepts, with the places where they are seen: what the first stage trains.</summary>
    /// <param name="features">[n, channels, h, w].</param>
    public ConceptMaps Locate(Tensor features) => _concepts.Locate(_projector.Forward(features));

    /// <summary>The parameters of what reads the concepts, which the first stage trains and the second leaves as they are.</summary>
    public IEnumerable<(string Name, Tensor Value)> ConceptParameters => NamedParameters().Where(p => p.Name is not ("no" or "yes"));

    /// <summary>What the gate says of pictures.</summary>
    /// <param name="features">[n, channels, h, w].</param>
    /// <param name="put">Concepts put by hand; null for none.</param>
    public GatePass Forward(Tensor features, ConceptValues? put = null)
    {
        var scores = Locate(features).Scores;
        var beliefs = Space.Activate(scores);
        if (put is not null) beliefs = Space.Put(beliefs, put);
        var tokens = _no + (beliefs.Reshape(-1, Space.Width, 1) * (_yes - _no));
        var places = features.Reshape(features.Size(0), _channels, -1).Transpose(1, 2);
        return new GatePass(scores, beliefs, tokens, Tensor.Cat([places, tokens], 1), tokens.Mean(1));
    }
}
