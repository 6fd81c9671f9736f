#!/usr/bin/env bash
# Mastodon-API test server on 127.0.0.1 (PyPI mastodon_mock behind mastodon_strict.py).
#   start-mastodon.sh DIR PORT          install once, start (or find it running), print JSON: base URL, accounts, tokens, pid
#   start-mastodon.sh DIR PORT seed     the same, then fill it with citizens' posts (once per DIR; repeat is harmless)
#   start-mastodon.sh DIR PORT reset    stop, drop all state, start afresh
#   start-mastodon.sh DIR PORT stop     stop it
# The virtual environment is .cache/mastodon of this checkout unless MASTODON_VENV names another. PYTHON: 3.10 or newer.
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd); port=$2; mode=${3:-start}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); venv=${MASTODON_VENV:-$(cd "$here/../../.." && pwd)/.cache/mastodon}; base=http://127.0.0.1:$port
alive() { [ -f "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; }
stop() { if alive; then kill "$(cat "$dir/pid")"; for _ in $(seq 50); do alive || break; sleep 0.1; done; fi; rm -f "$dir/pid"; }
case $mode in
  stop) stop; exit 0;;
  reset) stop; rm -rf "$dir"/mastodon.sqlite* "$dir/media" "$dir/seed.json";;
esac
mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"; flock 9 # two starts at once install once
if [ ! -x "$venv/bin/mastodon_mock" ]; then
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check 'mastodon_mock==0.6.1' httpx >"$dir/install.log" 2>&1
fi
exec 9>&-
listening() { "$venv/bin/python" -c 'import socket,sys; s=socket.socket(); s.settimeout(1); sys.exit(s.connect_ex(("127.0.0.1",int(sys.argv[1])))!=0)' "$port"; }
if ! alive; then
  if listening; then echo "port $port is taken" >&2; exit 1; fi
  setsid nohup "$venv/bin/python" "$here/mastodon_strict.py" serve "$dir" "$port" >"$dir/server.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  for _ in $(seq 100); do listening && break; alive || { cat "$dir/server.log" >&2; exit 1; }; sleep 0.1; done
fi
if [ "$mode" = seed ] && [ ! -s "$dir/seed.json" ]; then
  "$venv/bin/python" "$here/mastodon_strict.py" seed "$dir" "$port" >"$dir/seed.tmp" && mv "$dir/seed.tmp" "$dir/seed.json"
fi
"$venv/bin/python" - "$base" "$dir" "$here" <<'P'
import json, os, sys
base, d, here = sys.argv[1:]
sys.path.insert(0, here)
sys.dont_write_bytecode = True
from mastodon_strict import PEOPLE, token_for
seed = os.path.join(d, "seed.json")
print(json.dumps({"base_url": base, "pid": int(open(os.path.join(d, "pid")).read()), "org": "council",
    "tokens": {u: token_for(u) for u, *_ in PEOPLE}, "accts": {u: u if dom is None else f"{u}@{dom}" for u, dom, *_ in PEOPLE},
    "scopes": "read write follow push", "seed": json.load(open(seed)) if os.path.exists(seed) else None}, ensure_ascii=False))
P
