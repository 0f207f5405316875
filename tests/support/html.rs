//! Reads what a person would use of a page: its text, links and forms. Enough of HTML for our own pages, not for any.

/// A form as it would be sent when nothing is typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    /// Its `id`, which controls outside it may name.
    pub(crate) id: String,
    /// Where it goes; empty for the page's own address.
    pub(crate) action: String,
    /// `get` or `post`.
    pub(crate) method: String,
    /// Every field, in order.
    pub(crate) fields: Vec<Field>,
}

/// One control of a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Field {
    /// `hidden`, `text`, `password`, `radio`, `checkbox`, `submit`, …
    pub(crate) kind: String,
    /// Its name; may be empty.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
    /// A box or radio button that is ticked, or an option that is chosen.
    pub(crate) checked: bool,
    /// Cannot be used.
    pub(crate) disabled: bool,
    /// What a button says.
    pub(crate) label: String,
    /// Where a button sends the form instead.
    pub(crate) action: Option<String>,
}

impl Form {
    /// Has it a control of this name?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// Its buttons.
    pub(crate) fn buttons(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.kind == "submit")
    }

    /// Where it goes when the button among `typed` is pressed.
    pub(crate) fn goes_to(&self, typed: &[(&str, &str)]) -> &str {
        let pressed = self.buttons().find(|b| typed.contains(&(b.name.as_str(), b.value.as_str())));
        pressed.and_then(|button| button.action.as_deref()).unwrap_or(&self.action)
    }

    /// The values a control of this name can have (radio buttons, options, buttons), those that can be chosen only.
    pub(crate) fn choices(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|f| f.name == name && !f.disabled).map(|f| f.value.as_str()).collect()
    }

    /// The name-value pairs to send: what the page says, with `typed` put in; a button only if `typed` names it.
    pub(crate) fn filled(&self, typed: &[(&str, &str)]) -> Vec<(String, String)> {
        for (name, _) in typed {
            assert!(self.has(name), "the form to {:?} has no field {name}: {:?}", self.action, self.fields);
        }
        let untouched = self.fields.iter().filter(|f| {
            let sent = match f.kind.as_str() {
                "submit" | "button" => false,
                "radio" | "checkbox" | "option" => f.checked,
                _ => true,
            };
            sent && !f.disabled && !f.name.is_empty() && !typed.iter().any(|(name, _)| *name == f.name)
        });
        let untouched = untouched.map(|f| (f.name.clone(), f.value.clone()));
        untouched.chain(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
    }
}

enum Token<'a> {
    Open { name: String, attributes: Vec<(String, String)> },
    Close(String),
    Text(&'a str),
}

/// All forms of a page.
pub(crate) fn forms(page: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut form: Option<Form> = None;
    let mut elsewhere: Vec<(String, Field)> = Vec::new();
    let mut select = String::new();
    let mut in_button = false;
    for token in tokens(page) {
        match token {
            Token::Open { name, attributes } => {
                let value = |key: &str| attributes.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
                let text = |key: &str| value(key).unwrap_or_default();
                let control = |kind: &str| Field {
                    kind: kind.to_owned(),
                    name: text("name"),
                    value: value("value")
                        .unwrap_or_else(|| if kind == "checkbox" { "on".into() } else { String::new() }),
                    checked: value("checked").is_some() || value("selected").is_some(),
                    disabled: value("disabled").is_some(),
                    label: String::new(),
                    action: value("formaction"),
                };
                if let (Some(owner), "input" | "button") = (value("form"), name.as_str()) {
                    let kind = value("type").unwrap_or_else(|| if name == "button" { "submit" } else { "text" }.into());
                    elsewhere.push((owner, control(&kind)));
                    continue;
                }
                match (name.as_str(), &mut form) {
                    ("form", _) => {
                        let method = value("method").unwrap_or_else(|| "get".into()).to_ascii_lowercase();
                        form = Some(Form { id: text("id"), action: text("action"), method, fields: Vec::new() });
                    }
                    ("input", Some(form)) => {
                        form.fields.push(control(&value("type").unwrap_or_else(|| "text".into())));
                    }
                    ("textarea", Some(form)) => form.fields.push(control("textarea")),
                    ("button", Some(form)) => {
                        form.fields.push(control(&value("type").unwrap_or_else(|| "submit".into())));
                        in_button = true;
                    }
                    ("select", Some(_)) => select = text("name"),
                    ("option", Some(form)) => {
                        let first = !form.has(&select);
                        let option = control("option");
                        form.fields.push(Field { name: select.clone(), checked: option.checked || first, ..option });
                    }
                    _ => {}
                }
            }
            Token::Close(name) if name == "form" => forms.extend(form.take()),
            Token::Close(name) if name == "button" => in_button = false,
            Token::Text(text) if in_button => {
                if let Some(button) = form.as_mut().and_then(|form| form.fields.last_mut()) {
                    button.label.push_str(unescape(text).trim());
                }
            }
            Token::Close(_) | Token::Text(_) => {}
        }
    }
    for (owner, control) in elsewhere {
        let form = forms.iter_mut().find(|form| form.id == owner);
        form.unwrap_or_else(|| panic!("a control belongs to the form {owner}, which is not there"))
            .fields
            .push(control);
    }
    forms
}

