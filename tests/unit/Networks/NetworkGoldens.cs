using System.Text.Json;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

/// <summary>The numbers of Goldens/networks.json.</summary>
internal static class NetworkGoldens
{
    public static readonly JsonElement Root = Load();

    /// <summary>A packed tensor.</summary>
    public static Tensor Tensor(JsonElement packed)
    {
        int[] shape = [.. packed.GetProperty("shape").EnumerateArray().Select(v => v.GetInt32())];
        return Isthmus.Tensors.Tensor.From([.. packed.GetProperty("data").EnumerateArray().Select(v => (float)v.GetDouble())], shape).Reshape(shape);
    }

    /// <summary>Shapes are equal, and numbers to a tolerance relative to the largest of them, or to 1.</summary>
    public static void AssertClose(JsonElement expected, Tensor? actual, string what, double tolerance = 2e-5)
    {
        var want = Tensor(expected);
        Assert.True(actual is not null, $"{what}: there is none");
        Assert.Equal(want.Shape.ToArray(), actual.Shape.ToArray());
        var scale = want.ToArray().Select(Math.Abs).Append(1f).Max();
        for (var i = 0; i < want.Numel; i++)
            Assert.True(Math.Abs(want.Data[i] - actual.Data[i]) <= tolerance * scale, $"{what}: element {i} is {actual.Data[i]}, PyTorch has {want.Data[i]}");
    }

    private static JsonElement Load()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Networks", "Goldens", "networks.json"));
        using var document = JsonDocument.Parse(file);
        return document.RootElement.Clone();
    }
}
