//! What a chosen password must not be (NIST SP 800-63B-4 §3.1.1.2): too short, one of the most common, or made of the
//! names around it. No composition rules: nothing here counts kinds of characters.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

use super::{MAX_CHARS, MIN_CHARS};

/// Why a new password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum PasswordProblem {
    /// Below [`MIN_CHARS`].
    #[error("a password has at least {MIN_CHARS} characters")]
    TooShort,
    /// Above [`MAX_CHARS`].
    #[error("a password has at most {MAX_CHARS} characters")]
    TooLong,
    /// On the list of the most common ones, which are tried first.
    #[error("this is one of the most common passwords, which are tried first; choose another")]
    Common,
    /// Made of the names around it: the account's, the service's, the host's.
    #[error(
        "this password is made of the user name, the e-mail address or the name of this service; choose one that cannot be guessed from them"
    )]
    Names,
    /// It is the password the account has: whoever knows that one would know this one.
    #[error("this is the password the account has now; choose another")]
    Unchanged,
}

/// The first 6 bytes of the SHA-256 of each common password, sorted (`data/README.md`).
static COMMON: &[u8] = include_bytes!("../../../data/common-passwords.bin");
const ENTRY: usize = 6;

/// As passwords are compared with the list and with names: width and case make no difference to whoever guesses.
fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

fn is_common(folded: &str) -> bool {
    let digest = ring::digest::digest(&ring::digest::SHA256, folded.as_bytes());
    let Some(entry) = digest.as_ref().first_chunk::<ENTRY>() else { return false };
    COMMON.as_chunks::<ENTRY>().0.binary_search(entry).is_ok()
}

/// Names a password must not be made of.
#[derive(Clone, Debug, Default)]
pub struct ContextWords {
    /// Letters only.
    words: BTreeSet<String>,
    /// As they are, for names without letters.
    whole: BTreeSet<String>,
}

/// Shorter pieces are in too many good passwords: "com", "jp".
const SHORTEST_WORD: usize = 3;
/// One ideograph says as much as a few letters.
const SHORTEST_IDEOGRAPHS: usize = 2;

impl ContextWords {
    /// Names as they are written: user name, part of an address, service, host. Their parts count too.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known = Self::default();
        for name in names {
            let name = folded(name.trim());
            let parts = name.split(|c: char| !c.is_alphabetic());
            let together: String = name.chars().filter(|c| c.is_alphabetic()).collect();
            known.words.extend(parts.map(str::to_owned).chain([together]).filter(|word| telling(word)));
            if !name.is_empty() {
                known.whole.insert(name);
            }
        }
        known
    }

    /// Is the password nothing but names, with digits and signs between and around them at most?
    fn make_up(&self, folded: &str) -> bool {
        if self.whole.contains(folded) {
            return true;
        }
        let letters: String = folded.chars().filter(|c| c.is_alphabetic()).collect();
        // Where a row of names can end; the text is theirs when they reach its end.
        let (mut ends, mut reached) = (vec![0], BTreeSet::from([0]));
        while let Some(end) = ends.pop() {
            let Some(rest) = letters.get(end..).filter(|rest| !rest.is_empty()) else { continue };
            for word in self.words.iter().filter(|word| rest.starts_with(word.as_str())) {
                if reached.insert(end + word.len()) {
                    ends.push(end + word.len());
                }
            }
        }
        !letters.is_empty() && reached.contains(&letters.len())
    }
}

fn telling(word: &str) -> bool {
    let least = if word.is_ascii() { SHORTEST_WORD } else { SHORTEST_IDEOGRAPHS };
    word.chars().count() >= least
}

/// Holds a password in NFC against all rules but the upper limit, which is checked before anything is computed.
pub(super) fn check(nfc: &str, names: &ContextWords) -> Result<(), PasswordProblem> {
    if nfc.chars().count() < MIN_CHARS {
        return Err(PasswordProblem::TooShort);
    }
    let folded = folded(nfc);
    if is_common(&folded) {
        return Err(PasswordProblem::Common);
    }
    if names.make_up(&folded) {
        return Err(PasswordProblem::Names);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, names: &[&str]) -> Result<(), PasswordProblem> {
        check(text, &ContextWords::new(names.iter().copied()))
    }

    #[test]
    fn the_list_is_sorted_and_as_large_as_stated() {
        let (entries, rest) = COMMON.as_chunks::<ENTRY>();
        assert!(rest.is_empty());
        assert!(entries.is_sorted_by(|a, b| a < b), "every entry once, in order");
        assert_eq!(entries.len(), 156_479);
        assert!(COMMON.len() < 1 << 20, "under one mebibyte");
    }

    #[test]
    fn common_passwords_are_refused_in_any_case_and_width() {
        for common in
            ["password", "Password1", "QWERTYUIOP", "iloveyou", "12345678", "trustno1", "ｐａｓｓｗｏｒｄ", "PassW0rd"]
        {
            assert_eq!(judge(common, &[]), Err(PasswordProblem::Common), "{common}");
        }
        for good in ["correct horse battery", "password of the day", "合言葉は秘密です", "        ", "zq4-Turnip-lake"]
        {
            assert_eq!(judge(good, &[]), Ok(()), "{good}");
        }
    }

    #[test]
    fn names_with_digits_and_signs_around_them_are_refused() {
        let names = ["hanako.yamada", "h-yamada", "Example Seller", "seller.example.jp", "山田 花子", "20261122"];
        for made in [
            "hanako-yamada",
            "Hanako2026!",
            "1234yamada",
            "yamadahanako",
            "ExampleSeller1",
            "山田花子山田花子",
            "20261122",
            "seller@example.2026",
        ] {
            assert_eq!(judge(made, &names), Err(PasswordProblem::Names), "{made}");
        }
        for good in ["hanako likes tea", "my seller account", "2026112283", "hanakox2026"] {
            assert_eq!(judge(good, &names), Ok(()), "{good}");
        }
    }

    #[test]
    fn many_overlapping_names_cost_no_more_than_few() {
        let names = ["aaa", "aaaa", "aaaaa", "aaaaaa"];
        assert_eq!(judge(&"a".repeat(256), &names), Err(PasswordProblem::Names));
        assert_eq!(judge(&format!("{}b", "a".repeat(255)), &names), Ok(()));
    }
}
