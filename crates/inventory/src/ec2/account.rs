//! Whom to ask: a region, with the caller's own credentials or in a role; and the connection that comes of it.

use crate::ec2::refusal::Refusal;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use std::time::{Duration, SystemTime};

/// How often a call is made before it counts as refused, where `AWS_MAX_ATTEMPTS` does not say otherwise. EC2 throttles by
/// a bucket that refills within seconds, and the SDK waits up to 1, 2, 4 and 8 seconds between five attempts.
const ATTEMPTS: u32 = 5;

/// A full page of interfaces takes EC2 some seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Credentials that end within this are fetched anew.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// An account and region to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Account {
    /// Such as `eu-west-1`; none: the SDK's default (`AWS_REGION`, the profile, the instance).
    pub region: Option<String>,
    /// `arn:aws:iam::123456789012:role/NAME`: the role to read in; none: the caller's own credentials.
    pub role_arn: Option<String>,
}

impl Account {
    /// Region and role for messages and logs.
    pub(super) fn place(&self, region: &str) -> String {
        match &self.role_arn {
            Some(role) => format!("{region}, role {role}"),
            None => region.to_string(),
        }
    }
}

/// The configuration that every AWS client of ours shares: credentials and region from where the SDK finds them
/// (environment, profile, container, instance), `AWS_ENDPOINT_URL` honoured, TLS by rustls with ring, standard retries
/// (`AWS_MAX_ATTEMPTS`, else 5 attempts) and an end to every attempt.
pub async fn sdk_config(region: Option<&str>) -> SdkConfig {
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let attempts = std::env::var("AWS_MAX_ATTEMPTS").ok().and_then(|text| text.trim().parse::<u32>().ok());
    let attempts = attempts.filter(|attempts| *attempts > 0).unwrap_or(ATTEMPTS);
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client)
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .timeout_config(timeouts);
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_string()));
    }
    loader.load().await
}

/// A client for one account and region, with credentials in hand.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub client: Client,
    pub region: String,
    /// Twelve digits, where role or credentials tell.
    pub account_id: Option<String>,
    /// Region and role, for messages.
    pub place: String,
    config: SdkConfig,
    expires: Option<SystemTime>,
}

impl Connection {
    /// Fetches credentials once, so that what is wrong with them is said once and not for every call.
    pub(super) async fn open(base: &SdkConfig, account: &Account) -> Result<Connection, Refusal> {
        let region = account.region.clone().or_else(|| base.region().map(ToString::to_string));
        let Some(region) = region else {
            return Err(Refusal::without_region());
        };
        let place = account.place(&region);
        let config = base.to_builder().region(Region::new(region.clone())).build();
        let (operation, provider) = match &account.role_arn {
            None => ("GetCredentials", config.credentials_provider()),
            Some(role) => {
                let provider =
                    AssumeRoleProvider::builder(role).configure(&config).session_name("sgflow").build().await;
                ("AssumeRole", Some(SharedCredentialsProvider::new(provider)))
            }
        };
        let Some(provider) = provider else {
            let reason = "there is no source of credentials".to_string();
            return Err(Refusal::senseless(operation, reason).at(&place));
        };
        let fetched = provider.provide_credentials().await;
        let credentials = fetched.map_err(|error| Refusal::of_credentials(operation, &error).at(&place))?;

        let of_role = account.role_arn.as_deref().and_then(crate::region::account_of_arn);
        let account_id = of_role.or_else(|| credentials.account_id().map(|id| id.as_str().to_string()));
        let expires = credentials.expiry();
        let config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        Ok(Connection { client: Client::new(&config), region, account_id, place, config, expires })
    }

    /// The account that the credentials belong to, asked of STS where neither role nor credentials tell. `GetCallerIdentity` needs no
    /// permission (STS API reference).
    pub(super) async fn account_of_caller(&self) -> Option<String> {
        if self.account_id.is_some() {
            return self.account_id.clone();
        }
        match aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await {
            Ok(identity) => identity.account().map(ToString::to_string),
            Err(error) => {
                let reason = Refusal::of("GetCallerIdentity", error).at(&self.place).headline();
                tracing::warn!(reason, "which account this is remains unknown");
                None
            }
        }
    }

    /// Whether its credentials still hold for a while.
    pub(super) fn is_usable(&self) -> bool {
        self.expires.is_none_or(|expires| SystemTime::now() + EXPIRY_MARGIN < expires)
    }
}
