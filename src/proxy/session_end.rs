//! The end of whatever opened a tunnel: a session, or an access token. It is only waited for here; who may open one was
//! decided before.

use std::{net::IpAddr, sync::Arc};

use http::HeaderMap;

use super::{token, tunnel::SessionEnd};
use crate::{
    access::{Credential, Permit},
    app::{App, Cookie, ShownToken},
    portal::cookie,
};

/// What a tunnel waits for that somebody signed in has opened.
pub(super) fn session_end(
    app: &Arc<App>,
    headers: &HeaderMap,
    permit: Option<&Permit>,
    address: IpAddr,
) -> Option<SessionEnd> {
    let app = app.clone();
    match permit?.principal()?.credential {
        Credential::Session { id, .. } => {
            let cookie = cookie::read(headers, cookie::SESSION)?.to_owned();
            Some(Box::pin(async move { app.session_ended(Cookie(&cookie), id).await }))
        }
        Credential::Token(id) => {
            let Some(ShownToken::One(Cookie(text))) = token::shown(headers) else { return None };
            let text = text.to_owned();
            Some(Box::pin(async move { app.token_ended(ShownToken::One(Cookie(&text)), id, address).await }))
        }
    }
}
