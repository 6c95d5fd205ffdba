using System.CommandLine.Parsing;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Isthmus.Cli;
using Isthmus.Cli.Verbs;
using Isthmus.Runs;

namespace Isthmus.Tests.Product;

/// <summary>The documentation says what is there: its commands parse and run, its links lead somewhere, no bottleneck is missing.</summary>
/// <remarks>
/// A command line is a line in a fenced block that begins with <c>./isthmus</c> or <c>isthmus</c>, with or without a prompt
/// <c>$ </c>. The commands of a page run one after another in an empty folder; a block whose fence says <c>needs=…</c>, as in
/// <c>```console needs=mnist</c>, needs data that the page does not make: it is parsed and not run.
/// </remarks>
public partial class DocsTest
{
    private static readonly string s_root = FindRoot();

    private sealed record CommandLine(string Page, int Number, string Text, bool NeedsData)
    {
        public string[] Args => [.. CommandLineParser.SplitCommandLine(Text).Skip(1)];

        public override string ToString() => $"{Page}:{Number}: {Text}";
    }

    private static IEnumerable<string> AllPages =>
        Directory.EnumerateFiles(Path.Combine(s_root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(s_root, "README.md")).Select(p => Path.GetRelativePath(s_root, p).Replace('\\', '/')).Order(StringComparer.Ordinal);

    public static TheoryData<string> Pages => [.. AllPages];

    public static TheoryData<string> PagesWithCommands => [.. AllPages.Where(p => Commands(p).Any(c => !c.NeedsData))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryCommand_IsParsed(string page) => Assert.All(Commands(page), c => Assert.True(IsParsed(c.Args), $"{c} is not a command line of isthmus"));

    [Theory]
    [InlineData("isthmus trian")]
    [InlineData("isthmus train --bta 1")]
    [InlineData("isthmus data")]
    [InlineData("isthmus encode one two")]
    public void WrongCommands_AreNoticed(string line) => Assert.False(IsParsed(new CommandLine("", 0, line, false).Args));

    [Fact]
    public void CommandsOfABlock_AreFound()
    {
        string[] lines = ["isthmus not in a block", "```console", "$ ./isthmus train --json  # a remark", "isthmus: a result", "```", "```sh needs=mnist", "isthmus data list > list.txt", "```"];
        Assert.Equal([("./isthmus train --json", false), ("isthmus data list", true)], Commands("page", lines).Select(c => (c.Text, c.NeedsData)));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryRelativeLink_LeadsToAFile(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(s_root, page))!;
        foreach (Match match in Link().Matches(File.ReadAllText(Path.Combine(s_root, page))))
        {
            var target = match.Groups[1].Value.Split('#')[0];
            if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal)) continue;
            var path = Path.GetFullPath(Path.Combine(folder, target));
            Assert.True(File.Exists(path) || Directory.Exists(path), $"{page}: there is no {target}");
        }
    }

    [Fact]
    public void EveryBottleneck_HasACardWithItsOptionsAndDefaults()
    {
        foreach (var entry in BottleneckRegistry.Entries)
        {
            var page = Path.Combine(s_root, "docs", "bottlenecks", entry.Name + ".md");
            Assert.True(File.Exists(page), $"docs/bottlenecks/{entry.Name}.md is missing");
            var card = File.ReadAllText(page);
            foreach (var property in entry.OptionsType.GetProperties().Where(p => p.GetCustomAttribute<OptionAttribute>() is not null))
            {
                var row = $"| `{JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)}` | {Shown(property.GetValue(entry.Default.Options))} |";
                Assert.True(card.Contains(row, StringComparison.Ordinal), $"docs/bottlenecks/{entry.Name}.md has no row '{row}'");
            }
        }
    }

    [Fact]
    public void EveryVerb_StandsInTheGuide()
    {
        var guide = File.ReadAllText(Path.Combine(s_root, "docs", "guide.md"));
        Assert.All(VerbIndex.Entries, v => Assert.True(guide.Contains($"| `{v.Name}` |", StringComparison.Ordinal), $"docs/guide.md has no row for '{v.Name}'"));
    }

    [Theory]
    [MemberData(nameof(PagesWithCommands))]
    [Trait("Category", "Slow")]
    public async Task EveryCommandOfAPage_Runs(string page)
    {
        using var folder = new TemporaryFolder();
        var recipes = Directory.CreateDirectory(Path.Combine(folder.Path, "recipes"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(s_root, "recipes"))) File.Copy(file, Path.Combine(recipes.FullName, Path.GetFileName(file)));
        foreach (var command in Commands(page).Where(c => !c.NeedsData))
        {
            using var process = Command.Start(folder.Path, command.Args);
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
            try
            {
                var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
                await process.WaitForExitAsync(limit.Token);
                await output;
                Assert.True(process.ExitCode == 0, $"{command} ended with {process.ExitCode}: {await errors}");
            }
            finally
            {
                if (!process.HasExited) process.Kill(entireProcessTree: true);
            }
        }
    }

    private static bool IsParsed(string[] args)
    {
        using var nowhere = new StringWriter();
        var parsed = new Shell(nowhere, nowhere, default, VerbIndex.Entries, CancellationToken.None).Parse(args);
        return parsed.Errors.Count == 0 && (VerbIndex.Entries.Any(v => v.Leaf == parsed.CommandResult.Command.Name) || args is ["--help"] or ["--version"]);
    }

    private static CommandLine[] Commands(string page) => Commands(page, File.ReadAllLines(Path.Combine(s_root, page)));

    private static CommandLine[] Commands(string page, string[] lines)
    {
        var found = new List<CommandLine>();
        string? fence = null; // what stands behind the ``` of the block that is open
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.StartsWith("```", StringComparison.Ordinal)) fence = fence is null ? line : null;
            else if (fence is not null && CommandPattern().Match(line) is { Success: true } match)
                found.Add(new CommandLine(page, i + 1, match.Groups[1].Value.TrimEnd(), fence.Contains(" needs=", StringComparison.Ordinal)));
        }
        Assert.True(fence is null, $"{page}: a fenced block is not closed");
        return [.. found];
    }

    private static string Shown(object? value) => value switch
    {
        null => "–",
        IEnumerable<int> list => string.Join(", ", list),
        IEnumerable<double> list => string.Join(", ", list.Select(v => v.ToString(System.Globalization.CultureInfo.InvariantCulture))),
        IEnumerable<string> list => string.Join(", ", list),
        bool or Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()!),
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Isthmus.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests are not run inside the repository");
    }

    [GeneratedRegex(@"^(?:\$ )?((?:\./)?isthmus(?: (?!\s*[#>|])[^\s>|]+)*)(?:\s*$|\s+[#>|&])")]
    private static partial Regex CommandPattern();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
