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
        ["cross_entropy/ignored"] = (x, i) => x[0].CrossEntropy(i[0]),
        ["gaussian_kl"] = (x, _) => x[0].GaussianKl(x[1]),
        ["layer_norm"] = (x, _) => x[0].LayerNorm(x[1], x[2]),
        ["layer_norm/plain"] = (x, _) => x[0].LayerNorm(),
        ["batch_norm"] = (x, _) => x[0].BatchNorm(null, null, x[1], x[2]),
        ["batch_norm/rows"] = (x, _) => x[0].BatchNorm(null, null),
        ["batch_norm/running"] = (x, _) => x[0].BatchNorm(Tensor.From([0.5f, -0.25f, 0f]), Tensor.From([0.5f, 2f, 1f]), x[1], x[2], training: false),
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
        foreach (var suffix in new[] { "", "/batched", "/broadcast", "/tall", "/left", "/vectors", "/vector", "/row", "/empty" })
            All["matmul" + suffix] = (x, _) => x[0].MatMul(x[1]);
    }
}
