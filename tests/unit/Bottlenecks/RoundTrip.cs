using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

/// <summary>The contract of every bottleneck, in one call.</summary>
public static class RoundTrip
{
    /// <summary>
    /// A shipped message is written, read and restored: the receiver's tensor has the bits of the pass's output, the message
    /// is the same, and the bytes cost what the meter says, within the coder's own overhead.
    /// </summary>
    /// <returns>The bits that the coder took.</returns>
    public static double Check(Bottleneck bottleneck, Features h, PassContext? context = null, params int[] sizes)
    {
        var passage = bottleneck.Pass(h, (context ?? Ship()) with { Mode = PassMode.Ship });
        var message = passage.Message();
        Assert.Equal(passage.Output.ToArray(), bottleneck.Restore(message).ToArray());

        var writer = new MessageWriter();
        bottleneck.Write(message, writer);
        var payload = writer.Finish();
        var meter = new CostMeter();
        bottleneck.Write(message, meter);
        var reader = payload.Open();
        var received = bottleneck.Read(reader, new MessageShape(h.Count, sizes));
        reader.Finish();

        Assert.Equal(message.Parts.Count, received.Parts.Count);
        foreach (var (sent, got) in message.Parts.Zip(received.Parts)) AssertSame(sent, got);
        Assert.Equal(message.Lengths?.ToArray(), received.Lengths?.ToArray());
        var restored = bottleneck.Restore(received);
        Assert.Equal(passage.Output.Shape.ToArray(), restored.Shape.ToArray());
        Assert.Equal(passage.Output.ToArray(), restored.ToArray());
        // Fixed-width storage is chosen where it is the smaller, so only a coded message costs at least what the meter says, less the bits by
        // which the range coder's last interval may hold a rounder number than its width promises: k of them with probability 2^-k.
        Assert.InRange(8.0 * payload.Bytes.Length, payload.Coder == CoderKind.Stored ? 0 : meter.Cost.Value - 16, meter.Cost.Value + (0.005 * meter.Cost.Value) + 160);
        return 8.0 * payload.Bytes.Length;
    }

    public static PassContext Ship(ulong seed = 1) => new(PassMode.Ship, new RandomStream(seed));

    private static void AssertSame(Part sent, Part got)
    {
        Assert.Equal(sent.Name, got.Name);
        switch (sent)
        {
            case Symbols s: Assert.Equal(s.Values.ToArray(), ((Symbols)got).Values.ToArray()); break;
            case Flags f: Assert.Equal(f.Values.ToArray(), ((Flags)got).Values.ToArray()); break;
            case Floats f: Assert.Equal(f.Values.ToArray(), ((Floats)got).Values.ToArray()); break;
            case Sparse s:
                Assert.Equal(s.Support.ToArray(), ((Sparse)got).Support.ToArray());
                Assert.Equal(s.Levels.ToArray(), ((Sparse)got).Levels.ToArray());
                break;
            default: throw new InvalidOperationException($"no comparison for {sent.GetType().Name}");
        }
    }
}
