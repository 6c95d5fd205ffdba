using System.Reflection;
using System.Text;

namespace Isthmus.Tests;

/// <summary>
/// The public surface as a text, PublicApi.txt at the root: a change of it shows up as a difference in review. With
/// ISTHMUS_UPDATE_API=1 this test writes the file.
/// </summary>
public class PublicApiTest
{
    private static readonly string[] s_assemblies = ["Isthmus.Core", "Isthmus", "Isthmus.Studies", "Isthmus.Web"];

    [Fact]
    [Trait("Category", "Slow")]
    public void Surface_IsTheCommittedOne()
    {
        var surface = new StringBuilder();
        foreach (var name in s_assemblies) surface.Append(PublicApi.Of(Assembly.Load(name)));
        var file = Path.Combine(Golden.Root(), "PublicApi.txt");
        if (Environment.GetEnvironmentVariable("ISTHMUS_UPDATE_API") == "1") File.WriteAllText(file, surface.ToString());
        Assert.True(File.Exists(file), "PublicApi.txt is missing: ISTHMUS_UPDATE_API=1 makes it");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), surface.ToString());
    }

    [Fact]
    public void Surface_ShowsWhatCallersDependOn()
    {
        var api = PublicApi.Of(typeof(PublicApiTest).Assembly);
        Assert.Contains("public class Isthmus.Tests.PublicApiTest.Sample<T> : System.IDisposable where T : struct\n", api, StringComparison.Ordinal);
        Assert.Contains("    public double this[int row] { get; }\n", api, StringComparison.Ordinal);
        Assert.Contains("    public int Count { get; init; }\n", api, StringComparison.Ordinal);
        Assert.Contains("    public string? Try(ref int a, double k = 0.5, params string[] names)\n", api, StringComparison.Ordinal);
        Assert.Contains("    protected virtual System.Collections.Generic.List<T?> Kept(in T x)\n", api, StringComparison.Ordinal);
        Assert.Contains("    public const int Size = 3\n", api, StringComparison.Ordinal);
        Assert.DoesNotContain("Hidden", api[api.IndexOf("PublicApiTest.Sample<T>", StringComparison.Ordinal)..].Split("\n\n")[0], StringComparison.Ordinal);
    }

    public class Sample<T> : IDisposable where T : struct
    {
        public const int Size = 3;
        public double this[int row] => row;
        public int Count { get; init; }
        public string? Try(ref int a, double k = 0.5, params string[] names) => names.Length > a + k ? null : "";
        protected virtual List<T?> Kept(in T x) => [x];
        private static int Hidden() => 1;
        public void Dispose() => GC.SuppressFinalize(Hidden());
    }
}
