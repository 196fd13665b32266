//! A request and a response, and how they are read from a socket.

use std::io::{self, BufRead, Read, Write};

/// What one side refuses to keep in memory: far above every limit of the services that are played here.
const LARGEST_BODY: usize = 256 << 20;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`...
    pub method: String,
    /// The target up to the question mark, not decoded.
    pub path: String,
    /// What follows the question mark, not decoded.
    pub query: String,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// A response to be sent, or one that was read.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Request {
    /// A header's first value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

impl Response {
    /// A response with a body of that media type.
    pub fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Response {
        Response { status, headers: vec![("content-type".into(), media_type.into())], body: body.into() }
    }

    /// The same with one more header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Response {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// A header's first value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Reads the next request of a connection; `None` when the other side closed it between two requests.
pub(super) fn read_request(reader: &mut impl BufRead, answers: &mut impl Write) -> io::Result<Option<Request>> {
    let Some(line) = read_line(reader)? else {
        return Ok(None);
    };
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(_version)) = (words.next(), words.next(), words.next()) else {
        return Err(malformed("request line"));
    };
    let headers = read_headers(reader)?;
    if header(&headers, "expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        answers.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        answers.flush()?;
    }
    let body = read_body(reader, &headers, false)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Some(Request { method: method.into(), path: path.into(), query: query.into(), headers, body }))
}

/// Reads a response; without a length its body ends where the connection does.
pub(super) fn read_response(reader: &mut impl BufRead, bodiless: bool) -> io::Result<Response> {
    loop {
        let line = read_line(reader)?.ok_or_else(|| malformed("status line: the connection was closed"))?;
        let status =
            line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| malformed("status line"))?;
        let headers = read_headers(reader)?;
        if status == 100 {
            continue;
        }
        let body =
            if bodiless || status == 204 || status == 304 { Vec::new() } else { read_body(reader, &headers, true)? };
        return Ok(Response { status, headers, body });
    }
}

/// Writes a response; `head` leaves its body out but not its length.
pub(super) fn write_response(out: &mut impl Write, response: &Response, head: bool) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {} -\r\n", response.status);
    for (name, value) in &response.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if response.header("content-length").is_none() {
        text.push_str(&format!("content-length: {}\r\n", response.body.len()));
    }
    text.push_str("\r\n");
    out.write_all(text.as_bytes())?;
    if !head {
        out.write_all(&response.body)?;
    }
    out.flush()
}

fn read_headers(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or_else(|| malformed("headers: the connection was closed"))?;
        if line.is_empty() {
            return Ok(headers);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("header"))?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_body(reader: &mut impl BufRead, headers: &[(String, String)], until_closed: bool) -> io::Result<Vec<u8>> {
    if header(headers, "transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked")) {
        return read_chunks(reader);
    }
    let Some(length) = header(headers, "content-length") else {
        let mut body = Vec::new();
        if until_closed {
            reader.take(LARGEST_BODY as u64).read_to_end(&mut body)?;
        }
        return Ok(body);
    };
    let length: usize = length.parse().map_err(|_| malformed("content-length"))?;
    if length > LARGEST_BODY {
        return Err(malformed("content-length: larger than any service takes"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// Chunked transfer coding (RFC 9112, section 7.1); also what `aws-chunked` bodies look like inside.
pub(crate) fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or_else(|| malformed("chunk: the connection was closed"))?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| malformed("chunk size"))?;
        if size == 0 {
            read_headers(reader)?;
            return Ok(body);
        }
        let from = body.len();
        if from.saturating_add(size) > LARGEST_BODY {
            return Err(malformed("body: larger than any service takes"));
        }
        body.resize(from + size, 0);
        reader.read_exact(&mut body[from..])?;
        read_line(reader)?;
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    reader.take(64 << 10).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_with_a_length_and_one_in_chunks() {
        let bytes =
            b"POST /a/b?x=1 HTTP/1.1\r\nContent-Length: 3\r\nX-Y: z\r\n\r\nabcPUT / HTTP/1.1\r\nTransfer-Encoding: \
            chunked\r\n\r\n2\r\nde\r\n1;ext=1\r\nf\r\n0\r\nTrailer: t\r\n\r\n";
        let mut reader = &bytes[..];
        let first = read_request(&mut reader, &mut Vec::new()).unwrap().unwrap();
        assert_eq!((first.method.as_str(), first.path.as_str(), first.query.as_str()), ("POST", "/a/b", "x=1"));
        assert_eq!((first.body.as_slice(), first.header("x-y")), (&b"abc"[..], Some("z")));
        assert_eq!(read_request(&mut reader, &mut Vec::new()).unwrap().unwrap().body, b"def");
        assert!(read_request(&mut reader, &mut Vec::new()).unwrap().is_none());
    }

    #[test]
    fn a_response_is_read_as_it_was_written() {
        let mut wire = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        write_response(&mut wire, &Response::new(418, "text/plain", "short").with("X-A", "b"), false).unwrap();
        let read = read_response(&mut &wire[..], false).unwrap();
        assert_eq!((read.status, read.text().as_str(), read.header("x-a")), (418, "short", Some("b")));
    }
}
