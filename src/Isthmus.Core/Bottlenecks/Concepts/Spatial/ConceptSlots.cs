using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What <see cref="ConceptSlots"/> are made of.</summary>
public sealed record ConceptSlotOptions
{
    /// <summary>Numbers of a slot.</summary>
    [Option("numbers of a slot", Min = 1, Max = 4096)]
    public int Width { get; init; } = 32;

    /// <summary>Numbers that go on to the decoder.</summary>
    [Option("numbers that go on to the decoder", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 32;

    /// <summary>How often slots attend to the picture.</summary>
    [Option("how often slots attend to the picture; 0 for concepts that are the same in every picture (a concept transformer)", Min = 0, Max = 16)]
    public int Iterations { get; init; } = 3;

    /// <summary>The weight of the concepts' loss.</summary>
    [Option("weight of the concepts' loss, their mean in nats, beside the task's", Min = 0)]
    public float ConceptWeight { get; init; } = 1;

    /// <summary>The weight of the explanation loss.</summary>
    [Option("weight of the squared distance of attention to annotated concepts", Min = 0)]
    public float Explanation { get; init; } = 1;

    /// <summary>The chance of true concepts in training.</summary>
    [Option("chance with which a concept's true value stands in for its prediction in a training batch", Min = 0, Max = 1)]
    public float RandInt { get; init; }
}

/// <summary>
/// Concepts that a picture fills: a slot of each concept's column collects what belongs to it (<see cref="SlotAttention"/> with starts of their own), every
/// place attends to the slots, and the mean of what places take goes on to the decoder. Attention is drawn to the annotated concepts by the explanation loss.
/// Hong, Park, Pavone: "Concept-centric transformers: enhancing model interpretability through object-centric concept learning within a shared global
/// workspace" (WACV 2024); without rounds of slot attention it is the concept transformer of Rigotti, Miksovic, Giurgiu, Gschwind, Scotton (ICLR 2022).
/// </summary>
/// <remarks>
/// With a_pj the scaled product of place p's query and slot j's key, concept j scores ln mean_p exp(a_pj) plus a bias. Places attend by softmax over j
/// of a_pj + ln belief_j, so that a concept that is put to 0 takes no part.
/// </remarks>
public sealed class ConceptSlots : ConceptBottleneck
{
    private const float LeastBelief = 1e-6f;

    private readonly ConceptSlotOptions _options;
    private readonly int _channels, _places;
    private readonly Tensor _grid, _bias;
    private readonly Tensor? _fixed;
    private readonly Linear _position, _query, _key, _value;

    /// <summary>A layer on a feature map.</summary>
    /// <param name="shape">Of one row's features: [channels, height, width].</param>
    /// <param name="space">The concepts.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="random">For the initial weights.</param>
    /// <exception cref="InputException">The features are no map, or an option is out of range.</exception>
    public ConceptSlots(IReadOnlyList<int> shape, ConceptSpace space, ConceptSlotOptions options, RandomStream random)
        : base(space, options?.ConceptWeight ?? throw new ArgumentNullException(nameof(options)), options.RandInt, null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Setting.Require(options.Width >= 1, "width", "at least 1", options.Width);
        Setting.Require(options.Latent >= 1, "latent", "at least 1", options.Latent);
        Setting.Require(options.Iterations >= 0, "iterations", "at least 0", options.Iterations);
        Setting.Require(options.Explanation >= 0 && float.IsFinite(options.Explanation), "explanation", "a number of at least 0", options.Explanation);
        Setting.Refuse(shape.Count != 3, "type: concepts that attend to places need a map of features", "take an encoder that makes maps, as conv without pooling to a vector");
        (_options, _channels, _places, _grid) = (options, shape[0], shape[1] * shape[2], Grid(shape[1], shape[2]));
        _position = AddModule("position", new Linear(4, _channels, random));
        if (options.Iterations > 0) Slots = AddModule("slots", new SlotAttention(_channels, Space.Width, options.Width, random.Fork("slots"), options.Iterations, 2 * options.Width, ownStarts: true));
        else _fixed = AddParameter("concepts", Initializers.Normal(random.Fork("slots"), 1f, Space.Width, options.Width));
        _query = AddModule("query", new Linear(_channels, options.Width, random));
        _key = AddModule("key", new Linear(options.Width, options.Width, random));
        _value = AddModule("value", new Linear(options.Width, options.Latent, random));
        _bias = AddParameter("bias", Tensor.Zeros(Space.Width));
    }

    /// <summary>What fills the concepts; null where they are the same in every picture.</summary>
    public SlotAttention? Slots { get; }

    /// <inheritdoc/>
    public override int OutputWidth => _options.Latent;

    /// <inheritdoc/>
    public override Tensor Scores(Features h) => Scored(Products(h, out _));

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put)
    {
        var products = Products(h, out var slots);
        return Attend(products, Beliefs(h, scores, put)).Mean(1, keepdim: true).MatMul(_value.Forward(slots)).Reshape(-1, OutputWidth);
    }

    /// <summary>What each place takes of each concept, [rows, places, width]; sums to 1 over concepts.</summary>
    /// <param name="h">The features.</param>
    /// <param name="put">Concepts put by hand; null for none.</param>
    public Tensor Attention(Features h, ConceptValues? put = null)
    {
        var products = Products(h, out _);
        return Attend(products, Beliefs(h, Scored(products), put));
    }

    /// <inheritdoc/>
    protected override IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        foreach (var term in base.Terms(h, scores, c)) yield return term;
        if (c.TrueConcepts is { } values && _options.Explanation > 0) yield return new Term("explanation", Explanation(Attention(h), Space.Known(values)), _options.Explanation);
    }

