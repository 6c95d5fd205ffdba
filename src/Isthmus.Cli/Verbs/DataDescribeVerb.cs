using System.CommandLine;
using Isthmus.Data;

namespace Isthmus.Cli.Verbs;

/// <summary><c>data describe</c>: what a file, a folder or a generator looks like to Isthmus.</summary>
internal sealed class DataDescribeVerb : Verb
{
    private readonly Argument<string> _data = new("DATA") { Description = "a file, a folder, or make:NAME,key=value,…" };
    private readonly DataFlags _flags = new();

    public override IReadOnlyList<Symbol> Symbols => [_data, .. _flags.Roles];

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus data describe houses.csv --target price",
        "isthmus data describe mnist/",
        "isthmus data describe make:sprites,n=100 --json",
    ];

    public override bool Run(Call call)
    {
        var description = DataSource.Describe(call.Get(_data)!, _flags.Read(call));
        call.Result(() => description, output => output.Write(description.ToText()));
        return true;
    }
}
