using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Isthmus.Web;

namespace Isthmus.Cli.Verbs;

internal sealed class ServeVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };
    private readonly Option<string?> _input = new("--input") { HelpName = "DATA", Description = "rows like those it was trained on; default: those of its own data by which it is judged" };
    private readonly Option<int> _port = new("--port") { HelpName = "N", Description = "where it listens on 127.0.0.1; 0 takes a free one", DefaultValueFactory = _ => 8080 };
    private readonly Option<bool> _open = new("--open") { Description = "opens the page in the browser" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _input, _port, _open];

    public override string Details =>
        "Serves a page on 127.0.0.1, for this machine only, on which a person sees what passes in each case, changes it and watches the answer. Its address is printed on " +
        "stdout; Ctrl-C ends it. It needs no network and asks nobody for anything. Every number is computed here on the run's weights and equals that of edit and explain; " +
        "every edit is logged (isthmus log).";

    public override IReadOnlyList<string> Examples => ["isthmus serve runs/digits", "isthmus serve runs/table --port 0 --open", "isthmus serve runs/table --input new.csv"];

    public override bool Run(Call call)
    {
        var session = RunSession.Open(call.Get(_run)!, call.Get(_input), stop: call.Stop);
        Serve(call, session).GetAwaiter().GetResult();
        return true;
    }

    private async Task Serve(Call call, RunSession session)
    {
        await using var server = await PageServer.Start(session, call.Get(_port)).ConfigureAwait(false);
        call.Result(() => new { Address = server.Address.AbsoluteUri, server.Address.Port }, output => output.WriteLine(server.Address.AbsoluteUri));
        call.Note("Ctrl-C ends it");
        if (call.Get(_open)) Open(call, server.Address);
        await server.Serve(call.Stop).ConfigureAwait(false);
    }

    private static void Open(Call call, Uri address)
    {
        try
        {
            Process.Start(new ProcessStartInfo(address.AbsoluteUri) { UseShellExecute = true })?.Dispose();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or PlatformNotSupportedException)
        {
            call.Warn("no browser could be opened: open the address yourself");
        }
    }
}
