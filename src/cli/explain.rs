//! `sekisho explain`: what happens to a request, and the rule that says so.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde::Serialize;

use super::{Failed, arguments::Explain, operate, output};
use crate::{
    access::{Asked, Routes, Rules, Who},
    account::Group,
    admin::{Command, Reply, UserView},
    config::{self, AccessConfig, Config, Outcome, PublicUrl, RolloutMode, RuleConfig},
    proxy,
};
/// One answer for one kind of visitor.
#[derive(Debug, Serialize)]
struct Answer {
    who: String,
    outcome: &'static str,
    /// The line of the rule; `None`: no rule matches, so a session is needed.
    line: Option<usize>,
    rule: String,
}

/// The console a request goes to.
#[derive(Debug, Serialize)]
struct Goes {
    path: String,
    url: Vec<String>,
}

/// All of it.
#[derive(Debug, Serialize)]
struct Explained {
    method: String,
    host: String,
    path: String,
    address: String,
    /// Where it goes when it is forwarded: the path of the console, and its addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    console: Option<Goes>,
    /// Refused before any rule: why.
    refused: Option<&'static str>,
    answers: Vec<Answer>,
    notes: Vec<String>,
}

pub(super) fn run(explain: &Explain) -> Result<(), Failed> {
    let config = config::load(&explain.config).map_err(Failed::refused)?;
    let (host, path) = place_of(&explain.url, &config)?;
    let method: Method = explain
        .method
        .parse()
        .map_err(|_not_a_token| Failed::refused(format!("{:?} is not a method", explain.method)))?;
    let user = explain.user.as_ref().map(|name| user(name, &config)).transpose()?;
    let names = user.as_ref().map_or(explain.group.as_slice(), |user| user.groups.as_slice());
    let group = |name: &String| Group::parse(name).map_err(|why| Failed::refused(format!("group {name:?}: {why}")));
    let groups = names.iter().map(group).collect::<Result<Vec<_>, _>>()?;
    let rules = Rules::read(&config.rules).map_err(Failed::refused)?;

    let mut explained = Explained {
        method: method.to_string(),
        host: host.to_owned(),
        path: path.to_owned(),
        address: explain.address.to_string(),
        console: None,
        refused: proxy::ambiguity(path),
        answers: Vec::new(),
        notes: notes(&config, user.as_ref()),
    };
    if path.starts_with(proxy::OUR_PREFIX) {
        explained.notes.insert(0, "one of the gateway's own pages: no rule is asked".to_owned());
    } else if explained.refused.is_none() {
        let asked = Asked { host, method: &method, path, address: explain.address };
        let somebody = |code_age| Who::Somebody { groups: &groups, code_age };
        let name = name(user.as_ref(), names);
        let visitors = [
            ("nobody signed in".to_owned(), Who::Nobody),
            (format!("{name}, on a trusted device"), somebody(None)),
            (format!("{name}, a code just given"), somebody(Some(Duration::ZERO))),
        ];
        let console =
            Routes::read(&config.upstreams).console(host, path).and_then(|console| config.upstreams.get(console));
        explained.console = console.map(|console| Goes { path: console.path.clone(), url: console.urls() });
        for (who, visitor) in visitors {
            let (outcome, rule) = rules.outcome(asked, visitor);
            explained.answers.push(answer(who, outcome, rule.and_then(|rule| config.rules.get(rule))));
        }
    }
    if explain.json { output::json(&explained) } else { output::text(&sheet(&explained)) }
}

