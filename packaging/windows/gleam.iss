; Inno Setup 6: the installer for Windows. Written to its documentation; not tested yet.
; After `py packaging\build.py program`:
;   iscc /DVersion=0.1.0 /DWork=build packaging\windows\gleam.iss
; To sign, configure a sign tool named "gleam" in Inno Setup and add /DSign.

#ifndef Version
  #error Say which version: /DVersion=0.1.0
#endif
#ifndef Work
  #define Work "build"
#endif

[Setup]
AppId={{6B1B7C5E-3B0E-4B57-9E0B-6A3E7F2C5D11}
AppName=GLEAM Desktop
AppVersion={#Version}
SourceDir=..\..
DefaultDirName={autopf}\GLEAM Desktop
DefaultGroupName=GLEAM Desktop
DisableProgramGroupPage=yes
LicenseFile=LICENSE
OutputDir={#Work}
OutputBaseFilename=gleam-desktop-{#Version}-windows-x86_64
SetupIconFile={#Work}\icons\gleam.ico
UninstallDisplayIcon={app}\gleam-window.exe
Compression=lzma2/max
SolidCompression=yes
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
PrivilegesRequiredOverridesAllowed=dialog
ChangesAssociations=yes
ChangesEnvironment=yes
WizardStyle=modern
#ifdef Sign
SignTool=gleam
SignedUninstaller=yes
#endif

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "path"; Description: "Make the command gleam known in terminals"

[Files]
Source: "{#Work}\dist\gleam\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\GLEAM Desktop"; Filename: "{app}\gleam-window.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\.gleamcase"; ValueType: string; ValueData: "GLEAM.Case"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\GLEAM.Case"; ValueType: string; ValueData: "GLEAM case"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\GLEAM.Case\shell\open\command"; ValueType: string; ValueData: """{app}\gleam-window.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\.gleampack"; ValueType: string; ValueData: "GLEAM.Pack"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\GLEAM.Pack"; ValueType: string; ValueData: "GLEAM pack"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\GLEAM.Pack\shell\open\command"; ValueType: string; ValueData: """{app}\gleam-window.exe"" ""%1"""
Root: HKA; Subkey: "Software\Microsoft\Windows\CurrentVersion\App Paths\gleam.exe"; ValueType: string; ValueData: "{app}\gleam.exe"; Flags: uninsdeletekey; Tasks: path

; What the user made lies in his own folder and is no part of what is removed.
