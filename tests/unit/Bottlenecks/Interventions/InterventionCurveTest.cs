using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class InterventionCurveTest
{
    private static InterventionTrace Trace(InterventionCase on, string policy, ulong seed = 0, InterventionUnits? units = null) =>
        InterventionTrace.Run(on, units ?? InterventionUnits.Singles(on.Model.Space), InterventionPolicy.Create(policy), InterventionValue.Truth, new() { Seed = seed });

    // Labels by the head on true concepts, so that asking helps.
    private static InterventionCase Helpful(int concepts, int rows, ulong seed)
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Binary(concepts), rows, 3, seed);
        var answers = model.Answers(model.Space.Known(on.Truth));
        return on with { Target = InterventionTarget.Classes(answers.ArgMax(-1)) };
    }

    [Fact]
    public void PointsAndAreaAreMeans()
    {
        var on = Helpful(5, 80, 31);
        InterventionTrace[] traces = [Trace(on, "random", 0), Trace(on, "random", 1), Trace(on, "random", 2)];
        var curve = InterventionCurve.Of(traces, 0.9);
        for (var s = 0; s <= 5; s++)
        {
            Assert.Equal(traces.Average(t => t.Quality[s].Average()), curve.Points[s].Quality, 1e-12);
            Assert.Equal(s, curve.Points[s].Cost, 1e-12);
            Assert.InRange(curve.Points[s].Quality, curve.Points[s].Low, curve.Points[s].High);
        }
        Assert.Equal(curve.Points.Average(p => p.Quality), curve.Area.Value, 1e-12);
        Assert.Equal((curve.Area.Value - curve.Points[0].Quality) / (1 - curve.Points[0].Quality), curve.NormalizedArea!.Value, 1e-12);
        Assert.Equal((0.9, 3, 1.0), (curve.Competence, curve.Seeds, curve.Points[^1].Quality));
    }

    [Fact]
    public void TheIntervalOfAnAccuracyIsAboutThatOfABinomial()
    {
        var on = Helpful(3, 400, 32);
        var point = InterventionCurve.Of([Trace(on, "random")]).Points[0];
        var half = 1.96 * Math.Sqrt(point.Quality * (1 - point.Quality) / 400);
        Assert.Equal(2 * half, point.High - point.Low, 0.02);
    }

    [Fact]
    public void APolicyAgainstItselfHasNoDifferenceAndABetterOneHas()
    {
        var on = Helpful(8, 150, 33);
        var same = InterventionCurve.Compare([Trace(on, "random", 0)], [Trace(on, "random", 0)]);
        Assert.Equal((0, 0, 0, 1), (same.Difference.Value, same.Difference.Low, same.Difference.High, same.P));
        var better = InterventionCurve.Compare([Trace(on, "greedy")], [Trace(on, "random", 0), Trace(on, "random", 1)]);
        Assert.True(better.Difference.Low > 0 && better.P < 0.001);
        Assert.Equal(InterventionCurve.Of([Trace(on, "greedy")]).Area.Value - InterventionCurve.Of([Trace(on, "random", 0), Trace(on, "random", 1)]).Area.Value, better.Difference.Value, 1e-12);
    }

    [Fact]
    public void TheAreaOverCostCountsEveryAnswerUntilTheNextIsPaid()
    {
        var on = Helpful(2, 1, 34);
        var units = InterventionUnits.Singles(on.Model.Space).WithCosts(new Dictionary<string, double> { ["c0"] = 3 });
        var trace = InterventionTrace.Run(on, units, new FixedOrderPolicy([1, 0]), InterventionValue.Truth);
        Assert.Equal((0.25 * trace.Quality[0][0]) + (0.75 * trace.Quality[1][0]), trace.AreasByCost(trace.Quality)[0], 1e-12);
    }

    [Fact]
    public void JoinedTracesHoldTheRowsOfBothAndShorterOnesStay()
    {
        var (a, b) = (Helpful(4, 6, 35), Helpful(4, 3, 36));
        for (var i = 0; i < 3; i++) b.Truth.Data[4 * i] = float.NaN;
        var (first, second) = (Trace(a, "ucp"), Trace(b, "ucp"));
        var joined = InterventionTrace.Join([first, second]);
        Assert.Equal((9, 4, 3), (joined.Rows, joined.Steps, second.Steps));
        Assert.Equal([.. first.Loss[4], .. second.Loss[3]], joined.Loss[4]);
        Assert.Equal([-1, -1, -1], joined.Order[3].Skip(6));
        Assert.Throws<ArgumentException>(() => InterventionTrace.Join([first, Trace(a, "random")]));
    }

    [Fact]
    public void ACurveThatGoesNowhereHasNoNormalisedArea()
    {
        var model = new LinearConcepts(LinearConcepts.Binary(2), Tensor.Full([4, 2], 0.5f), Tensor.Zeros(2, 2), Tensor.From([1, 0]));
        var on = new InterventionCase(model, Tensor.Zeros(4, 2), InterventionTarget.Classes(LongTensor.Zeros(4)));
        Assert.Null(InterventionCurve.Of([Trace(on, "random")]).NormalizedArea);
    }
}
