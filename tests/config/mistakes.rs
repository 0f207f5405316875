use proptest::prelude::*;
use sekisho::config::{self, CertificateFiles, Listen, Problems};

/// Twenty lines; what is appended starts at line 21.
const GOOD: &str = include_str!("../../config/sekisho.toml");

fn problems(text: &str) -> Problems {
    match config::parse(text, "sekisho.toml") {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(problems) => problems,
    }
}

/// `line:column message` of each.
fn listed(text: &str) -> Vec<String> {
    problems(text).as_slice().iter().map(|p| format!("{}:{} {}", p.line, p.column, p.message)).collect()
}

/// The console of the good file.
const UPSTREAM: &str = "[upstream]\nurl = \"http://127.0.0.1:8080\"\n";

/// What stands instead of a part of the good file, or after it where the part is empty; and what is said of it.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("", "[sesion]\nidle = \"1h\"", &["21:2 sesion: unknown key"]),
    (
        "",
        "[session]\nidel = \"1h\"\nwhatever = 1",
        &["22:1 session.idel: unknown key", "23:1 session.whatever: unknown key"],
    ),
    ("", "[session]\nidle = 60", &["22:8 session.idle: expected a duration in quotes, found the integer 60"]),
    ("", "[session]\nidle = \"60\"", &[r#"22:8 session.idle: "60" is not a duration"#]),
    ("", "[session]\nidle = \"1 fortnight\"", &[r#"22:8 session.idle: "1 fortnight" is not a duration"#]),
    ("", "[session]\nidle = \"2 s\"", &[r#"22:8 session.idle: "2 s" is not from 1m to 30d"#]),
    ("", "[session]\nidle = \"24h\"", &["22:8 session.idle: 1d is longer than session.absolute (12h)"]),
    ("", "[session]\nabsolute = \"30m\"", &["22:12 session.absolute: 30m is shorter than session.idle (1h)"]),
    ("", "[rollout]\nmode = \"off\"", &[r#"22:8 rollout.mode: "off" is not a mode"#]),
    (
        "",
        "[[rollout.cohort]]\nfrom = \"2027-4-1\"\ndeadline = \"14\"",
        &[
            r#"22:8 rollout.cohort.from: "2027-4-1" is not a date"#,
            r#"23:12 rollout.cohort.deadline: "14" is not a duration"#,
        ],
    ),
    (
        "",
        "[[rollout.cohort]]\ngroups = \"a,b\"\nfrom = \"2027-04-01\"",
        &[r#"22:10 rollout.cohort.groups: "a,b" is not a group"#],
    ),
    (
        "",
        "[[rollout.cohort]]\nfrom = \"2027-04-01\"\n[[rollout.cohort]]\ngroups = \"pilot\"\nfrom = \"2027-03-01\"",
        &["23:1 rollout.cohort: nobody is in it, since the cohort at line 21 takes them"],
    ),
    (
        "",
        "[[rollout.cohort]]\nfrom = \"2027-02-30\"\n[[rollout.cohort]]\ngroups = \"pilot\"\nfrom = \"2027-03-01\"",
        &[r#"22:8 rollout.cohort.from: "2027-02-30" is not a date"#],
    ),
    (
        "",
        "[forward_auth]\nsecret = \"short\"\nfrom = \"0.0.0.0/0\"\nrequest = \"X-Other\"",
        &[
            "22:10 forward_auth.secret: shorter than 32 characters",
            "23:8 forward_auth.from: everybody could ask who holds a session, and what the rules are",
            r#"24:11 forward_auth.request: "X-Other" is not a family of headers"#,
        ],
    ),
    (
        "",
        "[forward_auth]\nsecret = { file = \"a\", env = \"b\" }\nfrom = []",
        &[
            r#"22:10 forward_auth.secret: expected a secret in quotes, { file = "…" } or { env = "…" }"#,
            "23:8 forward_auth.from: nobody could ask",
        ],
    ),
    (
        "",
        "[[rule]]\npath = \"/ws\"\naccess = \"deny\"\nwebsocket = true",
        &["24:13 rule.websocket: nobody gets anything here"],
    ),
    (
        "[listen]\n",
        "[listen]\nproxy_protocol = [\"0.0.0.0:444\", \"nobody\"]\ntrusted_proxies = \"10.0.0.5\"\n",
        &[r#"6:34 listen.proxy_protocol: "nobody" is not an address with a port"#],
    ),
    (
        "[listen]\n",
        "[listen]\nproxy_protocol = \"0.0.0.0:444\"\n",
        &[
            "6:18 listen.proxy_protocol: 0.0.0.0:444 is not among listen.https and listen.http",
            "6:18 listen.proxy_protocol: nobody could connect there, because no proxy is trusted",
        ],
    ),
    (
        "[listen]\n",
        "[listen]\nclient_certificates = \"required\"\n",
        &["6:23 listen.client_certificates: no authority says which are good"],
    ),
    ("", "[users]\nper_seller = 0", &["22:14 users.per_seller: 0 is not from 1 to 10000"]),
    ("", "session = 5", &["21:1 insecure.session: unknown key"]),
    ("", "[session]\nper_account = 0", &["22:15 session.per_account: 0 is not from 1 to 1000"]),
    (
        "",
        "[session]\nper_account = -1\ncache = 99999999999999999999999",
        &[
            "22:15 session.per_account: -1 is not from 1 to 1000",
            "23:9 session.cache: 99999999999999999999999 is not from 100 to 100000000",
        ],
    ),
    ("", "[sign_in]\ncode_lifetime = \"11m\"", &[r#"22:17 sign_in.code_lifetime: "11m" is not from 1m to 10m"#]),
    ("", "[trusted_device]\nlifetime = \"401d\"", &[r#"22:12 trusted_device.lifetime: "401d" is not from 1h to 400d"#]),
    (
        "",
        "[limits]\nhead_bytes = \"32KB\"\nform_bytes = \"1GiB\"",
        &[
            r#"22:14 limits.head_bytes: "32KB" is not a size"#,
            r#"23:14 limits.form_bytes: "1GiB" is not from 4KiB to 1MiB"#,
        ],
    ),
    ("https = \"127.0.0.1:8443\"\n", "", &["5:1 listen.https: missing"]),
    (
        r#"https = "127.0.0.1:8443""#,
        r#"https = "localhost:8443""#,
        &[r#"6:9 listen.https: "localhost:8443" is not an address with a port"#],
    ),
    (
        r#"https = "127.0.0.1:8443""#,
        r#"https = ["127.0.0.1:8443", "127.0.0.1:8443", 7]"#,
        &["6:46 listen.https: expected an address with a port in quotes, found the integer 7"],
    ),
    (
        r#"https = "127.0.0.1:8443""#,
        r#"https = ["127.0.0.1:8443", "0.0.0.0:8443"]"#,
        &["6:28 listen.https: 0.0.0.0:8443 is already taken by listen.https (127.0.0.1:8443)"],
    ),
    (
        r#"https = "127.0.0.1:8443""#,
        r#"https = "127.0.0.1:8026""#,
        &["6:9 listen.https: 127.0.0.1:8026 is already taken by inbox.listen (127.0.0.1:8026)"],
    ),
    (
        r#"https = "127.0.0.1:8443""#,
        r#"https = "0.0.0.0:8080""#,
        &["11:7 upstream.url: this is where the gateway itself listens"],
    ),
    (
        r#"certificate = "../certs/server.pem""#,
        r#"certificate = """#,
        &[r#"7:15 listen.certificate: "" is not a path"#],
    ),
    ("public_url = \"https://localhost:8443\"\n", "", &["1:1 public_url: missing"]),
    (
        "https://localhost:8443",
        "http://localhost:8443",
        &[r#"3:14 public_url: "http://localhost:8443" does not start with https://"#],
    ),
    (
        "https://localhost:8443",
        "https://localhost:8443/console",
        &[r#"3:14 public_url: "https://localhost:8443/console" has more than a host and a port"#],
    ),
    (
        "https://localhost:8443",
        "https://me:hunter2@localhost",
        &["3:14 public_url: has a user name or password in the URL"],
    ),
    ("https://localhost:8443", "localhost", &[r#"3:14 public_url: "localhost" is not a URL"#]),
    ("url = \"http://127.0.0.1:8080\"", "url = []", &["11:7 upstream.url: needs an address"]),
    (
        "[upstream]\n",
        "[upstream]\nbalance = \"sticky\"\n",
        &["11:11 upstream.balance: \"sticky\" is not a way to balance"],
    ),
    (
        "[upstream]\n",
        "[upstream]\nhealth = { path = \"healthz?full\", every = \"10ms\", fails = 0 }\n",
        &[
            r#"11:19 upstream.health.path: "healthz?full" is not a path"#,
            r#"11:43 upstream.health.every: "10ms" is not from 100ms to 1h"#,
            "11:59 upstream.health.fails: 0 is not from 1 to 100",
        ],
    ),
    (
        "",
        "[[upstream.credential]]\nheader = \"X_Sekisho_Key\"\nvalue = \"a\"\n[[upstream.credential]]\nheader = \"Cookie\"\nvalue = \"a\"",
        &[
            r#"22:10 upstream.credential.header: "X_Sekisho_Key" is what the gateway itself sends"#,
            r#"25:10 upstream.credential.header: "Cookie" has a meaning of its own in HTTP"#,
        ],
    ),
    (
        "",
        "[identity]\nuser = \"Remote-User\"\n[[upstream.credential]]\nheader = \"Remote_User\"\nvalue = \"\"",
        &[
            r#"24:10 upstream.credential.header: "remote_user" tells the console who is there"#,
            "25:9 upstream.credential.value: it is not one line of 1 to 4096 ASCII characters",
        ],
    ),
    (
        "",
        "[[upstream.credential]]\nuser = \"a:b\"\npassword = \"a\"\n[[upstream.credential]]\nuser = \"a\"\nheader = \"X-Key\"",
        &[
            r#"22:8 upstream.credential.user: "a:b" is no user name for HTTP Basic"#,
            "24:1 upstream.credential: needs header and value, or user and password",
        ],
    ),
    (
        "",
        "[[upstream.credential]]\nuser = \"a\"\npassword = \"a\"\n[[upstream.credential]]\ngroups = \"staff\"\nheader = \"Authorization\"\nvalue = \"Bearer a\"",
        &["24:1 upstream.credential: never sent, since the one at line 21 is for everybody"],
    ),
    (
        "[upstream]\nurl = \"http://127.0.0.1:8080\"\n",
        "[[upstream]]\nurl = \"http://10.0.0.1\"\n[[upstream]]\npath = \"/api\"\nurl = \"http://10.0.0.2\"\n",
        &["12:1 upstream: never reached, since the one at line 10 covers \"/api\""],
    ),
    (
        "[upstream]\nurl = \"http://127.0.0.1:8080\"\n",
        "[[upstream]]\npath = \"/api/\"\nurl = \"http://10.0.0.1\"\n[[upstream]]\npath = \"/shop\"\nurl = \"\"\n",
        &["11:8 upstream.path: \"/api/\" ends with /", "15:7 upstream.url: \"\" is not a URL"],
    ),
    (
        "[upstream]\nurl = \"http://127.0.0.1:8080\"\n",
        "[[upstream]]\npath = \"/api\"\nurl = \"http://10.0.0.1\"\n[[upstream]]\npath = \"/apis\"\nurl = \"http://10.0.0.2\"\n",
        &["13:1 upstream: no console for /, and every path needs one"],
    ),
    (
        "",
        "[[host]]\npublic_url = \"http://reports.example.jp\"\n[[host]]",
        &[
            r#"22:14 host.public_url: "http://reports.example.jp" does not start with https://"#,
            "23:1 host.public_url: missing",
        ],
    ),
    (
        "",
        "[[host]]\npublic_url = \"https://LOCALHOST\"",
        &[r#"22:14 host.public_url: the host "localhost" stands already at line 3"#],
    ),
    (
        "",
        "[[host]]\npublic_url = \"https://reports.example.jp\"",
        &[r#"22:14 upstream: no console for the host "reports.example.jp""#],
    ),
    (
        UPSTREAM,
        "[[host]]\npublic_url = \"https://a.example\"\n[[upstream]]\nhost = \"a.example\"\npath = \"/x\"\nurl = \"http://10.0.0.1\"\n[[upstream]]\nurl = \"http://10.0.0.2\"\n",
        &[r#"16:1 upstream: no console for / at the host "a.example", and every path needs one"#],
    ),
    (
        UPSTREAM,
        "[[host]]\npublic_url = \"https://a.example\"\n[[upstream]]\nhost = [\"a.example\", \"localhost\"]\nurl = \"http://10.0.0.1\"\n[[upstream]]\nhost = \"a.example\"\nurl = \"http://10.0.0.2\"\n",
        &["15:1 upstream: never reached, since the one at line 12 covers \"/\""],
    ),
    (
        UPSTREAM,
        "[[host]]\npublic_url = \"https://a.example\"\n[[upstream]]\nhost = [\"b.example\", \"https://a.example\"]\nurl = \"http://10.0.0.1\"\n[[upstream]]\nhost = [\"a.example\", \"a.example\"]\nurl = \"http://10.0.0.2\"\n[[upstream]]\nurl = \"http://10.0.0.3\"\n",
        &[
            r#"13:22 upstream.host: "https://a.example" is not a host name"#,
            r#"16:22 upstream.host: "a.example" twice"#,
        ],
    ),
    (
        UPSTREAM,
        "[[host]]\npublic_url = \"https://a.example\"\n[[upstream]]\nhost = \"b.example\"\nurl = \"http://10.0.0.1\"\n[[upstream]]\nhost = \"a.example\"\nurl = \"http://10.0.0.2\"\n[[upstream]]\nurl = \"http://10.0.0.3\"\n[[rule]]\nhost = \"c.example\"\npath = \"/\"\naccess = \"deny\"\n[[expect]]\nhost = \"d.example\"\npath = \"/\"\noutcome = \"deny\"\n",
        &[
            r#"13:8 upstream.host: there is no host "b.example""#,
            r#"21:8 rule.host: there is no host "c.example""#,
            r#"25:8 expect.host: there is no host "d.example""#,
        ],
    ),
    // A rule for each host covers what a rule without a host says; a rule for one of them does not.
    (
        UPSTREAM,
        "[[host]]\npublic_url = \"https://a.example\"\n[[upstream]]\nhost = [\"a.example\", \"localhost\"]\nurl = \"http://10.0.0.1\"\n[[rule]]\nhost = \"a.example\"\npath = \"/x\"\naccess = \"deny\"\n[[rule]]\npath = \"/x/y\"\naccess = \"public\"\n[[rule]]\nhost = \"localhost\"\npath = \"/x\"\naccess = \"deny\"\n[[rule]]\npath = \"/x/z\"\naccess = \"public\"\n[[rule]]\nhost = \"a.example\"\npath = \"/x\"\naccess = \"deny\"\n",
        &["26:1 rule: never reached, since the rule at line 22 covers /x/z", "29:1 rule: /x stands already at line 15"],
    ),
    (
        "url = \"http://127.0.0.1:8080\"",
        "url = [\"unix:run/a.sock\", \"unix:/run/b.sock\"]\nclient_certificate = \"a.crt\"",
        &[r#"11:8 upstream.url: "unix:run/a.sock" is not the path of a socket"#],
    ),
    (
        "url = \"http://127.0.0.1:8080\"",
        "url = \"unix:/run/b.sock\"\nclient_certificate = \"a.crt\"",
        &[
            "12:22 upstream.client_certificate: has no meaning without https",
            "12:22 upstream.client_certificate: needs client_key",
        ],
    ),
    (
        "url = \"http://127.0.0.1:8080\"",
        "url = [\"http://10.0.0.1\", \"https://a.internal\", \"http://10.0.0.1:80\"]",
        &[
            "11:27 upstream.url: some addresses with https and some without",
            "11:49 upstream.url: the same address twice",
        ],
    ),
    ("[upstream]\nurl = \"http://127.0.0.1:8080\"\n", "", &["1:1 the table [upstream] is missing"]),
    (
        "http://127.0.0.1:8080",
        "https://127.0.0.1:8080",
        &[r#"11:7 upstream.url: "https://127.0.0.1:8080" has no host name"#],
    ),
    (
        "http://127.0.0.1:8080",
        "ftp://127.0.0.1",
        &[r#"11:7 upstream.url: "ftp://127.0.0.1" does not start with http:// or https://"#],
    ),
    (
        r#"url = "http://127.0.0.1:8080""#,
        "url = \"http://127.0.0.1:8080\"\nca = \"ca.pem\"\nhost_header = \"a b\"",
        &["12:6 upstream.ca: has no meaning without https", r#"13:15 upstream.host_header: "a b" is not a host"#],
    ),
    (
        "sqlite:/var/lib/sekisho/sekisho.db",
        "postgres://sekisho:hunter2@db/sekisho",
        &[r#"14:7 store.url: "postgres" is not a store Sekisho knows"#],
    ),
    (
        "sqlite:/var/lib/sekisho/sekisho.db",
        "sqlite::memory:",
        &[r#"14:7 store.url: "sqlite::memory:" does not name a file"#],
    ),
    ("public_url", "time_zone = \"Asia/Tokio\"\npublic_url", &[r#"3:13 time_zone: "Asia/Tokio" is not a time zone"#]),
    (
        "public_url",
        "time_zone = \"Mars\"\nphone_region = \"jp\"\npublic_url",
        &[r#"3:13 time_zone: "Mars" is not a time zone"#, r#"4:16 phone_region: "jp" is not a region"#],
    ),
    ("[sms]\nprovider = \"inbox\" # carries nothing\n", "", &["1:1 there is neither [sms] nor [voice]"]),
    (
        r#"provider = "inbox""#,
        r#"provider = "pigeon""#,
        &[r#"17:12 sms.provider: "pigeon" is not a provider of text messages"#],
    ),
    (
        r#"provider = "inbox""#,
        r#"provider = "indox""#,
        &[r#"17:12 sms.provider: "indox" is not a provider of text messages"#],
    ),
    (
        "inbox_provider = true",
        "inbox_provider = false",
        &["17:12 sms.provider: the inbox shows every code to whoever opens its page"],
    ),
    (
        "inbox_provider = true",
        r#"inbox_provider = "yes""#,
        &["20:18 insecure.inbox_provider: expected true or false, found a string"],
    ),
    ("", "[inbox]\nlisten = \"0.0.0.0:8026\"", &[r#"22:10 inbox.listen: "0.0.0.0:8026" is not a loopback address"#]),
    (
        "",
        "[branding]\nname = { ja = \"受注\" }\ncolour = \"blue\"\nhelp_url = \"javascript:alert(1)\"",
        &[
            "22:8 branding.name.en: missing",
            r#"23:10 branding.colour: "blue" is not a colour"#,
            r#"24:12 branding.help_url: "javascript:alert(1)" is not a URL to link to"#,
        ],
    ),
    (
        "",
        "[branding]\nname = 7",
        &[r#"22:8 branding.name: expected a name in quotes or { ja = "…", en = "…" }, found the integer 7"#],
    ),
    (
        "",
        "[identity]\nuser = \"Host\"\nemail = \"X Mail\"\ngroups = \"x_sekisho-session_level\"",
        &[
            r#"22:8 identity.user: "Host" has a meaning of its own in HTTP"#,
            r#"23:9 identity.email: "X Mail" is not a header name"#,
            "24:10 identity.groups: the same header as identity.level",
        ],
    ),
    ("", "[password]\nmemory = \"8MiB\"", &["22:10 password: hashing is below OWASP's minimum"]),
    (
        "",
        "[password]\npasses = 1\nlanes = 0",
        &["22:10 password: hashing is below OWASP's minimum", "23:9 password.lanes: 0 is not from 1 to 64"],
    ),
    ("", "[log]\nfilter = \"sekisho=loud\"", &[r#"22:10 log.filter: "sekisho=loud" is not a log filter"#]),
    (
        "",
        "[[rule]]\npath = \"static/*\"\naccess = \"pubic\"",
        &[r#"22:8 rule.path: "static/*" does not start with /"#, r#"23:10 rule.access: "pubic" is not an access word"#],
    ),
    (
        "",
        "[[rule]]\npath = \"/static\"\naccess = \"public\"\n[[rule]]\npath = \"/static/private\"\naccess = \"deny\"\n[[rule]]\npath = \"/static\"\naccess = \"public\"",
        &[
            "24:1 rule: never reached, since the rule at line 21 covers /static/private",
            "27:1 rule: /static stands already at line 21",
        ],
    ),
    (
        "",
        "[[rule]]\npath = \"/a\"\nmethods = [\"GET\"]\naccess = \"public\"\n[[rule]]\npath = \"/a\"\nmethods = [\"POST\"]\naccess = \"public\"\n[[rule]]\npath = \"/a/b\"\nmethods = [\"POST\", \"GET\"]\naccess = \"deny\"\n[[rule]]\npath = \"/ab\"\nmethods = \"get\"\naccess = \"deny\"",
        &[
            "29:1 rule: never reached, since the rule at line 25 covers /a/b",
            r#"35:11 rule.methods: "get" is not a method"#,
        ],
    ),
    (
        "",
        "[[rule]]\npath = \"/.sekisho/x\"\n[[rule]]\npath = \"/a/\"\naccess = \"deny\"\n[[rule]]\npath = \"/a//b?c\"\naccess = \"deny\"",
        &[
            "21:1 rule.access: missing",
            r#"22:8 rule.path: "/.sekisho/x" belongs to the gateway itself"#,
            r#"24:8 rule.path: "/a/" ends with /"#,
            r#"27:8 rule.path: "/a//b?c" has more than a path"#,
        ],
    ),
    (
        "",
        "[[rule]]\npath = \"/a\"\naccess = \"public\"\nhold = true\n[[rule]]\npath = \"/b\"\naccess = \"deny\"\nhold = false\n[hold]\nbytes = \"2MiB\"\ntotal = \"1MiB\"",
        &[
            "24:8 rule.hold: nobody is asked to sign in here, so nothing has to wait",
            "31:9 hold.total: less than one body may have (hold.bytes)",
        ],
    ),
    (
        "",
        "[[rule]]\npath = \"/a\"\ngroups = \"x\"\naccess = \"public\"\nwithin = \"5m\"\n[[rule]]\npath = \"/b\"\nnetworks = [\"192.0.2.7/24\", \"everywhere\"]\naccess = \"deny\"",
        &[
            "23:10 rule.groups: what is public is for everybody",
            r#"25:10 rule.within: has a meaning with access = "fresh" only"#,
            r#"28:13 rule.networks: "192.0.2.7/24" is an address within a network"#,
            r#"28:29 rule.networks: "everywhere" is not a network"#,
        ],
    ),
    (
        "",
        "[[rule]]\npath = \"/a\"\nnetworks = \"10.0.0.0/8\"\naccess = \"signed-in\"\n[[rule]]\npath = \"/a/b\"\nnetworks = \"10.1.0.0/16\"\ngroups = \"x\"\naccess = \"deny\"\n[[rule]]\npath = \"/a\"\naccess = \"deny\"\n[[rule]]\npath = \"/c\"\ngroups = [\"x\"]\naccess = \"deny\"\n[[rule]]\npath = \"/c\"\ngroups = [\"x\", \"y\"]\naccess = \"fresh\"",
        &["25:1 rule: never reached, since the rule at line 21 covers /a/b"],
    ),
    (
        "",
        "[[expect]]\npath = \"orders\"\noutcome = \"sign_in\"\n[[expect]]\npath = \"/\"\ncode_age = \"1m\"\naddress = \"office\"\noutcome = \"code\"",
        &[
            r#"22:8 expect.path: "orders" is not a path"#,
            r#"23:11 expect.outcome: "sign_in" is not an outcome"#,
            "26:12 expect.code_age: nobody is signed in who could have given a code",
            r#"27:11 expect.address: "office" is not an address"#,
        ],
    ),
    ("", "[rule]\npath = \"/a\"", &["21:1 rule: expected tables that start with [[rule]], found a table"]),
    (
        "",
        "[session]\nidle = 60m\nidel = \"1h\"",
        &["22:8 not TOML: string values must be quoted, expected literal string"],
    ),
    ("", "[sms]\nprovider = \"inbox\"", &["21:2 not TOML: duplicate key", "22:1 not TOML: duplicate key"]),
    ("certificate = ", "certificate ", &["7:13 not TOML: key with no value, expected `=`"]),
    (r#""../certs/server.key""#, r#""../certs/server.key"#, &[r#"8:35 not TOML: invalid basic string, expected `"`"#]),
    ("public_url", "session = 5\npublic_url", &["3:11 session: expected a table, found the integer 5"]),
    ("https = \"127.0.0.1:8443\"", "https = []", &["6:9 listen.https: needs an address"]),
    ("", "[log]\nfilter = \"verbose\"", &["22:10 log.filter: \"verbose\" is not a log filter"]),
    (
        "[store]",
        "host_header = \"console:http\"\n[store]",
        &["13:15 upstream.host_header: \"console:http\" is not a host"],
    ),
];

#[test]
fn mistakes_are_told_with_their_places() {
    for (part, instead, expected) in MISTAKES {
        assert!(GOOD.contains(part), "{part}");
        let text = if part.is_empty() { format!("{GOOD}{instead}\n") } else { GOOD.replacen(part, instead, 1) };
        assert_eq!(listed(&text), *expected, "{instead}");
    }
}

#[test]
fn many_mistakes_in_one_file_are_all_told_at_once() {
    let text = r#"
public_url = "http://console.example.jp"
time_zone = "Tokyo"
[listen]
https = "443"
certificate = "chain.pem"
[upstream]
url = "console"
[store]
url = "mysql:x"
[voice]
provider = "pigeon"
[session]
idle = "13h"
[trusted_device]
lifetime = "2y"
[[rule]]
path = "/x"
access = "secret"
[limit]
"#;
    assert_eq!(
        listed(text),
        [
            r#"2:14 public_url: "http://console.example.jp" does not start with https://"#,
            r#"3:13 time_zone: "Tokyo" is not a time zone"#,
            "4:1 listen.private_key: missing",
            r#"5:9 listen.https: "443" is not an address with a port"#,
            r#"8:7 upstream.url: "console" is not a URL"#,
            r#"10:7 store.url: "mysql" is not a store Sekisho knows"#,
            r#"12:12 voice.provider: "pigeon" is not a provider of calls"#,
            "14:8 session.idle: 13h is longer than session.absolute (12h)",
            r#"16:12 trusted_device.lifetime: "2y" is not a duration"#,
            r#"19:10 rule.access: "secret" is not an access word"#,
            "20:2 limit: unknown key",
        ]
    );
}

#[test]
fn near_words_are_suggested() {
    let cases = [
        ("[sesion]", "did you mean \"session\"?"),
        ("[session]\nidel = 1", "did you mean \"idle\"?"),
        ("[session]\nwhatever = 1", "[session] has: idle, absolute, per_account, cache"),
        ("[trusted-device]", "did you mean \"trusted_device\"?"),
        ("[voice]\nprovider = \"imbox\"", "did you mean \"inbox\"?"),
        ("[[rule]]\npath = \"/x\"\naccess = \"Signed_In\"", "did you mean \"signed-in\"?"),
        ("[[rule]]\npath = \"/x\"\naccess = \"deny\"\nmethods = [\"get\"]", "did you mean \"GET\"?"),
        (
            "[[rule]]\npath = \"/x\"\naccess = \"deny\"\nmethods = [\"BREW\"]",
            "one of: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
    ];
    for (mistake, help) in cases {
        let problems = problems(&format!("{GOOD}{mistake}"));
        assert_eq!(problems.as_slice()[0].help.as_deref(), Some(help), "{mistake}");
    }
    let problems = problems(&format!("time_zone = \"Asia/Tokio\"\n{GOOD}"));
    assert_eq!(problems.as_slice()[0].help.as_deref(), Some("did you mean \"Asia/Tokyo\"?"));
}

#[test]
fn a_problem_points_at_its_place() {
    let text = format!("{GOOD}[session]\nidel = \"1h\"\n[branding]\nname = {{ ja = \"受注\", en = \"\" }}\n");
    assert_eq!(
        problems(&text).to_string(),
        r#"sekisho.toml:22:1: session.idel: unknown key
   22 | idel
      | ^^^^
  help: did you mean "idle"?

sekisho.toml:24:26: branding.name.en: "" is not a name
   24 | … ""
      |   ^^
  help: 1 to 60 characters on one line
"#
    );
    let json = serde_json::to_value(problems(&text)).unwrap();
    assert_eq!(
        json[0],
        serde_json::json!({
            "file": "sekisho.toml",
            "line": 22,
            "column": 1,
            "message": "session.idel: unknown key",
            "help": "did you mean \"idle\"?",
        })
    );
}

#[test]
fn what_may_be_a_secret_is_never_shown() {
    let mistakes = [
        ("https://localhost:8443", "https://me:hunter2@localhost"),
        ("https://localhost:8443", "ftp://me:hunter2@localhost"),
        ("http://127.0.0.1:8080", "http://me:hunter2@127.0.0.1:8080/x"),
        ("sqlite:/var/lib/sekisho/sekisho.db", "postgres://me:hunter2@db/sekisho"),
        ("provider = \"inbox\"", "provider = \"inbox\"\nauth_token = \"hunter2\""),
        ("provider = \"inbox\"", "provider = { auth_token = \"hunter2\" }"),
        ("provider = \"inbox\"", "auth_token = hunter2"),
        ("provider = \"inbox\"", "auth_token = \"hunter2"),
    ];
    for (part, instead) in mistakes {
        let problems = problems(&GOOD.replacen(part, instead, 1));
        let (shown, debug) = (problems.to_string(), format!("{problems:?}"));
        let json = serde_json::to_string(&problems).unwrap();
        for output in [shown, debug, json] {
            assert!(!output.contains("hunter2"), "{output}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sekisho.toml");
    let problems = config::load(&path).unwrap_err();
    let [problem] = problems.as_slice() else { panic!("{problems}") };
    assert_eq!((problem.line, problem.column), (0, 0));
    assert!(problem.message.starts_with("cannot be read: "), "{problem}");
}

#[test]
fn the_files_it_names_are_checked_apart() {
    let directory = tempfile::tempdir().unwrap();
    let text = GOOD.replace("../certs/", "");
    let file = directory.path().join("sekisho.toml");
    std::fs::write(&file, &text).unwrap();
    let Listen { certificates, .. } = config::load(&file).expect("nothing else is wrong").listen;
    let CertificateFiles { certificate, private_key } = certificates[0].clone();
    let messages = || -> Vec<String> {
        let problems = config::load_with_files(&file).unwrap_err();
        for problem in problems.as_slice() {
            let (key, _) = problem.message.split_once(':').unwrap();
            let line = text.lines().nth(problem.line - 1).unwrap();
            assert!(line.starts_with(key.rsplit('.').next().unwrap()), "{problem} points at {line}");
        }
        problems.as_slice().iter().map(|problem| problem.message.clone()).collect()
    };
    let made = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (pair, other) = (made(), made());

    std::fs::write(&certificate, pair.signing_key.serialize_pem()).unwrap();
    let told = messages();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("listen.certificate: no certificate in PEM form in "), "{told:?}");
    assert!(told[1].starts_with("listen.private_key: ") && told[1].contains(" cannot be read: "), "{told:?}");

    std::fs::write(&certificate, pair.cert.pem()).unwrap();
    std::fs::write(&private_key, other.signing_key.serialize_pem()).unwrap();
    let told = messages();
    assert!(told.len() == 1 && told[0].contains("cannot be used with the certificate"), "{told:?}");

    std::fs::write(&private_key, pair.signing_key.serialize_pem()).unwrap();
    config::load_with_files(&file).expect("a pair");
}

/// Pieces that mean something to TOML or to the reader.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[[rule]]\n",
    "{",
    "}",
    "=",
    "\"",
    "'",
    "\"\"\"",
    "\n",
    ".",
    ",",
    "#",
    "\\u00",
    "0x",
    "-1",
    "1e9",
    "inf",
    "true",
    "1979-05-27",
    "session",
    "listen.",
    "\u{0}",
    "受",
    "\u{fffd}",
    "path = \"/\"\n",
    "\r",
    "99999999999999999999d",
];

proptest! {
    #[test]
    fn mangled_files_never_panic(edits in prop::collection::vec((0usize..3000, 0usize..40, 0..PIECES.len()), 1..12)) {
        let mut text: Vec<char> = include_str!("../../config/reference.toml").chars().collect();
        for (at, removed, piece) in edits {
            let start = at.min(text.len());
            let end = (start + removed).min(text.len());
            text.splice(start..end, PIECES[piece].chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(problems) = config::parse(&text, "sekisho.toml") {
            prop_assert!(!problems.as_slice().is_empty());
            let lines = text.split('\n').count();
            prop_assert!(problems.as_slice().iter().all(|p| (1..=lines).contains(&p.line) && p.column >= 1));
            prop_assert!(!problems.to_string().is_empty());
        }
    }

    #[test]
    fn any_text_never_panics(text in any::<String>()) {
        prop_assert!(config::parse(&text, "sekisho.toml").is_err());
    }
}
