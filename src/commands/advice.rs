//! The next step after a failure to reach a cluster, by its kind: a sentence that starts with a verb.

use http::StatusCode;

use crate::cluster::{Cause, CredentialError, Error, KubeconfigFailure};

const JUDGE_FILES: &str = "goldenpath report --from deploy/ --paths starter";
/// The most contexts that a hint names.
const MOST: usize = 10;

/// The next step, where there is one.
pub(super) fn of(error: &Error) -> Option<String> {
    match error {
        Error::Kubeconfig(failure) => of_kubeconfig(failure),
        Error::Credentials(error) => of_credentials(error),
        Error::Proxy(_) => Some("correct it, or unset it".to_owned()),
        Error::Request { source, .. } | Error::Client(source) => {
            of_cause(source.cause).map(str::to_owned)
        }
        Error::Refused {
            code: 403,
            is_of_policy: false,
            ..
        } => of_cause(Cause::Answer(StatusCode::FORBIDDEN)).map(str::to_owned),
        Error::TimedOut { .. } => of_cause(Cause::TimedOut).map(str::to_owned),
        Error::Refused { .. } | Error::Ended(_) => None,
    }
}

/// The next step of a command that judges: without a cluster, manifests can be judged instead.
pub(super) fn or_judge_files(error: &Error) -> Option<String> {
    match error {
        Error::Kubeconfig(KubeconfigFailure::NoCluster(_)) => {
            Some(format!("judge files instead: {JUDGE_FILES}"))
        }
        Error::Request { source, .. } if source.cause == Cause::Closed => Some(format!(
            "start the cluster, choose another one with --context, or judge files: {JUDGE_FILES}"
        )),
        error => of(error),
    }
}

fn of_kubeconfig(failure: &KubeconfigFailure) -> Option<String> {
    let among = |contexts: &[String]| {
        let some = contexts.iter().take(MOST).cloned().collect::<Vec<_>>();
        let more = if contexts.len() > MOST { ", …" } else { "" };
        (!some.is_empty()).then(|| format!("choose one with --context: {}{more}", some.join(", ")))
    };
    match failure {
        KubeconfigFailure::NoCluster(_) => {
            Some("name a kubeconfig with --kubeconfig FILE".to_owned())
        }
        KubeconfigFailure::UnknownContext {
            nearest: Some(name),
            ..
        } => Some(format!("did you mean --context {name}?")),
        KubeconfigFailure::NoContext { contexts }
        | KubeconfigFailure::UnknownContext { contexts, .. } => among(contexts),
        KubeconfigFailure::Unreadable { .. } | KubeconfigFailure::Invalid(_) => None,
    }
}

fn of_credentials(error: &CredentialError) -> Option<String> {
    match error {
        CredentialError::NoPlugin {
            install_hint: Some(hint),
            ..
        } => Some(hint.trim().to_owned()),
        CredentialError::NoPlugin { command, .. } => {
            Some(format!("install {command}, or add its directory to PATH"))
        }
        CredentialError::Failed { .. } => {
            Some("sign in again with the tool that this plugin belongs to".to_owned())
        }
        CredentialError::NoTerminal { .. } => {
            Some("run the command in a terminal, or use a context that needs none".to_owned())
        }
        CredentialError::Unreadable { .. }
        | CredentialError::Malformed { .. }
        | CredentialError::NotStarted { .. }
        | CredentialError::Answer { .. } => None,
    }
}

const fn of_cause(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::Answer(StatusCode::UNAUTHORIZED) => Some(
            "sign in again, or choose another context with --context: the token or certificate of \
             this one is expired, revoked or for another cluster",
        ),
        Cause::Answer(StatusCode::FORBIDDEN) => Some(
            "ask an administrator of the cluster for this right; kubectl auth whoami shows who you are",
        ),
        Cause::NotServed => Some("install the definitions: goldenpath crds | kubectl apply -f -"),
        Cause::Closed => Some("start the cluster, or choose another one with --context"),
        Cause::NoSuchHost => {
            Some("check the server's name in the kubeconfig, DNS and VPN, or set HTTPS_PROXY")
        }
        Cause::TimedOut => Some("check the network, a VPN or HTTPS_PROXY"),
        Cause::UnknownAuthority => {
            Some("fetch the kubeconfig again, or correct certificate-authority in it")
        }
        Cause::Proxy => Some("check HTTPS_PROXY and NO_PROXY, or proxy-url in the kubeconfig"),
        Cause::Answer(_)
        | Cause::Undecodable
        | Cause::Credentials
        | Cause::Certificate
        | Cause::Other => None,
    }
}
