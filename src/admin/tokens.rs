//! Access tokens as operators type and see them.

use std::time::Duration;

use super::{
    command::NewToken,
    execute::{Failure, find},
    reply::{CreatedTokenView, TicketText, TokenView},
};
use crate::{
    app::{App, TokenOrder},
    config,
    secret::ExposeSecret as _,
    session::{AccessTokenId, TokenScope},
};

/// Paths, methods or networks of one token.
const MOST_EACH: usize = 50;

pub(super) async fn create(app: &App, new: &NewToken) -> Result<CreatedTokenView, Failure> {
    let order = ordered(new).map_err(Failure::Refused)?;
    let account = find(app, &new.user).await?.account;
    let made = app.create_token(&account, order).await??;
    let about = TokenView::new(&made.token, account.user_name.as_str(), app.now());
    Ok(CreatedTokenView { token: TicketText(made.text.expose_secret().to_owned()), about })
}

pub(super) async fn list(app: &App, user: Option<&str>) -> Result<Vec<TokenView>, Failure> {
    let account = match user {
        Some(user) => Some(find(app, user).await?.account.id),
        None => None,
    };
    let now = app.now();
    let stored = app.list_tokens(account).await?;
    Ok(stored.iter().map(|stored| TokenView::new(&stored.token, stored.account.user_name.as_str(), now)).collect())
}

pub(super) async fn revoke(app: &App, id: &str) -> Result<(), Failure> {
    let words = "this is not the identifier of a token: it has 26 letters and digits, as `token list` shows them";
    let id = AccessTokenId::parse(id).ok_or_else(|| Failure::Refused(words.to_owned()))?;
    app.revoke_token(id).await??;
    Ok(())
}

fn ordered(new: &NewToken) -> Result<TokenOrder, String> {
    let label = new.label.trim();
    if label.is_empty() || label.chars().count() > 100 || label.chars().any(char::is_control) {
        return Err("the label: say what the token is for, in at most 100 characters on one line".to_owned());
    }
    if [&new.paths, &new.methods, &new.networks].iter().any(|list| list.len() > MOST_EACH) {
        return Err(format!("a token has at most {MOST_EACH} paths, methods or networks"));
    }
    if new.paths.is_empty() || new.methods.is_empty() {
        return Err("a token needs at least one path and one method".to_owned());
    }
    let scope = TokenScope {
        paths: each(&new.paths, "the path", config::rule_path)?,
        methods: each(&new.methods, "the method", config::rule_method)?,
        networks: each(&new.networks, "the network", config::rule_network)?,
    };
    Ok(TokenOrder { label: label.to_owned(), scope, lifetime: Duration::from_hours(24) * new.days })
}

fn each<T>(typed: &[String], what: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    typed.iter().map(|text| read(text).map_err(|why| format!("{what} {why}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(change: impl FnOnce(&mut NewToken)) -> Result<TokenOrder, String> {
        let mut new = NewToken {
            user: "hanako".to_owned(),
            label: " stock import ".to_owned(),
            paths: vec!["/api".to_owned()],
            methods: vec!["GET".to_owned()],
            networks: vec!["192.0.2.0/24".to_owned()],
            days: 30,
        };
        change(&mut new);
        ordered(&new)
    }

    #[test]
    fn what_a_token_may_do_is_said_in_full() {
        let order = new(|_| ()).unwrap();
        assert_eq!((order.label.as_str(), order.lifetime), ("stock import", Duration::from_hours(24 * 30)));
        assert!(new(|new| new.paths.clear()).is_err(), "nowhere is not everywhere");
        assert!(new(|new| new.methods.clear()).is_err());
        assert!(new(|new| new.label = " ".to_owned()).is_err());
        for path in ["api", "/api/", "/a/../b", "/api*", "/.sekisho/x"] {
            assert!(new(|new| new.paths = vec![path.to_owned()]).is_err(), "{path}");
        }
        assert!(new(|new| new.methods = vec!["get".to_owned()]).is_err());
        assert!(new(|new| new.networks = vec!["192.0.2.1/24".to_owned()]).is_err());
    }
}
