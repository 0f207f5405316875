//! The tables of the configuration file, one type each. The comments are the documentation of the keys: the schema and
//! the reference page repeat them, so they are written for the operator.

use std::net::SocketAddr;

use super::{
    Balance, ClientCertificates, CodeText, ConfiguredSecret, Outcome, PublicUrl, RolloutMode,
    budget::Budget,
    configured_secret::VariableName,
    console::{CookieName, OriginUrl},
    cors::{FieldName, PageOrigin},
    credential::{BasicUser, CredentialHeader},
    destinations::Destinations,
    forward_auth::OriginalRequest,
    hosts::HostName,
    providers::{Delivery, Mail, RawChannel, Sms, Voice},
    proxies::{ProxyHeader, ProxyNetwork},
    read::{Many, OneOrMany, OneOrMore, Whole, tables},
    rule_value::{AccessWord, ClientAddress, Network, RequestPath, RuleMethod, RulePath},
    value::{
        Audience, BothNames, Colour, DAY, Day, FilePath, GroupName, HOUR, HostHeader, KIB, Link, LogFilter, Loopback,
        MIB, MILLISECOND, MINUTE, Name, OwnHeader, PhoneRegion, SECOND, Size, StoreUrl, SystemGroupName, Time,
        UpstreamUrl, Zone,
    },
    warnings::Warnings,
};

