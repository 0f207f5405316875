//! What must agree between keys, and the way from the raw tables to the checked configuration.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    ops::Range,
    path::Path,
    thread::available_parallelism,
};

use super::{
    AdminConfig, AssertionConfig, Branding, ClientCertificates, CohortConfig, Config, HoldConfig, IdentityHeaders,
    InboxConfig, Limits, Listen, LogConfig, PasswordConfig, RecoveryConfig, RolloutConfig, SessionConfig, SignInConfig,
    StoreConfig, TrustedDeviceConfig, UpstreamAddress, UsersConfig, budget, certificates, code_text, console,
    destinations, forward_auth, hosts,
    problem::Report,
    providers::{self, Provided},
    raw,
    read::{At, Many},
    rules, upstream,
    value::{BothNames, GroupName, KIB, MIB, spoken},
    warnings,
};
use crate::clock::Timestamp;

/// Checks the tables against each other. `None` where something needed was missing or unusable, which is then in the
/// report.
pub(super) fn check(root: raw::Root, directory: &Path, report: &mut Report<'_>) -> Option<Config> {
    check_addresses(&root, report);
    hosts::check(&root, report);
    upstream::check(&root, &identity_names(&root), report);
    if let Some(own) = &root.console {
        console::check(&own.value, report);
    }
    if let Some(asking) = &root.forward_auth {
        forward_auth::check(&asking.value, report);
    }
    check_channels(&root, report);
    code_text::check(&root, report);
    if let Some(rules) = &root.rule {
        rules::check_rules(&rules.value, &hosts::names(&root).unwrap_or_default(), report);
    }
    if let Some(expectations) = &root.expect {
        rules::check_expectations(&expectations.value, report);
    }
    if let (Some(identity), Some(assertion)) = (&root.identity, &root.assertion) {
        check_identity(&identity.value, &assertion.value, report);
    }
    if let (Some(password), Some(insecure)) = (&root.password, &root.insecure) {
        check_password(&password.value, &insecure.value, report);
    }
    if let Some(session) = &root.session {
        check_session(&session.value, report);
    }
    if let Some(hold) = &root.hold {
        check_hold(&hold.value, report);
    }
    if let Some(rollout) = &root.rollout {
        check_rollout(&rollout.value, report);
    }
    if let Some(users) = &root.users {
        check_users(&users.value, report);
    }
    assemble(root, directory, &|span| report.line(span.start))
}

/// No two sockets may want one port, and the console must not be the gateway itself.
fn check_addresses(root: &raw::Root, report: &mut Report<'_>) {
    let mut sockets: Vec<(&str, SocketAddr, Option<&Range<usize>>)> = Vec::new();
    if let Some(At { value: listen, .. }) = &root.listen {
        for (key, list) in [("listen.https", &listen.https), ("listen.http", &listen.http)] {
            let items = list.iter().flat_map(|list| &list.value.0);
            sockets.extend(items.map(|item| (key, item.value, item.span.as_ref())));
        }
    }
    let gateway = sockets.len();
    proxied_listeners(root, &sockets, report);
    certificates::check(root, report);
    if let Some(https) = root.listen.as_ref().and_then(|listen| listen.value.https.as_ref())
        && https.value.0.is_empty()
    {
        let help = "as in https = \"0.0.0.0:443\"".to_owned();
        report.add(https.span.as_ref(), "listen.https: needs an address".to_owned(), Some(help));
    }
    if let Some(listen) = root.inbox.as_ref().and_then(|inbox| inbox.value.listen.as_ref())
        && inbox_in_use(root)
    {
        sockets.push(("inbox.listen", listen.value.0, listen.span.as_ref()));
    }
    for (index, socket) in sockets.iter().enumerate() {
        if let Some(earlier) = sockets.iter().take(index).find(|earlier| collide(socket.1, earlier.1)) {
            // A default stands nowhere in the file: point at the one that does.
            let ((key, address, span), (other_key, other, _)) =
                if socket.2.is_some() { (socket, earlier) } else { (earlier, socket) };
            let message = format!("{key}: {address} is already taken by {other_key} ({other})");
            report.add(*span, message, Some("give each its own port or address".to_owned()));
        }
    }
    let consoles = root.upstream.iter().flat_map(|consoles| &consoles.value.0);
    let urls = consoles.filter_map(|console| console.value.url.as_ref());
    for url in urls.flat_map(|urls| &urls.value.0) {
        if let UpstreamAddress::Host { host, port } = &url.value.address
            && let Ok(ip) = host.parse::<IpAddr>()
            && sockets.iter().take(gateway).any(|(_, own, _)| collide(*own, SocketAddr::new(ip, *port)))
        {
            let help = "put the address of the console here".to_owned();
            let message = "upstream.url: this is where the gateway itself listens".to_owned();
            report.add(url.span.as_ref(), message, Some(help));
        }
    }
}

