using System.CommandLine;
using Isthmus.Data;
using Isthmus.Reports;

namespace Isthmus.Cli.Verbs;

/// <summary><c>data make</c>: generated data as files, with what is true of them.</summary>
internal sealed class DataMakeVerb : Verb
{
    private readonly Argument<string[]> _names = new("NAME") { Arity = ArgumentArity.OneOrMore, Description = "a generator with its keys, as in moons,n=500,noise=0.2" };
    private readonly Option<bool> _truth = new("--truth") { Description = "print what is known exactly about the data; write no file" };

    public override IReadOnlyList<Symbol> Symbols => [_names, _truth];

    public override string Details =>
        "Tables and vectors become NAME.csv, images and sound NAME.npz (arrays x, y, c), in the current folder or where --out says: a " +
        "file ending in .csv or .npz, or a folder where there are several.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus data make moons,n=500 --out moons.csv",
        "isthmus data make gaussian,dim=5,rho=0.8 --truth",
        "isthmus data make sprites xor led7 --out toys",
    ];

    public override bool Run(Call call)
    {
        var names = call.Get(_names)!;
        var made = names.Select(name => Make(call, name, alone: names.Length == 1)).ToArray();
        call.Result(() => new { Data = made }, output =>
        {
            foreach (var data in made)
            {
                output.WriteLine($"{data.Name}: {CellText.Of(data.Rows)} rows{(data.File is null ? "" : $" in {data.File}")}");
                foreach (var (name, value) in data.Truth) output.WriteLine($"  {name} = {CellText.Number(value, 10)}");
            }
        });
        return true;
    }

    private sealed record Made(string Name, string? File, int Rows, IReadOnlyDictionary<string, double> Truth);

    private Made Make(Call call, string name, bool alone)
    {
        var options = new DataOptions { Seed = call.Seed };
        var argument = GeneratorCatalogue.IsGenerator(name) ? name : GeneratorCatalogue.Prefix + name;
        if (call.Get(_truth))
        {
            var known = GeneratorCatalogue.Make(argument, call.Seed, options.MaxMemory);
            return new Made(known.Name, null, known.Count, known.Truth);
        }
        var path = Target(call, argument, alone, options);
        var rows = DataFile.Write(argument, path, options);
        return new Made(argument, path, rows, DataSource.Describe(argument, options).Truth);
    }

    private static string Target(Call call, string argument, bool alone, DataOptions options)
    {
        if (alone && call.Out is { } file && Path.HasExtension(file)) return file;
        var name = argument[GeneratorCatalogue.Prefix.Length..].Split(',')[0];
        GeneratorCatalogue.Parse(argument, call.Seed); // a wrong name is said before a folder is made for it
        if (call.Out is { } folder) Directory.CreateDirectory(folder);
        var path = Path.Combine(call.Out ?? "", name + DataFile.Ending(argument, options));
        return File.Exists(path) ? throw new InputException($"{path} exists already", "name another file with --out") : path;
    }
}
