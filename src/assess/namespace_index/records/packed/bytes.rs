//! Values as few bytes. A number takes as many bytes as it has, an instant the distance from the one
//! before it, a digest and a uid their bits, and a text that came before one byte. Exact: what is read is
//! what was written. Which values there are is not known here.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use crate::api::Instant;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Kinds of texts. A higher number is a text that came before.
const PLAIN: u64 = 0;
const DIGEST: u64 = 1;
const UID: u64 = 2;
const DAY: u64 = 3;
const FIRST_KNOWN: u64 = 4;
/// Hexadecimal digits of a digest.
const DIGITS: usize = 16;

/// Writes values one after another.
#[derive(Debug, Default)]
pub(super) struct Packer<'a> {
    bytes: Vec<u8>,
    texts: Vec<&'a str>,
    second: i64,
    day: i64,
}

/// Reads them in the same order.
#[derive(Debug, Default)]
pub(super) struct Unpacker<'a> {
    bytes: &'a [u8],
    texts: Vec<Cow<'a, str>>,
    second: i64,
    day: i64,
}

/// A value that can be written and read.
pub(super) trait Packed: Sized {
    fn pack<'a>(&'a self, to: &mut Packer<'a>);
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;
}

impl<'a> Packer<'a> {
    pub fn finish(self) -> Box<[u8]> {
        self.bytes.into()
    }

    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Seven bits a byte, the lowest first; the eighth bit says that more follow.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.byte(number.to_le_bytes()[0]);
    }

    fn signed(&mut self, number: i64) {
        self.number(zigzag(number));
    }

    fn text(&mut self, text: &'a str) {
        if let Some(known) = self.texts.iter().position(|known| *known == text) {
            return self.number(FIRST_KNOWN + known as u64);
        }
        self.texts.push(text);
        if let Some(digest) = digest(text) {
            self.number(DIGEST);
            self.bytes.extend(digest.to_be_bytes());
        } else if let Some(uid) = uid(text) {
            self.number(UID);
            self.bytes.extend(uid.as_bytes());
        } else if let Some(day) = day(text) {
            self.number(DAY);
            self.signed(day - self.day);
            self.day = day;
        } else {
            self.number(PLAIN);
            self.number(text.len() as u64);
            self.bytes.extend(text.as_bytes());
        }
    }
}

impl<'a> Unpacker<'a> {
    pub const fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            texts: Vec::new(),
            second: 0,
            day: 0,
        }
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*bytes)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn text(&mut self) -> Option<String> {
        let text: Cow<'a, str> = match self.number()? {
            PLAIN => {
                let length = usize::try_from(self.number()?).ok()?;
                let (text, rest) = self.bytes.split_at_checked(length)?;
                self.bytes = rest;
                std::str::from_utf8(text).ok()?.into()
            }
            DIGEST => format!("{:016x}", u64::from_be_bytes(self.bytes()?)).into(),
            UID => Uuid::from_bytes(self.bytes()?)
                .hyphenated()
                .to_string()
                .into(),
            DAY => {
                self.day += self.signed()?;
                EPOCH.checked_add(self.day.days()).ok()?.to_string().into()
            }
            known => {
                let known = usize::try_from(known - FIRST_KNOWN).ok()?;
                return self.texts.get(known).map(ToString::to_string);
            }
        };
        let copy = text.to_string();
        self.texts.push(text);
        Some(copy)
    }
}

/// Small numbers of either sign as small ones without a sign.
const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn digest(text: &str) -> Option<u64> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == DIGITS && text.bytes().all(is_digit))
        .then(|| u64::from_str_radix(text, 16).ok())?
}

fn uid(text: &str) -> Option<Uuid> {
    let uid = Uuid::try_parse(text).ok()?;
    (uid.hyphenated().to_string() == text).then_some(uid)
}

fn day(text: &str) -> Option<i64> {
    let date: Date = text.parse().ok()?;
    let days = (date - EPOCH).get_days();
    (date.to_string() == text).then_some(days.into())
}

impl Packed for bool {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.byte((*self).into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(from.byte()? != 0)
    }
}

impl Packed for u32 {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.number((*self).into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.number()?.try_into().ok()
    }
}

impl Packed for i64 {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.signed(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.signed()
    }
}

impl Packed for String {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.text(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.text()
    }
}

impl Packed for Timestamp {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        let second = self.as_second();
        let distance = zigzag(second - to.second) << 1;
        to.second = second;
        let part = self.subsec_nanosecond();
        to.number(distance | u64::from(part != 0));
        if part != 0 {
            to.signed(part.into());
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let number = from.number()?;
        let distance = number >> 1;
        from.second += (distance >> 1).cast_signed() ^ -((distance & 1).cast_signed());
        let part = if number & 1 == 0 { 0 } else { from.signed()? };
        Self::new(from.second, part.try_into().ok()?).ok()
    }
}

impl Packed for Instant {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        self.0.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Timestamp::unpack(from).map(Self)
    }
}

impl<T: Packed> Packed for Option<T> {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.byte(self.is_some().into());
        if let Some(value) = self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(if bool::unpack(from)? {
            Some(T::unpack(from)?)
        } else {
            None
        })
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.number(self.len() as u64);
        for value in self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let length = from.number()?;
        (0..length).map(|_| T::unpack(from)).collect()
    }
}
