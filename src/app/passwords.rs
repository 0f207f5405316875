//! Choosing a password: the one way to a password that may be stored, whoever chooses it and on whichever page.

use super::{App, Result};
use crate::{
    account::{Account, EmailAddress, LoginName, UserName},
    authn::{
        ContextWords, Password, PasswordProblem,
        password::{self, Candidate},
    },
    clock::Timestamp,
};

impl App {
    /// Holds a password that somebody chose for an account against the rules (`product.md` §2): length, the list of
    /// common ones, the names of the account, the service and the hosts.
    pub fn choose_password(
        &self,
        typed: &str,
        user_name: &UserName,
        email: Option<&EmailAddress>,
    ) -> std::result::Result<Password, PasswordProblem> {
        let config = &self.snapshot().config;
        let names = [user_name.as_str(), &config.branding.name_ja, &config.branding.name_en];
        let names = names.into_iter().chain(config.hosts.names());
        // Of an address the part before the sign names the person; the rest names a mail service.
        let own = email.and_then(|address| address.as_str().split('@').next());
        let address = email.map(EmailAddress::as_str);
        Password::chosen(typed, &ContextWords::new(names.chain(own).chain(address)))
    }

    /// Is this the password the account has, be the account frozen or not? For whoever may replace it anyway: any other
    /// password becomes the new one, so nobody learns more than whether this one is it.
    pub(super) async fn is_present_password(
        &self,
        account: &Account,
        chosen: &Password,
        now: Timestamp,
    ) -> Result<bool> {
        let name = LoginName::parse(account.user_name.as_str());
        let Some(stored) = self.store.credentials(&name).await?.filter(|c| c.account.id == account.id) else {
            return Ok(false);
        };
        // A hash of other software may read the beginning only: what differs after it is another password.
        if stored.hash.cuts(chosen) {
            return Ok(false);
        }
        let pool = if self.snapshot().scheme.is_foreign(&stored.hash) { &self.foreign } else { &self.hashing };
        let candidate =
            Candidate { account: account.id, credential_version: stored.account.credential_version, hash: stored.hash };
        let (chosen, dummy) = (chosen.clone(), self.dummy.clone());
        pool.run(move || password::verify(Some(&candidate), Some(&chosen), &dummy, now).is_some()).await
    }
}
