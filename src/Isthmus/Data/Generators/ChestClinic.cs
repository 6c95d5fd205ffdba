using Isthmus.Bottlenecks;

namespace Isthmus.Data;

/// <summary>Patients of the chest clinic (<see cref="BayesianNetwork.Asia"/>): what is asked at the door, the findings as concepts, shortness of breath as target.</summary>
internal static class ChestClinic
{
    private const int Asked = 2, Target = 7; // asia and smoke; dysp

    /// <summary>Every conditional of these rows is known: the network answers queries exactly.</summary>
    public static Generator Generator { get; } = new("asia", "the chest clinic: visit to Asia and smoking are features, five findings are concepts, shortness of breath is the target; every conditional is known",
        [new("n", 5000, 1, 10_000_000, true, "patients")], (a, random) =>
        {
            var (n, network) = (a.Int("n"), BayesianNetwork.Asia);
            var rows = network.Sample(n, random);
            string[] names = [.. network.Variables.Select(v => v.Name)];
            var (x, c, y) = (a.Numbers((long)n * Asked), a.Numbers((long)n * (Target - Asked)), new int[n]);
            for (var i = 0; i < n; i++)
            {
                for (var v = 0; v < Asked; v++) x[(i * Asked) + v] = rows[i][v];
                for (var v = Asked; v < Target; v++) c[(i * (Target - Asked)) + v - Asked] = rows[i][v];
                y[i] = rows[i][Target];
            }
            var joint = network.Joint();
            int[] findings = [.. Enumerable.Range(Asked, Target - Asked)];
            return new Dataset("asia", DataKind.Vectors, n, x, Asked)
            {
                FeatureNames = names[..Asked],
                Target = new ClassTarget(names[Target], y, ["0", "1"]),
                Concepts = new ConceptTable([.. names[Asked..Target].Select(s => new Concept(s, ConceptKind.Binary, ["0", "1"]))], c),
                Truth = new Dictionary<string, double>
                {
                    ["concept_accuracy"] = joint.BestAccuracy(Target, findings),
                    ["mi_concepts_bits"] = joint.Information(findings, [Target]).Value,
                    ["target_entropy_bits"] = joint.Entropy(Target).Value,
                },
            };
        });
}
