//! Who the people are: accounts, the names they sign in by, and their two methods (pure values; no storage, no clock).

mod identifier;
mod method;
mod pair;
mod phone;
mod seller;

pub use identifier::{EmailAddress, Group, IdentifierError, LoginName, UserName};
pub use method::{Label, LabelError, Method, MethodId, MethodKind, NewMethod, Target};
pub use pair::{HasTarget, MethodPair, PairError, Role, backup_choice, check_target};
pub use phone::{NumberKind, PhoneError, PhoneNumber};
pub use seller::{Membership, SellerAccount, SellerId, SellerName, SellerNameError, regrant};

use crate::{clock::Timestamp, language::Language, random_id};

random_id!(
    /// Names one account for ever; the `sub` the console sees, stable through renames.
    AccountId
);

/// One person's sign-in, without its password and methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its identifier.
    pub id: AccountId,
    /// The name it signs in by.
    pub user_name: UserName,
    /// Also a name it signs in by, and where notices go.
    pub email: Option<EmailAddress>,
    /// What the console shows; any text.
    pub display_name: Option<String>,
    /// Groups the access rules and the console see, sorted and without repeats.
    pub groups: Vec<Group>,
    /// Language of messages that are sent while no page is open.
    pub language: Language,
    /// Disabled accounts cannot sign in, and have no sessions.
    pub disabled: bool,
    /// Rises whenever a credential changes; sessions and trusted devices of an older version are void.
    pub credential_version: CredentialVersion,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A counter of credential changes on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct CredentialVersion(pub i64);
