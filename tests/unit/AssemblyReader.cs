using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Isthmus.Tests;

/// <summary>A type that another one uses.</summary>
/// <param name="From">The full name of the user's outermost type.</param>
/// <param name="To">The full name of the used type's outermost type.</param>
/// <param name="IsPublic">Whether the used type is public, or lies in another assembly.</param>
internal readonly record struct TypeUse(string From, string To, bool IsPublic);

/// <summary>
/// Which types use which, read from a built assembly: base types, interfaces, attributes, signatures, local variables, and every
/// token in the code. Nothing is loaded or run.
/// </summary>
internal sealed class AssemblyReader : IDisposable
{
    private static readonly Dictionary<int, OperandType> s_operands = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => (int)(ushort)o.Value, o => o.OperandType);

    private readonly PEReader _file;
    private readonly MetadataReader _metadata;

    public AssemblyReader(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _metadata = _file.GetMetadataReader();
    }

    /// <summary>The names of the assemblies that this one needs.</summary>
    public IEnumerable<string> References => _metadata.AssemblyReferences.Select(r => _metadata.GetString(_metadata.GetAssemblyReference(r).Name));

    /// <summary>Every use of one type by another, each once.</summary>
    public IReadOnlySet<TypeUse> Uses()
    {
        var uses = new HashSet<TypeUse>();
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var from = NameOf(handle);
            foreach (var used in UsedBy(_metadata.GetTypeDefinition(handle)))
                uses.Add(new TypeUse(from, NameOf(used), used.Kind != HandleKind.TypeDefinition || IsPublic((TypeDefinitionHandle)used)));
        }
        return uses;
    }

    public void Dispose() => _file.Dispose();

    private List<EntityHandle> UsedBy(TypeDefinition type)
    {
        var found = new Collector(_metadata);
        found.Add(type.BaseType);
        foreach (var i in type.GetInterfaceImplementations()) found.Add(_metadata.GetInterfaceImplementation(i).Interface);
        foreach (var a in type.GetCustomAttributes()) found.Add(_metadata.GetCustomAttribute(a).Constructor);
        foreach (var f in type.GetFields()) _metadata.GetFieldDefinition(f).DecodeSignature(found, null);
        foreach (var m in type.GetMethods())
        {
            var method = _metadata.GetMethodDefinition(m);
            method.DecodeSignature(found, null);
            foreach (var p in method.GetGenericParameters())
                foreach (var c in _metadata.GetGenericParameter(p).GetConstraints()) found.Add(_metadata.GetGenericParameterConstraint(c).Type);
            if (method.RelativeVirtualAddress != 0) AddBody(_file.GetMethodBody(method.RelativeVirtualAddress), found);
        }
        return found.Types;
    }

    private void AddBody(MethodBodyBlock body, Collector found)
    {
        if (!body.LocalSignature.IsNil) _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(found, null);
        var code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            int op = code.ReadByte();
            if (op == 0xFE) op = 0xFE00 | code.ReadByte();
            switch (s_operands[op])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    found.Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineNone: break;
                case OperandType.InlineI8 or OperandType.InlineR: code.ReadInt64(); break;
                case OperandType.InlineVar: code.ReadInt16(); break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar: code.ReadByte(); break;
                case OperandType.InlineSwitch:
                    for (var n = code.ReadInt32(); n > 0; n--) code.ReadInt32();
                    break;
                default: code.ReadInt32(); break;
            }
        }
    }

    private bool IsPublic(TypeDefinitionHandle handle)
    {
        var type = _metadata.GetTypeDefinition(handle);
        return type.IsNested ? IsPublic(type.GetDeclaringType()) : (type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public;
    }

    private string NameOf(EntityHandle handle)
    {
        if (handle.Kind == HandleKind.TypeDefinition)
        {
            var type = _metadata.GetTypeDefinition((TypeDefinitionHandle)handle);
            return type.IsNested ? NameOf(type.GetDeclaringType()) : $"{_metadata.GetString(type.Namespace)}.{_metadata.GetString(type.Name)}";
        }
        var reference = _metadata.GetTypeReference((TypeReferenceHandle)handle);
        return reference.ResolutionScope.Kind == HandleKind.TypeReference
            ? NameOf(reference.ResolutionScope) : $"{_metadata.GetString(reference.Namespace)}.{_metadata.GetString(reference.Name)}";
    }

    /// <summary>Gathers the definitions and references of types out of every kind of token and signature.</summary>
    private sealed class Collector(MetadataReader metadata) : ISignatureTypeProvider<int, object?>
    {
        public List<EntityHandle> Types { get; } = [];

        public void Add(EntityHandle handle)
        {
            if (handle.IsNil) return;
            switch (handle.Kind)
            {
                case HandleKind.TypeDefinition or HandleKind.TypeReference: Types.Add(handle); break;
                case HandleKind.TypeSpecification: metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null); break;
                case HandleKind.FieldDefinition: Add(metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()); break;
                case HandleKind.MethodDefinition: Add(metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType()); break;
                case HandleKind.MethodSpecification:
                    var specification = metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                    specification.DecodeSignature(this, null);
                    Add(specification.Method);
                    break;
                case HandleKind.MemberReference:
                    var member = metadata.GetMemberReference((MemberReferenceHandle)handle);
                    Add(member.Parent);
                    if (member.GetKind() == MemberReferenceKind.Method) member.DecodeMethodSignature(this, null);
                    else member.DecodeFieldSignature(this, null);
                    break;
            }
        }

        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Seen(handle);
        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => Seen(handle);
        public int GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, context);
        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;
        public int GetArrayType(int elementType, ArrayShape shape) => 0;
        public int GetByReferenceType(int elementType) => 0;
        public int GetFunctionPointerType(MethodSignature<int> signature) => 0;
        public int GetGenericInstantiation(int genericType, ImmutableArray<int> typeArguments) => 0;
        public int GetGenericMethodParameter(object? context, int index) => 0;
        public int GetGenericTypeParameter(object? context, int index) => 0;
        public int GetPinnedType(int elementType) => 0;
        public int GetPointerType(int elementType) => 0;
        public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;
        public int GetSZArrayType(int elementType) => 0;

        private int Seen(EntityHandle handle)
        {
            Types.Add(handle);
            return 0;
        }
    }
}
