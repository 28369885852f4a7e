//! stub
pub(super) fn show(a: std::net::IpAddr) -> String {
    a.to_string()
}
