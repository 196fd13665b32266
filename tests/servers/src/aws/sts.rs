//! STS: `AssumeRole` and `GetCallerIdentity`.

use super::{Question, Service, xml};
use crate::http::Response;
use std::collections::BTreeMap;

pub(super) const OPERATIONS: [&str; 2] = ["AssumeRole", "GetCallerIdentity"];

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const OWN_ACCOUNT: &str = "123456789012";

#[derive(Default)]
pub(crate) struct Sts {
    /// Role ARN by the access key that was given out for it.
    roles: BTreeMap<String, String>,
}

impl Sts {
    pub fn role_of(&self, access_key: &str) -> Option<String> {
        self.roles.get(access_key).cloned()
    }

    pub fn answer(&mut self, question: &Question) -> Response {
        let result = match question.operation.as_str() {
            "AssumeRole" => {
                let role = question.parameter("RoleArn").unwrap_or_default();
                if account_of(role).is_none() {
                    return Service::Sts.refuse(400, "ValidationError", "RoleArn is no ARN of a role");
                }
                self.assume(role)
            }
            _ => self.identity(&question.credentials),
        };
        let operation = &question.operation;
        let meta = format!("<ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata>", xml::REQUEST_ID);
        let inner = format!("<{operation}Result>{result}</{operation}Result>{meta}");
        Response::new(
            200,
            "text/xml",
            format!("<{operation}Response xmlns=\"{NAMESPACE}\">{inner}</{operation}Response>"),
        )
    }

    fn assume(&mut self, role: &str) -> String {
        let key = format!("ASIA{:016}", self.roles.len() + 1);
        let known = self.roles.iter().find(|(_, arn)| *arn == role).map(|(key, _)| key.clone());
        let key = known.unwrap_or(key);
        self.roles.insert(key.clone(), role.to_owned());
        let role = xml::escape(role);
        format!(
            "<AssumedRoleUser><AssumedRoleId>AROA:session</AssumedRoleId><Arn>{role}/session</Arn></AssumedRoleUser>\
             <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>not-a-secret</SecretAccessKey>\
             <SessionToken>not-a-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        )
    }

    fn identity(&self, access_key: &str) -> String {
        let role = self.roles.get(access_key);
        let account = role.and_then(|arn| account_of(arn)).unwrap_or(OWN_ACCOUNT);
        let arn = role.cloned().unwrap_or_else(|| format!("arn:aws:iam::{OWN_ACCOUNT}:user/test"));
        format!("<Arn>{}</Arn><UserId>AIDA</UserId><Account>{account}</Account>", xml::escape(&arn))
    }
}

/// `arn:aws:iam::ACCOUNT:role/NAME`.
fn account_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let account = parts.nth(4)?;
    parts.next()?.starts_with("role/").then_some(account)
}
