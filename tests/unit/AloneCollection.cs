namespace Isthmus.Tests;

/// <summary>Tests that measure the whole process (memory, threads, time) and so run while no other test does.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;
