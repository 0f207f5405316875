//! Access tokens: made and ended by operators, and the gate for the scripts that show them. A token stands for its account
//! within its own paths and methods; it is nobody's session, and no rule that asks for a person's code is met by it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::{
    App, AppError, GateRequest, Result, Snapshot, TokenText,
    administration::{Answer, Refused},
    assertion::{Assertion, Claims},
    gate::LOOKS_AGAIN,
    live_sessions::header_text,
    notices::both,
};
use crate::{
    access::{
        Asked, Credential, Decision, Denial, Jar, Observing, Passage, Principal, Requirement, Rule, Rules, Ruling,
        TokenFault,
    },
    account::{Account, AccountId, Group},
    audit::{Event, Origin},
    clock::Timestamp,
    keyring::TokenId,
    secret::{Digest, SecretString},
    session::{AccessToken, AccessTokenId, TokenScope},
    store::{NewAccessToken, Notice, StoredAccessToken},
};

/// Living tokens of one account.
pub const MOST_TOKENS: u32 = 20;
/// The longest life of a token.
pub const LONGEST_LIFE: Duration = Duration::from_hours(365 * 24);
/// Its last use is written at most so often.
const WRITE_INTERVAL: Duration = Duration::from_mins(1);

/// A token an operator wants.
#[derive(Clone, Debug)]
pub struct TokenOrder {
    /// What it is for.
    pub label: String,
    /// Where it may go.
    pub scope: TokenScope,
    /// How long.
    pub lifetime: Duration,
}

/// A token that was made; its text is shown once.
#[derive(Debug)]
pub struct MadeToken {
    /// The text.
    pub text: SecretString,
    /// What is known of it.
    pub token: AccessToken,
}

/// What a request shows as its access token.
#[derive(Clone, Copy, Debug)]
pub enum ShownToken<'a> {
    /// One text.
    One(TokenText<'a>),
    /// Something of ours that is not one token alone.
    Unreadable,
}

/// A token as the hot path sees it.
#[derive(Debug)]
pub(super) struct LiveToken {
    token: AccessToken,
    principal: Arc<Principal>,
    /// The scope as rules, so that paths match here exactly as they do there.
    scope: Rules,
    assertion: Assertion,
    stored_used: AtomicI64,
    /// Changes of sessions and accounts counted when its read began; one more, and it is read again.
    began: u64,
}

impl LiveToken {
    fn new(stored: StoredAccessToken, began: u64) -> Result<Self> {
        let StoredAccessToken { token, account } = stored;
        let groups = account.groups.iter().map(Group::as_str).collect::<Vec<_>>().join(",");
        let principal = Principal {
            account: account.id,
            credential: Credential::Token(token.id),
            code_given_at: None,
            member_of: account.groups.clone(),
            user: header_text(account.user_name.as_str()),
            email: account.email.as_ref().map(|email| header_text(email.as_str())),
            groups: header_text(&groups),
            level: http::HeaderValue::from_static("1"),
        };
        let methods = token.scope.methods.iter().map(|name| name.parse()).collect::<std::result::Result<Vec<_>, _>>();
        let methods = methods.map_err(|_not_a_token| AppError::Bug("a method of an access token"))?;
        // No methods would mean all of them.
        let paths = if methods.is_empty() { &[][..] } else { &token.scope.paths };
        let rule = |path: &String| Rule::new(path, methods.clone(), Requirement::Public);
        Ok(Self {
            principal: Arc::new(principal),
            scope: Rules::new(paths.iter().map(rule).collect()),
            assertion: Assertion::new(Claims::of_token(&token, &account)),
            stored_used: AtomicI64::new(token.last_used_at.map_or(0, Timestamp::as_millis)),
            began,
            token,
        })
    }

    fn covers(&self, asked: Asked<'_>) -> bool {
        matches!(self.scope.ruling(asked, None), Ruling::Needs { requirement: Requirement::Public, .. })
    }

