using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Isthmus.Reports;

/// <summary>
/// One JSON object on a line. Properties get snake_case names. JSON has no NaN and no infinity: they become null, and an array
/// <c>notes</c> of the object says which field was what.
/// </summary>
public static class JsonOutput
{
    private const string Sentinel = "\u0000number:"; // no text of a person begins with it: JSON text is scanned for it below

    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 64,
        Converters = { new DoubleConverter(), new SingleConverter(), new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>An enumeration's value as JSON writes it: <c>no-alarm</c>.</summary>
    public static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>Writes an object and a line end.</summary>
    public static void Write(TextWriter output, object value) => output.WriteLine(ToJson(value));

    /// <summary>The JSON of an object.</summary>
    /// <exception cref="ArgumentException">The value is not written as a JSON object.</exception>
    public static string ToJson(object value)
    {
        if (JsonSerializer.SerializeToNode(value, value.GetType(), s_options) is not JsonObject root)
            throw new ArgumentException($"{value.GetType()} is not a JSON object", nameof(value));
        var notes = new List<string>();
        Replace(root, "", notes);
        if (notes.Count > 0)
        {
            if (root["notes"] is not JsonArray array) root["notes"] = array = [];
            foreach (var note in notes) array.Add((JsonNode)note);
        }
        return root.ToJsonString(s_options);
    }

    private static void Replace(JsonNode node, string path, List<string> notes)
    {
        if (node is JsonObject record)
        {
            foreach (var (name, child) in record.ToArray())
                if (Replaced(child, path.Length == 0 ? name : path + "." + name, notes)) record[name] = null;
        }
        else if (node is JsonArray array)
        {
            for (var i = 0; i < array.Count; i++)
                if (Replaced(array[i], FormattableString.Invariant($"{path}[{i}]"), notes)) array[i] = null;
        }
    }

    private static bool Replaced(JsonNode? child, string path, List<string> notes)
    {
        if (child is JsonValue value && value.TryGetValue<string>(out var text) && text.StartsWith(Sentinel, StringComparison.Ordinal))
        {
            notes.Add($"{path} is {text[Sentinel.Length..]}");
            return true;
        }
        if (child is JsonObject or JsonArray) Replace(child, path, notes);
        return false;
    }

    private static string Name(double value) =>
        Sentinel + (double.IsNaN(value) ? "not a number" : value > 0 ? "infinite" : "minus infinity");

    private sealed class DoubleConverter : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteStringValue(Name(value));
        }
    }

    private sealed class SingleConverter : JsonConverter<float>
    {
        public override float Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetSingle();

        public override void Write(Utf8JsonWriter writer, float value, JsonSerializerOptions options)
        {
            if (float.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteStringValue(Name(value));
        }
    }
}
