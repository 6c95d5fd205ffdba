using Isthmus.Bottlenecks;
using Isthmus.Studies;
using Isthmus.Studies.VectorQuantization;
using Isthmus.Tensors;
using Isthmus.Tests.Bottlenecks;

namespace Isthmus.Tests.Studies;

public class CodeStudyTest
{
    [Theory]
    [InlineData(100, 1, 100)]
    [InlineData(150, 2, 150)]
    [InlineData(175, 2.5, 175)]
    [InlineData(500, 4, 250)] // beyond half a distance the line is not followed
    public void ErrorsAtABill_LieOnTheLineBetweenTheNearestSizes(double bill, double error, double bits)
    {
        PatchReading At(double b, double e) => new([e, e + 1], b, [], []);
        var (errors, reached) = new BillStudy(bill).Read(At(200, 3), At(100, 1));
        Assert.Equal([error, error + 1], errors);
        Assert.Equal(bits, reached);
    }

    [Fact]
    public void TwoLevels_ShipWhatTheyWrite()
    {
        var random = new RandomStream(5);
        var levels = new TwoLevelBottleneck(7, 6, new VqOptions { Codes = 8, Width = 3 }, random);
        var rows = Tensor.Randn(random, 4 * 49, 6);
        levels.Pass(rows, new PassContext(PassMode.Sample, random) { Training = true });
        levels.Freeze([rows]);
        var output = levels.Pass(rows, RoundTrip.Ship()).Output;
        Assert.Equal([4 * 49, 3 + 6], output.Shape.ToArray());
        Assert.True(RoundTrip.Check(levels, rows) > 0);
    }

    private sealed class BillStudy(double bill) : CodeStudy
    {
        public override string Slug => "bill";
        public override string Claim => "none";
        public override string Procedure => "none";
        public override string Differs => "none";
        public override string Baseline => "none";
        public override string Method => "none";
        protected override double Bill => bill;
        public (double[] Errors, double Bits) Read(params PatchReading[] readings) => AtBill(readings);
        protected override IReadOnlyList<int> Sizes(Arm arm) => [];
        protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => throw new InvalidOperationException();
    }
}