    // The squared distance, a mean over places and rows, of attention to equal shares of the concepts that are annotated as there (Rigotti et al. 2022, equation 5);
    // rows in which none is known to be there do not count.
    private Tensor Explanation(Tensor attention, ConceptValues known)
    {
        var there = SpatialConceptLayer.Present(Space, known);
        var count = there.Sum(1, keepdim: true);
        var rows = count.Sign();
        var target = (there / count.Clamp(min: 1)).Reshape(there.Size(0), 1, -1);
        return ((attention - target).Square().Sum(2).Mean(1, keepdim: true) * rows).Sum() / rows.Sum().Clamp(min: 1);
    }

    private Tensor Scored(Tensor products) => products.LogSumExp(1) + (_bias - MathF.Log(_places));

    private static Tensor Attend(Tensor products, Tensor beliefs) => (products + beliefs.Clamp(min: LeastBelief).Log().Reshape(beliefs.Size(0), 1, -1)).Softmax();

    // [rows, places, width], and the slots [rows, width, numbers of a slot].
    private Tensor Products(Features h, out Tensor slots)
    {
        ArgumentNullException.ThrowIfNull(h);
        var x = h.Single;
        if (x.Dim != 4 || x.Size(1) != _channels || x.Size(2) * x.Size(3) != _places) throw new ArgumentException($"concept slots: features [rows, {_channels}, h, w] of {_places} places are needed, not [{string.Join(", ", x.Shape.ToArray())}]");
        var rows = x.Size(0);
        var places = x.Reshape(rows, _channels, _places).Transpose(1, 2) + _position.Forward(_grid);
        slots = Slots is not null ? Slots.Run(places).Slots : _fixed!.Reshape(1, Space.Width, -1).Expand(rows, Space.Width, _options.Width);
        return (_query.Forward(places) * (1 / MathF.Sqrt(_options.Width))).MatMul(_key.Forward(slots), transposeOther: true);
    }

    // How far each place is from the four sides, 0 to 1, as Locatello et al. 2020 tell places apart.
    private static Tensor Grid(int height, int width)
    {
        var grid = Tensor.Zeros(height * width, 4);
        for (var p = 0; p < height * width; p++)
        {
            var (y, x) = ((float)(p / width) / Math.Max(1, height - 1), (float)(p % width) / Math.Max(1, width - 1));
            ReadOnlySpan<float> sides = [x, y, 1 - x, 1 - y];
            sides.CopyTo(grid.Data.Slice(4 * p, 4));
        }
        return grid;
    }
}
