using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Server;

/// <summary>What is asked: the pixels of an image of 8×8, row by row.</summary>
internal sealed record Image(float[]? Pixels)
{
    /// <summary>How many pixels an image has.</summary>
    public const int Size = 64;

    /// <summary>The brightest pixel; the darkest is 0.</summary>
    public const int Brightest = 16;
}

/// <summary>What is answered: the likeliest digit, and the chances of all ten.</summary>
internal sealed record Reading(int Digit, float[] Chances)
{
    /// <summary>How many digits there are.</summary>
    public const int Classes = 10;
}

/// <summary>How a server is run.</summary>
/// <param name="Port">Where it listens on the loopback address; 0 for any port that is free.</param>
/// <param name="Most">The most images of a run; of 1, each request runs the model by itself, at the same time as others.</param>
/// <param name="Queue">The most requests that wait: those beyond are told to come later.</param>
/// <param name="IsQuiet">Whether it logs nothing.</param>
internal sealed record ServerOptions(int Port = 0, int Most = 64, int Queue = 256, bool IsQuiet = false);

/// <summary>The minimal API: POST /digits reads an image, GET /health says whether the model answers.</summary>
internal static class DigitServer
{
    /// <summary>The longest body that is read: 64 numbers, written with all their digits.</summary>
    public const int LongestBody = 4096;

    /// <summary>A server that waits to be started. When it is stopped, it takes no more requests and answers those that it has.</summary>
    public static WebApplication Create(Action<ReadOnlyMemory<float>, Memory<float>> read, ServerOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{options.Port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = LongestBody);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        if (options.IsQuiet)
        {
            builder.Logging.ClearProviders();
        }

        builder.Services.AddProblemDetails();
        // The services are disposed of after the last request.
        builder.Services.AddSingleton(_ => new Batcher(read, Image.Size, Reading.Classes, options.Most, options.Queue));
        builder.Services.AddHealthChecks().AddCheck("model", () => Health(read));
        WebApplication app = builder.Build();
        app.UseExceptionHandler();
        app.MapHealthChecks("/health");
        app.MapPost("/digits", (HttpContext context, Batcher batcher) => Answer(context, pixels =>
            options.Most == 1 ? Task.FromResult(Alone(read, pixels))
            : batcher.TryAsk(pixels, context.RequestAborted, out Task<float[]> answer) ? answer
            : null));
        return app;
    }

    /// <summary>An image by itself.</summary>
    public static float[] Alone(Action<ReadOnlyMemory<float>, Memory<float>> read, float[] pixels)
    {
        var chances = new float[Reading.Classes];
        read(pixels, chances);
        return chances;
    }

    private static async Task<IResult> Answer(HttpContext context, Func<float[], Task<float[]>?> ask)
    {
        try
        {
            if (!context.Request.HasJsonContentType())
            {
                return Results.Problem("The body is JSON: Content-Type: application/json.", statusCode: StatusCodes.Status415UnsupportedMediaType);
            }

            Image? image = await context.Request.ReadFromJsonAsync<Image>(context.RequestAborted);
            if (Wrong(image?.Pixels) is { } wrong)
            {
                return Refused(wrong.Field, wrong.Why);
            }

            if (ask(image!.Pixels!) is not { } answer)
            {
                context.Response.Headers.RetryAfter = "1";
                return Results.Problem("Too many requests wait: come again in a second.", statusCode: StatusCodes.Status503ServiceUnavailable);
            }

            float[] chances = await answer;
            return Results.Ok(new Reading(Array.IndexOf(chances, chances.Max()), chances));
        }
        catch (JsonException e)
        {
            return Refused(e.Path is ['$', '.', .. var path] ? path : "body", $"is not what is asked for, {{\"pixels\": [64 numbers]}}: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
        }
        catch (BadHttpRequestException e)
        {
            return Results.Problem(e.Message, statusCode: e.StatusCode);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return Results.Empty;       // nobody is there to hear
        }
    }

    private static (string Field, string Why)? Wrong(float[]? pixels)
    {
        if (pixels is null)
        {
            return ("pixels", $"is missing; it has {Image.Size} numbers");
        }

        if (pixels.Length != Image.Size)
        {
            return ("pixels", $"has {pixels.Length} numbers, and an image {Image.Size}");
        }

        int at = Array.FindIndex(pixels, p => p is not (>= 0 and <= Image.Brightest));
        return at < 0 ? null : ($"pixels[{at}]", $"is {FormattableString.Invariant($"{pixels[at]}")}, and a pixel from 0 to {Image.Brightest}");
    }

    private static IResult Refused(string field, string why) => Results.ValidationProblem(new Dictionary<string, string[]> { [field] = [why] });

    private static HealthCheckResult Health(Action<ReadOnlyMemory<float>, Memory<float>> read) =>
        Alone(read, new float[Image.Size]).All(float.IsFinite) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The model answers with numbers that are not finite.");
}
