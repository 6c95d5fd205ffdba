using System.Reflection;
using System.Text.Json.Nodes;

namespace Isthmus.Runs;

/// <summary>The JSON schema of recipes, for editors; made from the same declarations that recipes are checked by.</summary>
public static class RecipeSchema
{
    /// <summary>The schema (JSON Schema 2020-12).</summary>
    public static JsonObject Build()
    {
        var schema = Record(typeof(Recipe));
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        schema["title"] = "Isthmus recipe";
        return schema;
    }

    private static JsonObject Record(Type type, string? name = null, string? summary = null)
    {
        var properties = new JsonObject();
        if (name is not null) properties["type"] = new JsonObject { ["const"] = name };
        var defaults = OptionModel.Default(type);
        foreach (var field in OptionModel.Fields(type)) properties[field.Name] = Field(field, field.Property.GetValue(defaults));
        var record = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (name is not null) record["required"] = new JsonArray("type");
        if (summary is not null) record["description"] = summary;
        return record;
    }

    private static JsonObject Field(OptionField field, object? value)
    {
        var schema = Shape(field);
        if (field.Nullable) schema = new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
        if (field.Option.Summary.Length > 0) schema["description"] = field.Option.Unit.Length > 0 ? $"{field.Option.Summary} ({field.Option.Unit})" : field.Option.Summary;
        if (Default(value) is { } node) schema["default"] = node;
        return schema;
    }

    private static JsonObject Shape(OptionField field)
    {
        if (field.Property.GetCustomAttribute<ChosenFromAttribute>() is { } chosen)
        {
            var entries = Registries.Of(chosen.Kind);
            return new JsonObject
            {
                ["oneOf"] = new JsonArray([new JsonObject { ["enum"] = new JsonArray([.. entries.Select(e => (JsonNode)e.Name)]) }, .. entries.Select(e => (JsonNode)Record(e.OptionsType, e.Name, e.Summary))]),
            };
        }
        if (field.Type == typeof(IReadOnlyDictionary<string, double>)) return new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "number" } };
        if (field.Element is { } element) return new JsonObject { ["type"] = "array", ["items"] = Scalar(field, element) ?? Record(element) };
        return Scalar(field, field.Type) ?? Record(field.Type);
    }

    private static JsonObject? Scalar(OptionField field, Type type)
    {
        if (field.Words.Count > 0) return new JsonObject { ["enum"] = new JsonArray([.. field.Words.Select(w => (JsonNode)w)]) };
        if (type == typeof(string)) return new JsonObject { ["type"] = "string" };
        if (type == typeof(bool)) return new JsonObject { ["type"] = "boolean" };
        if (!type.IsPrimitive) return null;
        var number = new JsonObject { ["type"] = type == typeof(double) || type == typeof(float) ? "number" : "integer" };
        if (double.IsFinite(field.Option.Min)) number[field.Option.AboveMin ? "exclusiveMinimum" : "minimum"] = field.Option.Min;
        else if (type == typeof(ulong)) number["minimum"] = 0;
        if (double.IsFinite(field.Option.Max)) number["maximum"] = field.Option.Max;
        return number;
    }

    private static JsonNode? Default(object? value) => value switch
    {
        bool v => v,
        string v => v,
        int v => v,
        long v => v,
        ulong v => v,
        double v when double.IsFinite(v) => v,
        float v when float.IsFinite(v) => v,
        Enum v => OptionModel.Word(v.ToString()),
        _ => null,
    };
}
