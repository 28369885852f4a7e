//! The one line people read: how many steps are taken, what is missing and how to fix it, and the
//! off-ramp. Said as an expression, because only the API server sees the object; what it cannot
//! work out falls back to a sentence that says where to look.

use k8s_openapi::api::admissionregistration::v1::Variable;

use super::Question;
use super::text::{list, literal, one_line};
use crate::api::golden_path::Check;
use crate::assess::object::kind::short_name;
use crate::assess::path::evaluate::default_message;

/// How many missing steps are told in full; a response's warnings are cut at 4 KiB in all.
const IN_FULL: usize = 3;
/// How many checks the off-ramp names; beyond that the command finds them itself.
const NAMED: usize = 3;
/// The longest text of what is missing, in characters.
const WHAT: usize = 200;
/// The longest fix, in characters.
const FIX: usize = 240;

impl Question<'_> {
    /// The variables the message is made of: `said_N`, `missing`, `names`, `target`.
    pub(super) fn message_variables(&self) -> Vec<Variable> {
        let mut variables = Vec::new();
        let mut add = |name: String, expression: String| {
            variables.push(Variable { name, expression });
        };
        let (mut sentences, mut names) = (Vec::new(), Vec::new());
        for (index, number) in self.steps() {
            let check = &self.path.spec.checks[index];
            let passed = self.read(&format!("step_{number}"));
            let evaluated = self.path.programs[index].message.as_ref();
            let evaluated = evaluated.filter(|_| !check.sensitive).map(|program| {
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

    /// `deploy/web -n shop`, as commands take it.
    fn target(&self) -> String {
        let kinds: Vec<_> = self.kinds().collect();
        let short = match kinds.as_slice() {
            [one] => literal(&short_name(&one.kind)),
            several => {
                let pairs = several.iter().map(|kind| {
                    format!(
                        "{}: {}",
                        literal(&kind.kind),
                        literal(&short_name(&kind.kind))
                    )
                });
                let pairs: Vec<String> = pairs.collect();
                format!("{{{}}}[request.kind.kind]", pairs.join(", "))
            }
        };
        format!("{short} + '/' + object.metadata.name + ' -n ' + object.metadata.namespace")
    }

    /// The line itself.
    pub(super) fn message_expression(&self) -> String {
        let (missing, target) = (self.read("missing"), self.read("target"));
        let of = self.steps().count();
        let path = literal(&format!("golden path {}: ", self.path.name));
        let places: Vec<String> = (0..IN_FULL).map(|place| place.to_string()).collect();
        let places = places.join(", ");
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

    /// The command that notes a reason, for the missing steps an exception may name; where there is
    /// none, whom to ask.
    fn off_ramp(&self) -> String {
        let (names, target) = (self.read("names"), self.read("target"));
        let binding = self.steps().filter_map(|(index, _)| {
            let check = &self.path.spec.checks[index];
            (!check.exemptible).then_some(check.name.as_str())
        });
        let binding: Vec<&str> = binding.collect();
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
        let nobody = literal(&self.questions());
        format!("(size({excusable}) == 0 ? {nobody} : {command})")
    }

    /// Whom to ask about a step no exception may name.
    fn questions(&self) -> String {
        let owner = &self.path.spec.owner;
        match &owner.contact {
            Some(contact) => format!(". Questions: {}", one_line(contact, WHAT)),
            None => format!(". Questions: team {}", one_line(&owner.team, WHAT)),
        }
    }

    /// The message where the line cannot be computed.
    pub(super) fn fallback(&self) -> String {
        let of = self.steps().count();
        format!(
            "golden path {}: some of its {of} steps are missing. To see which, and how to fix them: \
             goldenpath why KIND/NAME -n NAMESPACE. Or record why you deviate: kubectl goldenpath \
             except KIND/NAME -n NAMESPACE --reason \"…\"",
            self.path.name
        )
    }
}

/// What one check says is missing, and the fix, as an expression.
fn sentence(check: &Check, evaluated: Option<&str>) -> String {
    let written = check.message.clone();
    let written = one_line(&written.unwrap_or_else(|| default_message(check)), WHAT);
    let written = literal(written.trim_end_matches('.'));
    let what = evaluated.map_or(written.clone(), |said| {
        format!(
            "({said}.trim() == '' || {said}.contains('\\n') ? {written} : \
             (size({said}) > {WHAT} ? {said}.substring(0, {WHAT}) + '...' : {said}))"
        )
    });
    match fix(check) {
        Some(fix) => format!("{what} + {}", literal(&format!(" (fix: {fix})"))),
        None => what,
    }
}

/// A fix of one line is said as it is; for a longer one the documentation is the better place.
fn fix(check: &Check) -> Option<String> {
    let remediation = check.remediation.as_deref().map(str::trim);
    let remediation = remediation.filter(|text| !text.is_empty());
    let is_short = |text: &&str| !text.contains('\n') && text.chars().count() <= FIX;
    let documented = check.docs_url.as_deref();
    let fix = remediation
        .filter(is_short)
        .or(documented)
        .or(remediation)?;
    Some(one_line(fix, FIX).trim_end_matches('.').to_owned())
}