/// The addresses of all links.
pub(crate) fn links(page: &str) -> Vec<String> {
    tokens(page)
        .into_iter()
        .filter_map(|token| match token {
            Token::Open { name, attributes } if name == "a" => {
                attributes.into_iter().find(|(key, _)| key == "href").map(|(_, address)| address)
            }
            _ => None,
        })
        .collect()
}

/// What can be read, with white space folded.
pub(crate) fn text(page: &str) -> String {
    let mut hidden = false;
    let mut words = Vec::new();
    for token in tokens(page) {
        match token {
            Token::Open { name, .. } if matches!(name.as_str(), "style" | "script" | "svg") => hidden = true,
            Token::Close(name) if matches!(name.as_str(), "style" | "script" | "svg") => hidden = false,
            Token::Text(text) if !hidden => words.extend(unescape(text).split_whitespace().map(str::to_owned)),
            _ => {}
        }
    }
    words.join(" ")
}

/// An attribute of the root element.
pub(crate) fn language(page: &str) -> Option<String> {
    tokens(page).into_iter().find_map(|token| match token {
        Token::Open { name, attributes } if name == "html" => {
            attributes.into_iter().find(|(key, _)| key == "lang").map(|(_, tag)| tag)
        }
        _ => None,
    })
}

fn tokens(page: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        if start > 0 {
            tokens.push(Token::Text(&rest[..start]));
        }
        rest = &rest[start..];
        let end = if rest.starts_with("<!--") { rest.find("-->").map(|at| at + 2) } else { tag_end(rest) };
        let Some(end) = end else { break };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') {
            continue;
        }
        match tag.strip_prefix('/') {
            Some(name) => tokens.push(Token::Close(name.trim().to_ascii_lowercase())),
            None => tokens.push(open(tag)),
        }
    }
    tokens.push(Token::Text(rest));
    tokens
}

/// Where a tag ends: the first `>` outside quotes.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.char_indices().find_map(|(at, c)| match (quote, c) {
        (None, '>') => Some(at),
        (None, '"' | '\'') => {
            quote = Some(c);
            None
        }
        (Some(open), _) if open == c => {
            quote = None;
            None
        }
        _ => None,
    })
}

fn open(tag: &str) -> Token<'_> {
    let name_end = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
    let mut attributes = Vec::new();
    let mut rest = tag[name_end..].trim_start();
    while !rest.is_empty() {
        let key_end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
        let key = rest[..key_end].to_ascii_lowercase();
        rest = rest[key_end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (raw, left) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
            value = unescape(raw);
            rest = left;
        }
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if !key.is_empty() {
            attributes.push((key, value));
        }
    }
    Token::Open { name: tag[..name_end].to_ascii_lowercase(), attributes }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').unwrap_or(0);
        let decoded = match &rest[..end] {
            "&amp" => Some('&'),
            "&lt" => Some('<'),
            "&gt" => Some('>'),
            "&quot" => Some('"'),
            "&nbsp" => Some('\u{a0}'),
            number => number.strip_prefix("&#").and_then(|digits| {
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => digits.parse().ok(),
                };
                code.and_then(char::from_u32)
            }),
        };
        if let Some(c) = decoded {
            out.push(c);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}
