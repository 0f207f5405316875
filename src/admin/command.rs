//! What an operator can ask for. Passwords travel inside a command, never in a path or an argument.

use serde::{Deserialize, Serialize};

use crate::{language::Language, secret::SecretString};

/// One request of an operator. Accounts are named by identifier, user name or e-mail address.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Makes an account.
    AddUser(NewUser),
    /// Makes accounts that were elsewhere, as many of a file as fit one command.
    ImportUsers {
        /// Every check, and no change.
        dry_run: bool,
        /// Whom.
        users: Vec<ImportUser>,
    },
    /// Changes what is known of an account.
    EditUser {
        /// Which.
        user: String,
        /// What becomes of it.
        edit: EditUser,
    },
    /// Deletes an account with everything that is its own.
    DeleteUser {
        /// Which.
        user: String,
    },
    /// Accounts by user name, as many as fit one reply; the next ones are asked for by the last name.
    ListUsers {
        /// Only those after this user name.
        #[serde(default)]
        after: Option<String>,
    },
    /// One account.
    ShowUser {
        /// Which.
        user: String,
    },
    /// No sign-in any more; sessions and trust end.
    DisableUser {
        /// Which.
        user: String,
    },
    /// Sign-in again.
    EnableUser {
        /// Which.
        user: String,
    },
    /// A new password; sessions and trust end.
    SetPassword {
        /// Whose.
        user: String,
        /// The new one.
        #[serde(with = "secret_text")]
        password: SecretString,
    },
    /// Removes both methods; sessions and trust end, the next sign-in enrols.
    ResetSecondStep {
        /// Whose.
        user: String,
    },
    /// Trusted devices.
    ListDevices {
        /// Of one account; of all without it.
        user: Option<String>,
    },
    /// Ends one trust.
    RevokeDevice {
        /// Which.
        device: String,
    },
    /// Ends every trust of an account.
    RevokeDevices {
        /// Whose.
        user: String,
    },
    /// Living sessions.
    ListSessions {
        /// Of one account; of all without it.
        user: Option<String>,
    },
    /// Ends one session.
    EndSession {
        /// Which.
        session: String,
    },
    /// Ends every session of an account.
    EndSessions {
        /// Whose.
        user: String,
    },
    /// What enforcing would break.
    ObserveReport {},
    /// Invites somebody to a seller account.
    InviteUser(InviteUser),
    /// Requests of people who can use neither method.
    ListRecoveryRequests {
        /// Also those that have ended.
        #[serde(default)]
        all: bool,
    },
    /// The operator has checked who the person is. Who the operator is, the kernel says.
    ApproveRecovery {
        /// Receipt number.
        receipt: String,
    },
    /// The operator says no.
    RefuseRecovery {
        /// Receipt number.
        receipt: String,
    },
    /// Accounts that look as if several people use them.
    ListShared {},
    /// Makes an access token for a script.
    CreateToken(NewToken),
    /// Access tokens.
    ListTokens {
        /// Of one account; of all without it.
        user: Option<String>,
    },
    /// Ends one.
    RevokeToken {
        /// Which.
        token: String,
    },
    /// Ends every one of an account.
    RevokeTokens {
        /// Whose.
        user: String,
    },
    /// How delivery has been going.
    DeliveryStatus {},
    /// What there is left of the budgets, and what came of what was spent.
    DeliveryBudget {},
    /// Nothing goes to or by this any more.
    PauseDelivery {
        /// `sms`, `voice`, `provider:…`, `country:…` or `prefix:…`.
        what: String,
        /// For so long; without it until it is resumed.
        #[serde(default)]
        minutes: Option<u32>,
    },
    /// Messages go there again.
    ResumeDelivery {
        /// As it was paused.
        what: String,
    },
    /// Sends a test.
    TestDelivery {
        /// By whom: the table of the configuration.
        table: String,
        /// Number or address.
        to: String,
        /// Of the text.
        language: Language,
    },
}

