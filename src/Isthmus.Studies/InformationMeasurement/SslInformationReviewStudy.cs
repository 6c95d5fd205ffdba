using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>
/// "To Compress or Not to Compress — Self-Supervised Learning and Information Theory: A Review" (Shwartz-Ziv, LeCun): self-supervised objectives as
/// trades between what views share and what a code keeps beyond that; here contrastive learning with and without compression.
/// </summary>
public sealed class SslInformationReviewStudy : Study
{
    private const int Common = 4, Width = 12, Latent = 8;
    private const double SharedPart = 0.6, NeverReached = 20;

    /// <inheritdoc/>
    public override string Slug => "ssl-information-review";

    /// <inheritdoc/>
    public override string Claim => "A multi-view objective that compresses leaves less private information in a code than InfoNCE alone, at equal shared information.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Two views of 12 numbers are mixtures of 4 common and 4 own Gaussian sources of variance 1, and noise of variance 0.25; matrices are new for each seed. Both arms train one linear encoder of 8 dimensions for each view " +
        "by InfoNCE with cosines on 4,000 pairs: Adam 0.01 with a cosine, 500 steps of 256. Baseline: the codes as they are; tuned over the temperatures 0.1, 0.3, 1. Method, the multi-view information bottleneck: Gaussian codes " +
        "of learned deviations, and beta times half the divergence both ways between the codes of a pair; temperature 0.3, tuned over beta 0.001, 0.01, 0.1. Read, exactly from the covariances: " +
        "I(T;X|Y) of the first view's code after as much white noise is added as leaves I(T;Y) = 60 % of I(X;Y); a code that never has that much counts as 20 bits. Tuning reads the same on other seeds.";

    /// <inheritdoc/>
    public override string Differs =>
        "A review: its framework is read on one problem where every quantity has a closed form. Private information is compared at equal shared information, not by a probe, and shown above the exact curve from the canonical " +
        "correlations and beside a code that reconstructs (the 8 principal components). Estimators' bias is read on 1,500 codes at that point (KSG with k = 3, the Gaussian one, InfoNCE with 300 steps).";

    /// <inheritdoc/>
    public override string Data => "generated: pairs of Gaussian views with common and own sources";

