using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationTheory;

/// <summary>
/// "Robust Non-Linear Feedback Coding via Power-Constrained Deep Learning" (Kim, Kim, Love, Brinton 2023): a recurrent encoder that reads noisy
/// feedback, a power control layer, a recurrent decoder with attention, trained end to end.
/// </summary>
public sealed class NonlinearFeedbackCodeStudy : Study
{
    private const int MessageBits = 3, Uses = 9, Hidden = 32, Chunk = 4096;
    private const double Forward = 0, Feedback = 20, Noisier = 10; // decibels

    /// <inheritdoc/>
    public override string Slug => "nonlinear-feedback-code";

    /// <inheritdoc/>
    public override string Claim => "Over 9 uses of a Gaussian channel at 0 dB with feedback at 20 dB, a learnt recurrent code loses fewer blocks of 3 bits than the best linear code with maximum-likelihood decoding and than Schalkwijk and Kailath's code.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Method: GRU encoder (32 states, sees message, last symbol and the noise that feedback shows), power control, bidirectional GRU decoder with attention over uses; 2000 steps of Adam at 0.01 with a cosine, batch 512, cross-entropy of the 8 messages (steps, step size and batch were chosen on a seed that is not read). " +
        "Baseline: the better of two codes on the test blocks: the linear (9,3) code with the smallest union bound of all, decoded by maximum likelihood, without feedback; and Schalkwijk-Kailath with the same feedback, its powers and assumed noise optimised " +
        "for that feedback noise and an optimal linear receiver. Nothing is tuned. Mean power 1 a use for all, measured. Read: the share of 200,000 test blocks that are decoded wrongly, half a block being added so that no share is 0. " +
        "Secondary: the same with feedback at 10 dB (the learnt code as it was trained at 20 dB, only its power scaled anew; Schalkwijk-Kailath made anew).";

    /// <inheritdoc/>
    public override string Differs =>
        "One block of 3 bits, not 50 bits in blocks of 3; 2000 small steps in place of hours of training; one channel. The baselines are those of the stricter check, not repetition and the network without feedback; " +
        "Schalkwijk-Kailath is made stronger than the original, whose receiver does not know of noise in the feedback.";

    /// <inheritdoc/>
    public override string Data => "random messages and Gaussian noise, drawn by seed";

    /// <inheritdoc/>
    public override Measure Primary => new("block error", "share", Better.Lower, Ratio: true);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("block error, feedback at 10 dB", "share", Better.Lower, Ratio: true),
        new("over the linear code's", "ratio", Better.Lower, Ratio: true),
        new("over Schalkwijk-Kailath's", "ratio", Better.Lower, Ratio: true),
        new("mean power", "", Better.Lower, Ratio: true),
        new("mean power, feedback at 10 dB", "", Better.Lower, Ratio: true),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the better of the best linear code and Schalkwijk-Kailath";

    /// <inheritdoc/>
    public override string Method => "recurrent code with power control";

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("nonlinear-feedback-code sends random messages: it takes no --data");
        var (near, far) = (FeedbackChannel.FromDecibels(Forward, Feedback), FeedbackChannel.FromDecibels(Forward, Noisier));
        var (linear, classical) = (Linear(near, trial), Classical(near, trial));
        Reading at, beyond;
        if (arm == Arm.Method)
        {
            var code = Trained(near, trial);
            at = Learnt(code, near, trial);
            beyond = Learnt(code, far, trial);
        }
        else
        {
            at = Lower(linear, classical);
            beyond = Lower(linear, Classical(far, trial));
        }
        return new Outcome
        {
            ["block error"] = at.Error,
            ["block error, feedback at 10 dB"] = beyond.Error,
            ["over the linear code's"] = at.Error / linear.Error,
            ["over Schalkwijk-Kailath's"] = at.Error / classical.Error,
            ["mean power"] = at.Power,
            ["mean power, feedback at 10 dB"] = beyond.Power,
        };
    }

    private readonly record struct Reading(double Error, double Power);

    private static Reading Lower(Reading a, Reading b) => a.Error <= b.Error ? a : b;

    private static int Blocks(Trial trial) => trial.Pick(4000, 50_000, 200_000);

    private static Reading Read(int errors, double energy, Trial trial) => new((errors + 0.5) / Blocks(trial), energy / Blocks(trial) / Uses);

    private static Reading Linear(FeedbackChannel channel, Trial trial)
    {
        var code = LinearBlockCode.Best(Uses, MessageBits, channel.Noise);
        var (messages, noise, errors, received) = (trial.Random("messages"), trial.Random("channel"), 0, new double[Uses]);
        for (var block = 0; block < Blocks(trial); block++)
        {
            var message = messages.NextInt(1 << MessageBits);
            for (var use = 0; use < Uses; use++) received[use] = channel.Send(code.Sign(message, use), noise).Received;
            if (code.Decode(received) != message) errors++;
        }
        return Read(errors, (double)Blocks(trial) * Uses, trial);
    }

    private static Reading Classical(FeedbackChannel channel, Trial trial)
    {
        var code = LinearFeedbackCode.Design(1 << MessageBits, Uses, channel);
        var (messages, noise, errors, energy, received) = (trial.Random("messages"), trial.Random("channel"), 0, 0.0, new double[Uses]);
        for (var block = 0; block < Blocks(trial); block++)
        {
            var message = messages.NextInt(1 << MessageBits);
            energy += code.Send(message, channel, noise, received);
            if (code.Decode(received) != message) errors++;
        }
        return Read(errors, energy, trial);
    }

    private static FeedbackCode Trained(FeedbackChannel channel, Trial trial)
    {
        var code = new FeedbackCode(MessageBits, Uses, Hidden, trial.Random("weights"));
        var messages = trial.Random("training messages");
        const int batch = 512;
        MiniTrainer.Train(trial, code.NamedParameters(), batch, new MiniOptions { Steps = trial.Pick(3, 300, 2000), Batch = batch, LearningRate = 0.01, ClipNorm = 1 }, (rows, noise) =>
        {
            var sent = Draw(messages, rows.Length);
            return code.Run(sent, channel, noise).Logits.CrossEntropy(LongTensor.From(sent));
        });
        code.Eval();
        return code;
    }

    private static Reading Learnt(FeedbackCode code, FeedbackChannel channel, Trial trial)
    {
        // Scales are fixed for each channel by itself, so that the power is 1 on both.
        code.Calibrate(channel, trial.Random("calibration"), trial.Pick(2000, 32_000, 64_000));
        var (messages, noise, errors, energy) = (trial.Random("messages"), trial.Random("channel"), 0, 0.0);
        using var quiet = new NoGrad();
        for (var done = 0; done < Blocks(trial); done += Chunk)
        {
            using var scope = new TensorScope("blocks");
            var batch = Draw(messages, Math.Min(Chunk, Blocks(trial) - done));
            var (logits, sent) = code.Run(batch, channel, noise);
            foreach (var x in sent.Data) energy += (double)x * x;
            for (var i = 0; i < batch.Length; i++)
            {
                var scores = logits.Data.Slice(i << MessageBits, 1 << MessageBits);
                for (var other = 0; other < scores.Length; other++)
                    if (other != batch[i] && scores[other] >= scores[batch[i]])
                    {
                        errors++;
                        break;
                    }
            }
        }
        return Read(errors, energy, trial);
    }

    private static int[] Draw(RandomStream random, int count)
    {
        var messages = new int[count];
        foreach (ref var m in messages.AsSpan()) m = random.NextInt(1 << MessageBits);
        return messages;
    }
}
