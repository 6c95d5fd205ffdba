using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

public class RecipeTest
{
    private const string Text = """
        # a comment
        name: test
        data:
          source: make:moons
        encoder:
          type: mlp
          widths: [8, 4]
        bottleneck:
          type: vib
          latent: 3
          beta: 1e-3
        decoder: linear
        training:
          epochs: 2
        phases:
          - name: first
            train: [encoder, bottleneck]
            weights: {task: 0.5}
          - epochs: 1
        """;

    private static Recipe Parse(string text, params string[] sets) => RecipeFile.Parse(text, "r.yaml", [.. sets.Select(Override.Parse)]);

    private static InputException Fails(string text, params string[] sets) => Assert.Throws<InputException>(() => Parse(text, sets));

    [Fact]
    public void Fields_AreBoundAndOthersKeepTheirDefaults()
    {
        var recipe = Parse(Text);
        Assert.Equal([8, 4], ((MlpOptions)recipe.Encoder!.Options).Widths);
        var vib = (VibOptions)recipe.Bottleneck!.Options;
        Assert.Equal((3, 1e-3f, "standard"), (vib.Latent, vib.Beta, vib.Prior));
        Assert.Equal("linear", recipe.Decoder!.Type);
        Assert.Null(recipe.Objective);
        Assert.Equal((2, 128), (recipe.Training.Epochs, recipe.Training.Batch));
        Assert.Equal(["encoder", "bottleneck"], recipe.Phases[0].Train);
        Assert.Equal(0.5, recipe.Phases[0].Weights["task"]);
        Assert.Equal(1, recipe.Phases[1].Epochs);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheWrittenText_IsReadBackToTheSameRecipe(bool comments)
    {
        var recipe = Parse(Text, "data.target=\"a: b # c\"", "data.ignore=\"null\"", "training.learning_rate=0.30000000000000004");
        var text = RecipeFile.Text(recipe, comments);
        Assert.Equal(RecipeFile.Text(recipe), RecipeFile.Text(Parse(text)));
        Assert.Equal("a: b # c", Parse(text).Data.Target);
        Assert.Equal("null", Parse(text).Data.Ignore);
        Assert.Equal(0.30000000000000004, Parse(text).Training.LearningRate);
        Assert.Equal(RecipeFile.Sha256(recipe), RecipeFile.Sha256(Parse(text)));
        Assert.NotEqual(RecipeFile.Sha256(recipe), RecipeFile.Sha256(Parse(text, "seed=1")));
    }

    [Fact]
    public void AllProblems_AreReportedTogetherWithLinesAndSuggestions()
    {
        var error = Fails("""
            encoder:
              type: mlp
              widhts: [8]
            bottleneck:
              type: vbi
            training:
              epochs: -1
              schedule: cosin
            nmae: x
            """);
        Assert.StartsWith("r.yaml: 5 problems: line 3: unknown field 'encoder.widhts' (did you mean 'widths'?); line 5: bottleneck.type is 'vbi' (did you mean 'vib'?); line 7: training.epochs is '-1', expected a whole number, 0 to 1000000; and 2 more",
            error.Message, StringComparison.Ordinal);
        Assert.Equal("--verbose lists them all", error.Hint);
        Assert.Contains("line 8: training.schedule is 'cosin' (did you mean 'cosine'?)", error.InnerException!.ToString(), StringComparison.Ordinal);
        Assert.Contains("line 9: unknown field 'nmae' (did you mean 'name'?)", error.InnerException!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("training.batch=0", "--set training.batch: training.batch is '0', expected a whole number of rows, 1 to 1000000")]
    [InlineData("training.learning_rate=0", "expected a number, above 0, at most 100")]
    [InlineData("bottleneck.bta=1", "unknown field 'bottleneck.bta' (did you mean 'beta'?)")]
    [InlineData("phases[7].epochs=1", "'7' is no place in a list of 2")]
    [InlineData("training.epochs=[1", "not valid YAML")]
    [InlineData("training=3", "training is a set of fields")]
    [InlineData("training.epochs={a: 1}", "training.epochs is a set of fields, expected a whole number")]
    [InlineData("seed=-1", "seed is '-1', expected a whole number")]
    [InlineData("inference=average:0", "inference is 'average:0', expected mean, sample, average:k")]
    [InlineData("data.task=regresion", "did you mean 'regression'?")]
    [InlineData("bottleneck.beta=nan", "bottleneck.beta is 'nan', expected a number of nats per nat, at least 0")]
    [InlineData("data.folds=1", "data.folds is 1")]
    [InlineData("training.nesterov=true", "phases[0]: nesterov is a form of sgd, the optimizer is adam; phases[1]: nesterov")]
    [InlineData("phases[1]={optimizer: sgd, nesterov: true, momentum: 0}", "phases[1]: nesterov needs a momentum above 0")]
    [InlineData("phases[0].momentum=0.5", "phases[0]: momentum belongs to sgd and rmsprop, the optimizer is adam")]
    [InlineData("phases[0].freeze=encoder", "phases[0]: encoder stands under train and under freeze")]
    [InlineData("phases[1]={schedule: one-cycle, warmup: 5}", "phases[1]: warmup: a one-cycle schedule rises by itself")]
    [InlineData("training.optimizer=admaw", "did you mean 'adamw'")]
    [InlineData("training.ema=1", "training.ema is '1', expected a number, 0 to 0.999999")]
    public void WrongValues_AreNamed(string set, string message) => Assert.Contains(message, Fails(Text, set).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a: &x 1\nb: *x", "an anchor is not allowed")]
    [InlineData("name: *x", "an alias")]
    [InlineData("name: !!int 3", "the tag")]
    [InlineData("name: a\n---\nname: b", "a second document")]
    [InlineData("name: a\nname: b", "line 2: field 'name' stands twice")]
    [InlineData("- a", "a recipe is a set of fields")]
    [InlineData("name: [", "not valid YAML")]
    [InlineData("name: x\n\tseed: 1", "not valid YAML")]
    public void MoreThanPlainData_IsRefused(string text, string message) => Assert.Contains(message, Fails(text).Message, StringComparison.Ordinal);

    [Fact]
    public void HostileTexts_AreAnsweredInOneLine()
    {
        Assert.Contains("more than 20 levels", Fails("name: " + new string('[', 5000)).Message, StringComparison.Ordinal);
        Assert.Contains("characters", Fails(new string(' ', 2 << 20)).Message, StringComparison.Ordinal);
        var random = new Isthmus.Tensors.RandomStream(3);
        for (var round = 0; round < 2000; round++)
        {
            var text = Text.ToCharArray();
            for (var i = random.NextInt(4); i >= 0; i--) text[random.NextInt(text.Length)] = (char)random.NextInt(128);
            try { Parse(new string(text)); }
            catch (InputException e) { Assert.DoesNotContain('\n', e.Message); }
        }
    }

    [Fact]
    public void Set_ReachesEveryDepthAndTheLastOneWins()
    {
        var recipe = Parse(Text, "bottleneck.beta=1", "bottleneck.beta=2", "phases[1].epochs=9", "encoder.widths=5,6", "objective=gaussian", "training.class_weights=yes");
        Assert.Equal(2f, ((VibOptions)recipe.Bottleneck!.Options).Beta);
        Assert.Equal(9, recipe.Phases[1].Epochs);
        Assert.Equal([5, 6], ((MlpOptions)recipe.Encoder!.Options).Widths);
        Assert.Equal("gaussian", recipe.Objective!.Type);
        Assert.True(recipe.Training.ClassWeights);
    }

    [Fact]
    public void AnotherType_KeepsOnlyTheOptionsThatItKnows()
    {
        Assert.Equal(3, ((LinearBottleneckOptions)Parse(Text, "bottleneck=linear").Bottleneck!.Options).Latent);
        Assert.Equal("identity", Parse(Text, "bottleneck=identity").Bottleneck!.Type);
        Assert.Contains("unknown field 'bottleneck.beta'", Fails(Text, "bottleneck=identity", "bottleneck.beta=1").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACommaDecimalCultureAndCrlf_ChangeNothing()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var plain = RecipeFile.Text(Parse(Text));
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.Equal(plain, RecipeFile.Text(Parse(Text.ReplaceLineEndings("\r\n"))));
        }
        finally { CultureInfo.CurrentCulture = before; }
    }

    [Fact]
    public void TheSchema_DescribesEveryFieldOfEveryEntry()
    {
        var schema = RecipeSchema.Build();
        var text = schema.ToJsonString();
        foreach (var field in OptionModel.Fields(typeof(Recipe))) Assert.NotNull(schema["properties"]![field.Name]);
        foreach (var kind in Enum.GetValues<RegistryKind>())
            foreach (var entry in Registries.Of(kind))
            {
                Assert.Contains($"\"const\":\"{entry.Name}\"", text, StringComparison.Ordinal);
                Assert.All(OptionModel.Fields(entry.OptionsType), f => Assert.True(f.Option.Summary.Length > 0, $"{entry.Name}.{f.Name} has no summary"));
            }
        Assert.Equal(1e-3, (double)schema["properties"]!["training"]!["properties"]!["learning_rate"]!["default"]!);
        Assert.Equal(0, (double)schema["properties"]!["training"]!["properties"]!["learning_rate"]!["exclusiveMinimum"]!);
    }

    [Fact]
    public void EveryReadyMadeRecipe_IsValidAndSaysWhatItIs()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Isthmus.slnx"))) folder = Path.GetDirectoryName(folder)!;
        var files = Directory.GetFiles(Path.Combine(folder, "recipes"), "*.yaml");
        Assert.True(files.Length >= 6, $"{files.Length} recipes");
        foreach (var file in files)
        {
            Assert.StartsWith("# ", File.ReadAllText(file), StringComparison.Ordinal);
            Assert.Equal(Path.GetFileNameWithoutExtension(file), RecipeFile.Read(file).Name);
        }
    }
}
