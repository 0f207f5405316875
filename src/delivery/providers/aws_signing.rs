//! AWS Signature Version 4 for what we send: a POST to an endpoint, without a query. AWS's own signer
//! (`aws-sigv4`) would bring its runtime types, another generation of `http` and a second implementation of HMAC; this is
//! checked by AWS's published test vectors instead. Keys come from the configuration, or from the role of the machine.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{HeaderName, HeaderValue, Method, Request, header};
use ring::{digest, hmac};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::{Means, ProviderUnusable};
use crate::{
    clock::Timestamp,
    config::{AwsAccess, ConfiguredSecret},
    delivery::http::Http,
    secret::SecretBytes,
};

/// Where a machine of EC2 asks for what its role gives it.
const METADATA: &str = "http://169.254.169.254";
/// Temporary keys are replaced this long before they end.
const BEFORE_THE_END: Duration = Duration::from_mins(5);
/// Where nothing says when they end.
const UNTOLD: Duration = Duration::from_mins(15);

/// An access key.
#[derive(Clone)]
pub(super) struct AccessKey {
    pub(super) id: String,
    pub(super) secret: SecretBytes,
    pub(super) token: Option<String>,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey(…)")
    }
}

/// Where keys come from.
#[derive(Clone, Debug)]
enum Source {
    Configured(AccessKey),
    Role { metadata: Url, kept: Arc<Mutex<Option<(AccessKey, Timestamp)>>> },
}

/// Signs requests to one service.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    http: Http,
    service: &'static str,
    region: String,
    endpoint: Url,
    host: String,
    source: Source,
}

