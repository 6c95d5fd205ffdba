using System.Runtime.Intrinsics;

namespace Isthmus.Tests.Tensors;

/// <summary>Under <c>./test --all</c> the engine's tests run again with instruction sets switched off: here each switch is seen to work.</summary>
public class InstructionSetTest
{
    [Fact]
    public void Switches_TakeEffect()
    {
        if (Off("EnableAVX512")) Assert.False(Vector512.IsHardwareAccelerated);
        if (Off("EnableAVX2")) Assert.False(Vector256.IsHardwareAccelerated);
        if (Off("EnableHWIntrinsic")) Assert.False(Vector256.IsHardwareAccelerated || System.Runtime.Intrinsics.X86.Fma.IsSupported);
        Assert.All(Environment.GetEnvironmentVariables().Keys.Cast<string>(), // an older name that .NET 10 ignores would test nothing
            name => Assert.NotEqual("DOTNET_EnableAVX512F", name, StringComparer.OrdinalIgnoreCase));
    }

    private static bool Off(string name) => Environment.GetEnvironmentVariable("DOTNET_" + name) == "0";
}
