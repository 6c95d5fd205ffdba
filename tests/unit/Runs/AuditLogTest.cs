using System.Text;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

public sealed class LoggedRun : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public LoggedRun()
    {
        Run = Train("make:led7,n=60", "codes", "bottleneck.type=vq", "bottleneck.codes=4");
        Other = Train("make:sprites,n=40,size=8", "numbers", "data.task=reconstruction", "bottleneck.type=vib", "bottleneck.latent=2");
        Data = Run.LoadOwn().Data;
    }

    public Run Run { get; }

    public Run Other { get; }

    public Dataset Data { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // A log of its own with some entries: the run's weights in a new folder.
    public AuditLog Log(int entries, string comment = "why")
    {
        var log = AuditLog.Of(Copy(), new Clock());
        for (var i = 0; i < entries; i++) Add(log, i, comment);
        return log;
    }

    public void Add(AuditLog log, int i, string comment = "why")
    {
        var edit = Edit.Set("code.0", i % 4);
        log.Append(EditRun.Of(Run, Data, i, edit), edit, null, Data, 0, new AuditRemark { Who = "a person", Comment = comment });
    }

    public Run Copy()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("N"))).FullName;
        foreach (var file in Directory.EnumerateFiles(Run.Folder)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return Run.Load(folder);
    }

    private Run Train(string data, string name, params string[] overrides)
    {
        var plan = Plan.Make(data, [.. overrides.Select(Override.Parse), Override.Parse("training.epochs=1")]);
        return Run.Load(TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path.Combine(_folder, name) }).Run);
    }

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2031, 5, 4, 12, 30, 0, TimeSpan.Zero);
    }
}

public class AuditLogTest(LoggedRun runs) : IClassFixture<LoggedRun>
{
    [Fact]
    public void AnEntry_SaysWhenWhoWhatAndWhatCameOut()
    {
        var log = runs.Log(2);
        var entry = log.Entries()[1];
        var outcome = EditRun.Of(runs.Run, runs.Data, 1, Edit.Set("code.0", 1));
        Assert.Equal((2, "a person", 1, "code.0=1", "why"), (entry.Number, entry.Who, entry.Row, entry.Edit, entry.Comment));
        Assert.Equal(new DateTime(2031, 5, 4, 12, 30, 0, DateTimeKind.Utc), entry.When);
        Assert.Equal(outcome.After.Prediction, entry.After.Class);
        Assert.Equal(outcome.After.Probabilities, entry.After.Probabilities);
        Assert.Equal(outcome.Before.Probabilities, entry.Before.Probabilities);
        Assert.Equal(outcome.Entries, entry.Set);
        Assert.True(log.Verify() is { Holds: true, Entries: 2, Head.Length: 64 });
    }

    [Fact]
    public void AnEmptyLog_Holds_AndWritesNothing()
    {
        var log = runs.Log(0);
        Assert.True(log.Verify() is { Holds: true, Entries: 0, Head: null });
        Assert.False(Directory.Exists(Path.GetDirectoryName(log.Path)));
    }

    [Fact]
    public void EveryFlippedBit_IsFound_AndItsLineNamed()
    {
        var log = runs.Log(2);
        var bytes = File.ReadAllBytes(log.Path);
        var line = 1;
        for (var i = 0; i < bytes.Length; i++)
        {
            var bit = (byte)(1 << (i % 8));
            bytes[i] ^= bit;
            File.WriteAllBytes(log.Path, bytes);
            var check = log.Verify();
            Assert.False(check.Holds, $"byte {i} of line {line}");
            Assert.True(check.Faults.Any(f => f.Line == line || f.Line == line + 1), $"byte {i} of line {line}: {string.Join("; ", check.Faults)}");
            bytes[i] ^= bit;
            if (bytes[i] == '\n') line++;
        }
        File.WriteAllBytes(log.Path, bytes);
        Assert.True(log.Verify().Holds);
    }

    [Fact]
    public void EveryFlippedBitOfTheHead_IsFound()
    {
        var log = runs.Log(2);
        var path = Path.Combine(Path.GetDirectoryName(log.Path)!, "head.json");
        var bytes = File.ReadAllBytes(path);
        for (var i = 0; i < bytes.Length * 8; i++)
        {
            bytes[i / 8] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(path, bytes);
            Assert.False(log.Verify().Holds, $"bit {i}");
            bytes[i / 8] ^= (byte)(1 << (i % 8));
        }
    }