impl Signer {
    /// `prefix`: of the host names of the service.
    pub(super) fn new(
        access: &AwsAccess,
        service: &'static str,
        prefix: &str,
        means: &mut Means,
    ) -> Result<Self, ProviderUnusable> {
        let AwsAccess { region, keys, session_token, url } = access;
        let source = match keys {
            Some((id, secret)) => Source::Configured(AccessKey {
                id: text("access_key", id)?,
                secret: secret.read().map_err(|unreadable| ProviderUnusable::Secret("secret_key", unreadable))?,
                token: session_token.as_ref().map(|token| text("session_token", token)).transpose()?,
            }),
            None => Source::Role { metadata: metadata(METADATA)?, kept: Arc::default() },
        };
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let endpoint = match url {
            Some(url) => url.clone(),
            None => metadata(&format!("https://{prefix}.{region}.{suffix}/"))?,
        };
        let host = match (endpoint.host_str(), endpoint.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        Ok(Self { http: means.http()?, service, region: region.clone(), endpoint, host, source })
    }

    /// A signed POST; `None` where there is no key to sign with: nothing was sent then.
    pub(super) async fn post(
        &self,
        headers: &[(&'static str, &str)],
        body: String,
        at: Timestamp,
    ) -> Option<Request<Bytes>> {
        let key = self.key(at).await?;
        let (date, time) = stamps(at)?;
        let mut signed: Vec<(&str, &str)> = headers.to_vec();
        signed.push(("host", &self.host));
        signed.push(("x-amz-date", &time));
        if let Some(token) = &key.token {
            signed.push(("x-amz-security-token", token));
        }
        signed.sort_unstable();
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let authorization = authorization(&key, &scope, (&date, &time), &signed, (self.endpoint.path(), &body));
        let mut request = Request::builder().method(Method::POST).uri(self.endpoint.as_str());
        for (name, value) in signed.into_iter().filter(|(name, _)| *name != "host") {
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(name == "x-amz-security-token");
            request = request.header(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
        }
        let mut value = HeaderValue::from_str(&authorization).ok()?;
        value.set_sensitive(true);
        request.header(header::AUTHORIZATION, value).body(Bytes::from(body)).ok()
    }

    async fn key(&self, now: Timestamp) -> Option<AccessKey> {
        let (metadata, kept) = match &self.source {
            Source::Configured(key) => return Some(key.clone()),
            Source::Role { metadata, kept } => (metadata, kept),
        };
        // Held while it is fetched, so that it is fetched once.
        let mut kept = kept.lock().await;
        if let Some((key, until)) = &*kept
            && now < *until
        {
            return Some(key.clone());
        }
        let Some(fetched) = self.fetch(metadata, now).await else {
            tracing::error!("the role of this machine gives no keys for AWS");
            return None;
        };
        *kept = Some(fetched.clone());
        Some(fetched.0)
    }

    /// By the second version of the metadata service, which asks for a token first.
    async fn fetch(&self, metadata: &Url, now: Timestamp) -> Option<(AccessKey, Timestamp)> {
        let ask = async |method: Method, path: &str, (name, value): (&'static str, &str)| {
            let url = metadata.join(path).ok()?;
            let request = Request::builder().method(method).uri(url.as_str()).header(name, value);
            let answer = self.http.exchange(request.body(Bytes::new()).ok()?).await.ok()?;
            answer.status.is_success().then_some(answer)
        };
        let lifetime = ("x-aws-ec2-metadata-token-ttl-seconds", "300");
        let token = ask(Method::PUT, "/latest/api/token", lifetime).await?;
        let token = String::from_utf8(token.body.to_vec()).ok()?;
        let with = ("x-aws-ec2-metadata-token", token.as_str());
        let roles = ask(Method::GET, "/latest/meta-data/iam/security-credentials/", with).await?;
        let roles = String::from_utf8(roles.body.to_vec()).ok()?;
        let path = format!("/latest/meta-data/iam/security-credentials/{}", roles.lines().next()?.trim());
        let given: Given = ask(Method::GET, &path, with).await?.json()?;
        let ends = given.expiration.parse::<jiff::Timestamp>().ok();
        let ends = ends.map_or(now + UNTOLD, |ends| Timestamp::from_millis(ends.as_millisecond()));
        let until = now + ends.since(now).saturating_sub(BEFORE_THE_END);
        let secret = SecretBytes::new(given.secret_access_key);
        Some((AccessKey { id: given.access_key_id, secret, token: Some(given.token) }, until))
    }
}

/// What the metadata service gives.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

fn metadata(text: &str) -> Result<Url, ProviderUnusable> {
    Url::parse(text).map_err(|reason| ProviderUnusable::File { path: text.into(), reason: reason.to_string() })
}

fn text(key: &'static str, secret: &ConfiguredSecret) -> Result<String, ProviderUnusable> {
    let read = secret.read().map_err(|unreadable| ProviderUnusable::Secret(key, unreadable))?;
    // A secret is ASCII.
    Ok(String::from_utf8_lossy(read.expose()).into_owned())
}

/// `20150830` and `20150830T123600Z`.
fn stamps(at: Timestamp) -> Option<(String, String)> {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    Some((at.strftime("%Y%m%d").to_string(), at.strftime("%Y%m%dT%H%M%SZ").to_string()))
}

/// The header, of sorted headers with lower-case names and a path without a query.
fn authorization(
    key: &AccessKey,
    scope: &str,
    (date, time): (&str, &str),
    headers: &[(&str, &str)],
    (path, body): (&str, &str),
) -> String {
    let hash = |bytes: &[u8]| HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref());
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines = headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ":" + value.trim() + "\n");
    let canonical = format!("POST\n{path}\n\n{lines}\n{names}\n{}", hash(body.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(canonical.as_bytes()));
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let mut derived = mac(&[b"AWS4", key.secret.expose()].concat(), date);
    for part in scope.split('/').skip(1) {
        derived = mac(derived.as_ref(), part);
    }
    let signature = HEXLOWER.encode(mac(derived.as_ref(), &to_sign).as_ref());
    format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", key.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::providers::peer::{Manner, Peer, means, run};

    fn key(token: Option<&str>) -> AccessKey {
        AccessKey {
            id: "AKIDEXAMPLE".to_owned(),
            secret: SecretBytes::new(*b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            token: token.map(str::to_owned),
        }
    }

    /// Of AWS's Signature Version 4 test suite: `post-vanilla`, `post-header-key-sort` and `post-x-www-form-urlencoded`.
    #[test]
    fn awss_own_test_vectors_come_out() {
        let times = ("20150830", "20150830T123600Z");
        let scope = "20150830/us-east-1/service/aws4_request";
        let (host, date) = (("host", "example.amazonaws.com"), ("x-amz-date", times.1));
        let signature = |headers: &[(&str, &str)], body: &str| {
            let line = authorization(&key(None), scope, times, headers, ("/", body));
            line.rsplit('=').next().unwrap().to_owned()
        };
        assert_eq!(
            authorization(&key(None), scope, times, &[host, date], ("/", "")),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        assert_eq!(
            signature(&[host, ("my-header1", "value1"), date], ""),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"
        );
        let form = ("content-type", "application/x-www-form-urlencoded");
        assert_eq!(
            signature(&[form, host, date], "Param1=value1"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }

    #[test]
    fn the_role_of_the_machine_gives_keys_until_they_end() {
        // The one answer serves as a token, as the name of a role and as its keys.
        let answer = r#"{"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-23T12:00:00Z"}"#;
        let peer = Peer::start(Manner::Answers("200 OK", "", answer));
        let access = AwsAccess { region: "eu-west-1".to_owned(), keys: None, session_token: None, url: None };
        let mut signer = Signer::new(&access, "sns", "sns", &mut means()).unwrap();
        assert_eq!(signer.endpoint.as_str(), "https://sns.eu-west-1.amazonaws.com/");
        assert!(format!("{:?}", signer.source).contains("169.254.169.254"));
        signer.source = Source::Role { metadata: peer.url.clone(), kept: Arc::default() };
        let ends = Timestamp::from_millis("2026-11-23T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let before = |minutes: i64| Timestamp::from_millis(ends.as_millis() - minutes * 60_000);
        let post = |at| run(signer.post(&[], "Action=Publish".to_owned(), at)).unwrap();
        let first = post(before(30));
        assert_eq!(first.headers()["x-amz-security-token"], "t");
        assert!(
            first.headers()["authorization"].to_str().unwrap().contains("Credential=ASIA1/20261123/eu-west-1/sns/")
        );
        assert_eq!(peer.seen().len(), 3);
        assert!(peer.seen()[0].line.starts_with("PUT /latest/api/token "));
        assert_eq!(peer.seen()[0].header("x-aws-ec2-metadata-token-ttl-seconds"), "300");
        assert!(!peer.seen()[1].header("x-aws-ec2-metadata-token").is_empty());
        post(before(6));
        assert_eq!(peer.seen().len(), 3, "kept");
        post(before(5));
        assert_eq!(peer.seen().len(), 6, "asked again before they end");

        let nobody = Peer::start(Manner::Answers("404 Not Found", "", ""));
        signer.source = Source::Role { metadata: nobody.url.clone(), kept: Arc::default() };
        assert!(run(signer.post(&[], String::new(), ends)).is_none());
    }
}
