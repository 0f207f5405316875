//! Every address of ours, in one table: the router is built from it, and so is the test that visits each in every
//! sign-in state. A GET changes nothing and sends nothing; a POST is answered by a redirect to a page. One address is not for
//! browsers and stands beside the table: [`CALLBACK`].

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    routing::{MethodFilter, MethodRouter, on},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::{
    Portal,
    arriving::MOST as MOST_BOUNCES,
    assets::{asset, keys, logo_image, state},
    callback,
    callback::CALLBACK,
    challenge, choice, code_help, cookie, csrf, enrolment,
    error::Problem,
    form::Form,
    fresh, guides,
    guides::Guide,
    held, invited, links,
    page::Here,
    password_reset, recovery, recovery_codes, rollout, settings, sign_in, stopped,
    stopped::Why,
    style, switched_off, users,
    visit::{Answer, Client, Visit},
};
use crate::{
    account::Role,
    app::{self, Flow},
    audit, entropy,
};

/// GET (and HEAD), or POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Shows.
    Get,
    /// Acts.
    Post,
}

/// What a visitor must have. Whoever has it not is led to the sign-in; whoever has more is led on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A pending sign-in that waits for a code.
    Code,
    /// A pending sign-in that sets up its methods.
    Enrolment,
    /// A session.
    Session,
    /// A session of an account with methods.
    Enrolled,
    /// A session that is asked for a fresh code.
    Asked,
    /// The same, in which a method is being replaced.
    Replacement,
    /// A session whose code is younger than `[sign_in] fresh`. Whoever has an older one is asked for a code first, and
    /// then what the form asked for is done.
    FreshSession,
    /// A session that was begun without a second step.
    Waived,
    /// A session of an owner of a seller account.
    Owner,
    /// A session whose person has a form waiting.
    Held,
}

