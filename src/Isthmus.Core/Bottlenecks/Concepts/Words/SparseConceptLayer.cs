using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What makes concept vectors sparse.</summary>
public enum ConceptSparsity
{
    /// <summary>Nothing: every concept's score goes on.</summary>
    Dense,

    /// <summary>Positive scores under the sum of their sizes.</summary>
    L1,

    /// <summary>A distribution over concepts, drawn to the image's own by the symmetric contrastive loss.</summary>
    Contrastive,

    /// <summary>The same with Gumbel noise in training: a relaxed draw of concepts, in the loss and in what goes on.</summary>
    Gumbel,
}

/// <summary>What a <see cref="SparseConceptLayer"/> is made of.</summary>
public sealed record SparseConceptOptions
{
    /// <summary>What makes concept vectors sparse.</summary>
    public ConceptSparsity Sparsity { get; init; } = ConceptSparsity.Gumbel;

    /// <summary>Temperature of the softmax over concepts, above 0.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>How many concepts an image has of its own, at least 1: those of its best scores before training.</summary>
    public int Positives { get; init; } = 4;

    /// <summary>A share of what one of these concepts would have if they shared alike: concepts below it count as absent, exactly 0. At least 0.</summary>
    public float Cut { get; init; } = 0.1f;
}

/// <summary>
/// The concept layer of Sparse-CBM: image–text scores, standardised, through one linear map of as many concepts, into a sparse vector that a linear head
/// reads (Semenov, Ivanov, Beznosikov, Gasnikov 2024, section 3.2). <see cref="ConceptSparsity"/> names its losses.
/// </summary>
/// <remarks>The released losses cannot do what the paper says: the contrastive one pairs the i-th image of a batch with the i-th concept, and the Gumbel one
/// averages over all pairs, with no positives at all. Here an image's positives are the concepts that its frozen scores like best, or those given. With L1 it is
/// the activations that are penalised, for it is they that are to be sparse.</remarks>
public sealed class SparseConceptLayer : Module
{
    private readonly SparseConceptOptions _options;
    private readonly Tensor _mean, _scale;

    /// <summary>A layer of a number of concepts that starts as the identity.</summary>
    /// <param name="concepts">At least 1.</param>
    /// <param name="options">Which loss.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public SparseConceptLayer(int concepts, SparseConceptOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(concepts, 1);
        if (!(options.Temperature > 0) || options.Positives < 1 || options.Positives > concepts || !(options.Cut >= 0))
            throw new ArgumentOutOfRangeException(nameof(options), FormattableString.Invariant($"temperature {options.Temperature}, positives {options.Positives}, cut {options.Cut}: above 0, 1 to {concepts}, at least 0 are needed"));
        _options = options;
        Weight = AddParameter("weight", Tensor.Eye(concepts));
        Bias = AddParameter("bias", Tensor.Zeros(concepts));
        (_mean, _scale) = (AddBuffer("mean", Tensor.Zeros(concepts)), AddBuffer("scale", Tensor.Ones(concepts)));
    }

    /// <summary>The map of scores, [concepts, concepts].</summary>
    public Tensor Weight { get; }

    /// <summary>What is added, [concepts].</summary>
    public Tensor Bias { get; }

    /// <summary>What makes concept vectors sparse.</summary>
    public ConceptSparsity Sparsity => _options.Sparsity;

    /// <summary>How many concepts there are.</summary>
    public int Concepts => Bias.Size(0);

    /// <summary>Finds each concept's mean and standard deviation, so that words near every image do not win for that.</summary>
    /// <param name="scores">Of training images, [n, concepts].</param>
    public void Prepare(Tensor scores)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("prepare");
        var centred = Checked(scores).Detach() - scores.Detach().Mean(0, keepdim: true);
        scores.Detach().Mean(0).Data.CopyTo(_mean.Data);
        var spread = centred.Square().Mean(0).Sqrt();
        for (var c = 0; c < Concepts; c++) _scale.Data[c] = spread.Data[c] > 0 ? 1 / spread.Data[c] : 0;
    }

    /// <summary>1 at each image's best concepts by its standardised scores, else 0: what counts as its own where nobody says, [n, concepts].</summary>
    public Tensor Own(Tensor scores)
    {
        using var noGrad = new NoGrad();
        var best = Standardised(scores).TopK(_options.Positives, 1).Indices;
        var own = Tensor.Zeros(scores.Size(0), Concepts);
        for (var p = 0; p < best.Numel; p++) own.Data[(p / _options.Positives * Concepts) + (int)best.Data[p]] = 1;
        return own;
    }

    /// <summary>Concept vectors and their loss.</summary>
    /// <param name="scores">Image–concept similarities, [n, concepts].</param>
    /// <param name="noise">Gumbel noise in training; null for none, as in use.</param>
    /// <param name="positives">[n, concepts], above 0 at the concepts of each image; null for <see cref="Own"/>.</param>
    /// <returns>[n, concepts], absent concepts exactly 0 unless it is dense; and the loss, a scalar: 0 for dense, the mean over rows of the sum of sizes for L1, else nats.</returns>
    public (Tensor Concepts, Tensor Loss) Pass(Tensor scores, RandomStream? noise = null, Tensor? positives = null)
    {
        var z = Standardised(scores).Linear(Weight, Bias);
        switch (_options.Sparsity)
        {
            case ConceptSparsity.Dense: return (z, Tensor.Scalar(0));
            case ConceptSparsity.L1:
                var sizes = z.Relu();
                return (sizes, sizes.Sum() * (1f / Math.Max(1, z.Size(0))));
            default:
                if (_options.Sparsity == ConceptSparsity.Gumbel && noise is not null) z += GradientEstimators.GumbelNoise(noise, z.Shape);
                var logits = z * (1 / _options.Temperature);
                // An image with all its concepts alike has about 1 at each of them.
                var shares = logits.Softmax() * _options.Positives;
                return (shares * Present(shares), ContrastiveLoss.Symmetric(logits, positives ?? Own(scores)));
        }
    }

    private Tensor Present(Tensor shares)
    {
        using var noGrad = new NoGrad();
        var mask = Tensor.Zeros(shares.Shape);
        for (var i = 0; i < mask.Numel; i++) mask.Data[i] = shares.Data[i] >= _options.Cut ? 1 : 0;
        return mask;
    }

    private Tensor Standardised(Tensor scores) => (Checked(scores) - _mean) * _scale;

    private Tensor Checked(Tensor scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return scores.Dim == 2 && scores.Size(1) == Concepts ? scores : throw new ArgumentException($"sparse concepts: scores {Shapes.Text(scores.Shape)}; [n, {Concepts}] is needed");
    }
}
