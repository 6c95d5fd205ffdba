using Isthmus.Runs;
using Microsoft.Playwright;

namespace Isthmus.Tests.Browser;

/// <summary>A run's report as a person sees it: in Chromium, narrow and wide, light and dark.</summary>
public sealed class ReportTest : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;
    private string _report = "";

    public Task InitializeAsync()
    {
        // A class whose name would be a script if a page forgot to quote it.
        var lines = Enumerable.Range(0, 200).Select(i => FormattableString.Invariant($"{i % 7},{i % 5},{(i % 2 == 0 ? "<script>document.title='broken'</script>" : "plain & simple")}"));
        var data = Path.Combine(_folder, "table.csv");
        File.WriteAllLines(data, lines.Prepend("a,b,class"));
        var plan = Plan.Make(data, [Override.Parse("data.target=class"), Override.Parse("training.epochs=2")]);
        _report = TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path.Combine(_folder, "run") }).Report!;
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [ChromiumTheory]
    [InlineData(360, ColorScheme.Light)]
    [InlineData(360, ColorScheme.Dark)]
    [InlineData(1600, ColorScheme.Light)]
    [InlineData(1600, ColorScheme.Dark)]
    public async Task AReport_FitsItsWindow_AsksForNothing_AndQuotesNames(int width, ColorScheme scheme)
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = ChromiumTheoryAttribute.Path,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var page = await browser.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = width, Height = 900 }, ColorScheme = scheme });
        var (requests, errors) = (new List<string>(), new List<string>());
        page.Request += (_, r) => requests.Add(r.Url);
        page.Console += (_, m) => { if (m.Type == "error") errors.Add(m.Text); };
        page.PageError += (_, e) => errors.Add(e);
        await page.GotoAsync(new Uri(_report).AbsoluteUri);

        Assert.Equal([new Uri(_report).AbsoluteUri], requests.Where(r => !r.StartsWith("data:", StringComparison.Ordinal)));
        Assert.Empty(errors);
        Assert.NotEqual("broken", await page.TitleAsync());
        Assert.Contains("<script>", await page.InnerTextAsync("body"), StringComparison.Ordinal);
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, "the page is wider than its window");
        Assert.Equal(0, await page.EvaluateAsync<int>("[...document.querySelectorAll('svg')].filter(s => !s.querySelector('title')).length"));
        var light = await page.EvaluateAsync<int>("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0])");
        Assert.Equal(scheme == ColorScheme.Light, light > 128);
    }
}