/// The PROXY protocol is for addresses the gateway listens on, and somebody has to be able to connect there.
fn proxied_listeners(root: &raw::Root, sockets: &[(&str, SocketAddr, Option<&Range<usize>>)], report: &mut Report<'_>) {
    let Some(At { value: listen, .. }) = &root.listen else { return };
    let Some(At { value: proxied, .. }) = &listen.proxy_protocol else { return };
    for address in &proxied.0 {
        if !sockets.iter().any(|(_, socket, _)| *socket == address.value) {
            let message = format!("listen.proxy_protocol: {} is not among listen.https and listen.http", address.value);
            let known: Vec<String> = sockets.iter().map(|(_, socket, _)| socket.to_string()).collect();
            report.add(address.span.as_ref(), message, Some(format!("it can be: {}", known.join(", "))));
        }
    }
    let nobody = listen.trusted_proxies.as_ref().is_some_and(|networks| networks.value.0.is_empty());
    if let (Some(first), true) = (proxied.0.first(), nobody) {
        let message = "listen.proxy_protocol: nobody could connect there, because no proxy is trusted".to_owned();
        report.add(first.span.as_ref(), message, Some("name the proxies in listen.trusted_proxies".to_owned()));
    }
}

/// Port 0 is a different free port each time.
fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let same_family = a.is_ipv4() == b.is_ipv4();
    let overlap = a.ip() == b.ip() || same_family && (a.ip().is_unspecified() || b.ip().is_unspecified());
    a.port() == b.port() && a.port() != 0 && overlap
}

/// Every provider with the name of its table.
pub(super) fn providers(root: &raw::Root) -> Vec<(String, &Provided)> {
    let sms = root.sms.iter().flat_map(|channel| channel.value.provided());
    let voice = root.voice.iter().flat_map(|channel| channel.value.provided());
    let mail = root.mail.iter().flat_map(|channel| channel.value.provided());
    let warnings = root.warnings.iter().filter_map(|warnings| warnings.value.by.as_ref());
    let warnings = warnings.map(|by| ("warnings.by".to_owned(), &by.value.0));
    sms.chain(voice).chain(mail).chain(warnings).collect()
}

fn inbox_in_use(root: &raw::Root) -> bool {
    providers(root).into_iter().any(|(_, provided)| provided.name.value == "inbox")
}

fn check_channels(root: &raw::Root, report: &mut Report<'_>) {
    if root.sms.is_none() && root.voice.is_none() {
        report.add_missing(
            None,
            "there is neither [sms] nor [voice]".to_owned(),
            "every account needs two methods, and an app's backup is a telephone: add [sms] or [voice]".to_owned(),
        );
    }
    let allowed = root.insecure.as_ref().and_then(|insecure| insecure.value.inbox_provider.as_ref());
    if allowed.is_some_and(|switch| !switch.value) {
        for (table, provided) in providers(root).into_iter().filter(|(_, provided)| provided.name.value == "inbox") {
            report.add(
                provided.name.span.as_ref(),
                format!("{table}.provider: the inbox shows every code to whoever opens its page"),
                Some("for development only: set inbox_provider = true in [insecure]".to_owned()),
            );
        }
    }
    if let Some(warnings) = &root.warnings
        && warnings.value.by.is_none()
        && root.mail.is_none()
    {
        let help = "add [mail], or [warnings.by] with a provider".to_owned();
        report.add(warnings.span.as_ref(), "warnings: nobody carries them".to_owned(), Some(help));
    }
    for (table, provided) in providers(root) {
        provided.check(&table, report);
    }
    if let Some(inbox) = &root.inbox
        && inbox.span.is_some()
        && !inbox_in_use(root)
    {
        let help = "take the table out".to_owned();
        report.add(inbox.span.as_ref(), "inbox: nothing uses the provider \"inbox\"".to_owned(), Some(help));
    }
}

