using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Losses as numbers to be made small, in nats where they are log-likelihoods; each is the mean over all elements unless it says
/// rows, as PyTorch's functions of these names have it. Classification has <see cref="Tensor.CrossEntropy"/>.
/// </summary>
public static class Losses
{
    /// <summary>Binary cross-entropy of logits, softplus(x) - x y (<c>binary_cross_entropy_with_logits</c>).</summary>
    /// <param name="logits">Any shape.</param>
    /// <param name="targets">Of that shape, in [0, 1].</param>
    public static Tensor BinaryCrossEntropyWithLogits(Tensor logits, Tensor targets)
    {
        Check("binary_cross_entropy_with_logits", logits, targets);
        return (logits.Softplus() - (logits * targets)).Mean();
    }

    /// <summary>(x - y)^2 (<c>mse_loss</c>).</summary>
    public static Tensor MeanSquaredError(Tensor input, Tensor target)
    {
        Check("mse_loss", input, target);
        return (input - target).Square().Mean();
    }

    /// <summary>|x - y| (<c>l1_loss</c>).</summary>
    public static Tensor MeanAbsoluteError(Tensor input, Tensor target)
    {
        Check("l1_loss", input, target);
        return (input - target).Abs().Mean();
    }

    /// <summary>Half the square up to delta, then straight on (Huber 1964; <c>huber_loss</c>).</summary>
    /// <param name="input">Any shape.</param>
    /// <param name="target">Of that shape.</param>
    /// <param name="delta">Above 0.</param>
    public static Tensor Huber(Tensor input, Tensor target, float delta = 1f)
    {
        Check("huber_loss", input, target);
        if (!(delta > 0)) throw new ArgumentOutOfRangeException(nameof(delta), delta, "delta is above 0");
        var distance = (input - target).Abs();
        var near = distance.Clamp(max: delta);
        return (near * (distance - (near * 0.5f))).Mean(); // d^2 / 2, or delta (d - delta / 2)
    }

    /// <summary>(log v + (x - y)^2 / v) / 2, without log(2 pi) / 2 (Nix, Weigend 1994; <c>gaussian_nll_loss</c>).</summary>
    /// <param name="mean">Any shape.</param>
    /// <param name="target">Of that shape.</param>
    /// <param name="variance">Of that shape.</param>
    /// <param name="eps">The least variance; below it the variance has no gradient.</param>
    public static Tensor GaussianNll(Tensor mean, Tensor target, Tensor variance, float eps = 1e-6f)
    {
        Check("gaussian_nll_loss", mean, target);
        Check("gaussian_nll_loss", mean, variance);
        var v = variance.Clamp(min: eps);
        return ((v.Log() + ((mean - target).Square() / v)) * 0.5f).Mean();
    }

    /// <summary>
    /// The divergence of the Gaussian N(mean, std^2) from N(0, 1), (m^2 + s^2 - 1) / 2 - log s: summed over the last dimension, the mean over rows
    /// (Kingma, Welling 2014, appendix B; <c>torch.distributions.kl_divergence</c>).
    /// </summary>
    /// <param name="mean">[…, width].</param>
    /// <param name="std">Standard deviations of that shape, above 0.</param>
    public static Tensor GaussianKl(Tensor mean, Tensor std)
    {
        Check("gaussian_kl", mean, std);
        return mean.GaussianKl(std).Sum(-1).Mean();
    }

    /// <summary>
    /// Half the divergence of N(meanA, stdA^2) from N(meanB, stdB^2) and half that of the second from the first: summed over the last dimension, the mean over
    /// rows. Between the codes of two views of one thing it is what the multi-view information bottleneck adds, beta-fold, to a loss that keeps what the
    /// views share (Federici, Dutta, Forré, Kushman, Akata 2020, equation 6): it bounds what a code tells of its own view alone.
    /// </summary>
    /// <param name="meanA">[…, width].</param>
    /// <param name="stdA">Standard deviations of that shape, above 0.</param>
    /// <param name="meanB">Of that shape.</param>
    /// <param name="stdB">Standard deviations of that shape, above 0.</param>
    public static Tensor SymmetricGaussianKl(Tensor meanA, Tensor stdA, Tensor meanB, Tensor stdB)
    {
        Check("symmetric_gaussian_kl", meanA, stdA);
        Check("symmetric_gaussian_kl", meanA, meanB);
        Check("symmetric_gaussian_kl", meanA, stdB);
        var (a, b, apart) = (stdA.Square(), stdB.Square(), (meanA - meanB).Square());
        return ((((a + apart) / b) + ((b + apart) / a)) * 0.25f - 0.5f).Sum(-1).Mean();
    }

