using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// "Improving test-time performance of RVQ-based neural codecs": residual codes chosen by a beam over the stages, against the nearest code of each stage;
/// the same tables, the same bits, nothing trained again.
/// </summary>
public sealed class RvqBeamEncodingStudy : Study
{
    private const int Stages = 4, Codes = 64, Width = 16, Clusters = 32;

    /// <inheritdoc/>
    public override string Slug => "rvq-beam-encoding";

    /// <inheritdoc/>
    public override string Claim => "A beam of 4 over the stages of a residual quantiser finds codes with at least 2 % less squared error than the greedy choice, with the same tables and bits.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Tables: 4 stages of 64 codes of width 16, each k-means (k-means++, at most 25 rounds) on what the greedy stages before leave of the training vectors; a seed's tables are the same in both arms. " +
        "Baseline: the nearest code of each stage (a beam of 1); method: a beam of 4. Both send 24 bits a vector. Read: the mean squared error of 1,000 test vectors; the same with four times the arm's beam, so that 16 is read against 4; " +
        "and the same with tables fitted to frames of tones, as the signal-to-noise ratio of the decoded tones. The cost is distances to codes for a vector. Nothing is tuned.";

    /// <inheritdoc/>
    public override string Differs =>
        "Gaussian-mixture vectors and frames of synthetic tones in place of a trained speech codec's latents; decoded tones are the codes' sums, there is no decoder network, and no listening. Tables come from k-means rather than from training with a network.";

    /// <inheritdoc/>
    public override string Data => "generated: 1,000 test and 4,000 training vectors of a mixture of 32 Gaussians in 16 dimensions (means of standard deviation 2, each cluster with scales of its own between 0.2 and 1); tones (make:tones,n=600,samples=256) cut into frames of 16 samples";

    /// <inheritdoc/>
    public override Measure Primary => new("squared error", "", Better.Lower, 0.02, Ratio: true);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("squared error, four times the beam", "", Better.Lower, Ratio: true),
        new("decoded SNR of tones", "dB", Better.Higher),
        new("bits a vector", "bits", Better.Lower),
        new("distances a vector", "", Better.Lower),
    ];

    /// <inheritdoc/>
    public override string Baseline => "greedy: the nearest code of each stage";

    /// <inheritdoc/>
    public override string Method => "a beam of 4 partial sums";

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        using var quiet = new NoGrad();
        using var scope = new TensorScope("beam study");
        var beam = arm == Arm.Method ? 4 : 1;
        var codes = trial.Pick(8, Codes, Codes);
        var test = Mixture(trial.Pick(100, 1000, 1000), new RandomStream(0).Fork("test vectors"));
        var tables = Tables(Mixture(trial.Pick(300, 2000, 4000), trial.Random("training vectors")), codes, trial.Random("tables"));
        var errors = Errors(test, tables, beam);
        trial.Stop.ThrowIfCancellationRequested();
        var tones = StudyData.Split(StudyData.Load(trial, "make:tones,n=600,samples=256"), trial, trial.Pick(20, 200, 400), 1, trial.Pick(20, 100, 100));
        var frames = Frames(tones.Test.Features);
        var left = Errors(frames, Tables(Frames(tones.Train.Features), codes, trial.Random("tone tables")), beam);
        return new Outcome
        {
            [Primary.Name] = errors.Average(),
            ["squared error, four times the beam"] = Errors(test, tables, 4 * beam).Average(),
            ["decoded SNR of tones"] = 10 * Math.Log10(frames.Square().Sum().Item() / left.Sum()),
            ["bits a vector"] = Stages * Math.Log2(codes),
            ["distances a vector"] = codes * (1 + ((Stages - 1) * Math.Min(beam, codes))),
            Examples = errors,
        };
    }

    // The mixture itself is the same for all seeds.
    private static Tensor Mixture(int rows, RandomStream random)
    {
        var shape = new RandomStream(0).Fork("mixture");
        var means = Enumerable.Range(0, Clusters * Width).Select(_ => 2 * shape.NextGaussian()).ToArray();
        var scales = Enumerable.Range(0, Clusters * Width).Select(_ => 0.2 + (0.8 * shape.NextDouble())).ToArray();
        var vectors = Tensor.Zeros(rows, Width);
        for (var i = 0; i < rows; i++)
        {
            var cluster = random.NextInt(Clusters) * Width;
            for (var d = 0; d < Width; d++) vectors.Data[(i * Width) + d] = (float)(means[cluster + d] + (scales[cluster + d] * random.NextGaussian()));
        }
        return vectors;
    }

    private static Tensor Frames(float[] samples) => Tensor.From(samples.AsSpan(0, samples.Length / Width * Width), samples.Length / Width, Width);

    private static Tensor[] Tables(Tensor rows, int codes, RandomStream random)
    {
        var tables = new Tensor[Stages];
        for (var stage = 0; stage < Stages; stage++)
        {
            tables[stage] = KMeans.Fit(rows, codes, 25, random).Centres;
            rows -= tables[stage].IndexSelect(0, rows.NearestRows(tables[stage]));
        }
        return tables;
    }

    // The squared distance of each vector from the sum of its codes.
    private static double[] Errors(Tensor x, Tensor[] tables, int beam)
    {
        var indices = BeamEncoding.Encode(x, tables, beam);
        var errors = new double[x.Size(0)];
        for (var i = 0; i < errors.Length; i++)
            for (var d = 0; d < Width; d++)
            {
                var sum = 0.0;
                for (var stage = 0; stage < Stages; stage++) sum += tables[stage].Data[((int)indices.Data[(i * Stages) + stage] * Width) + d];
                errors[i] += Math.Pow(x.Data[(i * Width) + d] - sum, 2);
            }
        return errors;
    }
}
