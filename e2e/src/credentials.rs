//! The users of a throwaway API server: the administrator, the people a test acts as, and their
//! kubeconfig files.

use std::{fmt::Write as _, path::PathBuf};

use serde_json::json;

use crate::{
    Error, Result,
    controllers::{CONTROLLER_MANAGER, KWOK, SCHEDULER},
    home::Home,
    random,
};

/// The administrator's name; member of `system:masters`.
pub const ADMIN: &str = "admin";

/// A person (or machine) known to the API server by a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub groups: Vec<String>,
    pub token: String,
}

impl User {
    /// A user with a random token. Rights are given by RBAC, as on any cluster.
    pub fn new(name: &str, groups: &[&str]) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            groups: groups.iter().map(ToString::to_string).collect(),
            token: random::hex(16)?,
        })
    }

    /// A line of the API server's `--token-auth-file`.
    fn csv(&self, uid: usize) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        format!(
            "{},{},{uid},{}",
            quoted(&self.token),
            quoted(&self.name),
            quoted(&self.groups.join(","))
        )
    }
}

/// Everyone the API server knows by token; the administrator is the first.
#[derive(Clone, Debug)]
pub(crate) struct Roster {
    users: Vec<User>,
}

impl Roster {
    pub(crate) fn with_admin(others: &[User]) -> Result<Self> {
        let mut users = vec![
            User::new(ADMIN, &["system:masters"])?,
            User::new(CONTROLLER_MANAGER, &[])?,
            User::new(SCHEDULER, &[])?,
            User::new(KWOK, &["system:masters"])?,
        ];
        users.extend_from_slice(others);
        Ok(Self { users })
    }

    pub(crate) fn admin(&self) -> &User {
        &self.users[0]
    }

    pub(crate) fn find(&self, name: &str) -> Result<&User> {
        let mut users = self.users.iter();
        users
            .find(|user| user.name == name)
            .ok_or_else(|| Error::UnknownUser(name.to_owned()))
    }

    /// The content of `--token-auth-file`.
    pub(crate) fn token_file(&self) -> String {
        let mut text = String::new();
        for (uid, user) in self.users.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", user.csv(uid));
        }
        text
    }
}

/// Writes a kubeconfig file for a token and returns its path. JSON is YAML, and
/// needs no care with names such as `system:serviceaccount:…`.
pub(crate) fn write_kubeconfig(
    home: &Home,
    server: &str,
    name: &str,
    token: &str,
) -> Result<PathBuf> {
    let authority = home.path().join("pki/ca.crt");
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "goldenpath-e2e", "cluster": {
            "server": server,
            "certificate-authority": authority.to_string_lossy(),
        }}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": "goldenpath-e2e", "context": {
            "cluster": "goldenpath-e2e",
            "user": name,
        }}],
        "current-context": "goldenpath-e2e",
    });
    home.write(&kubeconfig_name(name), &format!("{config:#}\n"))
}

/// A file name for any user name: what is not plain becomes `-`.
fn kubeconfig_name(user: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{}.kubeconfig", user.chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_odd_names_survive_the_token_file() {
        let user = User {
            name: "a\"b, c".to_owned(),
            groups: vec!["x".to_owned(), "y".to_owned()],
            token: "t".to_owned(),
        };
        assert_eq!(user.csv(3), r#""t","a""b, c",3,"x,y""#);
    }

    #[test]
    fn an_unknown_user_is_an_error() {
        let roster = Roster::with_admin(&[]).unwrap();
        assert!(matches!(roster.find("eve"), Err(Error::UnknownUser(_))));
        assert_eq!(roster.find(ADMIN).unwrap(), roster.admin());
    }
}
