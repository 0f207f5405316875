//! The words of notices and of mails that carry a link, in both languages. A message to a phone names the service and
//! never the account (`product.md` R9).

mod english;
mod japanese;
mod kana;

use super::message::{Mail, Sender, clock_time};
use crate::{
    clock::Timestamp,
    language::Language,
    store::{LinkPurpose, Notice},
};

/// A link on its way into a mail or a text message. Its `Debug` does not show the address: whoever has it can use it.
pub(super) struct MailedLink {
    pub(super) purpose: LinkPurpose,
    pub(super) address: String,
    pub(super) expires_at: Timestamp,
}

impl std::fmt::Debug for MailedLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailedLink({})", self.purpose.as_str())
    }
}

/// Subject, what happened, what follows from it.
struct Words {
    subject: &'static str,
    happened: String,
    next: String,
}

/// The mail of a notice: what happened, when, and what to do if it was not you.
pub(super) fn mail(
    language: Language,
    sender: &Sender,
    notice: &Notice,
    at: Timestamp,
    link: Option<&MailedLink>,
) -> Mail {
    let service = sender.name(language);
    let when = clock_time(language, sender, at);
    match language {
        Language::Ja => {
            let Words { subject, happened, next } = japanese::words(service, notice, sender);
            let not_you = japanese::not_you(notice, sender, link);
            let heading =
                if notice.by_an_owner() { "ご不明な点がある場合" } else { "お心当たりがない場合" };
            Mail {
                subject: format!("【{service}】{subject}"),
                text: format!("{happened}\n\n日時：{when}\n\n{next}\n\n■ {heading}\n{not_you}\n\n{service}\n"),
            }
        }
        Language::En => {
            let Words { subject, happened, next } = english::words(service, notice, sender);
            let not_you = english::not_you(notice, sender, link);
            let heading = if notice.by_an_owner() { "Any questions?" } else { "Wasn't this you?" };
            Mail {
                subject: format!("{service}: {subject}"),
                text: format!("{happened}\n\nWhen: {when}\n\n{next}\n\n{heading}\n{not_you}\n\n{service}\n"),
            }
        }
    }
}

/// The text message of a notice. The link stands last, on a line of its own.
pub(super) fn text(language: Language, sender: &Sender, notice: &Notice, link: Option<&MailedLink>) -> String {
    let service = sender.name(language);
    let link = link.filter(|_| !notice.by_an_owner());
    let address = link.map(|link| format!("\n{}", link.address)).unwrap_or_default();
    let purpose = link.map(|link| link.purpose);
    match language {
        Language::Ja => {
            let next = match purpose {
                _ if notice.by_an_owner() => "ご不明な点は、運営窓口へご連絡ください。",
                None => "お心当たりがなければ、運営窓口へご連絡ください。",
                Some(LinkPurpose::CancelRecovery) => "次のページからも取り消せます。",
                Some(_) => "お心当たりがなければ、次のページでアカウントを止め、運営窓口へご連絡ください。",
            };
            format!("【{service}】{}{next}{address}", japanese::short(notice))
        }
        Language::En => {
            let next = match purpose {
                _ if notice.by_an_owner() => "Any questions? Ask the person who runs the service.",
                None => "Wasn't this you? Tell the person who runs the service.",
                Some(LinkPurpose::CancelRecovery) => "This page cancels it, too:",
                Some(_) => "Wasn't this you? Stop the account on this page, and tell the person who runs the service:",
            };
            format!("{service}: {} {next}{address}", english::short(notice))
        }
    }
}

/// What a call says of a notice, as written and as read aloud: a call carries no link.
pub(super) fn spoken(language: Language, notice: &Notice) -> (String, String) {
    let (next, reading) = match (language, notice) {
        (Language::Ja, Notice::OwnSignInWanted { .. }) => {
            ("ユーザー権限のページをご覧ください。", "ユーザーけんげんの、ページを、ごらんください。")
        }
        (Language::Ja, _) if notice.by_an_owner() => {
            ("ご不明な点は、運営窓口へご連絡ください。", "ごふめいなてんは、うんえいまどぐちへ、ごれんらくください。")
        }
        (Language::Ja, _) => (
            "お心当たりがない場合は、すぐに運営窓口へご連絡ください。",
            "おこころあたりが、ないばあいは、すぐに、うんえいまどぐちへ、ごれんらくください。",
        ),
        (Language::En, Notice::OwnSignInWanted { .. }) => ("See the page Users and permissions.", ""),
        (Language::En, _) if notice.by_an_owner() => ("Any questions? Ask the person who runs the service.", ""),
        (Language::En, _) => ("If it was not you, tell the person who runs the service at once.", ""),
    };
    match language {
        Language::Ja => (format!("{}{next}", japanese::short(notice)), format!("{}{reading}", kana::reading(notice))),
        Language::En => {
            let said = format!("There is news. {} {next}", english::short(notice));
            (said.clone(), said)
        }
    }
}

