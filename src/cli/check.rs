//! `sekisho check`.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{Failed, arguments::Check, complain, output};
use crate::{
    access::{self, Rules, Unmet},
    authn::{Password, password::Scheme},
    clock::{Clock as _, SystemClock},
    config::{self, Config, ExpectConfig, Problem, Problems, RuleConfig},
    entropy::SystemEntropy,
    tls,
};

pub(super) fn run(check: &Check) -> Result<(), Failed> {
    match load(&check.config) {
        Ok(config) => {
            let cost = password_cost(&config)?;
            let certificates = tls::warnings(&config.listen, &config.hosts, SystemClock.now());
            let warnings: Vec<String> = warnings(&config, cost).into_iter().chain(certificates).collect();
            if check.json {
                let cost = u64::try_from(cost.as_millis()).unwrap_or(u64::MAX);
                return output::json(&serde_json::json!({
                    "problems": [],
                    "warnings": warnings,
                    "password_check_ms": cost,
                }));
            }
            for warning in warnings {
                complain(&format!("WARNING: {warning}"));
            }
            output::text(&format!(
                "{}: no problems; checking a password takes {} ms on this machine",
                check.config.display(),
                cost.as_millis()
            ))
        }
        Err(problems) if check.json => {
            output::json(&serde_json::json!({ "problems": problems }))?;
            Err(Failed::Reported)
        }
        Err(problems) => {
            output::text(&problems.to_string())?;
            Err(Failed::Reported)
        }
    }
}

/// A configuration whose files can be used and whose rules do what they are meant to. Everything that is wrong is said
/// at once: what the rules are meant to do is looked at also where something else is wrong.
pub(super) fn load(path: &Path) -> Result<Config, Problems> {
    let file = path.to_string_lossy();
    match config::load_with_files(path) {
        Ok(config) => {
            let unmet = unmet(&file, &config.rules, &config.expectations)
                .map_err(|message| Problems::from(Problem::at_line(&file, 1, message, None)))?;
            if unmet.is_empty() { Ok(config) } else { Err(unmet.into_iter().collect()) }
        }
        Err(problems) => {
            let read = config::rules_of(path);
            let unmet = read.and_then(|(rules, expectations)| unmet(&file, &rules, &expectations).ok());
            Err(problems.with(unmet.unwrap_or_default()))
        }
    }
}

/// Each expectation that the rules do not meet. The error says which rules cannot be used at all.
fn unmet(file: &str, rules: &[RuleConfig], expectations: &[ExpectConfig]) -> Result<Vec<Problem>, String> {
    let unmet = access::unmet(&Rules::read(rules)?, expectations)?;
    let problem = |unmet: &Unmet| {
        let rule = unmet.rule.and_then(|rule| rules.get(rule));
        let help = rule.map_or_else(
            || "no rule matches, so a session is needed".to_owned(),
            |rule| format!("the rule at line {} decides", rule.line),
        );
        Problem::at_line(file, unmet.line, unmet.to_string(), Some(help))
    };
    Ok(unmet.iter().map(problem).collect())
}

/// What one check of a password costs here, with the parameters of the configuration.
fn password_cost(config: &Config) -> Result<Duration, Failed> {
    let wanted = &config.password;
    let scheme = Scheme::argon2id(wanted.memory_kib, wanted.passes, wanted.lanes).map_err(Failed::refused)?;
    let password =
        Password::typed("measured, never stored").ok_or_else(|| Failed::refused("no password to measure"))?;
    let hash = scheme.hash(&password, &SystemEntropy::new()).map_err(Failed::refused)?;
    let began = Instant::now();
    hash.spend_a_check();
    Ok(began.elapsed())
}

/// Also what only matters before the first start, and on this machine.
fn warnings(config: &Config, cost: Duration) -> Vec<String> {
    let missing = config.missing_directories().into_iter().map(|directory| {
        format!("{} does not exist; the gateway makes it when its user may, so make it beforehand", directory.display())
    });
    let least = config.password.minimum_delay;
    let slow = (cost > least).then(|| {
        format!(
            "checking a password takes {} ms here, longer than [password] minimum_delay ({} ms): answers to names that \
             do not exist could be told apart by their time. Raise minimum_delay, or lower memory or passes",
            cost.as_millis(),
            least.as_millis()
        )
    });
    config
        .warnings()
        .into_iter()
        .map(str::to_owned)
        .chain(config.operator_warning())
        .chain(missing)
        .chain(slow)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_outlasts_the_delay_is_warned_of() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("sekisho.toml");
        let text = r#"
            public_url = "https://console.example.jp"
            listen = { https = "127.0.0.1:8443", certificate = "c.pem", private_key = "k.pem" }
            upstream = { url = "http://127.0.0.1:8080" }
            store = { url = "sqlite:store.db" }
            password = { minimum_delay = "100ms" }
            sms = { provider = "inbox" }
            insecure = { inbox_provider = true }
        "#;
        std::fs::write(&file, text).unwrap();
        let config = config::load(&file).unwrap();
        let slow =
            |ms| warnings(&config, Duration::from_millis(ms)).iter().any(|w| w.contains("minimum_delay (100 ms)"));
        assert_eq!((slow(100), slow(101)), (false, true));
    }

    #[test]
    fn values_rules_and_expectations_are_all_said_in_one_round() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("sekisho.toml");
        let text = r#"public_url = "https://console.example.jp"
time_zone = "Asia/Tokio"
listen = { https = "127.0.0.1:8443", certificate = "c.pem", private_key = "k.pem" }
upstream = { url = "http://127.0.0.1:8080" }
store = { url = "sqlite:store.db" }
sms = { provider = "inbox" }
insecure = { inbox_provider = true }
[[rule]]
path = "/"
access = "public"
[[rule]]
path = "/payouts"
access = "fresh"
[[expect]]
path = "/payouts"
outcome = "sign-in"
"#;
        std::fs::write(&file, text).unwrap();
        let told = load(&file).unwrap_err();
        let lines: Vec<usize> = told.as_slice().iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 3, 3, 11, 14], "{told}");
    }
}
