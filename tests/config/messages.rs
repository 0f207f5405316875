use sekisho::config;

/// Twenty lines; what is appended starts at line 21.
const GOOD: &str = include_str!("../../config/sekisho.toml");

/// `line message` of each problem of the good file with this behind it.
fn said(more: &str) -> Vec<String> {
    match config::parse(&format!("{GOOD}{more}\n"), "sekisho.toml") {
        Ok(_) => Vec::new(),
        Err(problems) => problems.as_slice().iter().map(|p| format!("{} {}", p.line, p.message)).collect(),
    }
}

#[test]
fn a_text_that_could_not_be_used_is_refused() {
    for (text, expected) in [
        ("Your code", "messages.sms_en: has no code in it"),
        ("{code} {kode}", "messages.sms_en: \"kode\" is no part of it"),
        ("{code} {", "messages.sms_en: has a { without a }"),
        ("{code}\\n@evil.example #1", "messages.sms_en: has a line that starts with @"),
        ("{code} HTTPS://evil.example", "messages.sms_en: has a link in it"),
        ("{code}\\u0007", "messages.sms_en: has control characters other than line ends"),
    ] {
        assert_eq!(said(&format!("[messages]\nsms_en = \"{text}\"")), [format!("22 {expected}")], "{text}");
    }
    assert_eq!(said("[messages]\nsms_ja = \"【{service}】{code}\""), <[&str; 0]>::default());
}

/// Texts of every length around the ends of segments: refused exactly where a segment ends within a code. The last line
/// is `\n@localhost #000000` behind a code at the start.
#[test]
fn a_text_that_a_phone_could_show_with_half_a_code_is_refused() {
    let cut = |key: &str, fill: &str, length: usize| {
        let text = format!("{{code}}{}", fill.repeat(length));
        let said = said(&format!("[messages]\n{key} = \"{text}\""));
        match &said[..] {
            [] => false,
            [one] => {
                assert_eq!(*one, format!("22 messages.{key}: the text is so long that a phone could show half a code"));
                true
            }
            more => panic!("{more:?}"),
        }
    };
    let host = "\n@localhost #".chars().count();
    for (key, fill, single, rooms) in [("sms_en", "a", 160, [153, 152]), ("sms_ja", "あ", 70, [67, 66])] {
        for length in 0..=340 {
            let before = 6 + length + host;
            let whole = before + 6;
            let ends_within =
                |room: &usize| (1..8).map(|n| n * room).take_while(|end| *end < whole).any(|end| end > before);
            let expected = whole > single && rooms.iter().any(ends_within);
            assert_eq!(cut(key, fill, length), expected, "{key} with {length}");
        }
    }
}

#[test]
fn a_host_can_make_the_text_too_long() {
    let refused = |label: usize| {
        let host = format!("https://{}.example.jp", ["a".repeat(label), "b".repeat(label)].join("."));
        config::parse(&GOOD.replace("https://localhost:8443", &host), "sekisho.toml").err()
    };
    assert!(refused(5).is_none(), "in one segment");
    let cut: Vec<String> =
        (5..=60).filter_map(refused).flat_map(|all| all.as_slice().to_vec()).map(|p| p.message).collect();
    // In English the code is behind the first segment's end before two are needed.
    let expected = "messages.sms_ja: the text is so long that a phone could show half a code";
    assert!(!cut.is_empty() && cut.len() < 20 && cut.iter().all(|said| said == expected), "{cut:?}");
}

const VONAGE: &str = "provider = \"vonage\"\nfrom = \"+815012345678\"\n";

#[test]
fn vonage_says_which_keys_a_channel_lacks() {
    let voice = |more: &str| said(&format!("[voice]\n{VONAGE}{more}"));
    assert_eq!(voice(""), ["23 voice.application: calls are made by one, with its private_key"]);
    assert_eq!(voice("application = \"a\""), ["23 voice.application: calls are made by one, with its private_key"]);
    assert_eq!(voice("application = \"a\"\nprivate_key = \"k.pem\""), <[&str; 0]>::default());
    let named = said("[voice]\nprovider = \"vonage\"\nfrom = \"Shop\"\napplication = \"a\"\nprivate_key = \"k.pem\"");
    assert_eq!(named, ["23 voice.from: calls come from a number"]);
    assert_eq!(
        voice("application = \"a\"\nprivate_key = \"k.pem\"\nsignature_method = \"md5\""),
        ["26 voice.signature_method: \"md5\" is not a signature method that is strong enough"]
    );
    let second = said(&format!("[voice]\nprovider = \"inbox\"\n[voice.second]\n{VONAGE}"));
    assert_eq!(second, ["25 voice.second.application: calls are made by one, with its private_key"]);
    let sms = GOOD.replace("provider = \"inbox\"", VONAGE);
    let problems = config::parse(&sms, "sekisho.toml").unwrap_err();
    assert!(problems.to_string().contains("sms.api_key: text messages need the key and api_secret"), "{problems}");
}
