#!/bin/sh
# The disk image for macOS, signed and notarised. Written to Apple's documentation; not tested yet.
#
#   packaging/macos/make_dmg.sh VERSION WORK
#
# WORK is what build.py was given. GLEAM_CODESIGN_IDENTITY names a "Developer ID Application"
# certificate and must be set for build.py too; GLEAM_NOTARY_PROFILE names credentials kept with
# `xcrun notarytool store-credentials`. Without them the image is made unsigned, and says so.
set -eu
version=$1 work=$2
here=$(cd "$(dirname "$0")" && pwd)
app="$work/dist/GLEAM Desktop.app"
image="$work/gleam-desktop-$version-macos-$(uname -m).dmg"

if [ -n "${GLEAM_CODESIGN_IDENTITY:-}" ]; then
    codesign --force --deep --options runtime --timestamp \
        --entitlements "$here/entitlements.plist" --sign "$GLEAM_CODESIGN_IDENTITY" "$app"
    codesign --verify --deep --strict "$app"
else
    echo "GLEAM_CODESIGN_IDENTITY is not set: the image will not be signed." >&2
fi
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
cp -R "$app" "$staged/"
ln -s /Applications "$staged/Applications"
hdiutil create -volname "GLEAM Desktop" -srcfolder "$staged" -format ULMO -ov "$image"
if [ -n "${GLEAM_CODESIGN_IDENTITY:-}" ]; then
    codesign --sign "$GLEAM_CODESIGN_IDENTITY" --timestamp "$image"
fi
if [ -n "${GLEAM_NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$GLEAM_NOTARY_PROFILE" --wait
    xcrun stapler staple "$image"
fi
echo "$image"
