using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

/// <summary>Beliefs as given and a linear head on them: small enough to be worked out by hand.</summary>
internal sealed class LinearConcepts(ConceptSpace space, Tensor beliefs, Tensor weight, Tensor bias, Func<Tensor, Tensor>? readable = null) : IConceptModel
{
    public ConceptSpace Space => space;

    public int Rows => beliefs.Size(0);

    public static ConceptSpace Binary(int concepts) => new([.. Enumerable.Range(0, concepts).Select(i => new ConceptAxis(FormattableString.Invariant($"c{i}"), ConceptType.Binary, ["no", "yes"]))]);

    /// <summary>Binary, a choice of three, four levels, a number.</summary>
    public static ConceptSpace Mixed() => new([
        new ConceptAxis("b", ConceptType.Binary, ["no", "yes"]),
        new ConceptAxis("shape", ConceptType.Categorical, ["round", "square", "long"]),
        new ConceptAxis("grade", ConceptType.Ordinal, ["0", "1", "2", "3"]),
        new ConceptAxis("age", ConceptType.Continuous, [])]);

    public Tensor Beliefs(ConceptValues? put) => put is null ? beliefs : Tensor.Where(space.Columns(put.Known), put.Values, beliefs);

    public Tensor Answers(ConceptValues? put) => (readable ?? (static z => z.Softmax(-1)))(Beliefs(put).Linear(weight, bias));

    /// <summary>Random beliefs, head, truths and labels.</summary>
    public static (LinearConcepts Model, InterventionCase Case) Random(ConceptSpace space, int rows, int classes, ulong seed, float scale = 2)
    {
        var random = new RandomStream(seed);
        var beliefs = space.Activate(Tensor.Randn(random, rows, space.Width) * 1.5f);
        var model = new LinearConcepts(space, beliefs, Tensor.Randn(random, classes, space.Width) * scale, Tensor.Randn(random, classes));
        var truth = Tensor.Zeros(rows, space.Count);
        for (var i = 0; i < truth.Data.Length; i++)
        {
            var axis = space.Axes[i % space.Count];
            truth.Data[i] = axis.Type == ConceptType.Continuous ? (float)random.NextGaussian() : random.NextInt(axis.States);
        }
        var labels = new long[rows];
        for (var i = 0; i < rows; i++) labels[i] = random.NextInt(classes);
        return (model, new InterventionCase(model, truth, InterventionTarget.Classes(LongTensor.Over(labels))));
    }

    /// <summary>The first row many times.</summary>
    public LinearConcepts Repeated(int rows) => new(space, beliefs.Narrow(0, 0, 1).Expand(rows, space.Width), weight, bias, readable);

    /// <summary>One row's answer by plain loops in double precision.</summary>
    public double[] Naive(int row, params (int Concept, float[] Columns)[] put)
    {
        var b = beliefs.Data.Slice(row * space.Width, space.Width).ToArray();
        foreach (var (concept, columns) in put) columns.CopyTo(b, space.Offset(concept));
        var z = new double[weight.Size(0)];
        for (var k = 0; k < z.Length; k++)
        {
            z[k] = bias.Data[k];
            for (var j = 0; j < b.Length; j++) z[k] += (double)weight.Data[(k * b.Length) + j] * b[j];
        }
        var top = z.Max();
        var sum = z.Sum(v => Math.Exp(v - top));
        return [.. z.Select(v => Math.Exp(v - top) / sum)];
    }
}