/// What an address does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// The style sheet.
    StyleSheet,
    /// The mark in the browser's tab.
    Mark,
    /// The script that adds comfort.
    Script,
    /// The keys that check what the console is told.
    Keys,
    /// What a waiting page's script asks for: may the page go on, and what became of its message.
    State,
    /// The password page.
    ShowSignIn,
    /// Takes the password.
    SignIn,
    /// The code page.
    ShowCode,
    /// Takes a code.
    EnterCode,
    /// "Didn't receive the code?".
    ShowWays,
    /// Sends again, by another channel, or uses the other method.
    TakeWay,
    /// Ends the pending sign-in.
    OtherAccount,
    /// The enrolment page of the current step.
    ShowEnrolment,
    /// Takes the ticket an operator handed out.
    EnterTicket,
    /// From the question to the choice.
    BeginEnrolment,
    /// Takes the choice.
    Choose,
    /// Takes the code that proves a method.
    Prove,
    /// Sends that code again.
    ProveAgain,
    /// Back to the choice.
    ChooseAgain,
    /// The people of a seller account.
    ShowUsers,
    /// Asks the owners for a sign-in of one's own.
    AskForOwn,
    /// Invites somebody.
    InviteUser,
    /// Sends an invitation again, or takes it back.
    TakeInvitation,
    /// One person's groups.
    ShowUser,
    /// Sets them.
    ChangeGroups,
    /// The question before somebody is removed.
    ShowRemoveUser,
    /// Removes.
    RemoveUser,
    /// An invited person's first page.
    ShowInvited,
    /// Makes the invited person's account.
    AcceptInvitation,
    /// Puts enrolling off.
    Later,
    /// The password page before enrolling out of a session.
    ShowEnable,
    /// Takes that password.
    Enable,
    /// Both methods are proven.
    ShowEnrolled,
    /// A method is switched off.
    ShowSwitchedOff,
    /// The operator's logo.
    Logo,
    /// What a recovery request does, and what has become of one.
    ShowRecovery,
    /// Makes a recovery request.
    RequestRecovery,
    /// The fresh code inside a session.
    ShowFresh,
    /// Asks for it.
    BeginFresh,
    /// Takes it, and does what it was asked for.
    EnterFresh,
    /// When it does not come.
    ShowFreshWays,
    /// Sends it again, by another channel, or uses the other method.
    TakeFreshWay,
    /// The security settings.
    ShowSettings,
    /// One of the two methods.
    ShowMethod(Role),
    /// Swaps primary and backup.
    SwapMethods,
    /// Names a method.
    Relabel,
    /// Begins to replace a method.
    BeginReplacement,
    /// The page of the current step of that.
    ShowReplacement,
    /// Takes the choice.
    ChooseReplacement,
    /// Takes the code that proves it.
    ProveReplacement,
    /// Sends that code again.
    ProveReplacementAgain,
    /// Back to the choice.
    ChooseReplacementAgain,
    /// Leaves it.
    CancelReplacement,
    /// Ends trust of one device or all.
    EndTrust,
    /// Ends one other session or all others.
    EndSessions,
    /// The language of messages and calls.
    SetLanguage,
    /// Mails a link to another address for notices.
    RequestEmail,
    /// The form for a new password.
    ShowPassword,
    /// Takes a new password.
    ChangePassword,
    /// The question before signing out.
    ShowSignOut,
    /// Signs out.
    SignOut,
    /// Switches the language.
    Language,
    /// A guide, or the list of them.
    ShowGuide(Guide),
    /// Moves the token of a mailed link out of the address.
    KeepLink,
    /// The page of a mailed link.
    ShowLink,
    /// Does what a mailed link is for.
    FollowLink,
    /// Mails the link of a first enrolment again.
    MailEnrolmentLink,
    /// "Forgot your password?".
    ShowPasswordReset,
    /// The same from the sign-in page, with the name that was typed there.
    OpenPasswordReset,
    /// Mails a link to a new password.
    RequestPasswordReset,
    /// Where our pages begin: the settings of whoever is signed in, the sign-in page for everybody else.
    Front,
    /// The page that takes a recovery code.
    ShowRecoveryCode,
    /// Takes a recovery code.
    UseRecoveryCode,
    /// Makes recovery codes.
    RenewRecoveryCodes,
    /// Shows them, until the person has kept them.
    ShowRecoveryCodes,
    /// The person has kept them.
    KeptRecoveryCodes,
    /// The codes that are shown as a file.
    SaveRecoveryCodes,
    /// What becomes of a form that was sent when its session had ended?
    ShowHeld,
    /// What it held, as a file.
    SaveHeld,
    /// The question before it is deleted.
    AskDiscardHeld,
    /// Deletes it.
    DiscardHeld,
    /// The console led to its own sign-in page.
    ShowNotRecognised,
}

/// One address and method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Method.
    pub verb: Verb,
    /// Path.
    pub path: &'static str,
    /// What it takes.
    pub needs: Needs,
    /// What it does.
    pub does: Does,
    /// Where a person who comes too late, or with an expired form, opens the page again.
    pub page: Here,
    /// Of a form that needs a fresh code: the fields that are kept until it is there, never a secret. Without any, the
    /// page is shown again and the form sent again.
    pub keeps: &'static [&'static str],
}

const fn get(path: &'static str, needs: Needs, does: Does, page: Here) -> Route {
    Route { verb: Verb::Get, path, needs, does, page, keeps: &[] }
}
const fn post(path: &'static str, needs: Needs, does: Does, page: Here) -> Route {
    Route { verb: Verb::Post, path, needs, does, page, keeps: &[] }
}

