using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A learnt code for a <see cref="FeedbackChannel"/> (Kim, Kim, Love, Brinton 2023, "Robust Non-Linear Feedback Coding via Power-Constrained Deep
/// Learning"): a recurrent encoder sends one number a use and reads the noisy feedback before the next, a power control layer keeps the
/// mean power at 1, and a bidirectional recurrent decoder weighs its states by learnt attention over the uses.
/// </summary>
/// <remarks>Train by the cross-entropy of <see cref="Run"/>'s logits (normalisation by the batch), then call <see cref="Calibrate"/>
/// and <see cref="Module.Eval"/>: each block is then coded by itself with fixed scales.</remarks>
public sealed class FeedbackCode : Module
{
    private readonly GRU _encoder, _decoder;
    private readonly Linear _send;
    private readonly Mlp _head;
    private readonly Tensor _power, _attention, _mean, _deviation;

    /// <summary>A code with random weights.</summary>
    /// <param name="messageBits">Bits of a block, 1 to 12.</param>
    /// <param name="uses">Uses of the channel for a block, at least 1.</param>
    /// <param name="hidden">Features of the recurrent states.</param>
    /// <param name="random">Where the weights come from.</param>
    public FeedbackCode(int messageBits, int uses, int hidden, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messageBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(messageBits, 12);
        ArgumentOutOfRangeException.ThrowIfLessThan(uses, 1);
        (MessageBits, Uses) = (messageBits, uses);
        _encoder = AddModule("encoder", new GRU(messageBits + 2, hidden, random));
        _send = AddModule("send", new Linear(hidden, 1, random));
        _power = AddParameter("power", Tensor.Zeros(uses));
        _decoder = AddModule("decoder", new GRU(1, hidden, random, bidirectional: true));
        _attention = AddParameter("attention", Tensor.Zeros(uses, 2));
        _head = AddModule("head", new Mlp([2 * hidden, 2 * hidden, 1 << messageBits], random));
        _mean = AddBuffer("mean", Tensor.Zeros(uses));
        _deviation = AddBuffer("deviation", Tensor.Ones(uses));
    }

    /// <summary>Bits of a block.</summary>
    public int MessageBits { get; }

    /// <summary>Uses of the channel for a block.</summary>
    public int Uses { get; }

    /// <summary>Sends a batch of messages through a channel and decodes them.</summary>
    /// <param name="messages">Numbers below 2^bits.</param>
    /// <param name="channel">Noise variances at a power of 1.</param>
    /// <param name="noise">Where the channel's noise comes from.</param>
    /// <returns>Logits [batch, 2^bits] and what was sent, [batch, uses].</returns>
    public (Tensor Logits, Tensor Sent) Run(ReadOnlySpan<int> messages, FeedbackChannel channel, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(noise);
        if (messages.IsEmpty) throw new ArgumentException("FeedbackCode: no messages, at least one is needed", nameof(messages));
        foreach (var m in messages)
            if (m < 0 || m >= 1 << MessageBits) throw new ArgumentException($"FeedbackCode: message {m}, 0 to {(1 << MessageBits) - 1} are possible", nameof(messages));
        var sent = new Tensor[Uses];
        var received = new Tensor[Uses];
        Transmit(messages, channel, noise, (use, raw) => Training ? Spread(raw) : (_mean.Narrow(0, use, 1), _deviation.Narrow(0, use, 1)), sent, received);
        return (Decode(Tensor.Cat(received, 1)), Tensor.Cat(sent, 1));
    }

    /// <summary>Logits [batch, 2^bits] of the messages, from what the receiver got.</summary>
    /// <param name="received">[batch, uses].</param>
    public Tensor Decode(Tensor received)
    {
        ArgumentNullException.ThrowIfNull(received);
        if (received.Dim != 2 || received.Size(1) != Uses) throw new ArgumentException($"FeedbackCode: received [batch, {Uses}] is needed, not [{string.Join(", ", received.Shape.ToArray())}]");
        var states = _decoder.Forward(received.Unsqueeze(2)).Reshape(received.Size(0), Uses, 2, -1);
        return _head.Forward((states * _attention.Softmax(0).Unsqueeze(2)).Sum(1).Reshape(received.Size(0), -1));
    }

    /// <summary>Fixes the means and deviations by which the power control layer scales each use, from random messages; once after training.</summary>
    /// <param name="channel">The channel that the code is to be used on.</param>
    /// <param name="random">Where messages and noise come from.</param>
    /// <param name="blocks">How many blocks; the power is exact up to about 1/√blocks.</param>
    public void Calibrate(FeedbackChannel channel, RandomStream random, int blocks = 16384)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 2);
        using var quiet = new NoGrad();
        using var scope = new TensorScope("calibrate");
        var messages = new int[blocks];
        foreach (ref var m in messages.AsSpan()) m = random.NextInt(1 << MessageBits);
        Transmit(messages, channel, random, (use, raw) =>
        {
            var (mean, deviation) = Spread(raw);
            (_mean.Data[use], _deviation.Data[use]) = (mean.Item(), deviation.Item());
            return (mean, deviation);
        }, new Tensor[Uses], new Tensor[Uses]);
    }

    // Use by use; the encoder sees the message, what it sent last and the noise that the feedback shows.
    private void Transmit(ReadOnlySpan<int> messages, FeedbackChannel channel, RandomStream noise, Func<int, Tensor, (Tensor Mean, Tensor Deviation)> scale, Tensor[] sent, Tensor[] received)
    {
        var batch = messages.Length;
        var bits = Tensor.Zeros(batch, MessageBits);
        for (var i = 0; i < bits.Numel; i++) bits.Data[i] = ((messages[i / MessageBits] >> (i % MessageBits)) & 1) == 1 ? 1 : -1;
        var amplitude = (_power.Softmax(0) * Uses).Sqrt();
        var (forward, backward) = ((float)Math.Sqrt(channel.Noise), (float)Math.Sqrt(channel.FeedbackNoise));
        Tensor? state = null;
        var last = Tensor.Zeros(batch, 2);
        for (var use = 0; use < Uses; use++)
        {
            (var output, state) = _encoder.Run(Tensor.Cat([bits, last], 1).Unsqueeze(1), state);
            var raw = _send.Forward(output.Squeeze(1));
            var (mean, deviation) = scale(use, raw);
            sent[use] = (raw - mean) / deviation * amplitude.Narrow(0, use, 1);
            var seen = Tensor.Randn(noise, batch, 1) * forward;
            received[use] = sent[use] + seen;
            last = Tensor.Cat([sent[use], seen + (Tensor.Randn(noise, batch, 1) * backward)], 1);
        }
    }

    private static (Tensor Mean, Tensor Deviation) Spread(Tensor raw)
    {
        var mean = raw.Mean(0);
        return (mean, ((raw - mean).Square().Mean(0) + 1e-8f).Sqrt());
    }
}