    /// <inheritdoc/>
    public override Measure Primary => new("private information", "bits", Better.Lower);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("private above the exact curve", "bits", Better.Lower),
        new("private below the reconstructing code", "bits", Better.Higher),
        new("shared information before noise", "bits", Better.Higher),
        new("bias of ksg1", "bits", Better.Higher),
        new("bias of gaussian", "bits", Better.Higher),
        new("bias of infonce", "bits", Better.Higher),
    ];

    /// <inheritdoc/>
    public override string Baseline => "InfoNCE without compression";

    /// <inheritdoc/>
    public override string Method => "InfoNCE with the multi-view bottleneck's compression";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations =>
        [Configuration.Of(("temperature", 0.1), ("beta", 0)), Configuration.Of(("temperature", 0.3), ("beta", 0)), Configuration.Of(("temperature", 1), ("beta", 0))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations =>
        [Configuration.Of(("temperature", 0.3), ("beta", 1e-3)), Configuration.Of(("temperature", 0.3), ("beta", 1e-2)), Configuration.Of(("temperature", 0.3), ("beta", 0.1))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("ssl-information-review makes its own views: it takes no --data");
        var problem = new Problem(trial.Random("mixtures"));
        var (first, second) = problem.Draw(trial.Pick(300, 4000, 4000), trial.Random("pairs"));
        var random = trial.Random("weights");
        var (f, g) = (new Linear(Width, Latent, random, bias: false), new Linear(Width, Latent, random, bias: false));
        var rho = Tensor.Zeros(2, 1, Latent);
        rho.RequiresGrad = true;
        var (temperature, beta) = ((float)configuration["temperature"], (float)configuration["beta"]);
        var trained = f.NamedParameters().Select(p => ("first." + p.Name, p.Value)).Concat(g.NamedParameters().Select(p => ("second." + p.Name, p.Value)));
        if (beta > 0) trained = trained.Append(("rho", rho));
        MiniTrainer.Train(trial, trained, first.Size(0), new MiniOptions { Steps = trial.Pick(5, 200, 500), Batch = 256, LearningRate = 0.01 }, (rows, noise) =>
        {
            var index = LongTensor.From(rows);
            var (a, b) = (f.Forward(first.IndexSelect(0, index)), g.Forward(second.IndexSelect(0, index)));
            if (beta == 0) return Losses.InfoNce(a, b, temperature);
            var std = rho.Softplus();
            var (s, t) = (std.Select(0, 0) + Tensor.Zeros(a.Size(0), Latent), std.Select(0, 1) + Tensor.Zeros(a.Size(0), Latent));
            return Losses.InfoNce(a + (s * Noise(noise, a.Size(0))), b + (t * Noise(noise, a.Size(0))), temperature) + (Losses.SymmetricGaussianKl(a, s, b, t) * beta);
        });

        var encoder = new double[Latent, Width];
        for (var i = 0; i < f.Weight.Numel; i++) encoder[i / Width, i % Width] = f.Weight.Data[i];
        double[] variances = beta == 0 ? new double[Latent] : [.. rho.Softplus().Data[..Latent].ToArray().Select(s => (double)s * s)];
        var shared = Bits.FromBits(SharedPart * problem.Views.Shared.Value);
        var code = problem.Views.AtShared(encoder, variances, shared);
        var left = code?.Private.Value ?? NeverReached;
        if (trial.Tuning) return new Outcome { Tuning = left };
        var outcome = new Outcome
        {
            ["private information"] = left,
            ["private above the exact curve"] = left - problem.Views.LeastPrivate(shared).Value,
            ["private below the reconstructing code"] = problem.Views.AtShared(problem.Principal(), new double[Latent], shared)!.Private.Value - left,
            ["shared information before noise"] = problem.Views.Code(encoder, [.. variances.Select(v => v + 1e-6)]).Shared.Value,
            Tuning = left,
        };
        var (x, y) = problem.Draw(trial.Pick(200, 800, 1500), trial.Random("estimates"));
        var samples = Codes(x, encoder, [.. variances.Select(v => v + (code?.AddedNoise ?? 0))], trial.Random("codes"));
        var other = new Samples([.. y.ToArray().Select(v => (double)v)], y.Size(0), Width);
        foreach (var (name, estimator) in (ReadOnlySpan<(string, SampleEstimator)>)[("ksg1", new Ksg1()), ("gaussian", new GaussianInformation()), ("infonce", new NeuralInformation { Steps = trial.Pick(5, 100, 300) })])
            outcome["bias of " + name] = Bits.FromNats(estimator.Read(new Rows(samples, other, null, (ulong)trial.Seed, 0)).Nats).Value - shared.Value;
        return outcome;
    }

    private static Tensor Noise(RandomStream random, int rows)
    {
        var noise = Tensor.Zeros(rows, Latent);
        random.FillNormal(noise.Data);
        return noise;
    }

    private static Samples Codes(Tensor x, double[,] encoder, double[] variances, RandomStream random)
    {
        var codes = new double[x.Size(0) * Latent];
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = Math.Sqrt(variances[i % Latent]) * random.NextGaussian();
            for (var k = 0; k < Width; k++) codes[i] += encoder[i % Latent, k] * x.Data[(i / Latent * Width) + k];
        }
        return new Samples(codes, x.Size(0), Latent);
    }

    /// <summary>The mixing matrices of a seed: each view is M [common; own] and noise.</summary>
    private sealed class Problem
    {
        private const double NoiseVariance = 0.25;
        private readonly double[][,] _mix;
        private readonly double[,] _covarianceX;

        public Problem(RandomStream random)
        {
            _mix = [.. Enumerable.Range(0, 2).Select(_ => Mixture(random))];
            _covarianceX = Product(0, 0, 2 * Common, NoiseVariance);
            Views = new GaussianViews(_covarianceX, Product(1, 1, 2 * Common, NoiseVariance), Product(0, 1, Common, 0));
        }

        public GaussianViews Views { get; }

        public (Tensor First, Tensor Second) Draw(int pairs, RandomStream random)
        {
            var views = (Tensor.Zeros(pairs, Width), Tensor.Zeros(pairs, Width));
            var causes = new double[3 * Common];
            for (var i = 0; i < pairs; i++)
            {
                for (var s = 0; s < causes.Length; s++) causes[s] = random.NextGaussian();
                for (var c = 0; c < Width; c++)
                {
                    var (a, b) = (Math.Sqrt(NoiseVariance) * random.NextGaussian(), Math.Sqrt(NoiseVariance) * random.NextGaussian());
                    for (var s = 0; s < 2 * Common; s++)
                    {
                        a += _mix[0][c, s] * causes[s];
                        b += _mix[1][c, s] * causes[s < Common ? s : s + Common];
                    }
                    (views.Item1.Data[(i * Width) + c], views.Item2.Data[(i * Width) + c]) = ((float)a, (float)b);
                }
            }
            return views;
        }

        // The best linear reconstruction of X from 8 numbers.
        public double[,] Principal()
        {
            var matrix = Tensor.Zeros(Width, Width);
            for (var i = 0; i < matrix.Numel; i++) matrix.Data[i] = (float)_covarianceX[i / Width, i % Width];
            var vectors = LinearAlgebra.Eigh(matrix).Vectors; // columns, ascending
            var encoder = new double[Latent, Width];
            for (var k = 0; k < Latent; k++)
                for (var c = 0; c < Width; c++) encoder[k, c] = vectors.Data[(c * Width) + (Width - 1 - k)];
            return encoder;
        }

        private double[,] Product(int a, int b, int causes, double diagonal)
        {
            var product = new double[Width, Width];
            for (var i = 0; i < Width; i++)
                for (var j = 0; j < Width; j++)
                    product[i, j] = Enumerable.Range(0, causes).Sum(s => _mix[a][i, s] * _mix[b][j, s]) + (i == j ? diagonal : 0);
            return product;
        }

        private static double[,] Mixture(RandomStream random)
        {
            var mixture = new double[Width, 2 * Common];
            for (var i = 0; i < Width; i++)
                for (var s = 0; s < 2 * Common; s++) mixture[i, s] = random.NextGaussian() / Math.Sqrt(2 * Common);
            return mixture;
        }
    }
}
