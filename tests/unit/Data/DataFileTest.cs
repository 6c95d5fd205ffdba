using Isthmus.Data;

namespace Isthmus.Tests.Data;

public class DataFileTest
{
    [Theory]
    [InlineData("make:moons,n=40", ".csv")]
    [InlineData("make:gaussian,n=30,dim=2", ".csv")]
    [InlineData("make:led7,n=50", ".csv")]
    [InlineData("make:sprites,n=60,size=16", ".npz")]
    [InlineData("make:moons,n=40", ".npz")]
    public void Written_LoadsBackAsTheSameRows(string data, string ending)
    {
        var folder = Directory.CreateTempSubdirectory("isthmus-data");
        try
        {
            var (path, options) = (Path.Combine(folder.FullName, "made" + ending), new DataOptions { Standardise = false, Task = TaskKind.Reconstruction });
            var made = GeneratorCatalogue.Make(data);
            Assert.Equal(made.Count, DataFile.Write(data, path, options));
            Assert.Single(folder.GetFiles());
            if (ending == ".csv")
            {
                var (written, read) = (DataSource.LoadTable(data, options), DataSource.LoadTable(path, options));
                Assert.Equal(written.Columns.Select(c => c.Name), read.Columns.Select(c => c.Name));
                for (var c = 0; c < written.Columns.Count; c++)
                    Assert.Equal(Cells(written.Columns[c]), Cells(read.Columns[c]));
                return;
            }
            var back = DataSource.Load(path, options with { Task = TaskKind.Auto }).Data;
            Assert.Equal(made.Features, back.Features);
            Assert.Equal(made.FeatureShape, back.FeatureShape);
            Assert.Equal(((ClassTarget)made.Target!).Labels, ((ClassTarget)back.Target!).Labels);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Generated numbers are floats: a float's digits are enough.
    private static object?[] Cells(TableColumn column) =>
        [.. Enumerable.Range(0, column.Count).Select(row => column.Type == ColumnType.Text ? column.Cell(row) : (object?)(float)column.Numbers[row])];

    [Theory]
    [InlineData("make:sprites,n=4", "a.csv", "images, which have no columns")]
    [InlineData("make:moons,n=4", "a.xlsx", "files ending in '.xlsx' are not written")]
    [InlineData("make:moons,n=4", "file/a.csv", "cannot be written")]
    public void WhatCannotBeWritten_IsOneLine(string data, string name, string says)
    {
        var folder = Directory.CreateTempSubdirectory("isthmus-data");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "file"), "in the way of a folder");
            var e = Assert.Throws<InputException>(() => DataFile.Write(data, Path.Combine(folder.FullName, name), new DataOptions()));
            Assert.Contains(says, e.Message, StringComparison.Ordinal);
            Assert.Single(folder.GetFiles());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