fn check_identity(identity: &raw::Identity, assertion: &raw::Assertion, report: &mut Report<'_>) {
    let raw::Identity { user, email, groups, level } = identity;
    let headers = [
        ("identity.user", user),
        ("identity.email", email),
        ("identity.groups", groups),
        ("identity.level", level),
        ("assertion.header", &assertion.header),
    ];
    let headers: Vec<_> = headers.into_iter().filter_map(|(key, header)| Some((key, header.as_ref()?))).collect();
    for (index, (key, header)) in headers.iter().enumerate() {
        // Consoles behind CGI-style interfaces read `_` and `-` as one.
        let fold = |name: &str| name.replace('_', "-");
        let same = headers.iter().take(index).find(|(_, other)| fold(&other.value.0) == fold(&header.value.0));
        if let Some(same) = same {
            let here = (*key, *header);
            let ((key, header), (other, _)) = if here.1.span.is_some() { (here, *same) } else { (*same, here) };
            let message = format!("{key}: the same header as {other}");
            report.add(header.span.as_ref(), message, Some("give each its own header".to_owned()));
        }
    }
}

/// The headers that tell consoles who is there.
fn identity_names(root: &raw::Root) -> Vec<&str> {
    let identity = root.identity.as_ref().map(|identity| &identity.value);
    let of_person = identity.map(|identity| [&identity.user, &identity.email, &identity.groups, &identity.level]);
    let assertion = root.assertion.as_ref().map(|assertion| &assertion.value.header);
    let names = of_person.into_iter().flatten().chain(assertion);
    names.filter_map(|name| Some(name.as_ref()?.value.0.as_str())).collect()
}

/// OWASP Password Storage Cheat Sheet: settings of equal strength, memory in MiB and passes.
const OWASP_MINIMA: [(u64, u32); 5] = [(46, 1), (19, 2), (12, 3), (9, 4), (7, 5)];

fn check_password(password: &raw::Password, insecure: &raw::Insecure, report: &mut Report<'_>) {
    let (Some(memory), Some(passes)) = (&password.memory, &password.passes) else { return };
    let lanes = password.lanes.as_ref();
    let least = 8 * KIB * lanes.map_or(1, |lanes| u64::from(lanes.value.0));
    if !memory.value.0.is_multiple_of(KIB) || memory.value.0 < least {
        let message = "password.memory: Argon2 takes whole KiB, and at least 8KiB for each lane".to_owned();
        report.add(memory.span.as_ref().or(lanes.and_then(|lanes| lanes.span.as_ref())), message, None);
    }
    let strong = OWASP_MINIMA.iter().any(|(mib, least)| memory.value.0 >= mib * MIB && passes.value.0 >= *least);
    let weak_allowed = insecure.weak_password_hash.as_ref().is_none_or(|switch| switch.value);
    if !strong && !weak_allowed {
        report.add(
            memory.span.as_ref().or(passes.span.as_ref()),
            "password: hashing is below OWASP's minimum".to_owned(),
            Some("memory and passes at least 46MiB/1, 19MiB/2, 12MiB/3, 9MiB/4 or 7MiB/5".to_owned()),
        );
    }
}

