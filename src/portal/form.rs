//! Posted forms: bounded, decoded strictly, every field at most once. Unknown fields are ignored.

use zeroize::Zeroizing;

use crate::secret::SecretString;

/// More fields than any form of ours has.
const MOST_FIELDS: usize = 32;

/// A form that was read.
#[derive(Clone, Default)]
pub(super) struct Form {
    fields: Vec<(String, Zeroizing<String>)>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}

/// A body that is no form of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotAForm;

impl Form {
    /// Reads `application/x-www-form-urlencoded` (WHATWG URL §5.1), refusing what two readers could understand
    /// differently: broken UTF-8 and fields that come twice.
    pub(super) fn parse(body: &[u8]) -> Result<Self, NotAForm> {
        let mut fields: Vec<(String, Zeroizing<String>)> = Vec::new();
        for pair in body.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let name = decoded(halves.next().unwrap_or_default())?.to_string();
            let value = decoded(halves.next().unwrap_or_default())?;
            if fields.len() == MOST_FIELDS || fields.iter().any(|(known, _)| *known == name) {
                return Err(NotAForm);
            }
            fields.push((name, value));
        }
        Ok(Self { fields })
    }

    /// A form that was kept while a fresh code was asked for.
    pub(super) fn kept(fields: &[(String, String)]) -> Self {
        let fields = fields.iter().map(|(name, value)| (name.clone(), Zeroizing::new(value.clone()))).collect();
        Self { fields }
    }

    /// A field; empty when it did not come.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// Did it come, be it empty?
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known == name)
    }

    /// The second time a password was typed. Where scripts run the page can show the first, and there is no second.
    pub(super) fn repeats(&self, name: &str, again: &str) -> bool {
        !self.has(again) || self.text(name) == self.text(again)
    }

    /// A field that is never printed.
    pub(super) fn secret(&self, name: &str) -> SecretString {
        SecretString::from(self.text(name))
    }
}

fn decoded(bytes: &[u8]) -> Result<Zeroizing<String>, NotAForm> {
    let spaced = Zeroizing::new(bytes.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect::<Vec<u8>>());
    let raw = Zeroizing::new(percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>());
    match std::str::from_utf8(&raw) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_broken) => Err(NotAForm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_once_and_exactly() {
        let form = Form::parse("user_name=%E8%8A%B1+%E5%AD%90&password=a%2Bb%26c&empty=&x".as_bytes()).unwrap();
        assert_eq!((form.text("user_name"), form.text("password")), ("花 子", "a+b&c"));
        assert_eq!((form.text("empty"), form.text("x"), form.text("missing")), ("", "", ""));
        assert!(!format!("{form:?}").contains("a+b"), "a form prints its field names only");
        for bad in [&b"a=1&a=2"[..], b"a=1&%61=2", b"a=%FF", b"%C3=1"] {
            assert_eq!(Form::parse(bad).err(), Some(NotAForm), "{bad:?}");
        }
        let many = (0..33).map(|n| format!("f{n}=1")).collect::<Vec<_>>().join("&");
        assert!(Form::parse(many.as_bytes()).is_err());
    }
}