tables! {
    /// The configuration of Sekisho. Relative paths start at the directory of the configuration file.
    Root {
        /// How browsers reach the gateway: its main host.
        public_url: PublicUrl = required,
        /// Clock times on pages are in this zone, which the pages name.
        time_zone: Zone = default("Asia/Tokyo"),
        /// Telephone numbers typed without `+` belong to this region.
        phone_region: PhoneRegion = default("JP"),
        listen: Listen = required,
        host: Many<Host> = default([]),
        upstream: OneOrMore<Upstream> = required,
        console: Console = default({}),
        /// For a proxy that keeps the way to the console and asks the gateway about each request. Without this table nobody can
        /// ask. `docs/forward-auth.md` has the proxy's side.
        forward_auth: ForwardAuth = optional,
        store: Store = required,
        keys: Keys = default({}),
        runtime: Runtime = default({}),
        branding: Branding = default({}),
        identity: Identity = default({}),
        assertion: Assertion = default({}),
        rule: Many<Rule> = default([]),
        expect: Many<Expect> = default([]),
        hold: Hold = default({}),
        password: Password = default({}),
        sign_in: SignIn = default({}),
        session: Session = default({}),
        trusted_device: TrustedDevice = default({}),
        rollout: Rollout = default({}),
        users: Users = default({}),
        recovery: Recovery = default({}),
        /// Operators beside root and the gateway's own user. Without this table there are none.
        admin: Admin = optional,
        limits: Limits = default({}),
        /// Codes by text message. Without this table the method is not offered; one of `sms` and `voice` is needed.
        sms: RawChannel<Sms> = optional,
        /// Codes by telephone call. Without this table the method is not offered.
        voice: RawChannel<Voice> = optional,
        /// Notices by mail. Without this table there are none.
        mail: RawChannel<Mail> = optional,
        destinations: Destinations = default({}),
        messages: Messages = default({}),
        budget: Budget = default({}),
        delivery: Delivery = default({}),
        warnings: Warnings = optional,
        inbox: Inbox = default({}),
        log: Log = default({}),
        insecure: Insecure = default({}),
    }

    /// Where the gateway listens.
    Listen {
        /// HTTPS.
        https: OneOrMany<SocketAddr> = required,
        /// Plain HTTP, which only redirects to HTTPS.
        http: OneOrMany<SocketAddr> = default([]),
        /// Certificate chain, PEM, leaf first. Several, where clients come by several names or check different kinds of
        /// signatures: the name a client asks for (SNI) chooses, and the first is for all other names. `docs/tls.md` tells
        /// the story.
        certificate: OneOrMany<FilePath> = required,
        /// The private key of the certificate, PEM. One for each certificate, in the same order.
        private_key: OneOrMany<FilePath> = required,
        /// Certificate authority of the clients, PEM. With it clients are asked for a certificate of their own, before
        /// anything else; a password and a code are needed all the same. Without it nobody is asked.
        client_ca: FilePath = optional,
        /// With `client_ca`. `required`: without a certificate nobody connects; `optional`: whoever shows none connects too,
        /// and the log says of each request whether one was shown. Without it: `required`.
        client_certificates: ClientCertificates = optional,
        /// For how long browsers open the host over HTTPS only and let nobody click past a bad certificate
        /// (`Strict-Transport-Security`, RFC 6797). `0s`: they are told nothing.
        hsts: Time<0, { 800 * DAY }> = default("365d"),
        /// Proxies in front of the gateway, as networks. They alone are believed where a request comes from: it is the last
        /// address in their header that is none of theirs. What anybody else writes there counts for nothing.
        trusted_proxies: OneOrMany<ProxyNetwork> = default([]),
        /// The header in which they write it; the other one counts for nothing. Each must write behind what it got.
        client_address: ProxyHeader = default("X-Forwarded-For"),
        /// Those of `https` and `http` where proxies begin every connection with the PROXY protocol, version 1 or 2, as load
        /// balancers do that do not touch TLS. There only `trusted_proxies` may connect, and a connection that begins otherwise
        /// is closed. `docs/proxies.md` tells the story.
        proxy_protocol: OneOrMany<SocketAddr> = default([]),
    }

    /// A further host of the gateway. People sign in at each host by itself: a session, a trusted device and whatever else a
    /// browser holds of one is of no use at another. Accounts and everything else are shared. `docs/hosts.md` tells the story.
    Host {
        /// How browsers reach it. Its name must be another than those of all other hosts, not its port alone.
        public_url: PublicUrl = required,
    }

    /// The console behind the gateway. Several, each starting with `[[upstream]]`, where consoles share a host or each host
    /// has its own: the first whose host and path cover a request gets it.
    Upstream {
        /// The hosts where this console is, as in `reports.example.jp`, without a port. Without it: the main host alone, the
        /// one of the top-level `public_url`.
        host: OneOrMany<HostName> = default([]),
        /// The path of this console and everything below it: `/api` covers `/api` and `/api/orders`, not `/apis`. The console
        /// gets the path as it is.
        path: RulePath = default("/"),
        /// Where the console is: a URL, or a Unix socket as in `unix:/run/console.sock`. Over https its certificate is
        /// verified for this host name. Several, when the same console runs on several addresses: they take turns.
        /// `docs/upstreams.md` tells the story.
        url: OneOrMany<UpstreamUrl> = required,
        /// `aud` of the signed statements for this console. Without it: the `public_url` of its host (of the first it names),
        /// at the main host `assertion.audience` where there is one, with the path of the console behind it.
        audience: Audience = optional,
        /// The `Host` header the console gets. Without it: what the browser sent.
        host_header: HostHeader = optional,
        /// Certificate authority of the console, PEM, when it is not a public one.
        ca: FilePath = optional,
        /// Certificate chain, PEM, leaf first, that the gateway shows the console over https. Needs `client_key`.
        client_certificate: FilePath = optional,
        /// Its private key, PEM.
        client_key: FilePath = optional,
        /// HTTP/2 to the console: over https when it offers it, over http and Unix sockets at once. WebSockets go by HTTP/1.1.
        h2: bool = default(false),
        /// Until the connection to the console stands.
        connect_timeout: Time<{ 100 * MILLISECOND }, { 5 * MINUTE }> = default("3s"),
        /// Between two reads of an answer of the console.
        read_timeout: Time<SECOND, DAY> = default("60s"),
        /// With several addresses: `round-robin`, they take turns; `account`, each account has its own as long as it
        /// answers, and somebody who is not signed in goes by their network address.
        balance: Balance = default("round-robin"),
        /// With several addresses: so many failures one after the other, without an answer in between, and an address is
        /// left out. `0`: it never is.
        max_fails: Whole<0, 1000> = default(3),
        /// For how long. Then one request looks whether it is back.
        fail_timeout: Time<SECOND, HOUR> = default("10s"),
        health: HealthCheck = optional,
        credential: Many<Credential> = default([]),
    }

    /// What a console wants to see of everybody who comes through the gateway: a header, or a user name and a password
    /// (HTTP Basic). Sent for people who are signed in and never for anybody else; what browsers send in that header does
    /// not arrive. Each sends one header; of those with the same one the first that fits is sent.
    Credential {
        /// For people in one of these groups. Without it: for everybody who is signed in.
        groups: OneOrMany<GroupName> = default([]),
        /// The header.
        header: CredentialHeader = optional,
        /// What it says.
        value: ConfiguredSecret = optional,
        /// In place of `header` and `value`: the user name of `Authorization: Basic`.
        user: BasicUser = optional,
        /// Its password.
        password: ConfiguredSecret = optional,
    }

    /// Asks each address again and again whether it works. Without this table only its answers to people say so.
    HealthCheck {
        /// What is asked for, with GET and by nobody: without a person, a cookie or a statement. A status from 200 to 399
        /// is a yes.
        path: RequestPath = required,
        /// Between two checks of an address.
        every: Time<{ 100 * MILLISECOND }, HOUR> = default("5s"),
        /// Until the head of the answer is there.
        timeout: Time<{ 100 * MILLISECOND }, MINUTE> = default("2s"),
        /// So many that failed one after the other, and an address gets no requests.
        fails: Whole<1, 100> = default(2),
        /// So many that passed one after the other, and it gets them again.
        passes: Whole<1, 100> = default(1),
    }

    /// What the console has of its own: cookies, other addresses, a sign-out, a sign-in page. `docs/consoles.md` tells the
    /// story.
    Console {
        /// Cookies of the console, by name, that are expired at sign-out and when another account signs in on the browser.
        /// Without it: all that are known.
        expired_cookies: OneOrMany<CookieName> = default([]),
        /// Cookies, by name, that may pass from one account to another: ones that scripts of the console set, and that
        /// hold nothing of a person, as `theme`. On a browser on which two accounts signed in, no other cookie is forwarded
        /// but those the console itself set for the account that is there.
        shared_cookies: OneOrMany<CookieName> = default([]),
        /// The same on every browser, whoever signed in on it before. A copied cookie of the console is then of no use to
        /// another account. Cookies that scripts set have to be in `shared_cookies`.
        bound_cookies: bool = default(false),
        /// Add `Secure` to cookies the console sets without it: for one that does not know that it is reached over HTTPS.
        secure_cookies: bool = default(false),
        /// Further origins the console believes to be its own, besides `upstream.url` and `upstream.host_header`: where
        /// its redirects name one of them, browsers are led to the host they came by.
        origins: OneOrMany<OriginUrl> = default([]),
        /// The console's own sign-out, by path. Whoever asks for it is signed out of the gateway, too.
        sign_out: OneOrMany<RequestPath> = default([]),
        /// Methods by which that happens.
        sign_out_methods: OneOrMany<RuleMethod> = default(["GET", "POST"]),
        /// What the gateway asks the console for when somebody signs out of the gateway, with the cookies of that browser.
        /// Nobody waits longer than 3 seconds for it, and it may fail. Without it: nothing.
        sign_out_call: RequestPath = optional,
        /// The method of that.
        sign_out_call_method: RuleMethod = default("POST"),
        /// The console's own sign-in page, by path. Where the console leads somebody there who is signed in, a page says
        /// that it did not recognise them, and what to do.
        sign_in: OneOrMany<RequestPath> = default([]),
    }

    /// Who may ask about requests of others, at `/.sekisho/auth` and `/.sekisho/auth/status`. For everybody else there is
    /// nothing there.
    ForwardAuth {
        /// What the proxy shows in `X-Sekisho-Forward-Auth`, at least 32 characters.
        secret: ConfiguredSecret = required,
        /// Where the proxy is, as networks.
        from: OneOrMany<Network> = default(["127.0.0.0/8", "::1/128"]),
        /// Where it writes the request it asks about. `X-Forwarded`: in `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`;
        /// `X-Original`: in `X-Original-Method` and `X-Original-URL`. The other family counts for nothing.
        request: OriginalRequest = default("X-Forwarded"),
    }

    /// Where a secret is kept.
    SecretPlace {
        /// A file that holds it and nothing else.
        file: FilePath = optional,
        /// A variable of the environment.
        env: VariableName = optional,
    }

    /// Where accounts, methods, sessions and devices are kept.
    Store {
        /// An SQLite file.
        url: StoreUrl = required,
    }

    /// The gateway's own keys.
    Keys {
        /// Private file with the keys, made at the first start. Without it: `keys.json` beside the store.
        file: FilePath = optional,
    }

    /// The process.
    Runtime {
        /// Private directory for the administration socket.
        directory: FilePath = default("/run/sekisho"),
        /// Worker threads. Without it: one for each core.
        threads: Whole<1, 1024> = optional,
    }

    /// What the pages look like.
    Branding {
        /// Name of the service.
        name: BothNames = default("Sekisho"),
        /// Main colour. Without it: Sekisho's own.
        colour: Colour = optional,
        /// Picture beside the name, SVG or PNG, at most `256KiB`; an SVG without scripts and without references.
        /// Without it: Sekisho's own mark.
        logo: FilePath = optional,
        /// Where "Help" leads. Without it: no link.
        help_url: Link = optional,
        /// Where "Privacy" leads. Without it: no link.
        privacy_url: Link = optional,
    }

    /// What text messages with a code say. `{code}`, `{service}` (the name in `[branding]`) and `{minutes}` (that it still works)
    /// stand for what belongs there. The gateway adds the last line itself, `@host #code`: phones offer the code nowhere else.
    /// A text that a phone could show with half a code, because it is sent in segments and one ends there, is refused.
    Messages {
        /// In Japanese.
        sms_ja: CodeText = default("認証コード：{code}（{service}、{minutes}分間有効）"),
        /// In English.
        sms_en: CodeText = default("{code} is your {service} code. Do not share it.\n"),
    }

    /// A name in both languages.
    Names {
        /// In Japanese.
        ja: Name = required,
        /// In English.
        en: Name = required,
    }

    /// Headers that tell the console who is there. Whatever a client sends under these names, in any spelling, is
    /// taken out.
    Identity {
        /// User name.
        user: OwnHeader = default("X-Sekisho-User"),
        /// E-mail address.
        email: OwnHeader = default("X-Sekisho-Email"),
        /// Groups, separated by commas.
        groups: OwnHeader = default("X-Sekisho-Groups"),
        /// `2` when a code was given at the sign-in, `1` on a trusted device.
        level: OwnHeader = default("X-Sekisho-Session-Level"),
    }

    /// A signed statement about who is there, a JWT (ES256) the console can check with the keys at
    /// `/.sekisho/jwks.json`. A request whose statement cannot be made is refused.
    Assertion {
        /// Send it. Without it the console has the plain headers only.
        enabled: bool = default(true),
        /// The header it is in. Whatever a client sends under this name, in any spelling, is taken out.
        header: OwnHeader = default("X-Sekisho-Assertion"),
        /// `aud`: the console it is for, unless `upstream.audience` says otherwise. Each console behind a gateway of its own
        /// has its own. Without it: `public_url`. Consoles at further hosts have theirs from those.
        audience: Audience = optional,
        /// How long it is valid. A new one is made after half of it.
        lifetime: Time<{ 10 * SECOND }, MINUTE> = default("60s"),
    }

    /// What a path needs. The first rule that matches decides; a request that no rule matches needs a session.
    Rule {
        /// Only at these hosts, as in `reports.example.jp`, without a port. Without it: at every host.
        host: OneOrMany<HostName> = default([]),
        /// The path and everything below it: `/static` covers `/static` and `/static/a.css`, not `/statics`.
        path: RulePath = required,
        /// Only these methods. Without it: all.
        methods: OneOrMany<RuleMethod> = default([]),
        /// Only people in one of these groups. A request without a session is first asked to sign in, to know who it is;
        /// whoever is in none of them goes on to the next rule. Without it: everybody.
        groups: OneOrMany<GroupName> = default([]),
        /// Only from these networks, as in `192.0.2.0/24`; other addresses go on to the next rule. Without it: from
        /// everywhere.
        networks: OneOrMany<Network> = default([]),
        /// `public`: nothing; `signed-in`: a session; `fresh`: a session with a code younger than `within`, trusted device
        /// or not; `deny`: nobody gets it.
        access: AccessWord = required,
        /// With `access = "fresh"`: how old the code may be. Without it: `sign_in.fresh`.
        within: Time<MINUTE, DAY> = optional,
        /// Pages of the console ask for this by themselves, as a clock or a counter does: such requests do not keep a session
        /// from ending for idleness.
        background: bool = default(false),
        /// With `signed-in` or `fresh`: what a form sent when its session had ended, or its code was too old, is kept until
        /// the person has signed in again and says what becomes of it (`[hold]`).
        hold: bool = default(false),
        /// WebSockets may be opened here; everywhere else a handshake is refused.
        websocket: bool = default(false),
        /// How long the console may be silent while it answers. Without it: `upstream.read_timeout`. A WebSocket is closed
        /// after this long without a byte in either direction, without it after `1h`.
        idle_timeout: Time<SECOND, DAY> = optional,
        cors: Cors = optional,
    }

    /// Which pages of other origins may call this path from a browser (CORS). With it the gateway answers preflights, and what
    /// the console says of the same gives way to it. Without it nothing changes. `docs/tokens.md` has an example.
    Cors {
        /// The origins, as in `https://shop.example.jp`, one by one.
        origins: OneOrMany<PageOrigin> = required,
        /// Methods their scripts may use.
        methods: OneOrMany<RuleMethod> = default(["GET", "HEAD", "POST"]),
        /// Header fields their scripts may set, as `Authorization` for an access token.
        headers: OneOrMany<FieldName> = default([]),
        /// They may send cookies, and so act as whoever is signed in. Only for origins that are trusted with everything a
        /// person may do here.
        credentials: bool = default(false),
        /// How long browsers may keep the answer to a preflight.
        max_age: Time<0, DAY> = default("10m"),
    }

    /// What forms sent that had to wait for a sign-in, for the rules with `hold = true`. `docs/interrupted.md` tells the story.
    Hold {
        /// The longest body that is kept.
        bytes: Size<KIB, { 16 * MIB }> = default("1MiB"),
        /// For how long.
        lifetime: Time<MINUTE, HOUR> = default("15m"),
        /// Kept at a time for one browser.
        per_browser: Whole<1, 100> = default(5),
        /// Kept at a time for one account.
        per_account: Whole<1, 1000> = default(10),
        /// Kept at a time of what came from one address.
        per_address: Whole<1, 10_000> = default(50),
        /// All that is kept, together.
        total: Size<MIB, { 65_536 * MIB }> = default("256MiB"),
    }

    /// What the rules are meant to do, so that `sekisho check` and the start of the gateway hold them to it.
    Expect {
        /// The host. Without it: the main one, of the top-level `public_url`.
        host: HostName = optional,
        /// A path of the console.
        path: RequestPath = required,
        /// The method.
        method: RuleMethod = default("GET"),
        /// Where the request comes from.
        address: ClientAddress = default("198.51.100.1"),
        /// Somebody is signed in, in these groups (`[]`: in none). Without it: nobody is signed in.
        groups: OneOrMany<GroupName> = optional,
        /// With `groups`: how old their code is. Without it: they came with a trusted device.
        code_age: Time<0, { 30 * DAY }> = optional,
        /// `forward`: it reaches the console; `sign-in`: it is led there; `code`: a fresh code is asked for; `deny`: it is
        /// refused.
        outcome: Outcome = required,
    }

    /// Password hashing (Argon2id). Stored hashes follow at the next sign-in.
    Password {
        /// Memory of one hash. OWASP's minimum is `19MiB` with 2 passes, or 46/1, 12/3, 9/4, 7/5.
        memory: Size<{ 8 * KIB }, { 4096 * MIB - KIB }> = default("19MiB"),
        /// Passes over the memory.
        passes: Whole<1, 1000> = default(2),
        /// Lanes.
        lanes: Whole<1, 64> = default(1),
        /// Hashes at a time; further ones wait. Without it: half of the cores, at least one.
        parallel: Whole<1, 1024> = optional,
        /// Hashes that wait at most; further sign-ins are asked to try again.
        queue: Whole<0, 100_000> = default(100),
        /// No answer to a password comes before this, so that the time says nothing. Keep it above the time of a hash.
        minimum_delay: Time<0, { 10 * SECOND }> = default("300ms"),
    }

    /// Sign-ins that are not finished, and wrong passwords.
    SignIn {
        /// A sign-in that is not finished ends after this.
        lifetime: Time<MINUTE, HOUR> = default("10m"),
        /// A code by text message or call is good for this long (at most `10m`: NIST SP 800-63B-4 §3.1.3.2).
        code_lifetime: Time<MINUTE, { 10 * MINUTE }> = default("5m"),
        /// What is sensitive (the security settings, and every page that asks for it) needs a code younger than this.
        fresh: Time<MINUTE, HOUR> = default("5m"),
        /// How long after a message with a code the next one may be asked for: after the first, the second, … As many
        /// further messages as there are waits may follow the first. Counted for each method across all sign-ins, and
        /// for each number while it is being set up.
        resend_waits: OneOrMany<Time<SECOND, { 10 * MINUTE }>> = default(["30s", "1m", "2m", "5m", "10m"]),
        /// After the last of these messages the next one may follow this much later. The count begins again after this
        /// long without a message, and with every code that was right.
        resend_rest: Time<{ 10 * MINUTE }, DAY> = default("2h"),
        /// Messages with codes to one number within 24 hours, whichever account and method they are for. A code that was
        /// right does not begin this count again; the other method works meanwhile.
        sends_per_number_a_day: Whole<6, 1000> = default(30),
        /// Wrong passwords from one address within the window.
        failures_per_address: Whole<1, 1_000_000> = default(30),
        /// Wrong passwords from one network (IPv4 /24, IPv6 /56) within the window.
        failures_per_prefix: Whole<1, 1_000_000> = default(120),
        /// The window in which wrong passwords are counted.
        failure_window: Time<MINUTE, DAY> = default("10m"),
    }

    /// Sessions of people who are signed in.
    Session {
        /// A session ends after this long without a request.
        idle: Time<MINUTE, { 30 * DAY }> = default("60m"),
        /// A session ends this long after the sign-in, used or not.
        absolute: Time<MINUTE, { 30 * DAY }> = default("12h"),
        /// Sessions of one account; where there are more, the one not used for longest goes.
        per_account: Whole<1, 1000> = default(10),
        /// Sessions kept in memory.
        cache: Whole<100, 100_000_000> = default(100000),
    }

    /// Browsers that are not asked for a code.
    TrustedDevice {
        /// Trust ends this long after it was given; it is never extended. Browsers keep no cookie longer than `400d`.
        lifetime: Time<HOUR, { 400 * DAY }> = default("30d"),
        /// Trusted devices of one account; where there are more, the one not used for longest goes. A browser keeps the
        /// trust of at most five accounts, those that were trusted last.
        per_account: Whole<1, 1000> = default(10),
        /// Members of these groups give a code at every sign-in: they are not offered the box, and what they trusted before
        /// they came into such a group ends.
        excluded_groups: OneOrMany<GroupName> = default([]),
    }

    /// How two-step verification comes to accounts that have none yet. `docs/rollout.md` tells the story.
    Rollout {
        /// `enforce`: whoever is in no cohort sets it up at the next sign-in; `observe`: nothing is enforced, every request
        /// goes through without a session, and a report says what would break.
        mode: RolloutMode = default("enforce"),
        /// So often a person of a cohort may say "later".
        later: Whole<0, 100> = default(3),
        /// Who is asked from when on. The first cohort that fits an account decides; who is in none is asked now.
        cohort: Many<Cohort> = default([]),
        /// Where the report of `observe` is kept. Without it: `observe.json` beside the store.
        report: FilePath = optional,
    }

    /// People who are asked from a certain day on.
    Cohort {
        /// Accounts in one of these groups. Without it: everybody.
        groups: OneOrMany<GroupName> = default([]),
        /// Nobody of the cohort is asked before this day.
        from: Day = required,
        /// From the first time a person is asked; afterwards "later" is not offered any more.
        deadline: Time<0, { 366 * DAY }> = default("14d"),
    }

    /// The people of seller accounts, and what their owners may do.
    Users {
        /// Groups that the owner of a seller account may give to its people and take from them.
        grantable_groups: OneOrMany<GroupName> = default([]),
        /// People of one seller account, invitations included.
        per_seller: Whole<1, 10_000> = default(50),
        /// An invitation is good for this long.
        invitation: Time<HOUR, { 90 * DAY }> = default("7d"),
        /// What pages and mails call groups, in the language of the reader. Rules and the console know them by their names.
        label: Many<GroupLabel> = default([]),
    }

    /// What people read in place of a group's name.
    GroupLabel {
        /// The group.
        group: GroupName = required,
        /// Its label.
        name: BothNames = required,
    }

    /// Requests of people who can use neither of their methods. `docs/recovery.md` tells the story.
    Recovery {
        /// Nobody can approve a request before this has passed: its owner has this long to cancel it.
        wait: Time<HOUR, { 30 * DAY }> = default("24h"),
        /// So many different operators must approve. With `2`, one alone can give nobody a ticket by `sekisho recovery`.
        operators: Whole<1, 2> = default(1),
        /// A request nobody decides is over this long after the wait.
        lasts: Time<DAY, { 90 * DAY }> = default("14d"),
    }

    /// People who run the machine neither as root nor as the gateway's own user and decide on recovery requests.
    /// `docs/recovery.md` tells the story.
    Admin {
        /// System group, by name or number, whose members may list accounts and decide on recovery requests, and nothing else.
        /// The gateway's own user must be in it.
        group: SystemGroupName = required,
        /// Directory of the socket for them. No other than the private one of `[runtime]`.
        directory: FilePath = default("/run/sekisho-operators"),
    }

    /// What a client may send. More is refused.
    Limits {
        /// Until the whole head of a request is there.
        head_deadline: Time<SECOND, { 5 * MINUTE }> = default("10s"),
        /// The head of a request.
        head_bytes: Size<{ 4 * KIB }, MIB> = default("32KiB"),
        /// Header fields of a request.
        header_count: Whole<16, 1000> = default(100),
        /// The target of a request: path and query.
        target_bytes: Size<KIB, { 64 * KIB }> = default("8KiB"),
        /// A form sent to the gateway's own pages. Uploads to the console have no such limit.
        form_bytes: Size<{ 4 * KIB }, MIB> = default("64KiB"),
        /// Connections of clients at a time, of all listeners together. Each may need two file descriptors.
        connections: Whole<10, 1_000_000> = default(10_000),
        /// Of those, from one address (of IPv6: from one /64). Proxies in `listen.trusted_proxies` are not held to it.
        connections_per_address: Whole<1, 1_000_000> = default(500),
        /// Bytes a second that a client has to send of a body over HTTP/1.1, on average over 30 seconds in which nothing but
        /// the client is waited for. 0: any pace.
        slowest_upload: Whole<0, 1_000_000> = default(240),
        /// Bytes a second that a client has to take of an answer, on average over a minute in which nothing but the client is
        /// waited for. 0: any pace above nothing at all for a minute.
        slowest_download: Whole<0, 1_000_000> = default(240),
    }

    /// The page that shows the messages of the provider `inbox`.
    Inbox {
        /// Where the page is. Only this machine can reach it.
        listen: Loopback = default("127.0.0.1:8026"),
    }

    /// Log lines, as JSON on standard error.
    Log {
        /// A level, or levels by module, as in `info,sekisho::proxy=debug`.
        filter: LogFilter = default("info"),
    }

    /// Switches that weaken the gateway, for development and tests. None belongs into production.
    Insecure {
        /// Allows the provider `inbox`, which shows codes to whoever opens its page.
        inbox_provider: bool = default(false),
        /// Allows password hashing below OWASP's minimum.
        weak_password_hash: bool = default(false),
    }
}
