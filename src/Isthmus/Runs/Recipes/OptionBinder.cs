using System.Globalization;
using System.Reflection;

namespace Isthmus.Runs;

/// <summary>Turns a tree into an options record and collects everything that is wrong with it instead of stopping at the first.</summary>
internal sealed class OptionBinder
{
    private const string TypeField = "type";

    private readonly List<string> _problems = [];

    /// <summary>Everything wrong, in the order of the text, each with its place.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The record that the tree describes; fields that are not there keep the values of <paramref name="start"/>.</summary>
    public object Bind(YamlNode node, object start, string path)
    {
        if (node is not YamlMap map)
        {
            Problem(node.Where, $"{(path.Length == 0 ? "a recipe" : path)} is a set of fields 'name: value'");
            return start;
        }
        var result = OptionModel.Copy(start);
        BindInto(map, result, path, skip: null);
        return result;
    }

    private void BindInto(YamlMap map, object target, string path, string? skip)
    {
        var fields = OptionModel.Fields(target.GetType());
        foreach (var (key, where, value) in map.Entries)
        {
            if (key == skip) continue;
            var inner = path.Length == 0 ? key : $"{path}.{key}";
            if (fields.FirstOrDefault(f => f.Name == key) is not { } field)
            {
                Unknown(where, "field", inner, key, fields.Select(f => f.Name));
                continue;
            }
            if (ValueOf(value, field, field.Property.GetValue(target), inner) is var (bound, good) && good) field.Property.SetValue(target, bound);
        }
    }

    private (object? Value, bool Good) ValueOf(YamlNode node, OptionField field, object? start, string path)
    {
        if (node is YamlScalar { IsNull: true })
        {
            if (field.Nullable) return (null, true);
            return Wrong(node, path, "nothing", Expected(field));
        }
        if (field.Property.GetCustomAttribute<ChosenFromAttribute>() is { } chosen) return ChoiceOf(node, Registries.Of(chosen.Kind), start as Choice, path);
        if (field.Type == typeof(IReadOnlyDictionary<string, double>)) return WeightsOf(node, path);
        if (field.Element is { } element) return ListOf(node, field, element, path);
        if (!IsScalar(field.Type)) return (Bind(node, start ?? OptionModel.Default(field.Type), path), true);
        return node is YamlScalar scalar ? ScalarOf(scalar, field, field.Type, path) : Wrong(node, path, node is YamlList ? "a list" : "a set of fields", Expected(field));
    }

    private (object?, bool) ChoiceOf(YamlNode node, IReadOnlyList<RegistryEntry> entries, Choice? start, string path)
    {
        if (node is YamlScalar) node = new YamlMap(node.Where) { [TypeField] = node }; // `encoder: mlp` is short for `encoder: {type: mlp}`
        if (node is not YamlMap fields) return Wrong(node, path, "a list", "a set of fields with a type");
        var type = fields[TypeField] switch
        {
            YamlScalar scalar => scalar.Text,
            null => start?.Type,
            _ => "",
        };
        if (type is null) return Wrong(node, path, "a set of fields without a type", $"type: {string.Join(", ", entries.Take(8).Select(e => e.Name))}");
        if (entries.FirstOrDefault(e => e.Name == type) is not { } entry)
        {
            Unknown(fields[TypeField]?.Where ?? node.Where, "", $"{path}.type", type, entries.Select(e => e.Name));
            return (null, false);
        }
        var options = start?.Type == type ? OptionModel.Copy(start.Options) : OptionModel.Default(entry.OptionsType);
        BindInto(fields, options, path, TypeField);
        return (new Choice(type, options), true);
    }

