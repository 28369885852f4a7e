//! stub
use crate::eval::{Context, Outcome};
use crate::value::Value;
pub(super) fn format<'a>(_: &mut Context<'_, 'a>, _: &[Value<'a>]) -> Outcome<'a> {
    super::no_overload()
}
