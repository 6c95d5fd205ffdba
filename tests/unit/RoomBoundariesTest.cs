namespace Isthmus.Tests;

/// <summary>Rooms depend downwards only (docs/architecture.md); read from the built assemblies.</summary>
public class RoomBoundariesTest
{
    private static readonly string[] s_core = ["Root", "Tensors", "Networks", "Coding", "Bottlenecks"];
    private static readonly string[] s_library = [.. s_core, "Data", "Reports", "Information", "Runs"];

    // What a room may use besides itself.
    private static readonly Dictionary<string, string[]> s_below = new()
    {
        ["Root"] = [],
        ["Tensors"] = ["Root"],
        ["Networks"] = ["Root", "Tensors"],
        ["Coding"] = ["Root", "Tensors"],
        ["Bottlenecks"] = ["Root", "Tensors", "Networks", "Coding"],
        ["Data"] = [.. s_core, "Information"], // the tasks with known information are data too
        ["Reports"] = s_core,
        ["Information"] = s_core,
        ["Runs"] = [.. s_core, "Data", "Reports", "Information"],
        ["Studies"] = s_library,
        ["Web"] = s_library,
    };

    public static TheoryData<string> Assemblies => ["Isthmus.Core", "Isthmus", "Isthmus.Studies", "Isthmus.Web"];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Rooms_DependDownwardsOnly(string assembly)
    {
        using var reader = Open(assembly);
        var wrong = reader.Uses().Where(u => RoomOf(u.From) is { } from && RoomOf(u.To) is { } to && from != to
            && !s_below[from].Contains(to)).Select(u => $"{u.From} uses {u.To}");
        Assert.Empty(wrong);
    }

    // The rooms of Isthmus.Core share what lies below them (kernels, the arithmetic that is equal on every machine); everywhere else a
    // border is crossed by public types only.
    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Rooms_UseOnlyPublicTypesOfOthers(string assembly)
    {
        using var reader = Open(assembly);
        var wrong = reader.Uses().Where(u => !u.IsPublic && RoomOf(u.From) is { } from && RoomOf(u.To) is { } to && from != to && !s_core.Contains(to))
            .Select(u => $"{u.From} uses the internal {u.To}");
        Assert.Empty(wrong);
    }

    [Fact]
    public void Core_NeedsNothingButDotNet()
    {
        using var reader = Open("Isthmus.Core");
        Assert.All(reader.References, name => Assert.True(name.StartsWith("System.", StringComparison.Ordinal) || name == "Microsoft.Win32.Primitives", name));
    }

    [Fact]
    public void Reader_SeesUsesInSignaturesAndInCode()
    {
        using var reader = new AssemblyReader(typeof(RoomBoundariesTest).Assembly.Location);
        var uses = reader.Uses();
        Assert.Contains(new TypeUse("Isthmus.Tests.RoomBoundariesTest", "Isthmus.Tests.AssemblyReader", false), uses);
        Assert.Contains(new TypeUse("Isthmus.Tests.SuggestTest", "Isthmus.Suggest", true), uses);
        Assert.Contains(new TypeUse("Isthmus.Tests.SuggestTest", "Isthmus.Tensors.RandomStream", true), uses);
    }

    private static AssemblyReader Open(string assembly) => new(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));

    private static string? RoomOf(string type)
    {
        var words = type.Split('.');
        return words[0] != "Isthmus" ? null : words.Length == 2 ? "Root" : words[1];
    }
}
