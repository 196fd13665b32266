//! Why a line is no record, and what can still be learnt from it.

use crate::field::Field;

/// The reason why a line could not be read. Small and `Copy`, so that counting bad lines costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unparsed {
    /// Cut short, or two lines run into one, or a line of another format.
    #[error("{found} fields where the format has {expected}")]
    WrongFieldCount {
        /// Fields of the format.
        expected: u32,
        /// Fields of the line.
        found: u32,
    },
    /// `-` in an ordinary record where a verdict needs a value.
    #[error("no value for `{0}`, which a record with traffic needs")]
    NoValue(Field),
    /// Not decimal digits.
    #[error("`{0}` is not a number")]
    NotANumber(Field),
    /// More than the field can hold: 65535 for ports, 255 for protocols, 32 bits for times, 64 bits for counts.
    #[error("`{0}` is too large a number")]
    TooLarge(Field),
    /// Neither IPv4 nor IPv6.
    #[error("`{0}` is not an IP address")]
    NotAnAddress(Field),
    /// An id with bytes that are not printable ASCII.
    #[error("stray bytes in `{0}`")]
    StrayBytes(Field),
    /// Neither ACCEPT nor REJECT.
    #[error("`action` is neither ACCEPT nor REJECT")]
    UnknownAction,
    /// None of OK, NODATA, SKIPDATA.
    #[error("`log-status` is none of OK, NODATA and SKIPDATA")]
    UnknownLogStatus,
    /// The interval ends before it begins.
    #[error("`start` is after `end`")]
    StartAfterEnd,
    /// More than [`crate::LINE_LIMIT`] bytes without a line end.
    #[error("line longer than 1 MiB")]
    LineTooLong,
    /// The last line of a truncated or corrupt object: its last field may be cut too, so none of it is believed.
    #[error("the last line before the damage is cut short")]
    CutShort,
    /// Not a header, and not the default format either.
    #[error("no header and not the default format; give its fields with --log-format")]
    UnknownFormat,
    /// A record of a transit gateway where the format given is of a VPC flow log, or the other way round.
    #[error(
        "one of record and format is of a transit gateway, the other of a VPC; give the record's own fields with --log-format"
    )]
    OtherFlowLog,
    /// A header in the middle of a stream lacks a needed field, so nothing below it can be judged.
    #[error("the header above lacks `{0}`")]
    UnusableHeader(Field),
    /// Begins with `{` but is not one complete JSON object.
    #[error("not a complete JSON object")]
    NotJson,
    /// A JSON object without `message` and without the fields of a flow log.
    #[error("a JSON object that is no flow log record")]
    UnknownJson,
}

impl Unparsed {
    /// The reason in kebab-case, for counting by reason.
    pub const fn kind(&self) -> &'static str {
        match self {
            Unparsed::WrongFieldCount { .. } => "wrong-field-count",
            Unparsed::NoValue(_) => "no-value",
            Unparsed::NotANumber(_) => "not-a-number",
            Unparsed::TooLarge(_) => "too-large",
            Unparsed::NotAnAddress(_) => "not-an-address",
            Unparsed::StrayBytes(_) => "stray-bytes",
            Unparsed::UnknownAction => "unknown-action",
            Unparsed::UnknownLogStatus => "unknown-log-status",
            Unparsed::StartAfterEnd => "start-after-end",
            Unparsed::LineTooLong => "line-too-long",
            Unparsed::CutShort => "cut-short",
            Unparsed::UnknownFormat => "unknown-format",
            Unparsed::OtherFlowLog => "other-flow-log",
            Unparsed::UnusableHeader(_) => "unusable-header",
            Unparsed::NotJson => "not-json",
            Unparsed::UnknownJson => "unknown-json",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn unparsed_is_small() {
        assert!(std::mem::size_of::<Unparsed>() <= 12);
    }
}
