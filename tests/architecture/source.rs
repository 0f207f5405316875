//! Rust source reduced to what the rules look at: comments, literals and test modules blanked out, line numbers kept.

/// Production code of one file.
pub(crate) struct Code(String);

/// Blanks comments, string and character literals, and every item under `#[cfg(test)]`.
pub(crate) fn production_code(source: &str) -> Code {
    let mut code = blank_literals(source);
    while let Some(start) = code.find("#[cfg(test)]") {
        let end = item_end(&code, start + "#[cfg(test)]".len());
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..end, &blank);
    }
    Code(code)
}

/// Where the item that starts at `from` ends: at its `;` or after its closing brace.
fn item_end(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[from..].char_indices() {
        match c {
            ';' if depth == 0 => return from + at + 1,
            '{' => depth += 1,
            '}' if depth == 1 => return from + at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

fn blank_literals(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut i = 0;
    while i < chars.len() {
        let start = i;
        match (at(i), at(i + 1)) {
            ('/', '/') => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            ('/', '*') => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= chars.len() {
                        break;
                    }
                }
            }
            ('r', '"' | '#') if start == 0 || !word_char(at(i - 1)) || at(i - 1) == 'b' => {
                let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
                if at(i + 1 + hashes) == '"' {
                    i += hashes + 2;
                    while i < chars.len() && !(at(i) == '"' && (1..=hashes).all(|n| at(i + n) == '#')) {
                        i += 1;
                    }
                    i += 1 + hashes;
                } else {
                    out.push('r');
                    i += 1;
                    continue;
                }
            }
            ('"', _) => {
                i += 1;
                while i < chars.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
            }
            ('\'', '\\') => {
                i += 3;
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            ('\'', _) if at(i + 2) == '\'' => i += 3,
            (c, _) => {
                out.push(c);
                i += 1;
                continue;
            }
        }
        out.extend(chars[start..i.min(chars.len())].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
    }
    out
}

fn word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Code {
    /// The code itself.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn line_at(&self, offset: usize) -> usize {
        1 + self.0[..offset].matches('\n').count()
    }

    /// The first line with this text.
    pub(crate) fn line_of(&self, text: &str) -> Option<usize> {
        self.0.find(text).map(|at| self.line_at(at))
    }

    /// The first line with this path, not as the beginning of a longer name.
    pub(crate) fn line_of_path(&self, path: &str) -> Option<usize> {
        let mut found = self.0.match_indices(path);
        found.find(|(at, _)| !self.0[at + path.len()..].starts_with(word_char)).map(|(at, _)| self.line_at(at))
    }

    /// The names of an enum's variants.
    pub(crate) fn variants_of(&self, name: &str) -> Vec<String> {
        let start = self.0.find(&format!("enum {name}")).unwrap();
        let item = &self.0[start..item_end(&self.0, start)];
        let (_, body) = item.split_once('{').unwrap();
        let mut depth = 0;
        let outer = body.chars().map(|c| {
            depth += match c {
                '{' | '(' => 1,
                '}' | ')' => -1,
                _ => 0,
            };
            if depth > 0 { ' ' } else { c }
        });
        let outer: String = outer.collect();
        outer.split(|c| !word_char(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// The first line with this whole word.
    pub(crate) fn line_of_word(&self, word: &str) -> Option<usize> {
        self.words().find(|(_, found)| *found == word).map(|(at, _)| self.line_at(at))
    }

    /// The first line with a word that starts so.
    pub(crate) fn line_of_word_starting(&self, start: &str) -> Option<usize> {
        self.words().find(|(_, found)| found.starts_with(start)).map(|(at, _)| self.line_at(at))
    }

    fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = &self.0;
        text.split(|c| !word_char(c))
            .filter(|word| !word.is_empty())
            .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
    }

    /// The modules of this crate the code names, with the line of each: `crate::a::…`, `crate::{a, b::c}`, and
    /// `sekisho::a` where the binary uses the library.
    pub(crate) fn modules_used(&self) -> Vec<(usize, String)> {
        let mut used = Vec::new();
        for (at, word) in self.words() {
            let rest = &self.0[at + word.len()..];
            if !matches!(word, "crate" | "sekisho") {
                continue;
            }
            let Some(path) = rest.strip_prefix("::") else { continue };
            for name in first_names(path) {
                used.push((self.line_at(at), name));
            }
        }
        used
    }
}

/// The first name of a path, or of every path in a `{…}` group.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|c| word_char(*c)).collect::<String>();
    let Some(group) = path.trim_start().strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut depth = 0;
    let mut names = vec![name(group)];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}
