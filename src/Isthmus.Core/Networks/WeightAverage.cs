using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// The exponential moving average of weights (Polyak, Juditsky 1992; as in <c>torch.optim.swa_utils.AveragedModel</c>): starts as a
/// copy of them, then average = decay average + (1 - decay) weight at each update.
/// </summary>
public sealed class WeightAverage
{
    private readonly (string Name, Tensor Value)[] _weights;
    private readonly Tensor[] _averages;
    private readonly float _decay;

    /// <summary>An average that begins with the weights as they are now.</summary>
    /// <param name="weights">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="decay">In [0, 1).</param>
    public WeightAverage(IEnumerable<(string Name, Tensor Value)> weights, float decay = 0.999f)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (decay is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(decay), decay, "a decay lies in [0, 1)");
        _weights = [.. weights];
        _decay = decay;
        using var noGrad = new NoGrad();
        _averages = [.. _weights.Select(w => w.Value.Clone().Unscoped())];
    }

    /// <summary>Moves the averages towards the weights; once after each step of the optimiser.</summary>
    public void Update()
    {
        for (var i = 0; i < _averages.Length; i++)
        {
            var average = _averages[i].Data;
            var weight = _weights[i].Value.Data;
            for (var k = 0; k < average.Length; k++) average[k] += (1 - _decay) * (weight[k] - average[k]);
        }
    }

    /// <summary>Exchanges weights and averages: before judging a network, and again afterwards.</summary>
    public void Swap()
    {
        for (var i = 0; i < _averages.Length; i++)
        {
            var average = _averages[i].Data;
            var weight = _weights[i].Value.Data;
            for (var k = 0; k < average.Length; k++) (average[k], weight[k]) = (weight[k], average[k]);
        }
    }

    /// <summary>The averages by the weights' names, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, Tensor> StateDict() =>
        _weights.Zip(_averages).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal);

    /// <summary>Takes averages back.</summary>
    /// <exception cref="InputException">A tensor is missing or has another shape; nothing is copied then.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var own = StateDict();
        foreach (var (name, tensor) in own)
        {
            if (!state.TryGetValue(name, out var given)) throw new InputException($"averaged weights: tensor '{name}' is missing");
            if (!given.Shape.SequenceEqual(tensor.Shape)) throw new InputException($"averaged weights: tensor '{name}' has another shape than its weight");
        }
        foreach (var (name, tensor) in own) state[name].Data.CopyTo(tensor.Data);
    }
}
