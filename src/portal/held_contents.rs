//! What a kept form holds, for its person alone: shown before it is sent, and as a text file. What looks like a secret is
//! named and never shown.

use percent_encoding::percent_decode;
use serde_json::Value;

use super::charset::Charset;

/// Fields that are shown.
const MOST_FIELDS: usize = 100;
/// Characters of one value, and of one name.
const MOST_CHARS: usize = 500;
/// Characters of a text without fields.
const MOST_TEXT: usize = 4000;

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Fields as they were sent, and how many more there are.
    Fields(Vec<KeptField>, usize),
    /// A text.
    Text(String),
    /// Nothing.
    Empty,
    /// So many bytes that are no text.
    Unreadable(usize),
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptField {
    /// Its name in the form.
    pub name: String,
    /// What is in it.
    pub value: KeptValue,
}

/// What is in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptValue {
    /// A text, cut where it is long.
    Text(String),
    /// Nothing.
    Empty,
    /// Something that is not to be read over somebody's shoulder.
    Secret,
    /// A file of this name and so many bytes.
    File(String, usize),
    /// So many bytes that are no text.
    Unreadable(usize),
}

/// Which kind of body it is, as far as it is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Urlencoded,
    Multipart,
    Json,
    Text,
}

impl Kind {
    pub(super) fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => Self::Urlencoded,
            "multipart/form-data" => Self::Multipart,
            "application/json" => Self::Json,
            _ => Self::Text,
        }
    }
}

impl Contents {
    /// Reads a body. Whatever it is, there is something to show.
    pub(super) fn read(content_type: &str, body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::Empty;
        }
        let fields = match Kind::of(content_type) {
            Kind::Urlencoded => Some(decoded(content_type, &pairs(body).collect::<Vec<_>>())),
            Kind::Multipart => parts(content_type, body),
            Kind::Json => serde_json::from_slice(body).ok().and_then(|value| members(&value)),
            Kind::Text => lines(content_type, body),
        };
        match fields {
            Some(fields) => Self::of_fields(fields),
            None => match Charset::of(content_type, &[body]).text(body) {
                Some(text) => Self::Text(cut(&text, MOST_TEXT)),
                None => Self::Unreadable(body.len()),
            },
        }
    }

    fn of_fields(mut fields: Vec<KeptField>) -> Self {
        let more = fields.len().saturating_sub(MOST_FIELDS);
        fields.truncate(MOST_FIELDS);
        if fields.is_empty() { Self::Empty } else { Self::Fields(fields, more) }
    }
}

/// An urlencoded form as people read it: a line for each field, every character as it was typed. `None` for another kind
/// of body, and where it is no text.
pub(super) fn as_text(content_type: &str, body: &[u8]) -> Option<String> {
    if Kind::of(content_type) != Kind::Urlencoded {
        return None;
    }
    let pairs: Vec<_> = pairs(body).collect();
    let charset = charset(content_type, &pairs);
    let mut text = String::new();
    for (name, value) in &pairs {
        let (name, value) = (charset.text(name)?, charset.text(value)?);
        // What stands on further lines is set in, so that it is no field of its own.
        let value = value.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n  ");
        text.extend([&*name, ": ", value.as_str(), "\r\n"]);
    }
    Some(text)
}

/// One for all of a form: names and values are too short to be told one by one.
fn charset(content_type: &str, pairs: &[(Vec<u8>, Vec<u8>)]) -> Charset {
    let texts: Vec<&[u8]> = pairs.iter().flat_map(|(name, value)| [name.as_slice(), value.as_slice()]).collect();
    Charset::of(content_type, &texts)
}

fn decoded(content_type: &str, pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<KeptField> {
    let charset = charset(content_type, pairs);
    pairs.iter().map(|(name, value)| field(charset, name, value)).collect()
}

/// WHATWG URL §5.1, byte for byte.
fn pairs(body: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || {
            let spaced: Vec<u8> =
                halves.next().unwrap_or_default().iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
            percent_decode(&spaced).collect()
        };
        (half(), half())
    })
}

