using System.Globalization;
using Isthmus.Runs;
using Isthmus.Web;
using Microsoft.Playwright;

namespace Isthmus.Tests.Browser;

/// <summary>Runs with a page each, and one browser for all tests.</summary>
public sealed class Pages : IAsyncLifetime
{
    /// <summary>A concept whose name would be a script if the page ever read a name as markup.</summary>
    public const string Hostile = "<script>document.title='broken'</script>\"'&";

    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;
    private readonly Dictionary<string, PageServer> _servers = [];
    private IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public string Run(string name) => Path.Combine(_folder, name);

    public Uri Address(string name) => _servers[name].Address;

    // The same run served anew, as after a restart of the command.
    public async Task Restart(string name)
    {
        if (_servers.Remove(name, out var old)) await old.DisposeAsync();
        _servers[name] = await PageServer.Start(RunSession.Open(Run(name)), 0);
    }

    public async Task InitializeAsync()
    {
        if (!File.Exists(ChromiumTheoryAttribute.Path)) return; // then every test is skipped
        await Train("codes", "make:led7,n=400", "bottleneck.type=vq", "bottleneck.codes=8", "bottleneck.heads=3", "training.epochs=6");
        await Train("images", "make:sprites,n=200,size=16", "data.task=reconstruction", "bottleneck.type=vib", "bottleneck.latent=3", "training.epochs=2");
        await Train("concepts", Table(), "data.target=illness", "data.features=1-6", "data.concepts=7-10", "data.groups=site", "bottleneck.type=concept", "training.epochs=20", "training.learning_rate=0.01");
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = ChromiumTheoryAttribute.Path,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async Task DisposeAsync()
    {
        if (Browser is not null) await Browser.DisposeAsync();
        _playwright?.Dispose();
        foreach (var server in _servers.Values) await server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task Train(string name, string data, params string[] sets)
    {
        var plan = Plan.Make(data, [.. sets.Select(Override.Parse)]);
        TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Run(name), Report = false });
        await Restart(name);
    }

    // Fever, a spot's shape, a grade and a sign with a hostile name, each seen in noisy measurements; the illness follows from them.
    private string Table()
    {
        string[] shapes = ["round", "oval", "ragged"];
        var lines = new List<string> { $"m1,m2,m3,m4,m5,m6,fever,shape,grade,\"{Hostile.Replace("\"", "\"\"", StringComparison.Ordinal)}\",site,illness" };
        var random = new Tensors.RandomStream(3);
        for (var i = 0; i < 600; i++)
        {
            var (fever, shape, grade, sign) = (random.NextInt(2), random.NextInt(3), random.NextInt(4), random.NextInt(2));
            double Noisy(double of) => of + (0.25 * random.NextGaussian());
            var illness = fever + (grade / 2) + (shape == 2 ? 2 : 0) >= 3 ? "severe" : sign == 1 ? "mild" : "none";
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{Noisy(fever):0.000},{Noisy(shape == 0 ? 1 : 0):0.000},{Noisy(shape == 1 ? 1 : 0):0.000},{Noisy(shape == 2 ? 1 : 0):0.000},{Noisy(grade):0.000},{Noisy(sign):0.000},{(fever == 1 ? "yes" : "no")},{shapes[shape]},{grade + 1},{(sign == 1 ? "seen" : "unseen")},{(i % 3 == 0 ? "north" : "south")},{illness}"));
        }
        var path = Path.Combine(_folder, "clinic.csv");
        File.WriteAllLines(path, lines);
        return path;
    }
}

/// <summary>The page as a person uses it, in Chromium.</summary>
public sealed class PageTest(Pages pages) : IClassFixture<Pages>
{
    private static readonly string? s_pictures = Environment.GetEnvironmentVariable("ISTHMUS_SCREENSHOTS"); // a folder, to look at them

