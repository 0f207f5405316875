//! From the password to the session: the first form, the end of every sign-in, and signing out.

use super::{
    App, AppError, Browser, Cookie, DeviceCookie, Flow, Result,
    devices::Trust,
    notices::both,
    password_check::Proven,
    spending::{Asking, Destination},
};
use crate::{
    account::{Account, AccountId, LoginName, Method, MethodPair, PhoneNumber, Target},
    audit::{Event, Origin},
    authn::{
        ChallengeSeed, Completion, Context, EnrolmentStep, Messages, OpenedBy, Password, SecondStepProof, SendOrder,
        SignIn, Standing, Step, Transition, WaivedBecause,
    },
    clock::Timestamp,
    keyring::{CookieToken, Purpose, TokenId},
    language::Language,
    secret::{Digest, SecretString},
    session::{DeviceLabel, SecondStep, SessionId},
    store::{
        BeginSignIn, CompleteSignIn, EnrolledMethod, Enrolment, Happened, MessageState, Notice, OutboxId, OutboxItem,
        OutboxOrder, PendingSignIn, RateLimit, SendKey, SignInId, SignInPlace, Stale, UsedCode,
    },
};
use secrecy::ExposeSecret as _;
use std::{net::IpAddr, time::Duration};

/// The first form.
#[derive(Debug)]
pub struct PasswordForm<'a> {
    /// User name or e-mail address as typed; never printed.
    pub login: SecretString,
    /// Password as typed.
    pub password: SecretString,
    /// The browser.
    pub browser: &'a Browser<'a>,
}

/// What the first form led to.
#[derive(Debug)]
pub enum PasswordOutcome {
    /// Not this time.
    Refused(PasswordRefusal),
    /// A code or an enrolment is next. A new cookie unless the browser's pending sign-in goes on.
    Pending {
        /// `__Host-sekisho-signin`.
        cookie: Option<CookieToken>,
        /// `__Host-sekisho-device`, when a trust has ended.
        device: Option<DeviceCookie>,
    },
    /// The browser was trusted: signed in.
    SignedIn(Grant),
}

/// Why the first form was refused. The same for every name, whether it exists or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordRefusal {
    /// Name or password.
    BadCredentials,
    /// Too many wrong ones; from then on again.
    WaitUntil(Timestamp),
    /// The gateway checks as many passwords as it can.
    Busy,
}

/// A new session and its cookies.
#[derive(Debug)]
pub struct Grant {
    /// `__Host-sekisho`.
    pub session: CookieToken,
    /// `__Host-sekisho-device`, when it changed.
    pub device: Option<DeviceCookie>,
    /// `__Host-sekisho-known`, after a sign-in.
    pub known: Option<CookieToken>,
    /// The mark to set beside it, after a sign-in.
    pub mark: Option<String>,
    /// Did somebody else sign in on this browser last?
    pub changed_hands: bool,
    /// Was the pair enrolled in this sign-in?
    pub enrolled: bool,
    /// Is one of the methods switched off after many wrong codes? It has to be set up again.
    pub rebind: bool,
}

impl Grant {
    /// A session that goes on under a new identifier; nothing else of the browser's changes.
    pub(super) fn renewed(session: CookieToken) -> Self {
        Self { session, device: None, known: None, mark: None, changed_hands: false, enrolled: false, rebind: false }
    }
}

/// Who is signed in, for our own pages.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Which session: another one of the same person's has another.
    pub id: SessionId,
    /// The account.
    pub account: Account,
    /// Its methods.
    pub pair: Option<MethodPair>,
    /// How the second step was passed.
    pub second_step: SecondStep,
}

impl App {
    /// Takes the first form. Every answer, right or wrong, known or unknown, comes at the same fixed delay or later.
    pub async fn sign_in(&self, form: PasswordForm<'_>) -> Result<PasswordOutcome> {
        self.sign_in_by(form, EnrolmentWish::AsAsked).await
    }

