using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// A few slots that compete for the places of a sequence: softmax over slots says whose a place is, each slot takes the weighted mean of its places
/// and goes on by a GRU and a residual two-layer network, some times over. Locatello, Weissenborn, Unterthiner, Mahendran, Heigold, Uszkoreit,
/// Dosovitskiy, Kipf: "Object-centric learning with slot attention", NeurIPS 2020, algorithm 1.
/// </summary>
/// <remarks>
/// Slots start from one learned Gaussian (then they are exchangeable, and which object a slot takes is chance), or each from a learned place of its
/// own (<c>ownStarts</c>; Jia, Liu, Huang: "Improving object-centric learning with query optimization", 2023), so that slot j can stand for concept j.
/// </remarks>
public sealed class SlotAttention : Module
{
    private const float Eps = 1e-8f; // the paper's, so that a slot without places divides by something

    private readonly int _features, _iterations;
    private readonly LayerNorm _normInputs, _normSlots, _normMlp;
    private readonly Linear _query, _key, _value;
    private readonly GRU _gru;
    private readonly Mlp _mlp;
    private readonly Tensor _mean;
    private readonly Tensor? _logStd;

    /// <summary>A layer with the initial weights of its parts.</summary>
    /// <param name="features">Features of a place.</param>
    /// <param name="slots">How many slots, at least 1.</param>
    /// <param name="width">Features of a slot.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="iterations">How often slots attend, at least 1.</param>
    /// <param name="hidden">Width of the network after each attention.</param>
    /// <param name="ownStarts">Whether each slot has a start of its own and none is drawn; else all are drawn from one Gaussian.</param>
    public SlotAttention(int features, int slots, int width, RandomStream random, int iterations = 3, int hidden = 128, bool ownStarts = false)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1);
        (_features, Slots, Width, _iterations) = (features, slots, width, iterations);
        var bound = MathF.Sqrt(6f / (1 + width)); // Glorot and Bengio 2010, as the paper's code starts both
        _mean = AddParameter("slots_mu", Initializers.Uniform(random, bound, ownStarts ? slots : 1, width));
        if (!ownStarts) _logStd = AddParameter("slots_log_sigma", Initializers.Uniform(random, bound, 1, width));
        _normInputs = AddModule("norm_inputs", new LayerNorm(features));
        _normSlots = AddModule("norm_slots", new LayerNorm(width));
        _normMlp = AddModule("norm_mlp", new LayerNorm(width));
        _query = AddModule("project_q", new Linear(width, width, random, bias: false));
        _key = AddModule("project_k", new Linear(features, width, random, bias: false));
        _value = AddModule("project_v", new Linear(features, width, random, bias: false));
        _gru = AddModule("gru", new GRU(width, width, random));
        _mlp = AddModule("mlp", new Mlp([width, hidden, width], random));
    }

    /// <summary>How many slots there are.</summary>
    public int Slots { get; }

    /// <summary>Features of a slot.</summary>
    public int Width { get; }

    /// <summary>The slots of a sequence.</summary>
    /// <param name="inputs">[batch, places, features], at least one place.</param>
    /// <param name="noise">What the starts are drawn by; null for their means, as it has to be with starts of their own.</param>
    /// <returns>The slots [batch, slots, width], and whose each place was in the last round [batch, slots, places], which sums to 1 over slots.</returns>
    /// <exception cref="ArgumentException">The shape does not fit.</exception>
    public (Tensor Slots, Tensor Attention) Run(Tensor inputs, RandomStream? noise = null)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Dim != 3 || inputs.Size(1) < 1 || inputs.Size(2) != _features)
            throw new ArgumentException($"slot attention: inputs [batch, places, {_features}] with at least one place are needed, not {Shapes.Text(inputs.Shape)}");
        return Run(inputs, Start(inputs.Size(0), noise));
    }

    /// <summary>As <see cref="Run(Tensor, RandomStream?)"/>, from slots that are given.</summary>
    /// <param name="inputs">[batch, places, features].</param>
    /// <param name="start">[batch, any number of slots, width].</param>
    public (Tensor Slots, Tensor Attention) Run(Tensor inputs, Tensor start)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(start);
        if (start.Dim != 3 || start.Size(0) != inputs.Size(0) || start.Size(2) != Width)
            throw new ArgumentException($"slot attention: starts [{inputs.Size(0)}, slots, {Width}] are needed, not {Shapes.Text(start.Shape)}");
        var normed = _normInputs.Forward(inputs);
        var (keys, values, scale) = (_key.Forward(normed), _value.Forward(normed), 1 / MathF.Sqrt(Width));
        var (slots, attention, rows) = (start, start, start.Size(0) * start.Size(1));
        for (var i = 0; i < _iterations; i++)
        {
            attention = (_query.Forward(_normSlots.Forward(slots)) * scale).MatMul(keys, transposeOther: true).Softmax(1);
            var shares = attention + Eps;
            var updates = (shares / shares.Sum(2, keepdim: true)).MatMul(values);
            slots = _gru.Run(updates.Reshape(rows, 1, Width), slots.Reshape(1, rows, Width)).Output.Reshape(start.Shape);
            slots += _mlp.Forward(_normMlp.Forward(slots));
        }
        return (Emit(slots), attention);
    }

    /// <summary>[batch, places, features] to the slots [batch, slots, width] from the means of their starts.</summary>
    protected override Tensor Compute(Tensor x) => Run(x).Slots;

    private Tensor Start(int batch, RandomStream? noise)
    {
        var means = _mean.Reshape(1, -1, Width).Expand(batch, Slots, Width);
        if (noise is null) return means;
        if (_logStd is null) throw new ArgumentException("slot attention: slots with starts of their own are not drawn");
        return means + (_logStd.Exp() * Tensor.Randn(noise, batch, Slots, Width));
    }
}