    /// `true` when the store should hear of a use now.
    fn used(&self, now: Timestamp) -> bool {
        let (now, stored) = (now.as_millis(), self.stored_used.load(Ordering::Relaxed));
        let due =
            i64::try_from(WRITE_INTERVAL.as_millis()).is_ok_and(|interval| now.saturating_sub(stored) >= interval);
        due && self.stored_used.compare_exchange(stored, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The tokens in memory, by the digest the store knows them by.
#[derive(Debug)]
pub(super) struct LiveTokens {
    by_digest: moka::future::Cache<[u8; 32], Arc<LiveToken>>,
    uses: Mutex<HashMap<AccessTokenId, Timestamp>>,
}

/// More would be more scripts than people.
const CACHED: u64 = 10_000;

impl LiveTokens {
    pub(super) fn new() -> Self {
        Self { by_digest: moka::future::Cache::builder().max_capacity(CACHED).build(), uses: Mutex::default() }
    }

    fn note_use(&self, id: AccessTokenId, at: Timestamp) {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner).insert(id, at);
    }

    fn take_uses(&self) -> HashMap<AccessTokenId, Timestamp> {
        std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep_uses(&self, older: HashMap<AccessTokenId, Timestamp>) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, at) in older {
            uses.entry(id).or_insert(at);
        }
    }
}

impl App {
    /// Makes a token that acts as an account.
    pub async fn create_token(&self, account: &Account, order: TokenOrder) -> Answer<MadeToken> {
        if order.lifetime > LONGEST_LIFE || order.lifetime.is_zero() {
            return Ok(Err(Refused::Token("a token is good for at least a day and at most a year".to_owned())));
        }
        let now = self.now();
        let id = TokenId::random(&*self.entropy);
        let (text, genuine) = self.keyring.issue_access_token(id).ok_or(AppError::Key)?;
        let digest = self.keyring.token_digest(&genuine).ok_or(AppError::Key)?;
        let token = AccessToken {
            id: AccessTokenId::random(&*self.entropy),
            account: account.id,
            label: order.label,
            scope: order.scope,
            created_at: now,
            expires_at: now + order.lifetime,
            last_used_at: None,
        };
        let pair = self.told_pair(account).await?;
        let notice = Notice::TokenCreated { label: token.label.clone(), until: token.expires_at };
        let notices = self.notices(account, &both(pair.as_ref()), &notice, now);
        let new = NewAccessToken { token, digest, most: MOST_TOKENS, notices };
        if let Err(why) = self.store.create_token(&new).await? {
            return Ok(Err(Refused::Token(why.to_string())));
        }
        let token = new.token;
        Event::TokenCreated { account: &token.account.to_string(), token: &token.id.to_string() }
            .record(Origin::Operator);
        Ok(Ok(MadeToken { text, token }))
    }

    /// Tokens, of one account or of all; those that have expired stay in the list for a month.
    pub async fn list_tokens(&self, account: Option<AccountId>) -> Result<Vec<StoredAccessToken>> {
        Ok(self.store.tokens(account).await?)
    }

    /// Ends one token: no request that starts after this returns is let through by it.
    pub async fn revoke_token(&self, id: AccessTokenId) -> Answer<()> {
        let Some(account) = self.store.revoke_token(id).await? else { return Ok(Err(Refused::NotFound("token"))) };
        self.live.something_changed();
        Event::TokenRevoked { account: &account.to_string(), token: &id.to_string() }.record(Origin::Operator);
        Ok(Ok(()))
    }

    /// Ends every token of an account; how many there were.
    pub async fn revoke_tokens(&self, account: AccountId) -> Result<usize> {
        let gone = self.store.revoke_tokens(account).await?;
        self.live.something_changed();
        for id in &gone {
            Event::TokenRevoked { account: &account.to_string(), token: &id.to_string() }.record(Origin::Operator);
        }
        Ok(gone.len())
    }

