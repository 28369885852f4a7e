//! Standard output and standard error: the only place that opens them. Text is escaped on
//! its way out: a terminal gets lines of text and our own colours, and no other control sequence.
//!
//! **Invariant:** no other file writes to either. Renderings escape foreign text where they insert it;
//! this is the safety net.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use super::error::CommandError;
use super::global::Color;
use crate::assess::source::Problem;
use crate::cluster::chain;
use crate::report::terminal::plain::{is_unsafe, plain, plain_lines};
use crate::report::terminal::text;

pub(super) mod log;

/// What the names of our environment variables begin with.
const OWN_VARIABLES: &str = "GOLDENPATH_";

/// What a writer lets pass beside safe text, line feeds and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// Nothing.
    Text,
    /// The sequences [`text::own_sequence`] knows.
    Colors,
}

/// A writer that makes text safe, a line at a time.
#[derive(Debug)]
pub(super) struct SafeWriter<W: Write> {
    inner: W,
    pass: Pass,
    /// The beginning of a line: what decides about a character may be written in several parts.
    pending: Vec<u8>,
}

impl<W: Write> SafeWriter<W> {
    /// A writer without colours.
    pub(super) const fn new(inner: W) -> Self {
        Self {
            inner,
            pass: Pass::Text,
            pending: Vec::new(),
        }
    }

    /// The writer with our own colours where `color` is set.
    #[must_use]
    pub(super) fn colored(mut self, color: bool) -> Self {
        self.pass = if color { Pass::Colors } else { Pass::Text };
        self
    }

    fn write_until(&mut self, end: usize) -> io::Result<()> {
        if end == 0 {
            return Ok(());
        }
        let rest = self.pending.split_off(end);
        let line = std::mem::replace(&mut self.pending, rest);
        let line = String::from_utf8_lossy(&line);
        self.inner.write_all(safe(&line, self.pass).as_bytes())
    }
}

impl<W: Write> Write for SafeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        let end = self.pending.iter().rposition(|byte| *byte == b'\n');
        self.write_until(end.map_or(0, |end| end + 1))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_until(self.pending.len())?;
        self.inner.flush()
    }
}

impl<W: Write> Drop for SafeWriter<W> {
    fn drop(&mut self) {
        // A command that must know flushes by itself.
        let _ = self.flush();
    }
}

fn safe(text: &str, pass: Pass) -> Cow<'_, str> {
    if !text.contains(|c| is_unsafe(c) && !matches!(c, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let own = match pass {
            Pass::Text => None,
            Pass::Colors => text::own_sequence(rest),
        };
        let width = own.map_or(c.len_utf8(), str::len);
        let (part, after) = rest.split_at(width);
        if own.is_some() || matches!(c, '\n' | '\t') {
            shown += part;
        } else {
            shown += &plain(part);
        }
        rest = after;
    }
    Cow::Owned(shown)
}

/// Standard output, without colours until [`SafeWriter::colored`].
pub(super) fn stdout() -> SafeWriter<io::StdoutLock<'static>> {
    SafeWriter::new(io::stdout().lock())
}

/// Standard error, without colours.
pub(super) fn stderr() -> SafeWriter<io::Stderr> {
    SafeWriter::new(io::stderr())
}

/// Writes the text of a file to standard output as it is; a terminal gets it escaped.
pub(super) fn verbatim(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return SafeWriter::new(out).write_all(text.as_bytes());
    }
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes text to standard error. A closed one is ignored.
pub(super) fn note(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}

/// Writes one line to standard error.
pub(super) fn note_line(line: &str) {
    note(&format!("{}\n", plain(line)));
}

/// Writes problems to standard error, one a line.
pub(super) fn note_problems(problems: &[Problem]) {
    for problem in problems {
        let (source, message) = (plain(&problem.source), plain(&problem.message));
        note(&format!("{source}: {message}\n"));
    }
}

/// Writes the error that ends a command, and its hint. An API server's answer may have several lines.
pub fn error(error: &CommandError) {
    note(&format!("error: {}\n", plain_lines(&chain(error))));
    if let Some(hint) = error.hint() {
        note(&format!("hint: {}\n", plain(&hint)));
    }
}

/// Writes the help or the usage error that a command line leads to, and returns its exit code.
/// clap quotes arguments as they are: where one is unsafe, its text is written without colours,
/// because its sequences could not be distinguished from clap's.
pub fn usage(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    // Nothing can be done where the output is closed.
    let _ = if std::env::args_os().any(|given| is_unsafe_word(&given)) || is_environment_unsafe() {
        let text = error.render().to_string();
        if error.use_stderr() {
            stderr().write_all(text.as_bytes())
        } else {
            stdout().write_all(text.as_bytes())
        }
    } else {
        error.print()
    };
    ExitCode::from(code)
}

