using System.CommandLine;
using System.CommandLine.Parsing;

namespace Isthmus.Cli;

/// <summary>What was wrong with a command line, in one line, with the nearest valid name or the way to the help.</summary>
internal static class ParseErrors
{
    /// <summary>An unknown option that was taken for an argument, since nothing else could be made of it; null where there is none.</summary>
    public static InputException? UnknownOption(ParseResult parsed)
    {
        if (parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash)) return null; // what follows -- is meant as it is
        var taken = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).FirstOrDefault(t => t.Value.StartsWith("--", StringComparison.Ordinal));
        var command = parsed.CommandResult.Command;
        return taken is null ? null : Suggest.Unknown("option", taken.Value.Split('=')[0], OptionNames(command), $"'{Words(command)} --help' lists the options");
    }

    /// <summary>The first mistake.</summary>
    public static InputException First(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var help = $"'{Words(command)} --help' shows what goes there, with examples";
        var unknown = parsed.UnmatchedTokens.FirstOrDefault(t => t.StartsWith('-')) ?? parsed.UnmatchedTokens.FirstOrDefault();
        if (unknown is not null && unknown.Length > 1 && unknown.StartsWith('-'))
            return Suggest.Unknown("option", unknown.Split('=')[0], OptionNames(command), $"'{Words(command)} --help' lists the options");
        if (unknown is not null && command.Subcommands.Count > 0)
            return Suggest.Unknown("verb", unknown, command.Subcommands.Select(c => c.Name), $"'{Words(command)} --help' lists the verbs");
        if (unknown is not null) return new InputException($"unexpected argument '{unknown}'", help);
        if (command.Options.FirstOrDefault(o => o.Required && parsed.GetResult(o) is null or { IdentifierTokenCount: 0 }) is { } missing) return new InputException($"{missing.Name} is missing", help);
        var error = parsed.Errors[0];
        return error.SymbolResult switch
        {
            OptionResult option => OfOption(option, help),
            ArgumentResult { Parent: OptionResult option } => OfOption(option, help),
            ArgumentResult { Tokens.Count: 0 } argument => new InputException($"{argument.Argument.Name} is missing", help),
            ArgumentResult argument => new InputException($"{argument.Argument.Name} '{argument.Tokens[^1].Value}' is not {Kind(argument.Argument.ValueType)}", help),
            _ => new InputException(error.Message, help),
        };
    }

    private static InputException OfOption(OptionResult result, string help)
    {
        var option = result.Option;
        if (result.Tokens.Count == 0) return new InputException($"{option.Name} needs a value", help);
        if (result.IdentifierTokenCount > 1 && option.Arity.MaximumNumberOfValues <= 1)
            return new InputException($"{option.Name} is given {result.IdentifierTokenCount} times", help);
        return new InputException($"{option.Name} '{result.Tokens[^1].Value}' is not {Kind(option.ValueType)}", help);
    }

    private static string Kind(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.UInt64 or TypeCode.UInt32 => "a whole number from 0 upwards",
        TypeCode.Int32 or TypeCode.Int64 => "a whole number",
        TypeCode.Double or TypeCode.Single => "a number",
        TypeCode.Boolean => "true or false",
        _ => "valid here",
    };

    private static IEnumerable<string> OptionNames(Command command) =>
        command.Options.Concat(CommonOptions.All).SelectMany(o => o.Aliases.Prepend(o.Name)).Where(n => n.StartsWith("--", StringComparison.Ordinal));

    private static string Words(Symbol symbol) => symbol.Parents.FirstOrDefault() is { } parent ? $"{Words(parent)} {symbol.Name}" : symbol.Name;
}
