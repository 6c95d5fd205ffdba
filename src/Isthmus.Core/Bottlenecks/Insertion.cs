using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Puts bottlenecks into networks that exist.</summary>
public static class Insertions
{
    /// <summary>
    /// Lets the output of a named layer pass through a bottleneck from now on. A layer's output [batch, features] passes row by row,
    /// [batch, positions, features] position by position, and [batch, channels, height, width] pixel by pixel over the channels. The
    /// network's own parameters and their names stay as they are; the bottleneck's are trained beside them, alone
    /// (<c>network.RequiresGrad(false)</c>) or together.
    /// </summary>
    /// <param name="network">Any module; several insertions may be in it at once.</param>
    /// <param name="layer">A dotted name out of <see cref="Module.NamedModules"/>.</param>
    /// <param name="bottleneck">Takes vectors of the layer's features.</param>
    /// <param name="decoder">Leads from the code back to the layer's features; null where the bottleneck keeps them.</param>
    /// <param name="random">The noise of the passes; null for the stream of seed 0.</param>
    /// <param name="allowBypass">Inserts even where a skip carries information past the layer, so that the bottleneck's bits do not
    /// bound what passes the place.</param>
    /// <exception cref="InputException">There is no such layer (the message suggests the nearest), or something passes beside it.</exception>
    public static Insertion Insert(this Module network, string layer, Bottleneck bottleneck, Module? decoder = null, RandomStream? random = null, bool allowBypass = false)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(bottleneck);
        var place = network.GetSubmodule(layer);
        if (!allowBypass && network.FindBypass(layer) is { } bypass)
            throw new InputException($"layer '{layer}' does not carry all that passes this place: beside it goes {bypass.What}",
                bypass.Block.Length > 0 ? $"insert at '{bypass.Block}', where both have joined, or allow the bypass" : "insert at the output of the whole network, or allow the bypass");
        return new Insertion(network, layer, place, bottleneck, decoder, random ?? new RandomStream(0));
    }

    /// <summary>What passes beside a layer, and the outermost block behind which all has joined again; null where nothing does.</summary>
    /// <exception cref="InputException">There is no such layer.</exception>
    public static (string Block, string What)? FindBypass(this Module network, string layer)
    {
        ArgumentNullException.ThrowIfNull(network);
        network.GetSubmodule(layer);
        if (layer.Length == 0) return null;
        var at = network;
        var path = layer.Split('.');
        for (var i = 0; i < path.Length; i++)
        {
            if (at.Bypass(path[i]) is { } what) return (string.Join('.', path[..i]), what);
            at = at.GetSubmodule(path[i]);
        }
        return null;
    }
}

/// <summary>A bottleneck that sits on the output of a layer. What passed in the network's last forward pass can be read from it.</summary>
public sealed class Insertion : IDisposable
{
    private readonly Module _network, _place;
    private readonly IDisposable _hook, _end;
    private readonly Dictionary<string, float[]> _original;
    private readonly List<(Features Input, Passage Passage, int Count, int Positions)> _passes = [];
    private List<Features>? _collected;
    private bool _complete;

    internal Insertion(Module network, string layer, Module place, Bottleneck bottleneck, Module? decoder, RandomStream random)
    {
        (_network, _place, Random, Layer, Bottleneck, Decoder) = (network, place, random, layer, bottleneck, decoder);
        _original = network.StateDict().ToDictionary(t => t.Key, t => t.Value.ToArray(), StringComparer.Ordinal);
        _hook = place.ReplaceOutput(Apply);
        _end = network.OnOutput(_ => _complete = true);
    }

    /// <summary>The layer's name.</summary>
    public string Layer { get; }

    /// <summary>What sits there.</summary>
    public Bottleneck Bottleneck { get; }

    /// <summary>Leads from the code back to the layer's features; null where there is none.</summary>
    public Module? Decoder { get; }

    /// <summary>Which message goes on; null for a sample in training and the mean in evaluation.</summary>
    public PassMode? Mode { get; set; }

    /// <summary>Whether the bottleneck trains; null follows the layer, so that a network in evaluation mode can be left as it is.</summary>
    public bool? Training { get; set; }

    /// <summary>Whether the layer's output passes through the bottleneck; without it the output goes on as it is.</summary>
    public bool Active { get; set; } = true;

    /// <summary>The noise of the passes; who wants a training that can be continued gives each step its own.</summary>
    public RandomStream Random { get; set; }

    /// <summary>Training passes done, for schedules; every pass in training adds one.</summary>
    public long Step { get; set; }

    /// <summary>What a person changes in the messages; null for nothing.</summary>
    public Edit? Edit { get; set; }

    /// <summary>The noise of <see cref="Edit"/>; null for one that follows from <see cref="Random"/>.</summary>
    public RandomStream? EditRandom { get; set; }

    /// <summary>What entered the bottleneck in the last forward pass, once for each time the layer was called: rows of the layer's features.</summary>
    public IReadOnlyList<Features> Inputs => [.. _passes.Select(p => p.Input)];

    /// <summary>What passed in the last forward pass of the network: once for each time the layer was called.</summary>
    public IReadOnlyList<Passage> Passages => [.. _passes.Select(p => p.Passage)];

    /// <summary>What the bottleneck adds to the loss of the last forward pass, a mean over rows or positions as the bottleneck states it.</summary>
    public IReadOnlyList<Term> Terms => [.. _passes.SelectMany(p => p.Passage.Terms)];

