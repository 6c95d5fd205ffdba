using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Vectors replaced by codes of learned tables: heads side by side, stages one on what the other left. The message has an index
/// for each stage and head of each place. Vector, residual, grouped and multi-codebook quantisers are sizes of this one.
/// </summary>
/// <remarks>
/// Residuals are r_k = r_(k-1) - sg[q_k] (Zeghidour et al. 2021): the code is subtracted without its gradient. Losses are means over
/// vectors of sums over dimensions, so that a batch repeated has the same losses. The averages of a training pass take effect
/// at the start of the next one: the indices of a pass decode to the vectors that it returned, but with the estimators noise and
/// gumbel-soft, whose training output is no code.
/// </remarks>
public abstract class CodebookBottleneck : IndexBottleneck
{
    private readonly CodebookOptions _options;
    private readonly CodebookDesign _design;
    private readonly CodePlaces _places;
    private readonly Codebook[] _stages; // one entry many times where stages share

    private protected CodebookBottleneck(IReadOnlyList<int> shape, CodebookOptions options, CodebookDesign design, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _design) = (options, design);
        Setting.Require(design.Codes.Count >= 1, "stages", "at least 1", design.Codes.Count);
        Setting.Require(design.Heads >= 1, "heads", "at least 1", design.Heads);
        Setting.Require(design.Width >= 1, "width", "at least 1", design.Width);
        Setting.Require(options.Commitment >= 0, "commitment", "at least 0", options.Commitment);
        Setting.Require(design.Beam >= 1, "beam", "at least 1", design.Beam);
        Setting.Require(design.LeastStages >= 1 && design.LeastStages <= design.Codes.Count, "least_stages", FormattableString.Invariant($"a number in 1..{design.Codes.Count}"), design.LeastStages);
        Setting.Refuse(options.Orthogonal > 0 && options.Codebook == CodebookLearning.Ema, "orthogonal: running averages have no gradient that it could change", "codebook: gradient learns by gradients");
        Setting.Refuse(Gumbel && design.Codes.Count > 1, "estimator: gumbel chooses one code a vector, and there are several stages", "straight-through and rotation serve any number of stages");
        Setting.Refuse(options.Sampling > 0 && design.Beam > 1, "sampling: a beam keeps the best choices, not random ones", "beam: 1");
        Setting.Refuse(design.SharedStages && design.Codes.Distinct().Count() > 1, "shared: stages that share a table have as many codes each", "give one number of codes");
        _places = new CodePlaces(shape, options.Places, options.ChannelsFirst);
        var width = design.Heads * design.Width;
        Setting.Refuse(options.Project == CodeProjection.None && width != _places.Channels,
            FormattableString.Invariant($"project: none needs heads x width = {_places.Channels} features, and there are {design.Heads} x {design.Width}"), "project: in makes any number of them");
        if (options.Project != CodeProjection.None) Projection = AddModule("projection", new Linear(_places.Channels, width, random));
        if (options.Project == CodeProjection.Both) BackProjection = AddModule("back_projection", new Linear(width, _places.Channels, random));
        _stages = new Codebook[design.Codes.Count];
        for (var k = 0; k < _stages.Length; k++)
            _stages[k] = k > 0 && design.SharedStages ? _stages[0] : AddModule(_stages.Length == 1 || design.SharedStages ? "codebook" : FormattableString.Invariant($"codebook{k}"),
                new Codebook(new CodebookSettings(design.Codes[k], design.Width)
                {
                    Heads = design.Heads,
                    Shared = design.SharedHeads,
                    Learning = options.Codebook,
                    Decay = options.Decay,
                    Cosine = options.Cosine && k == 0 && _stages.Length == 1, // residuals of unit vectors have any length
                    KMeansIterations = options.Kmeans,
                    DeadThreshold = options.DeadThreshold,
                }, random));
        Layout = new IndexLayout([.. design.Codes.SelectMany(c => Enumerable.Repeat((long)c, design.Heads))], _places.Count);
    }

    /// <summary>Features to the vectors that are quantised; null without.</summary>
    public Linear? Projection { get; }

    /// <summary>Codes back to features; null without.</summary>
    public Linear? BackProjection { get; }

    /// <summary>The tables of the stages, in order.</summary>
    public IReadOnlyList<Codebook> Stages => _stages;

    /// <inheritdoc/>
    public override IndexLayout Layout { get; }

    /// <inheritdoc/>
    public override IndexPrior Prior => _options.Prior;

    /// <inheritdoc/>
    public override int Positions => Layout.Positions;

    /// <inheritdoc/>
    public override long Alphabet => Layout.Alphabets.Max();

    private bool Gumbel => _options.Estimator is CodeEstimator.Gumbel or CodeEstimator.GumbelSoft;

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        var lengths = _places.Lengths(c.Mask, h.Count);
        if (!c.Training) return Evaluate(Choose(h, lengths), c, lengths);
        var present = Present(lengths);
        var x = Vectors(h, present);
        if (x.Size(0) == 0) return Evaluate(Choose(h, lengths), c, lengths); // nothing is there to learn from
        var (output, chosen, terms) = Train(x, c);
        var indices = Placed(chosen, present, h.Count);
        if (BackProjection is not null) output = BackProjection.Forward(output);
        if (present is not null) output = Spread(output, present, h.Count);
        return new Passage(_places.Shaped(output), RateOf(indices), terms, () => AsMessage(indices, lengths));
    }

    /// <summary>The decoder's input from the first stages of a message alone: what later stages would add is left out.</summary>
    /// <param name="m">A message.</param>
    /// <param name="stages">How many stages are used, 0 to all.</param>
    public Tensor Restore(Message m, int stages)
    {
        ArgumentNullException.ThrowIfNull(m);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)stages, (uint)_stages.Length);
        return Decode(m.Single<Symbols>().Values, stages);
    }

    /// <inheritdoc/>
    /// <remarks>Of a stage, the distances to what the other stages leave.</remarks>
    public override Tensor? CodeDistances(Features h, LongTensor indices, int position)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(indices);
        using var noGrad = new NoGrad();
        var (place, stage, head) = (position / Layout.Stages, position % Layout.Stages / _design.Heads, position % _design.Heads);
        var rest = Vectors(h, null);
        var rows = indices.Reshape(-1, Layout.Stages);
        for (var k = 0; k < _stages.Length; k++)
            if (k != stage) rest -= _stages[k].Lookup(StageOf(rows, k));
        var tables = _stages[stage].Table;
        var own = rest.Reshape(h.Count, _places.Count, -1).Select(1, place).Narrow(1, head * _design.Width, _design.Width);
        return -CodebookRegularizers.NegativeDistances(own, tables.Select(0, tables.Size(0) == 1 ? 0 : head));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return Choose(h, null);
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices) => Decode(indices, _stages.Length);

    private Tensor Decode(LongTensor indices, int stages)
    {
        ArgumentNullException.ThrowIfNull(indices);
        if (indices.Dim != 2 || indices.Shape[1] != Positions) throw new ArgumentException($"{GetType().Name}: indices [{string.Join(", ", indices.Shape.ToArray())}], expected [n, {Positions}]");
        var rows = indices.Reshape(-1, Layout.Stages);
        var sum = Tensor.Zeros(rows.Shape[0], _design.Heads * _design.Width);
        for (var k = 0; k < stages; k++) sum = k == 0 ? _stages[k].Lookup(StageOf(rows, k)) : sum + _stages[k].Lookup(StageOf(rows, k));
        if (BackProjection is not null)
        {
            sum = BackProjection.Forward(sum);
            for (var i = 0; i < rows.Shape[0]; i++) // a place that is absent is zeros, not the layer's bias
                if (rows.Data[i * Layout.Stages] < 0) sum.Data.Slice(i * sum.Size(1), sum.Size(1)).Clear();
        }
        return _places.Shaped(sum);
    }

    private LongTensor Choose(Features h, LongTensor? lengths)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("codes");
        var present = Present(lengths);
        var x = Vectors(h, present);
        var chosen = x.Size(0) == 0 ? LongTensor.Zeros(0, Layout.Stages) : _design.Beam > 1 ? Beam(x) : Greedy(x);
        return Placed(chosen, present, h.Count);
    }

    private LongTensor Greedy(Tensor x)
    {
        var all = LongTensor.Zeros(x.Size(0), Layout.Stages);
        for (var k = 0; k < _stages.Length; k++)
        {
            var indices = _stages[k].Nearest(x);
            PutStage(all, k, indices);
            if (k + 1 < _stages.Length) x = x.Detach() - _stages[k].Lookup(indices);
        }
        return all;
    }

    private (Tensor Output, LongTensor Indices, List<Term> Terms) Train(Tensor x, PassContext c)
    {
        var values = x.Detach();
        var stages = _design.Survivors(x.Size(0), c.Random);
        var (indices, mixture) = ChooseInTraining(x, values, stages, c);
        var (code, terms) = Learn(x, values, indices, stages);
        var output = _options.Estimator switch
        {
            _ when mixture is not null => mixture,
            CodeEstimator.Rotation => GradientEstimators.Rotation(x, code, _design.Width),
            CodeEstimator.Noise => GradientEstimators.Noise(x, code, _design.Width, c.Random),
            _ => GradientEstimators.StraightThrough(x, code),
        };
        return (output, indices, terms);
    }

    // The codes of a training pass; stages begin one after the other, since a first batch starts each on what the ones before left.
    private (LongTensor Indices, Tensor? Mixture) ChooseInTraining(Tensor x, Tensor values, int[]? stages, PassContext c)
    {
        var all = LongTensor.Zeros(x.Size(0), Layout.Stages);
        var rest = values;
        Tensor? mixture = null;
        for (var k = 0; k < _stages.Length; k++)
        {
            if (k == 0 || !_design.SharedStages) _stages[k].Begin(rest, c.Random);
            LongTensor indices;
            if (Gumbel) (mixture, indices) = Mix(x, _stages[k], c);
            else indices = _options.Sampling > 0 ? Draw(rest, _stages[k], c.Random) : _stages[k].Nearest(rest);
            Drop(indices, stages, k);
            PutStage(all, k, indices);
            using var noGrad = new NoGrad();
            if (k + 1 < _stages.Length) rest -= _stages[k].Lookup(indices);
        }
        if (_design.Beam > 1)
        {
            all = Beam(values);
            for (var k = 0; stages is not null && k < _stages.Length; k++)
            {
                var indices = StageOf(all, k);
                Drop(indices, stages, k);
                PutStage(all, k, indices);
            }
        }
        return (all, mixture);
    }

    // The sum of the codes and the losses of all stages; the tables are told what chose them.
    private (Tensor Code, List<Term> Terms) Learn(Tensor x, Tensor values, LongTensor all, int[]? stages)
    {
        var (commitment, codebook) = (new List<Tensor>(), new List<Tensor>());
        var regularisers = new List<Term>();
        var passes = new List<(Tensor, LongTensor)>();
        var before = values; // r_(k-1)
        Tensor? sum = null;
        for (var k = 0; k < _stages.Length; k++)
        {
            var indices = StageOf(all, k);
            var code = _stages[k].Lookup(indices);
            var target = code.Detach();
            passes.Add((before, indices));
            var (share, count) = ShareOf(stages, k, x.Size(0));
            using (new NoGrad()) sum = sum is null ? target : sum + target;
            if (_options.Commitment > 0) commitment.Add(MeanSquare(x - sum, share, count));
            if (_options.Codebook == CodebookLearning.Gradient) codebook.Add(MeanSquare(before - code, share, count));
            if (_options.Diversity > 0) regularisers.Add(new Term("diversity", OverTables(_stages[k], before == values ? x : before, (v, t) => CodebookRegularizers.Diversity(v, t, 1f)), _options.Diversity));
            if (_options.Orthogonal > 0) regularisers.Add(new Term("orthogonal", OverTables(_stages[k], x, (_, t) => CodebookRegularizers.Orthogonality(t)), _options.Orthogonal));
            using var noGrad = new NoGrad();
            if (k + 1 < _stages.Length) before -= target;
            if (_design.SharedStages) continue;
            _stages[k].Collect(passes[k]);
        }
        if (_design.SharedStages) _stages[0].Collect([.. passes]);
        var terms = new List<Term>();
        if (commitment.Count > 0) terms.Add(new Term("commitment", Total(commitment), _options.Commitment));
        if (codebook.Count > 0) terms.Add(new Term("codebook", Total(codebook), 1f));
        terms.AddRange(regularisers.GroupBy(t => t.Name).Select(g => new Term(g.Key, Total([.. g.Select(t => t.Value)]), g.First().Weight)));
        return (sum!, terms);
    }

    // The mean over vectors that have the stage of sums over dimensions.
    private static Tensor MeanSquare(Tensor difference, Tensor? share, int count) =>
        (share is null ? difference.Square().Sum() : (difference.Square() * share).Sum()) * (1f / count);

    private (Tensor? Share, int Count) ShareOf(int[]? stages, int k, int rows)
    {
        if (stages is null || stages.All(s => s > k)) return (null, rows);
        return (Tensor.From([.. stages.Select(s => s > k ? 1f : 0f)], rows, 1), Math.Max(1, stages.Count(s => s > k)));
    }

    private static Tensor Total(List<Tensor> values) => values.Aggregate((a, b) => a + b);

    private Tensor OverTables(Codebook stage, Tensor x, Func<Tensor, Tensor, Tensor> loss)
    {
        var tables = stage.Table;
        var books = tables.Size(0);
        return Total([.. Enumerable.Range(0, books).Select(b => loss(books == 1 ? x.Reshape(-1, _design.Width) : x.Narrow(1, b * _design.Width, _design.Width), tables.Select(0, b)))]) * (1f / books);
    }

    // Gumbel-softmax over minus the squared distances, one head after the other.
    private (Tensor Mixture, LongTensor Indices) Mix(Tensor x, Codebook stage, PassContext c)
    {
        var o = _options;
        var progress = Math.Min(1.0, c.Step / (double)o.TemperatureSteps);
        var temperature = (float)(o.Temperature * Math.Pow(o.TemperatureEnd / (double)o.Temperature, progress));
        var tables = stage.Table;
        var (parts, indices) = (new List<Tensor>(), LongTensor.Zeros(x.Size(0), _design.Heads));
        for (var h = 0; h < _design.Heads; h++)
        {
            var table = tables.Select(0, tables.Size(0) == 1 ? 0 : h);
            var logits = CodebookRegularizers.NegativeDistances(x.Narrow(1, h * _design.Width, _design.Width), table);
            var (weights, index) = GradientEstimators.Gumbel(logits, temperature, o.Estimator == CodeEstimator.Gumbel, c.Random);
            parts.Add(weights.MatMul(table));
            for (var i = 0; i < index.Numel; i++) indices.Data[(i * _design.Heads) + h] = index.Data[i];
        }
        return (Tensor.Cat(parts, 1), indices);
    }

    // A code drawn with probability softmax(-|x - e|²/τ): the largest of the noisy logits.
    private LongTensor Draw(Tensor x, Codebook stage, RandomStream random)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("draw");
        var tables = stage.Table;
        var indices = LongTensor.Zeros(x.Size(0), _design.Heads);
        for (var h = 0; h < _design.Heads; h++)
        {
            var logits = CodebookRegularizers.NegativeDistances(x.Narrow(1, h * _design.Width, _design.Width), tables.Select(0, tables.Size(0) == 1 ? 0 : h));
            var index = ((logits * (1f / _options.Sampling)) + GradientEstimators.GumbelNoise(random, logits.Shape)).ArgMax(1);
            for (var i = 0; i < index.Numel; i++) indices.Data[(i * _design.Heads) + h] = index.Data[i];
        }
        return indices;
    }

    private LongTensor Beam(Tensor x)
    {
        using var noGrad = new NoGrad();
        var all = LongTensor.Zeros(x.Size(0), Layout.Stages);
        for (var h = 0; h < _design.Heads; h++)
        {
            var tables = _stages.Select(s => s.Table.Select(0, s.Table.Size(0) == 1 ? 0 : h)).ToArray();
            var found = BeamEncoding.Encode(x.Narrow(1, h * _design.Width, _design.Width), tables, _design.Beam);
            for (var i = 0; i < x.Size(0); i++)
                for (var k = 0; k < _stages.Length; k++) all.Data[(i * Layout.Stages) + (k * _design.Heads) + h] = found.Data[(i * _stages.Length) + k];
        }
        return all;
    }

    private static void Drop(LongTensor indices, int[]? stages, int k)
    {
        if (stages is null) return;
        var heads = indices.Shape[1];
        for (var i = 0; i < indices.Numel; i++)
            if (stages[i / heads] <= k) indices.Data[i] = -1;
    }

    private LongTensor StageOf(LongTensor rows, int k)
    {
        var (n, heads, stride) = (rows.Shape[0], _design.Heads, Layout.Stages);
        if (heads == stride) return LongTensor.From(rows.Data, n, heads);
        var indices = LongTensor.Zeros(n, heads);
        for (var i = 0; i < n; i++) rows.Data.Slice((i * stride) + (k * heads), heads).CopyTo(indices.Data[(i * heads)..]);
        return indices;
    }

    private void PutStage(LongTensor all, int k, LongTensor indices)
    {
        var (heads, stride) = (_design.Heads, Layout.Stages);
        for (var i = 0; i < indices.Shape[0]; i++) indices.Data.Slice(i * heads, heads).CopyTo(all.Data[((i * stride) + (k * heads))..]);
    }

    // Rows of the places that are present; null where all are.
    private LongTensor? Present(LongTensor? lengths)
    {
        if (lengths is null) return null;
        var rows = new List<long>();
        for (var i = 0; i < lengths.Numel; i++)
            for (var p = 0; p < lengths.Data[i]; p++) rows.Add(((long)i * _places.Count) + p);
        return LongTensor.From(rows.ToArray(), rows.Count);
    }

    private Tensor Vectors(Features h, LongTensor? present)
    {
        var rows = _places.Rows(h.Single);
        if (present is not null) rows = rows.IndexSelect(0, present);
        var x = Projection is null ? rows : Projection.Forward(rows);
        return _options.Cosine ? GradientEstimators.UnitRows(x.Reshape(-1, _design.Width)).Reshape(x.Shape) : x;
    }

    private LongTensor Placed(LongTensor chosen, LongTensor? present, int batch)
    {
        if (present is null) return chosen.Reshape(batch, Positions);
        var all = LongTensor.Zeros(batch, Positions);
        all.Data.Fill(-1);
        for (var i = 0; i < present.Numel; i++) chosen.Data.Slice(i * Layout.Stages, Layout.Stages).CopyTo(all.Data[((int)present.Data[i] * Layout.Stages)..]);
        return all;
    }

    // Rows back to their places; absent ones are zeros.
    private Tensor Spread(Tensor rows, LongTensor present, int batch)
    {
        var from = LongTensor.Zeros(batch * _places.Count);
        from.Data.Fill(rows.Size(0));
        for (var i = 0; i < present.Numel; i++) from.Data[(int)present.Data[i]] = i;
        return Tensor.Cat([rows, Tensor.Zeros(1, rows.Size(1))]).IndexSelect(0, from);
    }
}
