//! Why a call to AWS gave no answer, and what to do about it.

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use std::error::Error;
use std::fmt;

/// A call that gave no answer, however often it was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The API's name of the call, such as `DescribeNetworkInterfaces`; `AssumeRole`; or `GetCredentials` where there was
    /// nothing to sign a call with.
    pub operation: &'static str,
    /// What sort of failure it was.
    pub kind: RefusalKind,
    /// AWS's error code, such as `UnauthorizedOperation`; none if no answer came.
    pub code: Option<String>,
    /// What AWS or the network said, on one line.
    pub reason: String,
    /// Where it was asked: region and role, as far as there are any.
    pub place: String,
}

/// What sort of failure it was, which is what decides whether to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// The caller may not make this call: a permission is missing.
    Denied,
    /// AWS does not accept who is calling: no, wrong or expired credentials, or a region that is not opted in.
    Credentials,
    /// Too many calls; a later one may succeed.
    Throttled,
    /// No answer in time.
    TimedOut,
    /// The connection failed.
    Unreachable,
    /// The setting is wrong: no region.
    Unset,
    /// Anything else, such as an error of the service.
    Other,
}

/// Error codes by which AWS says that a permission is missing (EC2 API reference, "Error codes").
const DENIED: [&str; 5] =
    ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "NotAuthorized"];

/// Error codes by which AWS says that it does not accept the caller (the same page).
const CREDENTIALS: [&str; 10] = [
    "AuthFailure",
    "Blocked",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Error codes of throttling (the same page, and "Query API request rate").
const THROTTLED: [&str; 6] = [
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "EC2ThrottledException",
];

/// The most characters of a reason.
const MOST_CHARACTERS: usize = 400;

impl Refusal {
    /// What the SDK says after its last attempt.
    pub(super) fn of<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Refusal
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let refusal = |kind, code, reason| Refusal { operation, kind, code, reason, place: String::new() };
        match &error {
            SdkError::ServiceError(context) => {
                let answer = context.err();
                let code = answer.code().unwrap_or_default();
                let status = context.raw().status().as_u16();
                let reason = answer.message().map_or_else(|| format!("HTTP status {status}"), one_line);
                refusal(kind_of_code(code), Some(code.to_string()).filter(|code| !code.is_empty()), reason)
            }
            SdkError::TimeoutError(_) => refusal(RefusalKind::TimedOut, None, "no answer in time".to_string()),
            SdkError::DispatchFailure(failure) => {
                let kind = if failure.is_timeout() { RefusalKind::TimedOut } else { RefusalKind::Unreachable };
                refusal(kind, None, innermost(&error))
            }
            _ => refusal(RefusalKind::Other, None, innermost(&error)),
        }
    }

    /// What a source of credentials says, which is a chain of errors with the code somewhere in its text.
    pub(super) fn of_credentials(operation: &'static str, error: &(dyn Error + 'static)) -> Refusal {
        let reason = one_line(&DisplayErrorContext(error).to_string());
        let code = DENIED.iter().chain(&CREDENTIALS).chain(&THROTTLED).find(|code| reason.contains(*code)).copied();
        let kind = match code.map(kind_of_code) {
            Some(RefusalKind::Throttled) => RefusalKind::Throttled,
            Some(RefusalKind::Denied) => RefusalKind::Denied,
            Some(RefusalKind::Credentials) => RefusalKind::Credentials,
            // A provider that could not be reached, and no provider at all, look the same from outside; a look at the
            // text tells.
            _ if reason.contains("timeout") || reason.contains("timed out") => RefusalKind::TimedOut,
            _ if reason.contains("DispatchFailure") || reason.contains("dispatch failure") => RefusalKind::Unreachable,
            _ => RefusalKind::Credentials,
        };
        Refusal { operation, kind, code: code.map(str::to_string), reason, place: String::new() }
    }

    /// An answer that makes no sense.
    pub(super) fn senseless(operation: &'static str, reason: String) -> Refusal {
        Refusal { operation, kind: RefusalKind::Other, code: None, reason, place: String::new() }
    }

    /// No region is set anywhere.
    pub(super) fn without_region() -> Refusal {
        Refusal {
            operation: "GetCredentials",
            kind: RefusalKind::Unset,
            code: None,
            reason: "no region is set".to_string(),
            place: "no region".to_string(),
        }
    }

    /// The time that the caller gave for everything is over.
    pub(super) fn out_of_time(operation: &'static str) -> Refusal {
        let reason = "no answer in time".to_string();
        Refusal { operation, kind: RefusalKind::TimedOut, code: None, reason, place: String::new() }
    }

    pub(super) fn at(mut self, place: &str) -> Refusal {
        self.place = place.to_string();
        self
    }

    /// What happened and where, without the reason: `AWS refused DescribeFlowLogs (eu-west-1)`.
    pub fn headline(&self) -> String {
        match (self.operation, self.kind) {
            ("GetCredentials", _) => format!("AWS cannot be called ({})", self.place),
            (operation, RefusalKind::TimedOut | RefusalKind::Unreachable) => {
                format!("AWS did not answer {operation} ({})", self.place)
            }
            (operation, _) => format!("AWS refused {operation} ({})", self.place),
        }
    }

    /// Whether asking again soon cannot help: somebody must change something first.
    pub fn is_final(&self) -> bool {
        matches!(self.kind, RefusalKind::Denied | RefusalKind::Credentials | RefusalKind::Unset)
    }

    /// The IAM action that allows the call, such as `ec2:DescribeFlowLogs`; none where no action is missing.
    pub fn missing_permission(&self) -> Option<String> {
        if self.kind != RefusalKind::Denied {
            return None;
        }
        match self.operation {
            "GetCredentials" => None,
            "AssumeRole" => Some("sts:AssumeRole".to_string()),
            operation => Some(format!("ec2:{operation}")),
        }
    }

    /// What to do about it, as an imperative without a full stop.
    pub fn cure(&self) -> String {
        if let Some(permission) = self.missing_permission() {
            return match self.operation {
                "AssumeRole" => {
                    format!("allow the caller {permission} on that role, and let the role trust the caller")
                }
                _ => format!("allow {permission}"),
            };
        }
        let cure = match self.kind {
            RefusalKind::Denied | RefusalKind::Credentials => {
                "check the credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID) and that the region is enabled for the account"
            }
            RefusalKind::Throttled => "try again later, or raise AWS_MAX_ATTEMPTS",
            RefusalKind::TimedOut | RefusalKind::Unreachable => {
                "check the way to the AWS API: internet access, proxy or VPC endpoint"
            }
            RefusalKind::Unset => "give --region, or set AWS_REGION",
            RefusalKind::Other => "try again later",
        };
        cure.to_string()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.headline())?;
        if let Some(code) = &self.code {
            write!(formatter, ": {code}")?;
        }
        write!(formatter, ": {}; {}", self.reason, self.cure())
    }
}

