<?php
// Sets up and seeds a throw-away site. Called by start-wordpress.sh:  php wordpress-site.php WWW install|setup|seed|sql|php ...
[, $www, $cmd] = $argv;
$args = array_slice($argv, 3);
if ($cmd === 'sql') {       // without WordPress, so that a test looks past it. JSON, because tab-separated text cannot tell NULL from 'NULL'
    $db = new mysqli('localhost', 'root', '', 'wp', 0, dirname(rtrim($www, '/')) . '/db.sock');
    $db->set_charset('utf8mb4');
    $rows = $db->execute_query($args[0], array_slice($args, 1));
    echo json_encode($rows instanceof mysqli_result ? $rows->fetch_all() : [], JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PRESERVE_ZERO_FRACTION);
    exit(0);
}
if ($cmd === 'install') define('WP_INSTALLING', true);
$_SERVER += ['HTTP_HOST' => '127.0.0.1', 'REQUEST_URI' => '/', 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1'];
require "$www/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
$json = fn ($v) => json_encode($v, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE) . "\n";
$fail = function ($v) { if (is_wp_error($v)) { fwrite(STDERR, $v->get_error_message() . "\n"); exit(1); } return $v; };

if ($cmd === 'install') {
    if (!is_blog_installed()) wp_install($args[1], 'admin', 'admin@example.org', true, '', 'admin-password');
    elseif (get_option('db_version') != $GLOBALS['wp_db_version']) wp_upgrade();     // another core was put in place
    exit(0);
}

if ($cmd === 'setup') {
    [$dir, $title] = $args;
    $state = is_file("$dir/site.json") ? json_decode(file_get_contents("$dir/site.json"), true) : [];
    if (!get_option('throwaway_ready')) {
        foreach (['blogname' => $title, 'blog_public' => 0, 'ping_sites' => '', 'default_pingback_flag' => 0, 'timezone_string' => 'America/New_York',
                  'comment_moderation' => 1, 'comment_previously_approved' => 1, 'require_name_email' => 1, 'thread_comments' => 1,
                  'thread_comments_depth' => 5, 'comments_notify' => 1, 'moderation_notify' => 1, 'throwaway_ready' => 1] as $k => $v) update_option($k, $v);
        foreach (['officer' => ['editor', 'Communications Officer'], 'reader' => ['subscriber', 'A Reader']] as $login => [$role, $name])
            if (!username_exists($login)) $fail(wp_insert_user(['user_login' => $login, 'user_pass' => "$login-password", 'role' => $role,
                'display_name' => $name, 'user_email' => "$login@example.org"]));
    }
    $perma = getenv('WP_PERMALINKS') === 'plain' ? '' : '/%year%/%monthnum%/%postname%/';
    if (get_option('permalink_structure') !== $perma) { global $wp_rewrite; $wp_rewrite->set_permalink_structure($perma); }
    flush_rewrite_rules(false);
    $new = ['url' => home_url('/'), 'api' => get_rest_url(), 'user' => 'officer', 'application_password' => '', 'password' => 'officer-password', 'others' => []];
    foreach (['officer', 'admin', 'reader'] as $login) {
        $id = username_exists($login);
        $old = $login === 'officer' ? $state : ($state['others'][$login] ?? []);
        $pw = $old['application_password'] ?? '';
        if (!$pw || !WP_Application_Passwords::get_user_application_passwords($id)) {
            [$raw] = $fail(WP_Application_Passwords::create_new_application_password($id, ['name' => 'Connector tests', 'app_id' => wp_generate_uuid4()]));
            $pw = WP_Application_Passwords::chunk_password($raw);
        }
        if ($login === 'officer') $new['application_password'] = $pw;
        else $new['others'][$login] = ['application_password' => $pw, 'password' => "$login-password"];
    }
    $new['wordpress'] = $GLOBALS['wp_version']; $new['php'] = PHP_VERSION;
    $new['multisite'] = is_multisite();
    file_put_contents("$dir/site.json", $json($new)); chmod("$dir/site.json", 0600);
    exit(0);
}

if ($cmd === 'php') {       // what another administrator does in another window: WordPress's own functions, with their checks and hooks
    wp_set_current_user(username_exists('admin'));
    $run = static function (string $__code, array $__in) { extract($__in); return eval($__code); };
    try { $value = $run(stream_get_contents(STDIN), json_decode($args[0] ?? '{}', true)); }
    catch (Throwable $error) { fwrite(STDERR, $error->getMessage() . "\n"); exit(1); }      // WordPress would only write it to its log
    echo json_encode($fail($value), JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION);
    exit(0);
}

if ($cmd === 'seed') {
    global $wpdb;
    $posts = (int) ($args[0] ?? 20); $per = (int) ($args[1] ?? 10); mt_srand((int) ($args[2] ?? 1));
    kses_remove_filters(); wp_defer_comment_counting(true); wp_defer_term_counting(true); wp_suspend_cache_addition(true);
    remove_action('publish_post', '_publish_post_hook', 5);
    $pick = fn (array $a) => $a[mt_rand(0, count($a) - 1)];
    $officer = username_exists('officer');
    $cats = []; foreach (['News', 'Projects', 'Events', 'Q&A'] as $c) { $t = term_exists($c, 'category') ?: $fail(wp_insert_term($c, 'category')); $cats[] = (int) $t['term_id']; }
    $titles = ['Community garden opens', 'Budget hearing &#8212; what changed', 'Bridge repairs: questions &amp; answers', 'نتائج الاستبيان', 'Größere Bücherei für alle', 'Volunteers wanted 🚴', 'Minutes of the board “as recorded”', '<em>New</em> website'];
    $bodies = ["<!-- wp:paragraph -->\n<p>We have news &amp; an invitation. <a href=\"https://example.org/a?x=1&amp;y=2\">Read more</a>.</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:list -->\n<ul><li>First</li><li>Second 🎉</li></ul>\n<!-- /wp:list -->",
               "Plain text in the old editor.\n\nSecond paragraph with <strong>markup</strong> and [a shortcode].", "<p dir=\"rtl\">مرحبا بالجميع، هذا تحديث قصير.</p>"];
    $texts = ['Thank you for this, very useful!', 'When does it open? My kids can’t wait 👩‍👩‍👧‍👦 🇺🇦', 'AT&T & <b>bold</b> & &amp;amp; &lt;not a tag&gt; 5 < 6 > 4', "Two\r\n\r\nparagraphs\r\nand a line break",
              'شكرا جزيلا على المعلومات، متى الاجتماع القادم؟', 'תודה! האם יש חניה? (see map)', "Right-to-left override: \u{202E}gpj.exe\u{202C} and zero\u{200B}width",
              '<script>alert("stored")</script>Nice post', '<a href="javascript:alert(1)">click</a> <img src=x onerror=alert(1)>', 'See https://example.com/very/long?path=' . str_repeat('abcdef0123', 12) . '&z=1 for details.',
              'I disagree: <blockquote>quoted text</blockquote> is simply not true.', "Complaint: nobody answered my e-mail from last week. I am VERY unhappy!!", 'Ünïcödé – “quotes”, naïve café, 中文字符, 日本語, 한국어', 'a', str_repeat('Long comment with many words. ', 120), '`code` and <pre>  indented</pre>'];
    $spam = ['Cheap pills <a href="http://spam.example/">buy now</a> [url=http://spam.example]here[/url]', 'Win $$$ fast http://spam.example http://spam2.example http://spam3.example'];
    $names = ['Maria Lopez', 'J. O’Brien', 'Ahmed <b>Saleh</b>', 'יעל כהן', '佐藤 花子', '🌻 Sunny', 'Bobby Tables', 'anonymous', 'Łukasz Żółć'];
    $n = ['posts' => 0, 'comments' => 0]; $made = []; $wpdb->query('START TRANSACTION'); $wpdb->query('SET foreign_key_checks=0');
    for ($i = 0; $i < $posts; $i++) {
        $at = time() - 86400 * ($posts - $i) + mt_rand(0, 40000); $status = 'publish'; $extra = [];
        if ($i % 11 === 5) $status = 'draft'; elseif ($i % 11 === 7) { $status = 'future'; $at = time() + 86400 * ($i + 1); }
        elseif ($i % 11 === 9) $status = 'private'; elseif ($i % 23 === 12) $extra = ['post_password' => 'secret'];
        $id = $fail(wp_insert_post(wp_slash($extra + ['post_title' => $pick($titles) . ' #' . ($i + 1), 'post_content' => $pick($bodies), 'post_excerpt' => $i % 3 ? '' : 'Short summary 📝',
            'post_status' => $status, 'post_author' => $officer, 'post_date' => wp_date('Y-m-d H:i:s', $at), 'post_date_gmt' => gmdate('Y-m-d H:i:s', $at), 'post_category' => [$pick($cats)], 'tags_input' => ['seed', 'tag' . ($i % 5)]]), true));
        $n['posts']++; $n["posts_$status"] = ($n["posts_$status"] ?? 0) + 1;
        if ($status !== 'publish') continue;
        $made[] = $id; $open = []; $when = $at;
        for ($j = 0; $j < $per; $j++) {
            $when += mt_rand(1, max(2, intdiv(max(2, time() - $at), $per + 1)));
            $r = mt_rand(1, 100); $state = $r <= 12 ? '0' : ($r <= 18 ? 'spam' : '1'); $type = $r >= 97 ? 'pingback' : 'comment';
            [$parent, $depth] = $open && mt_rand(1, 100) <= 40 ? $pick($open) : [0, 0];
            $by = $parent && mt_rand(1, 6) === 1 ? $officer : 0; $name = $by ? 'Communications Officer' : $pick($names);
            if ($by) $state = '1';
            $cid = wp_insert_comment(wp_slash(['comment_post_ID' => $id, 'comment_author' => $name, 'comment_author_email' => $by ? 'officer@example.org' : 'visitor' . mt_rand(1, 400) . '@example.org',
                'comment_author_url' => mt_rand(0, 4) ? '' : 'https://example.org/~visitor', 'comment_author_IP' => '192.0.2.' . mt_rand(1, 254), 'comment_agent' => 'Mozilla/5.0 (seed)', 'comment_type' => $type,
                'comment_content' => $state === 'spam' ? $pick($spam) : ($type === 'pingback' ? '[&#8230;] they wrote about it [&#8230;]' : $pick($texts)), 'comment_parent' => $parent, 'user_id' => $by,
                'comment_date' => wp_date('Y-m-d H:i:s', $when), 'comment_date_gmt' => gmdate('Y-m-d H:i:s', $when), 'comment_approved' => $state]));
            $n['comments']++; $n["comments_$state"] = ($n["comments_$state"] ?? 0) + 1;
            if ($state === '1' && $type === 'comment' && $depth < 4) $open[] = [$cid, $depth + 1];
            if ($state === '1' && mt_rand(1, 60) === 1) { wp_trash_comment($cid); $n['comments_trash'] = ($n['comments_trash'] ?? 0) + 1; array_pop($open); }
        }
        if ($i % 50 === 49) { $wpdb->query('COMMIT'); $wpdb->query('START TRANSACTION'); }
    }
    $wpdb->query('COMMIT'); wp_defer_term_counting(false); wp_defer_comment_counting(false); wp_cache_flush();
    if ($made && function_exists('imagecreatetruecolor')) {      // one featured image
        $im = imagecreatetruecolor(640, 360); imagefilledrectangle($im, 0, 0, 640, 360, imagecolorallocate($im, 40, 90, 140)); ob_start(); imagepng($im);
        $up = wp_upload_bits('seed.png', null, ob_get_clean());
        $att = wp_insert_attachment(['post_mime_type' => 'image/png', 'post_title' => 'Seed image', 'post_status' => 'inherit', 'post_author' => $officer], $up['file'], $made[0]);
        wp_update_attachment_metadata($att, wp_generate_attachment_metadata($att, $up['file'])); set_post_thumbnail($made[0], $att);
    }
    echo $json($n + ['first_post' => $made[0] ?? null, 'last_post' => end($made) ?: null]);
    exit(0);
}
fwrite(STDERR, "unknown command $cmd\n"); exit(2);
