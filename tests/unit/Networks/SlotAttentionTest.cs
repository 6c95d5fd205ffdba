using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

/// <summary>What slots do beside the numbers of <see cref="ModuleGoldenTest"/>.</summary>
public class SlotAttentionTest
{
    private static readonly Tensor s_inputs = Tensor.Randn(new RandomStream(4), 2, 5, 3);

    [Fact]
    public void ThePlacesAreSharedOut_AndTheirOrderDoesNotMatter()
    {
        var layer = new SlotAttention(3, 4, 6, new RandomStream(1), ownStarts: true);
        var (slots, attention) = layer.Run(s_inputs);
        Assert.Equal([2, 4, 6], slots.Shape.ToArray());
        Assert.All(attention.Sum(1).ToArray(), s => Assert.Equal(1, s, 1e-5));
        var turned = layer.Run(s_inputs.Flip(1)).Slots;
        Assert.All(slots.ToArray().Zip(turned.ToArray()), p => Assert.Equal(p.First, p.Second, 1e-4));
    }

    [Fact]
    public void SlotsOfOneGaussian_AreExchangeable_AndEqualNoiseGivesEqualSlots()
    {
        var layer = new SlotAttention(3, 3, 6, new RandomStream(1));
        var first = layer.Run(s_inputs, new RandomStream(9)).Slots.ToArray();
        Assert.Equal(first, layer.Run(s_inputs, new RandomStream(9)).Slots.ToArray());
        Assert.NotEqual(first, layer.Run(s_inputs, new RandomStream(10)).Slots.ToArray());
        var start = Tensor.Randn(new RandomStream(2), 2, 3, 6);
        var slots = layer.Run(s_inputs, start).Slots.Flip(1).ToArray();
        Assert.All(slots.Zip(layer.Run(s_inputs, start.Flip(1)).Slots.ToArray()), p => Assert.Equal(p.First, p.Second, 1e-4));
        var same = layer.Run(s_inputs).Slots; // from the mean all slots are one
        Assert.All(same.Select(1, 0).ToArray().Zip(same.Select(1, 2).ToArray()), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    [Fact]
    public void ASingleSlot_OwnsEveryPlace()
    {
        var layer = new SlotAttention(3, 1, 6, new RandomStream(1));
        Assert.All(layer.Run(s_inputs).Attention.ToArray(), a => Assert.Equal(1, a));
    }

    [Fact]
    public void WhatDoesNotFit_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SlotAttention(3, 0, 6, new RandomStream(1)));
        var own = new SlotAttention(3, 2, 6, new RandomStream(1), ownStarts: true);
        Assert.Throws<ArgumentException>(() => own.Run(s_inputs, new RandomStream(1)));
        Assert.Throws<ArgumentException>(() => own.Run(Tensor.Zeros(2, 5, 4)));
        Assert.Throws<ArgumentException>(() => own.Run(s_inputs, Tensor.Zeros(2, 2, 5)));
    }
}
