using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Two levels of codes as in Razavi, van den Oord, Vinyals, "Generating diverse high-fidelity images with VQ-VAE-2" (2019): a coarse map of half the
/// side is quantised first, and the fine one under it. Takes and gives rows of the places of a square map: the fine code beside what the coarse one says of its place.
/// </summary>
public sealed class TwoLevelBottleneck : Bottleneck
{
    private readonly int _side, _features;
    private readonly VectorQuantizer _coarse, _fine;
    private readonly Sequential _down;
    private readonly ConvTranspose2d _up;

    /// <summary>Two levels.</summary>
    /// <param name="side">Places on a side of the fine map; odd.</param>
    /// <param name="features">Numbers of a row.</param>
    /// <param name="options">Of both codebooks.</param>
    /// <param name="random">Where initial weights come from.</param>
    public TwoLevelBottleneck(int side, int features, VqOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        if (side % 2 == 0) throw new ArgumentException($"two levels: an odd side is needed, not {side}");
        (_side, _features) = (side, features);
        _down = AddModule("down", new Sequential([new Conv2d(features, features, 3, random.Fork("down"), stride: 2, padding: 1), new GELU()]));
        _coarse = AddModule("coarse", new VectorQuantizer([features, (side / 2) + 1, (side / 2) + 1], options with { Places = true }, random.Fork("coarse")));
        _up = AddModule("up", new ConvTranspose2d(options.Width, features, 3, random.Fork("up"), stride: 2, padding: 1));
        _fine = AddModule("fine", new VectorQuantizer([2 * features, side, side], options with { Places = true }, random.Fork("fine")));
    }

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(_coarse.Capacity!.Value.Value + _fine.Capacity!.Value.Value);

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => "index";

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        var map = Map(h.Single);
        var coarse = _coarse.Pass(_down.Forward(map), c);
        var above = _up.Forward(coarse.Output);
        var fine = _fine.Pass(Tensor.Cat([map, above], 1), c);
        Message Message() => new([coarse.Message().Single<Symbols>() with { Name = "coarse" }, fine.Message().Single<Symbols>() with { Name = "fine" }]);
        return new Passage(Rows(fine.Output, above), null, [.. coarse.Terms, .. fine.Terms], Message) { NoRate = "it is read from what is written" };
    }

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return Rows(_fine.Restore(Level(m, "fine")), _up.Forward(_coarse.Restore(Level(m, "coarse"))));
    }

    /// <inheritdoc/>
    public override void Write(Message m, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(m);
        _coarse.Write(Level(m, "coarse"), to);
        _fine.Write(Level(m, "fine"), to);
    }

    /// <inheritdoc/>
    public override Message Read(ISymbolReader from, MessageShape s)
    {
        ArgumentNullException.ThrowIfNull(s);
        var maps = new MessageShape(s.Count / (_side * _side)); // samples are rows, and a message is of whole maps
        return new([_coarse.Read(from, maps).Single<Symbols>() with { Name = "coarse" }, _fine.Read(from, maps).Single<Symbols>() with { Name = "fine" }]);
    }

    /// <inheritdoc/>
    public override void Freeze(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        using var quiet = new NoGrad();
        _coarse.Freeze(training.Select(h => (Features)_down.Forward(Map(h.Single))));
        var context = new PassContext(PassMode.Mean, new RandomStream(0));
        _fine.Freeze(training.Select(h =>
        {
            var map = Map(h.Single);
            return (Features)Tensor.Cat([map, _up.Forward(_coarse.Pass(_down.Forward(map), context).Output)], 1);
        }));
    }

    private Tensor Map(Tensor rows) => rows.Reshape(-1, _side, _side, _features).Permute(0, 3, 1, 2);

    private static Tensor Rows(Tensor fine, Tensor above)
    {
        var both = Tensor.Cat([fine, above], 1);
        return both.Permute(0, 2, 3, 1).Reshape(-1, both.Size(1));
    }

    private static Message Level(Message m, string name) => new([m.Part<Symbols>(name) with { Name = "index" }]);
}