    pub(super) async fn sign_in_by(&self, form: PasswordForm<'_>, enrolment: EnrolmentWish) -> Result<PasswordOutcome> {
        let due = tokio::time::Instant::now() + self.snapshot().config.password.minimum_delay;
        let outcome = self.check_password(form, enrolment).await;
        tokio::time::sleep_until(due).await;
        match outcome {
            Err(AppError::Busy) => Ok(PasswordOutcome::Refused(PasswordRefusal::Busy)),
            other => other,
        }
    }

    #[expect(clippy::too_many_lines, reason = "one use case, read from top to bottom")]
    async fn check_password(&self, form: PasswordForm<'_>, enrolment: EnrolmentWish) -> Result<PasswordOutcome> {
        let (now, snapshot, browser) = (self.now(), self.snapshot(), form.browser);
        let origin = Origin::Client(browser.address);
        let name = LoginName::parse(form.login.expose_secret());
        let credentials = self.store.credentials(&name).await?;
        let account_id = credentials.as_ref().map(|c| c.account.id.to_string());
        let presented = self.presented(browser);
        let known = match &credentials {
            Some(c) => match self.known_browser(&presented, &c.account, now).await? {
                Some(device) => Some(device.to_string()),
                None => self.known_as(browser, c.account.id, now),
            },
            None => None,
        };

        let refused = |by| Event::PasswordThrottled { account: account_id.as_deref(), by }.record(origin);
        // The address first: what it may not try any more does not count against the owner of the name.
        let rates = self.address_rates(browser.address, &snapshot)?;
        let place = self.place_known_by(browser, known.as_deref())?;
        let budget = self.password_budget(&name, credentials.as_ref(), known)?;
        let tried = match self.try_password(rates, budget, now).await? {
            Ok(tried) => tried,
            Err((by, until)) => {
                refused(by);
                return Ok(PasswordOutcome::Refused(PasswordRefusal::WaitUntil(until)));
            }
        };

        let typed = Password::typed(form.password.expose_secret());
        let proven = self.prove(credentials.as_ref(), typed, &snapshot, now).await;
        if let Err(AppError::Busy) = proven {
            // Nobody looked at it.
            self.give_back(&tried, now).await?;
        }
        let Some(Proven { proof, rehash, cut_short }) = proven? else {
            Event::PasswordRefused { account: account_id.as_deref() }.record(origin);
            if let Some(c) = &credentials {
                self.note(browser, c.account.id, Happened::WrongPassword).await;
            }
            return Ok(PasswordOutcome::Refused(PasswordRefusal::BadCredentials));
        };
        let Some(credentials) = credentials else { return Err(AppError::Bug("a password was proven for nobody")) };
        self.give_back(&tried, now).await?;
        Event::PasswordAccepted { account: &credentials.account.id.to_string() }.record(origin);
        if cut_short {
            // Before there is a session: each that begins from now on asks for a new password.
            self.store.note_cut_short(credentials.account.id, now).await?;
            Event::PasswordCutShort { account: &credentials.account.id.to_string() }.record(origin);
        }

        let judged = if credentials.pair.is_some() {
            self.judge(presented, &credentials.account, origin, now).await?
        } else {
            super::devices::Judged {
                proof: None,
                reason: crate::authn::CodeReason::NewBrowser,
                replayed: false,
                cookie: None,
            }
        };
        if judged.replayed {
            self.note(browser, credentials.account.id, Happened::DeviceReplayed).await;
        }
        let excusable = credentials.pair.is_none() && credentials.ticket.is_none();
        let standing = match enrolment {
            EnrolmentWish::AsAsked if excusable => self.standing(&credentials.account, now).await?,
            EnrolmentWish::AsAsked | EnrolmentWish::Now => Standing::Enforced,
        };
        let account = &credentials.account;
        let asking = Asking { account: account.id, address: browser.address };
        // First as if a message may go out. Where the store says that none may yet, the code that is good in this browser
        // is joined, if there is one: whoever knows the password causes no more messages than one.
        let mut withheld = false;
        for _ in 0..3 {
            let messages = match &credentials.pair {
                Some(pair) => self.store.method_messages(pair.primary().id, &place, now).await?,
                None => MessageState::default(),
            };
            let ctx = Context {
                policy: &snapshot.policy(),
                keyring: &self.keyring,
                pair: credentials.pair.as_ref(),
                app_last_step: credentials.app_last_step,
                ticket: credentials.ticket.as_ref(),
                standing,
                messages: Messages { primary: messages.code.as_ref(), backup: None, withheld },
                now,
            };
            let seed = ChallengeSeed::draw(&*self.entropy, &self.keyring);
            let opened = SignIn::begin(proof.clone(), judged.proof.clone(), judged.reason, &ctx, seed);
            let Ok(Transition { step, send }) = opened else {
                return Err(AppError::Bug("a sign-in that begins was refused"));
            };
            let sign_in = match step {
                Step::Renew(_) | Step::Replaced(_) => {
                    return Err(AppError::Bug("a password finished what a session began"));
                }
                Step::Complete(done) => {
                    let finish = Finish {
                        rebind: false,
                        pending: None,
                        forgive: vec![budget],
                        rehash,
                        trust: None,
                        device: judged.cookie,
                    };
                    return match self.finish(*done, account, browser, finish, now).await? {
                        Ok(grant) => Ok(PasswordOutcome::SignedIn(grant)),
                        Err(_changed_meanwhile) => Ok(PasswordOutcome::Refused(PasswordRefusal::BadCredentials)),
                    };
                }
                Step::Continue(sign_in) if self.needs_link(account) => sign_in.awaiting_link(),
                Step::Continue(sign_in) => sign_in,
            };
            if self.continues(browser, &sign_in, now).await? {
                self.store.forgive(&[budget]).await?;
                return Ok(PasswordOutcome::Pending { cookie: None, device: judged.cookie });
            }
            let (cookie, token) = self
                .keyring
                .issue(Purpose::SignInCookie, browser.host, TokenId::random(&*self.entropy))
                .ok_or(AppError::Key)?;
            let language = spoken_by(account, credentials.pair.is_some(), browser);
            if send.as_ref().is_some_and(|order| self.unreachable(&order.to).is_some()) {
                withheld = true;
                continue;
            }
            let message =
                send.map(|order| self.outbox_order(order, &sign_in, place, browser, language, asking)).transpose()?;
            let method = message.as_ref().map(|message| message.order.kind.as_str());
            let begin = BeginSignIn {
                id: SignInId::random(&*self.entropy),
                digest: self.keyring.token_digest(&token).ok_or(AppError::Key)?,
                place,
                sign_in,
                expires_at: now + snapshot.config.sign_in.lifetime,
                message,
                replaces: self.sign_in_digest(browser),
                forgive: vec![budget],
                rehash: rehash.clone(),
            };
            match self.store.begin_sign_in(&begin, now).await? {
                Ok(()) => {
                    if begin.sign_in.step() == Some(EnrolmentStep::OpenLink)
                        && let Some(pending) = self.store.pending_sign_in_by_id(begin.id, now).await?
                    {
                        self.begin_waiting_for_link(browser, &pending).await?;
                    }
                    if let Some(method) = method {
                        Event::CodeOrdered { account: &account.id.to_string(), method }.record(origin);
                    }
                    return Ok(PasswordOutcome::Pending { cookie: Some(cookie), device: judged.cookie });
                }
                Err(Stale::SendAgainAt(_) | Stale::NoMoreSends(_)) => withheld = true,
                Err(Stale::Withheld(why)) => {
                    let toll = begin.message.as_ref().and_then(|message| message.toll.as_ref());
                    self.not_ordered(why, toll, asking).await?;
                    withheld = true;
                }
                // The account changed, or another tab made a new code the good one: looked at once more.
                Err(Stale::MovedOn | Stale::StepUsed) => {}
            }
        }
        Ok(PasswordOutcome::Refused(PasswordRefusal::BadCredentials))
    }

