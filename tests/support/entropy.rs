//! Randomness that is the same in every run: HMAC-SHA-256 of a counter under the test's seed.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::hmac;
use sekisho::entropy::Entropy;

/// A repeatable source.
#[derive(Debug)]
pub(crate) struct SeededEntropy {
    key: hmac::Key,
    block: AtomicU64,
}

impl SeededEntropy {
    /// The source this seed stands for.
    pub(crate) fn new(seed: u64) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes()), block: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::SeqCst);
            let tag = hmac::sign(&self.key, &block.to_be_bytes());
            chunk.copy_from_slice(&tag.as_ref()[..chunk.len()]);
        }
    }
}
