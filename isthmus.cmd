@echo off
rem Runs the isthmus command from its sources. Builds first when a source is newer than the last good build.
setlocal
set "ROOT=%~dp0"
set "APP=%ROOT%artifacts\bin\Isthmus.Cli\release\Isthmus.Cli.dll"
set "STAMP=%ROOT%artifacts\isthmus.built"

where /q dotnet || (
    echo error: the .NET SDK is not installed 1>&2
    echo hint: get .NET 10 from https://dotnet.microsoft.com/download 1>&2
    exit /b 3
)
powershell -NoProfile -ExecutionPolicy Bypass -File "%ROOT%scripts\build.ps1" "%ROOT%." "%APP%" "%STAMP%" || exit /b 3
dotnet "%APP%" %*