/// Flags read their defaults from the environment.
fn is_environment_unsafe() -> bool {
    let ours =
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(OWN_VARIABLES));
    ours.map(|(_, value)| value)
        .any(|value| is_unsafe_word(&value))
}

fn is_unsafe_word(word: &OsStr) -> bool {
    word.to_string_lossy().contains(is_unsafe)
}

/// Whether questions can be asked: they go to standard error, answers come from standard input.
pub fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Columns of the terminal that standard output is, if it is one.
pub fn width() -> Option<usize> {
    let size = terminal_size::terminal_size().filter(|_| io::stdout().is_terminal());
    size.map(|(width, _)| usize::from(width.0))
}

/// Whether standard output gets colours.
pub fn colors_output(wish: Color) -> bool {
    is_colored(wish, io::stdout().is_terminal(), is_refused())
}

/// Whether standard error gets colours: logs and, on a terminal, nothing else.
pub fn colors_errors(wish: Color) -> bool {
    is_colored(wish, io::stderr().is_terminal(), is_refused())
}

/// See <https://no-color.org>.
fn is_refused() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

const fn is_colored(wish: Color, is_terminal: bool, is_refused: bool) -> bool {
    match wish {
        Color::Auto => is_terminal && !is_refused,
        Color::Always => true,
        Color::Never => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(parts: &[&str], color: bool) -> String {
        let mut bytes = Vec::new();
        let mut screen = SafeWriter::new(&mut bytes).colored(color);
        for part in parts {
            screen.write_all(part.as_bytes()).unwrap();
        }
        drop(screen);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_screen_lets_our_colours_pass_and_nothing_else() {
        let text = "\u{1b}[32mfine\u{1b}[0m\t\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\n";
        assert_eq!(
            shown(&[text], true),
            "\u{1b}[32mfine\u{1b}[0m\t\\u{1b}[2J\\u{9b}31m\\u{7f}\\u{202e}\n"
        );
        assert_eq!(
            shown(&[text], false),
            "\\u{1b}[32mfine\\u{1b}[0m\t\\u{1b}[2J\\u{9b}31m\\u{7f}\\u{202e}\n"
        );
        // Eight colours more, a window's title, a link.
        for sequence in [
            "\u{1b}[31m",
            "\u{1b}[8m",
            "\u{1b}]0;x\u{7}",
            "\u{1b}]8;;x\u{1b}\\",
        ] {
            assert!(!shown(&[sequence], true).contains('\u{1b}'), "{sequence:?}");
        }
    }

    #[test]
    fn a_sequence_written_in_parts_is_one() {
        assert_eq!(shown(&["\u{1b}", "[3", "2m", "a\n"], true), "\u{1b}[32ma\n");
        assert_eq!(shown(&["\u{1b}", "[2J"], true), "\\u{1b}[2J");
        let mut bytes = Vec::new();
        let mut screen = SafeWriter::new(&mut bytes);
        for byte in "Größe".bytes() {
            screen.write_all(&[byte]).unwrap();
        }
        drop(screen);
        assert_eq!(bytes, "Größe".as_bytes());
    }

    #[test]
    fn colour_is_for_terminals_unless_somebody_decides() {
        for (wish, is_terminal, is_refused, colored) in [
            (Color::Auto, true, false, true),
            (Color::Auto, true, true, false),
            (Color::Auto, false, false, false),
            (Color::Always, false, true, true),
            (Color::Never, true, false, false),
        ] {
            assert_eq!(
                is_colored(wish, is_terminal, is_refused),
                colored,
                "{wish:?}"
            );
        }
    }

    /// What a text has left after our own sequences are taken out.
    fn without_own(text: &str) -> String {
        let mut rest = text.to_owned();
        for sequence in [
            "\u{1b}[0m",
            "\u{1b}[1m",
            "\u{1b}[2m",
            "\u{1b}[32m",
            "\u{1b}[33m",
            "\u{1b}[36m",
        ] {
            rest = rest.replace(sequence, "");
        }
        rest
    }

    fn texts() -> impl Strategy<Value = String> {
        let odd = prop_oneof![
            any::<char>().prop_map(String::from),
            (0_u8..0xa0).prop_map(|c| char::from(c).to_string()),
            proptest::sample::select(vec![
                "\u{1b}[32m",
                "\u{1b}[",
                "m",
                "\u{1b}[3",
                "2",
                "\u{e0041}"
            ])
            .prop_map(str::to_owned),
        ];
        proptest::collection::vec(odd, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_safe(parts in proptest::collection::vec(texts(), 0..4)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let is_left = |text: &str| text.contains(|c| is_unsafe(c) && !matches!(c, '\n' | '\t'));
            prop_assert!(!is_left(&shown(&parts, false)));
            prop_assert!(!is_left(&without_own(&shown(&parts, true))));
            let text = parts.concat();
            let lines = plain_lines(&text).replace('\n', "");
            prop_assert!(!lines.contains(is_unsafe), "{:?}", lines);
        }
    }
}
