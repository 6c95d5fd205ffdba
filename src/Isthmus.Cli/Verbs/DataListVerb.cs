using Isthmus.Data;
using Isthmus.Reports;

namespace Isthmus.Cli.Verbs;

// How to add a verb: copy this file, add its line to VerbIndex.cs, and write its test in tests/product.
//  - Symbols: the arguments and options, as fields, in the order of the help; `DataFlags` has those of DATA.
//  - Run: read values with call.Get(symbol), call the library, print with call.Result: first what --json prints (a record or an
//    anonymous object; IxtBits becomes ixt_bits; the names are those of the contract), then the same for people.
//    A result that is mostly a table (with a picture for --out FILE.html) is an Answer: see SolveVerb.
//  - Wrong input: throw InputException (or Suggest.Unknown for a name), anywhere; the shell prints it and exits 2.
//  - Long work: call.Progress.Show(new ProgressState(...)), and look at call.Stop to finish early when Ctrl-C asks for it.
//  - Return false when a check or claim did not hold: exit code 1.

/// <summary><c>data list</c>: the generators.</summary>
internal sealed class DataListVerb : Verb
{
    public override IReadOnlyList<string> Examples => ["isthmus data list", "isthmus data list --json"];

    public override bool Run(Call call)
    {
        call.Result(
            () => new { Generators = GeneratorCatalogue.All.Select(g => new { g.Name, g.Summary, g.Example, g.Parameters }) },
            output =>
            {
                var table = new TextTable("generator", "what it makes", "keys and their defaults");
                foreach (var g in GeneratorCatalogue.All) table.Add(g.Name, g.Summary, g.Example[(g.Example.IndexOf(',', StringComparison.Ordinal) + 1)..]);
                call.Write(table);
                output.WriteLine();
                output.WriteLine("DATA may be make:NAME,key=value,… wherever a path may stand; every generator knows seed=N too.");
            });
        return true;
    }
}
