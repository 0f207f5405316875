//! Cross-origin requests on their way: preflights are answered here, and what a rule says to other origins is on every
//! answer to them, the console's and ours.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};

use super::{
    answer::{self, Answer},
    head::Head,
    identity::Changes,
};
use crate::{
    access::{Asked, Cors, preflight_for},
    app::App,
};

/// What the rule for this request says, and the answer where it is a preflight. A preflight is judged by the rule of the
/// method it asks about.
pub(super) fn judged(app: &App, head: &Head, headers: &HeaderMap) -> (Option<Arc<Cors>>, Option<Answer>) {
    let about = preflight_for(&head.method, headers);
    let method: &Method = about.as_ref().unwrap_or(&head.method);
    let policy = app.cors(Asked { host: &head.host.host, method, path: &head.path, address: head.address });
    let answer = match (&policy, &about) {
        (Some(cors), Some(method)) => {
            let mut answer = answer::empty(StatusCode::NO_CONTENT);
            for (name, value) in cors.preflight(headers, method) {
                answer.headers_mut().append(name, value);
            }
            Some(answer)
        }
        _ => None,
    };
    (policy, answer)
}

/// The policy on an answer of our own.
pub(super) fn with_policy(mut answer: Answer, cors: Option<&Cors>, headers: &HeaderMap) -> Answer {
    for (name, value) in cors.map(|cors| cors.answer(headers)).unwrap_or_default() {
        answer.headers_mut().append(name, value);
    }
    answer
}

/// The policy on the console's answer, in place of what it says itself.
pub(super) fn changes(cors: &Cors, request: &HeaderMap) -> Changes {
    Changes { remove: Cors::replaced(), set: cors.answer(request) }
}
