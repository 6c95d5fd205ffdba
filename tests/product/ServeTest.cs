using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Isthmus.Web;

namespace Isthmus.Tests.Product;

/// <summary>The page's server over HTTP, on a port of its own.</summary>
public sealed class Served : IAsyncDisposable
{
    private Served(string run, RunSession session, PageServer server) => (Run, Session, Server, Client) = (run, session, server, new HttpClient { BaseAddress = server.Address });

    public string Run { get; }

    public RunSession Session { get; }

    public PageServer Server { get; }

    public HttpClient Client { get; }

    // A copy of the run, so that every test has a log of its own.
    public static async Task<Served> Start(string run, string? input = null)
    {
        var folder = Directory.CreateTempSubdirectory("isthmus-test").FullName;
        foreach (var file in Directory.EnumerateFiles(run)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        var session = RunSession.Open(folder, input);
        return new Served(folder, session, await PageServer.Start(session, 0));
    }

    public async Task<JsonElement> Get(string path) => await Read(await Client.GetAsync(new Uri(path, UriKind.Relative)));

    public async Task<JsonElement> Post(string path, object body) => await Read(await Send(path, JsonSerializer.Serialize(body)));

    public Task<HttpResponseMessage> Send(string path, string body, string type = "application/json") =>
        Client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, Encoding.UTF8, type));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(Run, recursive: true);
    }

    private static async Task<JsonElement> Read(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }
}

public class ServeTest(TrainedForEditing runs) : IClassFixture<TrainedForEditing>
{
    private static object Set(int row, string name, double value, bool log = false) => new { row, changes = new[] { new { name, value } }, log };

    [Theory]
    [InlineData("code.0=1,code.1=6")]
    [InlineData("block code.*:2")]
    public async Task AnEdit_IsThatOfTheCommand_FieldByField(string edit)
    {
        await using var page = await Served.Start(runs.Codes);
        var row = (await page.Get("/api/cases?count=1")).GetProperty("cases")[0].GetProperty("case").GetProperty("row").GetInt32();
        var outcome = (await page.Post("/api/edit", new { row, changes = new[] { new { text = edit } } })).GetProperty("outcome");
        var (code, output, errors) = Command.Run("edit", page.Run, "--row", $"{row}", "--set", edit, "--json", "--quiet");
        Assert.True(code == 0, errors);
        Assert.Equal(output.TrimEnd('\n'), outcome.GetRawText());
    }

    [Fact]
    public async Task AReconstruction_IsThatOfTheCommand_AndTheInputIsAPicture()
    {
        await using var page = await Served.Start(runs.Images);
        var outcome = (await page.Post("/api/edit", Set(5, "latent.1", 1.25))).GetProperty("outcome");
        Assert.Equal(Command.Run("edit", page.Run, "--row", "5", "--set", "latent.1=1.25", "--json", "--quiet").Output.TrimEnd('\n'), outcome.GetRawText());
        var shown = await page.Get("/api/cases/5");
        Assert.StartsWith("data:image/png;base64,", shown.GetProperty("input").GetProperty("picture").GetString(), StringComparison.Ordinal);
        var latents = shown.GetProperty("passed").EnumerateArray().ToArray();
        Assert.Equal(["latent.0", "latent.1", "latent.2"], latents.Select(l => l.GetProperty("name").GetString()));
        Assert.All(latents, l => Assert.InRange(l.GetProperty("value").GetDouble(), l.GetProperty("low").GetDouble(), l.GetProperty("high").GetDouble()));
    }

    [Fact]
    public async Task TheExplanation_IsThatOfTheCommand()
    {
        await using var page = await Served.Start(runs.Codes);
        JsonElement global;
        do
        {
            await Task.Delay(20);
            global = await page.Get("/api/global");
        }
        while (!global.GetProperty("ready").GetBoolean());
        Assert.Equal(Command.Run("explain", page.Run, "--most", "1000", "--top", "64", "--json", "--quiet").Output.TrimEnd('\n'), global.GetProperty("explain").GetRawText());
    }

