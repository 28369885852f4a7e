//! CEL variables that decide which path judges the object of a request: the one in its labels, else the
//! declared one, else the path of highest rank that has it in scope. Missing steps are not compared:
//! every policy would need the checks of every path.

use goldenpath_cel::Program;
use k8s_openapi::api::admissionregistration::v1::Variable;

use super::text::{all, list, literal, selector};
use super::{Generator, ITEMS, Obstacle};
use crate::api::keys;
use crate::assess::object::kind::WatchedKind;
use crate::assess::path::Path;

/// The variables that decide whether the policy checks a request, and their estimated cost.
pub(super) struct Scoped {
    pub variables: Vec<Variable>,
    pub cost: u64,
}

impl Generator<'_> {
    /// The path's own variables, then `labels`, `in_scope` and `asked` under our prefix.
    pub(super) fn scope(&self) -> Result<Scoped, Obstacle> {
        let mut scoped = self.own_variables();
        let labels = "object.metadata.?labels.orValue({})";
        let path_label = |object: &str, key: &str| {
            let key = literal(key);
            format!("{object}.metadata.?labels[?{key}].orValue('')")
        };
        let (now, before) = (
            path_label("object", keys::PATH),
            path_label("oldObject", keys::PATH),
        );
        let evaluated = path_label("oldObject", keys::EVALUATED_PATH);
        let namespace = "namespaceObject.metadata.?labels.orValue({})";
        // A request that declares another path is about to leave the one in the labels.
        let live = format!("oldObject == null || {now} != {before} ? '' : {evaluated}");
        for (name, expression) in [
            ("labels", labels),
            ("namespace_labels", namespace),
            ("declared", &now),
            ("live", &live),
        ] {
            scoped.add(self.named(name), expression.to_owned());
        }
        let in_scope = self.own_scope(&mut scoped)?;
        scoped.add(self.named("in_scope"), in_scope);
        let elsewhere = self.elsewhere(&mut scoped)?;
        scoped.add(self.named("asked"), self.asked(&elsewhere));
        Ok(scoped)
    }

    fn own_variables(&self) -> Scoped {
        let mut scoped = Scoped {
            variables: Vec::new(),
            cost: 0,
        };
        for variable in &self.path.spec.variables {
            let is_known = scoped.variables.iter().any(|v| v.name == variable.name);
            if let (Some(program), false) = (self.path.env.variable(&variable.name), is_known) {
                scoped.cost += program.estimated_cost(ITEMS);
                scoped.add(variable.name.clone(), program.source().to_owned());
            }
        }
        scoped
    }

    /// The path's own scope, without kinds and selectors that the API server evaluates itself.
    fn own_scope(&self, scoped: &mut Scoped) -> Result<String, Obstacle> {
        let mut parts = self.selectors(self.path, self.selects_namespaces());
        parts.extend(self.not_left_out());
        for condition in self.path.conditions() {
            let program = condition.as_ref().ok_or(Obstacle::ChecksInvalid)?;
            scoped.cost += program.estimated_cost(ITEMS);
            parts.push(own_line(program.source()));
        }
        Ok(all(&parts))
    }

    /// Namespace and object selector of a path as expressions.
    fn selectors(&self, path: &Path, namespaces_are_selected: bool) -> Vec<String> {
        let scope = &path.spec.scope;
        let of_namespace = scope
            .namespace_selector
            .as_ref()
            .filter(|_| !namespaces_are_selected)
            .map(|wanted| selector(wanted, &self.read("namespace_labels"), &[]));
        let of_object = scope
            .selector
            .as_ref()
            .map(|wanted| selector(wanted, &self.read("labels"), &keys::OWN_LABELS));
        of_namespace
            .into_iter()
            .chain(of_object)
            .flatten()
            .collect()
    }

    fn not_left_out(&self) -> Option<String> {
        let query = self.ctx.settings.ignore_query.as_ref()?;
        let allowed = all(&selector(query, &self.read("namespace_labels"), &[]));
        let reason = format!(
            "object.metadata.?annotations[?{}].orValue('') != ''",
            literal(keys::IGNORE)
        );
        Some(format!("!({reason} && ({allowed}))"))
    }

    /// For each other path that may be chosen instead, the condition under which it is.
    fn elsewhere(&self, scoped: &mut Scoped) -> Result<Vec<String>, Obstacle> {
        let mut chosen = Vec::new();
        for (index, other) in self.set.iter().enumerate() {
            let kinds = self.shared_kinds(other);
            let conditions: Option<Vec<&Program>> =
                other.conditions().iter().map(Option::as_ref).collect();
            // A condition that does not compile never holds.
            let Some(conditions) = conditions else {
                continue;
            };
            if index == self.index || !self.at[index].takes_part || kinds.is_empty() {
                continue;
            }
            let mut parts = self.kind_is_one_of(&kinds);
            parts.extend(self.selectors(other, false));
            let conditions = self.embed(index, other, conditions, scoped);
            parts.extend(conditions.ok_or_else(|| Obstacle::Unreadable(other.name.to_string()))?);
            let name = self.named(&format!("{index}_in_scope"));
            scoped.add(name.clone(), all(&parts));
            let in_scope = format!("variables.{name}");
            chosen.push(if self.is_outranked_by(other) {
                in_scope
            } else {
                let declared = self.read("declared");
                format!("{declared} in {} && {in_scope}", list(self.names(index)))
            });
        }
        Ok(chosen)
    }

    /// Conditions of another path, with its variables under a prefix of their own. None if an expression
    /// cannot be prefixed.
    fn embed(
        &self,
        index: usize,
        other: &Path,
        conditions: Vec<&Program>,
        scoped: &mut Scoped,
    ) -> Option<Vec<String>> {
        let prefix = self.named(&format!("{index}_"));
        let wanted = variables_behind(other, &conditions)?;
        let mut known = Vec::new();
        for variable in &other.spec.variables {
            let name = variable.name.as_str();
            if !wanted.contains(&name) || known.contains(&name) {
                continue;
            }
            known.push(name);
            let program = other.env.variable(name)?;
            scoped.cost += program.estimated_cost(ITEMS);
            let source = program.with_variables_prefixed(&prefix)?;
            scoped.add(format!("{prefix}{name}"), source);
        }
        conditions
            .into_iter()
            .map(|program| {
                scoped.cost += program.estimated_cost(ITEMS);
                Some(own_line(&program.with_variables_prefixed(&prefix)?))
            })
            .collect()
    }

    fn asked(&self, elsewhere: &[String]) -> String {
        let own = list(self.names(self.index));
        let (live, declared) = (self.read("live"), self.read("declared"));
        let not_elsewhere: Vec<String> = elsewhere
            .iter()
            .map(|chosen| format!("!({chosen})"))
            .collect();
        format!(
            "{} && ({live} != '' ? {live} in {own} : {declared} in {own} || ({}))",
            self.read("in_scope"),
            all(&not_elsewhere)
        )
    }

    /// Every name of this path: the current one, and former ones that no other path has now.
    fn names(&self, index: usize) -> Vec<&str> {
        let path = self.set.get(index);
        let former = path.spec.former_names.iter().map(String::as_str);
        let names = std::iter::once(&*path.name).chain(former);
        names
            .filter(|name| self.set.resolve(name) == Some(index))
            .collect()
    }

    fn is_outranked_by(&self, other: &Path) -> bool {
        let rank = |path: &Path| (std::cmp::Reverse(path.spec.priority), path.name.clone());
        rank(other) < rank(self.path)
    }

    /// The path's kinds that are in scope of the other one too.
    fn shared_kinds(&self, other: &Path) -> Vec<&WatchedKind> {
        let kinds = self.kinds();
        kinds
            .filter(|kind| other.takes_kind(kind))
            .map(AsRef::as_ref)
            .collect()
    }

    fn kind_is_one_of(&self, kinds: &[&WatchedKind]) -> Vec<String> {
        if kinds.len() == self.kinds().count() {
            return Vec::new();
        }
        let names = kinds
            .iter()
            .map(|kind| format!("{}/{}", kind.group, kind.kind));
        let names = list(names);
        vec![format!(
            "request.kind.group + '/' + request.kind.kind in {names}"
        )]
    }
}

impl Scoped {
    fn add(&mut self, name: String, expression: String) {
        self.variables.push(Variable { name, expression });
    }
}

/// The variables that some expressions of a path read, directly or through other variables.
fn variables_behind<'a>(path: &'a Path, programs: &[&'a Program]) -> Option<Vec<&'a str>> {
    let mut found: Vec<&str> = Vec::new();
    let mut waiting = programs.to_vec();
    while let Some(program) = waiting.pop() {
        for name in program.variables()? {
            if !found.contains(&name) {
                found.push(name);
                waiting.extend(path.env.variable(name));
            }
        }
    }
    Some(found)
}

/// An expression as part of another one: a comment at its end must not swallow what follows.
fn own_line(source: &str) -> String {
    if source.contains("//") {
        format!("{source}\n")
    } else {
        source.to_owned()
    }
}
