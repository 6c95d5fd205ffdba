using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors;

[Collection("alone")]
public class TensorScopeTest
{
    [Fact]
    public void UseAfterScope_NamesOperationAndScope()
    {
        Tensor inner;
        using (new TensorScope("step")) inner = Tensor.Ones(2, 3).Relu();
        var error = Assert.Throws<ObjectDisposedException>(() => inner.Exp());
        Assert.Contains("'relu'", error.Message);
        Assert.Contains("[2, 3]", error.Message);
        Assert.Contains("'step'", error.Message);
    }

    [Fact]
    public void Keep_MovesATensorOut()
    {
        Tensor kept;
        using (var scope = new TensorScope("inner")) kept = scope.Keep(Tensor.Full([2], 3f) + 1f);
        Assert.Equal([4f, 4f], kept.ToArray());
    }

    [Fact]
    public void AView_KeepsItsMemoryWhenTheOriginalDies()
    {
        using var outer = new TensorScope("outer");
        Tensor view;
        using (var scope = new TensorScope("inner")) view = scope.Keep(Tensor.Arange(6).Reshape(2, 3));
        for (var i = 0; i < 10; i++) Tensor.Full([6], -1f); // would take the memory if it were free
        Assert.Equal([0f, 1, 2, 3, 4, 5], view.ToArray());
    }

    [Fact]
    public void Gradients_OutliveTheScope()
    {
        var w = Tensor.From([1f, 2f, 3f]);
        w.RequiresGrad = true;
        using (new TensorScope("step")) (w * w).Sum().Backward();
        Assert.Equal([2f, 4f, 6f], w.Grad!.ToArray());
        using (new TensorScope("step")) (w * 1f).Sum().Backward();
        Assert.Equal([3f, 5f, 7f], w.Grad!.ToArray());
    }

    [Fact]
    public void OneGradientForTwoLeaves_IsNotShared()
    {
        var a = Tensor.From([1f, 2f]);
        var b = Tensor.From([3f, 4f]);
        a.RequiresGrad = b.RequiresGrad = true;
        using (new TensorScope("step")) (a + b).Sum().Backward();
        a.Grad!.Data[0] = 100;
        Assert.Equal([1f, 1f], b.Grad!.ToArray());
    }

    [Fact]
    public void SteadyState_AllocatesNoTensorMemory()
    {
        var random = new RandomStream(1);
        var w = Tensor.Randn(random, 256, 256);
        w.RequiresGrad = true;
        var x = Tensor.Randn(random, 64, 256);
        for (var i = 0; i < 5; i++) Step();
        var before = GC.GetTotalAllocatedBytes(true);
        for (var i = 0; i < 20; i++) Step();
        var perStep = (GC.GetTotalAllocatedBytes(true) - before) / 20;
        Assert.True(perStep < 16 * 1024, $"{perStep} bytes a step; one activation alone has {64 * 256 * 4}");

        void Step()
        {
            using var scope = new TensorScope("step");
            w.ZeroGrad();
            x.MatMul(w).Relu().Square().Mean().Backward();
        }
    }
}
