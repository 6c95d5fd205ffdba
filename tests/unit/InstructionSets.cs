using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Isthmus.Tests;

/// <summary>A static method without parameters that computes something and returns its <see cref="Fingerprint"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FingerprintOfAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>The hash of all bits that were added, in order.</summary>
public sealed class Fingerprint
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public Fingerprint Add<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        _hash.AppendData(MemoryMarshal.AsBytes(values));
        return this;
    }

    public Fingerprint Add<T>(T[] values) where T : unmanaged => Add((ReadOnlySpan<T>)values);

    public override string ToString() => Convert.ToHexString(_hash.GetCurrentHash());
}

/// <summary>
/// Runs a fingerprint in child processes that have instruction sets switched off, since the runtime reads its switches at the
/// start. The child is this assembly itself: its Main, which the test host does not call, runs one fingerprint.
/// </summary>
public static class InstructionSets
{
    private static readonly (string Switch, int WidestLeft)[] s_switches =
        [("", 512), ("DOTNET_EnableAVX512", 256), ("DOTNET_EnableAVX2", 128), ("DOTNET_EnableHWIntrinsic", 128)];

    /// <summary>The named fingerprint has the same bits here and under every switch; each switch is seen to have taken effect.</summary>
    public static void AssertSameBits(string fingerprint)
    {
        var here = Compute(fingerprint);
        foreach (var (name, widest) in s_switches)
        {
            var (hash, width, fma) = RunChild(fingerprint, name);
            Assert.True(width <= widest, $"{name}=0 left vectors of {width} bits");
            Assert.False(name == "DOTNET_EnableHWIntrinsic" && fma, $"{name}=0 left FMA on");
            Assert.True(here == hash, $"'{fingerprint}' has other bits with {(name == "" ? "no switch" : name + "=0")} in a process of its own");
        }
    }

    public static int Main(string[] args)
    {
        if (args is not ["fingerprint", var name])
        {
            Console.Error.WriteLine("usage: Isthmus.Tests.Unit fingerprint NAME");
            return 2;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Compute(name)} {Width} {System.Runtime.Intrinsics.X86.Fma.IsSupported}"));
        return 0;
    }

    private static int Width =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;

    private static string Compute(string fingerprint)
    {
        var method = typeof(InstructionSets).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Single(method => method.GetCustomAttribute<FingerprintOfAttribute>()?.Name == fingerprint);
        return method.Invoke(null, null)!.ToString()!;
    }

    private static (string Hash, int Width, bool Fma) RunChild(string fingerprint, string switchedOff)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { "exec", typeof(InstructionSets).Assembly.Location, "fingerprint", fingerprint },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, _) in s_switches)
            if (name != "") start.Environment.Remove(name);
        if (switchedOff != "") start.Environment[switchedOff] = "0";
        using var child = Process.Start(start)!;
        var error = child.StandardError.ReadToEndAsync();
        var words = child.StandardOutput.ReadToEnd().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        Assert.True(child.WaitForExit(60_000) && child.ExitCode == 0 && words.Length == 3, $"fingerprint '{fingerprint}': {error.Result}");
        return (words[0], int.Parse(words[1], CultureInfo.InvariantCulture), bool.Parse(words[2]));
    }
}
