#!/usr/bin/env bash
# Makes ready what Postroom needs on this machine, then runs a command in its virtual environment:
#   packaging/setup.sh [--with "DEBIAN-PACKAGE ..."] COMMAND [ARGUMENT ...]
# PYTHON names the interpreter; without it the best one found is taken. Costs about a tenth of a second when all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What Qt's offscreen, xcb and Wayland platforms load and a bare Debian lacks, a key store's bus, and letters for every script.
packages=(libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libx11-xcb1
          libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
          libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libwayland-cursor0
          fonts-dejavu-core fonts-noto-core fonts-noto-color-emoji)
[ "${1:-}" != --with ] || { read -ra more <<<"$2"; packages+=("${more[@]}"); shift 2; }

say() { echo "setup: $*" >&2; }
die() { say "$*"; exit 1; }

# Installs Debian packages if this machine has apt-get and lets us; says what is missing if it does not.
install_packages() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 0
    local have missing=() as_root=() p
    # A package may have been renamed and stand in for its old name (libglib2.0-0t64 provides libglib2.0-0).
    have=$(dpkg-query -W -f='${db:Status-Status} ${Package}, ${Provides},\n' | sed -n 's/^installed / /p' | sed 's/ ([^)]*)//g')
    for p in "$@"; do [[ $have == *" $p,"* ]] || missing+=("$p"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || { say "not allowed to install, please do: apt-get install ${missing[*]}"; return 0; }
        as_root=(sudo -n)
    fi
    say "apt-get install ${missing[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    {   # Old package lists may still do; a foreign source that fails must not stop us.
        "${apt[@]}" update || true
        "${apt[@]}" install -y --no-install-recommends "${missing[@]}" ||
            for p in "${missing[@]}"; do "${apt[@]}" install -y --no-install-recommends "$p" || say "no package $p"; done
    } </dev/null >/dev/null
}

# Prints, for one interpreter, its version, its path outside any environment, and a stamp that differs whenever
# the environment has to be made anew; fails if Postroom cannot run on it. One start, since each costs time.
look_at() {
    "$1" -c 'if True:
        import hashlib, os, sys
        if not (3, 11) <= sys.version_info < (3, 14):
            sys.exit(1)
        base = os.path.realpath(sys._base_executable)       # also when somebody works inside the environment
        made_of = f"{base} {sys.version} {os.getcwd()}".encode() + open("constraints.txt", "rb").read()
        print("%d.%d" % sys.version_info[:2], base, hashlib.sha256(made_of).hexdigest(), sep="|")
    ' 2>/dev/null
}

# Sets `version`, `python` and `stamp`, and `venv`: .venv for our own choice, .venv-3.12 for an interpreter somebody named.
choose_python() {
    local p seen
    if [ -n "${PYTHON:-}" ]; then
        p=${PYTHON/#\~/$HOME}
        command -v "$p" >/dev/null || die "there is no $PYTHON"
        seen=$(look_at "$p") || die "$PYTHON is not a Python 3.11, 3.12 or 3.13"
        IFS='|' read -r version python stamp <<<"$seen"
        venv=.venv-$version
        return
    fi
    venv=.venv
    for p in python3 python3.1{3,2,1} ~/.pyenv/versions/3.1{3,2,1}.*/bin/python; do
        if seen=$(look_at "$p"); then IFS='|' read -r version python stamp <<<"$seen"; return; fi
    done
    [ -z "${tried_apt:-}" ] || die "no Python 3.11, 3.12 or 3.13 here: install one, or name it with PYTHON=..."
    tried_apt=1; install_packages python3; choose_python
}

is_ready() { [ "$(cat "$venv/.ready" 2>/dev/null)" = "$stamp" ] && "$venv/bin/python" -c '' 2>/dev/null; }

# Always from nothing: what an interrupted run or an older list left behind is not worth the trouble of mending.
make_venv() {
    rm -rf "$venv"
    # Debian keeps the makings of environments in a package of their own.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages "python$version-venv"
    say "making $venv with Python $version, installing what constraints.txt lists"
    "$python" -m venv "$venv" >&2 || die "$python makes no virtual environment (Debian: apt-get install python$version-venv)"
    # Wheels only: building one would fetch tools that nobody pinned.
    "$venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check --retries 10 \
        --require-hashes --only-binary=:all: --no-deps -r constraints.txt </dev/null >&2
    "$venv/bin/python" -c 'from PySide6 import QtWidgets' || die "Qt does not load: a system library is missing (see above)"
    echo "$stamp" >"$venv/.ready"                           # last: without it the environment does not count
}

unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET             # what a person has set for other work
choose_python
{
    # Two makes at once: the second waits, then finds all done. (macOS has no flock: there nobody stops a second one.)
    ! command -v flock >/dev/null || flock -n 9 || { say "waiting for another set-up"; flock 9; }
    install_packages "${packages[@]}"
    if ! is_ready; then make_venv; fi                       # no `||`: it would switch `set -e` off inside
} 9>.setup.lock

export VIRTUAL_ENV=$PWD/$venv PATH=$PWD/$venv/bin:$PATH
[ $# -eq 0 ] || exec "$@"
