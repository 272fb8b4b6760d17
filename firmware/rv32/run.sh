#!/usr/bin/env bash
# Builds the device core for rv32imc (the instruction set of an ESP32-C3), runs it against the published vectors in an
# emulator and holds it to its budget. Answers 77 where the tools are missing.
#   firmware/rv32/run.sh BUILD_FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$1

# Bytes. The core is everything of ours; the primitives are libsodium's portable ones, with their tables.
max_core=65536
max_image=122880
max_state=8192

gcc=riscv64-unknown-elf-gcc
for tool in $gcc qemu-system-riscv32 python3; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done

# libsodium's sources are Debian's, unpacked once; the WebAssembly build may have done so.
vendor=$root/build/wasm/vendor/libsodium
[ -d "$vendor" ] || vendor=$build/vendor/libsodium
[ -d "$vendor" ] || "$root/tools/debian_source.sh" libsodium "$vendor"
sodium=$vendor/src/libsodium
header=$sodium/include/sodium/version.h
[ -f "$header" ] || sed 's/@VERSION@/source/; s/@SODIUM_LIBRARY_VERSION_[A-Z]*@/0/; s/@SODIUM_LIBRARY_MINIMAL_DEF@//' \
  "$header.in" >"$header"
mkdir -p "$build/include"
vectors=$root/libs/e2ee/tests/vectors
python3 "$here/vectors.py" "$vectors/device_groups.json" "$vectors/device_channel.json" >"$build/include/vectors.h"

# With the cache where there is one.
compiler=("$gcc")
command -v ccache >/dev/null && compiler=(ccache "$gcc")
flags=(-march=rv32imc -mabi=ilp32 -Os -g1 -ffunction-sections -fdata-sections -specs=picolibc.specs -DSODIUM_STATIC)
own=(-std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-cast-function-type -Werror -I"$root/firmware/core/include"
  -I"$root/firmware/core/src" -I"$build/include" -isystem "$sodium/include")
compile() {  # compile OBJECT SOURCE FLAG...
  local object=$1 source=$2
  shift 2
  "${compiler[@]}" "${flags[@]}" "$@" -c "$source" -o "$object"
}

core=() primitives=()
for source in "$root"/firmware/core/src/*.c "$root"/firmware/port/sodium/*.c; do
  core+=("$build/$(basename "$source" .c).o")
  compile "${core[-1]}" "$source" "${own[@]}"
done
for source in crypto_{aead/chacha20poly1305/sodium/aead_chacha20poly1305,auth/hmacsha256/auth_hmacsha256} \
  crypto_{core/ed25519/ref10/ed25519_ref10,hash/sha256/cp/hash_sha256_cp,hash/sha256/hash_sha256} \
  crypto_{hash/sha512/cp/hash_sha512_cp,hash/sha512/hash_sha512,onetimeauth/poly1305/onetimeauth_poly1305} \
  crypto_{onetimeauth/poly1305/donna/poly1305_donna,scalarmult/curve25519/scalarmult_curve25519} \
  crypto_{scalarmult/curve25519/ref10/x25519_ref10,sign/ed25519/sign_ed25519,sign/ed25519/ref10/keypair} \
  crypto_{sign/ed25519/ref10/sign,sign/ed25519/ref10/open,stream/chacha20/stream_chacha20} \
  crypto_{stream/chacha20/ref/chacha20_ref,verify/sodium/verify} sodium/utils; do
  primitives+=("$build/sodium_$(basename "$source").o")
  compile "${primitives[-1]}" "$sodium/$source.c" -w -DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 \
    -I"$sodium/include/sodium" -I"$sodium/include"
done
for name in port size test; do
  compile "$build/$name.o" "$here/$name.c" "${own[@]}"
done

# QEMU's machine `virt` has its memory at 0x80000000.
layout=(-Wl,--defsym=__flash=0x80000000 -Wl,--defsym=__flash_size=0x200000 -Wl,--defsym=__ram=0x80200000
  -Wl,--defsym=__ram_size=0x100000 -Wl,--defsym=__stack_size=0x10000 -Wl,--gc-sections)
link() {  # link IMAGE OBJECT...
  local image=$1
  shift
  "$gcc" "${flags[@]}" --oslib=semihost --crt0=hosted "${layout[@]}" "$@" -o "$image"
}
link "$build/test.elf" "$build/test.o" "$build/port.o" "${core[@]}" "${primitives[@]}"
link "$build/size.elf" "$build/size.o" "$build/port.o" "${core[@]}" "${primitives[@]}"

text_of() { riscv64-unknown-elf-size "$@" | awk 'NR > 1 { sum += $1 } END { print sum }'; }
data_of() { riscv64-unknown-elf-size "$@" | awk 'NR > 1 { sum += $2 + $3 } END { print sum }'; }
out=$(timeout 120 qemu-system-riscv32 -machine virt -bios none -nographic -no-reboot -monitor none -serial none \
  -semihosting-config enable=on,target=native -kernel "$build/test.elf" </dev/null 2>&1) || {
  printf '%s\nthe program on RISC-V did not end well\n' "$out"
  exit 1
}
value() { sed -n "s/^$1 \([0-9]*\)\r*$/\1/p" <<<"$out"; }
core_text=$(text_of "${core[@]}")
static=$(data_of "${core[@]}" "${primitives[@]}")
image=$(text_of "$build/size.elf")
state=$(($(value state) + static))
printf 'payloads of the vectors opened and sealed on rv32imc: %s, messages of a channel: %s\n' "$(value payloads)" "$(value messages)"
printf '%-52s %7s of %s bytes\n' "the core's code" "$core_text" $max_core "with the primitives and the C library" "$image" \
  $max_image "memory of one device, its buffers apart" "$state" $max_state
printf '%-52s %7s bytes\n' "deepest stack" "$(value stack)"
[ "$core_text" -le $max_core ] && [ "$image" -le $max_image ] && [ "$state" -le $max_state ] && [ "$(value payloads)" -ge 14 ] &&
  [ "$(value messages)" -ge 10 ]
