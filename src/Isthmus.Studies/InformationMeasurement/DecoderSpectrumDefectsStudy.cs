using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>
/// "Defects of Convolutional Decoder Networks in Frequency Representation" (Tang, Shen, Zhou, Chen, Zhang, ICML 2023): what cascaded convolutions and
/// upsampling do to the spectrum of feature maps.
/// </summary>
public sealed class DecoderSpectrumDefectsStudy : Study
{
    private const int Side = 32, Channels = 8, Deep = 6, WaveRows = 3, WaveColumns = 11;

    /// <inheritdoc/>
    public override string Slug => "decoder-spectrum-defects";

    /// <inheritdoc/>
    public override string Claim => "Cascaded 3x3 convolutions with kernels of non-zero mean weaken high frequencies: after six layers high over low energy is lower than after one.";

    /// <inheritdoc/>
    public override string Procedure =>
        "128 pictures of 32 x 32 pass a stack of random convolutions, 1 to 8 and then 8 to 8 channels, 3x3, without bias; weights are normal with standard deviation 1 and mean 1/2, linear layers. " +
        "Baseline: after the first layer; method: after six. Read: the energy at frequencies of which a component is above half the highest, over that of all others, mean spectrum of all channels, with zero padding. " +
        "The same is read with circular padding, with ReLU after each layer, and with each kernel's mean removed. Further: the share of energy that a wave of 3 x 11 periods still has at its own frequency after the same layers, with either " +
        "padding; and the correlation of the spectrum with copies of the one before, after zeros are put between pixels, and after a stride-2 transposed convolution with such kernels.";

    /// <inheritdoc/>
    public override string Differs =>
        "Untrained kernels, as in the paper's theorems; its experiments on trained decoders are not repeated. The catalogue's 'more so with zero padding' is a secondary reading here (zero over circular), as is the copying of spectra.";

    /// <inheritdoc/>
    public override string Data => "generated: 128 pictures of shapes anywhere on 32 x 32 pixels with noise (make:sprites,n=128,size=32,colours=1,spread=1,noise=0.3); kernels new for each seed";

    /// <inheritdoc/>
    public override Measure Primary => new("high over low energy", "", Better.Lower, Ratio: true);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("high over low, circular padding", "", Better.Lower, Ratio: true),
        new("high over low, zero padding over circular", "", Better.Lower, Ratio: true),
        new("high over low, with ReLU", "", Better.Lower, Ratio: true),
        new("high over low, kernels of mean zero", "", Better.Lower, Ratio: true),
        new("wave at its frequency, circular padding", "share", Better.Higher),
        new("wave at its frequency, zero padding", "share", Better.Higher),
        new("copies after zeros between pixels", "correlation", Better.Higher),
        new("copies after a transposed convolution", "correlation", Better.Higher),
    ];

    /// <inheritdoc/>
    public override string Baseline => "after one convolution";

    /// <inheritdoc/>
    public override string Method => "after six convolutions";

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        var data = StudyData.Load(trial, FormattableString.Invariant($"make:sprites,n=128,size={Side},colours=1,spread=1,noise=0.3"));
        if (data.FeatureShape is not [1, > 8, > 8]) throw new InputException("decoder-spectrum-defects takes pictures of one channel");
        var depth = arm == Arm.Method ? Deep : 1;
        var count = Math.Min(data.Count, trial.Pick(8, 64, 128));
        var (random, kernels) = (trial.Random("kernels"), new List<Tensor>());
        for (var layer = 0; layer < Deep; layer++) kernels.Add(Kernel(random, layer == 0 ? 1 : Channels));
        var up = Kernel(random, Channels);
        var pictures = Tensor.From(data.Rows(0, count), [count, .. data.FeatureShape]);
        using var quiet = new NoGrad();
        using var scope = new TensorScope("decoder spectrum");

        Tensor Through(Tensor x, PadMode padding, bool relu = false, bool centred = false)
        {
            foreach (var kernel in kernels.Take(depth))
            {
                x = x.Pad([1, 1, 1, 1], padding).Conv2d(centred ? kernel - kernel.Mean([2, 3], keepdim: true) : kernel);
                x = (relu ? x.Relu() : x) * (1 / MathF.Sqrt(x.Square().Mean().Item())); // energies grow with every layer
            }
            return x;
        }

        var wave = Tensor.Zeros(1, 1, Side, Side);
        for (var i = 0; i < wave.Numel; i++) wave.Data[i] = (float)Math.Cos(2 * Math.PI * ((WaveRows * (i / Side)) + (WaveColumns * (i % Side))) / Side);
        double WaveShare(PadMode padding) => PlaneSpectrum.Of(Through(wave, padding)).ShareAt(WaveRows, WaveColumns);

        var last = Through(pictures, PadMode.Constant);
        var (zeros, circular) = (PlaneSpectrum.Of(last), PlaneSpectrum.Of(Through(pictures, PadMode.Circular)));
        var spread = last.ConvTranspose2d(Tensor.Ones(Channels, 1, 1, 1), null, (2, 2), outputPadding: (1, 1), groups: Channels);
        var transposed = last.ConvTranspose2d(up, null, (2, 2), (1, 1), (1, 1));
        return new Outcome
        {
            ["high over low energy"] = zeros.HighOverLow(),
            ["high over low, circular padding"] = circular.HighOverLow(),
            ["high over low, zero padding over circular"] = zeros.HighOverLow() / circular.HighOverLow(),
            ["high over low, with ReLU"] = PlaneSpectrum.Of(Through(pictures, PadMode.Constant, relu: true)).HighOverLow(),
            ["high over low, kernels of mean zero"] = PlaneSpectrum.Of(Through(pictures, PadMode.Constant, centred: true)).HighOverLow(),
            ["wave at its frequency, circular padding"] = WaveShare(PadMode.Circular),
            ["wave at its frequency, zero padding"] = WaveShare(PadMode.Constant),
            ["copies after zeros between pixels"] = PlaneSpectrum.Of(spread).CopiesOf(zeros),
            ["copies after a transposed convolution"] = PlaneSpectrum.Of(transposed).CopiesOf(zeros),
        };
    }

    private static Tensor Kernel(RandomStream random, int from)
    {
        var kernel = Tensor.Zeros(Channels, from, 3, 3);
        random.FillNormal(kernel.Data);
        for (var i = 0; i < kernel.Numel; i++) kernel.Data[i] += 0.5f;
        return kernel;
    }
}
