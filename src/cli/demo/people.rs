//! The two accounts that are ready: one that has yet to set up two-step verification, one that has it.

use crate::{
    account::{
        Account, EmailAddress, Group, IdentifierError, Method, MethodId, MethodPair, PairError, PhoneError,
        PhoneNumber, SellerName, SellerNameError, Target, UserName,
    },
    app::{
        App, AppError,
        administration::{NewPerson, Refused},
    },
    authn::PasswordProblem,
    cli::Failed,
    language::Language,
    store::EnrolledMethod,
};

/// Name and password of the account without two-step verification.
pub(super) const FRESH: (&str, &str) = ("hanako", "hanako-no-sekisho");
/// Name and password of the account with it.
pub(super) const ENROLLED: (&str, &str) = ("taro", "taro-no-sekisho");

/// The seller account of both; the first looks after it.
const SELLER: &str = "山田商店";

/// Nothing goes out to these numbers: the inbox keeps every message.
const MOBILE: &str = "090-1234-5678";
const LANDLINE: &str = "03-3000-1122";

/// Why an account could not be made. The values above are constants, so only the store can be.
#[derive(Debug, thiserror::Error)]
enum Unsettled {
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    #[error(transparent)]
    Phone(#[from] PhoneError),
    #[error(transparent)]
    Pair(#[from] PairError),
    #[error(transparent)]
    Seller(#[from] SellerNameError),
}

/// Makes the accounts that are not there yet; others stay as their owners left them.
pub(super) async fn settle(app: &App) -> Result<(), Failed> {
    let settled = async {
        add(app, FRESH, "山田 花子", &["owner"], true).await?;
        if let Some(account) = add(app, ENROLLED, "鈴木 太郎", &["staff", "orders"], false).await? {
            enrol(app, &account).await?;
        }
        Ok::<_, Unsettled>(())
    };
    settled.await.map_err(|error| Failed::unreachable(format!("the accounts: {error}")))
}

/// `None` when the account is there already.
async fn add(
    app: &App,
    (name, password): (&str, &str),
    display_name: &str,
    groups: &[&str],
    owner: bool,
) -> Result<Option<Account>, Unsettled> {
    if app.find_account(name).await?.is_ok() {
        return Ok(None);
    }
    let (user_name, email) = (UserName::parse(name)?, EmailAddress::parse(&format!("{name}@example.jp"))?);
    let person = NewPerson {
        password: app.choose_password(password, &user_name, Some(&email))?,
        user_name,
        email: Some(email),
        display_name: Some(display_name.to_owned()),
        groups: groups.iter().map(|group| Group::parse(group)).collect::<Result<_, _>>()?,
        language: Language::Ja,
    };
    Ok(Some(app.add_member(person, SellerName::parse(SELLER)?, owner).await??))
}

async fn enrol(app: &App, account: &Account) -> Result<(), Unsettled> {
    let method = |target| EnrolledMethod {
        method: Method {
            id: MethodId::random(&**app.entropy()),
            target,
            label: None,
            added_at: app.now(),
            last_used_at: None,
        },
        last_step: None,
    };
    let primary = method(Target::Sms(PhoneNumber::parse(MOBILE, "JP")?));
    let backup = method(Target::Voice(PhoneNumber::parse(LANDLINE, "JP")?));
    Ok(app.enrol_directly(account.id, MethodPair::new(primary, backup)?).await??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prepared_pair_is_legal_and_its_numbers_can_be_told_apart() {
        let (mobile, landline) =
            (PhoneNumber::parse(MOBILE, "JP").unwrap(), PhoneNumber::parse(LANDLINE, "JP").unwrap());
        assert_ne!(mobile.last_two(), landline.last_two());
        let new = |target| crate::account::NewMethod { target, label: None };
        MethodPair::new(new(Target::Sms(mobile)), new(Target::Voice(landline))).unwrap();
    }
}