impl Command {
    /// May an operator give it who is neither root nor the gateway's own user? Such a one looks, and decides on recovery
    /// requests.
    pub const fn is_for_operators(&self) -> bool {
        match self {
            Self::ListUsers { .. }
            | Self::ShowUser { .. }
            | Self::ListDevices { .. }
            | Self::ListSessions { .. }
            | Self::ListShared {}
            | Self::ListTokens { .. }
            | Self::ObserveReport {}
            | Self::ListRecoveryRequests { .. }
            | Self::DeliveryStatus {}
            | Self::DeliveryBudget {}
            | Self::ApproveRecovery { .. }
            | Self::RefuseRecovery { .. } => true,
            Self::AddUser(_)
            | Self::ImportUsers { .. }
            | Self::EditUser { .. }
            | Self::DeleteUser { .. }
            | Self::DisableUser { .. }
            | Self::EnableUser { .. }
            | Self::SetPassword { .. }
            | Self::ResetSecondStep { .. }
            | Self::RevokeDevice { .. }
            | Self::RevokeDevices { .. }
            | Self::EndSession { .. }
            | Self::EndSessions { .. }
            | Self::CreateToken(_)
            | Self::RevokeToken { .. }
            | Self::RevokeTokens { .. }
            | Self::InviteUser(_)
            | Self::PauseDelivery { .. }
            | Self::ResumeDelivery { .. }
            // It costs money, and reaches anybody.
            | Self::TestDelivery { .. } => false,
        }
    }
}

/// A new account as an operator types it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The name it signs in by.
    pub name: String,
    /// Also a name it signs in by, and where notices go.
    pub email: Option<String>,
    /// What the console may show.
    pub display_name: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// The seller account it belongs to, made where there is none of that name.
    #[serde(default)]
    pub seller: Option<String>,
    /// May it manage the others of its seller account?
    #[serde(default)]
    pub owner: bool,
    /// Language of notices.
    pub language: Language,
    /// The first password.
    #[serde(with = "secret_text")]
    pub password: SecretString,
}

/// An account as a file of another program has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportUser {
    /// The name it signs in by.
    pub name: String,
    /// Also a name it signs in by, and where notices go.
    pub email: Option<String>,
    /// What the console may show.
    pub display_name: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Language of notices.
    pub language: Language,
    /// It cannot sign in.
    pub disabled: bool,
    /// The hash it had there.
    #[serde(with = "secret_text")]
    pub password_hash: SecretString,
    /// Telephone numbers as they were written there.
    pub phones: Vec<String>,
}

impl std::fmt::Debug for ImportUser {
    /// Whole numbers and hashes are never printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportUser({:?}, …)", self.name)
    }
}

/// Changes of an account; what is not there stays. An empty address or display name goes.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EditUser {
    /// The name it signs in by.
    pub name: Option<String>,
    /// Its address.
    pub email: Option<String>,
    /// What the console may show.
    pub display_name: Option<String>,
    /// Groups it gets.
    pub add_groups: Vec<String>,
    /// Groups it loses.
    pub remove_groups: Vec<String>,
    /// Language of notices.
    pub language: Option<Language>,
}

/// An access token as an operator orders it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// As whom it acts.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// Where it may go; at least one.
    pub paths: Vec<String>,
    /// By which methods; at least one.
    pub methods: Vec<String>,
    /// From where; none: from everywhere.
    pub networks: Vec<String>,
    /// For how many days.
    pub days: u32,
}

/// An invitation as an operator types it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InviteUser {
    /// Where the link goes.
    pub email: String,
    /// The seller account.
    pub seller: String,
    /// What the console may show.
    pub display_name: Option<String>,
    /// The groups the account will have.
    pub groups: Vec<String>,
    /// May it manage the others?
    pub owner: bool,
    /// Of the mail.
    pub language: Language,
}

/// A secret on its way through the socket: the one place that writes it out.
mod secret_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::secret::{ExposeSecret as _, SecretString};

    pub(super) fn serialize<S: Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose_secret())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
        String::deserialize(from).map(SecretString::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ExposeSecret as _;

    #[test]
    fn a_password_crosses_the_socket_and_shows_in_no_debug() {
        let command = Command::SetPassword { user: "hanako".to_owned(), password: "correct horse".into() };
        let sent = serde_json::to_vec(&command).unwrap();
        let got: Command = serde_json::from_slice(&sent).unwrap();
        assert!(!format!("{got:?}").contains("horse"), "{got:?}");
        let Command::SetPassword { user, password } = got else { panic!("another command") };
        assert_eq!((user.as_str(), password.expose_secret()), ("hanako", "correct horse"));
    }

    #[test]
    fn a_command_with_more_than_it_takes_is_refused() {
        for text in [r#"{"show_user":{"user":"a","force":true}}"#, r#"{"drop_users":{}}"#, r#"{"list_users":{"x":1}}"#]
        {
            assert!(serde_json::from_str::<Command>(text).is_err(), "{text}");
        }
    }
}