    [Theory]
    [InlineData("0,1,3,4", 3, "1 between them removed")]
    [InlineData("0,1,2,2,3,4", 4, "inserted")]
    [InlineData("0,2,1,3,4", 2, "1 between them removed")]
    [InlineData("0,1,2,3", null, "lines are missing, at the end")]
    [InlineData("1,2,3,4", 1, "not the first line")]
    public void MovedLines_AreNamed(string order, int? line, string what)
    {
        var log = runs.Log(4);
        var lines = File.ReadAllLines(log.Path);
        File.WriteAllText(log.Path, string.Concat(order.Split(',').Select(i => lines[int.Parse(i, System.Globalization.CultureInfo.InvariantCulture)] + "\n")));
        Assert.Contains(log.Verify().Faults, f => f.Line == line && f.What.Contains(what, StringComparison.Ordinal));
    }

    [Fact]
    public void ACutFile_IsFoundAtEveryLength()
    {
        var log = runs.Log(1);
        var bytes = File.ReadAllBytes(log.Path);
        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(log.Path, bytes[..length]);
            Assert.False(log.Verify().Holds, $"{length} bytes");
        }
    }

    [Fact]
    public void ALineOfAnotherRunsLog_AndAnotherRunsWholeLog_AreFound()
    {
        var log = runs.Log(1);
        var other = AuditLog.Of(runs.Other);
        var data = runs.Other.LoadOwn().Data;
        var edit = Edit.Set("latent.0", 1);
        other.Append(EditRun.Of(runs.Other, data, 0, edit), edit, null, data, 0, new AuditRemark());
        Assert.Contains(log.VerifyCopy(other.Path).Faults, f => f is { Line: 1 } && f.What.Contains("another model", StringComparison.Ordinal));
        File.Copy(other.Path, log.Path, overwrite: true);
        Assert.False(log.Verify().Holds);
        Assert.Throws<InputException>(() => runs.Add(log, 1));
        Assert.True(other.Verify().Holds);
        Assert.Null(other.Entries()[0].Before.Class);
        Assert.True(AuditReplay.Of(runs.Other, other).Holds);
    }

    [Fact]
    public void HugeLinesAndWrongUtf8_AreFaults_NotCrashes()
    {
        var log = runs.Log(1);
        using (var file = new FileStream(log.Path, FileMode.Append))
        {
            for (var i = 0; i < 100; i++) file.Write(new byte[100_000]);
            file.Write("\n\u00ff\u00fe"u8);
            file.Write([0xff, 0xfe, 0x80, (byte)'\n']);
            file.Write("{\"number\":1e999}\n[[[[\n\n"u8);
        }
        var check = log.Verify();
        Assert.Contains(check.Faults, f => f is { Line: 3 } && f.What.Contains("longer", StringComparison.Ordinal));
        Assert.True(check.Faults.Count >= 4);
        Assert.Throws<InputException>(() => runs.Add(log, 1));
    }

    [Fact]
    public void AForgedLine_WithACorrectHash_DoesNotContinueTheChain()
    {
        var log = runs.Log(3);
        var lines = File.ReadAllLines(log.Path);
        var forged = AuditLine.Of(AuditLine.Read(Encoding.UTF8.GetBytes(lines[2]), out _)! with { Who = "somebody else" });
        lines[2] = Encoding.UTF8.GetString(forged);
        File.WriteAllText(log.Path, string.Join("\n", lines) + "\n");
        Assert.Equal([new AuditFault(4, "it does not continue line 3: one of both was replaced")], log.Verify().Faults);
    }

    [Fact]
    public void ALogRewrittenFromTheStart_IsFoundByAHashNotedDown()
    {
        var log = runs.Log(3, "first history");
        var noted = log.Verify().Head!;
        Assert.True(log.Verify(noted).Holds && log.Verify(noted[..8]).Holds);
        Directory.Delete(Path.GetDirectoryName(log.Path)!, recursive: true);
        for (var i = 0; i < 3; i++) runs.Add(log, i, "second history");
        Assert.True(log.Verify().Holds);
        Assert.False(log.Verify(noted).Holds);
        Assert.Throws<InputException>(() => log.Verify("not a hash"));
    }

    [Fact]
    public void WhatAKillLeaves_IsTakenUp()
    {
        var log = runs.Log(2);
        var head = Path.Combine(Path.GetDirectoryName(log.Path)!, "head.json");
        var before = File.ReadAllText(head);
        runs.Add(log, 2);
        File.WriteAllText(head, before); // killed between line and head
        Assert.True(log.Verify().Holds);
        runs.Add(log, 3);
        Assert.True(log.Verify() is { Holds: true, Entries: 4 });
        File.AppendAllText(log.Path, "{\"number\":5,\"wh"); // killed within a line
        Assert.False(log.Verify().Holds);
        runs.Add(log, 4);
        Assert.True(log.Verify() is { Holds: true, Entries: 5 });
        var fresh = runs.Log(1);
        File.Delete(Path.Combine(Path.GetDirectoryName(fresh.Path)!, "head.json")); // killed before the first head
        Assert.True(fresh.Verify().Holds);
        runs.Add(fresh, 1);
        Assert.True(fresh.Verify() is { Holds: true, Entries: 2 });
    }

    [Fact]
    public void ManyWriters_MakeOneChain()
    {
        var run = runs.Copy();
        var edit = Edit.Set("code.0", 1);
        var outcome = EditRun.Of(runs.Run, runs.Data, 0, edit);
        var logs = Enumerable.Range(0, 8).Select(_ => AuditLog.Of(run)).ToArray(); // as from eight processes: they share only the files
        Parallel.For(0, 64, i => logs[i % 8].Append(outcome, edit, null, runs.Data, 0, new AuditRemark { Comment = "c" }));
        Assert.True(logs[0].Verify() is { Holds: true, Entries: 64 });
        Assert.Equal(Enumerable.Range(1, 64), logs[0].Entries().Select(e => e.Number));
    }

    [Fact]
    public void AReplay_ComesOutTheSame_AndFindsWhatDoesNot()
    {
        var log = runs.Log(4);
        Assert.True(AuditReplay.Of(runs.Run, log) is { Holds: true, Replayed: 4 });
        var entry = log.Entries()[0];
        var lines = File.ReadAllLines(log.Path);
        lines[1] = Encoding.UTF8.GetString(AuditLine.Of(entry with { After = entry.After with { Probabilities = [.. entry.After.Probabilities!.Select(p => Math.BitIncrement(p))] } }));
        lines[2] = Encoding.UTF8.GetString(AuditLine.Of(log.Entries()[1] with { Row = 7 }));
        lines[3] = Encoding.UTF8.GetString(AuditLine.Of(log.Entries()[2] with { Changes = [new Change("cod.0", EditKind.Set, 1)] }));
        File.WriteAllLines(log.Path, lines);
        var replay = AuditReplay.Of(runs.Run, log);
        Assert.Equal((1, 3), (replay.Replayed, replay.Different));
        Assert.Contains("after the edit", replay.Differences[0].What, StringComparison.Ordinal);
        Assert.Contains("input", replay.Differences[1].What, StringComparison.Ordinal);
        Assert.Contains("unknown name", replay.Differences[2].What, StringComparison.Ordinal);
    }

    [Fact]
    public void BlocksNoiseAndAllRows_AreReplayedToo()
    {
        var log = runs.Log(0);
        foreach (var (text, row) in (ValueTuple<string, int?>[])[("block code.0:1,noise code.0:0.5", 3), ("swap code.0:1:2", null)])
        {
            var edit = Edit.Parse(text);
            log.Append(EditRun.Of(runs.Run, runs.Data, row, edit, seed: 5), edit, null, runs.Data, 5, new AuditRemark());
        }
        log.Append(EditRun.Of(runs.Run, runs.Data, 3, Edit.None), Edit.None, null, runs.Data, 0, new AuditRemark { Comment = "all taken back" });
        var from = "make:led7,n=10,seed=3";
        var (rows, one) = (runs.Run.LoadRows(from), Edit.Set("code.0", 2));
        log.Append(EditRun.Of(runs.Run, rows, 9, one), one, from, rows, 0, new AuditRemark());
        Assert.True(AuditReplay.Of(runs.Run, log) is { Holds: true, Replayed: 4 });
        Assert.Equal(Environment.UserName, log.Entries()[0].Who);
    }

    [Fact]
    public void Exports_CanBeVerified_OrReadAsATable()
    {
        var log = runs.Log(2, "with \"quotes\", and\na line <script>");
        var folder = Path.GetDirectoryName(log.Path)!;
        log.Export(Path.Combine(folder, "copy.jsonl"));
        Assert.True(log.VerifyCopy(Path.Combine(folder, "copy.jsonl")).Holds);
        log.Export(Path.Combine(folder, "copy.csv"));
        Assert.StartsWith("entry,when,who,", File.ReadAllText(Path.Combine(folder, "copy.csv")), StringComparison.Ordinal);
        Assert.Contains("\"with \"\"quotes\"\", and\na line <script>\"", File.ReadAllText(Path.Combine(folder, "copy.csv")), StringComparison.Ordinal);
        Assert.Throws<InputException>(() => log.Export(Path.Combine(folder, "copy.txt")));
        Assert.Throws<InputException>(() => log.Export(log.Path));
    }

    [Fact]
    public void LongRemarks_AreRefused()
    {
        var log = runs.Log(0);
        Assert.Throws<InputException>(() => runs.Add(log, 0, new string('x', 10_001)));
        Assert.False(File.Exists(log.Path));
    }
}
