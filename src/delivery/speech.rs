//! What a voice call says, as data: sentences, single digits and pauses. Engines read the same plan in their own markup;
//! the digits are never run together, or an engine would read them as one number.

use std::{fmt::Write as _, time::Duration};

use crate::{authn::Passcode, language::Language};

/// One piece of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum Phrase {
    /// A sentence.
    Say {
        /// As it is written, for people and for engines that read Japanese.
        text: String,
        /// The same in kana, for engines that cannot read kanji; in English the text itself.
        reading: String,
    },
    /// One digit, `0` to `9`, spoken alone.
    Digit(char),
    /// Silence.
    Pause(Duration),
}

/// Before the first word: people are still lifting the receiver.
const OPENING: Duration = Duration::from_secs(1);
/// Between sentences.
const BREATH: Duration = Duration::from_millis(600);
/// Between two digits, long enough to write one down.
const BETWEEN_DIGITS: Duration = Duration::from_millis(700);
/// Between groups of digits and around the code.
const BETWEEN_GROUPS: Duration = Duration::from_secs(1);
/// Digits in a group.
const GROUP: usize = 3;

/// The whole call that reads out a code, three times.
pub fn plan(language: Language, service: &str, code: &Passcode) -> Vec<Phrase> {
    let sentences = Sentences::of(language, service);
    let mut plan = vec![Phrase::Pause(OPENING)];
    for opening in sentences.opening {
        plan.extend([opening, Phrase::Pause(BREATH)]);
    }
    for announcement in sentences.before_each_reading {
        plan.extend([announcement, Phrase::Pause(BETWEEN_GROUPS)]);
        for (position, digit) in code.expose().chars().enumerate() {
            if position > 0 {
                plan.push(Phrase::Pause(if position % GROUP == 0 { BETWEEN_GROUPS } else { BETWEEN_DIGITS }));
            }
            plan.push(Phrase::Digit(digit));
        }
        plan.push(Phrase::Pause(BETWEEN_GROUPS));
    }
    plan.extend([sentences.warning, Phrase::Pause(BREATH), sentences.farewell]);
    plan
}

/// A call that tells something, twice: for what is worth a call.
pub fn announcement(language: Language, service: &str, text: &str, reading: &str) -> Vec<Phrase> {
    let sentences = Sentences::of(language, service);
    let [greeting, _code_comes] = sentences.opening;
    let told = Phrase::Say { text: text.to_owned(), reading: reading.to_owned() };
    let again = match language {
        Language::Ja => "くりかえします。",
        Language::En => "Again:",
    };
    let again = Phrase::Say { text: again.to_owned(), reading: again.to_owned() };
    let mut plan = vec![Phrase::Pause(OPENING)];
    for phrase in [greeting, told.clone(), again, told, sentences.farewell] {
        plan.extend([phrase, Phrase::Pause(BREATH)]);
    }
    plan
}

struct Sentences {
    opening: [Phrase; 2],
    before_each_reading: [Phrase; 3],
    warning: Phrase,
    farewell: Phrase,
}

impl Sentences {
    fn of(language: Language, service: &str) -> Self {
        match language {
            Language::Ja => {
                let say =
                    |text: &str, reading: &str| Phrase::Say { text: text.to_owned(), reading: reading.to_owned() };
                Self {
                    opening: [
                        say(&format!("こちらは、{service}です。"), &format!("こちらは、{service}です。")),
                        say(
                            "認証コードをお知らせします。メモをご用意ください。",
                            "にんしょうコードを、おしらせします。メモを、ごよういください。",
                        ),
                    ],
                    before_each_reading: [
                        say("認証コードは、", "にんしょうコードは、"),
                        say("くりかえします。", "くりかえします。"),
                        say("もう一度、くりかえします。", "もういちど、くりかえします。"),
                    ],
                    warning: say(
                        "お心当たりがない場合は、このまま電話を切ってください。",
                        "おこころあたりが、ないばあいは、このまま、でんわを、きってください。",
                    ),
                    farewell: say("失礼いたします。", "しつれいいたします。"),
                }
            }
            Language::En => {
                let say = |text: &str| Phrase::Say { text: text.to_owned(), reading: text.to_owned() };
                Self {
                    opening: [
                        say(&format!("This is {service}.")),
                        say("We are calling with your code. Have a pen ready."),
                    ],
                    before_each_reading: [
                        say("Your code is:"),
                        say("Again, your code is:"),
                        say("Once more, your code is:"),
                    ],
                    warning: say("If you did not ask for this, hang up."),
                    farewell: say("Goodbye."),
                }
            }
        }
    }
}