    /// <summary>What the last forward pass cost in nats a sample, all its positions together; null where there is no finite rate.</summary>
    public Rate? Rate
    {
        get
        {
            Rate? total = null;
            foreach (var (_, passage, count, positions) in _passes)
            {
                if (passage.Rate is not { } rate) return null;
                var whole = Whole(rate, count, positions);
                total = total is null ? whole : Sum(total, whole);
            }
            return total;
        }
    }

    /// <summary>The parameters that this insertion brings, under bottleneck.… and decoder.…, for an optimiser.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedParameters() =>
        Bottleneck.NamedParameters().Select(p => ($"bottleneck.{p.Name}", p.Value))
            .Concat(Decoder is null ? [] : Decoder.NamedParameters().Select(p => ($"decoder.{p.Name}", p.Value)));

    /// <summary>Fits what is not learned by gradients (<see cref="Bottleneck.Prepare"/>) to this layer's outputs.</summary>
    /// <param name="inputs">Inputs of the network, batch by batch.</param>
    public void Prepare(IEnumerable<Tensor> inputs) => Bottleneck.Prepare(Outputs(inputs));

    /// <summary>Fits what writing needs (<see cref="Bottleneck.Freeze"/>) to this layer's outputs.</summary>
    /// <param name="inputs">Inputs of the network, batch by batch; test data must not be among them.</param>
    public void Freeze(IEnumerable<Tensor> inputs) => Bottleneck.Freeze(Outputs(inputs));

    /// <summary>Takes the bottleneck out; the network's weights stay as they are now, its function is again its own.</summary>
    public void Remove()
    {
        _hook.Dispose();
        _end.Dispose();
        _passes.Clear();
    }

    /// <summary>Takes the bottleneck out and gives the network the parameters and buffers back that it had at the insertion, bit by bit.</summary>
    public void Restore()
    {
        Remove();
        foreach (var (name, tensor) in _network.StateDict()) _original[name].CopyTo(tensor.Data);
    }

    /// <inheritdoc cref="Remove"/>
    public void Dispose() => Remove();

    private Tensor Apply(Tensor y)
    {
        var rows = Rows(y);
        if (_collected is not null)
        {
            _collected.Add(rows);
            return y;
        }
        if (!Active)
        {
            _passes.Clear();
            return y;
        }
        if (_complete) _passes.Clear();
        _complete = false;
        _passes.RemoveAll(p => !p.Passage.Output.IsAlive); // of passes that never came to the network's end
        var training = Training ?? _place.Training;
        if (Bottleneck.Training != training) Bottleneck.Train(training);
        if (Decoder is not null && Decoder.Training != training) Decoder.Train(training);
        var mode = Mode ?? (training ? PassMode.Sample : PassMode.Mean);
        var passage = Bottleneck.Pass(rows, new PassContext(mode, Random) { Training = training, Step = Step, Edit = Edit });
        if (Edit is { } edit && !Bottleneck.AppliesEdits) passage = MessageEditor.Apply(Bottleneck, passage, edit, EditRandom ?? Random.Fork("edit"), rows);
        if (training) Step++;
        var output = Decoder is null ? passage.Output : Decoder.Forward(passage.Output);
        if (!output.Shape.SequenceEqual(rows.Shape))
            throw new ArgumentException(FormattableString.Invariant($"insertion at '{Layer}': the layer gives {rows.Size(1)} features and the bottleneck gives back [{string.Join(", ", output.Shape.ToArray())}]: a decoder from the code to {rows.Size(1)} features is needed"));
        _passes.Add((rows, passage, y.Size(0), rows.Size(0) / Math.Max(1, y.Size(0))));
        return Back(output, y.Shape);
    }

    // The layer's outputs for inputs, as they are before this bottleneck; insertions below it stay in force.
    private IEnumerable<Features> Outputs(IEnumerable<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (var x in inputs)
        {
            using var scope = new TensorScope("insertion");
            _collected = [];
            try
            {
                _network.Forward(x);
                if (_collected.Count == 0) throw new InvalidOperationException($"insertion: the network did not call its layer '{Layer}'");
            }
            catch
            {
                _collected = null;
                throw;
            }
            var found = _collected;
            _collected = null;
            foreach (var rows in found) yield return rows;
        }
    }

    private Tensor Rows(Tensor y) => y.Dim switch
    {
        2 => y,
        3 => y.Reshape(y.Size(0) * y.Size(1), y.Size(2)),
        4 => y.Permute(0, 2, 3, 1).Reshape(y.Size(0) * y.Size(2) * y.Size(3), y.Size(1)),
        _ => throw new ArgumentException($"insertion at '{Layer}': an output [batch, features], [batch, positions, features] or [batch, channels, height, width] is needed, not [{string.Join(", ", y.Shape.ToArray())}]"),
    };

    private static Tensor Back(Tensor rows, ReadOnlySpan<int> shape) => shape.Length == 4
        ? rows.Reshape(shape[0], shape[2], shape[3], shape[1]).Permute(0, 3, 1, 2)
        : rows.Reshape(shape);

    private static Rate Whole(Rate rate, int count, int positions) => positions == 1 ? rate : rate.Scope == RateScope.Batch
        ? rate with { Nats = rate.Nats * positions }
        : rate with { Nats = rate.Nats.Reshape(count, positions).Sum(1), PerDimension = rate.PerDimension?.Reshape(count, positions, -1).Sum(1) };

    // A layer that is called twice sends two messages.
    private static Rate Sum(Rate a, Rate b) => a.Scope == RateScope.Sample && b.Scope == RateScope.Sample && a.Nats.Shape.SequenceEqual(b.Nats.Shape)
        ? a with { Nats = a.Nats + b.Nats, PerDimension = null }
        : a with { Nats = a.Nats.Mean() + b.Nats.Mean(), Scope = RateScope.Batch, PerDimension = null };
}
