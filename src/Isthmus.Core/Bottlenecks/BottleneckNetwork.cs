using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>An encoder, a bottleneck and a decoder: data in, what passes, an answer out.</summary>
public sealed class BottleneckNetwork : Module
{
    /// <summary>Joins the three parts under the names encoder, bottleneck and decoder.</summary>
    public BottleneckNetwork(Module encoder, Bottleneck bottleneck, Module decoder)
    {
        Encoder = AddModule("encoder", encoder);
        Bottleneck = AddModule("bottleneck", bottleneck);
        Decoder = AddModule("decoder", decoder);
        bottleneck?.Attach(encoder);
        bottleneck?.AttachDecoder(decoder);
    }

    /// <summary>Data to features.</summary>
    public Module Encoder { get; }

    /// <summary>The narrow place.</summary>
    public Bottleneck Bottleneck { get; }

    /// <summary>What passed to the answer.</summary>
    public Module Decoder { get; }

    /// <summary>The whole way, with what passed.</summary>
    public (Tensor Prediction, Passage Passage) Run(Tensor x, PassContext context)
    {
        var (prediction, passage) = Through(x, context);
        return (Emit(prediction), passage);
    }

    /// <summary>The prediction under the mean code.</summary>
    protected override Tensor Compute(Tensor x) => Through(x, new PassContext(PassMode.Mean, new RandomStream(0))).Prediction;

    private (Tensor Prediction, Passage Passage) Through(Tensor x, PassContext context)
    {
        var features = Encoder.Forward(x);
        var passage = Bottleneck.Pass(features, context);
        if (context.Edit is { } edit && !Bottleneck.AppliesEdits) passage = MessageEditor.Apply(Bottleneck, passage, edit, context.Random.Fork("edit"), features);
        // A bottleneck is called by Pass, not by Forward: its hooks run here.
        var output = Bottleneck.Emit(passage.Output);
        if (!ReferenceEquals(output, passage.Output)) passage = passage with { Output = output };
        if (Decoder is IPenalized head) passage = passage with { Terms = [.. passage.Terms, .. head.Terms()] };
        return (Decoder.Forward(output), passage);
    }
}
