//! The message catalogues: every sentence of every page, in both languages, compiled in. Nothing here comes from a
//! file or a request, so a page can never miss a message at run time; the tests hold the catalogues together.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::{LanguageIdentifier, langid};

use crate::language::Language;

type Bundle = FluentBundle<FluentResource>;

/// One catalogue of a language from its files, one for each area of the pages.
macro_rules! catalogue {
    ($language:literal) => {
        catalogue!($language, "pages", "challenge", "settings", "recovery", "request", "users", "rollout", "guides", "password", "held", "stopped")
    };
    ($language:literal, $($area:literal),+) => {
        concat!($(include_str!(concat!("locales/", $language, "/", $area, ".ftl"))),+)
    };
}

pub(super) const JA: &str = catalogue!("ja");
pub(super) const EN: &str = catalogue!("en");

static JA_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(langid!("ja"), JA));
static EN_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(langid!("en"), EN));

fn bundle(language: LanguageIdentifier, source: &str) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // Isolation marks would travel into copied text and confuse screen readers; both languages run left to right.
    bundle.set_use_isolating(false);
    let resource = match FluentResource::try_new(source.to_owned()) {
        Ok(resource) => resource,
        Err((readable, problems)) => {
            tracing::error!(?problems, "a message catalogue has unreadable entries");
            readable
        }
    };
    bundle.add_resource_overriding(resource);
    bundle
}

/// A message with its values filled in. A key no catalogue has shows as itself in brackets; a test sees to it that no
/// page does.
pub(super) fn say(language: Language, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
    let bundle: &Bundle = match language {
        Language::Ja => &JA_BUNDLE,
        Language::En => &EN_BUNDLE,
    };
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return format!("⟦{key}⟧");
    };
    let args: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
    bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        path::Path,
    };

    use super::*;

    /// Key and the variables its text uses, read from the source: entries begin in the first column.
    fn entries(source: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut entries = BTreeMap::<&str, BTreeSet<&str>>::new();
        let mut current = "";
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                assert!(entries.insert(key, BTreeSet::new()).is_none(), "{key} is there twice");
                current = key;
            }
            for after in line.split('$').skip(1) {
                let name = after.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
                entries.get_mut(current).unwrap().insert(name);
            }
        }
        entries
    }

    fn sources(directory: &Path, into: &mut String) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "html") {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn both_catalogues_are_readable_and_say_the_same_things() {
        for source in [JA, EN] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
        assert_eq!(entries(JA).keys().collect::<Vec<_>>(), entries(EN).keys().collect::<Vec<_>>());
        for (key, variables) in entries(EN) {
            assert_eq!(entries(JA)[key], variables, "{key}: the two languages use different values");
        }
    }

    #[test]
    fn every_message_is_used_somewhere() {
        let mut code = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portal"), &mut code);
        let unused: Vec<_> = entries(EN).into_keys().filter(|key| !code.contains(&format!("\"{key}\""))).collect();
        assert!(unused.is_empty(), "no page uses {unused:?}");
    }

    #[test]
    fn messages_are_filled_in_and_counted() {
        let tries = |language, n: u32| say(language, "code-tries-left", &[("tries", n.into())]);
        assert_eq!(tries(Language::En, 3), "3 tries left.");
        assert_eq!(tries(Language::En, 1), "1 try left.");
        assert_eq!(tries(Language::Ja, 3), "あと3回入力できます。");
        assert_eq!(say(Language::En, "no such message", &[]), "⟦no such message⟧");
    }

    /// The wording of `product.md` §7, letter by letter.
    #[test]
    fn the_agreed_wording_is_kept() {
        let trust = |language| say(language, "code-trust", &[("days", 30.into())]);
        assert_eq!(trust(Language::En), "Don't require a code on this device again (30 days)");
        assert_eq!(trust(Language::Ja), "今後この端末ではコードの入力を求めない（30日間）");
        let sent = |language| say(language, "code-lead-sms", &[("digits", "78".into()), ("time", "14:25".into())]);
        assert_eq!(
            sent(Language::En),
            "We sent a text message to the number ending 78. It can take a few minutes. The code works until 14:25."
        );
        assert_eq!(
            sent(Language::Ja),
            "末尾78の番号にSMSを送りました。届くまで数分かかることがあります。コードは14:25まで有効です。"
        );
        let unanswered = |language| say(language, "delivery-voice-unanswered", &[]);
        assert_eq!(unanswered(Language::En), "Nobody answered. Have us call again, or choose another way.");
        assert_eq!(
            unanswered(Language::Ja),
            "応答がありませんでした。もう一度電話を受けるか、別の方法をお選びください。"
        );
    }
}
