#!/usr/bin/env bash
# A real, throw-away WordPress for connector tests on Debian 12. Headless, loopback only.
#
#   start-wordpress.sh DIR PORT [TITLE]      install if needed, start, print JSON (idempotent)
#   start-wordpress.sh DIR stop              stop web server and database of that site
#   start-wordpress.sh DIR info              print the JSON again
#   start-wordpress.sh DIR seed [POSTS=20] [COMMENTS_PER_POST=10] [SEED=1]
#   start-wordpress.sh DIR cron              run due events (publishes due scheduled posts)
#   start-wordpress.sh DIR comment POST_ID NAME TEXT [PARENT]   a visitor's comment, through the web form
#   start-wordpress.sh DIR fault [NAME[=VALUE]...]   from the next request on; no name: none. Names: slow=SECONDS status=503
#                    junk (text before the JSON) strip-auth early-auth private-rest no-app-passwords no-rest-link
#   start-wordpress.sh DIR destroy           stop and delete DIR
# For the tests (../wordpress_site.py):
#   start-wordpress.sh DIR web               start the web server again, where it was, after a crash
#   start-wordpress.sh DIR keep | reset      remember database and uploads as they are now | return to that, without faults
#   start-wordpress.sh DIR sql QUERY [VALUE]...   one statement with a ? per value; prints the rows as JSON
#   start-wordpress.sh DIR php [JSON] <CODE  run PHP inside WordPress as the administrator; prints what it returns as JSON
#
# Environment, read at start (WP_SUBDIR and WP_PERMALINKS are remembered in DIR):
#   WP_CORE=debian   6.1.x from Debian's package (default), or WP_CORE=npm:6.5 for the 6.5.x build carried
#                    by an npm package (about 150 MB download, once), or WP_CORE=/path/to/unpacked/core
#   WP_CACHE=DIR     where downloaded cores are kept (default .cache/wordpress in this checkout)
#   WP_WORKERS=4     PHP web server processes
#   WP_SUBDIR=blog   serve below /blog instead of / (to test discovery)
#   WP_PERMALINKS=plain   no pretty permalinks: the REST root is then /index.php?rest_route=/ and /wp-json/ is a 404
# Each DIR is a separate site with its own database, so two sites run side by side on two ports.
# Needs root only for the first apt-get. No daemon is registered; stop by DIR, nothing else is touched.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() { echo "start-wordpress: $*" >&2; exit 1; }
[ $# -ge 2 ] || { sed -n '2,30p' "${BASH_SOURCE[0]}" >&2; exit 2; }
DIR=$(mkdir -p "$1" && cd "$1" && pwd); ACTION=$2; shift 2
CACHE=${WP_CACHE:-$(cd "$HERE/../../.." && pwd)/.cache/wordpress}
[ ${#DIR} -le 90 ] || die "DIR is too long for a unix socket path"
WWW=$DIR/www SOCK=$DIR/db.sock
php_cli() { php -d memory_limit=512M -d display_errors=stderr -d error_reporting=22527 "$@"; }
ours() { grep -qsaF "$DIR/" "/proc/$1/cmdline"; }         # a stale pid never matches a stranger, nor a zombie nobody waits for
alive() { [ -s "$1" ] && ours "$(cat "$1")"; }
sql_client() { mariadb --no-defaults -uroot -S "$SOCK" "$@"; }
local_curl() { curl -sS --noproxy '*' "$@"; }             # a proxy in the environment must not get between us and loopback

packages() {   # only what runs; the -core database packages register no service
  "$HERE/../debian-packages.sh" mariadb-server-core mariadb-client-core php8.2-cli php8.2-mysql php8.2-xml php8.2-mbstring \
    php8.2-gd php8.2-curl php8.2-intl php8.2-zip curl ca-certificates || die "packages are missing"
}

core() {       # prints a directory with an unpacked WordPress; unpacks without installing the .deb (it would pull in Apache)
  local spec=${WP_CORE:-debian} out t
  case $spec in
    /*) [ -f "$spec/wp-load.php" ] || die "no WordPress in $spec"; echo "$spec"; return ;;
    debian) out=$CACHE/debian ;;
    npm:*)  out=$CACHE/npm-${spec#npm:} ;;
    *) die "WP_CORE is debian, npm:VERSION or a path" ;;
  esac
  mkdir -p "$CACHE"; [ -e "$CACHE/.gitignore" ] || echo '*' >"$CACHE/.gitignore"
  exec 9>"$CACHE/.lock"; flock 9           # two sites may start at the same time; ends with this subshell
  if [ ! -f "$out/.complete" ]; then
    t=$(mktemp -d "$CACHE/get.XXXXXX"); chmod 755 "$t"
    if [ "$spec" = debian ]; then
      local debs=(wordpress wordpress-theme-twentytwentyone php-getid3 libjs-underscore libjs-cropper)
      echo "downloading ${debs[*]}" >&2
      ( cd "$t"; { apt-get download -qq "${debs[@]}" || { apt-get update -qq && apt-get download -qq "${debs[@]}"; }; } </dev/null >get.log 2>&1 \
        && for d in *.deb; do dpkg-deb -x "$d" x; done ) >&2 || { tail -5 "$t/get.log" >&2; die "cannot download WordPress's Debian packages"; }
      rm -f "$t"/x/usr/share/wordpress/{.htaccess,wp-config.php} "$t/x/usr/share/wordpress/wp-includes/certificates/ca-bundle.crt"
      # wp-content in the package is spread over /var/lib and /usr/share: resolve every link into plain files
      mkdir -p "$t/core"; cp -RL "$t/x/usr/share/wordpress/." "$t/core/" 2>/dev/null || true
      mkdir -p "$t/core/wp-content/themes"
      cp -R "$t"/x/usr/share/wordpress/wp-content/themes/* "$t"/x/var/lib/wordpress/wp-content/themes/* "$t/core/wp-content/themes/" 2>/dev/null || true
    else
      ( cd "$t" && echo "downloading WordPress ${spec#npm:}" >&2 && npm pack --silent @wp-playground/wordpress-builds@0.9.19 >/dev/null 2>&1 \
        && tar xzf ./*.tgz "package/src/wordpress/wp-${spec#npm:}.zip" \
        && php -r '$z=new ZipArchive; $z->open($argv[1])===true && $z->extractTo("core") || exit(1);' "package/src/wordpress/wp-${spec#npm:}.zip" ) >&2 \
        || die "cannot get $spec"
      rm -rf "$t/core/wp-config.php" "$t/core/wp-content/database" "$t/core/wp-content/mu-plugins"
    fi
    [ -f "$t/core/wp-load.php" ] || die "the unpacked core is incomplete: $t"
    touch "$t/core/.complete"; rm -rf "$out"; mv "$t/core" "$out"; rm -rf "$t"
  fi
  echo "$out"
}

database() {   # a private MariaDB: unix socket only, no TCP, small, no fsync
  local as=(); [ "$(id -u)" = 0 ] && as=(--user=root)
  if [ ! -d "$DIR/db/mysql" ]; then
    rm -rf "$DIR/db"
    mariadb-install-db --no-defaults "${as[@]}" --datadir="$DIR/db" --auth-root-authentication-method=normal \
      --skip-test-db >"$DIR/log/install-db.log" 2>&1 || die "mariadb-install-db failed, see $DIR/log/install-db.log"
  fi
  if ! alive "$DIR/db.pid"; then
    rm -f "$SOCK"
    setsid mariadbd --no-defaults "${as[@]}" --datadir="$DIR/db" --socket="$SOCK" --pid-file="$DIR/db.pid" \
      --skip-networking --skip-log-bin --performance-schema=off --innodb-buffer-pool-size=64M --innodb-log-file-size=16M \
      --innodb-flush-log-at-trx-commit=0 --character-set-server=utf8mb4 --max-connections=40 --skip-name-resolve \
      </dev/null >"$DIR/log/db.log" 2>&1 &
  fi
  for _ in $(seq 200); do
    sql_client -e 'CREATE DATABASE IF NOT EXISTS wp CHARACTER SET utf8mb4' >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  die "database did not start, see $DIR/log/db.log"
}

config() {     # $1 = port; rewritten at each start so the port may change
  local salt="$DIR/salt"; [ -s "$salt" ] || head -c 48 /dev/urandom | base64 -w0 >"$salt"
  local base="http://127.0.0.1:$1${WP_SUBDIR:+/$WP_SUBDIR}" k
  { echo "<?php"
    echo "define('DB_NAME','wp'); define('DB_USER','root'); define('DB_PASSWORD',''); define('DB_HOST','localhost:$SOCK');"
    echo "define('DB_CHARSET','utf8mb4'); define('DB_COLLATE','');"
    for k in AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT NONCE_SALT; do
      echo "define('$k','$k$(cat "$salt")');"; done
    echo "define('WP_HOME','$base'); define('WP_SITEURL','$base');"
    echo "define('WP_ENVIRONMENT_TYPE','local');      // application passwords over plain http"
    echo "define('WP_HTTP_BLOCK_EXTERNAL',true); define('AUTOMATIC_UPDATER_DISABLED',true);"
    echo "define('DISABLE_WP_CRON',true);             // scheduled posts appear only after: start-wordpress.sh DIR cron"
    echo "define('WP_DEBUG',true); define('WP_DEBUG_DISPLAY',false); define('WP_DEBUG_LOG','$DIR/log/wp-debug.log');"
    echo "define('DISALLOW_FILE_MODS',true); define('FS_METHOD','direct'); define('WP_DEFAULT_THEME','twentytwentyone');"
    echo "\$table_prefix='wp_';"
    echo "if (!defined('ABSPATH')) define('ABSPATH', __DIR__.'/');"
    echo "require_once ABSPATH.'wp-settings.php';"; } >"$WWW/wp-config.php"
}

web() {        # $1 = port
  if alive "$DIR/web.pid"; then
    [ "$(cat "$DIR/port")" = "$1" ] && return 0
    stop_one "$DIR/web.pid"
  fi
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || die "port $1 is in use"
  echo "$1" >"$DIR/port"
  PHP_CLI_SERVER_WORKERS=${WP_WORKERS:-4} setsid php -S "127.0.0.1:$1" -t "$WWW" \
    -d memory_limit=256M -d upload_max_filesize=32M -d post_max_size=40M -d max_execution_time=60 -d display_errors=0 \
    -d log_errors=1 -d error_log="$DIR/log/php.log" -d error_reporting=22527 -d expose_php=0 \
    -d opcache.enable_cli=1 -d opcache.memory_consumption=96 "$HERE/wordpress-router.php" \
    </dev/null >"$DIR/log/access.log" 2>&1 &
  local pid=$!; echo $pid >"$DIR/web.pid"      # setsid in a background job execs in place: this pid leads the group of workers
  local fail=--fail; ! grep -qs '[a-z]' "$DIR/faults" || fail=     # with a fault set, an error is an answer too
  for _ in $(seq 100); do
    local_curl $fail -o /dev/null -m 20 "http://127.0.0.1:$1/${WP_SUBDIR:+$WP_SUBDIR/}?rest_route=/" 2>/dev/null && return 0
    kill -0 "$pid" 2>/dev/null || die "web server did not start, see $DIR/log/access.log"; sleep 0.05
  done
  die "web server does not answer, see $DIR/log"
}

stop_one() {   # ends the process in this pid file, with its group where it leads one; $2 = KILL: without good-bye
  local p; p=$(cat "$1" 2>/dev/null) || return 0
  ours "$p" || { rm -f "$1"; return 0; }
  kill "-${2:-TERM}" -- "-$p" 2>/dev/null || kill "-${2:-TERM}" "$p" 2>/dev/null || true
  for _ in $(seq 300); do ours "$p" || break; sleep 0.05; done
  kill -KILL -- "-$p" 2>/dev/null || true; rm -f "$1"
}
stop() { stop_one "$DIR/web.pid" "$@"; stop_one "$DIR/db.pid" "$@"; }
site() { php_cli "$HERE/wordpress-site.php" "$WWW" "$@"; }
tables() { sql_client -N -e "SELECT table_name FROM information_schema.tables WHERE table_schema='$1'"; }
remembered() { export WP_SUBDIR WP_PERMALINKS; WP_SUBDIR=$(cat "$DIR/subdir"); WP_PERMALINKS=$(cat "$DIR/permalinks"); web "$(cat "$DIR/port")"; }

keep() {       # a copy inside the database server: a hundred times faster than installing again
  { echo "DROP DATABASE IF EXISTS kept; CREATE DATABASE kept CHARACTER SET utf8mb4; SET sql_mode='NO_AUTO_VALUE_ON_ZERO';"
    for t in $(tables wp); do echo "CREATE TABLE kept.\`$t\` LIKE wp.\`$t\`; INSERT INTO kept.\`$t\` SELECT * FROM wp.\`$t\`;"; done; } | sql_client
  rm -rf "$DIR/kept-uploads"; cp -R "$WWW/wp-content/uploads" "$DIR/kept-uploads"
}
reset() {      # ids start again where they were, as on a new site
  # A request that was being slowed down would otherwise still arrive, after the reset: only the end of the server ends it.
  if [ -e "$DIR/faults" ]; then stop_one "$DIR/web.pid" KILL; rm -f "$DIR/faults"; fi
  { echo "SET sql_mode='NO_AUTO_VALUE_ON_ZERO', foreign_key_checks=0;"
    for t in $(tables wp); do echo "TRUNCATE wp.\`$t\`;"; done
    for t in $(tables kept); do echo "INSERT INTO wp.\`$t\` SELECT * FROM kept.\`$t\`;"; done; } | sql_client
  rm -rf "$WWW/wp-content/uploads"; cp -R "$DIR/kept-uploads" "$WWW/wp-content/uploads"
  remembered
}

case $ACTION in
  stop)    stop ;;
  destroy) stop KILL; [ ! -e "$DIR/salt" ] || rm -rf "$DIR" ;;
  info)    cat "$DIR/site.json" ;;
  seed)    alive "$DIR/db.pid" || die "start the site first"; site seed "$@" ;;
  fault)   echo "$*" >"$DIR/faults" ;;
  cron)    local_curl --fail -m 60 -o /dev/null "$(sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "$DIR/site.json")wp-cron.php?doing_wp_cron" ;;
  comment) # refused by WordPress when repeated (409) or too soon after the last one (429): that is the real behaviour
           local_curl -m 30 -o "$DIR/log/comment.html" -w '%{http_code} %{redirect_url}\n' --data-urlencode "comment_post_ID=$1" \
             --data-urlencode "author=$2" --data-urlencode "email=$(printf %s "$2" | tr -cd 'A-Za-z0-9')@example.org" \
             --data-urlencode "comment=$3" --data-urlencode "comment_parent=${4:-0}" \
             "$(sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "$DIR/site.json")wp-comments-post.php" ;;
  web)     remembered ;;
  keep)    keep ;;
  reset)   reset ;;
  sql|php) site "$ACTION" "$@" ;;
  [0-9]*)  [[ $ACTION =~ ^[0-9]+$ ]] || die "PORT must be a number"
           mkdir -p "$DIR/log"; packages
           export WP_SUBDIR=${WP_SUBDIR-$(cat "$DIR/subdir" 2>/dev/null || true)} WP_PERMALINKS=${WP_PERMALINKS-$(cat "$DIR/permalinks" 2>/dev/null || true)}
           WAS=$(cat "$DIR/subdir" "$DIR/permalinks" 2>/dev/null || true); echo "$WP_SUBDIR" >"$DIR/subdir"; echo "$WP_PERMALINKS" >"$DIR/permalinks"
           [ "$WAS" = "$(cat "$DIR/subdir" "$DIR/permalinks")" ] || stop_one "$DIR/web.pid"     # the web server reads them when it starts
           if [ ! -f "$WWW/wp-load.php" ]; then rm -rf "$WWW" "$WWW.new"; cp -R --reflink=auto "$(core)" "$WWW.new"; mv "$WWW.new" "$WWW"; fi
           mkdir -p "$WWW/wp-content/mu-plugins" "$WWW/wp-content/uploads"
           cp "$HERE/wordpress-local.php" "$WWW/wp-content/mu-plugins/local.php"
           config "$ACTION"; database
           site install "$DIR" "${1:-Throw-away blog}"; site setup "$DIR" "${1:-Throw-away blog}"; web "$ACTION"
           cat "$DIR/site.json" ;;
  *)       die "unknown action '$ACTION'" ;;
esac
