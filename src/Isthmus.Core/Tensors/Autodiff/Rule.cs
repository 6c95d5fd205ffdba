namespace Isthmus.Tensors;

/// <summary>
/// One row of the table of derivatives: an operation's name and its vector–Jacobian product. The product reads what the
/// forward pass left in the node and gives each input that needs it a gradient.
/// </summary>
internal sealed class Rule
{
    private static readonly Dictionary<string, Rule> s_table = [];

    private Rule(string name, Action<Node, Tensor> product)
    {
        Name = name;
        Product = product;
    }

    /// <summary>The operation, as PyTorch names it.</summary>
    public string Name { get; }

    /// <summary>Gives gradients to the node's inputs, from the gradient of its output.</summary>
    public Action<Node, Tensor> Product { get; }

    /// <summary>The whole table: a test demands a check for each row.</summary>
    public static IReadOnlyDictionary<string, Rule> Table => s_table;

    /// <summary>Adds a row; called once an operation, when its class is first used.</summary>
    public static Rule Add(string name, Action<Node, Tensor> product)
    {
        var rule = new Rule(name, product);
        lock (s_table) s_table.Add(name, rule);
        return rule;
    }
}
