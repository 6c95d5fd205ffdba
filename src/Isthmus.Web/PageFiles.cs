using System.Reflection;

namespace Isthmus.Web;

/// <summary>The files of the page, by the path under which a browser asks for them. Nothing else can be asked for.</summary>
internal static class PageFiles
{
    private const string Prefix = "page/", First = "index.html";

    private static readonly Dictionary<string, string> s_types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    private static readonly Dictionary<string, (byte[] Content, string Type)> s_files = Load();

    /// <summary>A file and its media type; null where there is none of that path.</summary>
    public static (byte[] Content, string Type)? Find(string path) => s_files.TryGetValue(path, out var file) ? file : null;

    private static Dictionary<string, (byte[], string)> Load()
    {
        var assembly = typeof(PageFiles).Assembly;
        var files = new Dictionary<string, (byte[], string)>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var path = "/" + name[Prefix.Length..];
            files[path == "/" + First ? "/" : path] = (Read(assembly, name), s_types[Path.GetExtension(name)]);
        }
        return files;
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
