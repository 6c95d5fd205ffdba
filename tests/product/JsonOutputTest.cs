using System.Text.Json;
using Isthmus.Reports;

namespace Isthmus.Tests.Product;

public class JsonOutputTest
{
    [Fact]
    public void Names_AreTheContracts()
    {
        var json = JsonOutput.ToJson(new { ModelSha256 = "a", F1Macro = 1, IxtBits = 2, NllBits = 0.5, LatencyMs = new { P50 = 1, P95 = 2 }, PeakMemoryMb = 3L, TrainBeta = 0.4f });
        Assert.Equal("""{"model_sha256":"a","f1_macro":1,"ixt_bits":2,"nll_bits":0.5,"latency_ms":{"p50":1,"p95":2},"peak_memory_mb":3,"train_beta":0.4}""", json);
    }

    [Fact]
    public void NumbersThatJsonLacks_BecomeNullWithANote()
    {
        var json = JsonOutput.ToJson(new { Rate = new { CapacityBits = double.PositiveInfinity, Low = float.NaN }, P = new[] { 1, double.NegativeInfinity }, Label = "NaN" });
        Assert.Equal("""{"rate":{"capacity_bits":null,"low":null},"p":[1,null],"label":"NaN","notes":["rate.capacity_bits is infinite","rate.low is not a number","p[1] is minus infinity"]}""", json);
    }

    [Fact]
    public void NotesOfTheVerb_AreKept()
    {
        var json = JsonOutput.ToJson(new { A = double.NaN, Notes = new[] { "first" } });
        Assert.Equal(["first", "a is not a number"], JsonDocument.Parse(json).RootElement.GetProperty("notes").EnumerateArray().Select(n => n.GetString()!));
    }

    [Fact]
    public void NestedArraysEnumsAndHostileNames_StayOneLineOfJson()
    {
        var json = JsonOutput.ToJson(new { Joint = new double[][] { [0.1, 0.2], [0.3, double.NaN] }, Day = DayOfWeek.Monday, Name = "</script>\n\u0000\u001b\"", Absent = (double?)null });
        Assert.DoesNotContain('\n', json);
        var root = JsonDocument.Parse(json).RootElement;
        Assert.Equal("</script>\n\u0000\u001b\"", root.GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("absent").ValueKind);
        Assert.Equal("monday", root.GetProperty("day").GetString());
        Assert.Equal("joint[1][1] is not a number", root.GetProperty("notes")[0].GetString());
    }
}
