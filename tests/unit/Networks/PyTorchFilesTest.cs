using System.Diagnostics;
using System.Text.Json;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

/// <summary>Safetensors files written from PyTorch (Goldens/safetensors.py) load by name, and the networks then are PyTorch's.</summary>
public class PyTorchFilesTest
{
    private static readonly RandomStream s_random = new(1);

    private static readonly Dictionary<string, Func<Module>> s_networks = new(StringComparer.Ordinal)
    {
        ["mlp"] = () => new Mlp([6, 8, 8, 3], s_random),
        ["conv"] = () => new Sequential(new Conv2d(2, 4, 3, s_random, padding: 1), new BatchNorm2d(4), new ReLU(), new MaxPool2d(2), new Conv2d(4, 6, 3, s_random, 2, bias: false),
            new BatchNorm2d(6), new SiLU(), new AdaptiveAvgPool2d(1, 1), new Flatten(), new Linear(6, 3, s_random)),
        ["gru"] = () => new GRU(5, 4, s_random, 2, bidirectional: true),
        ["transformer"] = () => new TransformerEncoder([Layer(), Layer()], new LayerNorm(8)),
    };

    public static TheoryData<string> Names => [.. s_networks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void AFileFromPyTorch_LoadsByName_AndGivesItsOutputAndGradient(string name)
    {
        var (network, file) = Loaded(name);
        network.Eval();
        var x = file["input"];
        x.RequiresGrad = true;
        var y = network.Forward(x);
        Close(file["output"], y);
        (y * Tensor.Arange((int)y.Numel).Cos().Reshape(y.Shape)).Sum().Backward();
        Close(file["input_grad"], x.Grad!);
    }

    [PythonTheory]
    [MemberData(nameof(Names))]
    public void AFileThatWeWrite_HasTheSameBitsForAnotherReader(string name)
    {
        var path = Path.Combine(Path.GetTempPath(), FormattableString.Invariant($"isthmus-{Environment.ProcessId}-{name}.safetensors"));
        try
        {
            var state = Loaded(name).Network.StateDict();
            Safetensors.Write(path, state, new Dictionary<string, string> { ["made"] = "by a test, with \"quotes\" and ü" });
            using var process = Process.Start(new ProcessStartInfo(PythonTheoryAttribute.Python, [Golden("safetensors.py"), "--read", path]) { RedirectStandardOutput = true })!;
            using var read = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            Assert.Equal(state.Keys.Order(StringComparer.Ordinal), read.RootElement.EnumerateObject().Select(p => p.Name));
            foreach (var entry in read.RootElement.EnumerateObject())
            {
                Assert.Equal("F32", entry.Value.GetProperty("dtype").GetString());
                Assert.Equal(state[entry.Name].Shape.ToArray(), entry.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));
                Assert.Equal(Convert.ToHexStringLower(System.Runtime.InteropServices.MemoryMarshal.AsBytes(state[entry.Name].Data)), entry.Value.GetProperty("bits").GetString());
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (Module Network, Dictionary<string, Tensor> File) Loaded(string name)
    {
        var file = Safetensors.Read(Golden($"pytorch-{name}.safetensors")).Tensors;
        var network = s_networks[name]();
        network.LoadStateDict(file.Where(t => t.Key.StartsWith("net.", StringComparison.Ordinal)).ToDictionary(t => t.Key[4..], t => t.Value));
        return (network, file.ToDictionary());
    }

    private static TransformerEncoderLayer Layer() => new(8, 2, s_random, 12, 0f, normFirst: true, gelu: true);

    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Networks", "Goldens", name);

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape.ToArray(), actual.Shape.ToArray());
        var scale = expected.ToArray().Select(Math.Abs).Append(1f).Max();
        for (var i = 0; i < expected.Numel; i++) Assert.InRange(actual.Data[i], expected.Data[i] - (2e-5f * scale), expected.Data[i] + (2e-5f * scale));
    }

    /// <summary>A theory whose reader is a Python script of the standard library alone.</summary>
    private sealed class PythonTheoryAttribute : TheoryAttribute
    {
        public const string Python = "/usr/bin/python3";

        public PythonTheoryAttribute()
        {
            if (!File.Exists(Python)) Skip = $"needs {Python}";
        }
    }
}
