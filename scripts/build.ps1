# Called by isthmus.cmd: builds the command in Release, once, and only when a source is newer than the last good build.
param([string]$root, [string]$app, [string]$stamp)
$ErrorActionPreference = 'Stop'

function Test-Fresh {
    if (-not ((Test-Path $app) -and (Test-Path $stamp))) { return $false }
    $built = (Get-Item $stamp).LastWriteTimeUtc
    $roots = 'src', 'recipes', 'Directory.Build.props', 'Directory.Packages.props', 'global.json' |
        ForEach-Object { Join-Path $root $_ } | Where-Object { Test-Path $_ }
    $newer = Get-ChildItem $roots -Recurse | Where-Object { $_.LastWriteTimeUtc -gt $built -and $_.Name -ne 'packages.lock.json' }
    return -not $newer
}

if (Test-Fresh) { exit 0 }
$lock = New-Object System.Threading.Mutex($false, 'Global\isthmus-build')
try { [void]$lock.WaitOne() } catch [System.Threading.AbandonedMutexException] { } # its owner died: the lock is ours
try {
    if (Test-Fresh) { exit 0 } # another process built it while this one waited
    [Console]::Error.WriteLine('isthmus: building, once, about half a minute...')
    $start = [DateTime]::UtcNow
    $log = & dotnet build (Join-Path $root 'src\Isthmus.Cli') -c Release -v q -nologo --tl:off 2>&1
    if ($LASTEXITCODE -ne 0) {
        $log | Select-String 'error' | Select-Object -Unique -First 20 | ForEach-Object { [Console]::Error.WriteLine($_) }
        [Console]::Error.WriteLine('error: the build failed')
        exit 1
    }
    Set-Content $stamp 'built'
    (Get-Item $stamp).LastWriteTimeUtc = $start # a source written meanwhile is newer
} finally { $lock.ReleaseMutex() }
