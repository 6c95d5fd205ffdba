using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>What the messages of some rows cost when they are really written, and how good the answers are then.</summary>
public sealed record Bill
{
    /// <summary>index, rounded, dithered or floats: the message that was written.</summary>
    public required string Message { get; init; }

    /// <summary>8 x the bytes of one file of all rows, divided by the rows.</summary>
    public double StreamBits { get; init; }

    /// <summary>8 x the bytes of a file whose every row is a frame of its own, divided by the rows.</summary>
    public double FrameBits { get; init; }

    /// <summary>What the tables charge: the bill without headers and without the coder's own loss.</summary>
    public double CostBits { get; init; }

    /// <summary>What the mean code would cost if it were rounded to the same levels without dither, under static tables of the training
    /// rows, bits; null where the code states no noise.</summary>
    public double? RoundedMeanBits { get; init; }

    /// <summary>Bytes of the model file, which the receiver needs once; not part of the bill. 0 where there is no file.</summary>
    public long ModelBytes { get; init; }

    /// <summary>Quality of the answers that a receiver gives to these messages.</summary>
    public Quality? Quality { get; init; }

    /// <summary>Writes the messages to nowhere and counts.</summary>
    /// <param name="model">The trained model, frozen.</param>
    /// <param name="data">The data.</param>
    /// <param name="rows">Which rows; none of them may have been trained on.</param>
    /// <param name="training">The training rows, which the trivial answer is made of.</param>
    /// <param name="modelFile">The model file, whose bytes are listed apart; null for none.</param>
    /// <param name="stop">Ends the work.</param>
    public static Bill Of(Model model, Dataset data, int[] rows, int[] training, string? modelFile = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(rows);
        var shipment = new Shipment(model, 0);
        var stream = shipment.Write(data, rows, Stream.Null, stop: stop);
        var frames = shipment.Write(data, rows, Stream.Null, 1, stop);
        return new Bill
        {
            Message = model.Network.Bottleneck.MessageName(Bottlenecks.PassMode.Ship),
            StreamBits = stream.BitsPerSample,
            FrameBits = frames.BitsPerSample,
            CostBits = stream.BoundBits ?? 0,
            ModelBytes = modelFile is null ? 0 : new FileInfo(modelFile).Length,
            RoundedMeanBits = RoundedMean.Cost(model, data, rows, training, stop),
            Quality = Runs.Quality.Of(model, data, training, Evaluator.Run(model, data, rows, Inference.Ship, stop: stop)),
        };
    }
}
