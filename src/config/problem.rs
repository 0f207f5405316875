//! What is wrong with a configuration file, where, and what to do about it. A problem shows the place in the file, but
//! never a value that could hold a secret.

use std::{fmt, ops::Range};

/// One thing wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The file as it was named.
    pub file: String,
    /// From 1; 0 when the problem is with the file as a whole.
    pub line: usize,
    /// In characters, from 1; 0 when the problem is with the file as a whole.
    pub column: usize,
    /// What is wrong, starting with the key.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

/// The part of a line that is safe to show, with the place in it to point at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    before: String,
    marked: String,
}

impl Problem {
    /// With a file as a whole.
    pub(super) fn with_file(file: &str, message: String, help: Option<String>) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, message, help, excerpt: None }
    }

    /// With what begins at a line of the file.
    pub fn at_line(file: &str, line: usize, message: String, help: Option<String>) -> Self {
        Self { file: file.to_owned(), line, column: 1, message, help, excerpt: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, help, excerpt } = self;
        if *line == 0 {
            writeln!(f, "{file}: {message}")?;
        } else {
            writeln!(f, "{file}:{line}:{column}: {message}")?;
        }
        if let Some(Excerpt { before, marked }) = excerpt {
            let indent = " ".repeat(before.chars().count());
            let caret = "^".repeat(marked.chars().count().max(1));
            writeln!(f, "{line:>5} | {before}{marked}")?;
            writeln!(f, "      | {indent}{caret}")?;
        }
        if let Some(help) = help {
            writeln!(f, "  help: {help}")?;
        }
        Ok(())
    }
}

/// Everything wrong with a file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// With more of the same file.
    #[must_use]
    pub fn with(self, more: Vec<Problem>) -> Self {
        let mut all = self.0;
        all.extend(more);
        all.sort_by_key(|problem| (problem.line, problem.column));
        Self(all)
    }

    /// In the order of the lines.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<T: IntoIterator<Item = Problem>>(problems: T) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Problems as they are found in one text.
#[derive(Debug)]
pub(super) struct Report<'t> {
    file: &'t str,
    text: &'t str,
    problems: Vec<Problem>,
}

impl<'t> Report<'t> {
    pub(super) const fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Is there a problem on one of these lines already?
    pub(super) fn is_noted_on(&self, lines: Range<usize>) -> bool {
        self.problems.iter().any(|problem| lines.contains(&problem.line))
    }

    /// Notes a problem at a byte range of the text; `None` where nothing stands in the text, as for a missing key.
    pub(super) fn add(&mut self, span: Option<&Range<usize>>, message: String, help: Option<String>) {
        let (line, column, excerpt) = span.map_or((1, 1, None), |span| self.locate(span));
        self.problems.push(Problem { file: self.file.to_owned(), line, column, message, help, excerpt });
    }

    pub(super) fn into_problems(mut self) -> Problems {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        Problems(self.problems)
    }

    /// Notes what is not there; `span` is the table it is missing from.
    pub(super) fn add_missing(&mut self, span: Option<&Range<usize>>, message: String, help: String) {
        self.add(span, message, Some(help));
    }

    /// What the TOML parser refused, and nothing else: where it lost its way, keys seem missing or unknown that are not.
    /// The rest of such a line stays out of sight, since it is not known which part is a value.
    pub(super) fn into_syntax_problems(mut self, errors: &[toml::de::Error]) -> Problems {
        let broken: Vec<_> = errors
            .iter()
            .map(|error| {
                let (line, column) = error.span().map_or((1, 1), |span| self.position(span.start));
                let message = format!("not TOML: {}", error.message().replace('\n', "; "));
                Problem { file: self.file.to_owned(), line, column, message, help: None, excerpt: None }
            })
            .collect();
        self.problems = broken;
        self.into_problems()
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        self.position(offset).0
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    fn locate(&self, span: &Range<usize>) -> (usize, usize, Option<Excerpt>) {
        let (line, column) = self.position(span.start);
        let before = self.text.get(..span.start).and_then(|text| text.rsplit('\n').next()).unwrap_or_default();
        let marked = self.text.get(span.clone()).and_then(|text| text.lines().next()).unwrap_or_default();
        // Whatever follows on the line stays out of sight, and so does another value before it.
        let before = if before.contains(['"', '\'']) { "… ".to_owned() } else { before.replace('\t', " ") };
        let marked = if may_hold_secret(marked) { "…".to_owned() } else { shortened(marked, 60) };
        (line, column, Some(Excerpt { before, marked }))
    }
}

/// User names and passwords in URLs, and whole tables of who knows what.
fn may_hold_secret(text: &str) -> bool {
    text.contains(['@', '{'])
}

/// A text from the file, safe to show: escaped, short, and hidden where it could hold a password.
pub(super) fn quoted(text: &str) -> String {
    if may_hold_secret(text) { "this value (not shown)".to_owned() } else { format!("{:?}", shortened(text, 40)) }
}

/// At most so many characters.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    let mut short: String = text.chars().take(limit).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// `did you mean "x"?`, when one of the words is near enough.
pub(super) fn did_you_mean<'w>(typed: &str, words: impl IntoIterator<Item = &'w str>) -> Option<String> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let typed = plain(&shortened(typed, 64));
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&typed, &plain(word)), word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| format!("did you mean {word:?}?"))
}

/// A key nobody knows, as part of a dotted name.
pub(super) fn plain_key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare { shortened(name, 40) } else { quoted(name) }
}
