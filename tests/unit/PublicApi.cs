using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Isthmus.Tests;

/// <summary>The public and protected members of an assembly as sorted lines, close to how C# declares them.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly NullabilityInfoContext s_nullability = new();

    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(char)] = "char",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
    };

    /// <summary>One paragraph a type, in ordinal order of their names; members in ordinal order too.</summary>
    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetTypes().Where(IsVisible).OrderBy(t => Name(t), StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (var line in Members(type).Order(StringComparer.Ordinal)) text.Append("    ").Append(line).Append('\n');
            text.Append('\n');
        }
        return text.ToString();
    }

    private static bool IsVisible(Type type) => type.IsNested
        ? (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!)
        : type.IsPublic;

    private static string Header(Type type)
    {
        var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : typeof(Delegate).IsAssignableFrom(type) ? "delegate" : type.IsValueType ? "struct" : "class";
        var modifiers = type is { IsAbstract: true, IsSealed: true } ? "static " : kind == "class" && type.IsAbstract ? "abstract " : kind == "class" && type.IsSealed ? "sealed " : "";
        var bases = new List<string>();
        if (kind == "class" && type.BaseType is { } parent && parent != typeof(object)) bases.Add(Name(parent));
        if (kind != "enum") bases.AddRange(OwnInterfaces(type).Select(Name).Order(StringComparer.Ordinal));
        return $"public {modifiers}{kind} {Name(type)}{(bases.Count > 0 ? " : " + string.Join(", ", bases) : "")}{Constraints(type.GetGenericArguments())}";
    }

    private static IEnumerable<Type> OwnInterfaces(Type type)
    {
        var all = type.GetInterfaces().Where(IsVisible).ToArray();
        return all.Except(all.SelectMany(i => i.GetInterfaces())).Except(type.BaseType?.GetInterfaces() ?? []);
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return Enum.GetNames(type).Select(n => string.Create(CultureInfo.InvariantCulture, $"{n} = {Convert.ToInt64(Enum.Parse(type, n), CultureInfo.InvariantCulture)}"));
        if (typeof(Delegate).IsAssignableFrom(type)) return [Method(type.GetMethod("Invoke")!)];
        var lines = new List<string>();
        foreach (var member in type.GetMembers(Declared))
            if (Line(member) is { } line) lines.Add(line);
        return lines;
    }

    private static string? Line(MemberInfo member) => member switch
    {
        FieldInfo f => Access(f.IsPublic, f.IsFamily || f.IsFamilyOrAssembly) is { } access ? access + Field(f) : null,
        ConstructorInfo { IsStatic: false } c => Access(c.IsPublic, c.IsFamily || c.IsFamilyOrAssembly) is { } access ? $"{access}.ctor({Parameters(c)})" : null,
        PropertyInfo { Name: not "EqualityContract" } p => Property(p),
        EventInfo e => e.AddMethod is { IsPublic: true } ? $"public event {Name(e.EventHandlerType!)} {e.Name}" : null,
        MethodInfo m when !m.IsDefined(typeof(CompilerGeneratedAttribute), false) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            Access(m.IsPublic, m.IsFamily || m.IsFamilyOrAssembly) is { } access ? access + Method(m) : null,
        _ => null,
    };

    private static string? Access(bool isPublic, bool isProtected) => isPublic ? "public " : isProtected ? "protected " : null;

    private static string Field(FieldInfo f) =>
        f.IsLiteral ? $"const {Name(f.FieldType)} {f.Name} = {Value(f.GetRawConstantValue())}"
            : $"{(f.IsStatic ? "static " : "")}{(f.IsInitOnly ? "readonly " : "")}{Name(f.FieldType, s_nullability.Create(f))} {f.Name}";

    private static string? Property(PropertyInfo p)
    {
        var accessors = new[] { p.GetMethod, p.SetMethod }.Where(m => m is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true }).ToArray();
        if (accessors.Length == 0) return null;
        var access = accessors.Any(m => m!.IsPublic) ? "public " : "protected ";
        var set = p.SetMethod is { } s && accessors.Contains(s)
            ? (s.ReturnParameter.GetRequiredCustomModifiers().Any(m => m.Name == "IsExternalInit") ? "init; " : "set; ") : "";
        var get = p.GetMethod is { } g && accessors.Contains(g) ? "get; " : "";
        var name = p.GetIndexParameters() is { Length: > 0 } index ? $"this[{string.Join(", ", index.Select(Parameter))}]" : p.Name;
        return $"{access}{Modifiers(accessors[0]!)}{Name(p.PropertyType, s_nullability.Create(p))} {name} {{ {get}{set}}}";
    }

    private static string Method(MethodInfo m)
    {
        var arguments = m.IsGenericMethod ? $"<{string.Join(", ", m.GetGenericArguments().Select(Name))}>" : "";
        return $"{Modifiers(m)}{Name(m.ReturnType, s_nullability.Create(m.ReturnParameter))} {m.Name}{arguments}({Parameters(m)}){Constraints(m.GetGenericArguments())}";
    }

    private static string Modifiers(MethodInfo m) =>
        m.IsStatic ? (m.IsAbstract ? "static abstract " : "static ")
            : m.DeclaringType!.IsInterface ? ""
            : m.IsAbstract ? "abstract "
            : m.IsVirtual && !m.IsFinal ? (m.GetBaseDefinition() == m ? "virtual " : "override ")
            : m.IsFinal && m.GetBaseDefinition() != m ? "override " : "";

    private static string Parameters(MethodBase m) => string.Join(", ", m.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo p)
    {
        var passed = p.ParameterType.IsByRef ? (p.IsOut ? "out " : p.IsIn ? "in " : "ref ") : p.GetCustomAttributes().Any(a => a.GetType().Name is "ParamArrayAttribute" or "ParamCollectionAttribute") ? "params " : "";
        return $"{passed}{Name(p.ParameterType, s_nullability.Create(p))} {p.Name}{(p.HasDefaultValue ? " = " + Value(p.RawDefaultValue) : "")}";
    }

    private static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string Name(Type type) => Name(type, null);

    private static string Name(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef) return Name(type.GetElementType()!, nullability?.ElementType ?? nullability);
        if (type.IsPointer) return Name(type.GetElementType()!) + "*";
        if (Nullable.GetUnderlyingType(type) is { } inner) return Name(inner) + "?";
        var mark = !type.IsValueType && !type.IsGenericParameter && nullability?.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray) return $"{Name(type.GetElementType()!, nullability?.ElementType)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        if (type.IsGenericParameter) return type.Name;
        if (s_keywords.TryGetValue(type, out var keyword)) return keyword + mark;
        if (type.IsFunctionPointer || type.IsUnmanagedFunctionPointer) return "delegate*";
        return Qualified(type, nullability) + mark;
    }

    // Arguments of a nested type's outer types belong to those.
    private static string Qualified(Type type, NullabilityInfo? nullability)
    {
        var arguments = type.GetGenericArguments();
        var outer = type.IsNested ? type.DeclaringType!.GetGenericArguments().Length : 0;
        var prefix = type.IsNested ? Qualified(outer > 0 && !type.IsGenericTypeDefinition ? type.DeclaringType!.MakeGenericType(arguments[..outer]) : type.DeclaringType!, null) + "."
            : type.Namespace is { } space ? space + "." : "";
        var own = arguments.Select((a, i) => Name(a, nullability?.GenericTypeArguments.ElementAtOrDefault(i))).Skip(outer).ToArray();
        return prefix + type.Name.Split('`')[0] + (own.Length > 0 ? $"<{string.Join(", ", own)}>" : "");
    }

    private static string Constraints(Type[] arguments)
    {
        var text = new StringBuilder();
        foreach (var argument in arguments.Where(a => a.IsGenericParameter))
        {
            var kinds = new List<string>();
            var flags = argument.GenericParameterAttributes;
            if (flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint)) kinds.Add("struct");
            if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) kinds.Add("class");
            kinds.AddRange(argument.GetGenericParameterConstraints().Where(c => c != typeof(ValueType)).Select(Name).Order(StringComparer.Ordinal));
            if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !kinds.Contains("struct")) kinds.Add("new()");
            if (kinds.Count > 0) text.Append($" where {argument.Name} : {string.Join(", ", kinds)}");
        }
        return text.ToString();
    }
}
