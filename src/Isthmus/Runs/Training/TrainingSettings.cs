using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What a phase trains with: the recipe's training section with the phase's own fields put over it.</summary>
internal static class TrainingSettings
{
    /// <summary>The section with every field of the phase that is not null.</summary>
    public static TrainingRecipe Of(TrainingRecipe training, PhaseRecipe phase)
    {
        var merged = (TrainingRecipe)OptionModel.Copy(training);
        var fields = OptionModel.Fields(typeof(TrainingRecipe));
        foreach (var field in OptionModel.Fields(typeof(PhaseRecipe)))
            if (fields.FirstOrDefault(f => f.Name == field.Name) is { } to && field.Property.GetValue(phase) is { } value) to.Property.SetValue(merged, value);
        return merged;
    }

    /// <summary>What cannot be trained with; each problem in words, beginning with the field's name.</summary>
    public static IEnumerable<string> Problems(TrainingRecipe t)
    {
        if (t.Nesterov && t.Optimizer != "sgd") yield return $"nesterov is a form of sgd, the optimizer is {t.Optimizer}";
        else if (t is { Nesterov: true, Momentum: 0 }) yield return "nesterov needs a momentum above 0";
        if (t.Momentum is not null && t.Optimizer is not ("sgd" or "rmsprop")) yield return $"momentum belongs to sgd and rmsprop, the optimizer is {t.Optimizer}";
        if (t is { Schedule: "one-cycle", Warmup: > 0 }) yield return "warmup: a one-cycle schedule rises by itself (rise_share)";
    }

    /// <summary>An optimiser of parameters as the section asks for it; with decay groups, those of fewer than two dimensions do not decay.</summary>
    public static Optimizer Optimizer(TrainingRecipe t, IReadOnlyList<(string Name, Tensor Value)> parameters)
    {
        var (rate, decay) = ((float)t.LearningRate, t.WeightDecay);
        ParameterGroup[] groups = t.DecayBiases ? [] : [new ParameterGroup([.. parameters.Where(p => p.Value.Dim < 2)], WeightDecay: 0)];
        return t.Optimizer switch
        {
            "sgd" => new Sgd(parameters, rate, (float)(t.Momentum ?? 0.9), (float)decay, t.Nesterov) { Groups = groups },
            "adam" => new Adam(parameters, rate, weightDecay: decay) { Groups = groups },
            "adamw" => new Adam(parameters, rate, weightDecay: decay, decoupled: true) { Groups = groups },
            "rmsprop" => new RmsProp(parameters, rate, weightDecay: (float)decay, momentum: (float)(t.Momentum ?? 0)) { Groups = groups },
            "adagrad" => new Adagrad(parameters, rate, weightDecay: (float)decay) { Groups = groups },
            "lamb" => new Lamb(parameters, rate, weightDecay: decay) { Groups = groups },
            _ => throw new ArgumentException($"no optimiser is called '{t.Optimizer}'", nameof(t)),
        };
    }

    /// <summary>The factor of the step size by steps; 1 for a plateau schedule, whose factor follows from the losses.</summary>
    /// <param name="t">The section.</param>
    /// <param name="stepsInEpoch">At least 1.</param>
    public static Schedule Schedule(TrainingRecipe t, long stepsInEpoch)
    {
        var steps = t.Epochs * stepsInEpoch;
        Schedule schedule = t.Schedule switch
        {
            "cosine" => new CosineSchedule(Math.Max(1, steps - t.Warmup), t.FinalShare),
            "step" => new StepSchedule(t.StepEpochs * stepsInEpoch, t.StepFactor),
            "exponential" => new ExponentialSchedule(Math.Pow(t.EpochFactor, 1.0 / stepsInEpoch)),
            "one-cycle" => new OneCycleSchedule(Math.Max(2, steps), t.RiseShare),
            _ => new ConstantSchedule(),
        };
        return t.Warmup > 0 ? new WarmUpSchedule(t.Warmup, schedule) : schedule;
    }
}
