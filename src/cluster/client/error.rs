//! What can fail when talking to a cluster, and the short reasons that metrics and logs use. Nothing
//! here retries; the caller decides.

use kube::core::Status;

use super::credentials::CredentialError;
use super::failure::Failure;
pub use super::failure::{reason_of, reason_of_code};
use super::kubeconfig::KubeconfigFailure;
use crate::proxy::ProxyError;

/// The errors of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No cluster is known.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigFailure),
    /// There are no credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// The kubeconfig or the environment names something that is not a proxy.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// The client cannot be built, for example because a certificate authority is unreadable.
    #[error("failed to set up the connection to the cluster")]
    Client(#[source] Failure),
    /// A request failed or got no answer.
    #[error("failed to {action}")]
    Request {
        /// What was attempted and on what.
        action: String,
        /// Why.
        source: Failure,
    },
    /// The API server refused the change of a command.
    #[error("failed to {action}: {message}")]
    Refused {
        /// What was attempted and on what.
        action: String,
        /// The server's message.
        message: String,
        /// Its HTTP status.
        code: u16,
        /// Whether the message is a policy's own, which names the next step.
        is_of_policy: bool,
    },
    /// No answer within the time one call may take.
    #[error("failed to {action}: no answer within {seconds} s")]
    TimedOut {
        /// What was attempted and on what.
        action: String,
        /// How long the call waited.
        seconds: u64,
    },
    /// A task of the operator that should never end has ended.
    #[error("{0} ended unexpectedly")]
    Ended(&'static str),
}

/// The result of nearly everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A short stable word for metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Kubeconfig(_) => "Kubeconfig",
            Self::Credentials(_) => "Unauthorized",
            Self::Proxy(_) => "Proxy",
            Self::Client(_) => "Client",
            Self::Request { source, .. } => source.reason,
            Self::Refused { code, .. } => reason_of_code(*code),
            Self::TimedOut { .. } => "TimedOut",
            Self::Ended(_) => "Ended",
        }
    }

    /// For `map_err` on a request: `Error::on("list deployments")`.
    pub fn on(action: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let action = action.into();
        move |source| Self::Request {
            action,
            source: Failure::from(source),
        }
    }

    /// For `map_err` on the request of a command: keeps the server's message.
    pub fn refused(action: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let action = action.into();
        move |source| match source {
            // A user who is not signed in and a kind that is not served are no refusals.
            kube::Error::Api(status) if !is_general(&status) => {
                let of_policy = of_policy(&status.message);
                Self::Refused {
                    action,
                    message: of_policy.unwrap_or(&status.message).to_owned(),
                    code: status.code,
                    is_of_policy: of_policy.is_some(),
                }
            }
            // The server did not answer.
            source => Self::on(action)(source),
        }
    }
}

/// Whether every request of this kind would get this answer.
fn is_general(status: &Status) -> bool {
    let names_an_object = status
        .details
        .as_ref()
        .is_some_and(|it| !it.name.is_empty());
    status.code == 401 || (status.code == 404 && !names_an_object)
}

/// The message of a policy, without the names of policy and binding before it.
fn of_policy(message: &str) -> Option<&str> {
    let (_, sentence) = message.split_once("denied request: ")?;
    message
        .contains("ValidatingAdmissionPolicy '")
        .then_some(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_policys_refusal_the_sentence_is_kept() {
        let whole = "deviationexceptions.goldenpath.dev \"a\" is forbidden: ValidatingAdmissionPolicy \
                     'p' with binding 'p' denied request: sam may not decide. Next: ask";
        assert_eq!(of_policy(whole), Some("sam may not decide. Next: ask"));
        let other = "admission webhook \"w\" denied request: no";
        assert_eq!(of_policy(other), None);
        assert_eq!(of_policy("spec.path: Required value"), None);
    }
}
