using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class InsertionTest
{
    [Fact]
    public void Removing_gives_the_same_bits_as_before_and_restoring_the_same_weights()
    {
        var network = Residual(out var x);
        network.Eval();
        var before = network.Forward(x).ToArray();
        var weights = network.StateDict().ToDictionary(t => t.Key, t => t.Value.ToArray());
        var insertion = network.Insert("1", Noise(6));
        Assert.NotEqual(before, network.Forward(x).ToArray());
        insertion.Remove();
        Assert.Equal(before, network.Forward(x).ToArray());

        network.Train();
        using var again = network.Insert("1", Noise(6));
        Fit(network, x, [.. network.NamedParameters(), .. again.NamedParameters()], again, 5);
        Assert.Contains(network.StateDict(), t => !t.Value.ToArray().SequenceEqual(weights[t.Key]));
        again.Restore();
        network.Eval();
        Assert.All(network.StateDict(), t => Assert.Equal(weights[t.Key], t.Value.ToArray()));
        Assert.Equal(before, network.Forward(x).ToArray());
    }

    [Fact]
    public void An_edit_is_in_force_until_it_is_taken_back()
    {
        var network = Residual(out var x);
        network.Eval();
        using var insertion = network.Insert("1", new VectorQuantizer(6, new VqOptions { Codes = 8, Width = 6 }, new RandomStream(3)));
        long[] Codes() => insertion.Passages[0].Message().Single<Symbols>().Values.Data.ToArray();
        var before = network.Forward(x).ToArray();
        var codes = Codes();
        Assert.True(codes.Distinct().Count() > 1);
        insertion.Edit = Edit.Parse("code.0=5");
        var forced = network.Forward(x);
        Assert.All(Codes(), c => Assert.Equal(5, c));
        Assert.NotEqual(before, forced.ToArray());
        for (var row = 1; row < x.Size(0); row++) Assert.Equal(forced.Select(0, 0).ToArray(), forced.Select(0, row).ToArray());
        insertion.Edit = null;
        Assert.Equal(before, network.Forward(x).ToArray());
        Assert.Equal(codes, Codes());
    }

    [Fact]
    public void A_bottleneck_trains_alone_in_a_frozen_network()
    {
        var network = Residual(out var x);
        var target = network.Forward(x).ToArray();
        network.Eval();
        network.RequiresGrad(false);
        using var insertion = network.Insert("1", new VariationalBottleneck(6, new VibOptions { Latent = 4, Beta = 1e-3f }, new RandomStream(5)), decoder: new Linear(4, 6, new RandomStream(6)));
        insertion.Training = true;
        var weights = network.StateDict().ToDictionary(t => t.Key, t => t.Value.ToArray());
        var (first, last) = Fit(network, x, insertion.NamedParameters(), insertion, 300, Tensor.From(target, x.Size(0), 2));
        Assert.True(last < 0.5 * first, FormattableString.Invariant($"{first} to {last}"));
        Assert.All(network.StateDict(), t => Assert.Equal(weights[t.Key], t.Value.ToArray()));
        Assert.Equal([x.Size(0)], insertion.Rate!.Nats.Shape.ToArray());
    }

    [Fact]
    public void Inside_a_residual_branch_is_refused_by_name_and_the_blocks_end_is_named()
    {
        var network = Residual(out _);
        var error = Assert.Throws<InputException>(() => network.Insert("1.body.0", Noise(6)));
        Assert.Contains("beside it goes the input, which is added to the body's output", error.Message, StringComparison.Ordinal);
        Assert.Contains("'1'", error.Hint, StringComparison.Ordinal);
        network.Insert("1.body.0", Noise(6), allowBypass: true).Remove();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Inside_a_transformers_residual_stream_is_refused_and_the_whole_layer_is_taken(bool normFirst)
    {
        var random = new RandomStream(2);
        var network = new Sequential(new TransformerEncoderLayer(8, 2, random, 16, 0, normFirst), new TransformerEncoderLayer(8, 2, random, 16, 0, normFirst));
        network.Eval();
        var x = Tensor.Randn(random, 3, 5, 8);
        var error = Assert.Throws<InputException>(() => network.Insert("0.self_attn.out_proj", Noise(8)));
        Assert.Contains("residual stream", error.Message, StringComparison.Ordinal);
        Assert.Contains("'0'", error.Hint, StringComparison.Ordinal);
        var plain = network.Forward(x).ToArray();
        using (var codes = network.Insert("0", new VectorQuantizer(8, new VqOptions { Codes = 4, Width = 8 }, random)))
        using (var noise = network.Insert("1", Noise(8)))
        {
            network.Forward(x);
            // Two bits a position, five positions a sample.
            Assert.Equal(5 * Math.Log(4), codes.Rate!.Nats.Item(), 1e-5);
            Assert.Single(codes.Passages);
            Assert.Equal([15, 8], codes.Passages[0].Output.Shape.ToArray());
            Assert.Single(noise.Passages);
        }
        Assert.Equal(plain, network.Forward(x).ToArray());
    }

    // What the modules say of themselves, against the gradients: with a part's output cut off, the input still moves the output exactly where
    // something passes beside the part.
    [Fact]
    public void Declared_bypasses_are_those_that_gradients_find()
    {
        var random = new RandomStream(4);
        Check(new ResidualBlock(new Linear(8, 8, random)), 3, 8);
        Check(new ResidualBlock(new Linear(8, 6, random), new Linear(8, 6, random)), 3, 8);
        Check(new HourglassMlp(8, 3, random), 3, 8);
        Check(new TransformerEncoderLayer(8, 2, random, 16, 0), 2, 4, 8);
        Check(new TransformerEncoderLayer(8, 2, random, 16, 0, normFirst: true), 2, 4, 8);
        Check(new InvertedBottleneck(4, 4, random, 2, squeeze: 2), 2, 4, 6, 6);
        Check(new InvertedBottleneck(4, 5, random, 2, squeeze: 2), 2, 4, 6, 6);
        Check(new SqueezeExcitation(4, 2, random), 2, 4, 6, 6);
        Check(new Sequential(new Linear(8, 8, random), new ReLU(), new ResidualBlock(new Linear(8, 8, random)), new Linear(8, 2, random)), 3, 8);

        void Check(Module module, params int[] shape)
        {
            foreach (var (name, part) in module.NamedModules())
            {
                var x = Tensor.Randn(random, shape);
                x.RequiresGrad = true;
                using var cut = part.ReplaceOutput(y => y.Detach());
                var output = module.Forward(x);
                var always = Tensor.Scalar(0f); // so that there is something to go back to even where all is cut off
                always.RequiresGrad = true;
                ((output * Tensor.Randn(random, output.Shape)).Sum() + always).Backward();
                var passes = x.Grad is { } g && g.ToArray().Any(v => v != 0);
                Assert.True(passes == module.FindBypass(name) is not null, $"{module.GetType().Name} '{name}': gradients pass beside it: {passes}");
            }
        }
    }

    [Fact]
    public void Feature_maps_pass_pixel_by_pixel_over_channels()
    {
        var random = new RandomStream(9);
        var network = new Sequential(new Conv2d(1, 3, 3, random, 1, 1), new Conv2d(3, 2, 1, random));
        var x = Tensor.Randn(random, 2, 1, 4, 5);
        Tensor? map = null;
        using var see = network.GetSubmodule("0").OnOutput(y => map = y);
        using var insertion = network.Insert("0", new IdentityBottleneck(3));
        Tensor? after = null;
        using var seeAfter = network.GetSubmodule("0").OnOutput(y => after = y);
        network.Forward(x);
        Assert.Equal(map!.ToArray(), after!.ToArray());
        Assert.Equal([40, 3], insertion.Passages[0].Output.Shape.ToArray());
        Assert.Null(insertion.Rate);
    }

    [Fact]
    public void A_layer_called_twice_sends_two_messages_and_a_new_pass_begins_anew()
    {
        var random = new RandomStream(9);
        var shared = new Linear(4, 4, random);
        var network = new Sequential(shared, new ReLU(), shared);
        using var insertion = network.Insert("0", new VectorQuantizer(4, new VqOptions { Codes = 8, Width = 4 }, random));
        network.Eval();
        network.Forward(Tensor.Ones(2, 4));
        network.Forward(Tensor.Ones(2, 4));
        Assert.Equal(2, insertion.Passages.Count);
        Assert.Equal(2 * Math.Log(8), insertion.Rate!.Nats.Item(), 1e-5);
    }

    [Fact]
    public void What_was_frozen_on_the_layers_outputs_is_shipped()
    {
        var network = Residual(out var x);
        network.Eval();
        using var insertion = network.Insert("1", new FiniteScalarQuantizer(6, new FsqOptions { Levels = [5, 5, 5] }, new RandomStream(1)), new Linear(3, 6, new RandomStream(2)));
        insertion.Freeze([x]);
        insertion.Mode = PassMode.Ship;
        network.Forward(x);
        Assert.Equal(RateKind.CodeLength, insertion.Rate!.Kind);
        Assert.Equal(insertion.Bottleneck.Restore(insertion.Passages[0].Message()).ToArray(), insertion.Passages[0].Output.ToArray());
    }

    [Fact]
    public void A_code_of_another_width_without_a_decoder_is_refused_with_both_sizes()
    {
        var network = Residual(out var x);
        using var insertion = network.Insert("1", Noise(6, 4));
        var error = Assert.Throws<ArgumentException>(() => network.Forward(x));
        Assert.Contains("6 features", error.Message, StringComparison.Ordinal);
    }

    private static VariationalBottleneck Noise(int width, int? latent = null) => new(width, new VibOptions { Latent = latent ?? width, Beta = 1e-3f }, new RandomStream(11));

    private static Sequential Residual(out Tensor x)
    {
        var random = new RandomStream(7);
        x = Tensor.Randn(random, 32, 4);
        return new Sequential(new Linear(4, 6, random),
            new ResidualBlock(new Sequential(new Linear(6, 12, random), new ReLU(), new Linear(12, 6, random))),
            new BatchNorm1d(6), new Linear(6, 2, random));
    }

    private static (float First, float Last) Fit(Module network, Tensor x, IEnumerable<(string, Tensor)> parameters, Insertion insertion, int steps, Tensor? target = null)
    {
        var adam = new Adam(parameters, 1e-2f);
        var (first, last) = (0f, 0f);
        for (var i = 0; i < steps; i++)
        {
            using var scope = new TensorScope("step");
            var prediction = network.Forward(x);
            var loss = (target is null ? prediction : prediction - target).Square().Mean();
            foreach (var term in insertion.Terms) loss += term.Value * term.Weight;
            adam.ZeroGrad();
            loss.Backward();
            adam.Step();
            if (i == 0) first = loss.Item();
            last = loss.Item();
        }
        return (first, last);
    }
}
