//! Recognises lines and objects as they come, and hands each to the [`Sink`] as what it is.
//!
//! Shapes are recognised by content, line by line, because several objects may come as one stream (`zcat a.gz b.gz`): a header
//! anywhere switches the format, and a repeated header is neither a record nor a bad line.

use memchr::memchr;

use crate::error::ReadError;
use crate::field::Field;
use crate::format::Format;
use crate::headerless::{self, Headerless};
use crate::json::{self, Object};
use crate::log_events;
use crate::source::{LeftOut, ObjectSummary, ReadOptions, Shape, Sink};
use crate::units::SHOWN;
use crate::unparsed::Unparsed;

/// Lines after which an object in which nothing was recognised is given up.
const PATIENCE: u64 = 1000;

/// What the lines below the last header are.
enum Below {
    /// No header yet.
    NoHeader,
    /// Records of this format.
    Records(Format),
    /// Records of a transit gateway, which the sink does not take.
    LeftOut(Format),
    /// Records that lack a needed field.
    Unusable(Format, Field),
}

/// See the module.
pub(crate) struct Sorting<'r, S> {
    name: &'r str,
    options: &'r ReadOptions,
    sink: &'r mut S,
    headerless: Headerless,
    below: Below,
    shape: Option<Shape>,
    lines: u64,
    /// Whether there was anything but blank lines.
    saw_lines: bool,
}

