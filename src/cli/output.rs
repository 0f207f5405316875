//! What goes to standard output: tables for people, one JSON document for scripts.

use std::io::{self, Write as _};

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::{Failed, delivery, observe, token};
use crate::{
    admin::{
        DeviceView, InvitedView, MethodView, PairView, RecoveryView, Reply, ResetView, SessionView, SharedView,
        UserView,
    },
    clock::Timestamp,
};

/// One text, ending with a line break.
pub(super) fn text(text: &str) -> Result<(), Failed> {
    match writeln!(io::stdout().lock(), "{}", text.trim_end_matches('\n')) {
        // Whoever read has read enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failed::refused(format!("standard output: {error}"))),
    }
}

/// One JSON document.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failed> {
    text(&serde_json::to_string_pretty(value).map_err(Failed::refused)?)
}

/// A list of accounts that comes reply by reply.
pub(super) struct UserList {
    json: bool,
    zone: jiff::tz::TimeZone,
    any: bool,
    widths: [usize; 9],
}

const USER_HEAD: [&str; 9] =
    ["NAME", "E-MAIL", "DISPLAY NAME", "GROUPS", "SELLER ACCOUNT", "TWO-STEP", "SESSIONS", "DEVICES", "STATE"];

impl UserList {
    pub(super) fn begin(json: bool, zone: jiff::tz::TimeZone) -> Result<Self, Failed> {
        if json {
            text("[")?;
        }
        Ok(Self { json, zone, any: false, widths: [0; 9] })
    }

    /// Columns are as wide as what came so far needs.
    pub(super) fn add(&mut self, users: &[UserView]) -> Result<(), Failed> {
        let first = !std::mem::replace(&mut self.any, true);
        if self.json {
            for (index, user) in users.iter().enumerate() {
                let comma = if first && index == 0 { "" } else { "," };
                text(&format!("{comma}{}", serde_json::to_string(user).map_err(Failed::refused)?))?;
            }
            return Ok(());
        }
        let head = first.then(|| USER_HEAD.map(str::to_owned));
        let lines: Vec<[String; 9]> =
            head.into_iter().chain(users.iter().map(|user| user_row(user, &self.zone))).collect();
        widen(&mut self.widths, &lines);
        if lines.is_empty() { Ok(()) } else { text(&aligned(&self.widths, &lines)) }
    }

    pub(super) fn end(self) -> Result<(), Failed> {
        if self.json { text("]") } else { Ok(()) }
    }
}

/// A reply for scripts: lists as arrays, one account or a reset as an object, what ended as a number.
pub(super) fn reply_json(reply: &Reply) -> Result<(), Failed> {
    match reply {
        Reply::User(user) => json(user),
        Reply::Users(users) => json(users),
        Reply::Devices(devices) => json(devices),
        Reply::Sessions(sessions) => json(sessions),
        Reply::SecondStepReset(reset) => json(reset),
        Reply::Imported(view) => json(view),
        Reply::Observed(report) => json(report),
        Reply::Invited(invited) => json(invited),
        Reply::RecoveryRequests(requests) => json(requests),
        Reply::Shared(shared) => json(shared),
        Reply::TokenCreated(made) => json(made),
        Reply::Tokens(tokens) => json(tokens),
        Reply::Delivery(view) => json(view),
        Reply::DeliveryTested(view) => json(view),
        Reply::DeliveryBudget(view) => json(view),
        Reply::DeliveryPaused(view) => json(view),
        Reply::UserDeleted(_)
        | Reply::SessionsEnded(_)
        | Reply::DevicesRevoked(_)
        | Reply::TokensRevoked(_)
        | Reply::DeliveryResumed(_)
        | Reply::RecoveryApproved(_)
        | Reply::RecoveryRefused(_) => json(reply),
    }
}

