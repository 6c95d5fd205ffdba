using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class HeadsTest
{
    private static readonly string[] s_states = ["no", "yes"];

    private static ConceptSpace Binary(int count) => new([.. Enumerable.Range(1, count).Select(i => new ConceptAxis($"c{i}", ConceptType.Binary, s_states))]);

    // Features that are a rotation of concepts' strengths and noise; the class follows from the concepts, but for a share that only the features know.
    private static (Tensor X, Tensor C, LongTensor Y) Rows(int n, int concepts, int classes, double beyond = 0, ulong seed = 5)
    {
        var random = new RandomStream(seed);
        var mix = Tensor.Randn(new RandomStream(99), concepts + 3, 12);
        var hidden = Tensor.Randn(random, n, concepts + 3);
        var c = Tensor.Zeros(n, concepts);
        var y = new long[n];
        for (var i = 0; i < n; i++)
        {
            var sum = 0;
            for (var j = 0; j < concepts; j++)
            {
                c.Data[(i * concepts) + j] = hidden.Data[(i * (concepts + 3)) + j] > 0 ? 1 : 0;
                sum += (int)c.Data[(i * concepts) + j] << (j % 2);
            }
            y[i] = hidden.Data[(i * (concepts + 3)) + concepts] < beyond ? Math.Min(classes - 1, sum * classes / (concepts + 2)) : hidden.Data[(i * (concepts + 3)) + concepts + 1] > 0 ? 1 : 0;
        }
        return (hidden.MatMul(mix) + 2f, c, LongTensor.Over(y));
    }

    [Fact]
    public void Machines_AreThoseOfLiblinear()
    {
        var x = ElasticNetPathTest.GoldenX();
        var standard = Standard(x);
        bool[] labels = [.. ElasticNetPathTest.GoldenLabels("two").ToArray().Select(v => v == 1)];
        foreach (var golden in ElasticNetPathTest.GoldenCases("machines"))
        {
            var options = new LinearSvmOptions { C = golden.GetProperty("c").GetDouble(), Squared = golden.GetProperty("loss").GetString() == "squared_hinge", Tolerance = 1e-9, MaxEpochs = 1_000_000 };
            var machine = LinearSvm.Fit(standard, labels, options);
            var weight = ElasticNetPathTest.Numbers(golden, "weight");
            for (var j = 0; j < weight.Length; j++) Assert.Equal(weight[j], machine.Weight[j], 1e-4);
            Assert.Equal(golden.GetProperty("bias").GetDouble(), machine.Bias, 1e-4);
        }
    }

    private static Tensor Standard(Tensor x)
    {
        var mean = x.Mean(0, keepdim: true);
        return (x - mean) / (x - mean).Square().Mean(0, keepdim: true).Sqrt();
    }

    // Two points at -1 and +1: w = 1 and b = 0 once C is at least 1/2 (each point's alpha is 1/2).
    [Fact]
    public void AMachineOfTwoPoints_HasTheClosedForm()
    {
        var machine = LinearSvm.Fit(Tensor.From([-1f, 1f], 2, 1), [false, true], new LinearSvmOptions { C = 1, Tolerance = 1e-12 });
        Assert.Equal(1, machine.Weight[0], 1e-9);
        Assert.Equal(0, machine.Bias, 1e-9);
        Assert.Throws<ArgumentException>(() => LinearSvm.Fit(Tensor.From([-1f, 1f], 2, 1), [true, true]));
    }

    [Theory]
    [InlineData(ConceptSeparator.Svm)]
    [InlineData(ConceptSeparator.Logistic)]
    public void ABank_FindsTheDirections_AndKnowsWhichItCannot(ConceptSeparator separator)
    {
        var (x, c, _) = Rows(600, 4, 2);
        var random = new RandomStream(1);
        var columns = Tensor.Zeros(600, 5);
        for (var i = 0; i < 600; i++)
        {
            for (var j = 0; j < 3; j++) columns.Data[(i * 5) + j] = c.Data[(i * 4) + j];
            columns.Data[(i * 5) + 3] = random.NextInt(2); // not in the features
            columns.Data[(i * 5) + 4] = 0; // nobody has it
        }
        columns.Data[0] = float.NaN;
        var bank = ConceptBank.Fit(x, columns, ["a", "b", "c", "noise", "none"], new ConceptBankOptions { Separator = separator });
        Assert.All(bank.Concepts.Take(3), v => Assert.InRange(v.HeldOutAccuracy, 0.95, 1));
        Assert.InRange(bank.Concepts[3].HeldOutAccuracy, 0.4, 0.62);
        Assert.False(bank.Concepts[4].Fitted);
        Assert.Equal(599, bank.Concepts[0].Positives + bank.Concepts[0].Negatives);
        Assert.All(bank.Concepts.Take(3), v => Assert.True(v.PositiveMean > 0 && v.NegativeMean < 0 && v.Least < v.NegativeMean && v.Greatest > v.PositiveMean));
        Assert.Equal(6, bank.Table().Trim().Split('\n').Length);
        // The table's distances are those of the projection, |c| is their unit.
        var (weight, bias) = bank.Projection(ConceptProjection.Distance);
        var distances = x.MatMul(weight.Transpose(0, 1)) + bias;
        var with = Enumerable.Range(0, 600).Where(i => columns.Data[(i * 5) + 1] == 1).Average(i => (double)distances.Data[(i * 5) + 1]);
        Assert.Equal(bank.Concepts[1].PositiveMean, with, 1e-3);
        Assert.Equal(1, Math.Sqrt(weight.ToArray().Skip(12).Take(12).Sum(v => (double)v * v)), 1e-5);
    }

    // c = 2 e1: a coordinate is f1/2, a distance f1.
    [Fact]
    public void Projections_AreThePapersAndTheCodes()
    {
        var bank = ConceptBank.Of(Tensor.From([2f, 0f], 1, 2), ["x"]);
        Assert.Equal([0.5f, 0f], bank.Projection(ConceptProjection.Coordinate).Weight.ToArray());
        Assert.Equal([1f, 0f], bank.Projection(ConceptProjection.Distance).Weight.ToArray());
        Assert.Throws<InputException>(() => ConceptBank.Of(Tensor.Zeros(1, 2), ["x"]));
        Assert.Throws<InputException>(() => ConceptBank.Of(Tensor.Ones(2, 2), ["x"]));
    }

    private static BottleneckNetwork Posthoc(PosthocConcepts layer, Tensor x, Tensor c, LongTensor y, int classes, double nec = 4)
    {
        layer.Fit(new FittingRows(x) { Concepts = c, Labels = y, Classes = classes });
        var residual = (layer as IResidual)?.ResidualWidth ?? 0;
        var head = new SparseHead(layer.Space.Width, classes, new SparseHeadOptions { Nec = nec }, new RandomStream(0));
        var network = new BottleneckNetwork(new Sequential(new Flatten()), layer, residual > 0 ? new ResidualSum(head, residual) : head);
        using var noGrad = new NoGrad();
        var passed = layer.Forward(x);
        var concepts = passed.Narrow(1, 0, layer.Space.Width);
        head.Fit(new FittingRows(concepts) { Labels = y, Classes = classes });
        (layer as IResidual)?.FitResidual(new FittingRows(x) { Labels = y, Classes = classes, Logits = head.Forward(concepts) });
        network.Eval();
        return network;
    }

    private static double Accuracy(BottleneckNetwork network, Tensor x, LongTensor y)
    {
        var answers = network.Forward(x).ArgMax(1);
        return Enumerable.Range(0, y.Numel).Average(i => answers.Data[i] == y.Data[i] ? 1.0 : 0);
    }

    [Fact]
    public void APosthocBottleneck_DecidesThroughItsConcepts()
    {
        var (x, c, y) = Rows(800, 3, 3, double.PositiveInfinity);
        var network = Posthoc(new PosthocConcepts(12, Binary(3), new PosthocOptions()), x, c, y, 3);
        var model = new NetworkConcepts(network, x);
        Assert.InRange(Decided(model, c), 0.97, 1);
        Assert.InRange(Accuracy(network, x, y), 0.65, 1); // of 0.5 for the most frequent class
        // A full intervention: the answers depend on the concepts alone, so that equal concepts give equal answers.
        var put = model.Space.Known(c);
        var answers = model.Answers(put);
        var first = Enumerable.Range(0, 800).First(i => c.Data[i * 3] == 1 && c.Data[(i * 3) + 1] == 0 && c.Data[(i * 3) + 2] == 1);
        foreach (var i in Enumerable.Range(0, 800).Where(i => c.Data[i * 3] == 1 && c.Data[(i * 3) + 1] == 0 && c.Data[(i * 3) + 2] == 1))
            for (var k = 0; k < 3; k++) Assert.Equal(answers.Data[(first * 3) + k], answers.Data[(i * 3) + k]);
        RoundTrip.Check(network.Bottleneck, x);
    }

    private static double Decided(NetworkConcepts model, Tensor c)
    {
        var states = model.Space.Decide(model.Beliefs(null)).ToArray();
        return states.Zip(c.ToArray()).Average(p => p.First == p.Second ? 1.0 : 0);
    }

    // Two logits: the concepts keep their say under a residual, and switching it off leaves the head's own answers.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void AResidual_SaysWhatTheConceptsLeaveOut_OfTwoClassesToo(int classes)
    {
        var (x, c, y) = Rows(1500, 3, classes, 0.3);
        var plain = Posthoc(new PosthocConcepts(12, Binary(3), new PosthocOptions()), x, c, y, classes);
        var layer = new PosthocResidual(12, Binary(3), classes, new PosthocResidualOptions());
        var network = Posthoc(layer, x, c, y, classes);
        var report = ResidualReport.Of(network, x, y);
        Assert.Equal(Accuracy(plain, x, y), report.Without, 1e-9);
        Assert.Equal(Accuracy(network, x, y), report.Accuracy, 1e-9);
        Assert.True(report.Accuracy > report.Without, report.ToString());
        Assert.InRange(report.Share, 0.05, 0.95);
        // Editing a concept moves the answer by what the head says of it, residual or not.
        var model = new NetworkConcepts(network, x, static logits => logits);
        var (off, on) = (model.Answers(Put(0)), model.Answers(Put(1)));
        var head = ((SparseHead)((ResidualSum)network.Decoder).Head).Linear.Weight;
        var span = layer.High.Data[1] - layer.Low.Data[1];
        Assert.True(Math.Abs(head.Data[1] - head.Data[4]) > 1e-3);
        for (var k = 0; k < classes; k++) Assert.Equal(head.Data[(k * 3) + 1] * span, on.Data[k] - off.Data[k], 1e-4);
        RoundTrip.Check(layer, x);

        ConceptValues Put(float value)
        {
            var known = Tensor.Zeros(1500, 3);
            for (var i = 0; i < 1500; i++) known.Data[(i * 3) + 1] = 1;
            return new ConceptValues(Tensor.Full([1500, 3], value), known);
        }
    }

    // l = c + r with r = c: half of the variance each; r = 0: none.
    [Fact]
    public void TheResidualsShare_IsTheShareOfVariance()
    {
        var c = Tensor.Randn(new RandomStream(2), 50, 3);
        var labels = LongTensor.Zeros(50);
        Assert.Equal(0.5, ResidualReport.Of(c, c, labels).Share, 1e-6);
        Assert.Equal(0, ResidualReport.Of(c, Tensor.Zeros(50, 3), labels).Share, 1e-9);
        Assert.Equal(0.75, ResidualReport.Of(c, c * 3f + 5f, labels).Share, 1e-6); // the same for all classes is not felt
    }

    [Fact]
    public void GivenVectors_NeedNoAnnotations()
    {
        var (x, _, y) = Rows(300, 3, 2);
        var texts = Tensor.Randn(new RandomStream(4), 5, 12);
        var layer = new PosthocConcepts(12, Binary(5), new PosthocOptions(), ConceptBank.Of(texts, ["c1", "c2", "c3", "c4", "c5"]));
        layer.Fit(new FittingRows(x));
        var output = layer.Forward(x);
        for (var j = 0; j < 5; j++)
        {
            double dot = 0, length = 0;
            for (var f = 0; f < 12; f++)
            {
                dot += texts.Data[(j * 12) + f] * x.Data[f];
                length += texts.Data[(j * 12) + f] * texts.Data[(j * 12) + f];
            }
            Assert.Equal(dot / Math.Sqrt(length), output.Data[j], 1e-4);
        }
        // Annotations of other concepts are not this layer's.
        var passage = layer.Pass(x, new PassContext(PassMode.Mean, new RandomStream(0)) { TrueConcepts = Tensor.Zeros(300, 2) });
        Assert.Equal(output.ToArray(), passage.Output.ToArray());
        Assert.Equal(300, y.Numel);
    }

    [Fact]
    public void AConstantConcept_IsRefused()
    {
        var (x, c, _) = Rows(100, 2, 2);
        for (var i = 0; i < 100; i++) c.Data[i * 2] = 1;
        var error = Assert.Throws<InputException>(() => new PosthocConcepts(12, Binary(2), new PosthocOptions()).Fit(new FittingRows(x) { Concepts = c }));
        Assert.Contains("concept 'c1' is the same in all", error.Message, StringComparison.Ordinal);
        Assert.Contains("needs annotated concepts", Assert.Throws<InputException>(() => new PosthocConcepts(12, Binary(2), new PosthocOptions()).Fit(new FittingRows(x))).Message, StringComparison.Ordinal);
        Assert.Contains("no weights", Assert.Throws<InputException>(() => new PosthocConcepts(12, Binary(2), new PosthocOptions()).Attach(new Linear(12, 12, new RandomStream(0)))).Message, StringComparison.Ordinal);
    }

    // Categories, levels and numbers along the same features.
    [Fact]
    public void EveryKindOfConcept_IsProjected()
    {
        var random = new RandomStream(8);
        var x = Tensor.Randn(random, 900, 6);
        var values = Tensor.Zeros(900, 3);
        for (var i = 0; i < 900; i++)
        {
            var row = x.Data.Slice(i * 6, 6);
            values.Data[i * 3] = row[0] > row[1] && row[0] > row[2] ? 0 : row[1] > row[2] ? 1 : 2;
            values.Data[(i * 3) + 1] = row[3] < -0.5f ? 0 : row[3] < 0.5f ? 1 : 2;
            values.Data[(i * 3) + 2] = row[4] - row[5];
        }
        var space = new ConceptSpace([new("kind", ConceptType.Categorical, ["a", "b", "c"]), new("grade", ConceptType.Ordinal, ["1", "2", "3"]), new("size", ConceptType.Continuous, [])]);
        var layer = new PosthocConcepts(6, space, new PosthocOptions());
        layer.Fit(new FittingRows(x) { Concepts = values });
        var states = space.Decide(layer.Beliefs(x, layer.Scores(x), null));
        Assert.InRange(Enumerable.Range(0, 900).Average(i => states.Data[i * 3] == values.Data[i * 3] ? 1.0 : 0), 0.93, 1);
        Assert.InRange(Enumerable.Range(0, 900).Average(i => states.Data[(i * 3) + 1] == values.Data[(i * 3) + 1] ? 1.0 : 0), 0.93, 1);
        for (var i = 0; i < 900; i++) Assert.Equal(values.Data[(i * 3) + 2], states.Data[(i * 3) + 2], 0.05);
        Assert.InRange(layer.Bank!.Concepts[^1].HeldOutAccuracy, 0.999, 1);
    }

    // By hand: columns -1 0 1 and 0 0 3 without their means, cubed after scaling, which a cosine does not feel.
    [Fact]
    public void CosCubed_IsTheDefinition()
    {
        var q = Tensor.From([-1f, 0f, 1f], 3, 1);
        var p = Tensor.From([0f, 0f, 3f], 3, 1);
        double[] a = [-1, 0, 1], b = [-1, -1, 8];
        var expected = a.Zip(b).Sum(v => v.First * v.Second) / Math.Sqrt(a.Sum(v => v * v) * b.Sum(v => v * v));
        Assert.Equal(expected, LabelFreeProjection.CosCubed(q, p).Item(), 1e-5);
        Assert.Equal(1, LabelFreeProjection.CosCubed(p * 2f + 7f, p).Item(), 1e-5);
        Assert.Equal(0, LabelFreeProjection.CosCubed(Tensor.Ones(3, 1), p).Item(), 1e-5);
    }

    [Fact]
    public void ALabelFreeProjection_FollowsItsSimilarities_AndLeavesOutWhatItCannot()
    {
        var (x, _, y) = Rows(600, 3, 2);
        var mean = Enumerable.Range(0, 600).Average(i => (double)x.Data[i * 12]);
        var similarity = Tensor.Zeros(600, 4);
        var random = new RandomStream(6);
        for (var i = 0; i < 600; i++)
        {
            for (var j = 0; j < 3; j++) similarity.Data[(i * 4) + j] = 0.4f + (0.02f * x.Data[(i * 12) + j]);
            similarity.Data[(i * 4) + 3] = (float)(0.3 + (0.2 * random.NextDouble())); // nothing of the rows
        }
        var layer = new LabelFreeConcepts(12, Binary(4), new LabelFreeConceptsOptions { Rate = 0.02f }, similarity);
        layer.Fit(new FittingRows(x) { Labels = y });
        Assert.Equal([true, true, true, false], layer.Verdicts.Select(v => v.Reason is null));
        var output = layer.Forward(x);
        var column = Enumerable.Range(0, 600).Select(i => (double)output.Data[i * 4]).ToArray();
        Assert.Equal(0, column.Average(), 1e-3);
        Assert.Equal(1, Math.Sqrt(column.Average(v => v * v)), 1e-3);
        Assert.InRange(Enumerable.Range(0, 600).Average(i => output.Data[i * 4] > 0 == (x.Data[i * 12] > mean) ? 1.0 : 0), 0.95, 1);
        Assert.All(Enumerable.Range(0, 600), i => Assert.Equal(0, output.Data[(i * 4) + 3]));
        RoundTrip.Check(layer, x);
    }

    [Fact]
    public void Filters_TurnAway_InTheirOrder()
    {
        var texts = Tensor.From([1f, 0f, 0f, 1f, 0f, 0.05f, 0.6f, 0.8f, 0f, 0f, 0f, 1f, 0f, 1f, 0f], 5, 3);
        var classes = Tensor.From([0f, 1f, 0f], 1, 3);
        var targets = Tensor.From([0.5f, 0.5f, 0.5f, 0.1f, 0.5f], 1, 5);
        var verdicts = LabelFreeFilter.Judge(["wing", "feather", "a very long name of no use at all", "tail", "bird"], null, texts, classes, targets, [0.9, 0.9, 0.9, 0.9, 0.9]);
        Assert.Equal([null, "says what 'wing' says", "33 letters", "strongest similarities 0.10", "cosine 1.00 to a class's name"], verdicts.Select(v => v.Reason));
        Assert.Equal("projection's similarity 0.20", LabelFreeFilter.Judge(["wing"], similarity: [0.2])[0].Reason);
    }

    [Fact]
    public void SparseHeads_TakeTheLambdaOrTheNumberOfConcepts()
    {
        var (x, _, y) = Rows(400, 4, 3);
        var rows = new FittingRows(x) { Labels = y, Classes = 3 };
        var byNec = new SparseHead(12, 3, new SparseHeadOptions { Nec = 2 }, new RandomStream(0));
        byNec.Fit(rows);
        Assert.InRange(byNec.Linear.Weight.ToArray().Count(w => w != 0), 4, 6);
        var byLambda = new SparseHead(12, 3, new SparseHeadOptions { Lambda = 0.01 }, new RandomStream(0));
        byLambda.Fit(rows);
        Assert.Equal(0.01, byLambda.Point!.Lambda, 1e-12);
        Assert.Equal(ElasticNetPath.Fit(x, y, 3, null, [0.01]).Points[0].Objective, byLambda.Point.Objective, 1e-7);
        Assert.Throws<InputException>(() => new SparseHead(12, 3, new SparseHeadOptions { Lambda = 1, Nec = 2 }, new RandomStream(0)));
    }

    [Fact]
    public void RowSoftmax_MixesConcepts()
    {
        var head = new RowSoftmaxHead(2, 2, 10, Tensor.From([0f, MathF.Log(3), 0f, 0f], 2, 2));
        Assert.Equal([0.25f, 0.75f, 0.5f, 0.5f], head.Mixture.ToArray().Select(v => MathF.Round(v, 5)));
        Assert.Equal([10 * 0.75f, 5f], head.Forward(Tensor.From([0f, 1f], 1, 2)).ToArray().Select(v => MathF.Round(v, 4)));
    }

    [Fact]
    public void NonNegativeHeads_CanOnlySpeakFor()
    {
        var (x, _, y) = Rows(300, 3, 3);
        var head = new NonNegativeHead(12, 3, new RandomStream(0));
        Descend(head, x, y, 60);
        Assert.All(head.Weight.ToArray(), w => Assert.True(w > 0));
    }

    // With a large weight, tanh(W) becomes P whatever the rows say; the term is its distance.
    [Fact]
    public void PriorHeads_BecomeWhatIsKnown()
    {
        var (x, c, y) = Rows(300, 4, 2);
        var prior = Tensor.From([1f, -1f, 0f, 0.5f, -1f, 1f, 0f, -0.5f], 2, 4);
        var head = new PriorHead(prior, 10, new RandomStream(0));
        Assert.Equal(head.Linear.Weight.ToArray().Zip(prior.ToArray()).Average(p => Math.Abs(Math.Tanh(p.First) - p.Second)), head.Terms()[0].Value.Item(), 1e-5);
        Descend(head, c, y, 400);
        Assert.InRange(head.Terms()[0].Value.Item(), 0, 0.12);
        Assert.True(head.Linear.Weight.Data[0] > 0.8 && head.Linear.Weight.Data[1] < -0.8);
        Assert.Throws<InputException>(() => new PriorHead(prior * 2f, 1, new RandomStream(0)));
        Assert.Equal(300, x.Size(0));
    }

    private static void Descend(Module head, Tensor x, LongTensor y, int steps)
    {
        var network = new BottleneckNetwork(new Sequential(new Flatten()), new IdentityBottleneck(x.Size(1)), head);
        var adam = new Adam(network.NamedParameters(), 0.03f);
        for (var step = 0; step < steps; step++)
        {
            using var scope = new TensorScope("test");
            adam.ZeroGrad();
            var (prediction, passage) = network.Run(x, new PassContext(PassMode.Sample, new RandomStream(0)) { Training = true });
            var loss = prediction.CrossEntropy(y);
            foreach (var term in passage.Terms) loss += term.Value * term.Weight;
            loss.Backward();
            adam.Step();
        }
    }

    [Fact]
    public void HeadEdits_HoldForEveryRow()
    {
        var layer = new Linear(3, 2, new RandomStream(0));
        new float[] { 1, -2, 3, 4, 5, 6 }.CopyTo(layer.Weight.Data);
        HeadEdits.Prune(layer, 0, [1], normalize: true);
        Assert.Equal([1.5f, 0f, 4.5f, 4f, 5f, 6f], layer.Weight.ToArray());
        HeadEdits.Set(HeadEdits.LayerOf(new Sequential(new Flatten(), layer)), 1, 2, -1);
        Assert.Equal(-1, layer.Weight.Data[5]);
        Assert.Throws<ArgumentOutOfRangeException>(() => HeadEdits.Prune(layer, 2, [0]));
        Assert.Throws<InputException>(() => HeadEdits.LayerOf(new Sequential(layer, new Linear(2, 2, new RandomStream(0)))));
    }
}
