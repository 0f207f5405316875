//! The end of whatever opened a tunnel: a session, or an access token. It is only waited for here; who may open one was
//! decided before.

use std::sync::Arc;

use http::HeaderMap;

use super::{head::Head, token, tunnel::SessionEnd};
use crate::{
    access::{Credential, Permit},
    app::{App, Cookie, ShownToken, TokenText},
    portal::cookie,
};

/// What a tunnel waits for that somebody signed in has opened.
pub(super) fn session_end(app: &Arc<App>, headers: &HeaderMap, permit: &Permit, head: &Head) -> Option<SessionEnd> {
    let app = app.clone();
    match permit.principal()?.credential {
        Credential::Session { id, .. } => {
            let cookie = cookie::read(headers, cookie::SESSION)?.to_owned();
            let host = head.host.clone();
            Some(Box::pin(async move { app.session_ended(Cookie { host: &host.host, text: &cookie }, id).await }))
        }
        Credential::Token(id) => {
            let Some(ShownToken::One(TokenText(text))) = token::shown(headers) else { return None };
            let (text, address) = (text.to_owned(), head.address);
            Some(Box::pin(async move { app.token_ended(ShownToken::One(TokenText(&text)), id, address).await }))
        }
    }
}