impl Error for Refusal {}

fn kind_of_code(code: &str) -> RefusalKind {
    if DENIED.contains(&code) {
        return RefusalKind::Denied;
    }
    if CREDENTIALS.contains(&code) {
        return RefusalKind::Credentials;
    }
    if THROTTLED.contains(&code) {
        return RefusalKind::Throttled;
    }
    RefusalKind::Other
}

/// The last of the causes, which names the trouble; those before it say only that there was some.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    one_line(&cause.to_string())
}

/// The text on one line and of a bearable length. EC2 adds some thousand characters that only
/// `sts:DecodeAuthorizationMessage` can read.
fn one_line(text: &str) -> String {
    let readable = text.split("Encoded authorization failure message").next().unwrap_or_default();
    let line = readable.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_that_can_be_read() {
        let said = "You are not authorized to perform this operation.\n Encoded authorization failure message: xYz";
        assert_eq!(one_line(said), "You are not authorized to perform this operation.");
        assert_eq!(one_line(&"é".repeat(2_000)).chars().count(), MOST_CHARACTERS + 3);
        assert_eq!(one_line(""), "");
    }

    #[test]
    fn codes_are_what_the_error_codes_page_says() {
        assert_eq!(kind_of_code("UnauthorizedOperation"), RefusalKind::Denied);
        assert_eq!(kind_of_code("AuthFailure"), RefusalKind::Credentials);
        assert_eq!(kind_of_code("RequestLimitExceeded"), RefusalKind::Throttled);
        assert_eq!(kind_of_code("InternalError"), RefusalKind::Other);
    }
}
