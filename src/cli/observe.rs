//! The report of `observe`, for people.

use jiff::tz::TimeZone;

use super::output::{minute, table};
use crate::{
    access::{Row, Would},
    app::{ObserveReport, Person},
};

/// Rows of each list; JSON has all of them.
const MOST: usize = 50;

pub(super) fn sheet(report: &ObserveReport, zone: &TimeZone) -> String {
    let mut parts = Vec::new();
    let seen = report.beyond > 0 || report.totals.iter().any(|total| total.requests > 0);
    let since = minute(&report.since.to_string(), zone);
    parts.push(match (report.observing, seen) {
        (true, _) => format!("observing: NOTHING IS ENFORCED, since {since}"),
        (false, true) => format!("not observing now; this is what was seen, since {since}"),
        (false, false) => "not observing: no requests were watched; mode = \"observe\" in [rollout] does".to_owned(),
    });

    let waiting = report.people.len();
    parts.push(format!(
        "People: {} accounts, {} with two-step verification, {waiting} would be asked to set it up",
        report.accounts, report.enrolled
    ));
    if waiting > 0 {
        parts.push(table(
            ["ACCOUNT", "ASKED", "UNTIL / FROM"],
            report.people.iter().take(MOST).map(|one| person(one, zone)),
        ));
        parts.extend(more(waiting));
    }

    let totals = report.totals.iter().filter(|total| total.requests > 0);
    let totals: Vec<String> = totals.map(|total| format!("{} {}", total.kind.as_str(), total.requests)).collect();
    let totals = if totals.is_empty() { "none".to_owned() } else { totals.join(", ") };
    parts.push(format!("Requests without a session: {totals}"));
    for (heading, rows) in
        [("Would break:", &report.would_break), ("Would be led to the sign-in:", &report.would_sign_in)]
    {
        if rows.is_empty() {
            parts.push(format!("{heading} nothing"));
            continue;
        }
        parts.push(heading.to_owned());
        let head = ["REQUESTS", "KIND", "METHOD", "PATH", "CLIENT", "ADDRESS", "WHY", "LAST"];
        parts.push(table(head, rows.iter().take(MOST).map(|one| row(one, zone))));
        parts.extend(more(rows.len()));
    }
    if report.beyond > 0 {
        parts.push(format!("{} more requests were of kinds the report has no room for", report.beyond));
    }
    parts.iter().map(|part| part.trim_end()).collect::<Vec<_>>().join("\n\n")
}

fn more(rows: usize) -> Option<String> {
    (rows > MOST).then(|| format!("… and {} more; --json shows all", rows - MOST))
}

fn person(person: &Person, zone: &TimeZone) -> [String; 3] {
    let asked = match person.asked.as_str() {
        "may_wait" => "now, may say later",
        "not_yet" => "not yet",
        _ => "now",
    };
    let until = person.until.as_deref().map_or_else(|| "-".to_owned(), |at| minute(at, zone));
    [person.user.clone(), asked.to_owned(), until]
}

fn row(row: &Row, zone: &TimeZone) -> [String; 8] {
    let why = match row.would {
        Would::AskToSignIn => "no session",
        Would::AskForCode => "no fresh code",
        Would::Deny => "denied by a rule",
    };
    [
        row.requests.to_string(),
        row.kind.as_str().to_owned(),
        row.method.clone(),
        row.path.clone(),
        row.client.clone(),
        row.address.clone().unwrap_or_else(|| "-".to_owned()),
        why.to_owned(),
        minute(&row.last_at.to_string(), zone),
    ]
}