    /// Decides on a request that shows an access token. The token alone counts: what the browser's cookies would open is
    /// not asked.
    pub async fn decide_by_token(&self, request: GateRequest<'_>, shown: ShownToken<'_>) -> Result<Decision> {
        let snapshot = self.snapshot.load();
        let asked = request.asked();
        let console = snapshot.routes.console(request.host, request.path);
        let observing = self.observing();
        let live = match self.shown_token(shown, request.address).await {
            Err(error) if observing.is_some() => {
                tracing::warn!(%error, "an access token cannot be read; nothing is enforced");
                Err(TokenFault::Unknown)
            }
            found => found?,
        };
        let live = match live {
            Ok(live) if live.covers(asked) && self.is_main(asked.host) => live,
            Ok(_) => return Ok(refused(TokenFault::Scope, observing).at(console)),
            Err(fault) => return Ok(refused(fault, observing).at(console)),
        };
        let now = self.now();
        if live.used(now) {
            self.tokens.note_use(live.token.id, now);
        }
        let ruling = snapshot.rules.ruling(asked, Some(&live.principal.member_of));
        let decision = match Decision::of(ruling, Ok(live.principal.clone()), now) {
            // Whatever else is asked for, a person has to do it.
            Decision::Interrupt(_) => Decision::Deny(Denial::Token(TokenFault::NeedsAPerson)),
            other => other,
        };
        match decision.unless_observing(observing, Some(live.principal.clone())).at(console) {
            Decision::Forward(permit) => {
                let jar = jar_of_token(&snapshot, request, live.principal.account, observing);
                let passage = snapshot.rules.passage(ruling);
                let passage = Passage { websocket: passage.websocket || observing.is_some(), ..passage };
                let permit = permit.with_jar(jar).with_passage(passage);
                self.vouched(permit, &live.assertion, observing.is_some()).await.map(Decision::Forward)
            }
            other => Ok(other),
        }
    }

    async fn shown_token(
        &self,
        shown: ShownToken<'_>,
        address: IpAddr,
    ) -> Result<std::result::Result<Arc<LiveToken>, TokenFault>> {
        let ShownToken::One(TokenText(text)) = shown else { return Ok(Err(TokenFault::Malformed)) };
        // What was not made here is known by its MAC: guessing asks neither memory nor store.
        let Some(genuine) = self.keyring.genuine_access_token(text) else { return Ok(Err(TokenFault::Malformed)) };
        let digest = self.keyring.token_digest(&genuine).ok_or(AppError::Key)?;
        let Some(live) = self.live_token(&digest).await? else { return Ok(Err(TokenFault::Unknown)) };
        if live.token.expired(self.now()) {
            return Ok(Err(TokenFault::Expired));
        }
        if !live.token.scope.admits(address) {
            let (account, token) = (live.token.account.to_string(), live.token.id.to_string());
            Event::TokenRefused { account: &account, token: &token, reason: "address" }.record(Origin::Client(address));
            return Ok(Err(TokenFault::Address));
        }
        Ok(Ok(live))
    }

    /// From memory while nothing has changed since it was read.
    async fn live_token(&self, digest: &Digest) -> Result<Option<Arc<LiveToken>>> {
        let began = self.live.changes();
        if let Some(live) = self.tokens.by_digest.get(digest.as_bytes()).await
            && live.began == began
        {
            return Ok(Some(live));
        }
        let Some(stored) = self.store.token(digest).await? else {
            self.tokens.by_digest.invalidate(digest.as_bytes()).await;
            return Ok(None);
        };
        let live = Arc::new(LiveToken::new(stored, began)?);
        self.tokens.by_digest.insert(*digest.as_bytes(), live.clone()).await;
        Ok(Some(live))
    }

    /// Resolves when this token opens nothing any more from there, half a second later at most.
    pub async fn token_ended(&self, shown: ShownToken<'_>, id: AccessTokenId, address: IpAddr) {
        loop {
            tokio::time::sleep(LOOKS_AGAIN).await;
            let lives = self.shown_token(shown, address).await;
            if !matches!(lives, Ok(Ok(live)) if live.token.id == id) {
                return;
            }
        }
    }

    /// Writes down when tokens were last used.
    pub(super) async fn write_token_uses(&self) -> Result<()> {
        let used = self.tokens.take_uses();
        if used.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = used.iter().map(|(id, at)| (*id, *at)).collect();
        if let Err(error) = self.store.touch_tokens(&rows).await {
            self.tokens.keep_uses(used);
            return Err(error.into());
        }
        Ok(())
    }
}

fn refused(fault: TokenFault, observing: Option<Observing>) -> Decision {
    Decision::Deny(Denial::Token(fault)).unless_observing(observing, None)
}

/// A browser that somebody signs in on may hold the console's cookies of somebody else.
fn jar_of_token(
    snapshot: &Snapshot,
    request: GateRequest<'_>,
    account: AccountId,
    observing: Option<Observing>,
) -> Jar {
    let a_browser = request.session.is_some() || request.known.is_some() || request.marks.any();
    let bound = snapshot.config.console.bound_cookies || a_browser;
    if bound && observing.is_none() { Jar::Shared { account: Some(account) } } else { Jar::Own }
}
