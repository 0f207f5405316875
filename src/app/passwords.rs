//! Choosing a password: the one way to a password that may be stored, whoever chooses it and on whichever page.

use super::App;
use crate::{
    account::{EmailAddress, UserName},
    authn::{ContextWords, Password, PasswordProblem},
};

impl App {
    /// Holds a password that somebody chose for an account against the rules (`product.md` §2): length, the list of
    /// common ones, the names of the account, the service and the host.
    pub fn choose_password(
        &self,
        typed: &str,
        user_name: &UserName,
        email: Option<&EmailAddress>,
    ) -> Result<Password, PasswordProblem> {
        let config = &self.snapshot().config;
        let names = [user_name.as_str(), &config.branding.name_ja, &config.branding.name_en, &config.public_url.host];
        // Of an address the part before the sign names the person; the rest names a mail service.
        let own = email.and_then(|address| address.as_str().split('@').next());
        let address = email.map(EmailAddress::as_str);
        Password::chosen(typed, &ContextWords::new(names.into_iter().chain(own).chain(address)))
    }
}
