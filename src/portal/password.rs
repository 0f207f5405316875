//! Why a chosen password was refused, in the words of the page. Every page that takes a new password says it with this.

use super::words::say;
use crate::{
    authn::{
        PasswordProblem,
        password::{MAX_CHARS, MIN_CHARS},
    },
    language::Language,
};

/// The reason, and what to do about it.
pub fn refused_password(language: Language, problem: PasswordProblem) -> String {
    match problem {
        PasswordProblem::TooShort => say(language, "password-too-short", &[("least", MIN_CHARS.into())]),
        PasswordProblem::TooLong => say(language, "password-too-long", &[("most", MAX_CHARS.into())]),
        PasswordProblem::Common => say(language, "password-common", &[]),
        PasswordProblem::Names => say(language, "password-names", &[]),
        PasswordProblem::Unchanged => say(language, "password-unchanged", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_words() {
        let problems = [
            PasswordProblem::TooShort,
            PasswordProblem::TooLong,
            PasswordProblem::Common,
            PasswordProblem::Names,
            PasswordProblem::Unchanged,
        ];
        for problem in problems {
            for language in Language::ALL {
                let words = refused_password(language, problem);
                assert!(!words.contains('⟦') && !words.contains('{'), "{words}");
            }
        }
        assert!(refused_password(Language::En, PasswordProblem::TooShort).contains('8'));
        assert!(refused_password(Language::Ja, PasswordProblem::TooLong).contains("256"));
    }
}
