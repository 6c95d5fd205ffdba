using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Concepts;

/// <summary>Concept bottlenecks on feature maps: the layer of maps, slots, and the gate.</summary>
public class SpatialBottlenecksTest
{
    private static readonly ConceptSpace s_space = new([
        new ConceptAxis("red", ConceptType.Binary, ["no", "yes"]), new ConceptAxis("shape", ConceptType.Categorical, ["disc", "box", "star"]), new ConceptAxis("size", ConceptType.Continuous, [])]);

    private static readonly Tensor s_maps = Tensor.Randn(new RandomStream(2), 3, 4, 2, 3);
    private static readonly Tensor s_values = Tensor.From([1, 2, 0.5f, 0, float.NaN, -1, 1, 0, float.NaN], 3, 3);

    private static PassContext Training => new(PassMode.Sample, new RandomStream(1)) { Training = true, TrueConcepts = s_values };

    private static SpatialConceptLayer Layer(SpatialConceptOptions? options = null) => new([4, 2, 3], s_space, options ?? new SpatialConceptOptions(), new RandomStream(5));

    private static ConceptSlots Slots(int iterations = 3) => new([4, 2, 3], s_space, new ConceptSlotOptions { Width = 6, Latent = 7, Iterations = iterations }, new RandomStream(5));

    [Fact]
    public void FullIntervention_IsTheHeadOnTrueConcepts_BitForBit()
    {
        var head = new Linear(5, 4, new RandomStream(4));
        var network = new BottleneckNetwork(new Sequential(), Layer(), head);
        var truth = s_space.Known(Tensor.From([1, 2, 0.5f, 0, 1, -1, 1, 0, 0], 3, 3));
        Assert.Equal(head.Forward(truth.Values).Softmax(-1).ToArray(), new NetworkConcepts(network, s_maps).Answers(truth).ToArray());
    }

