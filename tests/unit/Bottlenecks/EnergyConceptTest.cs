using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class EnergyConceptTest
{
    private static readonly ConceptSpace s_mixed = new(
    [
        new ConceptAxis("fever", ConceptType.Binary, ["no", "yes"]),
        new ConceptAxis("shape", ConceptType.Categorical, ["round", "square", "star"]),
        new ConceptAxis("grade", ConceptType.Ordinal, ["low", "middle", "high"]),
        new ConceptAxis("cough", ConceptType.Binary, ["no", "yes"]),
    ]);

    [Theory]
    [InlineData(1f, 6)]
    [InlineData(0f, 0)]
    public void Beliefs_and_answers_are_sums_over_all_states_of_the_energy(float classEnergy, int hidden)
    {
        var (layer, h) = Layer(s_mixed, 3, new EnergyOptions { ClassEnergy = classEnergy, Hidden = hidden });
        var scores = layer.Scores(h);
        var (beliefs, answers) = (layer.Beliefs(h, scores, null), layer.Emit(h, scores, null).Exp());
        for (var row = 0; row < h.Count; row++)
        {
            var joint = ConceptJoint.Enumerate(layer.EnergyOf(h, row)); // by loops over plain numbers
            for (var y = 0; y < 3; y++) Assert.Equal(joint.Marginal(4)[y], answers.Data[(row * 3) + y], 2e-6);
            for (var j = 0; j < 4; j++)
            {
                var own = s_mixed.StateProbabilities(j, beliefs.Data.Slice((row * s_mixed.Width) + s_mixed.Offset(j), s_mixed.Axes[j].Width));
                for (var s = 0; s < own.Length; s++) Assert.Equal(joint.Marginal(j)[s], own[s], 2e-6);
            }
        }
    }

    [Fact]
    public void What_is_put_moves_the_other_concepts_and_the_class_as_conditioning_does()
    {
        var (layer, h) = Layer(s_mixed, 3, new EnergyOptions());
        // Other concepts are put in other rows.
        var values = Tensor.From([1, 2, float.NaN, float.NaN, float.NaN, float.NaN, 1, 0, float.NaN, float.NaN, float.NaN, float.NaN, 0, 0, 2, 1], 4, 4);
        var put = s_mixed.Known(values);
        var (beliefs, answers) = (layer.Beliefs(h, layer.Scores(h), put), layer.Emit(h, layer.Scores(h), put).Exp());
        for (var row = 0; row < 4; row++)
        {
            var given = Enumerable.Range(0, 4).Where(j => !float.IsNaN(values.Data[(row * 4) + j])).Select(j => (j, (int)values.Data[(row * 4) + j])).ToArray();
            var joint = ConceptJoint.Enumerate(layer.EnergyOf(h, row)).Given(given);
            for (var y = 0; y < 3; y++) Assert.Equal(joint.Marginal(4)[y], answers.Data[(row * 3) + y], 2e-6);
            for (var j = 0; j < 4; j++)
            {
                var own = s_mixed.StateProbabilities(j, beliefs.Data.Slice((row * s_mixed.Width) + s_mixed.Offset(j), s_mixed.Axes[j].Width));
                for (var s = 0; s < own.Length; s++) Assert.Equal(joint.Marginal(j)[s], own[s], 2e-6);
            }
        }
    }

    [Fact]
    public void A_soft_value_weighs_the_answers_of_its_states_and_has_their_difference_as_gradient()
    {
        var (layer, h) = Layer(s_mixed, 3, new EnergyOptions());
        var scores = layer.Scores(h);
        float[] At(double fever, int y) => [.. Enumerable.Range(0, 4).Select(i => layer.Marginals(h, scores, Put(fever)).Classes.Data[(i * 3) + y])];
        var (none, all, part) = (At(0, 1), At(1, 1), At(0.3, 1));
        for (var i = 0; i < 4; i++) Assert.Equal((0.7 * none[i]) + (0.3 * all[i]), part[i], 1e-6);
        Assert.Equal(all, At(7, 1)); // a number beyond a state is the state

        var put = Put(0.3);
        put.Values.RequiresGrad = true;
        layer.Marginals(h, scores, put).Classes.Select(1, 1).Sum().Backward();
        for (var i = 0; i < 4; i++) Assert.Equal(all[i] - none[i], put.Values.Grad!.Data[i * s_mixed.Width], 1e-5);

        ConceptValues Put(double fever)
        {
            var put = s_mixed.Known(Tensor.From([0, 1, float.NaN, float.NaN, 0, 1, float.NaN, float.NaN, 0, 1, float.NaN, float.NaN, 0, 1, float.NaN, float.NaN], 4, 4));
            for (var i = 0; i < 4; i++) put.Values.Data[i * s_mixed.Width] = (float)fever;
            return put;
        }
    }

    [Fact]
    public void Values_of_several_columns_have_the_gradient_of_finite_differences()
    {
        var (layer, h) = Layer(s_mixed, 3, new EnergyOptions());
        var scores = layer.Scores(h);
        float[] soft = [0.4f, 0.2f, 0.5f, 0.3f, 0.9f, 0.6f, 0.2f];
        double Of(float[] values) => layer.Marginals(h, scores, new ConceptValues(Tensor.From([.. values, .. values, .. values, .. values], 4, 7), Tensor.Ones(4, 4))).Classes.Data[0];
        var put = new ConceptValues(Tensor.From([.. soft, .. soft, .. soft, .. soft], 4, 7), Tensor.Ones(4, 4));
        put.Values.RequiresGrad = true;
        layer.Marginals(h, scores, put).Classes.Select(1, 0).Sum().Backward();
        foreach (var column in (int[])[0, 4, 5, 6])
        {
            float[] up = [.. soft], down = [.. soft];
            up[column] += 0.02f;
            down[column] -= 0.02f;
            Assert.Equal((Of(up) - Of(down)) / 0.04, put.Values.Grad!.Data[column], 2e-4);
        }
    }

    [Fact]
    public void The_loss_is_minus_the_logarithm_of_the_joint_probability_and_sums_over_what_is_unknown()
    {
        var (layer, h) = Layer(s_mixed, 3, new EnergyOptions());
        int[] labels = [0, 2, 1, 1];
        foreach (var missing in (bool[])[false, true])
        {
            var values = Tensor.From([1, 2, 0, 1, 0, 0, 2, 0, 1, 1, 1, 1, 0, 2, 2, 1], 4, 4);
            if (missing) (values.Data[1], values.Data[6], values.Data[7]) = (float.NaN, float.NaN, float.NaN);
            var expected = 0.0;
            for (var row = 0; row < 4; row++)
            {
                var wanted = Enumerable.Range(0, 4).Where(j => !float.IsNaN(values.Data[(row * 4) + j])).Select(j => FormattableString.Invariant($"{s_mixed.Axes[j].Name}={(int)values.Data[(row * 4) + j]}"));
                expected -= Math.Log(ConceptJoint.Enumerate(layer.EnergyOf(h, row)).Ask($"p(y={labels[row]},{string.Join(",", wanted)})").Probability) / 4;
            }
            var passage = layer.Pass(h, new PassContext(PassMode.Sample, new RandomStream(1)) { Training = true, TrueConcepts = values });
            var task = new CrossEntropyObjective().Terms(new Batch(h.Single) { Labels = LongTensor.From([.. labels.Select(l => (long)l)]) }, passage, passage.Output).Single().Value.Item();
            Assert.Equal(expected, passage.Terms.Single().Value.Item() + task, 1e-5);
        }
    }

    [Fact]
    public void The_pseudo_likelihood_is_that_of_the_conditionals_of_the_joint()
    {
        var (layer, h) = Layer(s_mixed, 3, new EnergyOptions { Likelihood = EnergyLikelihood.Pseudo });
        var values = Tensor.From([1, 2, 0, 1, 0, 0, 2, 0, 1, 1, 1, 1, 0, 2, 2, 1], 4, 4);
        var expected = 0.0;
        for (var row = 0; row < 4; row++)
        {
            var joint = ConceptJoint.Enumerate(layer.EnergyOf(h, row));
            var all = Enumerable.Range(0, 4).Select(j => FormattableString.Invariant($"{s_mixed.Axes[j].Name}={(int)values.Data[(row * 4) + j]}")).ToArray();
            for (var j = 0; j < 4; j++) expected -= Math.Log(joint.Ask($"p({all[j]}|{string.Join(",", all.Where((_, i) => i != j))})").Probability) / 4;
        }
        var passage = layer.Pass(h, new PassContext(PassMode.Sample, new RandomStream(1)) { Training = true, TrueConcepts = values });
        Assert.Equal(expected, passage.Terms.Single().Value.Item(), 1e-5);
    }

    [Fact]
    public void Twenty_concepts_are_sampled_and_agree_with_enumeration_within_the_stated_error()
    {
        var space = new ConceptSpace([.. Enumerable.Range(0, 18).Select(i => new ConceptAxis($"c{i}", ConceptType.Binary, ["0", "1"]))]);
        var (layer, h) = Layer(space, 2, new EnergyOptions { Chains = 100, Hidden = 4 }, rows: 1);
        Assert.False(layer.IsExact);
        var put = new ConceptValues(Tensor.Ones(1, 18), Tensor.From([1, 0, 1, .. new float[15]], 1, 18));
        var sampled = layer.Marginals(h, layer.Scores(h), put);
        var exact = ConceptJoint.Enumerate(layer.EnergyOf(h, 0)).Given((0, 1), (2, 1));
        for (var j = 0; j < 18; j++) Assert.InRange(sampled.Beliefs.Data[j] - exact.Marginal(j)[1], -(4.5 * sampled.BeliefErrors!.Data[j]) - 1e-4, (4.5 * sampled.BeliefErrors.Data[j]) + 1e-4);
        Assert.InRange(sampled.Classes.Data[1] - exact.Marginal(18)[1], -4.5 * sampled.ClassErrors!.Data[1], 4.5 * sampled.ClassErrors.Data[1]);
        Assert.InRange(sampled.ClassErrors.Data[1], 1e-5, 0.06);
    }

    [Fact]
    public void A_network_with_energies_answers_the_intervention_engine()
    {
        var (layer, h) = Layer(s_mixed, 3, new EnergyOptions());
        var model = new NetworkConcepts(new BottleneckNetwork(new Flatten(), layer, new Flatten()), h.Single);
        var put = s_mixed.Known(Tensor.From([1, float.NaN, float.NaN, float.NaN, 1, float.NaN, float.NaN, float.NaN, 1, float.NaN, float.NaN, float.NaN, 1, float.NaN, float.NaN, float.NaN], 4, 4));
        var (before, after) = (model.Beliefs(null), model.Beliefs(put));
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(1, after.Data[i * 7]);
            Assert.NotEqual(before.Data[(i * 7) + 6], after.Data[(i * 7) + 6]);
        }
        Assert.Equal(layer.Marginals(h, layer.Scores(h), put).Classes.ToArray(), model.Answers(put).ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void A_concept_that_is_a_number_is_refused() =>
        Assert.Contains("is a number", Assert.Throws<InputException>(() => new EnergyConceptBottleneck(2, new ConceptSpace([new ConceptAxis("size", ConceptType.Continuous, [])]), ["a", "b"], new EnergyOptions(), new RandomStream(0))).Message, StringComparison.Ordinal);

    [Fact, Trait("Category", "Slow")]
    public void Fitted_to_the_chest_clinic_its_conditionals_are_those_of_the_tables()
    {
        var rows = BayesianNetwork.Asia.Sample(100_000, new RandomStream(7));
        foreach (var (target, queries) in ((int, string[])[])
        [
            (7, ["p(lung|xray=1)", "p(lung|xray=1,dysp=1)", "p(lung|xray=1,smoke=0)", "p(bronc|dysp=1)", "p(bronc|dysp=1,either=1)", "p(lung|either=1)", "p(smoke|dysp=1)", "p(dysp|bronc=1)"]),
            (3, ["p(lung|xray=1)", "p(lung|xray=1,dysp=1)", "p(lung|xray=1,smoke=0)", "p(bronc|dysp=1)", "p(bronc|dysp=1,either=1)", "p(lung|either=1)", "p(smoke|dysp=1)", "p(dysp|bronc=1)"]),
        ])
        {
            var joint = FitAsia(rows, target);
            foreach (var query in queries) Assert.InRange(joint.Ask(query).Probability - BayesianNetwork.Asia.Ask(query).Probability, -0.02, 0.02);
        }
    }

    internal static ConceptJoint FitAsia(int[][] rows, int target)
    {
        var all = BayesianNetwork.Asia.Variables;
        int[] concepts = [.. Enumerable.Range(0, 8).Where(v => v != target)];
        var space = new ConceptSpace([.. concepts.Select(v => new ConceptAxis(all[v].Name, ConceptType.Binary, ["0", "1"]))]);
        var layer = new EnergyConceptBottleneck(1, space, ["0", "1"], new EnergyOptions { ClassEnergy = 0 }, new RandomStream(1), all[target].Name);
        const int steps = 3000, size = 1000;
        var (adam, order, objective) = (new Adam(layer.NamedParameters(), 0.003f), new RandomStream(2), new CrossEntropyObjective());
        for (var step = 0; step < steps; step++)
        {
            using var scope = new TensorScope("step");
            int[] batch = [.. Enumerable.Range(0, size).Select(_ => order.NextInt(rows.Length))];
            var values = Tensor.From([.. batch.SelectMany(i => concepts.Select(v => (float)rows[i][v]))], size, 7);
            adam.ZeroGrad();
            adam.LearningRate = 0.003f * (0.5f + (0.5f * MathF.Cos(MathF.PI * step / steps)));
            var passage = layer.Pass(Tensor.Ones(size, 1), new PassContext(PassMode.Sample, new RandomStream((ulong)step)) { Training = true, TrueConcepts = values });
            var labels = LongTensor.From([.. batch.Select(i => (long)rows[i][target])]);
            (objective.Terms(new Batch(Tensor.Ones(size, 1)) { Labels = labels }, passage, passage.Output).Single().Value + passage.Terms.Single().Value).Backward();
            adam.Step();
        }
        return layer.Joint([Tensor.Ones(1, 1)]);
    }

    // Random energies strong enough for couplings to matter.
    private static (EnergyConceptBottleneck Layer, Features Rows) Layer(ConceptSpace space, int classes, EnergyOptions options, int rows = 4)
    {
        var layer = new EnergyConceptBottleneck(5, space, [.. Enumerable.Range(0, classes).Select(y => FormattableString.Invariant($"k{y}"))], options, new RandomStream(3));
        var random = new RandomStream(4);
        foreach (var (name, value) in layer.NamedParameters())
            for (var i = 0; i < value.Numel; i++) value.Data[i] = (float)random.NextGaussian() * (name.StartsWith("global", StringComparison.Ordinal) ? 0.07f : 0.6f);
        return (layer, Tensor.Randn(new RandomStream(5), rows, 5));
    }
}
