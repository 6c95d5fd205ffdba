# Sourced by ./isthmus and ./test, with $root set: builds the command in Release, once, and only when its sources have changed.

stamp=$root/artifacts/isthmus.sources # the sources of the last good build; as old as the moment when that build began

fail() { # MESSAGE [HINT]
    echo "error: $1" >&2
    [ -z "${2:-}" ] || echo "hint: $2" >&2
    return 1
}

# Every file that goes into the command. A lock file is written by the build itself and only follows the project files.
sources() (
    cd "$root" && find src recipes Directory.Build.props Directory.Packages.props global.json \
        -type f ! -name packages.lock.json "$@" 2>/dev/null
)

# True when no source was added, removed or written since the last good build of the file $1.
is_fresh() {
    [ -f "$1" ] && [ -f "$stamp" ] && [ -z "$(sources -newer "$stamp")" ] && [ "$(sources | sort)" = "$(<"$stamp")" ]
}

# Runs a command while no other build of this tree is running. The build's own long-lived helpers must not inherit the lock.
with_build_lock() {
    mkdir -p "$root/artifacts"
    if command -v flock >/dev/null; then
        ( flock 9 && "$@" 9>&- ) 9>"$root/artifacts/build.lock"
    else
        "$@"
    fi
}

# dotnet build, silent when it succeeds, only the errors when it does not. The build would overwrite our assemblies in place,
# under the feet of a command that is still running; removed first, they live on for that process.
build_quietly() {
    local log status
    rm -f "$root"/artifacts/bin/Isthmus.Cli/release/Isthmus*.dll
    command -v dotnet >/dev/null ||
        { fail "the .NET SDK is not installed" "get .NET 10 from https://dotnet.microsoft.com/download"; return 1; }
    log=$(dotnet build "$@" -c Release -v q -nologo --tl:off 2>&1)
    status=$?
    [ $status -eq 0 ] && return 0
    grep -E ': error |error : |^error' <<<"$log" | sort -u | head -20 >&2 || tail -5 <<<"$log" >&2
    fail "the build failed" "dotnet build $* -c Release shows all of it"
}

build_once() { # FILE THAT THE BUILD MAKES
    with_build_lock build_if_stale "$1"
}

build_if_stale() {
    is_fresh "$1" && return 0 # another process built it while this one waited
    echo "isthmus: building, once, about half a minute…" >&2
    local list=$stamp.$$
    sources | sort >"$list" # before the build: a source written meanwhile is newer
    build_quietly "$root/src/Isthmus.Cli" && mv "$list" "$stamp" && return 0
    rm -f "$list"
    return 1
}
