using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>The local rank of a layer: how many directions of the input move it at a point.</summary>
/// <param name="Mean">The mean over rows.</param>
/// <param name="Ranks">Of each row, 0 to min(inputs, outputs).</param>
public sealed record LocalRank(double Mean, IReadOnlyList<int> Ranks)
{
    /// <summary>The most outputs of a layer whose Jacobian is computed: each takes a backward pass.</summary>
    public const int MostOutputs = 2048;

    /// <summary>
    /// The number of singular values of each row's Jacobian ∂layer/∂input above a tolerance, and its mean (Patel and Shwartz-Ziv, "Learning to
    /// Compress: Local Rank and Information Compression in Deep Neural Networks", 2024, definition 1; there of pre-activations).
    /// </summary>
    /// <param name="network">In evaluation mode, so that rows do not depend on one another.</param>
    /// <param name="layer">A dotted name.</param>
    /// <param name="inputs">[rows, …].</param>
    /// <param name="tolerance">Above 0; times the row's largest singular value.</param>
    /// <exception cref="InputException">No such layer; one with more than 2048 outputs a row; one that is not called once in a pass.</exception>
    public static LocalRank Of(Module network, string layer, Tensor inputs, double tolerance = 1e-3)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(inputs);
        if (!(tolerance > 0 && tolerance < 1)) throw new InputException(FormattableString.Invariant($"local rank: the tolerance {tolerance} does not lie between 0 and 1"));
        if (network.Training) throw new ArgumentException("local rank: the network is in training mode, where a row's output depends on others: call Eval()", nameof(network));
        using var scope = new TensorScope("local rank");
        var x = Tensor.From(inputs.Data, inputs.Shape);
        x.RequiresGrad = true;
        Tensor? y = null;
        var calls = 0;
        using (network.GetSubmodule(layer).OnOutput(t => (y, calls) = (t, calls + 1))) network.Forward(x);
        if (y is null || calls != 1 || y.Size(0) != x.Size(0))
            throw new InputException(FormattableString.Invariant($"layer '{layer}' is called {calls} times in a pass, or does not give one row for each row of the input: it has no Jacobian of its own"));
        var (n, p, k) = (x.Size(0), (int)(x.Numel / Math.Max(1, x.Size(0))), (int)(y.Numel / Math.Max(1, y.Size(0))));
        if (k > MostOutputs) throw new InputException(FormattableString.Invariant($"layer '{layer}' has {k} outputs a row, and the local rank is computed for at most {MostOutputs}"));
        var jacobians = Jacobians(x, y, n, p, k);
        var ranks = jacobians.Select(j => RankOf(j, k, p, tolerance)).ToArray();
        return new LocalRank(ranks.Average(), ranks);
    }

    // Rows do not depend on one another: one backward pass gives the gradient of one output for every row.
    private static double[][] Jacobians(Tensor x, Tensor y, int n, int p, int k)
    {
        var jacobians = new double[n][];
        for (var i = 0; i < n; i++) jacobians[i] = new double[checked(k * p)];
        var start = Tensor.Zeros(y.Shape);
        y += x.Sum() * 0f; // a layer that is constant in the input has a gradient then, of zeros
        for (var j = 0; j < k; j++)
        {
            start.Data.Clear();
            for (var i = 0; i < n; i++) start.Data[(i * k) + j] = 1f;
            x.ZeroGrad();
            using (new TensorScope("row of the Jacobian")) y.Backward(start);
            if (x.Grad is not { } gradient) continue;
            for (var i = 0; i < n; i++)
                for (var q = 0; q < p; q++) jacobians[i][(j * p) + q] = gradient.Data[(i * p) + q];
        }
        return jacobians;
    }

    private static int RankOf(double[] jacobian, int k, int p, double tolerance)
    {
        var squares = Spectrum.GramEigenvalues(jacobian, k, p);
        return squares[0] == 0 ? 0 : squares.Count(s => s > tolerance * tolerance * squares[0]);
    }
}
