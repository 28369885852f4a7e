//! stub
#[derive(Debug, PartialEq, Clone, Copy)]
pub struct Cidr;
impl std::fmt::Display for Cidr {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
