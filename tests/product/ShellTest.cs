using System.CommandLine;
using Isthmus.Cli;
using Isthmus.Cli.Verbs;

namespace Isthmus.Tests.Product;

public class ShellTest
{
    private sealed class Probe(Func<Call, bool> body) : Verb
    {
        public static readonly Argument<string> Data = new("DATA") { Description = "a file" };
        public static readonly Option<double?> Beta = new("--beta") { HelpName = "X", Description = "a number" };
        public static readonly Option<string[]> Set = new("--set") { HelpName = "PATH=VALUE", Description = "a field" };

        public override IReadOnlyList<Symbol> Symbols => [Data, Beta, Set];
        public override IReadOnlyList<string> Examples => ["isthmus probe a.csv --beta 0.1"];
        public override bool Run(Call call) => body(call);
    }

    private static (int Code, string Output, string Errors) Run(Func<Call, bool> body, params string[] args)
    {
        VerbEntry[] verbs =
        [
            new("probe", "looks", () => new Probe(body)),
            new("data list", "lists", () => new Probe(body)),
            new("data make", "makes", () => new Probe(body)),
        ];
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = new Shell(output, errors, default, verbs, CancellationToken.None).Run(args);
        return (code, output.ToString(), errors.ToString());
    }

    [Fact]
    public void Values_ReachTheVerb()
    {
        var (code, output, errors) = Run(call =>
        {
            Assert.Equal("a.csv", call.Get(Probe.Data));
            Assert.Equal(-0.5, call.Get(Probe.Beta));
            Assert.Equal(["a=1", "b=c=2"], call.Get(Probe.Set)!);
            Assert.Equal((7ul, 1, true), (call.Seed, call.Threads, call.Json));
            call.Note("noted");
            call.Result(() => new { IxtBits = 1.5, Name = "<é>" }, _ => Assert.Fail("asked for JSON"));
            return true;
        }, "--json", "probe", "a.csv", "--beta", "-0.5", "--set", "a=1", "--seed=7", "--set", "b=c=2", "--threads", "1");
        Assert.Equal((0, "{\"ixt_bits\":1.5,\"name\":\"<é>\"}\n", "noted\n"), (code, output, errors));
    }

    [Theory]
    [InlineData("probe|--beta|1", "error: DATA is missing", "hint: 'isthmus probe --help' shows what goes there, with examples")]
    [InlineData("probe|a|--beta|x", "error: --beta 'x' is not a number", "hint: 'isthmus probe --help' shows what goes there, with examples")]
    [InlineData("probe|a|--beta", "error: --beta needs a value", "hint: 'isthmus probe --help' shows what goes there, with examples")]
    [InlineData("probe|a|--beta|1|--beta|2", "error: --beta is given 2 times", "hint: 'isthmus probe --help' shows what goes there, with examples")]
    [InlineData("probe|a|--seed|-1", "error: --seed '-1' is not a whole number from 0 upwards", "hint: 'isthmus probe --help' shows what goes there, with examples")]
    [InlineData("probe|a|--bta|1", "error: unknown option '--bta'", "hint: did you mean '--beta'?")]
    [InlineData("probe|a|--jsno", "error: unknown option '--jsno'", "hint: did you mean '--json'?")]
    [InlineData("probe|a|--zzzzzz=3", "error: unknown option '--zzzzzz'", "hint: 'isthmus probe --help' lists the options")]
    [InlineData("probe|a|b", "error: unexpected argument 'b'", "hint: 'isthmus probe --help' shows what goes there, with examples")]
    [InlineData("porbe|a", "error: unknown verb 'porbe'", "hint: did you mean 'probe'?")]
    [InlineData("porbe|--help", "error: unknown verb 'porbe'", "hint: did you mean 'probe'?")]
    [InlineData("data|mkae|x", "error: unknown verb 'mkae'", "hint: did you mean 'make'?")]
    [InlineData("xyzzy", "error: unknown verb 'xyzzy'", "hint: 'isthmus --help' lists the verbs")]
    [InlineData("probe|@nothing.rsp|x", "error: unexpected argument 'x'", "hint: 'isthmus probe --help' shows what goes there, with examples")]
    [InlineData("probe|a|--threads|0", "error: --threads 0 is outside 1..1024", null)]
    public void WrongCommandLines_AreOneErrorAndOneHint(string line, string error, string? hint)
    {
        var (code, output, errors) = Run(_ => throw new InvalidOperationException("must not run"), line.Split('|'));
        Assert.Equal((2, "", hint is null ? error + "\n" : $"{error}\n{hint}\n"), (code, output, errors));
    }

