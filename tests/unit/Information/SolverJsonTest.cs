using System.Text.Json;
using Isthmus.Information;

namespace Isthmus.Tests.Information;

/// <summary>Result records, written with snake-case names, have the fields that the command promises.</summary>
public class SolverJsonTest
{
    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static void Has(object result, string problem, params string[] paths)
    {
        var root = JsonSerializer.SerializeToElement(result, Snake);
        Assert.Equal(problem, root.GetProperty("problem").GetString());
        foreach (var path in paths)
        {
            var at = root;
            foreach (var name in path.Split('/')) at = name == "0" ? at[0] : at.GetProperty(name);
        }
    }

    [Fact]
    public void Results_HaveThePromisedFields()
    {
        double[,] joint = { { 0.4, 0.1 }, { 0.1, 0.4 } };
        string[] point = ["points/0/beta", "points/0/train_beta", "points/0/ixt_bits", "points/0/ity_bits", "points/0/encoder", "points/0/certificate", "critical_betas"];
        Has(InformationBottleneck.Solve(joint, new BottleneckOptions { Betas = [2.5] }), "ib", point);
        Has(InformationBottleneck.Solve(joint, new BottleneckOptions { Betas = [2.5], Alpha = 0 }), "dib", point);
        Has(ChannelCapacity.Solve(new[,] { { 0.9, 0.1 }, { 0.1, 0.9 } }), "capacity", "bits", "input", "gap_bits");
        Has(RateDistortion.Solve([0.5, 0.5], RateDistortion.Hamming(2), [3]), "rate-distortion", "points/0/beta", "points/0/rate_bits", "points/0/distortion", "points/0/gap_bits");
        Has(MinimumEntropyCoupling.Solve([0.6, 0.4], [0.5, 0.5]), "coupling", "entropy_bits", "lower_bound_bits", "joint/0/0");
        Has(EntropyBoundedBottleneck.Solve([0.7, 0.2, 0.1], Bits.FromBits(1)), "ebim", "ixt_bits", "ht_bits", "encoder");
        Has(GaussianBottleneck.Solve([0.9, 0.5], [2]), "gaussian-ib", "points/0/train_beta", "points/0/ixt_bits", "points/0/encoder", "critical_betas");
    }
}
