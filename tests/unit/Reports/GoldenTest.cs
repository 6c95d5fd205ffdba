using System.Globalization;
using System.Text.RegularExpressions;
using Isthmus.Reports;

namespace Isthmus.Tests.Reports;

public partial class GoldenTest
{
    public static TheoryData<string> Figures => [.. Gallery.All().Select(f => f.Title)];

    [Theory]
    [MemberData(nameof(Figures))]
    public void Figure_IsTheCommittedOne(string title) =>
        Golden.Check($"Reports/Goldens/{title.ToLowerInvariant().Replace(' ', '-')}.svg", WithoutPixels(Gallery.All().Single(f => f.Title == title).ToSvg()));

    [Fact]
    public void Report_IsTheCommittedOne() => Golden.Check("Reports/Goldens/report.html", WithoutPixels(Gallery.Report().ToHtml()));

    /// <summary>ISTHMUS_GALLERY=FILE writes the page, for people to look at.</summary>
    [Fact]
    public void Report_IsSavedWhole()
    {
        var folder = Directory.CreateTempSubdirectory("isthmus-report");
        try
        {
            var path = Path.Combine(folder.FullName, "new", "report.html");
            Gallery.Report().Save(path);
            Gallery.Report().Save(path); // over the first
            Assert.Equal(Gallery.Report().ToHtml(), File.ReadAllText(path));
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
            if (Environment.GetEnvironmentVariable("ISTHMUS_GALLERY") is { } copy) File.Copy(path, copy, overwrite: true);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Everything_IsTheSameUnderACommaDecimalCulture()
    {
        var (report, figures, table) = (Gallery.Report().ToHtml(), Gallery.All().Select(f => f.ToSvg()).ToArray(), Table());
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (comma.NumberFormat.NumberDecimalSeparator, comma.NumberFormat.NumberGroupSeparator, comma.NumberFormat.NegativeSign) = (",", ".", "~");
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Equal("1,5", FormattableString.CurrentCulture($"{1.5}")); // the culture is really in force
            Assert.Equal(report, Gallery.Report().ToHtml());
            Assert.Equal(figures, Gallery.All().Select(f => f.ToSvg()));
            Assert.Equal(table, Table());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    // Another zlib packs the same pixels into other bytes; PictureTest looks at the pixels.
    private static string WithoutPixels(string text) => Pixels().Replace(text, "base64,");

    [GeneratedRegex("base64,[A-Za-z0-9+/=]*")]
    private static partial Regex Pixels();

    private static string Table() => new TextTable("name", "value").Add("a", -1.25).Add("b", 1234567).Add("c", 1.5e-9).ToText();
}
