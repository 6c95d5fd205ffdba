using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Isthmus.Runs;

/// <summary>
/// A line of the log: a JSON object whose last field is the SHA-256 of all bytes before it. The first line names the model, each other
/// one the hash of the line before it.
/// </summary>
internal static class AuditLine
{
    /// <summary>No line is longer, bytes.</summary>
    public const int Longest = 1 << 22;

    private const int HashLength = 64;
    private static readonly byte[] s_mark = ",\"hash\":\""u8.ToArray(), s_end = "\"}"u8.ToArray();
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    private static readonly JsonSerializerOptions s_json = new(RunFolder.Json)
    {
        WriteIndented = false,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // the value of "block feature.3" is not a number
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>The first line, without its end.</summary>
    public static byte[] Header(string modelSha256) => Closed(s_strict.GetBytes($"{{\"format\":\"isthmus-edits-1\",\"model_sha256\":\"{modelSha256}\""));

    /// <summary>An entry's line, without its end.</summary>
    /// <exception cref="InputException">It would be too long.</exception>
    public static byte[] Of(AuditEntry entry)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(entry, s_json);
        return bytes.Length + 256 <= Longest ? Closed(bytes.AsSpan(..^1)) : throw new InputException($"the edit is too long for the log: {bytes.Length} bytes", "fewer changes at once, or a shorter comment");
    }

    /// <summary>The hash at a line's end; null where there is none.</summary>
    public static string? HashOf(ReadOnlySpan<byte> line) => Split(line) is { } at && At(line, at) is { } hash ? hash : null;

    /// <summary>The hash that a line's bytes have; null where it has no end.</summary>
    public static string? TrueHashOf(ReadOnlySpan<byte> line) => Split(line) is { } at ? Hash(line[..at]) : null;

    /// <summary>The model that a first line names; null where it is none.</summary>
    public static string? ModelOf(ReadOnlySpan<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(s_strict.GetString(line));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("model_sha256", out var model) && model.ValueKind == JsonValueKind.String ? model.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Reads an entry.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="fault">Why it cannot be read; null where it can.</param>
    public static AuditEntry? Read(ReadOnlySpan<byte> line, out string? fault)
    {
        try
        {
            fault = null;
            var entry = JsonSerializer.Deserialize<AuditEntry>(s_strict.GetString(line), s_json);
            if (entry is { Who: not null, InputSha256: not null, Inference: not null, Edit: not null, Changes: not null, Set: not null, Before: not null, After: not null, Previous: not null }
                && entry.Changes.All(c => c is { Name: not null })) return entry;
            fault = "it lacks fields of an entry";
        }
        catch (DecoderFallbackException)
        {
            fault = "it is not UTF-8";
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            fault = "it is not an entry of this log";
        }
        return null;
    }

    private static byte[] Closed(ReadOnlySpan<byte> body) => [.. body, .. s_mark, .. s_strict.GetBytes(Hash(body)), .. s_end];

    private static string Hash(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));

    // Where the body ends.
    private static int? Split(ReadOnlySpan<byte> line)
    {
        var at = line.Length - s_mark.Length - HashLength - s_end.Length;
        return at >= 0 && line[at..].StartsWith(s_mark) && line.EndsWith(s_end) ? at : null;
    }

    private static string? At(ReadOnlySpan<byte> line, int body)
    {
        var hash = line.Slice(body + s_mark.Length, HashLength);
        foreach (var digit in hash)
            if (digit is not (>= (byte)'0' and <= (byte)'9' or >= (byte)'a' and <= (byte)'f')) return null;
        return Encoding.ASCII.GetString(hash);
    }
}