    private async Task<(IPage Page, List<string> Errors)> Open(string run, string hash = "", int width = 1600, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await pages.Browser.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = width, Height = 1000 }, ColorScheme = scheme });
        page.SetDefaultTimeout(15_000);
        var errors = new List<string>();
        page.Console += (_, m) => { if (m.Type is "error" or "warning") errors.Add(m.Text); };
        page.PageError += (_, e) => errors.Add(e);
        page.Request += (_, r) => { if (!r.Url.StartsWith(pages.Address(run).AbsoluteUri, StringComparison.Ordinal) && !r.Url.StartsWith("data:", StringComparison.Ordinal) && !r.Url.StartsWith("blob:", StringComparison.Ordinal)) errors.Add("asked elsewhere: " + r.Url); };
        await page.GotoAsync(pages.Address(run) + hash);
        await page.WaitForSelectorAsync(hash is "#global" or "#log" ? $"#view-{hash[1..]} h2" : ".entry");
        return (page, errors);
    }

    private static async Task Picture(IPage page, string name)
    {
        if (s_pictures is not null) await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(s_pictures, name + ".png"), FullPage = true });
    }

    // What the log's last entry says once an edit has been answered.
    private AuditEntry Last(string run) => AuditLog.Of(Isthmus.Runs.Run.Load(pages.Run(run))).Entries()[^1];

    private static Task Answered(IPage page, Func<Task> act) => page.RunAndWaitForResponseAsync(act, r => r.Url.EndsWith("/api/edit", StringComparison.Ordinal) && r.Request.PostData!.Contains("\"log\":true", StringComparison.Ordinal));

    [ChromiumTheory]
    [InlineData("codes")]
    [InlineData("concepts")]
    public async Task AnEdit_ChangesTheAnswer_SurvivesReloadAndRestart_AndReplays(string run)
    {
        var (page, errors) = await Open(run);
        var before = await page.InnerTextAsync("#outcome");
        if (run == "codes") await Answered(page, () => page.SelectOptionAsync(".entry select >> nth=0", "5"));
        else await Answered(page, () => page.ClickAsync(".entry[data-name=fever] label:not(:has(:checked)) >> nth=0"));
        await page.WaitForFunctionAsync("before => document.querySelector('#outcome').innerText !== before", before);
        var after = await page.InnerTextAsync("#outcome");
        var entry = Last(run);
        Assert.Equal(entry.After.Class, await page.InnerTextAsync("#after"));
        Assert.Contains(await page.Locator("#outcome .num").AllAsync() is var numbers ? await numbers[1].GetAttributeAsync("title") ?? "" : "", entry.After.Probabilities!.Select(p => p.ToString("R", CultureInfo.InvariantCulture)));
        await page.ReloadAsync();
        await page.WaitForSelectorAsync(".entry.put");
        Assert.Equal(after, await page.InnerTextAsync("#outcome"));
        await pages.Restart(run);
        await page.GotoAsync(pages.Address(run) + $"#case={entry.Row}");
        await page.WaitForSelectorAsync(".entry.put");
        Assert.Equal(after, await page.InnerTextAsync("#outcome"));
        await page.ClickAsync("#tab-log");
        await page.ClickAsync("#replay");
        await page.WaitForFunctionAsync("() => document.querySelector('#log-verdict').innerText.includes('the same to the last bit')");
        await Picture(page, $"log-{run}");
        await page.CloseAsync();
        Assert.DoesNotContain(errors, e => !e.Contains("asked elsewhere", StringComparison.Ordinal)); // the restarted server has another port
    }

    [ChromiumTheory]
    [InlineData("codes", 360, ColorScheme.Light)]
    [InlineData("images", 360, ColorScheme.Dark)]
    [InlineData("concepts", 360, ColorScheme.Dark)]
    [InlineData("concepts", 900, ColorScheme.Light)]
    [InlineData("images", 1600, ColorScheme.Light)]
    [InlineData("concepts", 1600, ColorScheme.Light)]
    [InlineData("concepts", 1600, ColorScheme.Dark)]
    public async Task ThePage_FitsItsWindow_InLightAndDark_AndEveryControlHasAName(string run, int width, ColorScheme scheme)
    {
        foreach (var hash in (string[])["", "#global", "#log"])
        {
            var (page, errors) = await Open(run, hash, width, scheme);
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, $"{run}{hash} is wider than {width}");
            var light = await page.EvaluateAsync<int>("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0])");
            Assert.Equal(scheme == ColorScheme.Light, light > 128);
            Assert.Empty(await page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll('button,input,select,textarea,a[href],[role=tab],canvas,img,svg')].filter(e => e.checkVisibility()).filter(e => {
                  const by = (e.getAttribute('aria-labelledby') ?? '').split(' ').map(id => document.getElementById(id)?.textContent ?? '').join('');
                  const label = e.labels ? [...e.labels].map(l => l.textContent).join('') : '';
                  return !(e.getAttribute('aria-label') || by || label || e.textContent.trim() || e.alt || e.querySelector('title'));
                }).map(e => e.outerHTML.slice(0, 200))
                """));
            await Picture(page, $"{run}-{width}-{scheme}{hash.Replace('#', '-')}");
            Assert.Empty(errors);
            await page.CloseAsync();
        }
    }

    [ChromiumTheory]
    [InlineData("images")]
    public async Task ALatent_IsMovedByItsSlider_AndThePictureFollows(string run)
    {
        var (page, errors) = await Open(run);
        const string pixels = "() => document.querySelector('#picture-after').toDataURL()";
        var before = await page.EvaluateAsync<string>(pixels);
        await page.FocusAsync(".entry input[type=range] >> nth=0");
        await Answered(page, () => page.Keyboard.PressAsync("End"));
        await page.WaitForSelectorAsync(".entry.put");
        Assert.NotEqual(before, await page.EvaluateAsync<string>(pixels));
        Assert.Equal("latent.0", Last(run).Changes.Single().Name);
        Assert.Equal(0, await page.EvaluateAsync<int>("document.activeElement.type === 'range' ? 0 : 1")); // the keyboard stays where it was
        await Answered(page, () => page.ClickAsync("#undo"));
        await page.WaitForFunctionAsync($"before => ({pixels})() === before", before);
        Assert.Empty(Last(run).Changes);
        Assert.Empty(errors);
        await page.CloseAsync();
    }

    [ChromiumTheory]
    [InlineData("concepts")]
    public async Task AHostileName_IsText(string run)
    {
        foreach (var hash in (string[])["", "#global", "#log"])
        {
            var (page, errors) = await Open(run, hash);
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            if (hash.Length == 0)
            {
                var name = page.Locator(".entry .name").Nth(3);
                Assert.Equal(Pages.Hostile, await name.TextContentAsync());
                await Answered(page, () => page.Locator(".entry").Nth(3).Locator("label").Last.ClickAsync());
                await page.WaitForSelectorAsync(".entry.put");
            }
            else await page.WaitForFunctionAsync("name => document.body.innerText.includes(name)", "<script>document.title='broken'</script>");
            Assert.NotEqual("broken", await page.TitleAsync());
            Assert.Empty(errors);
            await page.CloseAsync();
        }
        Assert.Equal(Pages.Hostile, Last(run).Changes[^1].Name);
    }

    [ChromiumTheory]
    [InlineData("concepts")]
    public async Task TheKeyboardAlone_EditsAConcept_MovesOn_AndTakesItBack(string run)
    {
        var (page, errors) = await Open(run);
        await page.ClickAsync("#cases button >> nth=2");
        await page.WaitForSelectorAsync("#cases button[aria-current=true] >> nth=0");
        await page.FocusAsync("#cases button >> nth=2");
        for (var i = 0; i < 80 && !await page.EvaluateAsync<bool>("document.activeElement.closest('.entry') !== null && document.activeElement.type === 'radio'"); i++) await page.Keyboard.PressAsync("Tab");
        Assert.True(await page.EvaluateAsync<bool>("document.activeElement.type === 'radio'"), "no concept is reached by Tab");
        await Answered(page, () => page.Keyboard.PressAsync("ArrowRight"));
        await page.WaitForSelectorAsync(".entry.put");
        Assert.True(await page.EvaluateAsync<bool>("document.activeElement.type === 'radio'"), "the edit takes the focus away");
        await Answered(page, () => page.Keyboard.PressAsync("u"));
        await page.WaitForFunctionAsync("() => !document.querySelector('.entry.put')");
        var title = await page.InnerTextAsync("#case-title");
        await page.Keyboard.PressAsync("j");
        await page.WaitForFunctionAsync("title => document.querySelector('#case-title').innerText !== title", title);
        await page.Keyboard.PressAsync("k");
        await page.WaitForFunctionAsync("title => document.querySelector('#case-title').innerText === title", title);
        await page.FocusAsync("#tab-cases");
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal("true", await page.GetAttributeAsync("#tab-global", "aria-selected"));
        Assert.Empty(errors);
        await page.CloseAsync();
    }

    [ChromiumTheory]
    [InlineData("concepts")]
    public async Task WhatToAskNext_AndWhatFlipsTheDecision_AreShown(string run)
    {
        var (page, errors) = await Open(run);
        await page.ClickAsync("#cases button >> nth=5");
        await page.WaitForSelectorAsync(".entry.next .chip.ask");
        await page.ClickAsync("#flip");
        await page.WaitForSelectorAsync("#apply-flip");
        Assert.Contains("all were tried", await page.InnerTextAsync("#flips"), StringComparison.Ordinal);
        await Picture(page, "flip");
        await Answered(page, () => page.ClickAsync("#apply-flip"));
        await page.WaitForSelectorAsync("#decision .flip");
        Assert.True(Last(run).Changed);
        await page.FillAsync("#comment", "checked with the laboratory");
        await Answered(page, () => page.ClickAsync("#log-comment"));
        Assert.Equal("checked with the laboratory", Last(run).Comment);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        Assert.False(await page.IsVisibleAsync("#list"));
        await Picture(page, "print");
        Assert.Empty(errors);
        await page.CloseAsync();
    }

    [ChromiumTheory]
    [InlineData("concepts")]
    public async Task CasesAreFiltered_AndMistakesAreSaid(string run)
    {
        var (page, errors) = await Open(run);
        await page.FillAsync("#subgroup", "illness=severe");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForFunctionAsync("() => document.querySelector('#count').innerText !== '60 cases'");
        Assert.InRange(await page.Locator("#cases li").CountAsync(), 1, 59);
        await page.FillAsync("#subgroup", "ilness=severe");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForSelectorAsync("#error:not([hidden])");
        Assert.Contains("did you mean", await page.InnerTextAsync("#error"), StringComparison.Ordinal);
        Assert.All(errors, e => Assert.Contains("400", e, StringComparison.Ordinal));
        await page.CloseAsync();
    }
}