    /// The message of a code, and what pays for it: the method, or the number while it is being set up.
    pub(super) fn outbox_order(
        &self,
        order: SendOrder,
        sign_in: &SignIn,
        place: SignInPlace,
        browser: &Browser<'_>,
        language: Language,
        asking: Asking,
    ) -> Result<OutboxOrder> {
        let key = match sign_in.method() {
            Some(method) => place.counts(method),
            None => self.number_key(&order.to)?,
        };
        let limit = self.snapshot().send_limit(key, self.day_of(&order.to)?);
        let to = Destination { number: &order.to, channel: order.kind, proven: sign_in.method().is_some() };
        let toll = Some(self.toll(to, asking)?);
        let host = browser.host.to_owned();
        Ok(OutboxOrder { id: OutboxId::random(&*self.entropy), order, host, language, limit, place, toll })
    }

    /// What counts the messages to a number that is being set up: its digits, whatever the account and the channel.
    pub(super) fn number_key(&self, number: &PhoneNumber) -> Result<SendKey> {
        let parts: [&[u8]; 2] = [b"number", number.e164().as_bytes()];
        let digest = self.keyring.mac(self.keyring.active(), Purpose::ThrottleKey, &parts);
        Ok(SendKey::Number(digest.ok_or(AppError::Key)?))
    }

