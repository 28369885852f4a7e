//! Networks in CIDR notation. The address has its host bits until it is masked.

use std::fmt;
use std::net::IpAddr;

use super::ip;

/// An address and the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cidr {
    pub(crate) address: IpAddr,
    pub(crate) bits: u8,
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Cidr {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refuse =
            || format!("network address parse error during conversion from string: {text}");
        let (address, bits) = text.rsplit_once('/').ok_or_else(refuse)?;
        let address = ip::parse(address).map_err(|_| refuse())?;
        let plain = bits == "0" || (!bits.starts_with('0') && !bits.starts_with('+'));
        let bits: u8 = bits.parse().ok().filter(|_| plain).ok_or_else(refuse)?;
        if bits > width(address) {
            return Err(refuse());
        }
        Ok(Self { address, bits })
    }

    /// The prefix bits of an address of the same family.
    fn network(&self, address: IpAddr) -> Option<u128> {
        if width(address) != width(self.address) {
            return None;
        }
        let shift = u32::from(width(address) - self.bits);
        number(address).checked_shr(shift).or(Some(0))
    }

    pub(crate) fn parts(&self) -> (IpAddr, u8) {
        (self.address, self.bits)
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let network = self.network(address);
        network.is_some() && network == self.network(self.address)
    }

    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.bits <= other.bits && self.contains(other.address)
    }

    /// Clears the host bits.
    pub(crate) fn masked(&self) -> Self {
        let shift = u32::from(width(self.address) - self.bits);
        let kept = u128::MAX.checked_shl(shift).unwrap_or(0);
        let masked = number(self.address) & kept;
        let address = match self.address {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(masked).unwrap_or(0).into()),
            IpAddr::V6(_) => IpAddr::V6(masked.into()),
        };
        Self { address, ..*self }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}