/// The word a digit is spoken as: in Japanese the readings that are not mistaken for another digit on a bad line (よん,
/// なな, きゅう rather than し, しち, く).
pub const fn digit_word(language: Language, digit: char) -> &'static str {
    match (language, digit) {
        (Language::Ja, '0') => "ゼロ",
        (Language::Ja, '1') => "いち",
        (Language::Ja, '2') => "に",
        (Language::Ja, '3') => "さん",
        (Language::Ja, '4') => "よん",
        (Language::Ja, '5') => "ご",
        (Language::Ja, '6') => "ろく",
        (Language::Ja, '7') => "なな",
        (Language::Ja, '8') => "はち",
        (Language::Ja, '9') => "きゅう",
        (Language::En, '0') => "zero",
        (Language::En, '1') => "one",
        (Language::En, '2') => "two",
        (Language::En, '3') => "three",
        (Language::En, '4') => "four",
        (Language::En, '5') => "five",
        (Language::En, '6') => "six",
        (Language::En, '7') => "seven",
        (Language::En, '8') => "eight",
        (Language::En, '9') => "nine",
        (_, _not_a_digit) => "",
    }
}

/// The plan as a person reads it: a line a sentence, the digits of one reading on one line in their groups.
pub fn transcript(plan: &[Phrase]) -> String {
    let mut text = String::new();
    let mut in_digits = false;
    for phrase in plan {
        match phrase {
            Phrase::Say { text: sentence, .. } => {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(sentence);
                in_digits = false;
            }
            Phrase::Digit(digit) => {
                if !in_digits {
                    text.push('\n');
                }
                text.push(*digit);
                in_digits = true;
            }
            Phrase::Pause(BETWEEN_DIGITS) if in_digits => text.push(' '),
            Phrase::Pause(BETWEEN_GROUPS) if in_digits => text.push_str("   "),
            Phrase::Pause(_) => {}
        }
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The plan as SSML (W3C Speech Synthesis Markup Language 1.1), as `espeak-ng -m` reads it.
pub fn ssml(plan: &[Phrase], language: Language) -> String {
    format!("<speak>{}</speak>", marked_up(plan, language, |_text, reading| reading))
}

/// The same for voices that read Japanese as it is written, without the element around it.
pub fn written(plan: &[Phrase], language: Language) -> String {
    marked_up(plan, language, |text, _reading| text)
}

fn marked_up<'p>(plan: &'p [Phrase], language: Language, spelling: fn(&'p str, &'p str) -> &'p str) -> String {
    let mut ssml = String::new();
    for phrase in plan {
        match phrase {
            Phrase::Say { text, reading } => escape_into(&mut ssml, spelling(text, reading)),
            Phrase::Digit(digit) => ssml.push_str(digit_word(language, *digit)),
            Phrase::Pause(pause) => {
                let written = write!(ssml, "<break time=\"{}ms\"/>", pause.as_millis());
                debug_assert!(written.is_ok(), "writing to a string does not fail");
            }
        }
    }
    ssml
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::message::sample_code;

    #[test]
    fn digits_are_said_one_by_one_three_times() {
        for language in Language::ALL {
            let code = sample_code();
            let plan = plan(language, "Seller Console", &code);
            let said: String =
                plan.iter().filter_map(|p| if let Phrase::Digit(d) = p { Some(*d) } else { None }).collect();
            assert_eq!(said, code.expose().repeat(3), "{language:?}");
            for pair in plan.windows(2) {
                assert!(
                    !matches!(pair, [Phrase::Digit(_), Phrase::Digit(_)]),
                    "{language:?}: two digits without a pause would be read as one number"
                );
                assert!(!matches!(pair, [Phrase::Say { .. }, Phrase::Say { .. } | Phrase::Digit(_)]), "{language:?}");
            }
        }
    }

    #[test]
    fn groups_of_three_have_a_longer_pause_between_them() {
        let plan = plan(Language::En, "Seller Console", &sample_code());
        let first = plan.iter().position(|p| matches!(p, Phrase::Digit(_))).unwrap();
        let pauses: Vec<Duration> = plan[first..]
            .iter()
            .filter_map(|p| if let Phrase::Pause(d) = p { Some(*d) } else { None })
            .take(5)
            .collect();
        assert_eq!(pauses, [BETWEEN_DIGITS, BETWEEN_DIGITS, BETWEEN_GROUPS, BETWEEN_DIGITS, BETWEEN_DIGITS]);
    }

    #[test]
    fn japanese_digits_are_the_readings_nobody_mishears() {
        let words: Vec<&str> = ('0'..='9').map(|d| digit_word(Language::Ja, d)).collect();
        assert_eq!(words, ["ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"]);
        let words: Vec<&str> = ('0'..='9').map(|d| digit_word(Language::En, d)).collect();
        assert_eq!(words[0], "zero", "never \"oh\"");
        assert!(words.iter().all(|w| !w.is_empty()));
    }

    #[test]
    fn a_reading_has_no_kanji_of_ours() {
        let plan = plan(Language::Ja, "セラーコンソール", &sample_code());
        let ssml = ssml(&plan, Language::Ja);
        assert!(!ssml.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{ssml}");
        assert!(transcript(&plan).contains("認証コード"), "people read it as it is usually written");
    }

    #[test]
    fn markup_in_a_service_name_is_spoken_not_obeyed() {
        let plan = plan(Language::En, "A&B <break/>", &sample_code());
        assert!(ssml(&plan, Language::En).contains("This is A&amp;B &lt;break/&gt;."));
    }

    #[test]
    fn the_transcript_shows_the_digits_in_groups() {
        let code = sample_code();
        let spaced: Vec<String> = code.expose().chars().map(String::from).collect();
        let line = format!("{}   {}", spaced[..3].join(" "), spaced[3..].join(" "));
        let transcript = transcript(&plan(Language::En, "Seller Console", &code));
        assert_eq!(transcript.lines().filter(|l| *l == line).count(), 3, "{transcript}");
        assert_eq!(transcript.lines().next(), Some("This is Seller Console."));
        assert_eq!(transcript.lines().last(), Some("Goodbye."));
    }

    /// The loud stretches of a recording that half a second of silence lies between, each with its length.
    fn stretches(wav: &[u8]) -> Vec<Duration> {
        const WINDOW: Duration = Duration::from_millis(10);
        let rate = u32::from_le_bytes(wav[24..28].try_into().unwrap());
        let samples: Vec<i16> = wav[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let loud = |window: &[i16]| window.iter().any(|sample| sample.unsigned_abs() > 300);
        let mut stretches = Vec::new();
        let (mut length, mut silence) = (0, 0);
        for window in samples.chunks(rate as usize / 100) {
            if loud(window) {
                length += if length == 0 { 1 } else { silence + 1 };
                silence = 0;
            } else {
                silence += 1;
                if silence == 50 && length > 0 {
                    stretches.push(WINDOW * length);
                    length = 0;
                }
            }
        }
        stretches.extend((length > 0).then(|| WINDOW * length));
        stretches
    }

    #[test]
    fn espeak_ng_speaks_the_digits_of_the_japanese_plan_apart() {
        use std::{
            io::Write as _,
            process::{Command, Stdio},
        };

        let spoken = ssml(&plan(Language::Ja, "セラーコンソール", &sample_code()), Language::Ja);
        let record = |ssml: &str| {
            let mut engine = Command::new("espeak-ng");
            let engine = engine.args(["-v", "ja", "-s", "150", "-m", "--stdin", "--stdout"]);
            let mut engine =
                engine.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("apt-get install espeak-ng");
            engine.stdin.take().unwrap().write_all(ssml.as_bytes()).unwrap();
            stretches(&engine.wait_with_output().unwrap().stdout)
        };
        let stretches = record(&spoken);
        let words = stretches.iter().filter(|length| **length < Duration::from_millis(600)).count();
        assert_eq!(words, 18, "six digits, three times: {stretches:?}");
        // The greeting, what is coming, what comes before each reading, and the end: none of them a digit.
        assert_eq!(stretches.len() - words, 7, "{stretches:?}");
        // Without its pauses a code is one stretch, whatever the engine makes of it.
        let code: String = sample_code().expose().chars().map(|digit| digit_word(Language::Ja, digit)).collect();
        assert_eq!(record(&format!("<speak>{code}</speak>")).len(), 1);
    }
}