/// A reply for people.
pub(super) fn reply(reply: &Reply, zone: &jiff::tz::TimeZone) -> Result<(), Failed> {
    text(&match reply {
        Reply::User(user) => sheet(user, zone),
        Reply::Users(users) => table(USER_HEAD, users.iter().map(|user| user_row(user, zone))),
        Reply::Observed(report) => observe::sheet(report, zone),
        Reply::Shared(shared) if shared.is_empty() => "no sign-in looks shared".to_owned(),
        Reply::Shared(shared) => table(["NAME", "HOURS", "DAYS", "BROWSERS AT ONCE"], shared.iter().map(shared_row)),
        Reply::Invited(InvitedView { email, expires_at, address }) => match address {
            None => {
                format!("an invitation is on its way to {email}; its link works until {}", minute(expires_at, zone))
            }
            Some(address) => format!(
                "invitation for {email}: {}\nIt works once, until {}. Hand it over in person or by a channel you trust.",
                address.0,
                minute(expires_at, zone)
            ),
        },
        Reply::Imported(view) => format!("imported: {}; refused: {}", view.imported, view.refused.len()),
        Reply::UserDeleted(ended) => format!("deleted; sessions ended: {ended}"),
        Reply::Devices(devices) => table(
            ["ID", "ACCOUNT", "BROWSER", "TRUSTED", "LAST USED", "EXPIRES"],
            devices.iter().map(|device| device_row(device, zone)),
        ),
        Reply::Sessions(sessions) => table(
            ["ID", "ACCOUNT", "BROWSER", "SECOND STEP", "STARTED", "LAST USED"],
            sessions.iter().map(|session| session_row(session, zone)),
        ),
        Reply::SessionsEnded(ended) => format!("done; sessions ended: {ended}"),
        Reply::SecondStepReset(ResetView { ticket, expires_at, sessions_ended }) => format!(
            "ticket: {}\ngood until {}; sessions ended: {sessions_ended}\n\
             Hand it over in person or by a channel you trust: with the password it sets up two new methods.",
            ticket.0,
            minute(expires_at, zone)
        ),
        Reply::RecoveryRequests(requests) => table(
            ["RECEIPT", "ACCOUNT", "STATE", "REQUESTED", "NOT BEFORE", "APPROVED BY"],
            requests.iter().map(|request| recovery_row(request, zone)),
        ),
        Reply::RecoveryApproved(approval) => format!(
            "your approval counts ({} of {}); another operator has to approve it, too",
            approval.given, approval.needed
        ),
        Reply::RecoveryRefused(receipt) => format!("{receipt} is refused; nothing changed for its account"),
        Reply::TokenCreated(made) => token::created(made, zone),
        Reply::Tokens(tokens) => token::list(tokens, zone),
        Reply::Delivery(view) => delivery::status(view, zone),
        Reply::DeliveryTested(view) => delivery::tested(view),
        Reply::DeliveryBudget(view) => delivery::budget(view, zone),
        Reply::DeliveryPaused(view) => delivery::paused(view, zone),
        Reply::DeliveryResumed(true) => "resumed; what is asked for from now on is sent".to_owned(),
        Reply::DeliveryResumed(false) => {
            "nothing was paused by this name; `sekisho delivery status` lists what is".to_owned()
        }
        Reply::TokensRevoked(revoked) => format!("done; tokens that open nothing any more: {revoked}"),
        Reply::DevicesRevoked(revoked) => format!("done; devices no longer trusted: {revoked}"),
    })
}

fn user_row(user: &UserView, zone: &jiff::tz::TimeZone) -> [String; 9] {
    let methods = match &user.methods {
        // Where somebody else who knew the password could have been the first, an operator sees it at a glance.
        Some(PairView { primary, backup }) if user.enrolled_by.as_deref() == Some("password") => {
            format!("{} + {} (by password alone)", primary.kind, backup.kind)
        }
        Some(PairView { primary, backup }) => format!("{} + {}", primary.kind, backup.kind),
        None => "not set up".to_owned(),
    };
    [
        user.name.clone(),
        or_dash(user.email.as_ref()),
        or_dash(user.display_name.as_ref()),
        or_dash(Some(&user.groups.join(","))),
        seller(user),
        methods,
        user.sessions.to_string(),
        user.devices.to_string(),
        states(user, zone),
    ]
}

