//! Lines without a header: raw lines through Firehose or a subscription, CloudWatch exports, `message`s.

use crate::format::Format;
use crate::record::Record;
use crate::unparsed::Unparsed;

/// The format of lines that no header explains: the one that the user gave, else the default one for lines that bear its marks.
///
/// ```
/// use flowlog::{Headerless, Unparsed};
/// let headerless = Headerless::new(None);
/// let line = b"2 123456789010 eni-1 10.0.0.5 10.0.0.9 49152 443 6 8 900 1418530010 1418530070 ACCEPT OK";
/// assert_eq!(headerless.parse(line)?.dst_port, Some(443));
/// assert_eq!(headerless.parse(b"3 eni-1 10.0.0.5 10.0.0.9"), Err(Unparsed::UnknownFormat));
/// # Ok::<(), Unparsed>(())
/// ```
#[derive(Clone, Debug)]
pub struct Headerless {
    format: Format,
    is_given: bool,
}

impl Headerless {
    /// Lines of the given format; of the default one if `None`.
    pub fn new(given: Option<Format>) -> Headerless {
        let is_given = given.is_some();
        let format = given.unwrap_or_else(Format::default_v2);
        Headerless { is_given, format }
    }

    /// The columns of a line.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// Whether the user gave the format; else lines must bear the marks of the default one.
    pub fn is_given(&self) -> bool {
        self.is_given
    }

    /// Whether these are lines of a transit gateway flow log, by the format that the user gave.
    pub fn is_transit_gateway(&self) -> bool {
        self.format.is_transit_gateway()
    }

    pub(crate) fn into_format(self) -> Format {
        self.format
    }

    /// Reads one line, without its line end.
    ///
    /// # Errors
    /// The reason why the line is no record. Of the default format, a line must begin with version 2 and end in a status that is read. A
    /// given format speaks for all lines that come, so they must bear out that they are of a transit gateway, or that they are not.
    pub fn parse<'a>(&self, line: &'a [u8]) -> Result<Record<'a>, Unparsed> {
        if self.is_given {
            let record = self.format.parse(line)?;
            let is_borne_out = match self.is_transit_gateway() {
                true => self.names_gateway(line),
                false => {
                    ![record.account_id, record.interface_id, record.vpc_id].into_iter().flatten().any(is_of_gateway)
                }
            };
            return if is_borne_out { Ok(record) } else { Err(Unparsed::OtherFlowLog) };
        }
        // The marks are sought only where parsing fails: what parses as the default format and begins with version 2 bears them.
        if !line.starts_with(b"2 ") {
            return Err(Unparsed::UnknownFormat);
        }
        let record = self.format.parse(line)?;
        if record.log_status.is_none() {
            return Err(Unparsed::UnknownLogStatus);
        }
        Ok(record)
    }

    /// Whether nothing in a line of a gateway's format says that it is of something else.
    fn names_gateway(&self, line: &[u8]) -> bool {
        self.format.columns_of(line).all(|(column, text)| match column.name() {
            _ if text == b"-" => true,
            "resource-type" => text == RESOURCE_TYPE,
            "tgw-id" | "tgw-attachment-id" | "tgw-pair-attachment-id" => text.starts_with(b"tgw-"),
            _ => true,
        })
    }

    /// Whether the line, whatever its format, is a record of a transit gateway flow log, which says so in its field `resource-type`. What
    /// has an action was recorded at an interface, and may have the word in a tag.
    pub fn is_transit_gateway_record(line: &[u8]) -> bool {
        let mut is_named = false;
        for word in line.split(|byte| *byte == b' ') {
            match word {
                b"ACCEPT" | b"REJECT" => return false,
                _ => is_named |= word == RESOURCE_TYPE,
            }
        }
        is_named
    }
}

/// The only value of `resource-type` (Transit Gateway guide, "Transit Gateway Flow Log records").
const RESOURCE_TYPE: &[u8] = b"TransitGateway";

/// Whether an id, which in a record of an interface is a number of an account or begins with `eni-` or `vpc-`, tells of a gateway.
fn is_of_gateway(id: &[u8]) -> bool {
    id == RESOURCE_TYPE || id.starts_with(b"tgw-")
}

/// The marks of the default format: version 2 first, an action in the thirteenth field and a status in the fourteenth and last.
pub(crate) fn bears_default_marks(text: &[u8]) -> bool {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let Some(rest) = text.strip_prefix(b"2 ") else {
        return false;
    };
    let mut last = [&b""[..]; 2];
    let mut count = 1;
    for word in rest.split(|byte| *byte == b' ') {
        count += 1;
        last = [last[1], word];
        if count > 14 {
            return false;
        }
    }
    count == 14 && matches!(last[0], b"ACCEPT" | b"REJECT" | b"-") && matches!(last[1], b"OK" | b"NODATA" | b"SKIPDATA")
}
