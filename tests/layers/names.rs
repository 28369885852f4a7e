//! Retired names: former code words that a newcomer cannot know. An identifier that contains one
//! fails, whatever its case. Comments, texts and names of tests do not count.

use proc_macro2::{TokenStream, TokenTree};

use super::Source;

/// Each with what to write instead.
const RETIRED: [(&str, &str); 20] = [
    ("space", "NamespaceIndex, ns"),
    ("bench", "JudgeContext, ctx"),
    ("moment", "AsOf, as_of"),
    ("lens", "ReadContext"),
    ("glass", "read_inputs"),
    ("plea", "Deviation"),
    ("excuse", "CheckStanding"),
    ("face", "a word for the thing"),
    ("hand", "ApiWriter"),
    ("broom", "LabelSweeper"),
    ("keep", "retain, or a word for the thing"),
    ("post", "send"),
    ("tell", "record, report"),
    ("told", "recorded, reported"),
    ("news", "an event"),
    ("remember", "record"),
    ("pulse", "Heartbeat"),
    ("upkeep", "planner"),
    ("stock", "stored"),
    ("effort", "Pacing"),
];
/// A name of this many words is a sentence: a test.
const SENTENCE: usize = 5;
/// Names of other crates.
const FOREIGN: [&str; 4] = ["keep_alive", "PostParams", "POST", "LinkNameSpaceType"];

/// Every retired word in the identifiers of a file.
pub fn retired(source: &Source) -> Vec<String> {
    let tokens: TokenStream = source.text.parse().expect("the file compiles");
    let mut found = Vec::new();
    collect(&tokens, &mut |name| {
        let is_sentence = words(name).count() >= SENTENCE;
        for (word, instead) in RETIRED.iter().filter(|_| !is_sentence) {
            if words(name).any(|part| part == *word || part == format!("{word}s")) {
                found.push(format!("{}: {name} (instead: {instead})", source.name));
            }
        }
    });
    found.sort();
    found.dedup();
    found
}

fn collect(tokens: &TokenStream, found: &mut impl FnMut(&str)) {
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                if !FOREIGN.contains(&name.as_str()) {
                    found(&name);
                }
            }
            TokenTree::Group(group) => collect(&group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The words of `snake_case`, `CamelCase` and `UPPER_CASE`, in lower case.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut parts = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if letter == '_' || (letter.is_uppercase() && was_lower) {
            parts.push(String::new());
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
        if letter != '_' {
            parts
                .last_mut()
                .expect("one is there")
                .extend(letter.to_lowercase());
        }
    }
    parts.into_iter().filter(|part| !part.is_empty())
}
