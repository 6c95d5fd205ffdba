using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class ConceptLayerTest
{
    private static readonly ConceptSpace s_space = ConceptSpaceTest.Mixed;
    private static readonly Tensor s_values = Tensor.From([1, 2, 3, -0.5f, 0, 1, 0, 2, float.NaN, 0, 1, float.NaN], 3, 4);

    private static ConceptLayer Layer(ConceptKindPassed kind) =>
        new(5, s_space, new ConceptOptions { Kind = kind, Scheme = ConceptScheme.Joint, Extra = 3 }, new RandomStream(3));

    private static PassContext Context(PassMode mode = PassMode.Mean) => new(mode, new RandomStream(1));

    private static Tensor Inputs(int rows) => Tensor.Randn(new RandomStream(8), rows, 5);

    [Theory]
    [InlineData(ConceptKindPassed.Hard)]
    [InlineData(ConceptKindPassed.Sigmoid)]
    [InlineData(ConceptKindPassed.Logit)]
    [InlineData(ConceptKindPassed.Hybrid)]
    public void FullIntervention_IsTheHeadOnTrueConcepts_BitForBit(ConceptKindPassed kind)
    {
        var layer = Layer(kind);
        layer.Freeze([Inputs(200)]);
        var head = new Linear(layer.OutputWidth, 4, new RandomStream(4));
        var network = new BottleneckNetwork(new Sequential(), layer, head);
        var truth = s_space.Known(Tensor.From([1, 2, 3, -0.5f, 0, 1, 0, 2, 1, 0, 1, 0.25f], 3, 4));
        var (one, other) = (new NetworkConcepts(network, Inputs(3)), new NetworkConcepts(network, kind == ConceptKindPassed.Hybrid ? Inputs(3) : Tensor.Randn(new RandomStream(77), 3, 5)));
        Assert.Equal(one.Answers(truth).ToArray(), other.Answers(truth).ToArray());
        Assert.Equal(truth.Values.ToArray(), one.Beliefs(truth).ToArray());
        var direct = head.Forward(layer.Emit(Inputs(3), layer.Scores(Inputs(3)), truth)).Softmax(-1);
        Assert.Equal(direct.ToArray(), one.Answers(truth).ToArray());
        if (kind is ConceptKindPassed.Hard or ConceptKindPassed.Sigmoid) Assert.Equal(head.Forward(truth.Values).Softmax(-1).ToArray(), one.Answers(truth).ToArray());
    }

    [Fact]
    public void UnknownConcepts_StayThePrediction_WhenTrueOnesAreTaught()
    {
        var layer = Layer(ConceptKindPassed.Sigmoid);
        var h = Inputs(3);
        var own = layer.Pass(h, Context()).Output.ToArray();
        var taught = layer.Pass(h, Context() with { TrueConcepts = s_values, UseTrueConcepts = true }).Output.ToArray();
        var encoded = s_space.Encode(s_values).ToArray();
        for (var i = 0; i < own.Length; i++) Assert.Equal(float.IsNaN(encoded[i]) ? own[i] : encoded[i], taught[i]);
    }

    [Fact]
    public void Hard_PassesStates_WhoseBytesComeBack()
    {
        var layer = Layer(ConceptKindPassed.Hard);
        layer.Freeze([Inputs(400)]);
        var passage = layer.Pass(Inputs(60), Context(PassMode.Ship));
        var beliefs = s_space.Activate(layer.Scores(Inputs(60)));
        var sent = passage.Message().Single<Symbols>().Values.ToArray();
        var decided = s_space.Decide(beliefs).ToArray();
        for (var i = 0; i < sent.Length; i++)
            if (i % 4 != 3) Assert.Equal((long)decided[i], sent[i]);
            else Assert.InRange((sent[i] - 32) / 8.0, Math.Clamp(decided[i], -4, 4) - 0.0626, Math.Clamp(decided[i], -4, 4) + 0.0626);
        Assert.Equal(passage.Output.ToArray(), layer.Restore(passage.Message()).ToArray());
        Assert.Equal(Math.Log2(2 * 3 * 4 * 65), layer.Capacity!.Value.Value, 9);
        Assert.Equal(RateKind.CodeLength, passage.Rate!.Kind);
    }

    [Fact]
    public void Hard_LetsGradientsThroughToTheProbabilities()
    {
        var layer = Layer(ConceptKindPassed.Hard);
        layer.Pass(Inputs(6), Context(PassMode.Sample) with { Training = true }).Output.Sum().Backward();
        Assert.Contains(layer.Predictor.Weight.Grad!.ToArray(), g => g != 0);
    }

    [Fact]
    public void Logits_ArePutAtPercentilesOfTheTrainingRows()
    {
        var layer = Layer(ConceptKindPassed.Logit);
        layer.Freeze([Inputs(1000)]);
        var scores = layer.Scores(Inputs(1000));
        var column = Enumerable.Range(0, 1000).Select(i => scores.Data[i * 8]).Order().ToArray();
        var put = s_space.Known(Tensor.From([1, 0, 0, 0.75f, 0, 0, 0, 0], 2, 4));
        var output = layer.Emit(Inputs(2), layer.Scores(Inputs(2)), put);
        Assert.InRange(output.Data[0], column[948], column[950]);
        Assert.InRange(output.Data[8], column[49], column[51]);
        Assert.Equal(0.75f, output.Data[7]);
        var other = Layer(ConceptKindPassed.Logit);
        other.LoadTables(layer.FrozenTables);
        Assert.Equal(output.ToArray(), other.Emit(Inputs(2), layer.Scores(Inputs(2)), put).ToArray());
        Assert.Throws<InputException>(() => other.LoadTables(layer.FrozenTables.AsSpan(1)));
    }

    [Fact]
    public void Edits_NameConceptsAndStates()
    {
        var layer = Layer(ConceptKindPassed.Sigmoid);
        var h = Inputs(2);
        var own = layer.Pass(h, Context()).Output.ToArray();
        float[] After(string edit) => layer.Pass(h, Context() with { Edit = Edit.Parse(edit) }).Output.ToArray();
        Assert.Equal([1, .. own[1..8], 1, .. own[9..]], After("fever=yes"));
        Assert.Equal([.. own[..8], 0.25f, .. own[9..]], After("fever@1=0.25"));
        Assert.Equal([.. own[..1], 0, 0, 1, .. own[4..9], 0, 0, 1, .. own[12..]], After("shape=flat"));
        Assert.Equal([.. own[..4], 1, 1, 0, 1.5f, .. own[8..]], After("grade@0=2,age@0=65"));
        Assert.Equal([0, .. own[1..8], 0, .. own[9..]], After("block fever"));
        Assert.Equal([2 * own[0], .. own[1..]], After("scale fever@0:2"));
        Assert.Throws<InputException>(() => After("grade=7"));
        Assert.Throws<InputException>(() => After("fevr=1"));
        Assert.Throws<InputException>(() => After("swap fever:shape"));
    }

    [Fact]
    public void Edits_OfNumbers_AreInTheirOwnUnit_AndStatesAreForbiddenByName()
    {
        var layer = Layer(ConceptKindPassed.Sigmoid);
        var h = Inputs(2);
        var own = layer.Pass(h, Context()).Output.ToArray();
        float[] After(string edit) => layer.Pass(h, Context() with { Edit = Edit.Parse(edit) }).Output.ToArray();
        // 50 is the mean and 10 the deviation.
        Assert.Equal(1.2f, After("clamp age:62..70")[7], 5);
        Assert.Equal(((((own[7] * 10) + 50) * 2) - 50) / 10, After("scale age:2")[7], 4);
        var level = (int)s_space.Decide(Tensor.From(own, 2, 8)).Data[2];
        Assert.Equal(own, After(FormattableString.Invariant($"block grade@0:{(level + 2) % 4}")));
        Assert.NotEqual(level, (int)s_space.Decide(Tensor.From(After(FormattableString.Invariant($"block grade@0:{level}")), 2, 8)).Data[2]);
        Assert.Throws<InputException>(() => After("block grade:9"));
        Assert.Throws<InputException>(() => After("noise grade:2"));
        Assert.Throws<InputException>(() => After("clamp shape:0..1"));
    }

    [Fact]
    public void Hard_SendsStatesOfWhatIsEdited()
    {
        var layer = Layer(ConceptKindPassed.Hard);
        layer.Freeze([Inputs(400)]);
        foreach (var edit in (string[])["fever=0.7", "age=63.3", "age=1e6", "block shape", "scale grade:0.7"])
        {
            var passage = layer.Pass(Inputs(3), Context(PassMode.Ship) with { Edit = Edit.Parse(edit) });
            Assert.Equal(passage.Output.ToArray(), layer.Restore(passage.Message()).ToArray());
        }
    }

    [Fact]
    public void RandInt_IsDrawnOnceForEachConceptOfABatch()
    {
        var layer = new ConceptEmbedding(5, s_space, new ConceptEmbeddingOptions { Size = 4, RandInt = 0.5f }, new RandomStream(3));
        var full = Tensor.From([1, 2, 3, -0.5f, 0, 1, 0, 2, 1, 0, 1, 0.25f], 3, 4);
        var h = Inputs(3);
        var own = layer.Emit(h, layer.Scores(h), null).ToArray();
        var true_ = layer.Emit(h, layer.Scores(h), s_space.Known(full)).ToArray();
        var stood = 0;
        for (var draw = 0; draw < 200; draw++)
        {
            var taught = layer.Pass(h, new PassContext(PassMode.Sample, new RandomStream((ulong)draw)) { Training = true, TrueConcepts = full }).Output.ToArray();
            for (var j = 0; j < 4; j++)
            {
                var columns = Enumerable.Range(s_space.Offset(j) * 4, s_space.Axes[j].Width * 4).SelectMany(c => Enumerable.Range(0, 3).Select(r => (r * 32) + c)).ToArray();
                var put = columns.All(c => taught[c] == true_[c]);
                Assert.True(put || columns.All(c => taught[c] == own[c]));
                stood += put ? 1 : 0;
            }
        }
        Assert.InRange(stood, 340, 460);
    }

    [Fact]
    public void Embedding_BlendsItsTwoVectors()
    {
        var layer = new ConceptEmbedding(5, s_space, new ConceptEmbeddingOptions { Size = 4 }, new RandomStream(3));
        var h = Inputs(3);
        var vectors = layer.Contexts.Forward(h).LeakyRelu().ToArray();
        var p = layer.Beliefs(h, layer.Scores(h), null).ToArray();
        var output = layer.Emit(h, layer.Scores(h), null).ToArray();
        for (var i = 0; i < output.Length; i++)
        {
            var (column, e) = (i / 4, i % 4);
            Assert.Equal((p[column] * vectors[(column * 8) + e]) + ((1 - p[column]) * vectors[(column * 8) + 4 + e]), output[i], 5);
        }
    }

    [Fact]
    public void MinimalConcepts_PayTheDivergenceToWhatTheConceptSays()
    {
        var layer = new MinimalConcepts(5, s_space, new MinimalConceptOptions { Separation = 2, Noise = 0.5f, Gamma = 0.3f }, new RandomStream(3));
        var h = Inputs(3);
        var f = layer.Predictor.Forward(h).ToArray();
        var term = layer.Pass(h, Context() with { TrueConcepts = s_values }).Terms.Single(t => t.Name == "minimality");
        var encoded = s_space.Encode(s_values).ToArray();
        double sum = 0;
        for (var i = 0; i < f.Length; i++)
        {
            if (float.IsNaN(encoded[i])) continue;
            var thresholds = s_space.Axes[s_space.ConceptOf(i % 8)].Type is ConceptType.Binary or ConceptType.Ordinal;
            var mean = thresholds ? (4 * encoded[i]) - 2 : 2 * encoded[i];
            sum += Math.Pow(f[i] - mean, 2) / (2 * 0.25);
        }
        Assert.Equal(sum / 3, term.Value.Item(), 2);
        Assert.Equal(0.3f, term.Weight);
        // Bayes' rule on a binary concept under equal priors.
        double Density(double z, double mean) => Math.Exp(-Math.Pow(z - mean, 2) / (2 * 0.25));
        var belief = layer.Beliefs(h, layer.Scores(h), null).Data[0];
        Assert.Equal(Density(f[0], 2) / (Density(f[0], 2) + Density(f[0], -2)), belief, 4);
    }

    [Fact]
    public void Beta_PaysTheDivergenceToTheMarginal()
    {
        var layer = new ConceptLayer(5, new ConceptSpace([s_space.Axes[0], s_space.Axes[1]]), new ConceptOptions { Scheme = ConceptScheme.Joint, Beta = 0.2f }, new RandomStream(3));
        var h = Inputs(4);
        var p = layer.Beliefs(h, layer.Scores(h), null).ToArray();
        double expected = 0;
        for (var i = 0; i < 4; i++)
        {
            var b = (double)p[4 * i];
            expected += (b * Math.Log(b / 0.5)) + ((1 - b) * Math.Log((1 - b) / 0.5));
            for (var s = 1; s < 4; s++) expected += p[(4 * i) + s] * Math.Log(p[(4 * i) + s] * 3);
        }
        var term = layer.Pass(h, Context()).Terms.Single(t => t.Name == "rate");
        Assert.Equal(expected / 4, term.Value.Item(), 4);
    }

    [Theory]
    [InlineData(ConceptScheme.Independent, ConceptKindPassed.Logit)]
    [InlineData(ConceptScheme.Independent, ConceptKindPassed.Hybrid)]
    [InlineData(ConceptScheme.Sequential, ConceptKindPassed.Hybrid)]
    public void SchemesThatCannotBe_AreRefused(ConceptScheme scheme, ConceptKindPassed kind) =>
        Assert.StartsWith("bottleneck.scheme", Assert.Throws<InputException>(() => new ConceptLayer(5, s_space, new ConceptOptions { Scheme = scheme, Kind = kind }, new RandomStream(1))).Message, StringComparison.Ordinal);
}
