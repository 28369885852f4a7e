//! What the verbs that write an exception share: the user as the cluster knows them, writing under
//! that name, and printing the exception as stored.

use std::io::Write as _;

use super::error::{CommandError, Result};
use super::output::{self, ObjectFormat};
use super::{Invocation, runtime};
use crate::api::DeviationException;
use crate::cluster::{self, DecisionRequest, ExceptionRef};
use crate::report::terminal::plain::plain;

/// Writes into the exception `name`, and returns it as stored.
pub(super) fn write(
    name: &str,
    request: &DecisionRequest,
    invocation: &Invocation<'_>,
) -> Result<DeviationException> {
    let exception = ExceptionRef {
        target: invocation.global.target(),
        namespace: invocation.global.namespace.clone(),
        name: name.to_owned(),
    };
    Ok(runtime::start()?.block_on(cluster::decide(&exception, request, invocation.now))?)
}

/// The user, as the cluster knows them. The result is a default, so a failed request is not an error.
pub(super) fn current_user(invocation: &Invocation<'_>) -> Result<Option<String>> {
    let target = invocation.global.target();
    let identity = runtime::start()?.block_on(cluster::whoami(&target)).ok();
    Ok(identity
        .map(|identity| identity.user)
        .filter(|user| !user.is_empty()))
}

/// Prints the stored object where a format is named, else one line as kubectl does.
pub(super) fn print(
    stored: &DeviationException,
    done: &str,
    format: Option<ObjectFormat>,
    invocation: &Invocation<'_>,
) -> Result<()> {
    let mut out = output::stdout(invocation.global);
    if let Some(format) = format {
        return format.write(stored, &mut out);
    }
    let name = plain(stored.metadata.name.as_deref().unwrap_or_default());
    writeln!(out, "deviationexception.goldenpath.dev/{name} {done}").map_err(CommandError::output)
}
