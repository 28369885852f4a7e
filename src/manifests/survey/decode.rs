//! Bytes to text: a byte order mark, else valid UTF-8, else the encoding that the mapping states. Nothing
//! is guessed: a wrong guess turns names of teams into other ones.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::error::SurveyError;

/// The text of an export.
pub(super) fn text<'a>(
    content: &'a [u8],
    stated: Option<&str>,
) -> Result<Cow<'a, str>, SurveyError> {
    if content.starts_with(b"PK\x03\x04") {
        return Err(SurveyError::Archive);
    }
    let marked = Encoding::for_bom(content);
    let stated = stated
        .map(|label| {
            Encoding::for_label(label.trim().as_bytes()).ok_or(SurveyError::UnknownEncoding)
        })
        .transpose()?;
    let (encoding, mark) = match (marked, stated) {
        (Some((marked, length)), _) => (marked, length),
        (None, Some(stated)) => (stated, 0),
        (None, None) => (UTF_8, 0),
    };
    let content = &content[mark..];
    if encoding == UTF_8 {
        return utf_8(content);
    }
    let decoded = encoding.decode_without_bom_handling_and_without_replacement(content);
    let encoding = encoding.name();
    let text = decoded.ok_or(SurveyError::NotInEncoding { encoding })?;
    refuse_zero_bytes(text)
}

fn utf_8(content: &[u8]) -> Result<Cow<'_, str>, SurveyError> {
    let text = str::from_utf8(content).map_err(|error| {
        if content.contains(&0) {
            return SurveyError::ZeroBytes;
        }
        let at = error.valid_up_to();
        SurveyError::NotUtf8 { at }
    })?;
    refuse_zero_bytes(Cow::Borrowed(text))
}

fn refuse_zero_bytes(text: Cow<'_, str>) -> Result<Cow<'_, str>, SurveyError> {
    if text.contains('\0') {
        return Err(SurveyError::ZeroBytes);
    }
    Ok(text)
}