fn check_session(session: &raw::Session, report: &mut Report<'_>) {
    let (Some(idle), Some(absolute)) = (&session.idle, &session.absolute) else { return };
    let (idle_time, absolute_time) = (idle.value.0, absolute.value.0);
    if idle_time > absolute_time {
        let (idle_text, absolute_text) = (spoken(idle_time), spoken(absolute_time));
        let (span, message) = if idle.span.is_some() {
            (&idle.span, format!("session.idle: {idle_text} is longer than session.absolute ({absolute_text})"))
        } else {
            (&absolute.span, format!("session.absolute: {absolute_text} is shorter than session.idle ({idle_text})"))
        };
        report.add(span.as_ref(), message, Some("lower session.idle or raise session.absolute".to_owned()));
    }
}

fn check_hold(hold: &raw::Hold, report: &mut Report<'_>) {
    let (Some(bytes), Some(total)) = (&hold.bytes, &hold.total) else { return };
    if total.value.0 < bytes.value.0 {
        let message = "hold.total: less than one body may have (hold.bytes)".to_owned();
        let help = "raise hold.total or lower hold.bytes".to_owned();
        report.add(total.span.as_ref().or(bytes.span.as_ref()), message, Some(help));
    }
}

/// A cohort that nobody can be in is a day somebody believes in.
fn check_rollout(rollout: &raw::Rollout, report: &mut Report<'_>) {
    let Some(At { value: Many(cohorts), .. }) = &rollout.cohort else { return };
    let mut before: Vec<(usize, &[At<GroupName>])> = Vec::new();
    for cohort in cohorts {
        let Some(groups) = cohort.value.groups.as_ref().map(|groups| groups.value.0.as_slice()) else { continue };
        let covers = |others: &[At<GroupName>]| {
            others.is_empty()
                || !groups.is_empty()
                    && groups.iter().all(|group| others.iter().any(|other| other.value == group.value))
        };
        // One that is itself at fault takes nobody from others until it is put right.
        if cohort.value.from.is_none() {
            continue;
        }
        if let (Some(span), Some((start, _))) = (&cohort.span, before.iter().find(|(_, others)| covers(others))) {
            let message =
                format!("rollout.cohort: nobody is in it, since the cohort at line {} takes them", report.line(*start));
            let help = "the first cohort that fits decides: put the narrower one before the broader one".to_owned();
            report.add(Some(span), message, Some(help));
        }
        before.extend(cohort.span.as_ref().map(|span| (span.start, groups)));
    }
}

/// More than one page of boxes can carry.
const MOST_GRANTABLE: usize = 20;

fn check_users(users: &raw::Users, report: &mut Report<'_>) {
    let labels = users.label.as_ref().map_or(&[][..], |labels| labels.value.0.as_slice());
    let mut labelled = BTreeSet::new();
    for group in labels.iter().filter_map(|label| label.value.group.as_ref()) {
        if !labelled.insert(group.value.0.as_str()) {
            let message = format!("users.label: {:?} has a label already", group.value.0);
            report.add(group.span.as_ref(), message, None);
        }
    }
    let Some(groups) = &users.grantable_groups else { return };
    if groups.value.0.len() > MOST_GRANTABLE {
        let message = format!("users.grantable_groups: at most {MOST_GRANTABLE}");
        report.add(groups.span.as_ref(), message, None);
    }
}