    [Fact]
    public void TermsForLocality_AreThoseOfAnnotatedConceptsWithAPlace()
    {
        var layer = Layer(new SpatialConceptOptions { Entropy = 2, Contrast = 3, L1 = 4 });
        var terms = layer.Pass(s_maps, Training).Terms.ToDictionary(t => t.Name, StringComparer.Ordinal);
        Assert.Equal((2f, 3f, 4f), (terms["entropy"].Weight, terms["contrast"].Weight, terms["l1"].Weight));
        var located = layer.Locate(s_maps);
        var present = Tensor.From([1f, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0], 3, 5);
        Assert.Equal(SpatialConcepts.Entropy(located.Maps, present).Item(), terms["entropy"].Value.Item(), 1e-6);
        Assert.Equal(layer.Concepts.Contrast(s_maps, located.Maps, present).Item(), terms["contrast"].Value.Item(), 1e-6);
        var (beliefs, encoded) = (s_space.Activate(located.Scores).ToArray(), s_space.Encode(s_values).ToArray());
        Assert.Equal(beliefs.Zip(encoded).Where(p => !float.IsNaN(p.Second)).Average(p => Math.Abs(p.First - p.Second)), terms["l1"].Value.Item(), 1e-5);
        Assert.DoesNotContain(Layer(new SpatialConceptOptions { Entropy = 0, Contrast = 0, L1 = 0 }).Pass(s_maps, Training).Terms, t => t.Name is "entropy" or "contrast" or "l1");
        Assert.Equal(["concepts"], layer.Pass(s_maps, Training with { Training = false }).Terms.Select(t => t.Name));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    public void Attention_IsSharedByConcepts_AndNoneGoesToOneThatIsPutToZero(int iterations)
    {
        var slots = Slots(iterations);
        var attention = slots.Attention(s_maps);
        Assert.Equal([3, 6, 5], attention.Shape.ToArray());
        Assert.All(attention.Sum(2).ToArray(), s => Assert.Equal(1, s, 1e-5));
        var put = new ConceptValues(Tensor.Zeros(3, 5), Tensor.From([1f, 0, 0, 1, 0, 0, 1, 0, 0], 3, 3));
        Assert.All(slots.Attention(s_maps, put).Select(2, 0).ToArray(), a => Assert.InRange(a, 0, 1e-4f));
        Assert.Equal([3, 7], slots.Pass(s_maps, Training).Output.Shape.ToArray());
    }

    [Fact]
    public void SlotsFollowThePicture_FixedConceptsDoNot()
    {
        Assert.NotNull(Slots().Slots);
        Assert.Null(Slots(0).Slots);
        var filled = Slots().NamedParameters().Select(p => p.Name).ToArray();
        Assert.Contains("slots.slots_mu", filled);
        Assert.Equal([5, 6], Slots(0).NamedParameters().Single(p => p.Name == "concepts").Value.Shape.ToArray());
    }

    [Fact]
    public void Explanation_IsTheSquaredDistanceToSharesOfAnnotatedConcepts()
    {
        var slots = Slots();
        var term = slots.Pass(s_maps, Training).Terms.Single(t => t.Name == "explanation").Value.Item();
        var attention = slots.Attention(s_maps);
        float[][] shares = [[0.5f, 0, 0, 0.5f, 0], [], [0.5f, 0.5f, 0, 0, 0]]; // of states alone; none is known to be there in the second row
        double sum = 0;
        foreach (var row in (int[])[0, 2])
            for (var p = 0; p < 6; p++)
                for (var j = 0; j < 5; j++) sum += Math.Pow(attention.Data[(((row * 6) + p) * 5) + j] - shares[row][j], 2) / 12;
        Assert.Equal(sum, term, 1e-5);
    }

    [Fact]
    public void GradientsOfSlots_AreFiniteDifferences()
    {
        var slots = Slots(2);
        Tensor Loss()
        {
            var pass = slots.Pass(s_maps, Training);
            return pass.Terms.Select(t => t.Value * t.Weight).Aggregate(pass.Output.Square().Sum(), (a, b) => a + b);
        }
        Loss().Backward();
        foreach (var (name, value) in slots.NamedParameters())
            for (var i = 0; i < value.Numel; i += 7)
            {
                var kept = value.Data[i];
                const float Step = 5e-3f;
                value.Data[i] = kept + Step;
                var above = Loss().Item();
                value.Data[i] = kept - Step;
                var slope = (above - Loss().Item()) / (2 * Step);
                value.Data[i] = kept;
                Assert.True(Math.Abs(slope - value.Grad!.Data[i]) < 2e-2 * Math.Max(1, Math.Abs(slope)), $"{name}[{i}]: {value.Grad.Data[i]} against {slope}");
            }
    }

    [Fact]
    public void AGate_PutsTokensBetweenNoAndYes_BesideTheMap()
    {
        var gate = new ConceptGate(4, s_space, new RandomStream(3));
        var put = new ConceptValues(Tensor.From([1f, 0, 0, 1, 0.25f, 0, 1, 0, 0, 0.25f, 1, 0, 1, 0, 0.25f], 3, 5), Tensor.Ones(3, 3));
        var (pass, tokens) = (gate.Forward(s_maps, put), gate.NamedParameters().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal));
        Assert.Equal([3, 11, 4], pass.Memory.Shape.ToArray());
        Assert.Equal(put.Values.ToArray(), pass.Beliefs.ToArray());
        for (var c = 0; c < 4; c++)
        {
            Assert.Equal(tokens["yes"].Data[c], pass.Tokens.Data[c], 1e-6);
            Assert.Equal(tokens["no"].Data[c], pass.Tokens.Data[20 + c], 1e-6);
            Assert.Equal((0.75f * tokens["no"].Data[16 + c]) + (0.25f * tokens["yes"].Data[16 + c]), pass.Tokens.Data[16 + c], 1e-5);
            Assert.Equal(s_maps.Data[(c * 6) + 5], pass.Memory.Data[(5 * 4) + c]);
            Assert.Equal(Enumerable.Range(0, 5).Average(j => pass.Tokens.Data[(j * 4) + c]), pass.Start.Data[c], 1e-5);
        }
        Assert.Equal(s_space.Activate(gate.Locate(s_maps).Scores).ToArray(), gate.Forward(s_maps).Beliefs.ToArray());
        Assert.Equal(["no", "yes"], gate.NamedParameters().Select(p => p.Name).Except(gate.ConceptParameters.Select(p => p.Name)));
    }

    [Fact]
    public void VectorsAreRefused_InOneLine()
    {
        Assert.Throws<InputException>(() => new SpatialConceptLayer([8], s_space, new SpatialConceptOptions(), new RandomStream(1)));
        Assert.Throws<InputException>(() => new ConceptSlots([8], s_space, new ConceptSlotOptions(), new RandomStream(1)));
        Assert.Throws<InputException>(() => Layer(new SpatialConceptOptions { Entropy = -1 }));
        Assert.Throws<ArgumentException>(() => Slots().Scores(Tensor.Zeros(1, 4, 3, 3)));
    }
}
