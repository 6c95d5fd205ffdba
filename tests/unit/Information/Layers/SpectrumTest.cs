using System.Text.Json;
using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information.Layers;

public class SpectrumTest
{
    private static readonly JsonElement s_golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Information", "Goldens", "layers.json"))).RootElement;

    private static double Golden(string name) => s_golden.GetProperty(name).GetDouble();

    private static double[] Numbers(string name) => [.. s_golden.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    [Fact]
    public void Numbers_of_a_matrix_are_numpys()
    {
        var spectrum = Spectrum.Of(new Samples(Numbers("a"), 40, 12));
        Assert.Equal(Golden("rankme"), spectrum.RankMe, 1e-7);
        Assert.Equal(Golden("stable_rank"), spectrum.StableRank, 1e-10);
        Assert.Equal(Golden("participation"), spectrum.Participation, 1e-10);
        Assert.Equal(Golden("alpha_req"), spectrum.AlphaReQ!.Value, 1e-9);
        Assert.Equal(Golden("von_neumann_bits"), spectrum.VonNeumann, 1e-10);
        Assert.Equal(Golden("quadratic_bits"), spectrum.Quadratic, 1e-10);
    }

    [Fact]
    public void More_columns_than_rows_have_the_same_singular_values()
    {
        var a = Numbers("a");
        var turned = new double[a.Length];
        for (var i = 0; i < 40; i++)
            for (var c = 0; c < 12; c++) turned[(c * 40) + i] = a[(i * 12) + c];
        var (tall, wide) = (Spectrum.Of(new Samples(a, 40, 12)), Spectrum.Of(new Samples(turned, 12, 40)));
        Assert.Equal(tall.RankMe, wide.RankMe, 1e-9);
        Assert.Equal(12, wide.Eigenvalues.Count);
    }

    // Known-answer problem 45, and closed forms.
    [Fact]
    public void RankMe_of_known_spectra()
    {
        Assert.Equal(2.828427, Spectrum.EffectiveRank([2, 1, 1]), 1e-5);
        Assert.Equal(2.702977, Spectrum.EffectiveRank([10, 1, 1, 1, 1]), 1e-5);
        Assert.Equal(7, Spectrum.EffectiveRank([3, 3, 3, 3, 3, 3, 3]), 1e-5);
        Assert.Equal(1.5, Spectrum.StableRankOf([2, 1, 1]), 1e-12);
        Assert.Equal(16 / 6.0, Spectrum.ParticipationOf([2, 1, 1]), 1e-12);
        Assert.Equal(Math.Log2(4), Spectrum.MatrixEntropy([5, 5, 5, 5], 1), 1e-12);
        Assert.Equal(Math.Log2(4), Spectrum.MatrixEntropy([5, 5, 5, 5], 3), 1e-12);
        Assert.Equal(-Math.Log2((16 + 1 + 1) / 36.0), Spectrum.MatrixEntropy([2, 1, 1], 2), 1e-12);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(2.25)]
    public void A_power_law_has_its_exponent(double alpha)
    {
        double[] eigenvalues = [.. Enumerable.Range(1, 50).Select(k => 7 * Math.Pow(k, -alpha))];
        Assert.Equal(alpha, Spectrum.PowerLaw(eigenvalues)!.Value, 1e-10);
        Assert.Equal(alpha, Spectrum.PowerLaw(eigenvalues, 11, 40)!.Value, 1e-10);
        Assert.Null(Spectrum.PowerLaw([1, 0.5]));
    }

    [Fact]
    public void Zeros_and_constants_have_no_directions()
    {
        var zeros = Spectrum.Of(new Samples(new double[30], 10, 3));
        Assert.Equal((0.0, 0.0, 0.0, 0.0), (zeros.RankMe, zeros.StableRank, zeros.Participation, zeros.VonNeumann));
        Assert.Null(zeros.AlphaReQ);
        var constant = Spectrum.Of(new Samples([.. Enumerable.Repeat(2.0, 30)], 10, 3));
        Assert.Equal(1, constant.StableRank, 1e-9);
        Assert.Equal(0, constant.Participation, 1e-9);
    }

    [Fact]
    public void The_matrix_entropies_agree_with_those_of_the_linear_kernels_gram_matrix()
    {
        var a = Numbers("a");
        var gram = new double[40 * 40];
        for (var i = 0; i < 40; i++)
            for (var j = 0; j < 40; j++)
                for (var c = 0; c < 12; c++) gram[(i * 40) + j] += a[(i * 12) + c] * a[(j * 12) + c];
        var spectrum = Spectrum.Of(new Samples(a, 40, 12));
        foreach (var alpha in (double[])[1, 1.01, 2, 5]) Assert.Equal(MatrixRenyi.Entropy(gram, alpha), Spectrum.MatrixEntropy(spectrum.SingularValues, alpha), 1e-9);
    }

    [Fact]
    public void The_local_rank_of_a_relu_network_is_that_of_numpys_jacobians()
    {
        var random = new RandomStream(1);
        var (first, second) = (new Linear(4, 6, random, bias: false), new Linear(6, 5, random, bias: false));
        Fill(first, "w1");
        Fill(second, "w2");
        var network = new Sequential(first, new ReLU(), second);
        network.Eval();
        var rank = LocalRank.Of(network, "2", Tensor.From(Array.ConvertAll(Numbers("x"), v => (float)v), 10, 4));
        Assert.Equal(s_golden.GetProperty("ranks").EnumerateArray().Select(v => v.GetInt32()), rank.Ranks);
        Assert.True(rank.Ranks.Distinct().Count() > 1);
        Assert.All(LocalRank.Of(network, "0", Tensor.From(Array.ConvertAll(Numbers("x"), v => (float)v), 10, 4)).Ranks, r => Assert.Equal(4, r));

        static void Fill(Linear layer, string name) => Array.ConvertAll(Numbers(name), v => (float)v).CopyTo(layer.Weight.Data);
    }

    [Fact]
    public void A_layer_of_rank_two_has_the_local_rank_two()
    {
        var random = new RandomStream(1);
        var network = new Sequential(new Linear(8, 2, random), new Linear(2, 6, random), new Tanh());
        network.Eval();
        Assert.Equal(2, LocalRank.Of(network, "2", Tensor.Randn(random, 5, 8) * 0.1f).Mean);
        network.Train();
        Assert.Throws<ArgumentException>(() => LocalRank.Of(network, "2", Tensor.Ones(2, 8)));
    }
}
