//! What messages say, in both languages. A message names the service, never the account (`product.md` R9): a phone may
//! belong to somebody else.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::{
    authn::Passcode,
    clock::Timestamp,
    config::{CodeParts, CodeTexts, GroupLabels},
    language::Language,
};

/// Whom messages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Service name in Japanese.
    pub name_ja: String,
    /// Service name in English.
    pub name_en: String,
    /// Host name of the sign-in pages, without a port: what a phone binds the code to.
    pub host: String,
    /// `https://host[:port]`: where links in mails lead, whatever a request said.
    pub origin: String,
    /// Clock times in messages are in this zone.
    pub time_zone: TimeZone,
    /// Its IANA name, stated beside every clock time.
    pub time_zone_name: String,
    /// What mails call groups.
    pub labels: GroupLabels,
    /// What text messages with a code say.
    pub texts: CodeTexts,
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

/// The text message that carries a code: the operator's words, and the last line that binds it to the host.
pub fn sms(language: Language, sender: &Sender, code: &Passcode, valid: Duration) -> String {
    let (service, host) = (sender.name(language), sender.host.as_str());
    let parts = CodeParts { code: code.expose(), service, host, minutes: whole_minutes(valid) };
    sender.texts.of(language).fill(&parts)
}

/// Minutes a code still works, rounded down, but forgiving the seconds the outbox took: a code of five minutes is
/// announced as one.
fn whole_minutes(valid: Duration) -> u64 {
    (valid.as_secs().saturating_add(10) / 60).max(1)
}

/// A mail in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    /// Lines end in `\n`.
    pub text: String,
}

/// Date, time and zone.
pub(super) fn clock_time(language: Language, sender: &Sender, at: Timestamp) -> String {
    let (time, zone) = (without_zone(language, sender, at), &sender.time_zone_name);
    match language {
        Language::Ja => format!("{time}（{zone}）"),
        Language::En => format!("{time} ({zone})"),
    }
}

/// From when something is possible.
pub(super) fn clock_from(language: Language, sender: &Sender, at: Timestamp) -> String {
    clock_time(language, sender, at.next_minute())
}

/// Until when something works, in brackets, with the zone inside them.
pub(super) fn bracketed_until(language: Language, sender: &Sender, at: Timestamp) -> String {
    let (time, zone) = (without_zone(language, sender, at), &sender.time_zone_name);
    match language {
        Language::Ja => format!("（{time}まで、{zone}）"),
        Language::En => format!("(until {time}, {zone})"),
    }
}

fn without_zone(language: Language, sender: &Sender, at: Timestamp) -> String {
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.as_millis()) else {
        return at.to_string();
    };
    let format = match language {
        Language::Ja => "%Y年%-m月%-d日 %H:%M",
        Language::En => "%-d %b %Y, %H:%M",
    };
    instant.to_zoned(sender.time_zone.clone()).strftime(format).to_string()
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
        origin: "https://console.example.jp".to_owned(),
        time_zone: TimeZone::get("Asia/Tokyo").unwrap(),
        time_zone_name: "Asia/Tokyo".to_owned(),
        texts: crate::config::parse(include_str!("../../config/sekisho.toml"), "sekisho.toml").unwrap().messages,
        labels: [("orders".to_owned(), ("受注".to_owned(), "Orders".to_owned()))].into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Alphabet, segments};

    const FIVE_MINUTES: Duration = Duration::from_mins(5);

    #[test]
    fn a_text_fits_one_segment_in_both_languages() {
        let (sender, code) = (sample_sender(), sample_code());
        assert_eq!(sender.name_ja.chars().count(), 12);
        assert_eq!(sender.name_en.chars().count(), 12);

        for (language, alphabet) in [(Language::En, Alphabet::Gsm7), (Language::Ja, Alphabet::Ucs2)] {
            let text = sms(language, &sender, &code, FIVE_MINUTES);
            assert_eq!(Alphabet::of(&text), alphabet, "{text}");
            assert_eq!(segments(&text, 6).len(), 1, "{text}");
        }
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
}