/// Host and path of an address of the gateway; a path alone is one of the main host.
fn place_of<'u>(url: &'u str, config: &'u Config) -> Result<(&'u str, &'u str), Failed> {
    let below = |host: &'u Arc<PublicUrl>| {
        let rest = url.strip_prefix(&host.origin()).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
        Some((host.host.as_str(), rest.map(|rest| if rest.starts_with('/') { rest } else { "/" })?))
    };
    let (host, path) = if url.starts_with('/') {
        (config.public_url.host.as_str(), url)
    } else {
        config.hosts.iter().find_map(below).ok_or_else(|| {
            let origins = config.hosts.iter().map(|host| host.origin()).collect::<Vec<_>>().join(" or ");
            Failed::refused(format!("{url:?} is not below {origins}: no other host is served"))
        })?
    };
    Ok((host, path.split(['?', '#']).next().unwrap_or_default()))
}

fn user(name: &str, config: &Config) -> Result<UserView, Failed> {
    match operate::ask(config.clone(), Command::ShowUser { user: name.to_owned() })? {
        Reply::User(user) => Ok(*user),
        _ => Err(Failed::unreachable("this is not an account; is the gateway of another version?")),
    }
}

fn name(user: Option<&UserView>, groups: &[String]) -> String {
    let name = user.map_or("somebody", |user| user.name.as_str());
    if groups.is_empty() { format!("{name} (in no group)") } else { format!("{name} (in {})", groups.join(", ")) }
}

fn notes(config: &Config, user: Option<&UserView>) -> Vec<String> {
    let mut notes = Vec::new();
    if config.rollout.mode == RolloutMode::Observe {
        notes.push("rollout.mode is \"observe\": every request is forwarded, whatever is said here".to_owned());
    }
    if let Some(user) = user {
        if user.disabled {
            notes.push(format!("{} is disabled and cannot sign in", user.name));
        }
        if user.frozen_since.is_some() {
            notes.push(format!("{} is frozen and cannot sign in before the password is chosen anew", user.name));
        }
        if user.methods.is_none() {
            notes.push(format!("{} has not set up two-step verification yet", user.name));
        }
    }
    notes
}

fn answer(who: String, outcome: Outcome, rule: Option<&RuleConfig>) -> Answer {
    let said = rule.map_or_else(|| "no rule matches: signed-in".to_owned(), described);
    Answer { who, outcome: outcome.as_str(), line: rule.map(|rule| rule.line), rule: said }
}

/// A rule in one line, as the file says it.
fn described(rule: &RuleConfig) -> String {
    let mut words = vec![rule.path.clone()];
    for (key, list) in [("host", &rule.hosts), ("methods", &rule.methods), ("groups", &rule.groups)] {
        if !list.is_empty() {
            words.push(format!("{key} {}", list.join(" ")));
        }
    }
    if !rule.networks.is_empty() {
        let networks: Vec<_> = rule.networks.iter().map(ToString::to_string).collect();
        words.push(format!("networks {}", networks.join(" ")));
    }
    let access = match rule.access {
        AccessConfig::Public => "public".to_owned(),
        AccessConfig::SignedIn => "signed-in".to_owned(),
        AccessConfig::Fresh { within } => format!("fresh within {}s", within.as_secs()),
        AccessConfig::Deny => "deny".to_owned(),
    };
    if rule.websocket {
        words.push("websocket".to_owned());
    }
    format!("{}: {access}", words.join(", "))
}

fn sheet(explained: &Explained) -> String {
    let Explained { method, host, path, address, console, refused, answers, notes } = explained;
    let mut lines = vec![format!("{method} {host}{path} from {address}")];
    lines.extend(refused.map(|why| format!("refused before any rule: {why}")));
    if !answers.is_empty() {
        let row = |answer: &Answer| {
            let line = answer.line.map_or_else(|| "-".to_owned(), |line| line.to_string());
            [answer.who.clone(), answer.outcome.to_owned(), line, answer.rule.clone()]
        };
        lines.push(output::table(["WHO", "OUTCOME", "LINE", "RULE"], answers.iter().map(row)));
    }
    let goes = |goes: &Goes| format!("forwarded to the console for {} at {}", goes.path, goes.url.join(", "));
    lines.extend(console.as_ref().map(goes));
    lines.extend(notes.iter().cloned());
    lines.join("\n")
}
