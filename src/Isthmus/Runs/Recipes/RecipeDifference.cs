namespace Isthmus.Runs;

/// <summary>Fields in which recipes differ.</summary>
public static class RecipeDifference
{
    /// <summary>Each field that is not the same in all recipes, with its value in each as it is written; empty where a recipe does not
    /// have it.</summary>
    public static IReadOnlyList<(string Field, IReadOnlyList<string> Values)> Of(IReadOnlyList<Recipe> recipes)
    {
        ArgumentNullException.ThrowIfNull(recipes);
        var flat = recipes.Select(r => Flat(YamlTree.Parse(RecipeFile.Text(r), "recipe"))).ToArray();
        var fields = flat.SelectMany(f => f.Keys).Distinct(StringComparer.Ordinal);
        return [.. fields.Select(f => (f, (IReadOnlyList<string>)[.. flat.Select(v => v.GetValueOrDefault(f, ""))])).Where(d => d.Item2.Distinct(StringComparer.Ordinal).Count() > 1)];
    }

    private static Dictionary<string, string> Flat(YamlNode root)
    {
        var flat = new Dictionary<string, string>(StringComparer.Ordinal);
        Walk(root, "");
        return flat;

        void Walk(YamlNode node, string path)
        {
            switch (node)
            {
                case YamlMap map:
                    foreach (var (key, _, value) in map.Entries) Walk(value, path.Length == 0 ? key : $"{path}.{key}");
                    break;
                case YamlList list when list.Items.TrueForAll(i => i is YamlScalar):
                    flat[path] = string.Join(", ", list.Items.Cast<YamlScalar>().Select(s => s.Text));
                    break;
                case YamlList list:
                    for (var i = 0; i < list.Items.Count; i++) Walk(list.Items[i], FormattableString.Invariant($"{path}[{i}]"));
                    break;
                case YamlScalar scalar:
                    flat[path] = scalar.Text;
                    break;
            }
        }
    }
}