#[expect(clippy::too_many_lines, reason = "a line for each field, and nothing else")]
fn assemble(root: raw::Root, directory: &Path, lines: &dyn Fn(&Range<usize>) -> usize) -> Option<Config> {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    let listens_inbox = inbox_in_use(&root);
    let addresses = |list: super::read::OneOrMany<SocketAddr>| list.0.into_iter().map(|at| at.value).collect();

    let listen = root.listen?.value;
    let store_file = directory.join(root.store?.value.url?.value.file);
    let key_file = match root.keys?.value.file {
        Some(file) => directory.join(file.value.0),
        None => store_file.with_file_name("keys.json"),
    };
    let phone_region = root.phone_region?.value.0;
    let runtime = root.runtime?.value;
    let branding = root.branding?.value;
    let name = branding.name?.value;
    let identity = root.identity?.value;
    let assertion = root.assertion?.value;
    let public_url = root.public_url?.value;
    let hosts = hosts::hosts(public_url.clone(), root.host?.value.0)?;
    let audience = assertion.audience.map_or_else(|| public_url.origin(), |audience| audience.value.0);
    let hold = root.hold?.value;
    let password = root.password?.value;
    let sign_in = root.sign_in?.value;
    let session = root.session?.value;
    let trusted_device = root.trusted_device?.value;
    let limits = root.limits?.value;
    let time_zone = root.time_zone?.value;
    let rollout = root.rollout?.value;
    let report = match rollout.report {
        Some(file) => directory.join(file.value.0),
        None => store_file.with_file_name("observe.json"),
    };
    let zone = time_zone.zone.clone();
    let users = root.users?.value;
    let names =
        |groups: super::read::OneOrMany<GroupName>| groups.0.into_iter().map(|group| group.value.0).collect::<Vec<_>>();
    let group_label = |label: At<raw::GroupLabel>| {
        let BothNames { ja, en } = label.value.name?.value;
        Some((label.value.group?.value.0, (ja, en)))
    };
    let cohort = |cohort: At<raw::Cohort>| {
        let midnight = cohort.value.from?.value.0.to_zoned(zone.clone()).ok()?;
        Some(CohortConfig {
            groups: names(cohort.value.groups?.value),
            from: Timestamp::from_millis(midnight.timestamp().as_millisecond()),
            deadline: cohort.value.deadline?.value.0,
        })
    };
    let recovery = root.recovery?.value;
    let admin = match root.admin.map(|at| at.value) {
        None => None,
        Some(admin) => {
            Some(AdminConfig { group: admin.group?.value.0, directory: directory.join(admin.directory?.value.0) })
        }
    };
    let forward_auth = match root.forward_auth {
        None => None,
        Some(asking) => Some(forward_auth::forward_auth(asking.value, directory)?),
    };
    let inbox = root.inbox?.value.listen?.value.0;
    // A table that is there must not get lost.
    let sms = root.sms.map(|raw| raw.value.checked(directory));
    let voice = root.voice.map(|raw| raw.value.checked(directory));
    let mail = root.mail.map(|raw| raw.value.checked(directory));
    if [&sms, &voice, &mail].into_iter().any(|channel| matches!(channel, Some(None))) {
        return None;
    }
    let [sms, voice, mail] = [sms, voice, mail].map(Option::flatten);
    let warnings_to = match root.warnings {
        Some(raw) => Some(warnings::warnings(raw.value, directory)?),
        None => None,
    };
    Some(Config {
        time_zone: time_zone.zone,
        time_zone_name: time_zone.name,
        phone_region: phone_region.clone(),
        listen: Listen {
            https: addresses(listen.https?.value),
            http: addresses(listen.http?.value),
            certificates: certificates::pairs(listen.certificate?.value, listen.private_key?.value, directory),
            client_ca: listen.client_ca.map(|ca| directory.join(ca.value.0)),
            client_certificates: listen.client_certificates.map_or(ClientCertificates::Required, |at| at.value),
            hsts: listen.hsts?.value.0,
            trusted_proxies: listen.trusted_proxies?.value.0.iter().map(|network| network.value.0).collect(),
            client_address: listen.client_address?.value,
            proxy_protocol: addresses(listen.proxy_protocol?.value),
        },
        upstreams: upstream::upstreams(root.upstream?.value, &hosts, &audience, directory)?,
        console: console::console(root.console?.value)?,
        forward_auth,
        store: StoreConfig::Sqlite(store_file),
        key_file,
        runtime_directory: directory.join(runtime.directory?.value.0),
        branding: Branding {
            name_ja: name.ja,
            name_en: name.en,
            colour: branding.colour.map(|colour| colour.value.0),
            logo: branding.logo.map(|logo| directory.join(logo.value.0)),
            help_url: branding.help_url.map(|url| url.value.0),
            privacy_url: branding.privacy_url.map(|url| url.value.0),
        },
        identity: IdentityHeaders {
            user: identity.user?.value.0,
            email: identity.email?.value.0,
            groups: identity.groups?.value.0,
            level: identity.level?.value.0,
        },
        assertion: AssertionConfig {
            enabled: assertion.enabled?.value,
            header: assertion.header?.value.0,
            lifetime: assertion.lifetime?.value.0,
        },
        rules: rules::rules(root.rule?.value, sign_in.fresh.as_ref()?.value.0, lines)?,
        expectations: rules::expectations(root.expect?.value, &public_url.host, lines)?,
        public_url,
        hosts,
        hold: HoldConfig {
            bytes: usize::try_from(hold.bytes?.value.0).ok()?,
            lifetime: hold.lifetime?.value.0,
            per_browser: hold.per_browser?.value.0,
            per_account: hold.per_account?.value.0,
            per_address: hold.per_address?.value.0,
            total: hold.total?.value.0,
        },
        password: PasswordConfig {
            memory_kib: u32::try_from(password.memory?.value.0 / KIB).ok()?,
            passes: password.passes?.value.0,
            lanes: password.lanes?.value.0,
            parallel: password.parallel.map_or((cores / 2).max(1), |parallel| parallel.value.0 as usize),
            queue: password.queue?.value.0 as usize,
            minimum_delay: password.minimum_delay?.value.0,
        },
        sign_in: SignInConfig {
            lifetime: sign_in.lifetime?.value.0,
            code_lifetime: sign_in.code_lifetime?.value.0,
            fresh: sign_in.fresh?.value.0,
            resend_waits: sign_in.resend_waits?.value.0.iter().map(|wait| wait.value.0).collect(),
            resend_rest: sign_in.resend_rest?.value.0,
            sends_per_number_a_day: sign_in.sends_per_number_a_day?.value.0,
            failures_per_address: sign_in.failures_per_address?.value.0,
            failures_per_prefix: sign_in.failures_per_prefix?.value.0,
            failure_window: sign_in.failure_window?.value.0,
        },
        session: SessionConfig {
            idle: session.idle?.value.0,
            absolute: session.absolute?.value.0,
            per_account: session.per_account?.value.0,
            cache: session.cache?.value.0.into(),
        },
        trusted_device: TrustedDeviceConfig {
            lifetime: trusted_device.lifetime?.value.0,
            per_account: trusted_device.per_account?.value.0,
            excluded_groups: names(trusted_device.excluded_groups?.value),
        },
        rollout: RolloutConfig {
            mode: rollout.mode?.value,
            later: rollout.later?.value.0,
            cohorts: rollout.cohort?.value.0.into_iter().map(cohort).collect::<Option<_>>()?,
            report,
        },
        users: UsersConfig {
            grantable_groups: names(users.grantable_groups?.value),
            per_seller: users.per_seller?.value.0,
            invitation: users.invitation?.value.0,
            labels: users.label?.value.0.into_iter().map(group_label).collect::<Option<_>>()?,
        },
        recovery: RecoveryConfig {
            wait: recovery.wait?.value.0,
            operators: recovery.operators?.value.0,
            lasts: recovery.lasts?.value.0,
        },
        admin,
        limits: Limits {
            head_deadline: limits.head_deadline?.value.0,
            head_bytes: usize::try_from(limits.head_bytes?.value.0).ok()?,
            header_count: limits.header_count?.value.0 as usize,
            target_bytes: usize::try_from(limits.target_bytes?.value.0).ok()?,
            form_bytes: usize::try_from(limits.form_bytes?.value.0).ok()?,
            connections: limits.connections?.value.0 as usize,
            connections_per_address: limits.connections_per_address?.value.0 as usize,
            slowest_upload: limits.slowest_upload?.value.0.into(),
            slowest_download: limits.slowest_download?.value.0.into(),
        },
        sms,
        voice,
        mail,
        destinations: destinations::destinations(root.destinations?.value, &phone_region)?,
        budget: budget::budget(root.budget?.value)?,
        delivery: providers::delivery(root.delivery?.value, directory)?,
        messages: code_text::texts(root.messages?.value)?,
        warnings_to,
        inbox: listens_inbox.then_some(InboxConfig { listen: inbox }),
        threads: runtime.threads.map_or(cores, |threads| threads.value.0 as usize),
        log: LogConfig { filter: root.log?.value.filter?.value.0 },
    })
}
