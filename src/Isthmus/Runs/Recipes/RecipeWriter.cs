using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Isthmus.Runs;

/// <summary>Writes records as YAML that <see cref="OptionBinder"/> reads back to equal records.</summary>
internal sealed partial class RecipeWriter(bool comments)
{
    private readonly StringBuilder _text = new();

    public string Write(Recipe recipe)
    {
        Fields(recipe, "", null);
        return _text.ToString();
    }

    private void Fields(object record, string indent, string? firstPrefix)
    {
        foreach (var field in OptionModel.Fields(record.GetType()))
        {
            _text.Append(firstPrefix ?? indent).Append(field.Name).Append(':');
            firstPrefix = null;
            Value(field.Property.GetValue(record), field, indent + "  ");
        }
    }

    private void Value(object? value, OptionField field, string indent)
    {
        switch (value)
        {
            case Choice choice:
                Comment(field).Append('\n').Append(indent).Append("type: ").Append(Word(choice.Type)).Append('\n');
                Fields(choice.Options, indent, null);
                break;
            case IReadOnlyDictionary<string, double> weights:
                _text.Append(" {").AppendJoin(", ", weights.Select(w => $"{Word(w.Key)}: {Scalar(w.Value)}")).Append('}');
                Comment(field).Append('\n');
                break;
            case IEnumerable list and not string:
                List([.. list.Cast<object>()], field, indent);
                break;
            case null or string or Enum or IFormattable or bool:
                _text.Append(' ').Append(Scalar(value));
                Comment(field).Append('\n');
                break;
            default:
                Comment(field).Append('\n');
                Fields(value, indent, null);
                break;
        }
    }

    private void List(object[] items, OptionField field, string indent)
    {
        if (items.All(i => i is string or IFormattable or bool))
        {
            _text.Append(" [").AppendJoin(", ", items.Select(Scalar)).Append(']');
            Comment(field).Append('\n');
            return;
        }
        Comment(field).Append('\n');
        foreach (var item in items) Fields(item, indent + "  ", indent + "- ");
    }

    private StringBuilder Comment(OptionField field)
    {
        if (!comments || field.Option.Summary.Length == 0) return _text;
        _text.Append("  # ").Append(field.Option.Summary);
        if (field.Words.Count > 0) _text.Append(": ").AppendJoin(", ", field.Words);
        var range = string.Join(", ", new[] { field.Option.Unit, field.Range }.Where(t => t.Length > 0));
        return range.Length > 0 ? _text.Append(" (").Append(range).Append(')') : _text;
    }

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool truth => truth ? "true" : "false",
        Enum word => OptionModel.Word(word.ToString()),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Word((string)value),
    };

    // JSON's quoted texts are YAML's; plain ones only where nothing could take them for something else.
    private static string Word(string text) => Plain().IsMatch(text) && text is not ("null" or "Null" or "NULL" or "true" or "false" or "yes" or "no" or "on" or "off")
        ? text : JsonSerializer.Serialize(text);

    [GeneratedRegex(@"^[A-Za-z_./][A-Za-z0-9_./=+-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