/// A mail that is only about its link. `None` for purposes whose link stands in a notice.
/// `inviter` names the seller account an invitation is from.
pub(super) fn link_mail(language: Language, sender: &Sender, link: &MailedLink, inviter: Option<&str>) -> Option<Mail> {
    let inviter = inviter.unwrap_or_else(|| sender.name(language));
    let service = sender.name(language);
    let MailedLink { purpose, address, expires_at } = link;
    let until = clock_time(language, sender, *expires_at);
    let subject_of_invitation = match language {
        Language::Ja => format!("{inviter}からのご招待"),
        Language::En => format!("{inviter} invites you"),
    };
    let (subject, lead, ignore) = match (purpose, language) {
        (LinkPurpose::PasswordReset, Language::Ja) => (
            "パスワードの再設定",
            format!("{service}のパスワードを再設定するには、次のページを開いてください。"),
            "再設定を申し込んでいない場合は、このメールを破棄してください。パスワードは変わりません。",
        ),
        (LinkPurpose::PasswordReset, Language::En) => (
            "Choose a new password",
            format!("To choose a new password for your {service} account, open this page:"),
            "If you didn't ask for this, delete this mail. Your password stays as it is.",
        ),
        (LinkPurpose::FirstEnrolment, Language::Ja) => (
            "2段階認証の設定を続けるには",
            format!("{service}の2段階認証を設定するには、ログインしたブラウザーで次のページを開いてください。"),
            "ログインしていない場合は、ほかの人がパスワードを知っているおそれがあります。ページを開かず、すぐに運営窓口へご連絡ください。",
        ),
        (LinkPurpose::FirstEnrolment, Language::En) => (
            "Go on setting up two-step verification",
            format!(
                "To set up two-step verification for your {service} account, open this page in the browser you signed in with:"
            ),
            "If you didn't sign in, somebody else may know your password. Don't open the page, and tell the person who runs the service at once.",
        ),
        (LinkPurpose::EmailConfirmation, Language::Ja) => (
            "メールアドレスの確認",
            format!("{service}からのお知らせをこのアドレスで受け取るには、次のページを開いてください。"),
            "お心当たりがない場合は、このメールを破棄してください。",
        ),
        (LinkPurpose::EmailConfirmation, Language::En) => (
            "Confirm your email address",
            format!("To get notices from {service} at this address, open this page:"),
            "If you didn't ask for this, delete this mail.",
        ),
        (LinkPurpose::Invitation, Language::Ja) => (
            subject_of_invitation.as_str(),
            format!("{inviter}から{service}に招待されました。ご自身のログインを作るには、次のページを開いてください。"),
            "お心当たりがない場合は、このメールを破棄してください。",
        ),
        (LinkPurpose::Invitation, Language::En) => (
            subject_of_invitation.as_str(),
            format!("{inviter} invites you to {service}. To create a sign-in of your own, open this page:"),
            "If you don't know why, delete this mail.",
        ),
        (LinkPurpose::NotMe | LinkPurpose::CancelRecovery, _) => return None,
    };
    Some(match language {
        Language::Ja => Mail {
            subject: format!("【{service}】{subject}"),
            text: format!("{lead}\n\n{address}\n\n{until}まで、1回だけ使えます。\n\n{ignore}\n\n{service}\n"),
        },
        Language::En => Mail {
            subject: format!("{service}: {subject}"),
            text: format!("{lead}\n\n{address}\n\nIt works once, until {until}.\n\n{ignore}\n\n{service}\n"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{MethodKind, Role},
        delivery::message::sample_sender,
    };

    const AT: Timestamp = Timestamp::from_secs(1_795_325_100);

    fn all() -> Vec<Notice> {
        let receipt = || "7Q2M-4K".to_owned();
        let browser = || "Firefox (Linux)".to_owned();
        vec![
            Notice::TwoStepEnabled,
            Notice::PasswordChanged,
            Notice::PasswordReset,
            Notice::PasswordSetByOperator,
            Notice::SecondStepReset,
            Notice::MethodReplaced { role: Role::Primary },
            Notice::MethodReplaced { role: Role::Backup },
            Notice::MethodsSwapped,
            Notice::MethodDisabled { role: Role::Primary, kind: MethodKind::App, ending: None },
            Notice::MethodDisabled { role: Role::Backup, kind: MethodKind::Sms, ending: Some("78".to_owned()) },
            Notice::TokenCreated { label: "Monthly export".to_owned(), until: AT },
            Notice::NewDevice { browser: browser() },
            Notice::BackupUsed { browser: browser() },
            Notice::RecoveryCodeUsed,
            Notice::RecoveryCodesRenewed,
            Notice::RecoveryRequested { receipt: receipt(), ready_at: AT },
            Notice::RecoveryApproved { receipt: receipt() },
            Notice::RecoveryRefused { receipt: receipt() },
            Notice::RecoveryCancelled { receipt: receipt() },
            Notice::Recovered,
            Notice::EmailChanged,
            Notice::OwnSignInWanted { user: "shop-hanako".to_owned() },
            Notice::TrustCopied,
            Notice::TrustEnded { all: false },
            Notice::TrustEnded { all: true },
            Notice::SessionsEnded { all: false },
            Notice::SessionsEnded { all: true },
            Notice::MethodRelabelled { role: Role::Primary },
            Notice::MethodRelabelled { role: Role::Backup },
            Notice::LanguageChanged { to: Language::Ja },
            Notice::LanguageChanged { to: Language::En },
            Notice::MethodPaused { role: Role::Primary, kind: MethodKind::App, until: AT },
            Notice::MethodPaused { role: Role::Backup, kind: MethodKind::Voice, until: AT },
            Notice::GroupsChanged { groups: vec!["orders".to_owned()] },
            Notice::GroupsChanged { groups: vec![] },
            Notice::Removed { user: "shop-hanako".to_owned() },
            Notice::Frozen,
        ]
    }

    fn link(purpose: LinkPurpose) -> MailedLink {
        let address = "https://console.example.jp/.sekisho/link/1.a.b".to_owned();
        MailedLink { purpose, address, expires_at: AT }
    }

    #[test]
    fn notices_say_what_when_and_what_to_do() {
        let sender = sample_sender();
        let not_me = link(LinkPurpose::NotMe);
        for kind in all() {
            let ja = mail(Language::Ja, &sender, &kind, AT, None);
            assert!(ja.subject.starts_with("【セラーコンソール東京支社】"), "{}", ja.subject);
            assert!(ja.text.contains("日時：2026年11月22日 14:25（Asia/Tokyo）"), "{}", ja.text);
            let (ja_asks, en_asks) = if kind.by_an_owner() {
                ("ご不明な点がある場合", "Any questions?")
            } else {
                ("お心当たりがない場合", "Wasn't this you?")
            };
            assert!(ja.text.contains(ja_asks) && ja.text.contains("ご連絡ください"), "{}", ja.text);
            assert!(!ja.text.contains("http"), "{}", ja.text);
            let en = mail(Language::En, &sender, &kind, AT, Some(&not_me));
            assert!(en.subject.starts_with("SellerPortal: "), "{}", en.subject);
            assert!(en.text.contains("When: 22 Nov 2026, 14:25 (Asia/Tokyo)"), "{}", en.text);
            assert!(en.text.contains(en_asks), "{}", en.text);
            assert!(
                !en.text.contains("))")
                    && kind.by_an_owner() != en.text.contains("(until 22 Nov 2026, 14:25, Asia/Tokyo)")
            );
            let ja = mail(Language::Ja, &sender, &kind, AT, Some(&not_me)).text;
            assert_eq!(ja.contains("（2026年11月22日 14:25まで、Asia/Tokyo）"), !kind.by_an_owner(), "{ja}");
            let own_line = en.text.contains(&format!("\n{}\n", not_me.address));
            assert_eq!(own_line, !kind.by_an_owner(), "the link has a line of its own: {}", en.text);
        }
    }

    /// 3GPP TS 23.038 §6.2.1: 67 UCS-2 units or 153 septets in a segment of several. Words are at most two, with an
    /// address of this length four and two.
    #[test]
    fn texts_are_short_and_name_no_account() {
        let sender = sample_sender();
        for kind in all() {
            let ja = text(Language::Ja, &sender, &kind, None);
            assert!(ja.encode_utf16().count() <= 134, "{ja}");
            let en = text(Language::En, &sender, &kind, None);
            assert!(en.is_ascii() && en.len() <= 160, "{} {en}", en.len());
            for purpose in [LinkPurpose::NotMe, LinkPurpose::CancelRecovery] {
                let token = format!("1.{}.{}", "i".repeat(22), "m".repeat(43));
                let link = MailedLink {
                    address: format!("https://console.example.jp/.sekisho/link/{token}"),
                    ..link(purpose)
                };
                let (ja, en) =
                    (text(Language::Ja, &sender, &kind, Some(&link)), text(Language::En, &sender, &kind, Some(&link)));
                assert!(ja.encode_utf16().count() <= 4 * 67 && en.is_ascii() && en.len() <= 2 * 153, "{ja} {en}");
                let last = |text: &str| text.lines().last() == Some(link.address.as_str());
                assert_eq!((last(&ja), last(&en)), (!kind.by_an_owner(), !kind.by_an_owner()), "{ja} {en}");
                assert!(!ja.contains("hanako") && !en.contains("hanako"), "{ja} {en}");
            }
            for text in [&ja, &en] {
                // No user name and no browser: a phone may belong to somebody else.
                assert!(!text.contains("hanako") && !text.contains("Firefox") && !text.contains("http"), "{text}");
            }
            let (written, read) = spoken(Language::Ja, &kind);
            let kana = |c: char| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ー' | '、' | '。');
            assert!(read.chars().all(kana) && written.ends_with("ください。"), "{written} {read}");
            let (written, read) = spoken(Language::En, &kind);
            assert!(written == read && written.ends_with('.'), "{written}");
        }
    }

    #[test]
    fn a_mail_about_a_link_says_what_it_is_for_and_until_when() {
        let sender = sample_sender();
        for purpose in [
            LinkPurpose::PasswordReset,
            LinkPurpose::FirstEnrolment,
            LinkPurpose::EmailConfirmation,
            LinkPurpose::Invitation,
        ] {
            for language in Language::ALL {
                let link = link(purpose);
                let mail = link_mail(language, &sender, &link, Some("Hanako Shoten")).unwrap();
                assert!(mail.text.contains(&format!("\n{}\n", link.address)), "{}", mail.text);
                assert!(mail.text.contains("14:25"), "{}", mail.text);
                let says_who = mail.subject.contains("Hanako Shoten") && mail.text.contains("Hanako Shoten");
                assert_eq!(says_who, purpose == LinkPurpose::Invitation, "{}", mail.subject);
            }
        }
        assert!(link_mail(Language::En, &sender, &link(LinkPurpose::NotMe), None).is_none());
        assert!(!format!("{:?}", link(LinkPurpose::NotMe)).contains("http"));
    }

    #[test]
    fn the_notice_of_a_new_password_says_all_that_rests() {
        let sender = sample_sender();
        let ja = mail(Language::Ja, &sender, &Notice::PasswordReset, AT, None).text;
        assert!(ja.contains("48時間は、コードの受け取り方法の変更と回復コードの利用ができません"), "{ja}");
        let en = mail(Language::En, &sender, &Notice::PasswordReset, AT, None).text;
        assert!(en.contains("For 48 hours you can't replace a way to get a code or use a recovery code."), "{en}");
    }

    #[test]
    fn groups_are_called_what_their_labels_say() {
        let notice = Notice::GroupsChanged { groups: vec!["orders".to_owned(), "x-9".to_owned()] };
        let ja = mail(Language::Ja, &sample_sender(), &notice, AT, None).text;
        assert!(ja.contains("現在の権限：受注、x-9\n"), "{ja}");
        let en = mail(Language::En, &sample_sender(), &notice, AT, None).text;
        assert!(en.contains("Permissions now: Orders, x-9\n"), "{en}");
    }

    #[test]
    fn a_stopped_method_is_named_by_its_place_and_number() {
        let sender = sample_sender();
        let notice =
            Notice::MethodDisabled { role: Role::Backup, kind: MethodKind::Voice, ending: Some("56".to_owned()) };
        let ja = mail(Language::Ja, &sender, &notice, AT, None).text;
        assert!(ja.contains("のバックアップ手段（音声通話・末尾56の番号）を停止しました"), "{ja}");
        let en = mail(Language::En, &sender, &notice, AT, None).text;
        assert!(en.contains("the backup method (voice call to the number ending 56) of your"), "{en}");
        let (ja, en) = (text(Language::Ja, &sender, &notice, None), text(Language::En, &sender, &notice, None));
        assert!(ja.contains("バックアップ手段を停止") && en.contains("your backup method was stopped"), "{ja} {en}");
        assert!(!ja.contains("56") && !en.contains("56"), "a phone may be somebody else's");
    }

    #[test]
    fn the_notice_of_a_reset_says_where_the_ticket_comes_from() {
        let sender = sample_sender();
        let ja = mail(Language::Ja, &sender, &Notice::SecondStepReset, AT, None).text;
        assert!(ja.contains("チケットは運営窓口からお受け取りください"), "{ja}");
        let en = mail(Language::En, &sender, &Notice::SecondStepReset, AT, None).text;
        assert!(
            en.contains("asks for a ticket") && en.contains("the person who runs the service will give it"),
            "{en}"
        );
    }
}
