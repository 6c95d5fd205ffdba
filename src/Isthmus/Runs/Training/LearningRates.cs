namespace Isthmus.Runs;

/// <summary>The step size at each step.</summary>
internal static class LearningRates
{
    /// <summary>The step size of a step.</summary>
    /// <param name="training">Schedule and its numbers.</param>
    /// <param name="first">The step size at the beginning.</param>
    /// <param name="step">From 0.</param>
    /// <param name="stepsInEpoch">At least 1.</param>
    /// <param name="steps">Of the whole phase.</param>
    public static double At(TrainingRecipe training, double first, long step, long stepsInEpoch, long steps)
    {
        var rate = training.Schedule switch
        {
            // Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, with one period
            "cosine" => first * (training.FinalShare + ((1 - training.FinalShare) * 0.5 * (1 + Math.Cos(Math.PI * step / Math.Max(1, steps))))),
            "step" => first * Math.Pow(training.StepFactor, Math.Floor((double)step / stepsInEpoch / training.StepEpochs)),
            _ => first,
        };
        return step < training.Warmup ? rate * (step + 1) / training.Warmup : rate;
    }
}
