//! Names of earlier versions. Each gets one line that gives the new name.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// A former command or flag.
struct Retired {
    /// The command it was a flag of; absent if it was a command itself.
    verb: Option<&'static str>,
    word: &'static str,
    /// What to use now.
    now: &'static str,
}

const RETIRED: [Retired; 4] = [
    Retired {
        verb: None,
        word: "review",
        now: "'review' is now 'renew' to renew an exception, or 'close' to end it",
    },
    Retired {
        verb: None,
        word: "digest",
        now: "'digest' is now 'reminders'",
    },
    Retired {
        verb: Some("renew"),
        word: "--because",
        now: "'renew --because' is now 'request-renewal --because'; 'renew' is for the path owner",
    },
    Retired {
        verb: Some("approve"),
        word: "--reject",
        now: "'approve --reject' is now 'reject'",
    },
];

/// The usage error; for a retired word, one that gives the new name.
pub(super) fn renamed(error: clap::Error) -> clap::Error {
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match replacement(&error, &words) {
        Some(now) => clap::Error::raw(error.kind(), format!("{now}\n")),
        None => error,
    }
}

fn replacement(error: &clap::Error, words: &[String]) -> Option<&'static str> {
    let context = match error.kind() {
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return None,
    };
    let Some(ContextValue::String(given)) = error.get(context) else {
        return None;
    };
    RETIRED
        .iter()
        .find(|retired| {
            let is_of_verb = |verb| words.iter().any(|word| word == verb);
            retired.word == given && retired.verb.is_none_or(is_of_verb)
        })
        .map(|retired| retired.now)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::commands::Cli;

    fn answer(line: &[&str]) -> Option<&'static str> {
        let words: Vec<String> = line.iter().map(ToString::to_string).collect();
        let parsed = Cli::try_parse_from([&["goldenpath"], line].concat());
        replacement(&parsed.unwrap_err(), &words)
    }

    #[test]
    fn an_old_name_is_answered_with_the_new_one() {
        for (line, new) in [
            (&["review", "a", "--outcome", "Renewed"][..], "'renew'"),
            (
                &["-n", "shop", "review", "a", "--outcome", "Closed"],
                "'close'",
            ),
            (&["digest", "-o", "json"], "'reminders'"),
            (&["renew", "a", "--because", "why"], "'request-renewal"),
            (&["renew", "a", "--because=why"], "'request-renewal"),
            (&["approve", "a", "--reject"], "'reject'"),
        ] {
            let answer = answer(line).unwrap_or_default();
            assert!(answer.contains(new), "{line:?}: {answer}");
        }
        assert_eq!(answer(&["reviews"]), None);
        assert_eq!(answer(&["close", "a", "--because", "why"]), None);
    }
}