fn seller(user: &UserView) -> String {
    let owner = if user.owner { " (owner)" } else { "" };
    user.seller.as_ref().map_or_else(|| "-".to_owned(), |seller| format!("{seller}{owner}"))
}

fn shared_row(shared: &SharedView) -> [String; 4] {
    [shared.name.clone(), shared.hours.to_string(), shared.days.to_string(), shared.browsers.to_string()]
}

fn device_row(device: &DeviceView, zone: &jiff::tz::TimeZone) -> [String; 6] {
    [
        device.id.clone(),
        device.user.clone(),
        or_dash(Some(&device.browser)),
        minute(&device.trusted_at, zone),
        minute(&device.last_used_at, zone),
        minute(&device.expires_at, zone),
    ]
}

fn session_row(session: &SessionView, zone: &jiff::tz::TimeZone) -> [String; 6] {
    [
        session.id.clone(),
        session.user.clone(),
        or_dash(Some(&session.browser)),
        session.second_step.clone(),
        minute(&session.started_at, zone),
        minute(&session.last_used_at, zone),
    ]
}

/// By the name this machine knows the user by, wherever its users are kept; `id` (POSIX) asks the same sources as a login.
fn operator(uid: u32) -> String {
    let asked = std::process::Command::new("id").arg("-nu").arg(uid.to_string()).output().ok();
    let name = asked.filter(|answer| answer.status.success()).and_then(|answer| String::from_utf8(answer.stdout).ok());
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))
}

fn recovery_row(request: &RecoveryView, zone: &jiff::tz::TimeZone) -> [String; 6] {
    let by = request.approved_by.iter().map(|uid| operator(*uid)).collect::<Vec<_>>().join(", ");
    [
        request.receipt.clone(),
        request.user.clone(),
        request.state.clone(),
        minute(&request.requested_at, zone),
        minute_from(&request.ready_at, zone),
        or_dash(Some(&by)),
    ]
}

fn sheet(user: &UserView, zone: &jiff::tz::TimeZone) -> String {
    let method = |method: Option<&MethodView>| {
        method.map_or_else(|| "not set up".to_owned(), |method| method_line(method, zone))
    };
    let rows = [
        ("name", user.name.clone()),
        ("identifier", user.id.clone()),
        ("e-mail", or_dash(user.email.as_ref())),
        ("display name", or_dash(user.display_name.as_ref())),
        ("groups", or_dash(Some(&user.groups.join(",")))),
        ("seller", seller(user)),
        ("language", user.language.clone()),
        ("state", states(user, zone)),
        ("made", minute(&user.created_at, zone)),
        ("primary", method(user.methods.as_ref().map(|pair| &pair.primary))),
        ("backup", method(user.methods.as_ref().map(|pair| &pair.backup))),
        ("set up", opened(user.enrolled_by.as_deref()).to_owned()),
        ("sessions", user.sessions.to_string()),
        ("devices", user.devices.to_string()),
    ];
    let unproven = user.unproven_numbers.iter().map(|ending| {
        ("unproven", format!("a telephone number ending in {ending}, from the import; it counts for nothing"))
    });
    let lines = rows.into_iter().chain(unproven).map(|(name, value)| format!("{name:<13} {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What opened the set-up of the two methods, in words.
fn opened(by: Option<&str>) -> &'static str {
    match by {
        Some("password") => "by password alone: make sure that it was the person",
        Some("mailed_link") => "by the link mailed to the address",
        Some("ticket") => "by an operator's ticket",
        Some("recovery") => "by a recovery code",
        _ => "-",
    }
}

fn method_line(method: &MethodView, zone: &jiff::tz::TimeZone) -> String {
    let ending = method.ending.as_ref().map_or_else(String::new, |ending| format!(" to a number ending in {ending}"));
    let label = method.label.as_ref().map_or_else(String::new, |label| format!(" ({label})"));
    let used = method.last_used_at.as_ref().map_or_else(|| "never".to_owned(), |at| minute(at, zone));
    format!("{}{ending}{label}, since {}, last used {used}", method.kind, minute(&method.added_at, zone))
}

/// All that an operator should see at once; times are in the JSON.
fn states(user: &UserView, zone: &jiff::tz::TimeZone) -> String {
    let ticket = user.ticket_until.as_ref().map(|until| format!("ticket until {}", minute(until, zone)));
    let request = user.recovery_request.as_ref().map(|receipt| format!("recovery request {receipt}"));
    let states = [
        user.disabled.then(|| "disabled".to_owned()),
        user.frozen_since.is_some().then(|| "frozen".to_owned()),
        ticket,
        request,
    ];
    let states: Vec<String> = states.into_iter().flatten().collect();
    if states.is_empty() { "active".to_owned() } else { states.join(", ") }
}

fn or_dash(text: Option<&String>) -> String {
    text.filter(|text| !text.is_empty()).map_or_else(|| "-".to_owned(), Clone::clone)
}

/// When something happened or ends, to the minute, in the configured time zone and with its abbreviation or offset.
pub(super) fn minute(at: &str, zone: &jiff::tz::TimeZone) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%F %H:%M %Z").to_string(),
        Err(_not_a_time) => at.to_owned(),
    }
}

