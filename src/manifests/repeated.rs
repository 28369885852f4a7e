//! Objects and keys that are given twice: the later one counts, as with kubectl. Reported for kinds that
//! are judged, one line for each pair of files with a count. Nothing is read here.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::assess::source::{Problem, Source};

/// Something that was given twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeated {
    /// API group of the object.
    pub group: String,
    /// Kind of the object.
    pub kind: String,
    /// Where it does not count, or where the key is given again.
    pub source: Source,
    pub what: What,
}

/// What was given twice.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A key of the object.
    Key(String),
    /// The object itself, by kind and name.
    Object {
        name: String,
        /// Where it counts.
        again: Source,
    },
}

impl Repeated {
    /// The file in which the later one is.
    fn later_file(&self) -> Option<&str> {
        match &self.what {
            What::Key(_) => None,
            What::Object { again, .. } => Some(&again.file),
        }
    }

    fn problem(&self, others: usize) -> Problem {
        let message = match &self.what {
            What::Key(message) => match others {
                0 => message.clone(),
                1 => format!("{message}; so it is with 1 more key in this file"),
                several => format!("{message}; so it is with {several} more keys in this file"),
            },
            What::Object { name, again } => {
                let first = format!("{name} is given again at {again}, which counts");
                match others {
                    0 => first,
                    1 => format!("{first}; so is 1 more in {}", again.file),
                    several => format!("{first}; so are {several} more in {}", again.file),
                }
            }
        };
        Problem::new(&self.source, message)
    }
}

/// One problem for each pair of files, for kinds that are judged.
pub(super) fn problems(
    repeated: &[Repeated],
    is_judged: impl Fn(&Repeated) -> bool,
) -> Vec<Problem> {
    let mut groups = BTreeMap::<_, (&Repeated, usize)>::new();
    for one in repeated.iter().filter(|one| is_judged(one)) {
        match groups.entry((&one.source.file, one.later_file())) {
            Entry::Vacant(entry) => {
                entry.insert((one, 0));
            }
            Entry::Occupied(mut entry) => entry.get_mut().1 += 1,
        }
    }
    groups
        .into_values()
        .map(|(first, others)| first.problem(others))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(kind: &str, file: &str, later: &str, line: usize) -> Repeated {
        let source = |file: &str| Source {
            file: file.to_owned(),
            line,
        };
        Repeated {
            group: String::new(),
            kind: kind.to_owned(),
            source: source(file),
            what: What::Object {
                name: format!("{kind} shop/{line}"),
                again: source(later),
            },
        }
    }

    #[test]
    fn repetitions_are_grouped_by_files_and_other_kinds_left_out() {
        let all = [
            again("Deployment", "a", "b", 1),
            again("ClusterRole", "a", "b", 2),
            again("Deployment", "a", "b", 3),
            again("Deployment", "a", "c", 4),
        ];
        let messages: Vec<_> = problems(&all, |one| one.kind == "Deployment")
            .into_iter()
            .map(|problem| problem.message)
            .collect();
        assert_eq!(
            messages,
            [
                "Deployment shop/1 is given again at b:1, which counts; so is 1 more in b",
                "Deployment shop/4 is given again at c:4, which counts",
            ]
        );
    }
}