    [Fact]
    public async Task LoggedEdits_AreThereAfterAReload_AndARestart_AndReplay()
    {
        await using var page = await Served.Start(runs.Codes);
        await page.Post("/api/edit", Set(7, "code.0", 3, log: true));
        await page.Post("/api/edit", new { row = 7, changes = new object[] { new { name = "code.0", value = 3 }, new { text = "block code.1:2" } }, log = true, who = "reviewer", comment = "<b>why</b>" });
        await page.Post("/api/edit", Set(8, "code.0", 1, log: true));
        await page.Post("/api/edit", new { row = 8, changes = Array.Empty<object>(), log = true });
        await page.Post("/api/edit", Set(9, "code.0", 1));
        foreach (var session in (RunSession?[])[null, RunSession.Open(page.Run)])
        {
            await using var again = session is null ? null : await PageServer.Start(session, 0);
            using var client = new HttpClient { BaseAddress = again?.Address ?? page.Server.Address };
            var seven = JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/cases/7", UriKind.Relative))).RootElement;
            Assert.Equal(["code.0=3", "block code.1:2"], seven.GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("shown").GetString()));
            Assert.Equal("code.0=3,block code.1:2", seven.GetProperty("outcome").GetProperty("edit").GetString());
            foreach (var untouched in (int[])[8, 9])
                Assert.Equal(0, JsonDocument.Parse(await client.GetStringAsync(new Uri($"/api/cases/{untouched}", UriKind.Relative))).RootElement.GetProperty("changes").GetArrayLength());
        }
        var log = await page.Get("/api/log");
        Assert.Equal(4, log.GetProperty("entries").GetInt32());
        Assert.Equal(("reviewer", "<b>why</b>"), (log.GetProperty("log")[2].GetProperty("who").GetString(), log.GetProperty("log")[2].GetProperty("comment").GetString()));
        var replay = await page.Post("/api/log/replay", new { });
        Assert.True(replay.GetProperty("holds").GetBoolean() && replay.GetProperty("replay").GetProperty("holds").GetBoolean());
        Assert.Equal(0, Command.Run("log", page.Run, "--replay").Code);
        var export = await page.Client.GetByteArrayAsync(new Uri("/api/log/export", UriKind.Relative));
        Assert.Equal(File.ReadAllBytes(Path.Combine(page.Run, "edits", "log.jsonl")), export);
    }

    [Fact]
    public async Task FiftyEditsAtOnce_AreOneChain_AndEachAnswerItsOwn()
    {
        await using var page = await Served.Start(runs.Codes);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => page.Post("/api/edit", Set(i, "code.0", i % 8, log: true))));
        Assert.Equal(Enumerable.Range(0, 50), answers.Select(a => a.GetProperty("outcome").GetProperty("row").GetInt32()));
        Assert.Equal(Enumerable.Range(1, 50), answers.Select(a => a.GetProperty("entry").GetInt32()).Order());
        var replay = await page.Post("/api/log/replay", new { });
        Assert.True(replay.GetProperty("holds").GetBoolean());
        Assert.Equal(50, replay.GetProperty("replay").GetProperty("replayed").GetInt32());
    }

    [Fact]
    public async Task AnEdit_TakesLessThanTwentyMilliseconds()
    {
        await using var page = await Served.Start(runs.Images);
        var best = double.PositiveInfinity;
        for (var i = 0; i < 30; i++)
        {
            var response = await page.Send("/api/edit", JsonSerializer.Serialize(Set(5, "latent.1", i / 10.0, log: i % 2 == 0)));
            best = Math.Min(best, double.Parse(response.Headers.GetValues("Server-Timing").Single()["work;dur=".Length..], System.Globalization.CultureInfo.InvariantCulture));
        }
        Assert.InRange(best, 0, 20);
    }

    [Fact]
    public async Task Cases_AreFiltered()
    {
        await using var page = await Served.Start(runs.Codes);
        var all = await page.Get("/api/cases?count=500");
        var wrong = await page.Get("/api/cases?count=500&filter=wrong");
        var uncertain = await page.Get("/api/cases?count=500&filter=uncertain");
        var some = await page.Get("/api/cases?count=500&subgroup=y%3D3");
        Assert.Equal(all.GetProperty("cases").EnumerateArray().Count(c => !c.GetProperty("case").GetProperty("right").GetBoolean()), wrong.GetProperty("count").GetInt32());
        var entropies = uncertain.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("case").GetProperty("entropy_bits").GetDouble()).ToArray();
        Assert.Equal(entropies.OrderDescending(), entropies);
        Assert.All(some.GetProperty("cases").EnumerateArray(), c => Assert.Equal("3", c.GetProperty("case").GetProperty("label").GetString()));
        Assert.Equal(2, (await page.Get("/api/cases?from=3&count=2")).GetProperty("cases").GetArrayLength());
    }

    [Fact]
    public async Task RowsOfAFile_AreCasesToo()
    {
        await using var page = await Served.Start(runs.Codes, "make:led7,n=20,seed=9");
        Assert.Equal(20, (await page.Get("/api/cases")).GetProperty("count").GetInt32());
        await page.Post("/api/edit", Set(4, "code.0", 1, log: true));
        Assert.Equal("make:led7,n=20,seed=9", (await page.Get("/api/log")).GetProperty("log")[0].GetProperty("data").GetString());
        Assert.True((await page.Post("/api/log/replay", new { })).GetProperty("replay").GetProperty("holds").GetBoolean());
        Assert.Equal(0, JsonDocument.Parse(Command.Run("log", page.Run, "--json").Output).RootElement.GetProperty("faults").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/edit", "{", 400, "JSON")]
    [InlineData("/api/edit", "[]", 400, "JSON")]
    [InlineData("/api/edit", "null", 400, "JSON")]
    [InlineData("/api/edit", "", 400, "JSON")]
    [InlineData("/api/edit", "{}", 400, "row")]
    [InlineData("/api/edit", "{\"row\":-1}", 400, "row -1 is outside")]
    [InlineData("/api/edit", "{\"row\":400}", 400, "row 400 is outside")]
    [InlineData("/api/edit", "{\"row\":1e400}", 400, "JSON")]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[null]}", 400, "a name and a value")]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[{\"name\":\"code.0\"}]}", 400, "a name and a value")]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[{\"name\":\"cod.0\",\"value\":1}]}", 400, "unknown name")]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[{\"name\":\"code.0\",\"value\":99}]}", 400, "holds 0..7")]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[{\"text\":\"blok code.0:1\"}]}", 400, "blok")]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[{\"text\":\"\\u0000\\n<script>\"}]}", 400, "script")]
    [InlineData("/api/suggest", "{\"row\":1}", 400, "concepts")]
    [InlineData("/api/flip", "{\"row\":1}", 400, "concepts")]
    [InlineData("/api/nothing", "{}", 404, "nothing")]
    [InlineData("/api/run", "{}", 404, "nothing")]
    public async Task WrongPosts_AreOneLine(string path, string body, int status, string error)
    {
        await using var page = await Served.Start(runs.Codes);
        await IsRefused(await page.Send(path, body), status, error);
    }

    [Theory]
    [InlineData("/api/cases/400", 400, "outside")]
    [InlineData("/api/cases/-1", 400, "row's number")]
    [InlineData("/api/cases/x", 400, "row's number")]
    [InlineData("/api/cases?filter=wrog", 400, "unknown filter")]
    [InlineData("/api/cases?subgroup=%3Cscript%3E%3D1", 400, "column")]
    [InlineData("/api/cases?from=-1", 400, "from")]
    [InlineData("/api/log/export?format=exe", 400, "unknown format")]
    [InlineData("/api/edit", 404, "nothing")]
    [InlineData("/run.json", 404, "nothing")]
    [InlineData("/..%2f..%2fetc%2fpasswd", 404, "nothing")]
    [InlineData("/page/index.html", 404, "nothing")]
    public async Task WrongGets_AreOneLine(string path, int status, string error)
    {
        await using var page = await Served.Start(runs.Codes);
        await IsRefused(await page.Client.GetAsync(new Uri(path, UriKind.Relative)), status, error);
    }

    [Fact]
    public async Task LongBodies_AreRefused()
    {
        await using var page = await Served.Start(runs.Codes);
        await IsRefused(await page.Send("/api/edit", new string(' ', 1 << 18)), 413, "too long");
        await IsRefused(await page.Send("/api/edit", JsonSerializer.Serialize(new { row = 1, changes = Enumerable.Repeat(new { text = "code.0=1" }, 1001) })), 400, "1001 changes");
    }

    [Theory]
    [InlineData("Host", "evil.example", 403)]
    [InlineData("Host", "127.0.0.1", 403)]
    [InlineData("Host", "localhost.evil.example", 403)]
    [InlineData("Origin", "http://evil.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    public async Task OtherOrigins_AreRefused(string header, string value, int status)
    {
        await using var page = await Served.Start(runs.Codes);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/edit") { Content = new StringContent(JsonSerializer.Serialize(Set(1, "code.0", 1, log: true)), Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation(header, value);
        await IsRefused(await page.Client.SendAsync(request), status, "");
        Assert.False(Directory.Exists(Path.Combine(page.Run, "edits")));
        if (header != "Host") return;
        using var look = new HttpRequestMessage(HttpMethod.Get, "/api/run");
        look.Headers.Host = value;
        await IsRefused(await page.Client.SendAsync(look), status, "");
    }

    [Fact]
    public async Task TheOwnOrigin_IsTaken_UnderBothNames_AndFormsAreNot()
    {
        await using var page = await Served.Start(runs.Codes);
        foreach (var host in (string[])["127.0.0.1", "localhost"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/edit") { Content = new StringContent(JsonSerializer.Serialize(Set(1, "code.0", 1)), Encoding.UTF8, "application/json") };
            request.Headers.Host = $"{host}:{page.Server.Address.Port}";
            request.Headers.TryAddWithoutValidation("Origin", $"http://{host}:{page.Server.Address.Port}");
            Assert.Equal(HttpStatusCode.OK, (await page.Client.SendAsync(request)).StatusCode);
        }
        await IsRefused(await page.Send("/api/edit", "row=1", "application/x-www-form-urlencoded"), 415, "application/json");
        await IsRefused(await page.Send("/api/edit", "{\"row\":1}", "text/plain"), 415, "application/json");
        using var delete = new HttpRequestMessage(HttpMethod.Delete, "/api/log");
        await IsRefused(await page.Client.SendAsync(delete), 405, "GET and POST");
    }

    [Fact]
    public async Task ThePage_AsksNobodyElse_AndItsFilesAreThere()
    {
        await using var page = await Served.Start(runs.Codes);
        foreach (var path in (string[])["/", "/app.js", "/api.js", "/case.js", "/cases.js", "/dom.js", "/global.js", "/log.js", "/style.css", "/icon.svg"])
        {
            var response = await page.Client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.DoesNotContain("://", (await response.Content.ReadAsStringAsync()).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ATakenPort_IsOneClearLine()
    {
        await using var page = await Served.Start(runs.Codes);
        var port = page.Server.Address.Port;
        var (code, output, errors) = Command.Run("serve", runs.Codes, "--port", $"{port}");
        Assert.Equal((2, "", $"error: port {port} is taken by another program\nhint: --port 0 takes a free one\n"), (code, output, errors));
        Assert.Equal(2, Command.Run("serve", runs.Codes, "--port", "70000").Code);
        Assert.Equal(2, Command.Run("serve", runs.In("nowhere"), "--port", "0").Code);
    }

    [Fact]
    public async Task TheCommand_PrintsItsAddress_ListensHereOnly_AndEndsWhenAsked()
    {
        if (OperatingSystem.IsWindows()) return;
        using var process = Command.Start(runs.Folder, "serve", runs.Codes, "--port", "0");
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            var address = new Uri((await process.StandardOutput.ReadLineAsync(limit.Token))!);
            Assert.Equal("127.0.0.1", address.Host);
            using var client = new HttpClient();
            Assert.Contains("<title>Isthmus</title>", await client.GetStringAsync(address, limit.Token), StringComparison.Ordinal);
            foreach (var other in Dns.GetHostAddresses(Dns.GetHostName()).Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a)))
            {
                using var socket = new TcpClient();
                await Assert.ThrowsAnyAsync<SocketException>(async () => await socket.ConnectAsync(other, address.Port, limit.Token));
            }
            using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"])) await kill.WaitForExitAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static async Task IsRefused(HttpResponseMessage response, int status, string error)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {text}");
        var line = JsonDocument.Parse(text).RootElement.GetProperty("error").GetString()!;
        Assert.Contains(error, line, StringComparison.Ordinal);
        Assert.DoesNotContain(line, char.IsControl);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
    }
}
