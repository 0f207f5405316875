//! What a form's answer says on the page it leads to, and what was typed into the form. It travels sealed: in a cookie
//! that is shown once and dies within a minute, and in a form that switches the language of a page that is open.
//! It must never hold a password or a code.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::{
    challenge::{CodeError, CodeNotice},
    choice::{ChooseError, TypedChoice},
    csrf::Seed,
    enrolment::{EnrolmentLinkNews, TicketError},
    held::HeldNews,
    links::LinkNews,
    password_reset::ResetNews,
    recovery_codes::RecoveryCodeError,
    settings::SettingsNews,
    sign_in::SignInNotice,
    users::{TypedInvitation, UsersNews},
};
use crate::{
    app::AcceptProblem,
    clock::Timestamp,
    entropy::Entropy,
    keyring::{Keyring, Place, Purpose},
};

/// How long a note waits in its cookie.
pub(super) const LASTS: Duration = Duration::from_mins(1);
/// Longest sealed note that is read; a cookie holds at most 4096 octets (RFC 6265 §6.1).
const MOST: usize = 3900;

/// The one thing a page has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum News {
    /// On the sign-in page.
    SignIn(SignInNotice),
    /// On the code page and while proving a method: what was wrong.
    CodeError(CodeError),
    /// On the same pages: what went well.
    Code(CodeNotice),
    /// On the ticket page.
    Ticket(TicketError),
    /// On the choice pages.
    Choose(ChooseError),
    /// On the settings pages.
    Settings(SettingsNews),
    /// On the users page.
    Users(UsersNews),
    /// On the page of an invitation.
    Invited(AcceptProblem),
    /// On the page of a mailed link.
    Link(LinkNews),
    /// On the page that mails a link to a new password.
    Reset(ResetNews),
    /// On the page that takes a recovery code.
    RecoveryCode(RecoveryCodeError),
    /// On the page that waits for the link mailed for a first enrolment.
    EnrolmentLink(EnrolmentLinkNews),
    /// On the page of the forms that wait.
    Held(HeldNews),
}

/// News and what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// What to say.
    pub(super) news: Option<News>,
    /// The user name or address.
    pub(super) user_name: String,
    /// The choice of a method.
    pub(super) choice: Option<TypedChoice>,
    /// The invitation that was refused.
    pub(super) invitation: Option<TypedInvitation>,
    /// Where a person who stays signed in goes back to.
    pub(super) stay: String,
    /// The trust box was ticked.
    pub(super) trust: bool,
}

#[derive(Serialize, Deserialize)]
struct Dated {
    note: Note,
    at: Timestamp,
}

/// Which way a note travels; one does not open as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// The cookie.
    Cookie,
    /// A hidden field.
    Field,
}

impl Carrier {
    const fn place(self, seed: &Seed) -> Place<'_> {
        let column = match self {
            Self::Cookie => "note-cookie",
            Self::Field => "note-field",
        };
        Place { table: "form", column, row: seed.bytes() }
    }
}

impl From<News> for Note {
    fn from(news: News) -> Self {
        Self { news: Some(news), ..Self::default() }
    }
}

/// What each page reads: its own news, and nothing of what another one was to say.
macro_rules! news_of {
    ($($name:ident: $variant:ident($news:ty),)+) => {
        impl Note {
            $(pub(super) const fn $name(&self) -> Option<$news> {
                match self.news {
                    Some(News::$variant(news)) => Some(news),
                    _ => None,
                }
            })+
        }
    };
}

news_of! {
    sign_in: SignIn(SignInNotice),
    code_error: CodeError(CodeError),
    code: Code(CodeNotice),
    ticket: Ticket(TicketError),
    choose: Choose(ChooseError),
    settings: Settings(SettingsNews),
    users: Users(UsersNews),
    invited: Invited(AcceptProblem),
    link: Link(LinkNews),
    reset: Reset(ResetNews),
    recovery_code: RecoveryCode(RecoveryCodeError),
    enrolment_link: EnrolmentLink(EnrolmentLinkNews),
    held: Held(HeldNews),
}

impl Note {
    /// Seals it for this browser; `None` when it is too long to travel.
    pub(super) fn sealed(
        self,
        by: Carrier,
        seed: &Seed,
        keyring: &Keyring,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Option<String> {
        let text = serde_json::to_vec(&Dated { note: self, at: now }).ok()?;
        let sealed = keyring.seal(Purpose::SealedField, by.place(seed), &text, entropy).ok()?;
        Some(BASE64URL_NOPAD.encode(&sealed)).filter(|text| text.len() <= MOST)
    }

    /// Opens a note of this browser. One in a cookie is over after a minute, whatever the browser keeps.
    pub(super) fn open(sealed: &str, by: Carrier, seed: &Seed, keyring: &Keyring, now: Timestamp) -> Option<Self> {
        if sealed.len() > MOST {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let opened = keyring.open(Purpose::SealedField, by.place(seed), &bytes).ok()?;
        let Dated { note, at } = serde_json::from_slice(opened.expose()).ok()?;
        (by == Carrier::Field || now.since(at) <= LASTS).then_some(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::PublicUrl, entropy::SystemEntropy};

    fn host() -> PublicUrl {
        PublicUrl { host: "shop.test".to_owned(), port: 443 }
    }

    #[test]
    fn a_note_is_read_in_its_browser_within_a_minute() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let seed = || Seed::of(&http::HeaderMap::new(), &host(), &entropy);
        let (ours, others) = (seed(), seed());
        let now = Timestamp::from_secs(1_000);
        let note = Note { user_name: "花子".to_owned(), ..News::SignIn(SignInNotice::BadCredentials).into() };
        let sealed = note.clone().sealed(Carrier::Cookie, &ours, &ring, &entropy, now).unwrap();
        let open = |by, seed, at| Note::open(&sealed, by, seed, &ring, at);
        assert_eq!(open(Carrier::Cookie, &ours, now + LASTS), Some(note));
        assert_eq!(open(Carrier::Cookie, &ours, now + LASTS + Duration::from_secs(1)), None, "over");
        assert_eq!(open(Carrier::Cookie, &others, now), None, "another browser's");
        assert_eq!(open(Carrier::Field, &ours, now), None, "a cookie is no field");
        assert_eq!(Note::open("AAAA", Carrier::Cookie, &ours, &ring, now), None);
    }

    #[test]
    fn what_is_typed_fits_or_is_left_out() {
        let entropy = SystemEntropy::new();
        let ring = Keyring::generate(&entropy, Timestamp::EPOCH).unwrap();
        let seed = Seed::of(&http::HeaderMap::new(), &host(), &entropy);
        let sealed = |user_name: String| {
            Note { user_name, ..Note::default() }.sealed(Carrier::Cookie, &seed, &ring, &entropy, Timestamp::EPOCH)
        };
        assert!(sealed("花".repeat(254)).is_some());
        assert!(sealed("a".repeat(4000)).is_none());
    }
}