fn field(charset: Charset, name: &[u8], value: &[u8]) -> KeptField {
    let name = cut(&charset.text(name).unwrap_or_else(|| String::from_utf8_lossy(name)), MOST_CHARS);
    KeptField { value: kept(charset, &name, value), name }
}

fn kept(charset: Charset, name: &str, value: &[u8]) -> KeptValue {
    if value.is_empty() {
        return KeptValue::Empty;
    }
    if is_secret(name) {
        return KeptValue::Secret;
    }
    charset.text(value).map_or(KeptValue::Unreadable(value.len()), |text| KeptValue::Text(cut(&text, MOST_CHARS)))
}

/// Does a field of this name hold what is not to be shown? Rather one too many.
fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 19] = [
        "pass",
        "pwd",
        "secret",
        "token",
        "csrf",
        "xsrf",
        "authenticity",
        "viewstate",
        "eventvalidation",
        "apikey",
        "accesskey",
        "privatekey",
        "cardnumber",
        "cardno",
        "securitycode",
        "mynumber",
        "パスワード",
        "暗証",
        "カード番号",
    ];
    const WORDS: [&str; 7] = ["pin", "otp", "cvv", "cvc", "cvc2", "nonce", "pan"];
    let lower = name.to_lowercase();
    let squeezed: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    PARTS.iter().any(|part| squeezed.contains(part)) || words.any(|word| WORDS.contains(&word))
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain(['…']).collect()
}

/// RFC 7578, as browsers write it. `None` where it does not read.
fn parts(content_type: &str, body: &[u8]) -> Option<Vec<KeptField>> {
    let boundary = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    })?;
    let opening = format!("--{boundary}");
    let between = format!("\r\n{opening}");
    let mut rest = body.get(find(body, opening.as_bytes())? + opening.len()..)?;
    let mut found = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let head_end = find(part, b"\r\n\r\n")?;
        let (head, after) = part.split_at_checked(head_end + 4)?;
        let end = find(after, between.as_bytes())?;
        let content = after.get(..end)?;
        found.push((head, content));
        rest = after.get(end + between.len()..)?;
    }
    if !rest.starts_with(b"--") {
        return None;
    }
    let is_file = |head: &[u8]| find(head, b"filename=\"").is_some();
    let texts: Vec<&[u8]> =
        found.iter().flat_map(|(head, content)| [*head, if is_file(head) { b"" } else { *content }]).collect();
    let charset = Charset::of("", &texts);
    found.into_iter().map(|(head, content)| part(charset, head, content)).collect()
}

fn part(charset: Charset, head: &[u8], content: &[u8]) -> Option<KeptField> {
    let head = charset.text(head).unwrap_or_else(|| String::from_utf8_lossy(head));
    let (name, file) = disposition(&head)?;
    let value = match file {
        Some(file) if file.is_empty() && content.is_empty() => KeptValue::Empty,
        Some(file) => KeptValue::File(cut(&file, MOST_CHARS), content.len()),
        None => return Some(KeptField { value: kept(charset, &name, content), name: cut(&name, MOST_CHARS) }),
    };
    Some(KeptField { name: cut(&name, MOST_CHARS), value })
}

/// Name of field and file in the head of a part.
fn disposition(head: &str) -> Option<(String, Option<String>)> {
    let line = head.lines().find(|line| {
        line.split_once(':').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
    })?;
    let parameter = |wanted: &str| {
        let (_, value) = line.split_once(&format!("; {wanted}=\""))?;
        let (value, _) = value.split_once('"')?;
        Some(value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
    };
    Some((parameter("name")?, parameter("filename")))
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|window| window == what)
}

/// Of an object or a list, each member by its path. `None` for anything else.
fn members(value: &Value) -> Option<Vec<KeptField>> {
    if !value.is_object() && !value.is_array() {
        return None;
    }
    let mut fields = Vec::new();
    flatten("", value, &mut fields);
    Some(fields)
}

