using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How rows of concept scores are made comparable.</summary>
public enum ConceptScaling
{
    /// <summary>As they are.</summary>
    None,

    /// <summary>Each row over its sum, as in the paper; sums must be above 0.</summary>
    Rows,

    /// <summary>Each concept less its mean, apart over the images and over the classes: concepts near everything say nothing, and the modality gap goes.</summary>
    Columns,
}

/// <summary>
/// Classification through concepts without any training: an image and a class name are both described by their similarities with the concepts,
/// and the image gets the class whose description is most like its own (Semenov, Ivanov, Beznosikov, Gasnikov, "Sparse concept bottleneck models: Gumbel
/// tricks in contrastive learning", 2024, section 3.1, Concept Matrix Search).
/// </summary>
public static class ConceptMatrixSearch
{
    /// <summary>Cosines of the description of each image with that of each class, [n, classes]; the largest is the answer.</summary>
    /// <param name="images">V: similarities of images with concepts, [n, concepts].</param>
    /// <param name="classes">T: similarities of class names with concepts, [classes, concepts].</param>
    /// <param name="scaling">What both matrices go through first.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, there are fewer concepts than classes (their descriptions could not differ freely), or a row's sum is not above 0.</exception>
    public static Tensor Scores(Tensor images, Tensor classes, ConceptScaling scaling = ConceptScaling.Columns)
    {
        Check(images, classes);
        using var noGrad = new NoGrad();
        return GradientEstimators.UnitRows(Scaled(images.Detach(), scaling)).MatMul(GradientEstimators.UnitRows(Scaled(classes.Detach(), scaling)), transposeOther: true);
    }

    /// <summary>The variant of the largest score: the class that is nearest to the concept which is nearest to the image, [n].</summary>
    /// <param name="images">V, [n, concepts].</param>
    /// <param name="classes">T, [classes, concepts].</param>
    /// <param name="scaling">What both matrices go through first.</param>
    public static LongTensor LargestScore(Tensor images, Tensor classes, ConceptScaling scaling = ConceptScaling.None)
    {
        Check(images, classes);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("largest score");
        var best = Scaled(images.Detach(), scaling).ArgMax(1);
        var nearest = Scaled(classes.Detach(), scaling).ArgMax(0);
        return LongTensor.From([.. best.Data.ToArray().Select(c => nearest.Data[(int)c])], best.Numel);
    }

    private static void Check(Tensor images, Tensor classes)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(classes);
        if (images.Dim != 2 || classes.Dim != 2 || images.Size(1) != classes.Size(1))
            throw new ArgumentException($"concept matrix search: images {Shapes.Text(images.Shape)} and classes {Shapes.Text(classes.Shape)}; [n, concepts] and [classes, concepts] are needed");
        if (classes.Size(1) < classes.Size(0)) throw new ArgumentException($"concept matrix search: {classes.Size(1)} concepts for {classes.Size(0)} classes; at least as many concepts as classes are needed");
    }

    private static Tensor Scaled(Tensor scores, ConceptScaling scaling)
    {
        if (scaling == ConceptScaling.None) return scores;
        if (scaling == ConceptScaling.Columns) return scores - scores.Mean(0, keepdim: true);
        var sums = scores.Sum(1, keepdim: true);
        foreach (var sum in sums.Data)
            if (!(sum > 0)) throw new ArgumentException(FormattableString.Invariant($"concept matrix search: a row's scores sum to {sum}, and rows can be divided by sums above 0 only; scale columns instead"));
        return scores / sums;
    }
}
