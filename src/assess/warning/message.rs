//! The message of a warning, on one line: steps taken, missing steps with their fixes, and the off-ramp.
//! It is a CEL expression, because only the API server sees the object. If that fails, the API server
//! shows the fallback. Which requests are checked is not decided here.

use k8s_openapi::api::admissionregistration::v1::Variable;

use super::Generator;
use super::text::{list, literal, one_line};
use crate::api::golden_path::Check;
use crate::assess::object::kind::short_name;
use crate::assess::path::evaluate::default_message;

/// Missing steps shown in full. The API server cuts all warnings of a response at 4 KiB.
const IN_FULL: usize = 3;
/// In place of an off-ramp, where a path only advises.
const ADVICE: &str = ". The path only advises: nothing is due";
/// Checks named in the off-ramp command. Without names the command finds them itself.
const NAMED: usize = 3;
/// Longest description of a missing step, in characters.
const WHAT: usize = 200;
/// Longest fix, in characters.
const FIX: usize = 240;

impl Generator<'_> {
    /// The variables of the message: `said_N`, `missing`, `names`, `target`.
    pub(super) fn message_variables(&self) -> Vec<Variable> {
        let mut variables = Vec::new();
        let mut add = |name: String, expression: String| {
            variables.push(Variable { name, expression });
        };
        let (mut sentences, mut names) = (Vec::new(), Vec::new());
        for (index, number) in self.steps() {
            let check = &self.path.spec.checks[index];
            let passed = self.read(&format!("step_{number}"));
            let evaluated = self.path.programs[index]
                .message
                .as_ref()
                .filter(|_| !check.sensitive)
                .map(|program| {
                    let name = format!("said_{number}");
                    add(self.named(&name), program.source().to_owned());
                    self.read(&name)
                });
            let sentence = sentence(check, evaluated.as_deref());
            sentences.push(format!("({passed} ? [] : [{sentence}])"));
            names.push(format!("({passed} ? [] : [{}])", literal(&check.name)));
        }
        let asked = self.read("asked");
        for (name, parts) in [("missing", sentences), ("names", names)] {
            let expression = format!("!{asked} ? [] : {}", parts.join(" + "));
            add(self.named(name), expression);
        }
        add(self.named("target"), self.target());
        variables
    }

    /// The workload as a command argument: `deploy/web -n shop`.
    fn target(&self) -> String {
        let kinds: Vec<_> = self.kinds().collect();
        let short = match kinds.as_slice() {
            [one] => literal(&short_name(&one.kind)),
            several => {
                let pairs: Vec<String> = several
                    .iter()
                    .map(|kind| {
                        format!(
                            "{}: {}",
                            literal(&kind.kind),
                            literal(&short_name(&kind.kind))
                        )
                    })
                    .collect();
                format!("{{{}}}[request.kind.kind]", pairs.join(", "))
            }
        };
        format!("{short} + '/' + object.metadata.name + ' -n ' + object.metadata.namespace")
    }

    /// The expression of the whole message.
    pub(super) fn message_expression(&self) -> String {
        let (missing, target) = (self.read("missing"), self.read("target"));
        let of = self.steps().count();
        let path = literal(&format!("golden path {}: ", self.path.name));
        let places = (0..IN_FULL)
            .map(|place| place.to_string())
            .collect::<Vec<_>>()
            .join(", ");
        let in_full =
            format!("[{places}].filter(i, i < size({missing})).map(i, {missing}[i]).join('; ')");
        let more = format!(
            "(size({missing}) > {IN_FULL} ? '; and ' + string(size({missing}) - {IN_FULL}) + \
             ' more, see goldenpath why ' + {target} : '')"
        );
        let line = format!(
            "{path} + string({of} - size({missing})) + ' of {of} steps. Missing: ' + {in_full} + \
             {more} + {}",
            self.off_ramp()
        );
        format!("size({missing}) == 0 ? '' : {line}")
    }

    /// The command that requests an exception for the missing exemptible steps; without such steps,
    /// whom to ask.
    fn off_ramp(&self) -> String {
        if self.path.only_advises() {
            return literal(ADVICE);
        }
        let (names, target) = (self.read("names"), self.read("target"));
        let binding: Vec<&str> = self
            .steps()
            .map(|(index, _)| &self.path.spec.checks[index])
            .filter(|check| !check.exemptible)
            .map(|check| check.name.as_str())
            .collect();
        let excusable = if binding.is_empty() {
            names
        } else {
            format!("{names}.filter(name, !(name in {}))", list(&binding))
        };
        let check =
            format!("(size({excusable}) > {NAMED} ? '' : ' --check ' + {excusable}.join(','))");
        let command = format!(
            "'. Or record why you deviate: kubectl goldenpath except ' + {target} + {check} + \
             ' --reason \"…\"'"
        );
        if binding.is_empty() {
            return command;
        }
        let questions = literal(&self.questions());
        format!("(size({excusable}) == 0 ? {questions} : {command})")
    }

    /// Whom to ask about a step that allows no exception.
    fn questions(&self) -> String {
        let owner = &self.path.spec.owner;
        match &owner.contact {
            Some(contact) => format!(". Questions: {}", one_line(contact, WHAT)),
            None => format!(". Questions: team {}", one_line(&owner.team, WHAT)),
        }
    }

    /// The message if the expression fails.
    pub(super) fn fallback(&self) -> String {
        let of = self.steps().count();
        let off_ramp = if self.path.only_advises() {
            ADVICE
        } else {
            ". Or record why you deviate: kubectl goldenpath except KIND/NAME -n NAMESPACE --reason \"…\""
        };
        format!(
            "golden path {}: some of its {of} steps are missing. To see which, and how to fix them: \
             goldenpath why KIND/NAME -n NAMESPACE{off_ramp}",
            self.path.name
        )
    }
}

/// The message of one check and its fix, as an expression. `evaluated` reads its `messageExpression`.
fn sentence(check: &Check, evaluated: Option<&str>) -> String {
    let message = check
        .message
        .clone()
        .unwrap_or_else(|| default_message(check));
    let fallback = literal(one_line(&message, WHAT).trim_end_matches('.'));
    let what = evaluated.map_or(fallback.clone(), |read| {
        format!(
            "({read}.trim() == '' || {read}.contains('\\n') ? {fallback} : \
             (size({read}) > {WHAT} ? {read}.substring(0, {WHAT}) + '...' : {read}))"
        )
    });
    match fix(check) {
        Some(fix) => format!("{what} + {}", literal(&format!(" (fix: {fix})"))),
        None => what,
    }
}

/// A fix of one short line as written; for a longer one, the documentation.
fn fix(check: &Check) -> Option<String> {
    let remediation = check
        .remediation
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let is_short = |text: &&str| !text.contains('\n') && text.chars().count() <= FIX;
    let documented = check.docs_url.as_deref();
    let fix = remediation
        .filter(is_short)
        .or(documented)
        .or(remediation)?;
    Some(one_line(fix, FIX).trim_end_matches('.').to_owned())
}
