//! Randomness as a parameter, and the 128-bit identifiers made from it. Nothing outside this file asks the operating
//! system for random bytes (a lint holds that).

use std::{fmt, sync::Arc};

use ring::rand::SecureRandom as _;

/// Where random bytes come from (NIST SP 800-63B-4 §3.2.12: an approved generator).
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the whole buffer with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The source everything shares.
pub type SharedEntropy = Arc<dyn Entropy>;

/// The operating system's generator.
#[derive(Debug, Clone)]
pub struct SystemEntropy(ring::rand::SystemRandom);

impl SystemEntropy {
    /// Opens the generator.
    #[expect(clippy::new_without_default, reason = "a source of randomness is made once, on purpose")]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    pub fn new() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // Without randomness no cookie, code or key may be made; there is nothing safe left to do.
            tracing::error!("the operating system gives no random bytes: stopping");
            std::process::abort();
        }
    }
}

/// The same generator as *ring* wants it: its key pairs and their signatures take random bytes from nobody else.
#[expect(clippy::disallowed_methods, reason = "beside the one place that asks the operating system")]
pub fn ring_source() -> ring::rand::SystemRandom {
    ring::rand::SystemRandom::new()
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// The text form of an identifier: 26 characters of lower-case base32 without padding (RFC 4648 §6), so that it is
/// safe in a URL, a log line and a shell.
pub fn encode_id(bytes: [u8; 16]) -> String {
    data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

/// Reads the text form; `None` for anything [`encode_id`] does not make.
pub fn decode_id(text: &str) -> Option<[u8; 16]> {
    if text.len() != 26 || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    data_encoding::BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()?.try_into().ok()
}

/// Declares a 128-bit identifier: random, opaque, its own type.
#[macro_export]
macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new identifier nobody can guess.
            pub fn random(entropy: &dyn $crate::entropy::Entropy) -> Self {
                Self($crate::entropy::random_bytes(entropy))
            }
            /// Reads the text form of [`Display`](std::fmt::Display).
            pub fn parse(text: &str) -> Option<Self> {
                $crate::entropy::decode_id(text).map(Self)
            }
            /// The 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::entropy::encode_id(self.0))
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> ::std::result::Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> ::std::result::Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(from)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom(concat!("not a ", stringify!($name))))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_read_back_and_refuse_other_spellings() {
        let id: [u8; 16] = random_bytes(&SystemEntropy::new());
        let text = encode_id(id);
        assert_eq!(decode_id(&text), Some(id));
        assert_eq!(decode_id(&text.to_ascii_uppercase()), None, "one identifier has one spelling");
        assert_eq!(decode_id("x"), None);
    }
}
