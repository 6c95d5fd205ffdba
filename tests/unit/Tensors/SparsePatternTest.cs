using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors;

public class SparsePatternTest
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(100, 7, 33, 5)]
    [InlineData(97, 300, 130, 64)]
    [InlineData(5, 20, 3, 9)]
    public void LinearTopK_AgreesWithSortedOutputs(int rows, int inputs, int columns, int k)
    {
        var random = new RandomStream(3);
        var (x, w, b) = (Tensor.Randn(random, rows, inputs), Tensor.Randn(random, columns, inputs), Tensor.Randn(random, columns));
        var (pattern, values) = SparsePattern.LinearTopK(x, w, b, k);
        var outputs = x.Linear(w, b);
        for (var i = 0; i < rows; i++)
        {
            var row = outputs.Data.Slice(i * columns, columns).ToArray();
            var expected = Enumerable.Range(0, columns).OrderByDescending(j => row[j]).ThenBy(j => j).Take(k).Where(j => row[j] > 0).Order().ToArray();
            Assert.Equal(expected, pattern.Places[pattern.Starts[i]..pattern.Starts[i + 1]].ToArray());
            Assert.Equal(expected.Select(j => row[j]), values.Data[pattern.Starts[i]..pattern.Starts[i + 1]].ToArray());
        }
    }

    [Fact]
    public void LinearTopK_TakesTheFirstOfEquals_AndNeverNaN()
    {
        var w = Tensor.Ones(200, 1);
        w.Data[3] = float.NaN;
        var (pattern, values) = SparsePattern.LinearTopK(Tensor.From([2f, -1f], 2, 1), w, Tensor.Zeros(200), 5);
        Assert.Equal([0, 5, 5], pattern.Starts.ToArray());
        Assert.Equal([0, 1, 2, 4, 5], pattern.Places.ToArray());
        Assert.All(values.ToArray(), v => Assert.Equal(2f, v));
    }

    [Fact]
    public void ProductsAndGradients_AgreeWithDenseOnes()
    {
        var random = new RandomStream(4);
        const int Rows = 23, Inputs = 19, Columns = 31, Width = 85;
        Tensor[] made = [Tensor.Randn(random, Rows, Inputs), Tensor.Randn(random, Columns, Inputs), Tensor.Randn(random, Columns), Tensor.Randn(random, Columns, Width)];
        var g = Tensor.Randn(random, Rows, Width);
        var sparse = Leaves(made);
        var (pattern, values) = SparsePattern.LinearTopK(sparse[0], sparse[1], sparse[2], 6);
        var output = pattern.Multiply(values, sparse[3]);
        (output * g).Sum().Backward();
        var dense = Leaves(made);
        var mask = pattern.ToDense(Tensor.Ones(pattern.Count));
        var expected = (dense[0].Linear(dense[1], dense[2]) * mask).MatMul(dense[3]);
        (expected * g).Sum().Backward();
        AssertClose(expected, output);
        for (var i = 0; i < 4; i++) AssertClose(dense[i].Grad!, sparse[i].Grad!);

        var again = Leaves(made);
        (pattern.Multiply(pattern.Linear(again[0], again[1], again[2]), again[3]) * g).Sum().Backward();
        for (var i = 0; i < 4; i++) AssertClose(dense[i].Grad!, again[i].Grad!);
    }

    [Fact]
    public void TheGradientOfUnitRows_HasNothingAlongThem()
    {
        var random = new RandomStream(6);
        var table = Tensor.Randn(random, 9, 37);
        table = table / table.Square().Sum(1, keepdim: true).Sqrt();
        table.RequiresGrad = true;
        var (pattern, values) = SparsePattern.LinearTopK(Tensor.Randn(random, 30, 4), Tensor.Randn(random, 9, 4), Tensor.Zeros(9), 3);
        (pattern.Multiply(values, table, unitRows: true) * Tensor.Randn(random, 30, 37)).Sum().Backward();
        Assert.All((table.Grad! * table.Detach()).Sum(1).ToArray(), v => Assert.InRange(v, -2e-5f, 2e-5f));
        Assert.True(table.Grad!.Square().Sum().Item() > 1);
    }

    [Fact]
    public void Results_HaveTheSameBits_OnEveryInstructionSet() => InstructionSets.AssertSameBits("sparse pattern");

    [FingerprintOf("sparse pattern")]
    private static Fingerprint Compute()
    {
        var random = new RandomStream(8);
        var (x, w, b, table) = (Tensor.Randn(random, 130, 300), Tensor.Randn(random, 700, 300), Tensor.Randn(random, 700), Tensor.Randn(random, 700, 83));
        foreach (var leaf in (Tensor[])[x, w, b, table]) leaf.RequiresGrad = true;
        var (pattern, values) = SparsePattern.LinearTopK(x, w, b, 20);
        var output = pattern.Multiply(values, table, unitRows: true);
        output.Square().Sum().Backward();
        return new Fingerprint().Add(pattern.Places).Add(values.ToArray()).Add(output.ToArray()).Add(x.Grad!.ToArray()).Add(w.Grad!.ToArray()).Add(b.Grad!.ToArray()).Add(table.Grad!.ToArray());
    }

    [Fact]
    public void PlacesThatAreNone_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new SparsePattern(3, [0, 2], [0, 3]));
        Assert.Throws<ArgumentException>(() => new SparsePattern(3, [0, 2], [1, 1]));
        Assert.Throws<ArgumentException>(() => new SparsePattern(3, [0, 1], [0, 1]));
        Assert.Throws<ArgumentException>(() => new SparsePattern(3, [0, 2, 1, 2], [0, 1]));
    }

    private static Tensor[] Leaves(Tensor[] of) => [.. of.Select(t =>
    {
        var leaf = t.Clone();
        leaf.RequiresGrad = true;
        return leaf;
    })];

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape.ToArray(), actual.Shape.ToArray());
        var scale = expected.ToArray().Max(Math.Abs) + 1;
        foreach (var (e, a) in expected.ToArray().Zip(actual.ToArray())) Assert.InRange(a, e - (1e-5f * scale), e + (1e-5f * scale));
    }
}
