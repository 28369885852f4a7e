//! What a scalar of YAML is to kubectl: the resolution of go-yaml v2, then its way through JSON, in which
//! a whole float becomes an integer. Nothing is parsed here but the text of one scalar.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

/// The types that the core tags name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Bool,
    Int,
    Float,
    Text,
    Binary,
    Timestamp,
}

impl Type {
    /// The type of a core tag by its suffix, such as `str` of `!!str`.
    pub(super) fn of_tag(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "null" => Self::Null,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "str" => Self::Text,
            "binary" => Self::Binary,
            "timestamp" => Self::Timestamp,
            _ => return None,
        })
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Text => "str",
            Self::Binary => "binary",
            Self::Timestamp => "timestamp",
        }
    }
}

const NO_KEY: &str = "this cannot be a key: quote it";

/// A scalar that was resolved.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// Above the range of signed integers.
    Large(u64),
    Float(f64),
    /// The text itself.
    Text,
}

impl Resolved {
    const fn type_of(self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) | Self::Large(_) => Type::Int,
            Self::Float(_) => Type::Float,
            Self::Text => Type::Text,
        }
    }
}

/// The value of a scalar: plain, or with an explicit type.
///
/// # Errors
/// When the text is not of the stated type, or is a number that JSON does not have.
pub(super) fn value(text: &str, stated: Option<Type>) -> Result<Value, String> {
    match stated {
        Some(Type::Text | Type::Timestamp) => Ok(Value::from(text)),
        Some(Type::Binary) => binary(text),
        Some(stated) => {
            let resolved = resolve(text);
            let (found, is_whole_float) = (resolved.type_of(), stated == Type::Float);
            if found == stated || is_whole_float && found == Type::Int {
                json(text, resolved)
            } else {
                let (found, stated) = (found.as_str(), stated.as_str());
                Err(format!("'{text}' is !!{found}, not !!{stated}"))
            }
        }
        None => json(text, resolve(text)),
    }
}

/// The key that a scalar is in a JSON object.
///
/// # Errors
/// When it is null, which no key can be, or above the range of integers.
pub(super) fn key(text: &str, stated: Option<Type>) -> Result<String, String> {
    match (stated, resolve(text)) {
        (Some(_), _) => key_of(value(text, stated)?),
        (None, Resolved::Text) => Ok(text.to_owned()),
        (None, Resolved::Bool(flag)) => Ok(flag.to_string()),
        (None, Resolved::Int(number)) => Ok(number.to_string()),
        (None, Resolved::Float(number)) => Ok(float_key(number)),
        (None, Resolved::Null | Resolved::Large(_)) => Err(NO_KEY.to_owned()),
    }
}

/// The key that a value is in a JSON object.
///
/// # Errors
/// As [`key`], and for values that are not scalars.
pub(super) fn key_of(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(NO_KEY.to_owned()),
    }
}

fn json(text: &str, resolved: Resolved) -> Result<Value, String> {
    Ok(match resolved {
        Resolved::Null => Value::Null,
        Resolved::Bool(flag) => Value::from(flag),
        Resolved::Int(number) => Value::from(number),
        Resolved::Text => Value::from(text),
        // Precision is lost here by kubectl as well.
        #[allow(clippy::cast_precision_loss)]
        Resolved::Large(number) => float(number as f64, text)?,
        Resolved::Float(number) => float(number, text)?,
    })
}

/// kubectl writes JSON in between, in which a whole float is written as an integer.
fn float(number: f64, text: &str) -> Result<Value, String> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0; // 2^63
    if number.fract() == 0.0 && number.abs() < BEYOND {
        #[allow(clippy::cast_possible_truncation)] // whole, and within the range
        return Ok(Value::from(number as i64));
    }
    Number::from_f64(number)
        .map(Value::Number)
        .ok_or_else(|| format!("'{text}' is not a number that JSON has: quote it"))
}

fn binary(text: &str) -> Result<Value, String> {
    let packed: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD
        .decode(packed)
        .map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
    Ok(Value::from(String::from_utf8_lossy(&bytes)))
}

/// As `strconv.FormatFloat(number, 'g', -1, 32)`.
fn float_key(number: f64) -> String {
    #[allow(clippy::cast_possible_truncation)] // as kubectl does
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let short = format!("{number:e}");
    let (digits, exponent) = short.split_once('e').unwrap_or((&short, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        Ok(_) | Err(_) => number.to_string(),
    }
}

fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Resolved::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.as_bytes().first() {
        Some(b'.') if is_float(text) => finite(text),
        Some(b'+' | b'-' | b'0'..=b'9') => number(&text.replace('_', "")),
        Some(_) | None => Resolved::Text,
    }
}

fn number(plain: &str) -> Resolved {
    if let Some(number) = integer(plain) {
        return i64::try_from(number).map_or_else(
            |_| u64::try_from(number).map_or(Resolved::Text, Resolved::Large),
            Resolved::Int,
        );
    }
    if is_float(plain) {
        finite(plain)
    } else {
        Resolved::Text
    }
}

/// A whole number in the range of 64 bits: decimal, octal with a leading 0, or with a prefix.
fn integer(plain: &str) -> Option<i128> {
    let (sign, digits) = match plain.as_bytes().first()? {
        b'-' => (-1, &plain[1..]),
        b'+' => (1, &plain[1..]),
        _ => (1, plain),
    };
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match prefix.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some(other) if other.starts_with('0') => (8, &digits[1..]),
        Some(_) | None => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(digits, radix).ok()?) * sign;
    let is_signed = plain.starts_with(['-', '+']);
    let most = if is_signed {
        i128::from(i64::MAX)
    } else {
        i128::from(u64::MAX)
    };
    (i128::from(i64::MIN)..=most)
        .contains(&number)
        .then_some(number)
}

/// Whether a text is a decimal number with a fraction or an exponent, or without.
fn is_float(plain: &str) -> bool {
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            are_digits(whole) && are_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && are_digits(mantissa),
    };
    is_mantissa
        && exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !digits.is_empty() && are_digits(digits)
        })
}

/// A float; one beyond the range of floats, such as the commit `4e51289`, stays a text.
fn finite(plain: &str) -> Resolved {
    plain
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .map_or(Resolved::Text, Resolved::Float)
}
