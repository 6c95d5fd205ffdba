using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

public class FourierTest
{
    [Theory]
    [InlineData(64)]
    [InlineData(63)]
    [InlineData(1000)]
    [InlineData(1021)] // a prime: Bluestein
    [InlineData(4096)]
    public void Transform_IsTheSumOfItsDefinition(int n)
    {
        var x = Tensor.Randn(new RandomStream(3), 1, n);
        var bins = Fourier.Rfft(x);
        var worst = 0.0;
        for (var k = 0; k <= n / 2; k += Math.Max(1, n / 37))
        {
            double re = 0, im = 0;
            for (var j = 0; j < n; j++)
            {
                var angle = 2 * Math.PI * ((long)j * k % n) / n;
                re += x.Data[j] * Math.Cos(angle);
                im -= x.Data[j] * Math.Sin(angle);
            }
            worst = Math.Max(worst, Math.Max(Math.Abs(re - bins.Data[2 * k]), Math.Abs(im - bins.Data[(2 * k) + 1])));
        }
        Assert.True(worst < 1e-5, $"a bin is off by {worst}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(1021)]
    public void Inverse_GivesTheLineBack(int n)
    {
        var x = Tensor.Randn(new RandomStream(4), 3, n);
        foreach (var norm in Enum.GetValues<FftNorm>())
            foreach (var (a, b) in x.ToArray().Zip(Fourier.Irfft(Fourier.Rfft(x, norm: norm), n, norm).ToArray()))
                Assert.Equal(a, b, 1e-5f);
        var planes = Tensor.Randn(new RandomStream(5), 2, 3, n);
        foreach (var (a, b) in planes.ToArray().Zip(Fourier.Irfft2(Fourier.Rfft2(planes), n).ToArray())) Assert.Equal(a, b, 1e-5f);
    }

    [Fact]
    public void Ortho_KeepsTheEnergy()
    {
        var x = Tensor.Randn(new RandomStream(6), 60, 2);
        Assert.Equal(x.Square().Sum().Item(), Fourier.Fft(x, norm: FftNorm.Ortho).Square().Sum().Item(), 1e-3f);
    }

    [Fact]
    public void Lines_HaveTheSameBits_WhateverTheyStandBeside()
    {
        var x = Tensor.Randn(new RandomStream(7), 50, 120);
        var all = Fourier.Rfft(x).ToArray();
        for (var i = 0; i < 50; i += 7) Assert.Equal(all[(i * 122)..((i + 1) * 122)], Fourier.Rfft(x.Narrow(0, i, 1)).ToArray());
    }

    [Fact]
    public void Bits_AreTheSame_ForEveryInstructionSet() => InstructionSets.AssertSameBits("fourier");

    [FingerprintOf("fourier")]
    internal static Fingerprint Fingerprint()
    {
        var bits = new Fingerprint();
        foreach (var n in (int[])[1, 2, 3, 4, 7, 8, 10, 16, 64, 100, 128])
        {
            var x = Tensor.Randn(new RandomStream(8), 5, n);
            var bins = Fourier.Rfft(x);
            bits.Add(bins.ToArray()).Add(Fourier.Irfft(bins, n).ToArray()).Add(Fourier.Ifft(bins, 0).ToArray()).Add(Fourier.Fft(bins).ToArray());
        }
        return bits;
    }

    [Fact]
    public void WrongShapes_AreNamed()
    {
        Assert.Contains("rfft: lines of at least 1 number are needed, not [2, 0] with n = the size", Assert.Throws<ArgumentException>(() => Fourier.Rfft(Tensor.Zeros(2, 0))).Message);
        Assert.Contains("irfft: complex numbers [..., n, 2] are needed, not [2, 3]", Assert.Throws<ArgumentException>(() => Fourier.Irfft(Tensor.Zeros(2, 3))).Message);
        Assert.Contains("irfft: a length of at least 1 is needed, not 0", Assert.Throws<ArgumentException>(() => Fourier.Irfft(Tensor.Zeros(2, 1, 2))).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Fourier.Fft(Tensor.Zeros(2, 3, 2), 2));
    }
}