    /// <summary>exp(x) - y x, without log y! (<c>poisson_nll_loss</c>).</summary>
    /// <param name="logRate">Any shape.</param>
    /// <param name="target">Counts of that shape.</param>
    public static Tensor PoissonNll(Tensor logRate, Tensor target)
    {
        Check("poisson_nll_loss", logRate, target);
        return (logRate.Exp() - (target * logRate)).Mean();
    }

    /// <summary>The mean over rows of -sum of counts log softmax(x), without the multinomial coefficient.</summary>
    /// <param name="logits">[rows, classes].</param>
    /// <param name="counts">Counts or probabilities of that shape.</param>
    public static Tensor MultinomialNll(Tensor logits, Tensor counts)
    {
        Check("multinomial_nll", logits, counts);
        return (logits.LogSoftmax() * counts).Sum(-1).Mean() * -1f;
    }

    /// <summary>
    /// InfoNCE (van den Oord, Li, Vinyals 2018, equation 4) with cosines over a temperature: the mean over rows of -log of the softmax of row i's
    /// cosines with all keys, at key i.
    /// </summary>
    /// <param name="queries">[rows, width].</param>
    /// <param name="keys">Of that shape; row i belongs to query i, all others are its negatives.</param>
    /// <param name="temperature">Above 0.</param>
    public static Tensor InfoNce(Tensor queries, Tensor keys, float temperature = 0.1f)
    {
        Check("info_nce", queries, keys);
        if (queries.Dim != 2) throw new ArgumentException("info_nce: [rows, width] is needed on both sides");
        if (!(temperature > 0)) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature is above 0");
        var cosines = Unit(queries).MatMul(Unit(keys), transposeOther: true);
        var own = LongTensor.Zeros(queries.Size(0));
        for (var i = 0; i < own.Numel; i++) own.Data[i] = i;
        return (cosines * (1 / temperature)).CrossEntropy(own);

        static Tensor Unit(Tensor x) => x * (x.Square().Sum(-1, keepdim: true) + 1e-16f).Rsqrt();
    }

    /// <summary>
    /// max(|a - p| - |a - n| + margin, 0) over rows (Schroff, Kalenichenko, Philbin 2015, with distances not squared; <c>triplet_margin_loss</c>).
    /// </summary>
    /// <param name="anchor">[rows, width].</param>
    /// <param name="positive">Of that shape.</param>
    /// <param name="negative">Of that shape.</param>
    /// <param name="margin">Above 0.</param>
    public static Tensor TripletMargin(Tensor anchor, Tensor positive, Tensor negative, float margin = 1f)
    {
        Check("triplet_margin_loss", anchor, positive);
        Check("triplet_margin_loss", anchor, negative);
        return (Distance(anchor, positive) - Distance(anchor, negative) + margin).Relu().Mean();

        // PyTorch adds 1e-6 to each difference, which keeps the root's gradient finite.
        static Tensor Distance(Tensor a, Tensor b) => (a - b + 1e-6f).Square().Sum(-1).Sqrt();
    }

    /// <summary>
    /// T^2 times the mean over rows of the divergence KL(softmax(teacher / T) | softmax(student / T)) (Hinton, Vinyals, Dean 2015, section 2); the teacher
    /// gets no gradient.
    /// </summary>
    /// <param name="student">Logits, [rows, classes].</param>
    /// <param name="teacher">Logits of that shape.</param>
    /// <param name="temperature">T, above 0.</param>
    public static Tensor Distillation(Tensor student, Tensor teacher, float temperature = 2f)
    {
        Check("distillation", student, teacher);
        if (!(temperature > 0)) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature is above 0");
        var log = (teacher.Detach() * (1 / temperature)).LogSoftmax();
        var difference = log - (student * (1 / temperature)).LogSoftmax();
        return (log.Exp() * difference).Sum(-1).Mean() * (temperature * temperature);
    }

    private static void Check(string name, Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (!a.Shape.SequenceEqual(b.Shape))
            throw new ArgumentException($"{name}: the shapes {Shapes.Text(a.Shape)} and {Shapes.Text(b.Shape)} differ, and equal ones are needed");
    }
}
