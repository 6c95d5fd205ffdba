using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A bottleneck that lets named concepts pass (Koh, Nguyen, Tang, Mussmann, Pierson, Kim, Liang: "Concept Bottleneck Models", ICML 2020). A layer says
/// what it believes of each concept, and what goes on to the decoder when some are put by hand; this class does the rest: the loss to
/// annotated values, true concepts in training, edits, the message.
/// </summary>
public abstract class ConceptBottleneck : Bottleneck
{
    private const string Real = "soft concepts are real numbers, which have no finite rate before they are quantised";

    /// <summary>What every layer of concepts has.</summary>
    /// <param name="space">The concepts.</param>
    /// <param name="conceptWeight">The weight of their loss, at least 0.</param>
    /// <param name="randInt">The chance of true concepts in training, 0 to 1.</param>
    /// <param name="stateWeights">What a row of each state of each concept counts; null where all count the same.</param>
    protected ConceptBottleneck(ConceptSpace space, float conceptWeight, float randInt, IReadOnlyList<double[]>? stateWeights)
    {
        ArgumentNullException.ThrowIfNull(space);
        Setting.Require(conceptWeight >= 0 && float.IsFinite(conceptWeight), "concept_weight", "a number of at least 0", conceptWeight);
        Setting.Require(randInt is >= 0 and <= 1, "rand_int", "a probability", randInt);
        (Space, ConceptWeight, RandInt, StateWeights) = (space, conceptWeight, randInt, stateWeights);
    }

    /// <summary>The concepts; where they are found in training, their names become known there.</summary>
    public ConceptSpace Space { get; protected set; }

    /// <summary>Whether the concepts are those that the data annotate; else they were given, chosen or found.</summary>
    public virtual bool Annotated => true;

    /// <summary>The weight of the concepts' loss beside the task's.</summary>
    public float ConceptWeight { get; }

    /// <summary>The chance with which a concept's true value stands in for the belief of a whole training batch.</summary>
    public float RandInt { get; }

    /// <summary>What a row of each state of each concept counts in the concepts' loss; null where all count the same.</summary>
    public IReadOnlyList<double[]>? StateWeights { get; }

    /// <inheritdoc/>
    public sealed override bool AppliesEdits => true;

    /// <summary>What the layer makes of features before it is a belief, [rows, width]: logits, and the number itself of continuous concepts.</summary>
    public abstract Tensor Scores(Features h);

    /// <summary>What the layer believes, [rows, width]; what is put by hand stands in its place.</summary>
    /// <param name="h">The features.</param>
    /// <param name="scores">Their scores.</param>
    /// <param name="put">Concepts put by hand; null for none.</param>
    public virtual Tensor Beliefs(Features h, Tensor scores, ConceptValues? put)
    {
        var own = Space.Activate(scores);
        return put is null ? own : Space.Put(own, put);
    }

    /// <summary>The decoder's input.</summary>
    /// <param name="h">The features.</param>
    /// <param name="scores">Their scores.</param>
    /// <param name="put">Concepts put by hand, as beliefs; null for none.</param>
    public abstract Tensor Emit(Features h, Tensor scores, ConceptValues? put);

    /// <summary>The columns of what goes on that stand for a concept, first and number; null where what goes on is not made of concepts one by one.</summary>
    public virtual (int From, int Count)? CodeColumns(int concept) => OutputWidth < Space.Width ? null : (Space.Offset(concept), Space.Axes[concept].Width);

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => "floats";

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        var scores = Scores(h);
        var put = Taught(c);
        if (c.Edit is { Changes.Count: > 0 } edit) put = Sendable(ConceptEdits.Put(Space, Beliefs(h, scores, put), edit, put, c.Random.Fork("edit")));
        return Passed(h, scores, put, c);
    }

    /// <summary>What of an edit can be sent: a layer that sends states makes states of it.</summary>
    protected virtual ConceptValues Sendable(ConceptValues put) => put;

    /// <summary>The pass, with what is put by hand.</summary>
    protected virtual Passage Passed(Features h, Tensor scores, ConceptValues? put, PassContext c)
    {
        var output = Emit(h, scores, put);
        return new Passage(output, null, [.. Terms(h, scores, c)], () => new Message([new Floats("concepts", output)])) { NoRate = Real };
    }

    /// <summary>What the layer adds to the loss: <c>concepts</c>, where values are annotated.</summary>
    protected virtual IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c)
    {
        if (Annotated && c.TrueConcepts is { } values) yield return new Term("concepts", Space.Loss(scores, values, StateWeights), ConceptWeight);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string>? NamesOf(Part part) => part is Floats { Values: { Dim: 2 } values } && values.Size(1) == Space.Width ? Space.ColumnNames : null;

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return m.Single<Floats>().Values;
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        to.WriteFloats(m.Single<Floats>().Values.Data);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(s);
        var values = Tensor.Zeros(s.Count, OutputWidth);
        from.ReadFloats(values.Data);
        return new Message([new Floats("concepts", values)]);
    }

    /// <summary>How many numbers go on to the decoder.</summary>
    public abstract int OutputWidth { get; }

    // True values where the phase asks for them, or by chance in training: one draw for each concept and batch (Espinosa Zarlenga et al. 2022).
    private ConceptValues? Taught(PassContext c)
    {
        if (!Annotated || c.TrueConcepts is not { } values) return null;
        if (c.UseTrueConcepts) return Space.Known(values);
        if (!c.Training || RandInt == 0) return null;
        var known = Space.Known(values);
        var random = c.Random.Fork("randint");
        var drawn = Enumerable.Range(0, Space.Count).Select(_ => random.NextDouble() < RandInt ? 1f : 0f).ToArray();
        return known with { Known = known.Known * Tensor.From(drawn) };
    }
}
