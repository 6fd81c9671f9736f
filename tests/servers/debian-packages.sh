#!/usr/bin/env bash
# debian-packages.sh NAME...   install those that are missing. Asks nothing; says nothing when all are there.
set -euo pipefail
missing=()
for name in "$@"; do
  dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
done
[ ${#missing[@]} -eq 0 ] && exit 0
[ "$(id -u)" = 0 ] || { echo "run once as root to install: ${missing[*]}" >&2; exit 1; }
echo "installing ${missing[*]}" >&2

log=$(mktemp); trap 'rm -f "$log"' EXIT
install() {
  { apt-get update -qq && apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1
}
export DEBIAN_FRONTEND=noninteractive
# apt waits for dpkg's lock but not for that of its package lists, and another set-up may be at work right now
for _ in $(seq 60); do
  install && exit 0
  grep -q 'Could not get lock' "$log" || break
  sleep 2
done
tail -5 "$log" >&2
echo "apt-get failed" >&2
exit 1