    /// What counts the wrong codes of a method that is being set up: the number, whatever the channel, or the app.
    pub(super) fn new_method_key(&self, account: AccountId, target: &Target) -> Result<Digest> {
        let destination = target.phone().map_or("app", PhoneNumber::e164);
        self.throttle_key(&[b"new-method", account.to_string().as_bytes(), destination.as_bytes()])
    }

    /// What counts every message to a number within a day, whichever account, method and channel it is for: a right code
    /// begins the waits again, so that without it whoever has password and code would cause messages without end.
    pub(super) fn day_of(&self, number: &PhoneNumber) -> Result<RateLimit> {
        let key = self.throttle_key(&[b"number-day", number.e164().as_bytes()])?;
        let limit = self.snapshot().config.sign_in.sends_per_number_a_day;
        Ok(RateLimit { key, limit, window: Duration::from_hours(24) })
    }

    /// After a recovery those are told who knew the account before it, not the new methods alone.
    async fn enrolment_notices(
        &self,
        account: &Account,
        pair: &Enrolment,
        recovered: bool,
        now: Timestamp,
    ) -> Result<Vec<OutboxItem>> {
        let before = if recovered { self.told_pair(account).await? } else { None };
        let mut told = both(before.as_ref());
        told.extend([&pair.primary().method, &pair.backup().method]);
        let what = if recovered { Notice::Recovered } else { Notice::TwoStepEnabled };
        Ok(self.notices(account, &told, &what, now))
    }

