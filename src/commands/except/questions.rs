//! The questions of `goldenpath except` on a terminal, one a line, repeated until the answer is valid.
//! They go to stderr, because stdout is for the manifest.

use std::io::{self, BufRead, Write};

use crate::commands::judging::end;
use crate::report::draft::{DraftInput, MissingField};

/// Asks for what only a person can answer, then for what helps a reader. At the end of the input the
/// rest stays open.
///
/// # Errors
/// When the terminal cannot be read or written.
pub fn ask(
    answers: &mut DraftInput,
    open: &[MissingField],
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> io::Result<()> {
    for question in open {
        let answered = put(question.asks(), input, output, |text| {
            answers.answer(*question, text)
        })?;
        if !answered {
            return Ok(());
        }
    }
    if answers.end.is_none() {
        let words =
            "When does it expire? Such as 90d or 2027-03-31 [Enter: as late as the path allows]";
        let answered = put(words, input, output, |text| {
            answers.end = given(text).map(end).transpose()?;
            Ok(())
        })?;
        if !answered {
            return Ok(());
        }
    }
    if answers.would_return_if.is_none() {
        let words = "What would the platform have to offer for you to return? [Enter: skip]";
        put(words, input, output, |text| {
            answers.would_return_if = given(text).map(str::to_owned);
            Ok(())
        })?;
    }
    Ok(())
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// Repeats one question until `take` accepts the answer. False at the end of the input.
fn put(
    words: &str,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    mut take: impl FnMut(&str) -> Result<(), String>,
) -> io::Result<bool> {
    loop {
        write!(output, "{words}\n> ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            writeln!(output)?;
            return Ok(false);
        }
        match take(line.trim_end_matches(['\n', '\r'])) {
            Ok(()) => return Ok(true),
            Err(wanted) => writeln!(output, "  {wanted}")?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::draft::End;

    fn asked(lines: &str) -> (DraftInput, String) {
        let mut answers = DraftInput::default();
        let open = answers.open();
        let mut output = Vec::new();
        ask(&mut answers, &open, &mut lines.as_bytes(), &mut output).unwrap();
        (answers, String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_slip_is_asked_again_and_enter_skips_what_may_be_skipped() {
        let (answers, shown) = asked(
            "short\nThe vendor licenses one replica until May.\nmuch\n6h\nteam-shop\n90d\n\n",
        );
        assert_eq!(answers.open(), []);
        assert_eq!(answers.hours_per_month, Some(6.0));
        assert!(matches!(answers.end, Some(End::After(_))));
        assert_eq!(answers.would_return_if, None);
        assert!(
            shown.contains("20 to 2000 characters wanted, 5 given"),
            "{shown}"
        );
        assert!(shown.contains("write hours"), "{shown}");
    }

    #[test]
    fn the_end_of_the_input_leaves_the_rest_open() {
        let (answers, _) = asked("The vendor licenses one replica until May.\n");
        assert_eq!(answers.open(), [MissingField::Cost, MissingField::Owner]);
    }
}
