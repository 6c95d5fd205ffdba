using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class EnergyJointTest
{
    // Exact enumeration of the published tables (Lauritzen and Spiegelhalter 1988).
    [Theory]
    [InlineData("p(lung|xray=1)", 0.488711)]
    [InlineData("p(lung|xray=1,dysp=1)", 0.621253)]
    [InlineData("p(lung=1|xray=1,smoke=0)", 0.142286)]
    [InlineData("p(bronc|dysp=1)", 0.833967)]
    [InlineData("p(bronc|dysp=1,either=1)", 0.614027)]
    [InlineData("P( lung | either = 1 )", 0.848399)]
    [InlineData("p(smoke|dysp=1)", 0.633997)]
    [InlineData("p(dysp|bronc=1)", 0.807967)]
    [InlineData("p(\"dysp\"|do(bronc=1))", 0.806483)]
    public void The_chest_clinic_answers_as_published(string query, double expected) =>
        Assert.Equal(expected, BayesianNetwork.Asia.Ask(query).Probability, 5e-7);

    [Fact]
    public void The_chest_clinic_has_its_information_and_its_best_accuracy()
    {
        var joint = BayesianNetwork.Asia.Joint();
        int[] seen = [Place("bronc"), Place("either")];
        Assert.Equal(0.402445, joint.Information(seen, [Place("dysp")]).Value, 5e-7);
        Assert.Equal(0.988138, joint.Entropy(Place("dysp")).Value, 5e-7);
        Assert.Equal(0.85279, joint.BestAccuracy(Place("dysp"), seen), 5e-6);
        // Once it is known whether either disease is there, the X-ray says nothing of breath.
        Assert.Equal(0, joint.Information([Place("xray")], [Place("dysp")], Place("either")).Value, 1e-12);
    }

    [Fact]
    public void A_do_on_a_root_is_an_observation()
    {
        foreach (var child in (string[])["lung", "bronc", "dysp", "xray"])
            Assert.Equal(BayesianNetwork.Asia.Ask($"p({child}|smoke=1)").Probability, BayesianNetwork.Asia.Ask($"p({child}|do(smoke=1))").Probability, 1e-12);
        Assert.Equal(0.5, BayesianNetwork.Asia.Ask("p(smoke|do(lung=1))").Probability, 1e-12);
        Assert.Equal(BayesianNetwork.Asia.Ask("p(dysp|bronc=1,smoke=0)").Probability, BayesianNetwork.Asia.Ask("p(dysp|do(bronc=1),smoke=0)").Probability, 1e-12);
    }

    [Fact]
    public void Several_targets_give_a_table_that_sums_to_one_and_has_the_right_margins()
    {
        var joint = BayesianNetwork.Asia.Joint();
        var answer = joint.Ask("p(lung,bronc|smoke=1)");
        Assert.Equal(["lung", "bronc"], answer.Names);
        Assert.Equal(4, answer.Rows.Count);
        Assert.Equal(1, answer.Rows.Sum(r => r.Probability), 1e-12);
        Assert.Equal(0.1 * 0.6, answer.Rows[3].Probability, 1e-12);
        Assert.Equal(0.06, joint.Ask("p(lung=1,bronc=1|smoke=1)").Probability, 1e-12);
        Assert.Throws<InvalidOperationException>(() => answer.Probability);
        Assert.Equal("p(lung|smoke=1): 0 0.900000, 1 0.100000", joint.Ask("p(lung|smoke=1)").ToString());
    }

    [Fact]
    public void The_most_probable_state_is_that_of_a_search_over_the_network()
    {
        var joint = BayesianNetwork.Asia.Joint();
        var (state, p) = joint.MostProbable((Place("xray"), 1), (Place("dysp"), 1));
        var given = joint.Given((Place("xray"), 1), (Place("dysp"), 1));
        Assert.Equal(given.Probabilities.ToArray().Max(), p, 1e-12);
        Assert.Equal([0, 1, 0, 1, 1, 1, 1, 1], state); // a smoker with lung cancer and bronchitis
        Assert.Equal(Math.Exp(given.LogPartition), joint.Ask("p(xray=1,dysp=1)").Probability, 1e-12);
    }

    [Fact]
    public void Energies_of_any_size_give_probabilities_by_their_differences()
    {
        ConceptVariable[] variables = [ConceptVariable.Binary("a"), new("b", ["low", "mid", "high"])];
        double[] energies = [0, 1, 2, 3, 4, double.PositiveInfinity];
        var joint = ConceptJoint.FromEnergies(variables, [.. energies.Select(e => e + 5000)]);
        var z = energies.Sum(e => Math.Exp(-e));
        for (var i = 0; i < energies.Length; i++) Assert.Equal(Math.Exp(-energies[i]) / z, joint.Probabilities[i], 1e-12);
        Assert.Equal(Math.Log(z) - 5000, joint.LogPartition, 1e-9);
        Assert.Equal(Math.Exp(-2) / z, joint.Ask("p(a=0,b=high)").Probability, 1e-12);
        Assert.Equal(0, joint.Ask("p(b=2|a=1)").Probability);
        Assert.Throws<ArgumentException>(() => ConceptJoint.FromEnergies(variables, energies.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => ConceptJoint.FromProbabilities(variables, [.5, .5, .5, 0, 0, 0]));
    }

    [Theory]
    [InlineData("lung", "is not a query")]
    [InlineData("p(lung", "is not a query")]
    [InlineData("p(lung|xray=1|dysp=1)", "is not a query")]
    [InlineData("p(lung|)", "is not a query")]
    [InlineData("p(|xray=1)", "is not a query")]
    [InlineData("p(lung|xray)", "has no value")]
    [InlineData("p(lung|xray=2)", "'2'")]
    [InlineData("p(lungs|xray=1)", "'lungs'")]
    [InlineData("p(lung|lung=1)", "stands twice")]
    [InlineData("p(lung|either=0,tub=1)", "probability 0")]
    [InlineData("p(\"lung|xray=1)", "is not a query")]
    [InlineData("p(lung)|xray=(1)", "is not a query")]
    public void A_wrong_query_is_refused_in_one_line(string query, string says)
    {
        var e = Assert.Throws<InputException>(() => BayesianNetwork.Asia.Ask(query));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void An_energy_has_no_arrows_for_a_do() =>
        Assert.Contains("do()", Assert.Throws<InputException>(() => BayesianNetwork.Asia.Joint().Ask("p(lung|do(smoke=1))")).Message, StringComparison.Ordinal);

    [Fact]
    public void Rows_drawn_along_the_arrows_have_the_networks_frequencies()
    {
        const int n = 40_000;
        var rows = BayesianNetwork.Asia.Sample(n, new RandomStream(3));
        for (var v = 0; v < 8; v++)
        {
            var p = BayesianNetwork.Asia.Joint().Marginal(v)[1];
            Assert.InRange(rows.Average(r => r[v]), p - (4 * Math.Sqrt(p * (1 - p) / n)), p + (4 * Math.Sqrt(p * (1 - p) / n)));
        }
        Assert.All(rows, r => Assert.Equal(r[2] | r[3], r[5]));
    }

    [Theory]
    [InlineData("p(c0|c5=1)")]
    [InlineData("p(c2=1,c7=1|c4=0)")]
    [InlineData("p(c9|c8=1,c0=0)")]
    public void Sampling_agrees_with_enumeration_within_its_own_error(string query)
    {
        var energy = RandomPairs(10, 0.8, 11);
        var exact = ConceptJoint.Enumerate(energy).Ask(query).Probability;
        var sampled = AnnealedSampler.Ask(energy, query, new RandomStream(5), new SamplingOptions { Chains = 200, Sweeps = 50 });
        Assert.InRange(sampled.StandardError, 1e-5, 0.05);
        Assert.InRange(sampled.Probability, exact - (4 * sampled.StandardError), exact + (4 * sampled.StandardError));
        Assert.Equal(sampled.Probability, AnnealedSampler.Ask(energy, query, new RandomStream(5), new SamplingOptions { Chains = 200, Sweeps = 50 }).Probability);
    }

    [Fact]
    public void Sampled_marginals_and_partition_agree_with_enumeration_where_chains_cannot_leave_their_mode()
    {
        // Two modes, all zeros and all ones, that single flips cannot join: plain Gibbs would stay in one.
        ConceptVariable[] variables = [.. Enumerable.Range(0, 6).Select(i => ConceptVariable.Binary($"c{i}"))];
        List<EnergyFactor> factors = [new([0], [0, 1.0])];
        for (var i = 1; i < 6; i++) factors.Add(new([i - 1, i], [0, 12, 12, 0]));
        var energy = new EnergyTable(variables, factors);
        var joint = ConceptJoint.Enumerate(energy);
        var (p, error, log) = AnnealedSampler.Marginals(energy, [], new RandomStream(1), new SamplingOptions { Chains = 400, Annealing = 60, Sweeps = 5 });
        for (var v = 0; v < 6; v++) Assert.InRange(p[v][1], joint.Marginal(v)[1] - (4 * error[v][1]), joint.Marginal(v)[1] + (4 * error[v][1]));
        Assert.InRange(error[3][1], 0.005, 0.08);
        Assert.Equal(joint.LogPartition, log, 0.2);
    }

    [Fact]
    public void Sampling_the_chest_clinic_with_its_impossible_states_finds_lung_cancer_behind_an_X_ray()
    {
        var answer = AnnealedSampler.Ask(BayesianNetwork.Asia.ToEnergies(), "p(lung|xray=1,smoke=1)", new RandomStream(2), new SamplingOptions { Chains = 500, Annealing = 100 });
        Assert.InRange(answer.Probability - BayesianNetwork.Asia.Ask("p(lung|xray=1,smoke=1)").Probability, -4 * answer.StandardError, 4 * answer.StandardError);
        Assert.InRange(answer.StandardError, 0.001, 0.06);
    }

    [Fact]
    public void Too_many_states_are_refused_before_anything_is_allocated() =>
        Assert.Contains("sample", Assert.Throws<InputException>(() => ConceptJoint.Enumerate(RandomPairs(60, 0.1, 1))).Hint, StringComparison.Ordinal);

    private static int Place(string name) => ConceptVariable.Find(BayesianNetwork.Asia.Variables, name);

    private static EnergyTable RandomPairs(int count, double strength, ulong seed)
    {
        var random = new RandomStream(seed);
        var factors = new List<EnergyFactor>();
        for (var i = 0; i < count; i++)
        {
            factors.Add(new([i], [0, random.NextGaussian()]));
            for (var j = 0; j < i; j++) factors.Add(new([j, i], [0, 0, 0, strength * random.NextGaussian()]));
        }
        return new([.. Enumerable.Range(0, count).Select(i => ConceptVariable.Binary($"c{i}"))], factors);
    }
}
