using System.CommandLine;
using System.Text.Json;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class RecipeVerb : Verb
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Option<bool> _schema = new("--schema") { Description = "print the JSON schema of recipes" };

    public override IReadOnlyList<Symbol> Symbols => [.. TrainFlags.Symbols, _schema];

    public override string Details => "Prints every field of the recipe that 'train' would use for these arguments, with its meaning, unit and range: a file to edit. A run's folder stands for its recipe.";

    public override IReadOnlyList<string> Examples => ["isthmus recipe houses.csv --target price --out houses.yaml", "isthmus recipe runs/mixture", "isthmus recipe --schema"];

    public override bool Run(Call call)
    {
        if (call.Get(_schema))
        {
            var schema = RecipeSchema.Build();
            Print(call, schema, schema.ToJsonString(s_indented));
            return true;
        }
        var recipe = TrainFlags.Plan(call).Recipe;
        var text = RecipeFile.Text(recipe, comments: true);
        Print(call, new { Yaml = text, RecipeSha256 = RecipeFile.Sha256(recipe) }, text.TrimEnd('\n'));
        return true;
    }

    private static void Print(Call call, object json, string text)
    {
        if (call.Out is { } path) AtomicFile.WriteText(path, text + "\n");
        call.Result(() => json, output => output.WriteLine(call.Out is null ? text : $"written to {call.Out}"));
    }
}
