using System.Numerics;
using System.Runtime.Intrinsics;

namespace Isthmus.Tests;

public class InstructionSetsTest
{
    [Fact]
    public void AResultThatDependsOnTheMachine_IsFound()
    {
        if (Vector128<byte>.Count == Vector<byte>.Count) return; // nothing to switch off here
        Assert.ThrowsAny<Exception>(() => InstructionSets.AssertSameBits("width of a vector"));
    }

    [FingerprintOf("width of a vector")]
    private static Fingerprint Width() => new Fingerprint().Add([Vector256.IsHardwareAccelerated ? 256 : 128]);
}
