using Microsoft.AspNetCore.Http;

namespace Isthmus.Web;

/// <summary>
/// Who may ask. The server listens on this machine only; what is left are other pages in the same browser. A page of another origin that
/// points a name of its own at 127.0.0.1 is seen by its Host header; one that posts across origins by Origin, by Sec-Fetch-Site, and because
/// only JSON is taken, which a browser sends elsewhere only after asking. No answer allows another origin to read it.
/// </summary>
internal static class PageGuard
{
    private static readonly (string Name, string Value)[] s_headers =
    [
        ("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ];

    /// <summary>Puts the headers that every answer has.</summary>
    public static void Protect(HttpResponse response)
    {
        foreach (var (name, value) in s_headers) response.Headers[name] = value;
    }

    /// <summary>Why a request is refused, with its status; null where it is not.</summary>
    /// <param name="request">The request.</param>
    /// <param name="port">The port that the server listens on.</param>
    public static (int Status, string Why)? Refuse(HttpRequest request, int port)
    {
        if (!IsOwn(request.Host, port)) return (StatusCodes.Status403Forbidden, $"the page is served as 127.0.0.1:{port} and localhost:{port} only");
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) return null;
        if (!HttpMethods.IsPost(request.Method)) return (StatusCodes.Status405MethodNotAllowed, "only GET and POST are known");
        if (request.Headers.Origin is [var origin, ..] && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme == "http" && IsOwn(new HostString(uri.Authority), port)))
            return (StatusCodes.Status403Forbidden, "edits are taken from this page only, not from other origins");
        if (request.Headers["Sec-Fetch-Site"] is [var site, ..] && site is not ("same-origin" or "none")) return (StatusCodes.Status403Forbidden, "edits are taken from this page only, not from other origins");
        return request.ContentType?.Split(';')[0].Trim() == "application/json" ? null : (StatusCodes.Status415UnsupportedMediaType, "application/json is expected");
    }

    private static bool IsOwn(HostString host, int port) => host.Host is "127.0.0.1" or "localhost" && (host.Port ?? 80) == port;
}