    /// Does this browser already have a pending sign-in of the same account? A second tab then joins it: the same
    /// challenge, the same code, no second message.
    async fn continues(&self, browser: &Browser<'_>, begun: &SignIn, now: Timestamp) -> Result<bool> {
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(false) };
        let (there, new) = (&pending.sign_in, begun);
        Ok(there.account() == new.account() && there.credential_version() == new.credential_version())
    }

    /// The end of every sign-in: one transaction, then the caches, then the cookies.
    pub(super) async fn finish(
        &self,
        done: Completion,
        account: &Account,
        browser: &Browser<'_>,
        finish: Finish,
        now: Timestamp,
    ) -> Result<std::result::Result<Grant, Stale>> {
        let snapshot = self.snapshot();
        let origin = Origin::Client(browser.address);
        let Completion { authenticated, enrolled, opened_by } = done;
        let recovered = opened_by == OpenedBy::Recovery;
        let used = match authenticated.second() {
            SecondStepProof::Code(code) => UsedCode::of(code),
            SecondStepProof::TrustedDevice(_) | SecondStepProof::Waived(_) => None,
        };
        let waived = match authenticated.second() {
            SecondStepProof::Waived(waiver) => Some(waiver.because()),
            SecondStepProof::Code(_) | SecondStepProof::TrustedDevice(_) => None,
        };
        let enrolled = enrolled.map(|pair| self.enrolled(&pair)).transpose()?;
        let (cookie, token) = self
            .keyring
            .issue(Purpose::SessionCookie, browser.host, TokenId::random(&*self.entropy))
            .ok_or(AppError::Key)?;
        let session = authenticated.establish(
            crate::authn::NewSession {
                id: SessionId::random(&*self.entropy),
                digest: self.keyring.token_digest(&token).ok_or(AppError::Key)?,
                trusted: finish.trust.as_ref().map(|t| t.device.id),
                browser: DeviceLabel::from_user_agent(browser.user_agent),
            },
            now,
        );
        let trusted = finish.trust.as_ref().map(|t| t.device.id.to_string());
        let device = finish.trust.as_ref().map(|t| t.cookie.clone()).or(finish.device);
        // An operator chose the language for somebody they may never have met; the person has now read the pages in one.
        let language = (enrolled.is_some() && !recovered).then_some(browser.language);
        let account = &Account { language: language.unwrap_or(account.language), ..account.clone() };
        let notices = match &enrolled {
            None => self.sign_in_notices(account, browser, &session, used, now).await?,
            Some(pair) => self.enrolment_notices(account, pair, recovered, now).await?,
        };
        let methods = enrolled.as_ref().map(|p| (p.primary().method.kind(), p.backup().method.kind()));
        let later = match waived {
            Some(WaivedBecause::Later) => Some(snapshot.config.rollout.later),
            Some(WaivedBecause::NotYet) | None => None,
        };
        let ends_recovery = match used {
            Some(_) => self.ends_recovery(account, now).await?,
            None => None,
        };
        let complete = CompleteSignIn {
            pending: finish.pending,
            session: session.clone(),
            used,
            enrolled,
            language,
            opened_by,
            recovered,
            later,
            network: Some(self.network_key(browser.address)?),
            trust: finish.trust.map(|t| t.device),
            replaces: self.session_digest(browser),
            forgive: finish.forgive,
            rehash: finish.rehash,
            notices,
            ends_recovery,
            max_sessions: snapshot.config.session.per_account,
            max_devices: snapshot.config.trusted_device.per_account,
            now,
        };
        let completed = match self.store.complete_sign_in(&complete).await? {
            Ok(completed) => completed,
            Err(stale) => return Ok(Err(stale)),
        };
        self.live.forget(&completed.ended).await;
        Self::recovery_ended(account.id, complete.ends_recovery.as_ref(), browser.address);

        let id = account.id.to_string();
        if let Some((primary, backup)) = methods {
            let (primary, backup) = (primary.as_str(), backup.as_str());
            Event::Enrolled { account: &id, primary, backup, opened_by: opened_by.as_str() }.record(origin);
        }
        for gone in &completed.ended {
            let (account, session) = (gone.account.to_string(), gone.id.to_string());
            Event::SessionEnded { account: &account, session: &session, reason: "replaced" }.record(origin);
        }
        if let Some(device) = trusted {
            Event::DeviceTrusted { account: &id, device: &device }.record(origin);
        }
        let second_step = session.second_step().as_str();
        self.note(browser, account.id, Happened::SignedIn(session.second_step())).await;
        Event::SessionStarted { account: &id, session: &session.id().to_string(), second_step }.record(origin);
        let known = self.known_after(browser, account.id, now);
        let mark = Some(self.mark_after(browser, account.id));
        let changed_hands =
            self.another_signed_in_last(browser.known, account.id) || browser.marks.one_other(account.id);
        Ok(Ok(Grant {
            session: cookie,
            device,
            known,
            mark,
            changed_hands,
            enrolled: methods.is_some(),
            rebind: finish.rebind,
        }))
    }

    fn enrolled(&self, pair: &MethodPair<crate::authn::ProvenMethod>) -> Result<Enrolment> {
        let store = |proven: &crate::authn::ProvenMethod| EnrolledMethod {
            method: Method {
                id: crate::account::MethodId::random(&*self.entropy),
                target: proven.method().target.clone(),
                label: proven.method().label.clone(),
                added_at: proven.proof().at(),
                last_used_at: Some(proven.proof().at()),
            },
            last_step: proven.proof().totp_step(),
        };
        MethodPair::new(store(pair.primary()), store(pair.backup()))
            .map_err(|_never| AppError::Bug("a proven pair is not legal"))
    }

    /// Who is signed in on this browser.
    pub async fn session(&self, browser: &Browser<'_>) -> Result<Option<SessionView>> {
        let Ok(live) = self.live_session(browser.session).await? else { return Ok(None) };
        let Some(summary) = self.store.account(live.principal.account).await? else { return Ok(None) };
        let (id, second_step) = (live.id, live.second_step);
        Ok(Some(SessionView { id, account: summary.account, pair: summary.pair, second_step }))
    }

    /// Whose session this browser has, without counting as a use of it.
    pub async fn watch(&self, browser: &Browser<'_>) -> Result<Option<AccountId>> {
        let watched = self.watched_session(browser.session).await?;
        Ok(watched.ok().map(|(live, _)| live.principal.account))
    }

    /// Ends the session of this browser and its pending sign-in. The trust stays: signing out is not "forget me".
    pub async fn sign_out(&self, browser: &Browser<'_>) -> Result<()> {
        self.sign_out_of(browser.session, browser.address).await?;
        self.abandon(browser).await
    }

    /// Ends the session of this cookie alone, for somebody who signs out of the console.
    pub async fn sign_out_of(&self, session: Option<Cookie<'_>>, address: IpAddr) -> Result<()> {
        if let Some(digest) = self.digest_of(session)
            && let Some(ended) = self.store.end_session_by_digest(&digest).await?
        {
            self.live.forget(std::slice::from_ref(&ended)).await;
            let (account, session) = (ended.account.to_string(), ended.id.to_string());
            Event::SessionEnded { account: &account, session: &session, reason: "sign_out" }
                .record(Origin::Client(address));
        }
        Ok(())
    }

    /// "Use another account": ends the pending sign-in of this browser.
    pub async fn abandon(&self, browser: &Browser<'_>) -> Result<()> {
        if let Some(digest) = self.pending_digest(browser).await? {
            self.store.abandon_sign_in(&digest).await?;
        }
        Ok(())
    }

    pub(super) fn session_digest(&self, browser: &Browser<'_>) -> Option<Digest> {
        self.digest_of(browser.session)
    }

    fn digest_of(&self, session: Option<Cookie<'_>>) -> Option<Digest> {
        let token = self.genuine(Purpose::SessionCookie, session?)?;
        self.keyring.token_digest(&token)
    }

    fn sign_in_digest(&self, browser: &Browser<'_>) -> Option<Digest> {
        let token = self.genuine(Purpose::SignInCookie, browser.sign_in?)?;
        self.keyring.token_digest(&token)
    }

    /// Under which digest the store keeps what this browser has pending.
    async fn pending_digest(&self, browser: &Browser<'_>) -> Result<Option<Digest>> {
        match browser.flow {
            Flow::SignIn => Ok(self.sign_in_digest(browser)),
            Flow::FreshCode => {
                let Ok(_alive) = self.watched_session(browser.session).await? else { return Ok(None) };
                self.session_digest(browser).map(|session| self.fresh_code_digest(&session)).transpose()
            }
            Flow::Replacement => {
                let Ok(_alive) = self.watched_session(browser.session).await? else { return Ok(None) };
                self.session_digest(browser).map(|session| self.replacement_digest(&session)).transpose()
            }
        }
    }

    pub(super) async fn pending_record(&self, browser: &Browser<'_>, now: Timestamp) -> Result<Option<PendingSignIn>> {
        match self.pending_digest(browser).await? {
            Some(digest) => Ok(self.store.pending_sign_in(&digest, now).await?),
            None => Ok(None),
        }
    }
}

/// What happens to an account without methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EnrolmentWish {
    /// What the rollout asks of it.
    AsAsked,
    /// It enrols, since its owner wants to.
    Now,
}

/// What else goes into the last transaction of a sign-in.
pub(super) struct Finish {
    /// One of the methods is switched off.
    pub(super) rebind: bool,
    pub(super) pending: Option<(SignInId, i64)>,
    pub(super) forgive: Vec<Digest>,
    pub(super) rehash: Option<crate::authn::PasswordHash>,
    pub(super) trust: Option<Trust>,
    /// The device cookie, when an existing trust was exchanged.
    pub(super) device: Option<DeviceCookie>,
}

/// The language of a message with a code: the one that its person chose for the pages on this browser, else the one of the
/// settings. Whoever is still enrolling has set none, and the page's is the best guess.
pub(super) fn spoken_by(account: &Account, enrolled: bool, browser: &Browser<'_>) -> Language {
    let settled = if enrolled { account.language } else { browser.language };
    browser.chosen_language.unwrap_or(settled)
}
