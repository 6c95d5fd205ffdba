using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Isthmus.Web;

/// <summary>The page of a run, served on this machine only.</summary>
public sealed class PageServer : IAsyncDisposable
{
    /// <summary>The longest body of a request, bytes.</summary>
    internal const int LongestBody = 1 << 17;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private readonly WebApplication _app;

    private PageServer(WebApplication app, Uri address) => (_app, Address) = (app, address);

    /// <summary>Where the page is.</summary>
    public Uri Address { get; }

    /// <summary>Starts serving on 127.0.0.1.</summary>
    /// <param name="session">The run and what is done with it; the caller's to dispose.</param>
    /// <param name="port">0 to 65535; 0 takes a free one.</param>
    /// <exception cref="InputException">The port is taken, or may not be used.</exception>
    public static async Task<PageServer> Start(RunSession session, int port)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (port is < 0 or > 65535) throw new InputException(FormattableString.Invariant($"--port {port} is outside 0..65535"), "--port 0 takes a free one");
        // Empty: no settings from files or the environment may widen where it listens, and nothing is logged to the console.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = LongestBody;
            o.Limits.MaxConcurrentConnections = 200;
            o.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            o.Listen(IPAddress.Loopback, port, l => l.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = s_patience);
        var app = builder.Build();
        var routes = new PageRoutes(session);
        app.Run(routes.Handle);
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new InputException(FormattableString.Invariant($"port {port} is taken by another program"), "--port 0 takes a free one", e);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new InputException(FormattableString.Invariant($"port {port} cannot be used: {e.SocketErrorCode}"), "--port 0 takes a free one", e);
        }
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        routes.Port = address.Port;
        return new PageServer(app, address);
    }

    /// <summary>Serves until told to stop.</summary>
    public async Task Serve(CancellationToken stop)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await _app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Stops.</summary>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    // Ctrl-C is the command's.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