    [Fact]
    public void AClaimThatDoesNotHold_Is1() => Assert.Equal((1, "", ""), Run(_ => false, "probe", "a"));

    [Fact]
    public void WrongInput_Is2AndOneLineEach() =>
        Assert.Equal((2, "", "error: a.csv: line 3: broken \u00e9\nhint: repair it\n"),
            Run(_ => throw new InputException("a.csv: line 3:\n broken\u001b\u009b \u00e9", "repair\tit"), "probe", "a"));

    [Fact]
    public void AFileThatCannotBeRead_Is2()
    {
        var (code, _, errors) = Run(_ => File.ReadAllText("no-such-file") is not null, "probe", "a");
        Assert.Equal(2, code);
        Assert.Matches("^error: .*no-such-file.*\n$", errors);
    }

    [Fact]
    public void Stopped_IsNoError()
    {
        using var stop = new CancellationTokenSource();
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        VerbEntry[] verbs = [new("probe", "looks", () => new Probe(call =>
        {
            stop.Cancel(); // as Ctrl-C does
            call.Stop.ThrowIfCancellationRequested();
            return true;
        }))];
        Assert.Equal(130, new Shell(output, errors, default, verbs, stop.Token).Run(["probe", "a"]));
        Assert.Equal(("", "stopped\n"), (output.ToString(), errors.ToString()));
    }

    [Fact]
    public void InternalErrors_Are3AndTracedOnlyWhenAskedFor()
    {
        Assert.Equal((3, "", "error: internal error, InvalidOperationException: oops\nhint: --verbose shows where it happened\n"),
            Run(_ => throw new InvalidOperationException("oops"), "probe", "a"));
        var (code, _, errors) = Run(_ => throw new InvalidOperationException("oops"), "probe", "a", "--verbose");
        Assert.Equal(3, code);
        Assert.Contains("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Quiet_SilencesNotesAndWarnings() =>
        Assert.Equal((0, "", ""), Run(call =>
        {
            call.Note("n");
            call.Warn("w");
            call.Detail("d");
            call.Progress.Show(new ProgressState("epoch 1", 1, 2));
            return true;
        }, "probe", "a", "--quiet"));

    [Fact]
    public void Help_OfAVerbShowsItsOptionsAndExamples()
    {
        var (code, output, errors) = Run(_ => throw new InvalidOperationException("must not run"), "probe", "--help");
        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith("isthmus probe: looks\n\nusage: isthmus probe DATA [options]\n", output, StringComparison.Ordinal);
        Assert.Contains("  --set PATH=VALUE …      a field\n", output, StringComparison.Ordinal);
        Assert.Contains("\nexamples\n  isthmus probe a.csv --beta 0.1\n", output, StringComparison.Ordinal);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
    }

    [Theory]
    [InlineData("data --help")]
    [InlineData("data")]
    [InlineData("help data")]
    public void Help_OfAGroupListsItsVerbs(string line)
    {
        var (code, output, _) = Run(_ => throw new InvalidOperationException("must not run"), line.Split(' '));
        Assert.Equal(0, code);
        Assert.Contains("usage: isthmus data VERB …", output, StringComparison.Ordinal);
        Assert.Contains("  make ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_IsOneLine() => Assert.Matches(@"^isthmus \d+\.\d+\.\d+\n$", Run(_ => true, "--version").Output);

    [Fact]
    public void Examples_OfEveryVerbAreParsed()
    {
        foreach (var entry in VerbIndex.Entries)
        {
            var examples = entry.Create().Examples;
            Assert.NotEmpty(examples);
            foreach (var example in examples) AssertIsParsed(entry, example);
        }
    }

    private static void AssertIsParsed(VerbEntry entry, string example)
    {
        Assert.StartsWith("isthmus " + entry.Name, example, StringComparison.Ordinal);
        var args = System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(example).Skip(1).ToArray();
        using var nowhere = new StringWriter();
        var parsed = new Shell(nowhere, nowhere, default, VerbIndex.Entries, CancellationToken.None).Parse(args);
        Assert.Empty(parsed.Errors);
        Assert.Equal(entry.Leaf, parsed.CommandResult.Command.Name);
    }
}
