//! How a text is cut into the segments of a text message (3GPP TS 23.038 §6.2.1, 23.040 §9.2.3.24.1), so that what is sent
//! can be counted beforehand and no code is cut in two.

/// How the characters of a text travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// The default alphabet with its extension table, in septets.
    Gsm7,
    /// 16 bits each, for whatever the default alphabet lacks.
    Ucs2,
}

/// TS 23.038 §6.2.1; the escape to the extension table is none of it.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// §6.2.1.1: each is an escape and a septet.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// Octets of user data in a segment.
const OCTETS: usize = 140;
/// Octets of the header of a segment that is one of several: its reference has 8 bits, or 16.
pub(super) const HEADERS: [usize; 2] = [6, 7];

impl Alphabet {
    /// The narrowest that has all of the text's characters.
    pub fn of(text: &str) -> Self {
        if text.chars().all(|c| Self::Gsm7.width(c).is_some()) { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// Septets or 16-bit units of a character; `None` where the alphabet lacks it.
    fn width(self, c: char) -> Option<usize> {
        match self {
            Self::Ucs2 => Some(c.len_utf16()),
            Self::Gsm7 if BASIC.contains(c) => Some(1),
            Self::Gsm7 if EXTENDED.contains(c) => Some(2),
            Self::Gsm7 => None,
        }
    }

    /// Units that a segment carries behind a header of so many octets.
    const fn room(self, header: usize) -> usize {
        match self {
            // The header is filled up to a whole septet.
            Self::Gsm7 => (OCTETS - header) * 8 / 7,
            Self::Ucs2 => (OCTETS - header) / 2,
        }
    }
}

/// The segments of a text; one where it fits without a header. No character is cut in two.
pub fn segments(text: &str, header: usize) -> Vec<String> {
    let alphabet = Alphabet::of(text);
    let widths = || text.chars().map(|c| (c, alphabet.width(c).unwrap_or(1)));
    if widths().map(|(_, width)| width).sum::<usize>() <= alphabet.room(0) {
        return vec![text.to_owned()];
    }
    let room = alphabet.room(header);
    let mut segments = Vec::new();
    let (mut segment, mut used) = (String::new(), 0);
    for (c, width) in widths() {
        if used + width > room {
            segments.push(std::mem::take(&mut segment));
            used = 0;
        }
        segment.push(c);
        used += width;
    }
    segments.push(segment);
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<usize> {
        segments(text, HEADERS[0]).iter().map(|segment| segment.chars().count()).collect()
    }

    #[test]
    fn the_default_alphabet_has_128_places() {
        // With the escape, and the extension table by its ten characters.
        assert_eq!((BASIC.chars().count() + 1, EXTENDED.chars().count()), (128, 10));
        let mut all: Vec<char> = BASIC.chars().chain(EXTENDED.chars()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 137, "each once");
    }

    #[test]
    fn texts_are_cut_where_the_standard_cuts_them() {
        assert_eq!(lengths(&"a".repeat(160)), [160]);
        assert_eq!(lengths(&"a".repeat(161)), [153, 8]);
        assert_eq!(lengths(&"あ".repeat(70)), [70]);
        assert_eq!(lengths(&"あ".repeat(71)), [67, 4]);
        assert_eq!(lengths(&"€".repeat(80)), [80]);
        // 153 septets hold 76 pairs; the last pair is not cut.
        assert_eq!(lengths(&"€".repeat(81)), [76, 5]);
        assert_eq!(lengths(&"😀".repeat(36)), [33, 3], "nor is a character beyond the first plane");
        assert_eq!(segments(&"a".repeat(161), HEADERS[1])[0].len(), 152);
        assert_eq!(segments(&"あ".repeat(71), HEADERS[1])[0].chars().count(), 66);
        assert_eq!(segments("", 6), [""]);
    }

    #[test]
    fn one_character_beyond_the_alphabet_costs_all_of_them() {
        assert_eq!(Alphabet::of("@console.example.jp #123456\n"), Alphabet::Gsm7);
        assert_eq!(Alphabet::of("It’s"), Alphabet::Ucs2, "a curly apostrophe");
        assert_eq!(lengths(&format!("{}’", "a".repeat(70))), [67, 4]);
    }
}
