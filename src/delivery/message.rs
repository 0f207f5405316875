//! What messages say, in both languages. A message names the service, never the account (`product.md` R9): a phone may
//! belong to somebody else.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::{authn::Passcode, clock::Timestamp, language::Language};

/// Whom messages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Service name in Japanese.
    pub name_ja: String,
    /// Service name in English.
    pub name_en: String,
    /// Host name of the sign-in pages, without a port: what a phone binds the code to.
    pub host: String,
    /// Clock times in messages are in this zone.
    pub time_zone: TimeZone,
    /// Its IANA name, stated beside every clock time.
    pub time_zone_name: String,
}

impl Sender {
    /// The service name in a language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.name_ja,
            Language::En => &self.name_en,
        }
    }
}

/// The text message that carries a code. The code comes first, so that it shows in the notification; the last line binds
/// it to the host, so that phones offer it nowhere else (WICG origin-bound one-time codes §2: nothing after it).
pub fn sms(language: Language, sender: &Sender, code: &Passcode, valid: Duration) -> String {
    let (service, host, code) = (sender.name(language), &sender.host, code.expose());
    match language {
        Language::Ja => {
            let minutes = whole_minutes(valid);
            format!("認証コード：{code}（{service}、{minutes}分間有効）\n@{host} #{code}")
        }
        Language::En => format!("{code} is your {service} code. Do not share it.\n\n@{host} #{code}"),
    }
}

/// Minutes a code still works, rounded down, but forgiving the seconds the outbox took: a code of five minutes is
/// announced as one.
fn whole_minutes(valid: Duration) -> u64 {
    (valid.as_secs().saturating_add(10) / 60).max(1)
}

/// Something that was done to an account, told by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Two-step verification was enabled.
    TwoStepEnabled,
    /// An operator set a new password.
    PasswordSetByOperator,
    /// An operator removed both methods.
    SecondStepReset,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::TwoStepEnabled, Self::PasswordSetByOperator, Self::SecondStepReset];
}

/// A mail in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    /// Lines end in `\n`.
    pub text: String,
}

/// The mail of a notice: what happened, when, and what to do if it was not you.
pub fn notice(language: Language, sender: &Sender, notice: Notice, at: Timestamp) -> Mail {
    let service = sender.name(language);
    let when = clock_time(language, sender, at);
    match language {
        Language::Ja => notice_ja(service, notice, &when),
        Language::En => notice_en(service, notice, &when),
    }
}

fn notice_ja(service: &str, notice: Notice, when: &str) -> Mail {
    let (subject, happened, next, not_you) = match notice {
        Notice::TwoStepEnabled => (
            "2段階認証を設定しました",
            format!("{service}の2段階認証が設定されました。"),
            "次のログインから、パスワードに加えて認証コードを入力していただきます。",
            "ご自身で設定していない場合は、ほかの人がパスワードを知っているおそれがあります。\nすぐに管理者へご連絡ください。",
        ),
        Notice::PasswordSetByOperator => (
            "パスワードを変更しました",
            format!("管理者が、{service}のパスワードを変更しました。"),
            "これまでのパスワードは使えません。ログイン中の端末はすべてログアウトし、信頼済みの端末の登録も解除しました。\n新しいパスワードは、管理者からお受け取りください。",
            "この変更を依頼していない場合は、すぐに管理者へご連絡ください。",
        ),
        Notice::SecondStepReset => (
            "2段階認証の手段を解除しました",
            format!("管理者が、{service}の2段階認証の第一手段とバックアップ手段を解除しました。"),
            "ログイン中の端末はすべてログアウトし、信頼済みの端末の登録も解除しました。\n次のログインでは、パスワードに続けてチケットの入力が必要です。チケットは管理者からお受け取りください。\n入力のあと、第一手段とバックアップ手段をもう一度登録していただきます。",
            "この解除を依頼していない場合は、すぐに管理者へご連絡ください。",
        ),
    };
    Mail {
        subject: format!("【{service}】{subject}"),
        text: format!("{happened}\n\n日時：{when}\n\n{next}\n\n■ お心当たりがない場合\n{not_you}\n\n{service}\n"),
    }
}

fn notice_en(service: &str, notice: Notice, when: &str) -> Mail {
    let (subject, happened, next, not_you) = match notice {
        Notice::TwoStepEnabled => (
            "Two-step verification is on",
            format!("Two-step verification was turned on for your {service} account."),
            "From your next sign-in you enter a code as well as your password.",
            "If this wasn't you, somebody else may know your password. Tell the person who runs the service at once.",
        ),
        Notice::PasswordSetByOperator => (
            "Your password was changed",
            format!("The person who runs the service changed the password of your {service} account."),
            "Your old password no longer works. You were signed out everywhere, and no device is trusted any more.\nThe person who runs the service will give you the new one.",
            "If you didn't ask for this, tell the person who runs the service at once.",
        ),
        Notice::SecondStepReset => (
            "Your two-step verification was reset",
            format!(
                "The person who runs the service removed the primary and backup methods of your {service} account."
            ),
            "You were signed out everywhere, and no device is trusted any more.\nYour next sign-in asks for a ticket after your password; the person who runs the service will give it to you.\nThen you set up a primary and a backup method again.",
            "If you didn't ask for this, tell the person who runs the service at once.",
        ),
    };
    Mail {
        subject: format!("{service}: {subject}"),
        text: format!("{happened}\n\nWhen: {when}\n\n{next}\n\nWasn't you?\n{not_you}\n\n{service}\n"),
    }
}

