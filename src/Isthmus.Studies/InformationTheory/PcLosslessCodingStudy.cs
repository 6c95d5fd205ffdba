using System.Diagnostics;
using System.IO.Compression;
using Isthmus.Coding;
using Isthmus.Information;

namespace Isthmus.Studies.InformationTheory;

/// <summary>"Lossless Compression with Probabilistic Circuits" (Liu, Mandt, Van den Broeck 2022): a circuit's exact conditionals drive an arithmetic coder.</summary>
public sealed class PcLosslessCodingStudy : Study
{
    private const int Side = BinaryDigits.Side;

    /// <inheritdoc/>
    public override string Slug => "pc-lossless-coding";

    /// <inheritdoc/>
    public override string Claim => "A probabilistic circuit with a range coder codes small binary images losslessly in fewer bits than an adaptive coder whose context is the nearest pixels.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms see the same 2000 images first and then write the same 500 others into one file by a range coder; the file is decoded and compared. Method: a hidden Chow-Liu tree, " +
        "distilled from clusters, 10 passes of expectation-maximisation, {16, 32} states. Baseline: adaptive contexts of the {10, 14} nearest coded pixels, primed with the same 2000 images, going on " +
        "to learn while it codes. Tuned on the model's bits of 500 validation images, other seeds. Read: the bits of the file, all of them, over the number of images.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST's test digits at 14 x 14 with two levels in place of 28 x 28 with 256; a tree of hidden variables with 32 states, not EiNets; neural coders are not run, so their speed is not compared. " +
        "The baseline is the 10-neighbour context coder that a careful engineer would write, not gzip (whose size is shown), and may take 14; lossless WebP is no part of .NET and is left out. " +
        "The circuit itself is not in the file, nor are the baseline's primed counts: decoder and encoder have them beforehand.";

    /// <inheritdoc/>
    public override string Data => "MNIST's 10,000 test digits at 14 x 14, two levels: 2000 to learn (new for each seed), 500 to validate, 500 to test";

    /// <inheritdoc/>
    public override Measure Primary => new("file", "bits per image", Better.Lower, Ratio: true);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("file beyond the model's bits", "share", Better.Lower),
        new("file over deflate's", "ratio", Better.Lower, Ratio: true),
        new("images that came back changed", "", Better.Lower),
        new("units visited for a pixel", "", Better.Lower, Ratio: true),
        new("units visited for a pixel if evaluated anew", "", Better.Lower, Ratio: true),
        new("time to code an image", "milliseconds", Better.Lower, Ratio: true),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Needs => ["mnist"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["BinaryDigits.cs"];

    /// <inheritdoc/>
    public override string Baseline => "adaptive bits in the context of the nearest pixels, primed";

    /// <inheritdoc/>
    public override string Method => "hidden Chow-Liu tree, conditionals in the order of its walk";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("neighbours", 10)), Configuration.Of(("neighbours", 14))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => [Configuration.Of(("states", 16)), Configuration.Of(("states", 32))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var parts = StudyData.Split(StudyData.Mnist(trial), trial, trial.Pick(60, 600, 2000), trial.Pick(20, 500, 500), trial.Pick(20, 500, 500));
        var (train, validation, test) = (BinaryDigits.Rows(parts.Train), BinaryDigits.Rows(parts.Validation), BinaryDigits.Rows(parts.Test));
        var model = arm == Arm.Method ? Circuit(train, configuration.Int("states"), trial) : Contexts(train, configuration.Int("neighbours"));
        var reading = ModelBits(model, validation).Average();
        if (trial.Tuning) return new Outcome { Tuning = reading };

        var writer = new MessageWriter();
        var encoder = model.Start();
        var clock = Stopwatch.StartNew();
        foreach (var image in test) encoder.Write(writer, image);
        var payload = writer.Finish(CoderKind.Range);
        var seconds = clock.Elapsed.TotalSeconds;
        var (reader, decoder, changed) = (payload.Open(), model.Start(), 0);
        foreach (var image in test)
            if (!decoder.Read(reader).AsSpan().SequenceEqual(image)) changed++;
        reader.Finish();
        var (bits, bytes) = (ModelBits(model, test), payload.Bytes.Length);
        return new Outcome
        {
            ["file"] = 8.0 * bytes / test.Length,
            ["file beyond the model's bits"] = (8.0 * bytes / model.Exact(test, bits)) - 1,
            ["file over deflate's"] = (double)bytes / Deflated(test),
            ["images that came back changed"] = changed,
            ["units visited for a pixel"] = model.Visits / (Side * Side),
            ["units visited for a pixel if evaluated anew"] = model.VisitsAnew / (Side * Side),
            ["time to code an image"] = 1000 * seconds / test.Length,
            Tuning = reading,
            Examples = bits,
        };
    }

    // One model of images: how to begin writing or reading with it, what its bits should be exactly, what a coded image visits.
    private sealed record Model(Func<Coder> Start, Func<int[][], double[], double> Exact, double Visits, double VisitsAnew);

    private sealed record Coder(Action<ISymbolWriter, int[]> Write, Func<ISymbolReader, int[]> Read);

    private static Model Contexts(int[][] train, int neighbours)
    {
        return new Model(() =>
        {
            var coder = new NeighbourImageCoder(neighbours);
            foreach (var image in train) coder.Learn(image, Side);
            return new Coder((writer, image) => coder.Write(writer, image, Side), reader =>
            {
                var image = new int[Side * Side];
                coder.Read(reader, image, Side);
                return image;
            });
        }, (_, bits) => bits.Sum(), Side * Side, Side * Side);
    }

    private static Model Circuit(int[][] train, int states, Trial trial)
    {
        var tree = ChowLiuTree.Learn(train, BinaryDigits.Alphabets);
        var labels = LatentDistillation.SubtreeLabels(tree, train, BinaryDigits.Alphabets, states, seed: (ulong)trial.Seed);
        var circuit = LatentDistillation.HiddenTree(tree, train, BinaryDigits.Alphabets, states, labels);
        CircuitLearning.Fit(circuit, train, new CircuitOptions { Iterations = trial.Pick(1, 5, 10), Pseudocount = 1 });
        var visits = new CircuitWalk(circuit).Visits;
        return new Model(() =>
        {
            var walk = new CircuitWalk(circuit);
            return new Coder((writer, image) => CircuitCoding.Write(writer, walk, image), reader => CircuitCoding.Read(reader, walk));
        }, (rows, _) => circuit.NegativeLogLikelihood(rows).Value * rows.Length, visits, (double)circuit.Units * Side * Side);
    }

    // The coder's own cost of each image, in their order.
    private static double[] ModelBits(Model model, int[][] rows)
    {
        var coder = model.Start();
        return [.. rows.Select(image =>
        {
            var meter = new CostMeter();
            coder.Write(meter, image);
            return meter.Cost.Value;
        })];
    }

    // All images in one stream, eight pixels a byte, at deflate's best.
    private static long Deflated(int[][] rows)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var (bits, count) = (0, 0);
            foreach (var pixel in rows.SelectMany(r => r))
            {
                bits |= pixel << count++;
                if (count < 8) continue;
                deflate.WriteByte((byte)bits);
                (bits, count) = (0, 0);
            }
            if (count > 0) deflate.WriteByte((byte)bits);
        }
        return packed.Length;
    }
}