/// The same of a time from which something is possible: at the minute that is named it is.
fn minute_from(at: &str, zone: &jiff::tz::TimeZone) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(from) => {
            let from = Timestamp::from_millis(from.as_millisecond()).next_minute();
            minute(&from.to_string(), zone)
        }
        Err(_not_a_time) => at.to_owned(),
    }
}

/// Columns aligned by the width they take on a terminal; Japanese characters take two places.
pub(super) fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows);
    let mut widths = [0; N];
    widen(&mut widths, &lines);
    aligned(&widths, &lines)
}

fn widen<const N: usize>(widths: &mut [usize; N], lines: &[[String; N]]) {
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.width());
        }
    }
}

fn aligned<const N: usize>(widths: &[usize; N], lines: &[[String; N]]) -> String {
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(widths) {
            row.push_str(cell);
            row.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_a_terminal_shows() {
        let rows = [["花子".to_owned(), "a".to_owned()], ["taro_suzuki".to_owned(), "b".to_owned()]];
        let text = table(["NAME", "X"], rows.into_iter());
        let before_last: Vec<usize> = text.lines().map(|line| line.rsplit_once(' ').unwrap().0.width()).collect();
        assert_eq!(before_last, [12, 12, 12], "{text}");
    }

    #[test]
    fn a_set_up_by_the_password_alone_is_seen_in_list_and_sheet() {
        let method = |kind: &str| MethodView {
            kind: kind.to_owned(),
            ending: None,
            label: None,
            added_at: "2026-11-22T20:13:00Z".to_owned(),
            last_used_at: None,
        };
        let user = |by: &str| {
            let text = serde_json::json!({
                "id": "x", "name": "hanako", "email": null, "display_name": null, "groups": [], "language": "ja",
                "disabled": false, "created_at": "2026-11-22T20:13:00Z", "sessions": 0, "devices": 0,
                "methods": PairView { primary: method("app"), backup: method("sms") }, "enrolled_by": by,
            });
            serde_json::from_value::<UserView>(text).unwrap()
        };
        let zone = jiff::tz::TimeZone::UTC;
        for (by, row, line) in [
            ("password", "app + sms (by password alone)", "set up        by password alone"),
            ("mailed_link", "app + sms", "set up        by the link mailed to the address"),
        ] {
            assert_eq!(user_row(&user(by), &zone)[5], row);
            assert!(sheet(&user(by), &zone).contains(line), "{}", sheet(&user(by), &zone));
        }
    }

    #[test]
    fn times_are_shown_to_the_minute() {
        let zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap();
        assert_eq!(minute("2026-11-22T20:13:59.123Z", &zone), "2026-11-23 05:13 JST");
        assert_eq!(minute_from("2026-11-22T20:13:59.123Z", &zone), "2026-11-23 05:14 JST");
        assert_eq!(minute_from("2026-11-22T20:13:00Z", &zone), "2026-11-23 05:13 JST");
    }
}