fn clock_time(language: Language, sender: &Sender, at: Timestamp) -> String {
    let zone = &sender.time_zone_name;
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.as_millis()) else {
        return at.to_string();
    };
    let local = instant.to_zoned(sender.time_zone.clone());
    match language {
        Language::Ja => format!("{}（{zone}）", local.strftime("%Y年%-m月%-d日 %H:%M")),
        Language::En => format!("{} ({zone})", local.strftime("%-d %b %Y, %H:%M")),
    }
}

/// A real code for tests, derived as codes are.
#[cfg(test)]
pub(crate) fn sample_code() -> Passcode {
    use crate::{authn, entropy::Entropy, keyring::Keyring};

    #[derive(Debug)]
    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            for (byte, n) in bytes.iter_mut().zip(0_u8..) {
                *byte = n;
            }
        }
    }
    let keyring = Keyring::generate(&Fixed, Timestamp::EPOCH).unwrap();
    let seed = authn::ChallengeSeed::draw(&Fixed, &keyring);
    authn::passcode::derive(&keyring, seed.key, seed.id, &seed.nonce).unwrap()
}

/// A sender for tests.
#[cfg(test)]
pub(crate) fn sample_sender() -> Sender {
    Sender {
        name_ja: "セラーコンソール東京支社".to_owned(),
        name_en: "SellerPortal".to_owned(),
        host: "console.example.jp".to_owned(),
        time_zone: TimeZone::get("Asia/Tokyo").unwrap(),
        time_zone_name: "Asia/Tokyo".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_MINUTES: Duration = Duration::from_mins(5);

    /// GSM 03.38 default alphabet and extension table (3GPP TS 23.038 §6.2.1): septets of a text, or `None` where it
    /// needs UCS-2.
    fn septets(text: &str) -> Option<usize> {
        const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
        const EXTENDED: &str = "\u{c}^{}\\[~]|€";
        text.chars()
            .map(|c| {
                if BASIC.contains(c) {
                    Some(1)
                } else if EXTENDED.contains(c) {
                    Some(2)
                } else {
                    None
                }
            })
            .sum()
    }

    #[test]
    fn a_text_fits_one_segment_in_both_languages() {
        let (sender, code) = (sample_sender(), sample_code());
        assert_eq!(sender.name_ja.chars().count(), 12);
        assert_eq!(sender.name_en.chars().count(), 12);

        let en = sms(Language::En, &sender, &code, FIVE_MINUTES);
        assert!(septets(&en).expect("only GSM-7 characters") <= 160, "{en}");

        let ja = sms(Language::Ja, &sender, &code, FIVE_MINUTES);
        assert_eq!(septets(&ja), None, "Japanese needs UCS-2");
        assert!(ja.encode_utf16().count() <= 70, "{} units: {ja}", ja.encode_utf16().count());
    }

    #[test]
    fn texts_read_exactly_so() {
        let (sender, code) = (sample_sender(), sample_code());
        let digits = code.expose();
        assert_eq!(
            sms(Language::En, &sender, &code, FIVE_MINUTES),
            format!("{digits} is your SellerPortal code. Do not share it.\n\n@console.example.jp #{digits}")
        );
        assert_eq!(
            sms(Language::Ja, &sender, &code, FIVE_MINUTES),
            format!("認証コード：{digits}（セラーコンソール東京支社、5分間有効）\n@console.example.jp #{digits}")
        );
    }

    #[test]
    fn the_last_line_is_the_binding_and_nothing_else() {
        let (sender, code) = (sample_sender(), sample_code());
        for language in Language::ALL {
            let text = sms(language, &sender, &code, FIVE_MINUTES);
            let last = text.rsplit('\n').next().unwrap();
            assert_eq!(last, format!("@console.example.jp #{}", code.expose()), "{language:?}");
        }
    }

    #[test]
    fn the_stated_minutes_are_those_that_are_left() {
        for (left, stated) in [(300, 5), (299, 5), (291, 5), (240, 4), (170, 3), (169, 2), (49, 1), (0, 1)] {
            assert_eq!(whole_minutes(Duration::from_secs(left)), stated, "{left} s left");
        }
    }

    #[test]
    fn the_notice_of_a_reset_says_where_the_ticket_comes_from() {
        let (sender, at) = (sample_sender(), Timestamp::from_secs(1_795_325_100));
        let ja = notice(Language::Ja, &sender, Notice::SecondStepReset, at).text;
        assert!(ja.contains("チケットは管理者からお受け取りください"), "{ja}");
        let en = notice(Language::En, &sender, Notice::SecondStepReset, at).text;
        assert!(
            en.contains("asks for a ticket") && en.contains("the person who runs the service will give it"),
            "{en}"
        );
    }

    #[test]
    fn notices_say_what_when_and_what_to_do() {
        let sender = sample_sender();
        let at = Timestamp::from_secs(1_795_325_100);
        for kind in Notice::ALL {
            let ja = notice(Language::Ja, &sender, kind, at);
            assert!(ja.subject.starts_with("【セラーコンソール東京支社】"), "{}", ja.subject);
            assert!(ja.text.contains("日時：2026年11月22日 14:25（Asia/Tokyo）"), "{}", ja.text);
            assert!(ja.text.contains("お心当たりがない場合") && ja.text.contains("ご連絡ください"), "{}", ja.text);

            let en = notice(Language::En, &sender, kind, at);
            assert!(en.subject.starts_with("SellerPortal: "), "{}", en.subject);
            assert!(en.text.contains("When: 22 Nov 2026, 14:25 (Asia/Tokyo)"), "{}", en.text);
            assert!(en.text.contains("Wasn't you?"), "{}", en.text);

            for mail in [ja, en] {
                assert!(!mail.text.contains("http"), "no links yet: {}", mail.text);
                assert!(!mail.subject.contains('\n'));
            }
        }
    }
}
