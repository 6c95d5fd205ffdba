namespace Isthmus.Data.Baselines;

/// <summary>A regression tree: each inner node sends values up to its threshold to the left.</summary>
internal sealed class BoostedTree
{
    private readonly List<Node> _nodes = [];

    private record struct Node(int Feature, double Threshold, int Left, int Right, double Value);

    /// <summary>Adds a leaf and returns its number.</summary>
    public int AddLeaf()
    {
        _nodes.Add(new Node(-1, 0, 0, 0, 0));
        return _nodes.Count - 1;
    }

    /// <summary>Turns a leaf into an inner node.</summary>
    public void Split(int node, int feature, double threshold, int left, int right) => _nodes[node] = new Node(feature, threshold, left, right, 0);

    /// <summary>Gives a leaf its value.</summary>
    public void SetValue(int leaf, double value) => _nodes[leaf] = _nodes[leaf] with { Value = value };

    /// <summary>The value of the leaf that a row falls into.</summary>
    public double Predict(ReadOnlySpan<float> row)
    {
        var at = 0;
        while (_nodes[at].Feature >= 0) at = row[_nodes[at].Feature] <= _nodes[at].Threshold ? _nodes[at].Left : _nodes[at].Right;
        return _nodes[at].Value;
    }
}