    private (object?, bool) WeightsOf(YamlNode node, string path)
    {
        if (node is not YamlMap map) return Wrong(node, path, "no set of fields", "'term: weight' pairs");
        var weights = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (key, where, value) in map.Entries)
        {
            if (value is YamlScalar scalar && double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) weights[key] = number;
            else Problem(where, $"{path}.{key} is a number");
        }
        return (weights, true);
    }

    private (object?, bool) ListOf(YamlNode node, OptionField field, Type element, string path)
    {
        var items = node switch
        {
            YamlList list => list.Items,
            YamlScalar { Quoted: false } scalar when scalar.Text.Contains(',', StringComparison.Ordinal) => [.. scalar.Text.Split(',').Select(t => new YamlScalar(scalar.Where, t.Trim()))],
            _ => [node], // one value is a list of one
        };
        var values = Array.CreateInstance(element, items.Count);
        var good = true;
        for (var i = 0; i < items.Count; i++)
        {
            var at = FormattableString.Invariant($"{path}[{i}]");
            var (value, fine) = IsScalar(element)
                ? items[i] is YamlScalar scalar ? ScalarOf(scalar, field, element, at) : Wrong(items[i], at, "no single value", Expected(field))
                : (Bind(items[i], OptionModel.Default(element), at), true);
            good &= fine;
            if (fine) values.SetValue(value, i);
        }
        return (values, good);
    }

    private (object?, bool) ScalarOf(YamlScalar scalar, OptionField field, Type type, string path)
    {
        var text = scalar.Text;
        if (field.Words.Count > 0 && (type.IsEnum || type == typeof(string)))
        {
            if (!field.Words.Contains(text, StringComparer.Ordinal))
            {
                Unknown(scalar.Where, "", path, text, field.Words);
                return (null, false);
            }
            return (type.IsEnum ? Enum.GetValues(type).GetValue(field.Words.ToList().IndexOf(text)) : text, true);
        }
        if (type == typeof(string)) return (text, true);
        object? value = null;
        if (type == typeof(bool)) value = text switch { "true" or "yes" or "on" => true, "false" or "no" or "off" => false, _ => null };
        else if (type == typeof(int)) value = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : null;
        else if (type == typeof(long)) value = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : null;
        else if (type == typeof(ulong)) value = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;
        else if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) value = type == typeof(float) ? (object)(float)number : number;
        if (value is null || (value is not bool && !field.InRange(Convert.ToDouble(value, CultureInfo.InvariantCulture)))) return Wrong(scalar, path, $"'{Shown(text)}'", Expected(field, type));
        return (value, true);
    }

    private static bool IsScalar(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string);

    private static string Expected(OptionField field, Type? type = null)
    {
        type ??= field.Type;
        if (field.Words.Count > 0) return string.Join(", ", field.Words);
        var kind = type == typeof(bool) ? "true or false" : type == typeof(string) ? "a text" : field.Element is not null && type == field.Type ? "a list"
            : type.IsPrimitive && type != typeof(double) && type != typeof(float) ? "a whole number" : type.IsPrimitive ? "a number" : "a set of fields";
        var unit = field.Option.Unit.Length > 0 ? $" of {field.Option.Unit}" : "";
        return field.Range.Length > 0 ? $"{kind}{unit}, {field.Range}" : kind + unit;
    }

    private (object?, bool) Wrong(YamlNode node, string path, string given, string expected)
    {
        Problem(node.Where, $"{path} is {given}, expected {expected}");
        return (null, false);
    }

    private void Unknown(string where, string what, string path, string given, IEnumerable<string> names)
    {
        var near = Suggest.Near(given, names);
        var hint = near.Count > 0 ? $"did you mean {string.Join(" or ", near.Select(n => $"'{n}'"))}?" : $"known: {string.Join(", ", names.Take(10))}";
        Problem(where, what.Length > 0 ? $"unknown {what} '{Shown(path)}' ({hint})" : $"{path} is '{Shown(given)}' ({hint})");
    }

    private void Problem(string where, string text) => _problems.Add($"{where}: {text}");

    private static string Shown(string text)
    {
        var line = new string([.. text.Take(80).Select(c => char.IsControl(c) ? '?' : c)]);
        return text.Length > 80 ? line + "…" : line;
    }
}
