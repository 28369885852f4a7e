//! Logs on standard error. What they hold comes from objects and servers: no value can colour a
//! terminal, hide text or pass for another event.

use std::fmt::Debug;
use std::io::{self, Write};

use tracing::field::Field;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{self, Writer};

use crate::report::document::encode;
use crate::report::terminal::plain::plain;

/// How fields are written as text. The library leaves escape sequences in values as they are.
pub fn fields() -> impl for<'w> FormatFields<'w> + 'static {
    format::debug_fn(field).delimited(" ")
}

fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    let value = format!("{value:?}");
    let value = plain(&value);
    match field.name().trim_start_matches("r#") {
        "message" => writer.write_str(&value),
        name if writer.has_ansi_escapes() => {
            write!(writer, "\u{1b}[3m{name}\u{1b}[0m\u{1b}[2m=\u{1b}[0m{value}")
        }
        name => write!(writer, "{name}={value}"),
    }
}

/// Standard error for logs. One write is one event and stays one line, so that no field passes for
/// an event of its own.
#[derive(Clone, Copy, Debug)]
pub enum LogWriter {
    /// Text; with colours where true.
    Text(bool),
    /// JSON.
    Json,
}

impl LogWriter {
    fn line(self, event: &str) -> String {
        match self {
            Self::Text(false) => plain(event).into_owned(),
            Self::Text(true) => plain_but_colors(event),
            Self::Json => encode::escaped(event.to_owned()),
        }
    }
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let event = String::from_utf8_lossy(bytes);
        let line = self.line(event.trim_end_matches('\n'));
        io::stderr().write_all(format!("{line}\n").as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// [`fields`] makes messages and values plain, so that the sequences left are the library's own.
fn plain_but_colors(event: &str) -> String {
    let mut parts = event.split("\u{1b}[");
    let mut shown = plain(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let codes = part.find(|c: char| !c.is_ascii_digit() && c != ';');
        if let Some(end) = codes.filter(|end| part[*end..].starts_with('m')) {
            shown += "\u{1b}[";
            shown += &part[..=end];
            shown += &plain(&part[end + 1..]);
        } else {
            shown += &plain("\u{1b}[");
            shown += &plain(part);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::*;
    use crate::report::terminal::plain::is_unsafe;

    #[test]
    fn an_event_stays_one_line_in_every_format() {
        let event = "a\nb \u{1b}[2J \u{85}";
        assert_eq!(
            LogWriter::Text(false).line(event),
            "a\\u{a}b \\u{1b}[2J \\u{85}"
        );
        assert_eq!(
            LogWriter::Text(true).line(event),
            "a\\u{a}b \\u{1b}[2J \\u{85}"
        );
        let colored = "\u{1b}[2m2026\u{1b}[0m \u{1b}[38;5;1mx\u{1b}";
        assert_eq!(
            LogWriter::Text(true).line(colored),
            "\u{1b}[2m2026\u{1b}[0m \u{1b}[38;5;1mx\\u{1b}"
        );
        assert_eq!(
            LogWriter::Json.line("{\"a\":\"\u{9b}\u{202e}\"}"),
            r#"{"a":"\u009b\u202e"}"#
        );
    }

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<String>>);

    impl Kept {
        /// The log of one event whose message and fields hold an attacker's sequences.
        fn logged(color: bool) -> String {
            let kept = Self::default();
            let writer = kept.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(color)
                .fmt_fields(fields())
                .with_writer(move || KeptLine(LogWriter::Text(color), writer.clone()))
                .finish();
            tracing::subscriber::with_default(subscriber, || {
                let span = tracing::warn_span!("HTTP", method = "GET", odd = "\u{1b}[31m");
                let _span = span.enter();
                let odd = "\u{1b}[31mred\u{9b}31m\u{7f}\u{202e}\nERROR forged";
                tracing::warn!(name = %odd, shown = ?odd, odd, "failed: {odd}");
            });
            let log = kept.0.lock().unwrap();
            log.clone()
        }
    }

    impl Write for KeptLine {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let event = std::str::from_utf8(bytes).unwrap();
            let line = self.0.line(event.trim_end_matches('\n'));
            self.1.0.lock().unwrap().push_str(&line);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct KeptLine(LogWriter, Kept);

    #[test]
    fn a_field_of_an_event_can_neither_colour_nor_forge_a_log() {
        let log = Kept::logged(false);
        assert!(log.contains("ERROR forged"), "{log}");
        assert!(!log.contains(is_unsafe), "{log:?}");
        // Our own colours neither: not as they are, and not escaped.
        assert!(log.contains("HTTP{method=\"GET\""), "{log}");
        assert!(!log.contains("[3m") && !log.contains("[2m"), "{log}");
        let log = Kept::logged(true);
        assert!(log.contains("\u{1b}[33m"), "{log:?}");
        assert!(!log.contains("\u{1b}[31m"), "{log:?}");
        assert!(!log.contains(|c| is_unsafe(c) && c != '\u{1b}'), "{log:?}");
    }

    proptest! {
        #[test]
        fn whatever_is_logged_is_safe(event in any::<String>()) {
            let line = LogWriter::Text(false).line(&event);
            prop_assert!(!line.contains(is_unsafe), "{:?}", line);
            let line = LogWriter::Text(true).line(&event);
            let found = line.find(|c| is_unsafe(c) && c != '\u{1b}');
            prop_assert_eq!(found, None, "{:?}", line);
        }
    }
}
