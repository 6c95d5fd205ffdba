using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

/// <summary>The expression of each case of Goldens/ops.py on the engine, by the case's name.</summary>
internal static class GoldenOps
{
    public delegate Tensor Expression(Tensor[] x, LongTensor[] i);

    public static readonly Dictionary<string, Expression> All = new(StringComparer.Ordinal)
    {
        ["div"] = (x, _) => x[0] / x[1],
        ["div/both"] = (x, _) => x[0] / x[1],
        ["div/scalars"] = (x, _) => 3f / x[0],
        ["head_attention"] = (x, _) => x[0].HeadAttention(null, 2),
        ["head_attention/causal"] = (x, _) => x[0].HeadAttention(null, 3, causal: true),
        ["head_attention/memory"] = (x, _) => x[0].HeadAttention(x[1], 2),
        ["head_attention/mask"] = (x, _) => x[0].HeadAttention(x[1], 2, mask: Tensor.From([1f, 0, 1, 1, 0, 1, 0, 1], 2, 4)),
        ["head_attention/empty"] = (x, _) => x[0].HeadAttention(x[1], 2),
        ["gru"] = (x, _) => Tensor.GruStates(x[0], x[1], x[2], x[3]),
        ["gru/step"] = (x, _) => Tensor.GruStates(x[0], x[1], x[2], x[3]),
        ["gru/wide"] = (x, _) => Tensor.GruStates(x[0], x[1], x[2], x[3]),
        ["lstm"] = (x, _) => Tensor.LstmStates(x[0], x[1], x[2], x[3], x[4]).States,
        ["lstm/cells"] = (x, _) => Tensor.LstmStates(x[0], x[1], x[2], x[3], x[4]).Cells,
        ["lstm/wide"] = (x, _) => Both(Tensor.LstmStates(x[0], x[1], x[2], x[3], x[4])),
        ["affine"] = (x, _) => x[0].Affine(1.5f, -0.25f),
        ["neg"] = (x, _) => -x[0],
        ["maximum/ties"] = (x, _) => x[0].Maximum(x[1]),
        ["pow"] = (x, _) => x[0].Pow(x[1]),
        ["pow/zero"] = (x, _) => x[0].Pow(x[1]),
        ["pow_scalar/2.0"] = (x, _) => x[0].Pow(2f),
        ["pow_scalar/3.0"] = (x, _) => x[0].Pow(3f),
        ["pow_scalar/-1.5"] = (x, _) => x[0].Pow(-1.5f),
        ["pow_scalar/0.5"] = (x, _) => x[0].Pow(0.5f),
        ["pow_scalar/0.0"] = (x, _) => x[0].Pow(0f),
        ["exp"] = (x, _) => x[0].Exp(),
        ["expm1"] = (x, _) => x[0].Expm1(),
        ["log"] = (x, _) => x[0].Log(),
        ["log1p"] = (x, _) => x[0].Log1p(),
        ["sqrt"] = (x, _) => x[0].Sqrt(),
        ["rsqrt"] = (x, _) => x[0].Rsqrt(),
        ["square"] = (x, _) => x[0].Square(),
        ["abs"] = (x, _) => x[0].Abs(),
        ["abs/zero"] = (x, _) => x[0].Abs(),
        ["sin"] = (x, _) => x[0].Sin(),
        ["cos"] = (x, _) => x[0].Cos(),
        ["tanh"] = (x, _) => x[0].Tanh(),
        ["sigmoid"] = (x, _) => x[0].Sigmoid(),
        ["softplus"] = (x, _) => x[0].Softplus(),
        ["relu"] = (x, _) => x[0].Relu(),
        ["relu/zero"] = (x, _) => x[0].Relu(),
        ["leaky_relu"] = (x, _) => x[0].LeakyRelu(0.1f),
        ["elu"] = (x, _) => x[0].Elu(1.3f),
        ["silu"] = (x, _) => x[0].Silu(),
        ["gelu"] = (x, _) => x[0].Gelu(),
        ["gelu_tanh"] = (x, _) => x[0].Gelu(tanh: true),
        ["erf"] = (x, _) => x[0].Erf(),
        ["clamp"] = (x, _) => x[0].Clamp(-0.5f, 0.7f),
        ["clamp/ends"] = (x, _) => x[0].Clamp(-1f, 1f),
        ["exp/transposed"] = (x, _) => x[0].Transpose().Exp(),
        ["sum"] = (x, _) => x[0].Sum(),
        ["sum/dims"] = (x, _) => x[0].Sum([0, 2]),
        ["sum/keepdim"] = (x, _) => x[0].Sum(1, keepdim: true),
        ["sum/empty"] = (x, _) => x[0].Sum(0),
        ["mean"] = (x, _) => x[0].Mean(1),
        ["var"] = (x, _) => x[0].Var([0]),
        ["var/population"] = (x, _) => x[0].Var([0, 1], correction: 0),
        ["std"] = (x, _) => x[0].Std([1]),
        ["prod"] = (x, _) => x[0].Prod(1),
        ["prod/zero"] = (x, _) => x[0].Prod(0),
        ["max"] = (x, _) => x[0].Max(1).Values,
        ["max/middle"] = (x, _) => x[0].Max(1).Values,
        ["min"] = (x, _) => x[0].Min(0).Values,
        ["cumsum"] = (x, _) => x[0].CumSum(1),
        ["logsumexp"] = (x, _) => x[0].LogSumExp(1),
        ["logsumexp/infinite"] = (x, _) => x[0].LogSumExp(1),
        ["prod/dims"] = (x, _) => x[0].Prod([0, 2]),
        ["prod/all"] = (x, _) => x[0].Prod(),
        ["prod/empty"] = (x, _) => x[0].Prod(1),
        ["amax"] = (x, _) => x[0].AMax([0, 2]),
        ["amax/keepdim"] = (x, _) => x[0].AMax([1], keepdim: true),
        ["amax/ties"] = (x, _) => x[0].AMax([0, 1]),
        ["amin"] = (x, _) => x[0].AMin([0, -1]),
        ["max/all_ties"] = (x, _) => x[0].Max(),
        ["min/all"] = (x, _) => x[0].Min(),
        ["logsumexp/dims"] = (x, _) => x[0].LogSumExp([0, 2]),
        ["sum/transposed"] = (x, _) => x[0].Transpose(0, 2).Sum([0, 1]),
        ["mean/dims"] = (x, _) => x[0].Mean([0, 2], keepdim: true),
        ["var/dims"] = (x, _) => x[0].Var([0, 2], keepdim: true),
        ["std/dims"] = (x, _) => x[0].Std([1, 2], correction: 0),
        ["cumsum/first"] = (x, _) => x[0].CumSum(0),
        ["cumsum/empty"] = (x, _) => x[0].CumSum(0),
        ["sort"] = (x, _) => x[0].Sort().Values,
        ["sort/descending"] = (x, _) => x[0].Sort(1, descending: true).Values,
        ["sort/first"] = (x, _) => x[0].Sort(0).Values,
        ["sort/ties"] = (x, _) => x[0].Sort(0).Values,
        ["sort/ties_descending"] = (x, _) => x[0].Sort(0, descending: true).Values,
        ["sort/empty"] = (x, _) => x[0].Sort(1).Values,
        ["sort/one"] = (x, _) => x[0].Sort(0).Values,
        ["topk"] = (x, _) => x[0].TopK(3).Values,
        ["topk/smallest"] = (x, _) => x[0].TopK(2, 1, largest: false).Values,
        ["cdist"] = (x, _) => x[0].Cdist(x[1]),
        ["cdist/batched"] = (x, _) => x[0].Cdist(x[1]),
        ["cdist/broadcast"] = (x, _) => x[0].Cdist(x[1]),
        ["cdist/ones"] = (x, _) => x[0].Cdist(x[1], 1),
        ["cdist/zero"] = (x, _) => x[0].Cdist(x[1]),
        ["cdist/ones_zero"] = (x, _) => x[0].Cdist(x[1], 1),
        ["cdist/empty"] = (x, _) => x[0].Cdist(x[1]),
        ["norm"] = (x, _) => x[0].Norm(),
        ["norm/dims"] = (x, _) => x[0].Norm(2, [0, 2]),
        ["norm/keepdim"] = (x, _) => x[0].Norm(2, [1], keepdim: true),
        ["norm/zero"] = (x, _) => x[0].Norm(2, [1]),
        ["norm/ones"] = (x, _) => x[0].Norm(1, [0, 2]),
        ["norm/largest_ties"] = (x, _) => x[0].Norm(float.PositiveInfinity, [1]),
        ["tril"] = (x, _) => x[0].Tril(),
        ["tril/below"] = (x, _) => x[0].Tril(-1),
        ["triu"] = (x, _) => x[0].Triu(1),
        ["triu/far"] = (x, _) => x[0].Triu(-5),
        ["diagonal"] = (x, _) => x[0].Diagonal(),
        ["pad"] = (x, _) => x[0].Pad([1, 2]),
        ["pad/images"] = (x, _) => x[0].Pad([1, 0, 2, 1], value: 0.5f),
        ["pad/cut"] = (x, _) => x[0].Pad([1, -1, 0, 2, -1, -1], value: 5f),
        ["pad/empty"] = (x, _) => x[0].Pad([1, 2]),
        ["pad/reflect"] = (x, _) => x[0].Pad([2, 1, 1, 2], PadMode.Reflect),
        ["pad/replicate"] = (x, _) => x[0].Pad([3, 1, 0, 2], PadMode.Replicate),
        ["pad/circular"] = (x, _) => x[0].Pad([3, 1, 0, 2], PadMode.Circular),
        ["pixel_shuffle"] = (x, _) => x[0].PixelShuffle(2),
        ["pixel_unshuffle"] = (x, _) => x[0].PixelUnshuffle(2),
        ["upsample_linear"] = (x, _) => x[0].UpsampleLinear1d(7),
        ["upsample_linear/aligned"] = (x, _) => x[0].UpsampleLinear1d(7, alignCorners: true),
        ["upsample_linear/bilinear"] = (x, _) => x[0].UpsampleBilinear2d(6, 5),
        ["upsample_linear/bilinear_aligned"] = (x, _) => x[0].UpsampleBilinear2d(6, 5, alignCorners: true),
        ["upsample_linear/smaller"] = (x, _) => x[0].UpsampleBilinear2d(2, 3),
        ["upsample_linear/one"] = (x, _) => x[0].UpsampleBilinear2d(3, 1, alignCorners: true),
        ["max_pool2d/adaptive"] = (x, _) => x[0].AdaptiveMaxPool2d(3, 2),
        ["max_pool2d/line"] = (x, _) => x[0].MaxPool1d(3, 2, 1),
        ["max_pool2d/adaptive_line"] = (x, _) => x[0].AdaptiveMaxPool1d(3),
        ["avg_pool2d/line"] = (x, _) => x[0].AvgPool1d(3, 2, 1),
        ["avg_pool2d/adaptive_line"] = (x, _) => x[0].AdaptiveAvgPool1d(3),
        ["rfft/ortho"] = (x, _) => Fourier.Rfft(x[0], norm: FftNorm.Ortho),
        ["rfft/forward"] = (x, _) => Fourier.Rfft(x[0], norm: FftNorm.Forward),
        ["rfft/longer"] = (x, _) => Fourier.Rfft(x[0], 9),
        ["rfft/shorter"] = (x, _) => Fourier.Rfft(x[0], 5),
        ["rfft/transposed"] = (x, _) => Fourier.Rfft(x[0].Transpose()),
        ["rfft/empty"] = (x, _) => Fourier.Rfft(x[0], 4),
        ["irfft/default"] = (x, _) => Fourier.Irfft(x[0]),
        ["irfft/ortho"] = (x, _) => Fourier.Irfft(x[0], 9, FftNorm.Ortho),
        ["irfft/longer"] = (x, _) => Fourier.Irfft(x[0], 12),
        ["fft_c2c/first"] = (x, _) => Fourier.Fft(x[0], 0),
        ["fft_c2c/inverse"] = (x, _) => Fourier.Ifft(x[0], 1),
        ["fft_c2c/inverse_ortho"] = (x, _) => Fourier.Ifft(x[0], norm: FftNorm.Ortho),
        ["fft_c2c/inverse_forward"] = (x, _) => Fourier.Ifft(x[0], norm: FftNorm.Forward),
        ["rfft/planes"] = (x, _) => Fourier.Rfft2(x[0]),
        ["rfft/planes_ortho"] = (x, _) => Fourier.Rfft2(x[0], FftNorm.Ortho),
        ["irfft/planes"] = (x, _) => Fourier.Irfft2(x[0], 5),
        ["irfft/planes_ortho"] = (x, _) => Fourier.Irfft2(x[0], norm: FftNorm.Ortho),
        ["cholesky"] = (x, _) => LinearAlgebra.Cholesky(Definite(x[0])),
        ["cholesky/batched"] = (x, _) => LinearAlgebra.Cholesky(Definite(x[0])),
        ["cholesky/one"] = (x, _) => LinearAlgebra.Cholesky(Definite(x[0])),
        ["cholesky/empty"] = (x, _) => LinearAlgebra.Cholesky(Definite(x[0])),
        ["solve_triangular"] = (x, _) => LinearAlgebra.SolveTriangular(x[0], x[1], upper: false),
        ["solve_triangular/upper"] = (x, _) => LinearAlgebra.SolveTriangular(x[0], x[1], upper: true),
        ["solve_triangular/transposed"] = (x, _) => LinearAlgebra.SolveTriangular(x[0], x[1], upper: false, transposed: true),
        ["solve_triangular/upper_transposed"] = (x, _) => LinearAlgebra.SolveTriangular(x[0], x[1], upper: true, transposed: true),
        ["solve_triangular/unit"] = (x, _) => LinearAlgebra.SolveTriangular(x[0], x[1], upper: false, unitriangular: true),
        ["solve_triangular/broadcast"] = (x, _) => LinearAlgebra.SolveTriangular(x[0], x[1], upper: false),
        ["eigh"] = (x, _) => LinearAlgebra.Eigvalsh(Spread(x[0])),
        ["eigh/vectors"] = (x, _) => LinearAlgebra.Eigh(Spread(x[0])).Vectors.Square(),
        ["eigh/both"] = (x, _) => LinearAlgebra.Eigh(Spread(x[0])) is var (v, q) ? (q * v.Sin().Unsqueeze(-2)).MatMul(q, transposeOther: true) : null!,
        ["eigh/one"] = (x, _) => LinearAlgebra.Eigvalsh(Spread(x[0])),
        ["eigh/two"] = (x, _) => LinearAlgebra.Eigh(Spread(x[0])).Vectors.Square(),
        ["eigh/empty"] = (x, _) => LinearAlgebra.Eigvalsh(Spread(x[0])),
        ["solve_positive_definite"] = (x, _) => LinearAlgebra.SolvePositiveDefinite(Definite(x[0]), x[1]),
        ["solve_positive_definite/broadcast"] = (x, _) => LinearAlgebra.SolvePositiveDefinite(Definite(x[0]), x[1]),
        ["solve_positive_definite/inverse"] = (x, _) => LinearAlgebra.InversePositiveDefinite(Definite(x[0])),
        ["logdet"] = (x, _) => LinearAlgebra.LogDetPositiveDefinite(Definite(x[0])),
        ["logdet/one"] = (x, _) => LinearAlgebra.LogDetPositiveDefinite(Definite(x[0])),
        ["reshape"] = (x, _) => x[0].Reshape(6, -1),
        ["permute"] = (x, _) => x[0].Permute(2, 0, 1),
        ["transpose"] = (x, _) => x[0].Transpose(0, 1),
        ["expand"] = (x, _) => x[0].Expand(4, 3, 5),
        ["narrow"] = (x, _) => x[0].Narrow(1, 2, 3),
        ["cat"] = (x, _) => Tensor.Cat(x, 1),
        ["stack"] = (x, _) => Tensor.Stack(x, 1),
        ["flip"] = (x, _) => x[0].Flip(1),
        ["roll"] = (x, _) => x[0].Roll(3, 1),
        ["clone"] = (x, _) => x[0].Clone(),
        ["gather"] = (x, i) => x[0].Gather(1, i[0]),
        ["gather/first places"] = (x, i) => x[0].Gather(1, i[0]),
        ["gather/middle"] = (x, i) => x[0].Gather(0, i[0]),
        ["scatter_add"] = (x, i) => x[0].ScatterAdd(1, i[0], x[1]),
        ["index_select"] = (x, i) => x[0].IndexSelect(1, i[0]),
        ["embedding"] = (x, i) => x[0].Embedding(i[0]),
        ["where"] = (x, _) => Tensor.Where(x[0].Detach(), x[1], x[2]),
        ["masked_fill"] = (x, i) => x[0].MaskedFill(Tensor.From([.. i[0].ToArray().Select(v => (float)v)], i[0].Shape), 7f),
        ["matmul/transposes"] = (x, _) => x[0].MatMul(x[1], transposeThis: true, transposeOther: true),
        ["linear"] = (x, _) => x[0].Linear(x[1], x[2]),
        ["linear/plain"] = (x, _) => x[0].Linear(x[1]),
        ["outer"] = (x, _) => x[0].Outer(x[1]),
        ["softmax"] = (x, _) => x[0].Softmax(),
        ["softmax/middle"] = (x, _) => x[0].Softmax(1),
        ["log_softmax"] = (x, _) => x[0].LogSoftmax(),
        ["cross_entropy"] = (x, i) => x[0].CrossEntropy(i[0]),
        ["cross_entropy/places"] = (x, i) => x[0].CrossEntropy(i[0]),
        ["cross_entropy/ignored"] = (x, i) => x[0].CrossEntropy(i[0]),
        ["gaussian_kl"] = (x, _) => x[0].GaussianKl(x[1]),
        ["layer_norm"] = (x, _) => x[0].LayerNorm(x[1], x[2]),
        ["layer_norm/plain"] = (x, _) => x[0].LayerNorm(),
        ["batch_norm"] = (x, _) => x[0].BatchNorm(null, null, x[1], x[2]),
        ["batch_norm/rows"] = (x, _) => x[0].BatchNorm(null, null),
        ["batch_norm/running"] = (x, _) => x[0].BatchNorm(Tensor.From([0.5f, -0.25f, 0f]), Tensor.From([0.5f, 2f, 1f]), x[1], x[2], training: false),
        ["attention"] = (x, _) => x[0].ScaledDotProductAttention(x[1], x[2]),
        ["attention/causal"] = (x, _) => x[0].ScaledDotProductAttention(x[1], x[2], causal: true, scale: 0.3f),
        ["attention/mask"] = (x, _) => x[0].ScaledDotProductAttention(x[1], x[2], mask: Tensor.From([1f, 0, 1, 1, 0, 1, 0, 1], 2, 4)),
        ["group_norm"] = (x, _) => x[0].GroupNorm(2, x[1], x[2]),
        ["group_norm/instance"] = (x, _) => x[0].GroupNorm(3),
        ["rms_norm"] = (x, _) => x[0].RmsNorm(x[1]),
        ["rms_norm/plain"] = (x, _) => x[0].RmsNorm(),
        ["max_pool2d"] = (x, _) => x[0].MaxPool2d(2),
        ["max_pool2d/overlap"] = (x, _) => x[0].MaxPool2d(3, 2, 1),
        ["max_pool2d/ties"] = (x, _) => x[0].MaxPool2d(2, 1),
        ["avg_pool2d"] = (x, _) => x[0].AvgPool2d(2),
        ["avg_pool2d/overlap"] = (x, _) => x[0].AvgPool2d(3, 2, 1),
        ["avg_pool2d/adaptive"] = (x, _) => x[0].AdaptiveAvgPool2d(3, 2),
        ["avg_pool2d/upwards"] = (x, _) => x[0].AdaptiveAvgPool2d(3, 4),
        ["upsample_nearest2d"] = (x, _) => x[0].UpsampleNearest2d(3),
        ["conv2d"] = (x, _) => x[0].Conv2d(x[1], x[2]),
        ["conv2d/stride"] = (x, _) => x[0].Conv2d(x[1], x[2], stride: (2, 1), padding: (1, 2)),
        ["conv2d/dilation"] = (x, _) => x[0].Conv2d(x[1], dilation: (2, 2), padding: (2, 2)),
        ["conv2d/groups"] = (x, _) => x[0].Conv2d(x[1], x[2], padding: (1, 1), groups: 2),
        ["conv2d/depthwise"] = (x, _) => x[0].Conv2d(x[1], x[2], stride: (2, 2), padding: (1, 1), groups: 4),
        ["conv2d/pointwise"] = (x, _) => x[0].Conv2d(x[1], x[2]),
        ["conv_transpose2d"] = (x, _) => x[0].ConvTranspose2d(x[1], x[2]),
        ["conv_transpose2d/stride"] = (x, _) => x[0].ConvTranspose2d(x[1], x[2], stride: (2, 2), padding: (1, 1), outputPadding: (1, 1)),
        ["conv_transpose2d/groups"] = (x, _) => x[0].ConvTranspose2d(x[1], groups: 2, dilation: (2, 2)),
        ["custom/round_straight_through"] = (x, _) => x[0].RoundStraightThrough(),
        ["lower_bound/estimator"] = (x, _) => x[0].LowerBound(0.25f),
        ["conv1d"] = (x, _) => x[0].Conv1d(x[1], x[2], stride: 2, padding: 1),
        ["conv_transpose1d"] = (x, _) => x[0].ConvTranspose1d(x[1], x[2], stride: 2, padding: 1),
    };

