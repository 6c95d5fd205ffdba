using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Isthmus.Reports;
using Isthmus.Runs;
using Microsoft.AspNetCore.Http;

namespace Isthmus.Web;

/// <summary>Paths to what the session knows. Everything is one JSON object, as <c>--json</c> writes it; errors are <c>{"error", "hint"}</c>.</summary>
internal sealed class PageRoutes(RunSession session)
{
    private static readonly JsonSerializerOptions s_reading = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, MaxDepth = 16 };

    /// <summary>The port that the Host header must name.</summary>
    public int Port { get; set; }

    /// <summary>Answers one request.</summary>
    public async Task Handle(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        PageGuard.Protect(response);
        try
        {
            if (PageGuard.Refuse(request, Port) is { } refused)
            {
                await Send(context, refused.Status, Error(refused.Why, null)).ConfigureAwait(false);
                return;
            }
            if (!HttpMethods.IsPost(request.Method) && PageFiles.Find(request.Path.Value ?? "") is { } file)
            {
                await Send(context, StatusCodes.Status200OK, file.Content, file.Type).ConfigureAwait(false);
                return;
            }
            var began = Stopwatch.GetTimestamp();
            var answer = HttpMethods.IsPost(request.Method) ? await Post(request).ConfigureAwait(false) : Get(request, response);
            var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            response.Headers["Server-Timing"] = string.Create(CultureInfo.InvariantCulture, $"work;dur={took:0.00}");
            if (answer is null) await Send(context, StatusCodes.Status404NotFound, Error("there is nothing at this address", null)).ConfigureAwait(false);
            else await Send(context, StatusCodes.Status200OK, answer).ConfigureAwait(false);
        }
        catch (InputException e)
        {
            await Send(context, StatusCodes.Status400BadRequest, Error(e.Message, e.Hint)).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            await Send(context, StatusCodes.Status400BadRequest, Error("the body is not the JSON that is expected here", null)).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
        {
            await Send(context, e.StatusCode, Error(e.StatusCode == StatusCodes.Status413PayloadTooLarge ? "the body is too long" : "the request is not whole", null)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the browser went away, or the server stops
        }
        catch (Exception e) when (!response.HasStarted)
        {
            await Send(context, StatusCodes.Status500InternalServerError, Error($"internal error, {e.GetType().Name}: {e.Message}", null)).ConfigureAwait(false);
        }
    }

    private object? Get(HttpRequest request, HttpResponse response)
    {
        var path = request.Path.Value ?? "";
        switch (path)
        {
            case "/api/run": return session.About();
            case "/api/cases":
                return session.List(new CaseQuery { Filter = Text(request, "filter") ?? "all", Subgroup = Text(request, "subgroup"), Group = Text(request, "group") },
                    Number(request, "from", 0), Number(request, "count", 50));
            case "/api/global": return session.Global();
            case "/api/log": return session.Log(Number(request, "count", 200));
            case "/api/log/export":
                var format = Text(request, "format") ?? "jsonl";
                if (format is not ("jsonl" or "csv")) throw Suggest.Unknown("format", format, ["jsonl", "csv"]);
                response.Headers.ContentDisposition = $"attachment; filename=\"edits.{format}\"";
                response.ContentType = format == "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
                return session.Export(format);
        }
        return path.StartsWith("/api/cases/", StringComparison.Ordinal) ? session.Case(Row(path["/api/cases/".Length..])) : null;
    }

    private async Task<object?> Post(HttpRequest request)
    {
        switch (request.Path.Value)
        {
            case "/api/edit": return session.Edit(await Body<EditRequest>(request).ConfigureAwait(false));
            case "/api/suggest": return session.Suggest(await Body<EditRequest>(request).ConfigureAwait(false));
            case "/api/flip": return session.Flip(await Body<EditRequest>(request).ConfigureAwait(false));
            case "/api/log/replay": return session.Replay(request.HttpContext.RequestAborted);
            default: return null;
        }
    }

    private static async Task<T> Body<T>(HttpRequest request) where T : class =>
        await JsonSerializer.DeserializeAsync<T>(request.Body, s_reading, request.HttpContext.RequestAborted).ConfigureAwait(false) ?? throw new JsonException("null");

    private static string? Text(HttpRequest request, string name) => request.Query[name] is [{ Length: > 0 } text, ..] ? text : null;

    private static int Number(HttpRequest request, string name, int otherwise) => Text(request, name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new InputException($"{name}: a number of at least 0 is expected");

    private static int Row(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var row) ? row : throw new InputException("a row's number is expected, from 0");

    private static object Error(string message, string? hint) => new { Error = Line(message), Hint = hint is null ? null : Line(hint) };

    private static string Line(string text) => new([.. text.ReplaceLineEndings(" ").Where(c => !char.IsControl(c))]);

    private static Task Send(HttpContext context, int status, object answer) => answer is byte[] bytes
        ? Send(context, status, bytes, context.Response.ContentType!)
        : Send(context, status, Encoding.UTF8.GetBytes(answer as string ?? JsonOutput.ToJson(answer)), "application/json; charset=utf-8");

    private static async Task Send(HttpContext context, int status, byte[] content, string type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(content, context.RequestAborted).ConfigureAwait(false);
    }
}
