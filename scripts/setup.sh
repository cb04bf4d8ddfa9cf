# shellcheck shell=sh disable=SC2154
# Sourced by the commands of this folder; $root is the top of the repository.
# Installs the packages and the pinned Node runtime when the lock file has changed since the last time, so that a
# later start costs a checksum and no more. Needs any Node from 20 on with npm; everything then runs on the pinned one.

weir_fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# What the installation depends on: the lock file, the manifests, and the kind of machine.
weir_stamp() {
  uname -sm
  (cd "$root" && cksum pnpm-lock.yaml pnpm-workspace.yaml package.json e2e/package.json scripts/package.json packages/*/package.json)
}

# The pinned runtime links to libatomic, which a bare Debian or Ubuntu lacks.
weir_check_runtime() {
  "$root/node_modules/.bin/node" --version >/dev/null 2>&1 && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    { apt-get update && apt-get install -y --no-install-recommends libatomic1; } >>"$root/.weir/install.log" 2>&1 </dev/null || true
  fi
  "$root/node_modules/.bin/node" --version >/dev/null ||
    weir_fail 'The pinned Node runtime does not start; if a library is missing: apt-get install libatomic1'
}

weir_install() {
  command -v node >/dev/null 2>&1 || weir_fail 'Node 20 or newer is needed to install: https://nodejs.org, or apt-get install nodejs npm.'
  command -v npm >/dev/null 2>&1 || weir_fail 'npm is needed to install; it comes with Node, or as the package npm.'
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || weir_fail "Node 20 or newer is needed to install; this is $(node --version)."
  pnpm=$(cd "$root" && node -p 'require("./package.json").packageManager')
  printf 'Installing packages ...\n' >&2
  log="$root/.weir/install.log"
  mkdir -p "$root/.weir"
  # CI=true: pnpm asks no questions.
  if ! (cd "$root" && CI=true npm exec --yes -- "$pnpm" install --frozen-lockfile) >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    weir_fail 'The packages could not be installed; the reason is above.'
  fi
  [ -x "$root/node_modules/.bin/node" ] || weir_fail "No pinned Node runtime for this machine ($(uname -sm)): Linux on x64 or arm64 and macOS on arm64 have one."
  weir_check_runtime
  printf '%s\n' "$1" >"$root/node_modules/.weir-stamp"
}

weir_setup() {
  stamp=$(weir_stamp)
  if [ ! -x "$root/node_modules/.bin/node" ] || [ "$(cat "$root/node_modules/.weir-stamp" 2>/dev/null)" != "$stamp" ]; then
    weir_install "$stamp"
  fi
  # Programs of the workspace first: the pinned node above all.
  PATH="$root/node_modules/.bin:$PATH"
  # Node keeps what it compiled: later starts are faster, and smaller by the compiler that they do not load.
  NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/node_modules/.cache/compile}"
  export PATH NODE_COMPILE_CACHE
}

weir_setup
