using System.Buffers.Binary;
using System.Security.Cryptography;
using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What writing messages took.</summary>
public sealed record ShipmentReport
{
    /// <summary>Messages written: one a row, of a text one a token; what fills its last window is not sent.</summary>
    public int Samples { get; init; }

    /// <summary>Bytes written, headers and checksums included.</summary>
    public long Bytes { get; init; }

    /// <summary>8 x bytes / samples.</summary>
    public double BitsPerSample { get; init; }

    /// <summary>What the tables charge for the same messages, bits a sample: the code length without headers and the coder's own loss.</summary>
    public double? BoundBits { get; init; }

    /// <summary>Images reconstructed from the shipped messages: peak signal to noise ratio in decibels, for pixels in [0, 1]; else null.</summary>
    public double? PsnrDb { get; init; }

    /// <summary>Bytes of the model file, which the receiver has to have; not part of the bill.</summary>
    public long ModelBytes { get; init; }
}

/// <summary>A run's messages as <c>.isth</c> bytes, and back.</summary>
public sealed class Shipment
{
    /// <summary>The most rows that share a frame: what a header claims takes memory before its message is read.</summary>
    public const int MaxRowsAFrame = 1024;

    private readonly Model _model;
    private readonly ulong _modelDigest, _tableDigest;
    private long _modelBytes;

    /// <summary>For a model, under a digest of its file that sender and receiver share.</summary>
    /// <param name="model">The trained model, frozen.</param>
    /// <param name="modelDigest">64 bits that name the model file.</param>
    public Shipment(Model model, ulong modelDigest)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _modelDigest = modelDigest;
        _tableDigest = model.Network.Bottleneck.FrozenTables is { } tables ? First64(SHA256.HashData(tables)) : 0;
    }

    /// <summary>For a run: the digest is the first 64 bits of the SHA-256 of its model file.</summary>
    public static Shipment Of(Run run)
    {
        ArgumentNullException.ThrowIfNull(run);
        using var file = File.OpenRead(Path.Combine(run.Folder, RunFolder.ModelName));
        return new Shipment(run.Model, First64(SHA256.HashData(file))) { _modelBytes = file.Length };
    }

    /// <summary>Writes the messages of some rows as one file: a session record, frames of rows, an end record.</summary>
    /// <param name="data">Rows through the run's schema.</param>
    /// <param name="rows">Which.</param>
    /// <param name="to">Where to; written only forwards.</param>
    /// <param name="rowsAFrame">How many rows share a frame, 1 to <see cref="MaxRowsAFrame"/>; 1 for frames that can be decoded one by one.</param>
    /// <param name="stop">Ends the work.</param>
    public ShipmentReport Write(Dataset data, ReadOnlySpan<int> rows, Stream to, int rowsAFrame = MaxRowsAFrame, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (rowsAFrame is < 1 or > MaxRowsAFrame) throw new ArgumentOutOfRangeException(nameof(rowsAFrame), rowsAFrame, $"expected 1 to {MaxRowsAFrame}");
        var units = _model.Units;
        rowsAFrame = Math.Min(rowsAFrame, Math.Max(1, MaxRowsAFrame / units));
        var writer = new FrameFileWriter(to, Session(rowsAFrame * units));
        var (samples, cost, errors, numbers) = (0, 0.0, 0.0, 0L);
        using var noGrad = new NoGrad();
        _model.Network.Eval();
        for (var at = 0; at < rows.Length; at += rowsAFrame)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("shipment");
            var part = rows.Slice(at, Math.Min(rowsAFrame, rows.Length - at));
            var batch = Batches.Of(data, part);
            var present = Batches.Present(_model, data, part);
            var features = _model.Network.Encoder.Forward(batch.Inputs);
            if (present.Length < part.Length * units) features = features.IndexSelect(0, LongTensor.From(present, present.Length));
            var passage = _model.Network.Bottleneck.Pass(features, new PassContext(PassMode.Ship, new RandomStream(0)));
            var message = new MessageWriter();
            _model.Network.Bottleneck.Write(passage.Message(), message);
            writer.Append(Session(present.Length) with { Payload = message.Finish() });
            samples += present.Length;
            var meter = new CostMeter();
            _model.Network.Bottleneck.Write(passage.Message(), meter);
            cost += meter.Cost.Value;
            if (!IsImage(data)) continue;
            errors += (Evaluator.Readable(_model, _model.Network.Decoder.Forward(passage.Output)).Reshape(batch.Inputs.Shape) - batch.Inputs).Square().Sum().Item();
            numbers += batch.Inputs.Numel;
        }
        writer.Complete();
        return new ShipmentReport
        {
            Samples = samples,
            Bytes = writer.BytesWritten,
            BitsPerSample = samples == 0 ? 0 : 8.0 * writer.BytesWritten / samples,
            BoundBits = samples == 0 ? null : cost / samples,
            ModelBytes = _modelBytes,
            PsnrDb = numbers > 0 && errors > 0 ? 10 * Math.Log10(numbers / errors) : null,
        };
    }

    /// <summary>Reads a file and gives the decoder's answers, frame by frame: probabilities, numbers in the units of the network, or reconstructions.</summary>
    /// <param name="from">Read only forwards.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">The bytes are damaged, or another model wrote them.</exception>
    public IEnumerable<Tensor> Read(Stream from, CancellationToken stop = default)
    {
        var reader = new FrameFileReader(from);
        if (reader.Session.ModelDigest != _modelDigest || reader.Session.TableDigest != _tableDigest)
            throw new CodingException(CodingError.DigestMismatch, "the file was written with another model than this run's", "decode with the run that encoded it; a run trained again is another model");
        while (reader.ReadNext() is { } frame)
        {
            stop.ThrowIfCancellationRequested();
            yield return Answer(frame);
        }
    }

    private Tensor Answer(Frame frame)
    {
        frame.Require(_modelDigest, _tableDigest);
        var most = Math.Max(MaxRowsAFrame, _model.Units);
        if (frame.Shape is not [var count] || count < 1 || count > most)
            throw new CodingException(CodingError.InvalidHeader, $"message {frame.Sequence} has the shape [{string.Join(", ", frame.Shape)}], expected [rows] with 1 to {most} rows");
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("shipment");
        var symbols = frame.Payload.Open();
        var message = _model.Network.Bottleneck.Read(symbols, new MessageShape(count));
        symbols.Finish();
        return scope.Keep(Evaluator.Readable(_model, _model.Network.Decoder.Forward(_model.Network.Bottleneck.Restore(message))));
    }

    private Frame Session(int rows) => new() { ModelDigest = _modelDigest, TableDigest = _tableDigest, Shape = [rows] };

    private bool IsImage(Dataset data) => _model.Task == RunTask.Reconstruction && data.Kind == DataKind.Images;

    private static ulong First64(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash);
}
