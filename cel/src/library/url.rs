//! stub
#[derive(Debug, PartialEq)]
pub struct Url;