    static GoldenOps()
    {
        foreach (var suffix in new[] { "", "/row", "/column", "/both", "/scalar", "/empty" })
        {
            All["add" + suffix] = (x, _) => x[0] + x[1];
            All["sub" + suffix] = (x, _) => x[0] - x[1];
            All["mul" + suffix] = (x, _) => x[0] * x[1];
            All["maximum" + suffix] = (x, _) => x[0].Maximum(x[1]);
            All["minimum" + suffix] = (x, _) => x[0].Minimum(x[1]);
            All["logaddexp" + suffix] = (x, _) => x[0].LogAddExp(x[1]);
        }
        foreach (var n in new[] { 1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 30, 32, 97 })
        {
            All[$"rfft/{n}"] = (x, _) => Fourier.Rfft(x[0]);
            All[$"irfft/{n}"] = (x, _) => Fourier.Irfft(x[0], n);
            All[$"fft_c2c/{n}"] = (x, _) => Fourier.Fft(x[0]);
        }
        foreach (var suffix in new[] { "", "/tall", "/wide", "/batched" })
        {
            All["svd" + suffix] = (x, _) => LinearAlgebra.Svdvals(Steep(x[0]));
            All["svd/u" + suffix] = (x, _) => LinearAlgebra.Svd(Steep(x[0])).U.Square();
            All["svd/v" + suffix] = (x, _) => LinearAlgebra.Svd(Steep(x[0])).Vh.Square();
            All["svd/all" + suffix] = (x, _) => LinearAlgebra.Svd(Steep(x[0])) is var (u, s, vh) ? (u * s.Sin().Unsqueeze(-2)).MatMul(vh) : null!;
        }
        foreach (var (name, equation) in new[]
        {
            ("matmul", "ij,jk->ik"), ("batched", "bij,bjk->bik"), ("transposed", "bji,bkj->bki"), ("implicit", "ij,jk"), ("order", "zab->baz"), ("outer", "i,j->ij"),
            ("dot", "i,i->"), ("sum", "ijk->j"), ("trace", "ii->"), ("diagonal", "bii->bi"), ("lonely", "ij,kj->k"), ("attention", "bqhd,bkhd->bhqk"),
            ("three", "bi,ij,bj->b"), ("bilinear", "bi,oij,bj->bo"), ("pointwise", "ij,ij->ij"), ("empty", "ij,jk->ik"), ("scalar", "ij,->ij"),
            ("ellipsis", "...ij,...jk->...ik"), ("ellipsis/fewer", "...i,i...->..."), ("ellipsis/implicit", "b...a"), ("ellipsis/none", "...i,i->..."),
        })
            All["einsum/" + name] = (x, _) => Tensor.Einsum(equation, x);
        foreach (var suffix in new[] { "", "/batched", "/broadcast", "/tall", "/left", "/vectors", "/vector", "/row", "/empty" })
            All["matmul" + suffix] = (x, _) => x[0].MatMul(x[1]);
    }

    private static Tensor Both((Tensor States, Tensor Cells) pair) => Tensor.Cat([pair.States.Reshape(-1), pair.Cells.Reshape(-1)]);

    private static Tensor Definite(Tensor x) => x.MatMul(x, transposeOther: true) + Tensor.Eye(x.Size(-1));

    private static Tensor Spread(Tensor x) => x + x.Transpose() + (Tensor.Eye(x.Size(-1)) * (6 * Tensor.Arange(x.Size(-1))));

    private static Tensor Steep(Tensor x)
    {
        var (m, n) = (x.Size(-2), x.Size(-1));
        var k = Math.Min(m, n);
        return x + (Tensor.Eye(k) * (6 * Tensor.Arange(k, 1))).Pad([0, n - k, 0, m - k]);
    }
}