fn flatten(path: &str, value: &Value, into: &mut Vec<KeptField>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, into);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                flatten(&format!("{path}[{place}]"), value, into);
            }
        }
        Value::Null => into.push(field(Charset::UTF_8, path.as_bytes(), b"")),
        Value::String(text) => into.push(field(Charset::UTF_8, path.as_bytes(), text.as_bytes())),
        Value::Bool(_) | Value::Number(_) => {
            into.push(field(Charset::UTF_8, path.as_bytes(), value.to_string().as_bytes()));
        }
    }
}

/// A form as `text/plain`: `name=value`, a line each. `None` for any other text.
fn lines(content_type: &str, body: &[u8]) -> Option<Vec<KeptField>> {
    let text = Charset::of(content_type, &[body]).text(body)?;
    let pair =
        |line: &str| line.split_once('=').map(|(name, value)| field(Charset::UTF_8, name.as_bytes(), value.as_bytes()));
    text.lines().filter(|line| !line.is_empty()).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn shown(content_type: &str, body: &[u8]) -> Vec<(String, KeptValue)> {
        match Contents::read(content_type, body) {
            Contents::Fields(fields, 0) => fields.into_iter().map(|field| (field.name, field.value)).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn text(text: &str) -> KeptValue {
        KeptValue::Text(text.to_owned())
    }

    #[test]
    fn a_form_is_read_as_it_was_typed() {
        let body = "carrier=%E3%83%A4%E3%83%9E%E3%83%88&a+b=1%2B1&empty=&bare&carrier=twice".as_bytes();
        let expected = [
            ("carrier", text("ヤマト")),
            ("a b", text("1+1")),
            ("empty", KeptValue::Empty),
            ("bare", KeptValue::Empty),
            ("carrier", text("twice")),
        ];
        assert_eq!(shown(FORM, body), expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(Contents::read(FORM, b""), Contents::Empty);
        assert_eq!(Contents::read(FORM, b"&&"), Contents::Empty);
        assert_eq!(shown(FORM, b"a=%83%00%FF")[0].1, KeptValue::Unreadable(3), "no text");
    }

    #[test]
    fn a_form_of_an_old_page_is_read_too() {
        // 配送業者=ヤマト運輸, パスワード=hunter2 and 備考=ok, as pages in these encodings send them.
        let shift_jis =
            "%94z%91%97%8B%C6%8E%D2=%83%84%83%7D%83g%89%5E%97A&%83p%83X%83%8F%81%5B%83h=hunter2&%94%F5%8Dl=ok";
        let euc = "%C7%DB%C1%F7%B6%C8%BC%D4=%A5%E4%A5%DE%A5%C8%B1%BF%CD%A2&%A5%D1%A5%B9%A5%EF%A1%BC%A5%C9=hunter2\
                   &%C8%F7%B9%CD=ok";
        let expected = [("配送業者", text("ヤマト運輸")), ("パスワード", KeptValue::Secret), ("備考", text("ok"))];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        for body in [shift_jis, euc] {
            assert_eq!(shown(FORM, body.as_bytes()), expected, "{body}");
        }
        let lines = as_text(FORM, shift_jis.as_bytes()).unwrap();
        assert_eq!(lines, "配送業者: ヤマト運輸\r\nパスワード: hunter2\r\n備考: ok\r\n");
        let named = shown("application/x-www-form-urlencoded; charset=windows-1252", b"a=caf%E9");
        assert_eq!(named[0].1, text("café"), "it says so");
        let mut body = b"--b\r\nContent-Disposition: form-data; name=\"".to_vec();
        body.extend(b"\x83p\x83X\x83\x8f\x81[\x83h\"\r\n\r\nhunter2\r\n--b\r\nContent-Disposition: form-data; name=\"");
        body.extend(b"\x94\xf5\x8dl\"; filename=\"\x83\x84.csv\"\r\n\r\n\xff\r\n--b--\r\n");
        let expected = [("パスワード", KeptValue::Secret), ("備考", KeptValue::File("ヤ.csv".to_owned(), 1))];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(shown("multipart/form-data; boundary=b", &body), expected);
    }

    #[test]
    fn what_looks_like_a_secret_is_not_shown() {
        for name in [
            "password",
            "new_passwd",
            "csrf_token",
            "_xsrf",
            "api-key",
            "PIN",
            "card[number]",
            "user.pin",
            "__VIEWSTATE",
            "パスワード",
        ] {
            let body =
                format!("{}=4711", percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC));
            assert_eq!(shown(FORM, body.as_bytes()), [(name.to_owned(), KeptValue::Secret)]);
        }
        for name in ["shipping", "tracking", "opinion", "postcode", "panel", "memo"] {
            assert_eq!(shown(FORM, format!("{name}=4711").as_bytes())[0].1, text("4711"), "{name}");
        }
    }

    #[test]
    fn files_are_named_with_their_size() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nline 1\r\nline 2\r\n\
                    --b\r\ncontent-disposition: form-data; name=\"list\"; filename=\"商品%22.csv\"\r\n\
                    Content-Type: text/csv\r\n\r\na,b\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--b--\r\n";
        let expected = [
            ("note", text("line 1\r\nline 2")),
            ("list", KeptValue::File("商品\".csv".to_owned(), 3)),
            ("none", KeptValue::Empty),
            ("password", KeptValue::Secret),
        ];
        let named = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(shown("multipart/form-data; boundary=b", body.as_bytes()), named);
        assert_eq!(shown("Multipart/Form-Data; charset=x; Boundary=\"b\"", body.as_bytes()), named);
        let broken = Contents::read("multipart/form-data; boundary=c", body.as_bytes());
        assert!(matches!(broken, Contents::Text(_)), "{broken:?}");
    }

    #[test]
    fn json_and_texts_are_shown_too() {
        let body = r#"{"order":{"id":7,"password":"x"},"items":["a",null,true]}"#;
        let names = ["items[0]", "items[1]", "items[2]", "order.id", "order.password"];
        let fields = shown("application/json", body.as_bytes());
        let mut sorted = fields.clone();
        sorted.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(sorted.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
        let values: Vec<_> = sorted.into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, [text("a"), KeptValue::Empty, text("true"), text("7"), KeptValue::Secret]);
        assert_eq!(shown("text/plain", b"a=b\r\nc=d\r\n").len(), 2);
        assert_eq!(Contents::read("text/plain", b"Hello"), Contents::Text("Hello".to_owned()));
        assert_eq!(Contents::read("application/json", b"\xff\xfe"), Contents::Unreadable(2));
    }

    #[test]
    fn what_is_long_is_cut_and_the_rest_is_counted() {
        let many = vec!["f=1"; MOST_FIELDS + 7].join("&");
        let Contents::Fields(fields, 7) = Contents::read(FORM, many.as_bytes()) else { panic!("seven more") };
        assert_eq!(fields.len(), MOST_FIELDS);
        let long = format!("f={}", "x".repeat(MOST_CHARS + 1));
        let KeptValue::Text(text) = shown(FORM, long.as_bytes()).remove(0).1 else { panic!("a text") };
        assert!(text.ends_with('…') && text.chars().count() == MOST_CHARS + 1);
    }

    #[test]
    fn the_file_is_readable() {
        let body = b"carrier=%E3%83%A4%E3%83%9E%E3%83%88&memo=1%0D%0A2%0A3&password=a%26b";
        assert_eq!(
            as_text("Application/X-WWW-form-urlencoded; charset=utf-8", body).as_deref(),
            Some("carrier: ヤマト\r\nmemo: 1\r\n  2\r\n  3\r\npassword: a&b\r\n")
        );
        assert_eq!(as_text(FORM, b"a=%83%00%FF"), None, "it is given as it was sent");
        assert_eq!(as_text("text/plain", b"a=b"), None);
    }
}