/// What an owner changes needs a fresh code; the form is kept until it is there.
const fn owner(path: &'static str, does: Does, keeps: &'static [&'static str]) -> Route {
    Route { verb: Verb::Post, path, needs: Needs::FreshSession, does, page: Here::Users, keeps }
}

const fn guide(guide: Guide) -> Route {
    get(guide.path(), Needs::Nothing, Does::ShowGuide(guide), Here::Guide(guide))
}

/// A form that needs a fresh code, and the fields that are kept until it is there.
const fn fresh(path: &'static str, does: Does, page: Here, keeps: &'static [&'static str]) -> Route {
    Route { keeps, ..post(path, Needs::FreshSession, does, page) }
}

/// Where our sign-out is.
pub const SIGN_OUT: &str = "/.sekisho/sign-out";

/// All of them.
pub const ROUTES: &[Route] = &[
    get("/.sekisho/style.css", Needs::Nothing, Does::StyleSheet, Here::Target),
    get("/.sekisho/mark.svg", Needs::Nothing, Does::Mark, Here::Target),
    get(Here::SCRIPT, Needs::Nothing, Does::Script, Here::Target),
    get("/.sekisho/jwks.json", Needs::Nothing, Does::Keys, Here::Target),
    get("/.sekisho/state", Needs::Nothing, Does::State, Here::Target),
    get("/.sekisho/", Needs::Nothing, Does::Front, Here::SignIn),
    get("/.sekisho/sign-in", Needs::Nothing, Does::ShowSignIn, Here::SignIn),
    post("/.sekisho/sign-in", Needs::Nothing, Does::SignIn, Here::SignIn),
    get("/.sekisho/code", Needs::Code, Does::ShowCode, Here::Code),
    post("/.sekisho/code", Needs::Code, Does::EnterCode, Here::Code),
    get("/.sekisho/code/help", Needs::Code, Does::ShowWays, Here::CodeHelp),
    post("/.sekisho/code/way", Needs::Code, Does::TakeWay, Here::CodeHelp),
    post("/.sekisho/code/other-account", Needs::Nothing, Does::OtherAccount, Here::SignIn),
    get("/.sekisho/recovery", Needs::Code, Does::ShowRecovery, Here::Recovery),
    post("/.sekisho/recovery", Needs::Code, Does::RequestRecovery, Here::Recovery),
    get("/.sekisho/enrolment", Needs::Enrolment, Does::ShowEnrolment, Here::Enrolment),
    post("/.sekisho/enrolment/ticket", Needs::Enrolment, Does::EnterTicket, Here::Enrolment),
    post("/.sekisho/enrolment/link", Needs::Enrolment, Does::MailEnrolmentLink, Here::Enrolment),
    post("/.sekisho/enrolment/begin", Needs::Enrolment, Does::BeginEnrolment, Here::Enrolment),
    post("/.sekisho/enrolment/choose", Needs::Enrolment, Does::Choose, Here::Enrolment),
    post("/.sekisho/enrolment/prove", Needs::Enrolment, Does::Prove, Here::Enrolment),
    post("/.sekisho/enrolment/send-again", Needs::Enrolment, Does::ProveAgain, Here::Enrolment),
    post("/.sekisho/enrolment/choose-again", Needs::Enrolment, Does::ChooseAgain, Here::Enrolment),
    get("/.sekisho/users", Needs::Owner, Does::ShowUsers, Here::Users),
    post("/.sekisho/users/ask", Needs::Session, Does::AskForOwn, Here::Settings),
    owner("/.sekisho/users/invite", Does::InviteUser, users::INVITE_KEEPS),
    owner("/.sekisho/users/invitation", Does::TakeInvitation, &["invitation", "do"]),
    get("/.sekisho/users/edit", Needs::Owner, Does::ShowUser, Here::Users),
    owner("/.sekisho/users/groups", Does::ChangeGroups, users::GROUPS_KEEPS),
    get("/.sekisho/users/remove", Needs::Owner, Does::ShowRemoveUser, Here::Users),
    owner("/.sekisho/users/remove", Does::RemoveUser, &["user"]),
    get("/.sekisho/invitation", Needs::Nothing, Does::ShowInvited, Here::Invited),
    post("/.sekisho/invitation", Needs::Nothing, Does::AcceptInvitation, Here::Invited),
    post("/.sekisho/later", Needs::Enrolment, Does::Later, Here::Enrolment),
    get("/.sekisho/enable", Needs::Waived, Does::ShowEnable, Here::Enable),
    post("/.sekisho/enable", Needs::Waived, Does::Enable, Here::Enable),
    get("/.sekisho/enrolment/done", Needs::Session, Does::ShowEnrolled, Here::EnrolmentDone),
    get("/.sekisho/fresh", Needs::Asked, Does::ShowFresh, Here::Fresh),
    post("/.sekisho/fresh", Needs::Asked, Does::EnterFresh, Here::Fresh),
    post("/.sekisho/fresh/begin", Needs::Asked, Does::BeginFresh, Here::Fresh),
    get("/.sekisho/fresh/help", Needs::Asked, Does::ShowFreshWays, Here::FreshHelp),
    post("/.sekisho/fresh/way", Needs::Asked, Does::TakeFreshWay, Here::FreshHelp),
    get("/.sekisho/settings", Needs::Session, Does::ShowSettings, Here::Settings),
    get("/.sekisho/settings/primary", Needs::Enrolled, Does::ShowMethod(Role::Primary), Here::Method(Role::Primary)),
    get("/.sekisho/settings/backup", Needs::Enrolled, Does::ShowMethod(Role::Backup), Here::Method(Role::Backup)),
    fresh("/.sekisho/settings/swap", Does::SwapMethods, Here::Settings, &["primary"]),
    fresh("/.sekisho/settings/label", Does::Relabel, Here::Settings, &["method", "label"]),
    fresh("/.sekisho/settings/replace/begin", Does::BeginReplacement, Here::Settings, &["method"]),
    get("/.sekisho/settings/replace", Needs::Replacement, Does::ShowReplacement, Here::Replacement),
    fresh("/.sekisho/settings/replace/choose", Does::ChooseReplacement, Here::Replacement, &["kind", "phone", "label"]),
    fresh("/.sekisho/settings/replace/prove", Does::ProveReplacement, Here::Replacement, &[]),
    fresh("/.sekisho/settings/replace/send-again", Does::ProveReplacementAgain, Here::Replacement, &[]),
    fresh("/.sekisho/settings/replace/choose-again", Does::ChooseReplacementAgain, Here::Replacement, &[]),
    post("/.sekisho/settings/replace/cancel", Needs::Session, Does::CancelReplacement, Here::Settings),
    fresh("/.sekisho/settings/trust", Does::EndTrust, Here::Settings, &["device"]),
    fresh("/.sekisho/settings/sessions", Does::EndSessions, Here::Settings, &["session"]),
    fresh("/.sekisho/settings/language", Does::SetLanguage, Here::Settings, &["messages"]),
    fresh("/.sekisho/settings/email", Does::RequestEmail, Here::Settings, &["email"]),
    get("/.sekisho/settings/password", Needs::FreshSession, Does::ShowPassword, Here::Password),
    fresh("/.sekisho/settings/password", Does::ChangePassword, Here::Password, &[]),
    get("/.sekisho/logo", Needs::Nothing, Does::Logo, Here::Target),
    get("/.sekisho/switched-off", Needs::Session, Does::ShowSwitchedOff, Here::Rebind),
    get(stopped::NOT_RECOGNISED, Needs::Session, Does::ShowNotRecognised, Here::Target),
    get("/.sekisho/sign-out", Needs::Session, Does::ShowSignOut, Here::SignOut),
    post(SIGN_OUT, Needs::Nothing, Does::SignOut, Here::SignOut),
    get("/.sekisho/link/{token}", Needs::Nothing, Does::KeepLink, Here::Link),
    get("/.sekisho/link", Needs::Nothing, Does::ShowLink, Here::Link),
    post("/.sekisho/link", Needs::Nothing, Does::FollowLink, Here::Link),
    get("/.sekisho/password-reset", Needs::Nothing, Does::ShowPasswordReset, Here::PasswordReset),
    post("/.sekisho/password-reset/open", Needs::Nothing, Does::OpenPasswordReset, Here::PasswordReset),
    post("/.sekisho/password-reset", Needs::Nothing, Does::RequestPasswordReset, Here::PasswordReset),
    get("/.sekisho/recovery-code", Needs::Code, Does::ShowRecoveryCode, Here::RecoveryCode),
    post("/.sekisho/recovery-code", Needs::Code, Does::UseRecoveryCode, Here::RecoveryCode),
    Route {
        keeps: &["from", "present"],
        ..post("/.sekisho/recovery-code/renew", Needs::FreshSession, Does::RenewRecoveryCodes, Here::Settings)
    },
    get("/.sekisho/held", Needs::Session, Does::ShowHeld, Here::Held),
    get("/.sekisho/held/file", Needs::Held, Does::SaveHeld, Here::Target),
    get("/.sekisho/held/discard", Needs::Held, Does::AskDiscardHeld, Here::Target),
    post("/.sekisho/held/discard", Needs::Held, Does::DiscardHeld, Here::Target),
    get("/.sekisho/recovery-codes", Needs::Session, Does::ShowRecoveryCodes, Here::RecoveryCodes),
    post("/.sekisho/recovery-codes", Needs::Session, Does::KeptRecoveryCodes, Here::RecoveryCodes),
    post("/.sekisho/recovery-codes/file", Needs::Session, Does::SaveRecoveryCodes, Here::RecoveryCodes),
    post("/.sekisho/language", Needs::Nothing, Does::Language, Here::SignIn),
    guide(Guide::Index),
    guide(Guide::Enabling),
    guide(Guide::AuthenticatorApp),
    guide(Guide::NoCode),
    guide(Guide::CannotChange),
    guide(Guide::AskedOften),
];

impl Route {
    const fn filter(&self) -> MethodFilter {
        match self.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
        }
    }
}

/// The router. Requests carry a [`Client`] as an extension.
pub fn router(portal: Arc<Portal>) -> Router {
    let mut router = Router::new();
    for &route in ROUTES {
        let methods: MethodRouter<Arc<Portal>> = on(route.filter(), {
            move |State(portal): State<Arc<Portal>>, request: Request| async move { serve(&portal, route, request).await }
        });
        router = router.route(route.path, methods);
    }
    router = router.route(CALLBACK, on(MethodFilter::POST, callback::take));
    router.fallback(not_found).method_not_allowed_fallback(wrong_method).with_state(portal)
}

async fn not_found(State(portal): State<Arc<Portal>>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    problem(&portal, &parts, Problem::NotFound).into_response().map(Body::from)
}

async fn wrong_method(State(portal): State<Arc<Portal>>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let takes = |verb| ROUTES.iter().any(|route| route.path == parts.uri.path() && route.verb == verb);
    let allow = match (takes(Verb::Get), takes(Verb::Post)) {
        (true, true) => "GET, HEAD, POST",
        (true, false) => "GET, HEAD",
        (false, _) => "POST",
    };
    let answer = Answer { allow: Some(allow), ..problem(&portal, &parts, Problem::MethodNotAllowed) };
    answer.into_response().map(Body::from)
}

/// An error page for somebody whose request went no further than its head.
fn problem(portal: &Portal, parts: &http::request::Parts, problem: Problem) -> Answer {
    let client = parts.extensions.get::<Client>().cloned().unwrap_or_else(|| Client {
        host: portal.app.snapshot().config.hosts.main().clone(),
        address: std::net::Ipv4Addr::UNSPECIFIED.into(),
        reference: String::new(),
    });
    portal.problem_page(&parts.headers, problem, "/", &client)
}

async fn serve(portal: &Portal, route: Route, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let answer = match route.does {
        Does::StyleSheet => return asset(portal, &parts, "text/css; charset=utf-8", portal.sheet.clone()),
        Does::Mark => return asset(portal, &parts, "image/svg+xml", Bytes::from_static(style::MARK.as_bytes())),
        Does::Script => {
            let script = Bytes::from_static(style::SCRIPT.as_bytes());
            return asset(portal, &parts, "text/javascript; charset=utf-8", script);
        }
        Does::Keys => return keys(portal).await,
        Does::State => return state(portal, &parts).await,
        Does::Logo => {
            if let Some(logo) = &portal.logo {
                return logo_image(portal, &parts, logo);
            }
            return asset(portal, &parts, "image/svg+xml", Bytes::from_static(style::MARK.as_bytes()));
        }
        _ => {
            let answer = answer(portal, route, &parts, body).await;
            let acted = route.verb == Verb::Post && answer.location.is_some();
            if acted { answer.with(turn(portal)) } else { answer }
        }
    };
    answer.into_response().map(Body::from)
}

/// Coming back to the page of the form is a new request, and not a look at what stood there.
fn turn(portal: &Portal) -> Option<HeaderValue> {
    let value = entropy::encode_id(entropy::random_bytes(&**portal.app.entropy()));
    cookie::set(cookie::TURN, &value, cookie::Keep::WhileOpen)
}

async fn answer(portal: &Portal, route: Route, parts: &http::request::Parts, body: Body) -> Answer {
    let Some(client) = parts.extensions.get::<Client>() else {
        tracing::error!(path = route.path, "a request without a client address");
        return problem(portal, parts, Problem::Internal);
    };
    let form = match route.verb {
        Verb::Get => Form::default(),
        Verb::Post => match posted(portal, &parts.headers, client, body).await {
            Ok(form) => form,
            Err(Problem::FormExpired) if csrf::from_another_address(&parts.headers, &client.host) => {
                let visit = Visit::new(portal, &parts.uri, &parts.headers, client, Form::default());
                return visit.stopped(Why::WrongAddress, Here::SignIn);
            }
            Err(refused) => return problem(portal, parts, refused),
        },
    };
    let visit = Visit::new(portal, &parts.uri, &parts.headers, client, form);
    // The language alone needs no token: its form also stands on pages that were made without a browser's seed.
    let vouched = route.verb == Verb::Get
        || route.does == Does::Language
        || visit.seed.vouches_for(visit.form.text("csrf"), portal.app.keyring());
    if !vouched {
        audit::Event::CrossSiteForm.record(audit::Origin::Client(client.address));
        if !visit.seed.was_brought() && !visit.form.text("csrf").is_empty() {
            // A form of ours without the cookie that was set with it. It may be old; three in a row are not.
            let visit = Visit { to: visit.to.tried(), ..visit };
            if visit.to.tries() >= MOST_BOUNCES {
                return visit.stopped(Why::CookieNotReturned, Here::SignIn);
            }
            return visit.problem(Problem::FormExpired, route.page);
        }
        return visit.problem(Problem::FormExpired, route.page);
    }
    let done = match route.does {
        Does::EnterFresh => return enter_fresh(visit.asking(Flow::FreshCode), route).await,
        _ => act(&visit, route).await,
    };
    done.unwrap_or_else(|error| failed(&visit, route, &error))
}

fn failed(visit: &Visit<'_>, route: Route, error: &app::AppError) -> Answer {
    tracing::error!(%error, path = route.path, request = visit.client.reference, "a page failed");
    let problem = if matches!(error, app::AppError::Busy) { Problem::Unavailable } else { Problem::Internal };
    visit.problem(problem, route.page)
}

/// A fresh code, then what it was asked for. The renewed session's cookie goes out whatever comes of that.
async fn enter_fresh(visit: Visit<'_>, route: Route) -> Answer {
    let grant = match challenge::enter(&visit).await {
        Ok(Ok(grant)) => grant,
        Ok(Err(answer)) => return answer,
        Err(error) => return failed(&visit, route, &error),
    };
    let cookie = Visit::session_cookie(&grant);
    let visit = Visit { renewed: Some(grant.session), ..visit.asking(Flow::SignIn) };
    let answer = match super::fresh::resume(&visit).await {
        Ok(Ok((route, form))) => {
            let visit = Visit { form, ..visit };
            act(&visit, route).await.unwrap_or_else(|error| failed(&visit, route, &error))
        }
        Ok(Err(answer)) => answer,
        Err(error) => failed(&visit, route, &error),
    };
    // First, so that a cookie the errand itself sets comes after it and wins.
    Answer { cookies: cookie.into_iter().chain(answer.cookies).collect(), ..answer }
}

async fn act(visit: &Visit<'_>, route: Route) -> app::Result<Answer> {
    if matches!(route.needs, Needs::FreshSession | Needs::Replacement)
        && let Some(elsewhere) = super::fresh::demand(visit, route).await?
    {
        return Ok(elsewhere);
    }
    match route.does {
        Does::ShowSignIn => sign_in::show(visit).await,
        Does::SignIn => sign_in::submit(visit).await,
        Does::ShowCode => challenge::show(visit).await,
        Does::EnterCode => challenge::submit(visit).await,
        Does::ShowWays => code_help::show(visit).await,
        Does::TakeWay => code_help::take(visit).await,
        Does::OtherAccount => sign_in::other_account(visit).await,
        Does::ShowEnrolment => enrolment::show(visit).await,
        Does::EnterTicket => enrolment::ticket(visit).await,
        Does::BeginEnrolment => enrolment::begin(visit).await,
        Does::Choose => choice::submit(visit).await,
        Does::Prove => enrolment::prove(visit).await,
        Does::ProveAgain => enrolment::prove_again(visit).await,
        Does::ChooseAgain => choice::again(visit).await,
        Does::ShowUsers => users::show(visit).await,
        Does::AskForOwn => users::ask(visit).await,
        Does::InviteUser => users::invite(visit).await,
        Does::TakeInvitation => users::invitation(visit).await,
        Does::ShowUser => users::show_edit(visit).await,
        Does::ChangeGroups => users::change_groups(visit).await,
        Does::ShowRemoveUser => users::show_remove(visit).await,
        Does::RemoveUser => users::remove(visit).await,
        Does::ShowInvited => invited::show(visit).await,
        Does::AcceptInvitation => invited::accept(visit).await,
        Does::Later => rollout::later(visit).await,
        Does::ShowEnable => rollout::show_enable(visit).await,
        Does::Enable => rollout::enable(visit).await,
        Does::ShowEnrolled => enrolment::show_done(visit).await,
        Does::ShowSwitchedOff => switched_off::show(visit).await,
        Does::ShowRecovery => recovery::show(visit).await,
        Does::RequestRecovery => recovery::request(visit).await,
        Does::ShowFresh => fresh::show(&visit.asking(Flow::FreshCode)).await,
        Does::BeginFresh => fresh::begin(&visit.asking(Flow::FreshCode)).await,
        Does::ShowFreshWays => code_help::show(&visit.asking(Flow::FreshCode)).await,
        Does::TakeFreshWay => code_help::take(&visit.asking(Flow::FreshCode)).await,
        Does::ShowSettings => settings::show(visit).await,
        Does::ShowMethod(role) => settings::show_method(visit, role).await,
        Does::SwapMethods => settings::swap(visit).await,
        Does::Relabel => settings::relabel(visit).await,
        Does::BeginReplacement => settings::begin_replacement(visit).await,
        Does::ShowReplacement => enrolment::show(&visit.asking(Flow::Replacement)).await,
        Does::ChooseReplacement => choice::submit(&visit.asking(Flow::Replacement)).await,
        Does::ProveReplacement => enrolment::prove(&visit.asking(Flow::Replacement)).await,
        Does::ProveReplacementAgain => enrolment::prove_again(&visit.asking(Flow::Replacement)).await,
        Does::ChooseReplacementAgain => choice::again(&visit.asking(Flow::Replacement)).await,
        Does::CancelReplacement => settings::cancel_replacement(&visit.asking(Flow::Replacement)).await,
        Does::EndTrust => settings::end_trust(visit).await,
        Does::EndSessions => settings::end_sessions(visit).await,
        Does::SetLanguage => settings::set_language(visit).await,
        Does::RequestEmail => settings::request_email(visit).await,
        Does::ShowPassword => settings::show_password(visit).await,
        Does::ChangePassword => settings::change_password(visit).await,
        Does::ShowSignOut => sign_in::show_sign_out(visit).await,
        Does::SignOut => sign_in::sign_out(visit).await,
        Does::KeepLink => Ok(links::keep(visit)),
        Does::ShowLink => links::show(visit).await,
        Does::FollowLink => links::follow(visit).await,
        Does::MailEnrolmentLink => enrolment::mail_link(visit).await,
        Does::ShowPasswordReset => Ok(password_reset::show(visit)),
        Does::OpenPasswordReset => Ok(password_reset::open(visit)),
        Does::Front => {
            let signed_in = visit.portal.app.session(&visit.browser()).await?.is_some();
            Ok(visit.see(if signed_in { Here::Settings } else { Here::SignIn }))
        }
        Does::RequestPasswordReset => password_reset::request(visit).await,
        Does::ShowRecoveryCode => recovery_codes::show(visit).await,
        Does::UseRecoveryCode => recovery_codes::submit(visit).await,
        Does::RenewRecoveryCodes => recovery_codes::renew(visit).await,
        Does::ShowRecoveryCodes => recovery_codes::show_new(visit).await,
        Does::KeptRecoveryCodes => recovery_codes::kept(visit).await,
        Does::SaveRecoveryCodes => recovery_codes::save(visit).await,
        Does::ShowHeld => held::show(visit).await,
        Does::SaveHeld => held::save(visit).await,
        Does::AskDiscardHeld => held::ask_discard(visit).await,
        Does::DiscardHeld => held::discard(visit).await,
        Does::ShowNotRecognised => stopped::show_not_recognised(visit).await,
        Does::Language => Ok(sign_in::switch_language(visit)),
        Does::ShowGuide(guide) => Ok(guides::show(visit, guide)),
        // These answer before a visit is made, or lead here by themselves.
        Does::StyleSheet | Does::Mark | Does::Logo | Does::Script | Does::Keys | Does::State | Does::EnterFresh => {
            Ok(Answer::new(StatusCode::NOT_FOUND))
        }
    }
}

/// The form of a post that comes from our own pages, in the one encoding they send.
async fn posted(portal: &Portal, headers: &HeaderMap, client: &Client, body: Body) -> Result<Form, Problem> {
    let snapshot = portal.app.snapshot();
    if !csrf::from_our_pages(headers, &client.host) {
        audit::Event::CrossSiteForm.record(audit::Origin::Client(client.address));
        return Err(Problem::FormExpired);
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err(Problem::BadRequest);
    }
    // No browser packs a form, and what is packed is not read as if it were not (RFC 9110 §8.4).
    let packed = |coding: &HeaderValue| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().any(packed) {
        return Err(Problem::Packed);
    }
    let body = match Limited::new(body, snapshot.config.limits.form_bytes).collect().await {
        Ok(body) => zeroize::Zeroizing::new(body.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => return Err(Problem::TooLarge),
        Err(_broken) => return Err(Problem::BadRequest),
    };
    Form::parse(&body).map_err(|super::form::NotAForm| Problem::BadRequest)
}