impl<'r, S: Sink> Sorting<'r, S> {
    pub fn new(name: &'r str, options: &'r ReadOptions, sink: &'r mut S) -> Sorting<'r, S> {
        let headerless = Headerless::new(options.log_format.clone());
        Sorting { name, options, sink, headerless, below: Below::NoHeader, shape: None, lines: 0, saw_lines: false }
    }

    /// One line, without its line feed.
    #[inline]
    pub fn line(&mut self, text: &[u8]) -> Result<(), ReadError> {
        self.lines += 1;
        // Nearly every record begins with a digit, so one comparison is all that they pay.
        let may_be_other = text.first().is_none_or(|first| first.is_ascii_lowercase() || *first <= b' ');
        if may_be_other && self.blank_or_header(text)? {
            return Ok(());
        }
        match &self.below {
            Below::Records(format) => {
                match format.parse(text) {
                    Ok(record) => self.sink.line(&record, format, text),
                    Err(reason) => self.sink.unparsed(self.lines, reason, shown(text)),
                }
                Ok(())
            }
            Below::LeftOut(_) => {
                self.sink.left_out(LeftOut::TransitGatewayRecord);
                Ok(())
            }
            Below::Unusable(_, field) => {
                self.sink.unparsed(self.lines, Unparsed::UnusableHeader(*field), shown(text));
                Ok(())
            }
            Below::NoHeader => self.headerless_line(text),
        }
    }

    /// One JSON object.
    pub fn object(&mut self, text: &[u8]) -> Result<(), ReadError> {
        self.lines += 1;
        match json::open(text) {
            Err(reason) => self.not_recognised(reason, text),
            Ok(Object::TransitGateway) => {
                self.shape.get_or_insert(Shape::Decorated);
                self.sink.left_out(LeftOut::TransitGatewayRecord);
                Ok(())
            }
            Ok(Object::Decorated(object)) => {
                self.shape.get_or_insert(Shape::Decorated);
                match json::decorated(&object) {
                    Ok(record) => self.sink.record(&record),
                    Err(reason) => self.sink.unparsed(self.lines, reason, shown(text)),
                }
                Ok(())
            }
            Ok(Object::Message(message)) => self.message(&message),
            Ok(Object::ControlMessage) => Ok(()),
            Ok(Object::LogEvents) => {
                let mut result = Ok(());
                let read = log_events::each(text, |message| {
                    if result.is_ok() {
                        result = self.message(message);
                    }
                });
                debug_assert!(read.is_ok(), "it was read once before");
                result
            }
        }
    }

    /// The lines of a `message`.
    fn message(&mut self, message: &str) -> Result<(), ReadError> {
        for line in message.as_bytes().split(|byte| *byte == b'\n') {
            if !line.trim_ascii().is_empty() {
                self.record_without_header(line, Shape::JsonMessage)?;
            }
        }
        Ok(())
    }

    /// A piece that cannot even be tried.
    pub fn bad(&mut self, reason: Unparsed, text: &[u8]) -> Result<(), ReadError> {
        self.lines += 1;
        self.not_recognised(reason, text)
    }

    /// The last piece before the damage: counted as lost, not as a line that was read.
    pub fn cut_short(&mut self, text: &[u8]) {
        self.sink.unparsed(self.lines + 1, Unparsed::CutShort, shown(text));
    }

    /// The end. `damaged`: nothing recognised may be due to what was lost, which is reported instead.
    pub fn finish(self, damaged: bool) -> Result<ObjectSummary, ReadError> {
        if self.shape.is_none() && self.saw_lines && !damaged {
            return Err(self.nothing_recognised());
        }
        let format = match self.below {
            Below::Records(format) | Below::LeftOut(format) | Below::Unusable(format, _) => Some(format),
            Below::NoHeader => match self.shape {
                Some(Shape::Headerless | Shape::CloudWatchExport | Shape::JsonMessage) => {
                    Some(self.headerless.into_format())
                }
                _ => None,
            },
        };
        Ok(ObjectSummary { shape: self.shape, format, lines: self.lines, bytes_read: 0, damage: None })
    }

    /// Whether the line is blank or a header; a header decides what the lines below it are.
    fn blank_or_header(&mut self, text: &[u8]) -> Result<bool, ReadError> {
        if text.trim_ascii().is_empty() {
            return Ok(true);
        }
        let Some(format) = Format::from_header(text) else {
            return Ok(false);
        };
        let is_first = self.shape.is_none();
        self.below = if format.is_transit_gateway() {
            if self.sink.takes_transit_gateways() { Below::Records(format) } else { Below::LeftOut(format) }
        } else if let Some(field) = self.lacking(&format) {
            if is_first {
                return Err(ReadError::LacksField { name: self.name.to_owned(), field: field.name() });
            }
            Below::Unusable(format, field)
        } else {
            Below::Records(format)
        };
        self.shape.get_or_insert(Shape::Text);
        Ok(true)
    }

    fn lacking(&self, format: &Format) -> Option<Field> {
        if self.options.allow_missing_fields {
            return None;
        }
        format.lacking()
    }

    fn headerless_line(&mut self, text: &[u8]) -> Result<(), ReadError> {
        match after_timestamp(text) {
            Some(record) => self.record_without_header(record, Shape::CloudWatchExport),
            None => self.record_without_header(text, Shape::Headerless),
        }
    }

    /// A line in the given format, else in the default one if it bears its marks.
    fn record_without_header(&mut self, text: &[u8], shape: Shape) -> Result<(), ReadError> {
        self.saw_lines = true;
        let format_given = self.headerless.is_given();
        if format_given && let Some(field) = self.lacking(self.headerless.format()) {
            return Err(ReadError::LacksField { name: "the format of --log-format".to_owned(), field: field.name() });
        }
        let reason = match self.headerless.parse(text) {
            Ok(record) => {
                self.shape.get_or_insert(shape);
                let format = self.headerless.format();
                if format.is_transit_gateway() && !self.sink.takes_transit_gateways() {
                    self.sink.left_out(LeftOut::TransitGatewayRecord);
                } else {
                    self.sink.line(&record, format, text);
                }
                return Ok(());
            }
            Err(reason) => reason,
        };
        // With a gateway's own format such a line has a reason why it is bad.
        if !self.headerless.is_transit_gateway() && Headerless::is_transit_gateway_record(text) {
            self.shape.get_or_insert(shape);
            self.sink.left_out(LeftOut::TransitGatewayRecord);
            return Ok(());
        }
        if !format_given && headerless::bears_default_marks(text) {
            self.shape.get_or_insert(shape);
        }
        // Once the object is known to be in the default format, a line that is cut in it deserves its real reason.
        if format_given || self.shape.is_some() {
            return self.not_recognised(reason, text);
        }
        self.not_recognised(Unparsed::UnknownFormat, text)
    }

    /// Delivers a bad line, and gives up on an object that shows no sign of being a flow log.
    fn not_recognised(&mut self, reason: Unparsed, text: &[u8]) -> Result<(), ReadError> {
        self.saw_lines = true;
        if self.shape.is_none() {
            if memchr(0, text).is_some() {
                return Err(ReadError::Binary { name: self.name.to_owned() });
            }
            if reason == Unparsed::UnknownJson || self.lines >= PATIENCE {
                return Err(self.nothing_recognised_because(reason));
            }
        }
        self.sink.unparsed(self.lines, reason, shown(text));
        Ok(())
    }

    fn nothing_recognised(&self) -> ReadError {
        self.nothing_recognised_because(Unparsed::UnknownFormat)
    }

    fn nothing_recognised_because(&self, reason: Unparsed) -> ReadError {
        let name = self.name.to_owned();
        if reason == Unparsed::UnknownJson {
            return ReadError::OtherJson { name };
        }
        let tried = match self.options.log_format {
            Some(_) => "the format given",
            None => "the default format",
        };
        ReadError::UnknownFormat { name, tried }
    }
}

fn shown(text: &[u8]) -> &[u8] {
    text.get(..SHOWN).unwrap_or(text)
}

/// The record behind a timestamp such as `2024-05-01T12:00:00.000Z`, which an export from CloudWatch Logs puts before each line.
fn after_timestamp(text: &[u8]) -> Option<&[u8]> {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let space = memchr(b' ', text.get(..40.min(text.len()))?)?;
    let (timestamp, record) = text.split_at_checked(space)?;
    if timestamp.len() < SHAPE.len() {
        return None;
    }
    for (byte, wanted) in timestamp.iter().zip(SHAPE) {
        let fits = if *wanted == b'd' { byte.is_ascii_digit() } else { byte == wanted };
        if !fits {
            return None;
        }
    }
    record.get(1..)
}
